"""What a dataset teaches: where the ball was, how often a kick was asked for, what was held back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.control.kicks import NO_KICK, requested_kicks
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT, ROBOT, Layout
from soccer_lib.view.style import ACCENT, INK, ORANGE, QUIET, RED, new_figure, number_plainly, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 1500
"""Walking samples that are drawn of a dataset: more would hide each other."""

_ENTRIES = ("forward", "sideways", "turn")
_LAYOUTS = {layout.name: layout for layout in (ROBOT, AGENT)}


def heading_layout(dataset: Dataset) -> Layout:
    """The table of a dataset whose vectors stand in the robot's heading frame.

    Raises:
        InputError: they stand in another one.
    """
    if dataset.observation_layout not in _LAYOUTS:
        raise InputError(
            f"a dataset of layout '{dataset.observation_layout}' came; expected {' or '.join(_LAYOUTS)}, "
            "whose vectors stand in the robot's heading frame; make it with --observation robot"
        )
    return _LAYOUTS[dataset.observation_layout]


def ball_of(dataset: Dataset) -> np.ndarray:
    """Centre of the ball in the heading frame: ahead, to the left [m]. Shape: (N, 2)."""
    return dataset.observations[:, heading_layout(dataset)["ball_xpos_rel_robot"]][:, :2]


def asks_for_kick(dataset: Dataset) -> np.ndarray:
    """Which samples ask for a kick. Shape: (N,), bool.

    Raises:
        InputError: the actions are not commands.
    """
    if dataset.control != "command":
        raise InputError(
            f"actions for {dataset.control} came; expected commands, which can ask for a kick; "
            "make the dataset with --level command"
        )
    return requested_kicks(dataset.actions) != NO_KICK


@styled
def plot_balls(datasets: Mapping[str, Dataset], near: float = 0.6) -> Figure:
    """Where the ball is in the samples of each dataset, seen from above, and which of them ask for a kick.

    Args:
        datasets: title -> dataset of commands.
        near: radius of the dashed circle around the robot [m].
    """
    figure = new_figure(3.2 * len(datasets), 4.0)
    panels = figure.subplots(1, len(datasets), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, dataset) in zip(panels, datasets.items(), strict=True):
        ahead, left = ball_of(dataset).T
        kicks = asks_for_kick(dataset)
        _draw_balls(axes, ahead, left, kicks, near)
        inside = np.hypot(ahead, left) <= near
        share = f"{kicks[inside].mean():.0%} kick" if inside.any() else "no samples"
        axes.set_title(f"{title}\nball within {near:g} m: {share}")
    axes.invert_xaxis()  # left is left
    panels[0].set_ylabel("ball ahead [m]")
    panels[len(panels) // 2].set_xlabel("ball to the left [m]")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _draw_balls(axes: Axes, ahead: np.ndarray, left: np.ndarray, kicks: np.ndarray, near: float) -> None:
    from matplotlib.patches import Circle

    walks = np.flatnonzero(~kicks)
    walks = walks[np.linspace(0, len(walks) - 1, min(len(walks), MOST)).astype(int)]
    axes.plot(left[walks], ahead[walks], ".", color=ACCENT, markersize=3, alpha=0.5, label="walks")
    axes.plot(left[kicks], ahead[kicks], "o", color=RED, markersize=5, label="asks for a kick")
    axes.plot(0, 0, "^", color=INK, markersize=11, label="robot, looking up")
    axes.add_patch(Circle((0, 0), near, fill=False, linestyle="--", color=QUIET, label=f"{near:g} m"))
    axes.grid(axis="y")
    axes.set_aspect("equal")


@styled
def plot_labels(dataset: Dataset) -> Figure:
    """How often each command occurs, entry by entry; kicks apart, and a logarithmic scale to see them at all.

    Raises:
        InputError: the actions are not commands.
    """
    kicks = asks_for_kick(dataset)
    figure = new_figure(10.5, 3.2)
    panels = figure.subplots(1, 3, sharey=True)
    for entry, (title, axes) in enumerate(zip(_ENTRIES, panels, strict=True)):
        values = dataset.actions[:, entry]
        axes.hist(
            [values[kicks], values[~kicks]],
            np.linspace(-1, 1, 42),
            stacked=True,
            log=True,
            color=[RED, ACCENT],
            label=[f"asks for a kick: {kicks.sum():,}", f"walks: {(~kicks).sum():,}"],
        )
        axes.set_title(title)
    number_plainly(panels[0].yaxis)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    figure.supxlabel("command, in shares of COMMAND_SCALE")
    figure.supylabel("samples")
    return figure


@styled
def plot_splits(dataset: Dataset, splits: Mapping[str, np.ndarray], episodes: int = 12) -> Figure:
    """Which samples of each episode are learnt from and which are held back, a strip an episode.

    Args:
        dataset: any.
        splits: title -> mask of the training samples, Shape: (N,), bool.
        episodes: how many are drawn, spread over all.
    """
    count = len(dataset.source)
    drawn = np.linspace(0, count - 1, min(episodes, count)).astype(int)
    figure = new_figure(5.2 * len(splits), 3.2)
    panels = figure.subplots(1, len(splits), sharey=True, squeeze=False)[0]
    for axes, (title, train) in zip(panels, splits.items(), strict=True):
        for height, episode in enumerate(drawn):
            trains = train[dataset.episode_id == episode]
            for samples, colour in ((trains, ACCENT), (~trains, ORANGE)):
                axes.eventplot(np.flatnonzero(samples), lineoffsets=height, linelengths=0.7, colors=colour)
        axes.set_title(title)
        axes.set_xlabel("sample of the episode")
    panels[0].set_yticks(range(len(drawn)), drawn)
    panels[0].set_ylabel("episode")
    for colour, name in ((ACCENT, "training"), (ORANGE, "validation")):
        axes.plot([], [], color=colour, linewidth=3, label=name)
    figure.legend(loc="outside lower center", ncols=2)
    return figure
