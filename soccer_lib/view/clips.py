"""Motion clips to look at: figures, a replay with the real robot's body, joints against their ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from soccer_lib.control.leg import JOINT_HIGH, JOINT_LOW
from soccer_lib.evaluation.result import aligned
from soccer_lib.evaluation.trajectory import TRUNK, Trajectory
from soccer_lib.formats.clip import Clip, implied_rate
from soccer_lib.layout import JOINTS
from soccer_lib.sim import SoccerSim, make_sim
from soccer_lib.view.body import draw_pose
from soccer_lib.view.opengl import opengl_backend, why
from soccer_lib.view.scene import SceneRenderer, Size
from soccer_lib.view.style import ACCENT, FAINT, INK, ORANGE, QUIET, RED, new_figure, styled

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
_OUT_OF_SIGHT = (90.0, 0.0, -5.0)
_VELOCITIES = {"ahead, x": ACCENT, "left, y": ORANGE, "turn": QUIET}


def clip_facts(clip: Clip) -> dict[str, Any]:
    """What is worth knowing about a clip before it is learnt from.

    Returns:
        seconds; travel [m]; travels; ahead, left [m/s] and turn [rad/s], means in the heading frame;
        peak_speed [rad/s] and its joint; beyond_limits, share of frames with a joint more than 0.01 rad
        outside its range, excess [rad] and its joint; mismatch, norm of velocities minus central differences
        over that of the velocities, the worst of joints, trunk and turning; implied_rate [Hz].
    """
    speed = np.abs(clip.joint_vel)
    excess = _excess(clip)
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
        "beyond_limits": float((excess > _TOLERANCE).any(axis=1).mean()),
        "excess": float(max(excess.max(), 0.0)),
        "excess_joint": JOINTS[excess.max(axis=0).argmax()],
        "mismatch": max(_mismatch(part) for part in clip.parts()),
        "implied_rate": implied_rate(clip.joint_pos, clip.joint_vel),
    }


def _excess(clip: Clip) -> np.ndarray:
    """How far each joint is outside its range [rad], below 0 inside. Shape: (T, 12)."""
    return np.maximum(clip.joint_pos - JOINT_HIGH, JOINT_LOW - clip.joint_pos)


def _mismatch(clip: Clip) -> float:
    """How far the stored velocities are from central differences, as a share of them; the worst kind."""
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_quat(clip.root_quat)
    spin = (turned[2:] * turned[:-2].inv()).as_rotvec() * clip.rate_hz / 2
    joint_speed = (clip.joint_pos[2:] - clip.joint_pos[:-2]) * clip.rate_hz / 2
    trunk_speed = (clip.root_pos[2:] - clip.root_pos[:-2]) * clip.rate_hz / 2
    pairs = (
        (joint_speed, clip.joint_vel[1:-1]),
        (trunk_speed, clip.world_velocity[1:-1]),
        (spin, clip.world_spin[1:-1]),
    )
    shares = [
        np.linalg.norm(difference - stored) / max(np.linalg.norm(stored), 1e-9)
        for difference, stored in pairs
    ]
    return float(max(shares))


def clips_table(clips: Sequence[Clip]) -> str:
    """What is worth knowing about each clip, as aligned plain text; see `clip_facts`."""
    rows = [list(_COLUMNS)]
    names_by_reading: dict[str, list[str]] = {}
    for clip in clips:
        facts = clip_facts(clip)
        outside = facts["beyond_limits"] > 0
        rows.append(
            [
                clip.name,
                f"{facts['seconds']:.2f}",
                f"{facts['travel']:.2f}",
                "travelling" if facts["travels"] else "in place",
                f"{facts['peak_speed']:.1f}",
                facts["peak_joint"],
                f"{facts['beyond_limits']:.0%}" if outside else "-",
                f"{facts['excess']:.2f} {facts['excess_joint']}" if outside else "-",
                f"{facts['mismatch']:.1%}",
            ]
        )
        names_by_reading.setdefault(clip.reading, []).append(clip.name)
    readings = [f"{reading}: {', '.join(names)}" for reading, names in names_by_reading.items()]
    note = "mismatch: velocities against differences of positions; above 5%: another rate, or other axes"
    return "\n".join([*aligned(rows), *readings, note])


def clip_trajectory(clip: Clip, rate_hz: float = 50.0) -> Trajectory:
    """The clip as a trajectory of the real robot's body: where it goes, from the penalty spot's start.

    Args:
        clip: any; its start is turned to look at the goal.
        rate_hz: rows per second [Hz].
    """
    clip = clip.resample(rate_hz)
    sim = make_sim("goalie_penalty_kick")
    sim.reset(seed=0)
    turn = np.pi - clip.heading[0]  # the south goal is along -x
    cos = np.cos(turn)
    sin = np.sin(turn)
    moved = (clip.root_pos[:, :2] - clip.root_pos[0, :2]) @ np.array([(cos, sin), (-sin, cos)])
    places = sim.data.body(TRUNK).xpos[:2] + moved
    geom_xpos, geom_xmat = _poses(sim, clip, places, turn)
    return Trajectory(
        task=sim.task.name,
        model=sim.model,
        goal=sim.data.site("goal_post_south").xpos.copy(),
        target=None,
        target_radius=0.0,
        time=np.arange(len(clip)) / rate_hz,
        robot=np.column_stack((places, clip.heading + turn)),
        ball=np.tile(sim.data.geom("ball").xpos, (len(clip), 1)),
        joint_pos=clip.joint_pos,
        torque=np.zeros((len(clip), 12)),
        geom_xpos=geom_xpos,
        geom_xmat=geom_xmat,
        step_time=np.zeros(0),
        rewards=np.zeros(0),
        terms={},
        weights={},
        events=[],
        report=None,
    )


def _poses(sim: SoccerSim, clip: Clip, places: np.ndarray, turn: float) -> tuple[np.ndarray, np.ndarray]:
    """Where every geom is in each frame and its axes, by kinematics alone.

    Args:
        sim: gives the model and the rest of the state; it stays as it is.
        clip: joints, height and orientation of the trunk.
        places: x, y of the trunk [m]. Shape: (T, 2).
        turn: about the vertical axis, before which the clip's own orientation applies [rad].
    """
    model = sim.model
    data = mujoco.MjData(model)
    data.qpos[:] = sim.data.qpos
    joints = [model.joint(name).qposadr[0] for name in sim.stock.robots[0].robot_joints]
    root = model.joint("robot_0:root").qposadr[0]
    ball = model.joint("env:ball").qposadr[0]
    data.qpos[ball : ball + 3] = _OUT_OF_SIGHT  # a clip has no ball
    turn_quat = np.array((np.cos(turn / 2), 0, 0, np.sin(turn / 2)))  # w, x, y, z
    geom_xpos = np.empty((len(clip), model.ngeom, 3), np.float32)
    geom_xmat = np.empty((len(clip), model.ngeom, 9), np.float32)
    for frame in range(len(clip)):
        data.qpos[root : root + 2] = places[frame]
        data.qpos[root + 2] = clip.root_pos[frame, 2]
        root_quat = np.roll(clip.root_quat[frame], 1)
        mujoco.mju_mulQuat(data.qpos[root + 3 : root + 7], turn_quat, root_quat)
        data.qpos[joints] = clip.joint_pos[frame]
        mujoco.mj_kinematics(model, data)
        geom_xpos[frame] = data.geom_xpos
        geom_xmat[frame] = data.geom_xmat
    return geom_xpos, geom_xmat


def clip_frames(clip: Clip, fps: int = 25, size: Size = (480, 360)) -> Iterator[np.ndarray]:
    """Pictures of a clip from the robot's right, `fps` a second; without OpenGL its body drawn flat."""
    trajectory = clip_trajectory(clip)
    rows = trajectory.rows(fps)
    if opengl_backend() is None:
        print(f"{why()}; drawing the body flat instead")
        yield from (_named(_flat_frame(trajectory, row, size), clip.name) for row in rows)
        return
    with SceneRenderer(trajectory, size) as renderer:
        for row in rows:
            frame = renderer.draw(trajectory.geom_xpos[row], trajectory.geom_xmat[row], "side")
            yield _named(frame, clip.name)


