"""Motion clips to look at: figures, a replay with the real robot's body, joints against their ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from soccer_lib.control.clip import Clip, implied_rate
from soccer_lib.control.leg import JOINT_HIGH, JOINT_LOW
from soccer_lib.evaluation.result import aligned
from soccer_lib.evaluation.trajectory import TRUNK, Trajectory
from soccer_lib.layout import JOINTS
from soccer_lib.sim import make_sim
from soccer_lib.view.body import draw_body
from soccer_lib.view.opengl import opengl_backend, why
from soccer_lib.view.scene import Scene, Size
from soccer_lib.view.style import (
    ACCENT,
    FAINT,
    INK,
    ORANGE,
    QUIET,
    RED,
    new_figure,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

TRAVELS = 0.3
"""Net way of the trunk from which on a clip counts as travelling [m]; below it the robot steps in place."""

_COLUMNS = (
    "clip",
    "seconds",
    "travel [m]",
    "",
    "peak [rad/s]",
    "joint",
    "beyond range",
    "by [rad]",
    "mismatch",
)
_BODIES = 7
_TOLERANCE = 0.01


def clip_figures(clip: Clip) -> dict[str, Any]:
    """What is worth knowing about a clip before it is learnt from.

    Returns:
        seconds; travel [m]; travels; ahead, left [m/s] and turn [rad/s], means in the heading frame;
        peak_speed [rad/s] and its joint; beyond_limits, share of frames with a joint more than 0.01 rad
        outside its range, excess [rad] and its joint; mismatch, norm of velocities minus central differences
        over that of the velocities, the worst of joints, trunk and turning; implied_rate [Hz].
    """
    speed, high = np.abs(clip.joint_vel), _excess(clip)
    ends = np.array((*clip.starts[1:], len(clip))) - 1
    travel = np.linalg.norm(clip.root_pos[ends, :2] - clip.root_pos[list(clip.starts), :2], axis=1).sum()
    ahead, left = clip.velocity[:, :2].mean(axis=0)
    return {
        "seconds": clip.seconds,
        "travel": float(travel),
        "travels": bool(travel > TRAVELS),
        "ahead": float(ahead),
        "left": float(left),
        "turn": float(clip.world_spin[:, 2].mean()),
        "peak_speed": float(speed.max()),
        "peak_joint": JOINTS[speed.max(axis=0).argmax()],
        "beyond_limits": float((high > _TOLERANCE).any(axis=1).mean()),
        "excess": float(max(high.max(), 0.0)),
        "excess_joint": JOINTS[high.max(axis=0).argmax()],
        "mismatch": max(_mismatch(part) for part in clip.parts()),
        "implied_rate": implied_rate(clip.joint_pos, clip.joint_vel),
    }


def _excess(clip: Clip) -> np.ndarray:
    """How far each joint is outside its range [rad], below 0 inside. Shape: (T, 12)."""
    return np.maximum(clip.joint_pos - JOINT_HIGH, JOINT_LOW - clip.joint_pos)


def _mismatch(clip: Clip) -> float:
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_quat(clip.root_quat)
    spin = (turned[2:] * turned[:-2].inv()).as_rotvec() * clip.rate_hz / 2
    stored = ((clip.joint_pos, clip.joint_vel), (clip.root_pos, clip.world_velocity))
    pairs = [((place[2:] - place[:-2]) * clip.rate_hz / 2, speed[1:-1]) for place, speed in stored]
    pairs.append((spin, clip.world_spin[1:-1]))
    return float(max(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-9) for a, b in pairs))


def clips_table(clips: Sequence[Clip]) -> str:
    """What is worth knowing about each clip, as aligned plain text; see `clip_figures`."""
    rows, readings = [list(_COLUMNS)], {}
    for clip in clips:
        figures = clip_figures(clip)
        place = "travelling" if figures["travels"] else "in place"
        beyond = f"{figures['beyond_limits']:.0%}" if figures["beyond_limits"] else "-"
        by = f"{figures['excess']:.2f} {figures['excess_joint']}" if figures["beyond_limits"] else "-"
        peak = f"{figures['peak_speed']:.1f}", figures["peak_joint"]
        lengths = f"{figures['seconds']:.2f}", f"{figures['travel']:.2f}"
        rows.append([clip.name, *lengths, place, *peak, beyond, by, f"{figures['mismatch']:.1%}"])
        readings.setdefault(clip.reading, []).append(clip.name)
    said = [f"{reading}: {', '.join(names)}" for reading, names in readings.items()]
    notes = ["mismatch: velocities against differences of positions; above 5%: another rate, or other axes"]
    return "\n".join([*aligned(rows), *said, *notes])


def clip_trajectory(clip: Clip, rate_hz: float = 50.0) -> Trajectory:
    """The clip as a trajectory of the real robot's body: where it goes, from the penalty spot's start.

    Args:
        clip: any; its start is turned to look at the goal.
        rate_hz: rows per second [Hz].
    """
    sim, clip = make_sim("goalie_penalty_kick"), clip.resample(rate_hz)
    sim.reset(seed=0)
    model, data, names = sim.model, mujoco.MjData(sim.model), sim.stock.robots[0].robot_joints
    data.qpos[:] = sim.data.qpos
    joints = [model.joint(name).qposadr[0] for name in names]
    root, ball = model.joint("robot_0:root").qposadr[0], model.joint("env:ball").qposadr[0]
    data.qpos[ball : ball + 3] = 90.0, 0.0, -5.0  # a clip has no ball: out of sight
    turn, start = np.pi - clip.heading[0], sim.data.body(TRUNK).xpos[:2].copy()  # the south goal is along -x
    cos, sin, upright = np.cos(turn), np.sin(turn), np.array((np.cos(turn / 2), 0, 0, np.sin(turn / 2)))
    way = (clip.root_pos[:, :2] - clip.root_pos[0, :2]) @ np.array([(cos, sin), (-sin, cos)])
    poses = []
    for frame in range(len(clip)):
        data.qpos[root : root + 2] = start + way[frame]
        data.qpos[root + 2] = clip.root_pos[frame, 2]
        mujoco.mju_mulQuat(data.qpos[root + 3 : root + 7], upright, np.roll(clip.root_quat[frame], 1))
        data.qpos[joints] = clip.joint_pos[frame]
        mujoco.mj_kinematics(model, data)
        poses.append((data.geom_xpos.astype(np.float32), data.geom_xmat.astype(np.float32)))
    xpos, xmat = map(np.array, zip(*poses, strict=True))
    return Trajectory(
        task=sim.task.name,
        model=model,
        goal=sim.data.site("goal_post_south").xpos.copy(),
        target=None,
        target_radius=0.0,
        time=np.arange(len(clip)) / rate_hz,
        robot=np.column_stack((start + way, clip.heading + turn)),
        ball=np.tile(sim.data.geom("ball").xpos, (len(clip), 1)),
        joint_pos=clip.joint_pos,
        torque=np.zeros((len(clip), 12)),
        geom_xpos=xpos,
        geom_xmat=xmat,
        step_time=np.zeros(0),
        rewards=np.zeros(0),
        terms={},
        weights={},
        events=[],
        report=None,
    )


def clip_frames(clip: Clip, fps: int = 25, size: Size = (480, 360)) -> Iterator[np.ndarray]:
    """Pictures of a clip from the robot's right, `fps` a second; without OpenGL its body drawn flat."""
    trajectory = clip_trajectory(clip)
    rows = trajectory.rows(fps)
    if opengl_backend() is None:
        print(f"{why()}; drawing the body flat instead")
        yield from (_captioned(_flat(trajectory, row, size), clip.name) for row in rows)
        return
    with Scene(trajectory, size) as scene:
        for row in rows:
            frame = scene.draw(trajectory.geom_xpos[row], trajectory.geom_xmat[row], "side")
            yield _captioned(frame, clip.name)


