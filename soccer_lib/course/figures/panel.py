"""The panel to drive with: sliders, buttons, a picture that moves, and what was said."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course.figures.drive import Drive, drive_by
from soccer_lib.course.figures.moments import EpisodeView, episode_figure
from soccer_lib.course.figures.widgets import OF_ITS_SIZE, has_sliders, show, show_figures
from soccer_lib.tasks import COMMAND_DT

TOUR = (
    (0.0, 0.5, 0.0, 0.8),
    (0.0, -0.5, 0.0, 0.8),
    (0.4, 0.0, 0.0, 0.5),
    (*PATTERNS["placed"], 1.5),
    (0.0, 0.0, 0.0, 1.0),
)
"""Forward, sideways, turn, each in [-1, 1], and for how long [s]: what `drive` plays without a front end.

A step aside and back, then to the ball: a kick asked for too far away is refused, and the robot walks on.
"""

PRESS = 0.5
"""How long the sliders are held at a press of "play" [s]."""

_MOST = 25
"""Pictures of one press."""

_LINES = 5
"""Of what was said, beside the buttons: below the picture they would leave a screen of 768 pixels."""

_SAID = "line-height: 1.3; margin: 0; white-space: pre-wrap"


def drive(
    env: gym.Env,
    interactive: bool = True,
    seed: int | None = None,
    folder: str | os.PathLike[str] = ".",
) -> Drive:
    """A panel to drive with: three sliders, and buttons that play them, kick, start again and save.

    Without a front end the robot plays `TOUR` instead, and three of its moments are shown.

    Args:
        env: of `make_env(task, control="command")`.
        interactive: False plays the tour.
        seed: of the start.
        folder: where "save" writes.

    Returns:
        The drive, which goes on with every press: `.trajectory()` is what has been driven by then.

    Raises:
        InputError: the environment takes no commands.
    """
    if has_sliders(interactive):
        driver = Drive(env, seed)
        show(_panel(driver, folder))
        return driver
    driver = drive_by(env, TOUR, seed)
    print("\n".join(driver.said))
    tour = driver.trajectory()
    touches = [time for time, event in tour.events if event == "touch"]
    moments = (0.0, touches[0] if touches else tour.time[-1] / 2, tour.time[-1])
    show_figures({f"after {time:.2g} s": episode_figure(tour, time) for time in moments})
    return driver


def _panel(driver: Drive, folder: str | os.PathLike[str]) -> Any:
    """Sliders, buttons, the picture and what was said."""
    import ipywidgets

    names = ("forward", "sideways", "turn")
    sliders = [ipywidgets.FloatSlider(0.0, min=-1.0, max=1.0, step=0.1, description=name) for name in names]
    menu = ipywidgets.Dropdown(options=list(PATTERNS), value="placed", layout={"width": "8em"})
    buttons = {name: ipywidgets.Button(description=name) for name in ("play", "kick", "start again", "save")}
    image = ipywidgets.Image(format="png", layout=OF_ITS_SIZE)
    said = ipywidgets.HTML(layout={"flex": "1 1 20em", "margin": "2px 2px 2px 2em"})

    def refresh(since: float) -> None:
        """Play what has happened since a time, and say it."""
        view = EpisodeView(driver.trajectory(), below=None)
        step = max(COMMAND_DT, (driver.time - since) / _MOST)
        for time in np.arange(since, driver.time, step):
            image.value = view.png(float(time))
        image.value = view.png(driver.time)
        view.close()
        lines = driver.said[-_LINES:] or ["ready: move a slider, press play"]
        said.value = f"<pre style='{_SAID}'>" + "\n".join(lines) + "</pre>"

    def press(action: Callable[[], None]) -> Callable[[Any], None]:
        def handle(_: Any) -> None:
            since = driver.time
            action()
            refresh(min(since, driver.time))

        return handle

    def save() -> None:
        files = driver.save(folder)
        driver.said.append(f"       saved {', '.join(file.name for file in files)} in {folder}")

    actions = {
        "play": lambda: driver.hold([slider.value for slider in sliders], PRESS),
        "kick": lambda: driver.kick(menu.value),
        "start again": driver.start_again,
        "save": save,
    }
    for name, action in actions.items():
        buttons[name].on_click(press(action))
    refresh(0.0)
    left = ipywidgets.VBox(sliders)
    kick = ipywidgets.HBox([buttons["kick"], menu])
    right = ipywidgets.VBox(
        [buttons["play"], kick, ipywidgets.HBox([buttons["start again"], buttons["save"]])]
    )
    beside = ipywidgets.HBox([left, right, said], layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([beside, image])
