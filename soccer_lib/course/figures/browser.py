"""Episodes to leaf through: the field, the robot, and what the episode would be worth, moment by moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.course.figures.components import BAR_STYLES
from soccer_lib.course.figures.moments import EpisodeView
from soccer_lib.course.figures.terms import SUM, weighted_terms
from soccer_lib.course.figures.widgets import explore
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.view.style import INK, PINK, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIXED = 3
"""Episodes that are drawn where nobody can choose one."""

OPEN_VIEWS = 3
"""Episodes whose renderer stays open."""

_MOVING = 0.005


def score_so_far(trajectory: Trajectory) -> dict[str, np.ndarray]:
    """Official term, weighted -> its share of the score if the episode ended there, and last their sum.

    The term `steps` is its weight throughout, as at the end. Shapes: (m,), at `trajectory.step_time`.

    Raises:
        InputError: a task without an official score, or an episode without a step.
    """
    weights = OFFICIAL_WEIGHTS.get(trajectory.task)
    if weights is None:
        raise InputError(
            f"an episode of {trajectory.task} came; expected one of {', '.join(OFFICIAL_WEIGHTS)}, "
            "which have an official score; trace another"
        )
    shares = weighted_terms(trajectory, weights)
    steps = np.full(len(trajectory.step_time), weights["steps"])
    return {**shares, "steps": steps, SUM: shares[SUM] + steps}


def draw_score(axes: Axes, trajectory: Trajectory) -> Any:
    """What an episode would be worth if it ended there, by terms; returns the line that marks a moment."""
    shares = score_so_far(trajectory)
    total = shares.pop(SUM)
    for name, values in shares.items():
        if np.abs(values).max() > _MOVING:  # the others would only fill the legend
            axes.plot(trajectory.step_time, values, color=BAR_STYLES[name][0], label=name)
    axes.plot(trajectory.step_time, total, color=INK, linewidth=2, label=f"score, at the end {total[-1]:.2f}")
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.set(xlabel="time [s]", ylabel="points, if it ended here")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7)
    return axes.axvline(float(trajectory.time[0]), color=PINK, linewidth=1.5)


class EpisodeShelf:
    """Views of episodes by their titles; only those that were looked at last keep a renderer."""

    def __init__(self, episodes: Mapping[str, Trajectory]) -> None:
        self._episodes = episodes
        self._views: OrderedDict[str, EpisodeView] = OrderedDict()

    def figure(self, episode: str, share: float) -> Figure:
        """The figure of an episode at a share of its time."""
        return self._view(episode).at(self._time(episode, share))

    def png(self, episode: str, share: float) -> bytes:
        """The same as a picture for a screen."""
        return self._view(episode).png(self._time(episode, share))

    def _time(self, episode: str, share: float) -> float:
        times = self._episodes[episode].time
        return float(times[0] + share * (times[-1] - times[0]))

    def _view(self, episode: str) -> EpisodeView:
        if episode not in self._views:
            while len(self._views) >= OPEN_VIEWS:
                self._views.popitem(last=False)[1].close()
            self._views[episode] = EpisodeView(self._episodes[episode], draw_score)
        self._views.move_to_end(episode)
        return self._views[episode]


def episode_browser(episodes: Mapping[str, Trajectory], interactive: bool = True) -> None:
    """A menu of episodes and a slider over the time of one: field, robot and score in step.

    Where nobody can move them: the last moments of some episodes.

    Args:
        episodes: title -> one of the competition's tasks, as `trace_episode` gives it.
        interactive: False shows pictures.

    Raises:
        InputError: nothing came, or an episode without an official score.
    """
    if not episodes:
        raise InputError("no episodes came; expected title -> trajectory; trace one with trace_episode")
    shelf = EpisodeShelf(episodes)
    fixed = {title: {"episode": title, "share": 1.0} for title in list(episodes)[:FIXED]}
    explore(shelf.figure, {"episode": list(episodes), "share": (0.0, 1.0)}, fixed, interactive, shelf.png)