def _flat(trajectory: Trajectory, row: int, size: Size) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = new_figure(size[0] / 100, size[1] / 100)
    axes, turn = figure.add_subplot(), trajectory.robot[row, 2]
    draw_body(axes, trajectory.model, trajectory.geom_xpos[row], trajectory.geom_xmat[row], turn)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _captioned(frame: np.ndarray, text: str) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(frame)
    ImageDraw.Draw(image).text(
        (12, 8), text, fill=INK, font=ImageFont.load_default(18), stroke_width=3, stroke_fill="white"
    )
    return np.asarray(image)


def plot_clip(clip: Clip) -> Figure:
    """Poses over time, each joint against its range, and velocities as stored beside those of the robot."""
    figure, trajectory = new_figure(12, 9), clip_trajectory(clip)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(2.6, 4, 2.4))
    top.suptitle(f"{clip.name}: {clip.reading}, {clip.seconds:.2f} s", fontsize=11, color=INK)
    rows = np.linspace(0, len(trajectory.time) - 1, _BODIES).round().astype(int)
    for axes, row in zip(top.subplots(1, _BODIES), rows, strict=True):
        turn = trajectory.robot[row, 2]
        draw_body(axes, trajectory.model, trajectory.geom_xpos[row], trajectory.geom_xmat[row], turn)
        axes.set_title(f"{trajectory.time[row]:.2f} s", fontsize=9, color=QUIET)
    draw_joints(middle, clip)
    time = np.arange(len(clip)) / clip.rate_hz
    turning, names = clip.world_spin[:, 2], ("ahead, x", "left, y", "turn")
    pairs = (
        ("as stored: world axes", clip.world_velocity),
        ("as the robot feels it: heading frame", clip.velocity),
    )
    for axes, (title, velocity) in zip(bottom.subplots(1, 2, sharex=True, sharey=True), pairs, strict=True):
        tidy(axes)
        for values, name, colour in zip(
            (*velocity.T[:2], turning), names, (ACCENT, ORANGE, QUIET), strict=True
        ):
            axes.plot(time, values, color=colour, linewidth=1.5, label=name)
        axes.set_title(f"{title} [m/s, rad/s]", fontsize=9, color=INK, loc="left")
        axes.set_xlabel("time [s]", fontsize=9, color=QUIET)
    axes.legend(frameon=False, fontsize=9, labelcolor=QUIET, ncols=3)
    return figure


def draw_joints(figure: SubFigure, clip: Clip) -> list[Axes]:
    """Each joint over time against its range, left leg above the right; red where it is outside."""
    time, panels = np.arange(len(clip)) / clip.rate_hz, figure.subplots(2, 6, sharex=True).ravel()
    for joint, axes in enumerate(panels):
        tidy(axes)
        axes.axhspan(JOINT_LOW[joint], JOINT_HIGH[joint], color=FAINT, alpha=0.5, linewidth=0)
        axes.plot(time, clip.joint_pos[:, joint], color=ACCENT, linewidth=1.5)
        outside = _excess(clip)[:, joint] > _TOLERANCE
        axes.plot(time[outside], clip.joint_pos[outside, joint], ".", color=RED, markersize=4)
        axes.set_title(JOINTS[joint].replace("_", " ") + " [rad]", fontsize=9, color=INK, loc="left")
    return list(panels)
