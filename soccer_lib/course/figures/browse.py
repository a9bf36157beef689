"""Motion clips and datasets to leaf through: a figure for one moment, with controls or at fixed moments."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.course.figures.samples import asks_for_kick, heading_layout
from soccer_lib.course.figures.widgets import explore
from soccer_lib.demos.dataset import Dataset
from soccer_lib.evaluation.trajectory import Trajectory
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
    write_heading,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIXED = 3
"""Episodes, and one clip less, that are drawn where nobody can choose one."""

GOAL_NEAR = 6.0
"""From here on a goal is out of the picture [m]."""

_ABSENT = 1e-3
_COMMANDS = {"forward": ACCENT, "sideways": ORANGE, "turn": QUIET}


@functools.lru_cache(maxsize=32)
def _trajectory(clip: Clip) -> Trajectory:
    return clip_trajectory(clip)


@styled
def clip_figure(clip: Clip, time: float) -> Figure:
    """One moment of a clip: the body from its right, and where each joint is in its range."""
    trajectory = _trajectory(clip)
    row = trajectory.row(time)
    moment = trajectory.time[row]
    figure = new_figure(13, 3.8)
    left, right = figure.subfigures(1, 2, width_ratios=(3, 10))
    body = left.add_subplot()
    draw_pose(body, trajectory, row)
    body.set_title(f"{clip.name}, {moment:.2f} s", loc="center")
    for panel in draw_joints(right, clip):
        panel.axvline(moment, color=PINK, linewidth=1.5)
    right.supxlabel("time [s]")
    return figure


def fastest_moment(clip: Clip) -> float:
    """When the joints move fastest [s]."""
    return float(np.abs(clip.joint_vel).max(axis=1).argmax() / clip.rate_hz)


def clip_scrubber(clips: Sequence[Clip], interactive: bool = True) -> None:
    """A menu of clips and a slider over the time of one, as a share of its length."""
    by_name = {clip.name: clip for clip in clips}
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
    )


@styled
def sample_figure(dataset: Dataset, row: int) -> Figure:
    """One sample: what the robot saw, from above, and what it did beside the rest of its episode.

    Args:
        dataset: of layout robot or agent.
        row: which sample.

    Raises:
        InputError: another layout.
    """
    layout = heading_layout(dataset)
    episode = dataset.episode_id[row]
    rows = np.flatnonzero(dataset.episode_id == episode)
    figure = new_figure(11, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(4, 7))
    _draw_surroundings(left, layout, dataset.observations[row])
    _draw_actions(right, dataset, rows, row)
    number = f"sample {row - rows[0] + 1} of {len(rows)}"
    score = "" if dataset.scores is None else f", score {dataset.scores[episode]:.2f}"
    write_heading(figure, f"{dataset.source[episode]}{score}: {number}")
    return figure


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


def _draw_actions(axes: Axes, dataset: Dataset, rows: np.ndarray, row: int) -> None:
    """The actions of an episode; the title says what the one of `row` asks for."""
    actions = dataset.actions[rows]
    of_commands = dataset.control == "command"
    colours = _COMMANDS if of_commands else {str(entry): ACCENT for entry in range(actions.shape[1])}
    for values, (name, colour) in zip(actions.T, colours.items(), strict=True):
        axes.step(range(1, len(rows) + 1), values, where="mid", color=colour, label=name)
    axes.axvline(row - rows[0] + 1, color=PINK, linewidth=1.5)
    axes.set_ylim(-1.1, 1.1)
    axes.set_xlabel("sample of the episode")
    axes.set_title(_in_words(dataset.actions[row]) if of_commands else "actions")
    if of_commands:
        axes.legend(ncols=3, loc="lower left")


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

    def draw(episode: str, share: float) -> Figure:
        index = names.index(episode)
        last = starts[index + 1] - 1 - starts[index]
        return sample_figure(dataset, starts[index] + round(share * last))

    fixed = {}
    for index in np.linspace(0, len(names) - 1, min(FIXED, len(names))).astype(int):
        kicks_of_episode = kicks[starts[index] : starts[index + 1]]
        last = max(len(kicks_of_episode) - 1, 1)
        share = kicks_of_episode.argmax() / last if kicks_of_episode.any() else 0.5
        fixed[names[index]] = {"episode": names[index], "share": share}
    explore(draw, {"episode": names, "share": (0.0, 1.0)}, fixed, interactive)
