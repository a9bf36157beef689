"""Motion clips and datasets to leaf through: a figure for one moment, with controls or at fixed moments."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.control.clip import Clip
from soccer_lib.control.kicks import KICK_NAMES, requested_kick
from soccer_lib.course.figures.samples import asks_for_kick, heading_layout
from soccer_lib.course.figures.widgets import explore
from soccer_lib.demos.dataset import Dataset
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.layout import COMMAND_SCALE, Layout
from soccer_lib.view.body import draw_body
from soccer_lib.view.clips import clip_trajectory, draw_joints
from soccer_lib.view.pitch import GOAL_WIDTH
from soccer_lib.view.style import ACCENT, FAINT, INK, ORANGE, PINK, QUIET, RED, YELLOW, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 3
"""Episodes, and one clip less, that are shown where nobody can choose one."""

GOAL_NEAR = 6.0
"""From here on a goal is out of the picture [m]."""

_NOTHING = 1e-3
_LOOKS = {"forward": ACCENT, "sideways": ORANGE, "turn": QUIET}


@functools.lru_cache(maxsize=32)
def _trajectory(clip: Clip) -> Trajectory:
    return clip_trajectory(clip)


def clip_figure(clip: Clip, time: float) -> Figure:
    """One moment of a clip: the body from its right, and where each joint is in its range."""
    trajectory = _trajectory(clip)
    row, figure = trajectory.row(time), new_figure(13, 3.8)
    left, right = figure.subfigures(1, 2, width_ratios=(3, 10))
    axes, turn = left.add_subplot(), trajectory.robot[row, 2]
    draw_body(axes, trajectory.model, trajectory.geom_xpos[row], trajectory.geom_xmat[row], turn)
    axes.set_title(f"{clip.name}, {trajectory.time[row]:.2f} s", fontsize=11, color=INK)
    for panel in draw_joints(right, clip):
        panel.axvline(trajectory.time[row], color=PINK, linewidth=1.5)
    right.supxlabel("time [s]", fontsize=9, color=QUIET)
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
        for clip in clips[: SHOWN - 1]
    }
    explore(
        lambda clip, share: clip_figure(by_name[clip], share * by_name[clip].seconds),
        {"clip": list(by_name), "share": (0.0, 1.0)},
        fixed,
        interactive,
    )


def sample_figure(dataset: Dataset, row: int) -> Figure:
    """One sample: what the robot saw, from above, and what it did beside the rest of its episode.

    Args:
        dataset: of layout robot or agent.
        row: which sample.

    Raises:
        InputError: another layout.
    """
    layout, episode = heading_layout(dataset), dataset.episode_id[row]
    figure = new_figure(11, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(4, 7))
    _draw_view(left, layout, dataset.observations[row])
    rows = np.flatnonzero(dataset.episode_id == episode)
    _draw_actions(right, dataset, rows, row)
    number = f"sample {row - rows[0] + 1} of {len(rows)}"
    score = "" if dataset.scores is None else f", score {dataset.scores[episode]:.2f}"
    figure.suptitle(f"{dataset.source[episode]}{score}: {number}", fontsize=11, color=INK, x=0.01, ha="left")
    return figure


def _draw_view(axes: Axes, layout: Layout, observation: np.ndarray) -> None:
    """What stands around the robot, which looks up; the goal only where it is near."""
    tidy(axes)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    seen = {field.name: observation[field.slice] for field in layout.fields}
    team = int(seen["player_team"][1] > 0.5)
    goal, other = (seen[f"goal_team_{side}_rel_robot"][:2] for side in (team, 1 - team))
    if np.hypot(*goal) < GOAL_NEAR:
        ahead, left = GOAL_WIDTH * (goal - other) / np.linalg.norm(goal - other)
        posts = np.stack((goal - (-left, ahead), goal + (-left, ahead)))
        axes.plot(-posts[:, 1], posts[:, 0], color=INK, linewidth=3, label="goal line")
    marks = {
        "robot": ("^", ACCENT, 13, np.zeros(3)),
        "ball": ("o", "white", 10, seen["ball_xpos_rel_robot"]),
        "target": ("*", YELLOW, 14, seen["target_xpos_rel_robot"]),
        "keeper": ("s", ORANGE, 9, seen[f"goalkeeper_team_{team}_xpos_rel_robot"]),
        "defenders": ("s", RED, 8, seen["defender_xpos"]),
    }
    for label, (mark, colour, size, places) in marks.items():
        if label == "robot" or np.abs(places).max() > _NOTHING:
            x, y, _ = places.reshape(-1, 3).T
            axes.plot(-y, x, mark, color=colour, mec=INK, markersize=size, label=label)
    axes.margins(0.2)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title("in its heading frame [m]", fontsize=10, color=INK, loc="left")
    axes.legend(frameon=False, fontsize=8, labelcolor=QUIET, loc="upper left", bbox_to_anchor=(1, 1))


def _draw_actions(axes: Axes, dataset: Dataset, rows: np.ndarray, row: int) -> None:
    tidy(axes)
    actions, commands = dataset.actions[rows], dataset.control == "command"
    looks = _LOOKS if commands else {str(entry): ACCENT for entry in range(actions.shape[1])}
    for values, (name, colour) in zip(actions.T, looks.items(), strict=True):
        axes.step(range(1, len(rows) + 1), values, where="mid", color=colour, linewidth=1.5, label=name)
    axes.axvline(row - rows[0] + 1, color=PINK, linewidth=1.5)
    axes.set_ylim(-1.1, 1.1)
    axes.set_xlabel("sample of the episode", fontsize=9, color=QUIET)
    title = "actions"
    if commands:
        ahead, aside, turn = dataset.actions[row] * COMMAND_SCALE
        kick = int(requested_kick(dataset.actions[row]))
        said = f"{ahead:.2f} m/s ahead, {aside:.2f} m/s to the left, turn {turn:.2f} rad/s"
        title = f"asks for a kick: {KICK_NAMES[kick]}" if kick >= 0 else said
        axes.legend(frameon=False, fontsize=9, labelcolor=QUIET, ncols=3, loc="lower left")
    axes.set_title(title, fontsize=10, color=INK, loc="left")


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
        first, end = starts[(index := names.index(episode)) : index + 2]
        return sample_figure(dataset, first + round(share * (end - 1 - first)))

    fixed = {}
    for index in np.linspace(0, len(names) - 1, min(SHOWN, len(names))).astype(int):
        own = kicks[starts[index] : starts[index + 1]]
        share = own.argmax() / max(len(own) - 1, 1) if own.any() else 0.5
        fixed[names[index]] = {"episode": names[index], "share": share}
    explore(draw, {"episode": names, "share": (0.0, 1.0)}, fixed, interactive)
