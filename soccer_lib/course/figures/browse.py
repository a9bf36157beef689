"""Motion clips and datasets to leaf through: a figure for one moment, with controls or at fixed moments."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.course.figures.moving import MovingPicture
from soccer_lib.course.figures.samples import asks_for_kick, heading_layout
from soccer_lib.course.figures.widgets import explore
from soccer_lib.demos.dataset import Dataset
from soccer_lib.formats.clip import Clip
from soccer_lib.layout import COMMAND_SCALE, Layout
from soccer_lib.view.body import draw_pose
from soccer_lib.view.clips import clip_trajectory, draw_joints
from soccer_lib.view.pitch import GOAL_WIDTH
from soccer_lib.view.style import (
    ACCENT,
    INK,
    ORANGE,
    PINK,
    QUIET,
    RED,
    YELLOW,
    new_figure,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIXED = 3
"""Episodes, and one clip less, that are drawn where nobody can choose one."""

GOAL_NEAR = 6.0
"""From here on a goal is out of the picture [m]."""

_ABSENT = 1e-3
_COMMANDS = {"forward": ACCENT, "sideways": ORANGE, "turn": QUIET}


class ClipView:
    """A clip's body from its right, and where each joint is in its range, drawn once for all moments.

    Args:
        clip: any.
    """

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self._trajectory = clip_trajectory(clip)
        self._draw()
        self._picture = MovingPicture(self.figure, self._move)

    @styled
    def _draw(self) -> None:
        self.figure = new_figure(12.1, 3.6)
        left, right = self.figure.subfigures(1, 2, width_ratios=(2, 10))
        self._body = left.add_subplot()
        panels = draw_joints(right, self.clip)
        self._cursors = [panel.axvline(0.0, color=PINK, linewidth=1.5) for panel in panels]
        right.supxlabel("time [s]")
        self.at(0.0)

    def at(self, time: float) -> Figure:
        """The figure at a time [s]."""
        self._move(time)
        return self.figure

    @styled
    def _move(self, time: float) -> list[Artist]:
        """Move to a time [s]; returns what has changed."""
        row = self._trajectory.row(time)
        moment = self._trajectory.time[row]
        self._body.clear()
        draw_pose(self._body, self._trajectory, row)
        self._body.set_title(f"{self.clip.name}, {moment:.2f} s", loc="center")
        for cursor in self._cursors:
            cursor.set_xdata([moment, moment])
        return [self._body, *self._cursors]

    def png(self, time: float) -> bytes:
        """The same as a picture for a screen."""
        return self._picture.png(time)


def clip_figure(clip: Clip, time: float) -> Figure:
    """One moment of a clip: the body from its right, and where each joint is in its range."""
    return ClipView(clip).at(time)


def fastest_moment(clip: Clip) -> float:
    """When the joints move fastest [s]."""
    return float(np.abs(clip.joint_vel).max(axis=1).argmax() / clip.rate_hz)


def clip_scrubber(clips: Sequence[Clip], interactive: bool = True) -> None:
    """A menu of clips and a slider over the time of one, as a share of its length."""
    by_name = {clip.name: clip for clip in clips}
    view = functools.cache(lambda name: ClipView(by_name[name]))
    fixed = {
        f"{clip.name}, where its joints are fastest": {
            "clip": clip.name,
            "share": fastest_moment(clip) / clip.seconds,
        }
        for clip in clips[: FIXED - 1]
    }
    explore(
        lambda clip, share: clip_figure(by_name[clip], share * by_name[clip].seconds),
        {"clip": list(by_name), "share": (0.0, 1.0)},
        fixed,
        interactive,
        lambda clip, share: view(clip).png(share * by_name[clip].seconds),
    )


class EpisodeSamples:
    """Samples of an episode: what the robot saw, from above, and what it did beside the rest of the episode.

    Args:
        dataset: of layout robot or agent.
        episode: which one.

    Raises:
        InputError: another layout.
    """

    def __init__(self, dataset: Dataset, episode: int) -> None:
        self._layout = heading_layout(dataset)
        self._dataset = dataset
        self._episode = episode
        self._rows = np.flatnonzero(dataset.episode_id == episode)
        self._draw()
        self._picture = MovingPicture(self.figure, self._move)

    @styled
    def _draw(self) -> None:
        self.figure = new_figure(11, 4.2)
        self._seen, self._done = self.figure.subplots(1, 2, width_ratios=(4, 7))
        _draw_actions(self._done, self._dataset, self._rows)
        self._cursor = self._done.axvline(1, ymax=0.88, color=PINK, linewidth=1.5)
        self._words = self._done.set_title("actions", y=1.0)  # stays where it is laid out
        self._heading = self.figure.suptitle(" ", x=0.01, ha="left", color=INK)
        self.at(0)

    def at(self, number: int) -> Figure:
        """The figure of a sample, the first of the episode being 0."""
        self._move(number)
        return self.figure

    @styled
    def _move(self, number: int) -> list[Artist]:
        """Move to a sample; returns what has changed."""
        row = self._rows[number]
        self._seen.clear()
        _draw_surroundings(self._seen, self._layout, self._dataset.observations[row])
        self._cursor.set_xdata([number + 1, number + 1])
        if self._dataset.control == "command":
            self._words.set_text(_in_words(self._dataset.actions[row]))
        scores = self._dataset.scores
        score = "" if scores is None else f", score {scores[self._episode]:.2f}"
        of_all = f"sample {number + 1} of {len(self._rows)}"
        self._heading.set_text(f"{self._dataset.source[self._episode]}{score}: {of_all}")
        return [self._seen, self._cursor, self._words, self._heading]

    def png(self, number: int) -> bytes:
        """The same as a picture for a screen."""
        return self._picture.png(number)


def sample_figure(dataset: Dataset, row: int) -> Figure:
    """One sample: what the robot saw, from above, and what it did beside the rest of its episode.

    Args:
        dataset: of layout robot or agent.
        row: which sample.

    Raises:
        InputError: another layout.
    """
    episode = int(dataset.episode_id[row])
    first = np.flatnonzero(dataset.episode_id == episode)[0]
    return EpisodeSamples(dataset, episode).at(int(row - first))


def _draw_surroundings(axes: Axes, layout: Layout, observation: np.ndarray) -> None:
    """What stands around the robot, which looks up; the goal only where it is near."""
    observed = {field.name: observation[field.slice] for field in layout.fields}
    team = int(observed["player_team"][1] > 0.5)
    goal = observed[f"goal_team_{team}_rel_robot"][:2]
    other_goal = observed[f"goal_team_{1 - team}_rel_robot"][:2]
    if np.hypot(*goal) < GOAL_NEAR:
        # The goal line is square to the line between the goals.
        ahead, left = GOAL_WIDTH * (goal - other_goal) / np.linalg.norm(goal - other_goal)
        posts = np.stack((goal - (-left, ahead), goal + (-left, ahead)))
        axes.plot(-posts[:, 1], posts[:, 0], color=INK, linewidth=3, label="goal line")
    axes.plot(0, 0, "^", color=ACCENT, mec=INK, markersize=13, label="robot")
    for label, marker, colour, size, places in (
        ("ball", "o", "white", 10, observed["ball_xpos_rel_robot"]),
        ("target", "*", YELLOW, 14, observed["target_xpos_rel_robot"]),
        ("keeper", "s", ORANGE, 9, observed[f"goalkeeper_team_{team}_xpos_rel_robot"]),
        ("defenders", "s", RED, 8, observed["defender_xpos"]),
    ):
        if np.abs(places).max() > _ABSENT:  # what a task does not have is zeros
            ahead, left, _ = places.reshape(-1, 3).T
            axes.plot(-left, ahead, marker, color=colour, mec=INK, markersize=size, label=label)
    axes.grid(axis="y")
    axes.margins(0.2)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title("in its heading frame [m]")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _draw_actions(axes: Axes, dataset: Dataset, rows: np.ndarray) -> None:
    """The actions of an episode."""
    actions = dataset.actions[rows]
    of_commands = dataset.control == "command"
    colours = _COMMANDS if of_commands else {str(entry): ACCENT for entry in range(actions.shape[1])}
    for values, (name, colour) in zip(actions.T, colours.items(), strict=True):
        axes.step(range(1, len(rows) + 1), values, where="mid", color=colour, label=name)
    axes.set_ylim(-1.1, 1.35)  # above 1 is room for the legend
    axes.set_xlabel("sample of the episode")
    if of_commands:
        axes.legend(ncols=3, loc="upper right", borderaxespad=0)


def _in_words(command: np.ndarray) -> str:
    kick = requested_kick(command)
    if kick:
        return f"asks for a kick: {kick}"
    ahead, left, turn = command * COMMAND_SCALE
    return f"{ahead:.2f} m/s ahead, {left:.2f} m/s to the left, turn {turn:.2f} rad/s"


def dataset_browser(dataset: Dataset, interactive: bool = True) -> None:
    """A menu of episodes and a slider over the samples of one, as a share of them.

    Where nobody can move them: the kicks of some episodes, or their middles where there is no kick.

    Raises:
        InputError: the dataset's layout is neither robot nor agent.
    """
    heading_layout(dataset)
    names = [f"{index}: {source}" for index, source in enumerate(dataset.source)]
    starts = np.searchsorted(dataset.episode_id, np.arange(len(names) + 1))
    kicks = asks_for_kick(dataset) if dataset.control == "command" else np.zeros(len(dataset), bool)

    view = functools.lru_cache(maxsize=8)(lambda index: EpisodeSamples(dataset, index))

    def draw(episode: str, share: float) -> Figure:
        return view(names.index(episode)).at(number(episode, share))

    def quick(episode: str, share: float) -> bytes:
        return view(names.index(episode)).png(number(episode, share))

    def number(episode: str, share: float) -> int:
        index = names.index(episode)
        return round(share * (starts[index + 1] - 1 - starts[index]))

    fixed = {}
    for index in np.linspace(0, len(names) - 1, min(FIXED, len(names))).astype(int):
        kicks_of_episode = kicks[starts[index] : starts[index + 1]]
        last = max(len(kicks_of_episode) - 1, 1)
        share = kicks_of_episode.argmax() / last if kicks_of_episode.any() else 0.5
        fixed[names[index]] = {"episode": names[index], "share": share}
    explore(draw, {"episode": names, "share": (0.0, 1.0)}, fixed, interactive, quick)