@styled
def _flat_frame(trajectory: Trajectory, row: int, size: Size) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = new_figure(size[0] / 100, size[1] / 100)
    figure.set_dpi(100)
    draw_pose(figure.add_subplot(), trajectory, row)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _named(frame: np.ndarray, name: str) -> np.ndarray:
    """The picture with a name in its corner."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(frame)
    font = ImageFont.load_default(18)
    ImageDraw.Draw(image).text((12, 8), name, fill=INK, font=font, stroke_width=3, stroke_fill="white")
    return np.asarray(image)


@styled
def plot_clip(clip: Clip) -> Figure:
    """Poses over time, each joint against its range, and velocities as stored beside those of the robot."""
    trajectory = clip_trajectory(clip)
    figure = new_figure(12, 9)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(2.6, 4, 2.4))
    top.suptitle(f"{clip.name}: {clip.reading}, {clip.seconds:.2f} s", color=INK)
    rows = np.linspace(0, len(trajectory.time) - 1, _BODIES).round().astype(int)
    for axes, row in zip(top.subplots(1, _BODIES), rows, strict=True):
        draw_pose(axes, trajectory, row)
        axes.set_title(f"{trajectory.time[row]:.2f} s", loc="center", color=QUIET)
    draw_joints(middle, clip)
    world, heading_frame = bottom.subplots(1, 2, sharex=True, sharey=True)
    _draw_velocities(world, "as stored: world axes", clip, clip.world_velocity)
    _draw_velocities(heading_frame, "as the robot feels it: heading frame", clip, clip.velocity)
    heading_frame.legend(ncols=3)
    return figure


def _draw_velocities(axes: Axes, title: str, clip: Clip, velocity: np.ndarray) -> None:
    time = np.arange(len(clip)) / clip.rate_hz
    curves = (velocity[:, 0], velocity[:, 1], clip.world_spin[:, 2])
    for (name, colour), values in zip(_VELOCITIES.items(), curves, strict=True):
        axes.plot(time, values, color=colour, label=name)
    axes.set_title(f"{title} [m/s, rad/s]")
    axes.set_xlabel("time [s]")


def draw_joints(figure: SubFigure, clip: Clip) -> list[Axes]:
    """Each joint over time against its range, left leg above the right; red where it is outside."""
    time = np.arange(len(clip)) / clip.rate_hz
    outside = _excess(clip) > _TOLERANCE
    panels = figure.subplots(2, 6, sharex=True).ravel()
    for joint, axes in enumerate(panels):
        axes.axhspan(JOINT_LOW[joint], JOINT_HIGH[joint], color=FAINT, alpha=0.5, linewidth=0)
        axes.plot(time, clip.joint_pos[:, joint], color=ACCENT)
        frames = outside[:, joint]
        axes.plot(time[frames], clip.joint_pos[frames, joint], ".", color=RED, markersize=4)
        axes.set_title(JOINTS[joint].replace("_", " ") + " [rad]", fontsize=9)  # six of them in a row
    return list(panels)
