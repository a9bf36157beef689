"""The project's own motion clips, recorded from the simulation in both layouts of the public motion dataset.

Layouts: Booster Dataset (ArenaX Labs), `soccer/booster_lower_t1` (root and 12 legs) and `soccer/booster_t1`
(root and 23 joints, legs last). As there, velocities are central differences of positions, those of the root
stand in world axes, and a clip starts at a yaw of -90 degrees. The LowerT1's upper body is welded: in the
full layout it holds its pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gymnasium as gym
import numpy as np
from scipy.spatial.transform import Rotation

from soccer_lib.control.kicks import KICKS_FILE, PATTERNS
from soccer_lib.control.weights import OWN_FILE
from soccer_lib.envs.make import layers, make_env
from soccer_lib.errors import SimulationError
from soccer_lib.layout import AGENT, JOINTS
from soccer_lib.runs.files import atomic_write_json, atomic_write_npz, sha256_of
from soccer_lib.runs.folder import version_record
from soccer_lib.tasks import COMMAND_DT, PHYSICS_DT
from soccer_lib.wrappers import CONTROLS

FULL_FOLDER = "booster_t1"
"""Folder for the layout with all joints, inside that for the legs."""

UPPER_BODY = {
    "AAHead_yaw": 0.0,
    "Head_pitch": 0.0,
    "Left_Shoulder_Pitch": 0.2,
    "Left_Shoulder_Roll": -1.35,
    "Left_Elbow_Pitch": 0.0,
    "Left_Elbow_Yaw": -0.5,
    "Right_Shoulder_Pitch": 0.2,
    "Right_Shoulder_Roll": 1.35,
    "Right_Elbow_Pitch": 0.0,
    "Right_Elbow_Yaw": 0.5,
    "Waist": 0.0,
}
"""The T1's joints above the legs, in the order of its model, and how the LowerT1 holds them [rad]."""

WALKS = {
    "walk": ((0.0, 0.0, 0.0, 0.2), (0.5, 0.0, 0.0, 1.8), (0.0, 0.0, 0.0, 1.0)),
    "turn": ((0.0, 0.0, 0.0, 0.2), (0.0, 0.0, 0.7, 1.6), (0.0, 0.0, 0.0, 0.8)),
}
"""Clips of the walker: forward, sideways, turn, each in [-1, 1], and for how long [s]."""

KICKS = {"strong_shot": "shot", "placed_kick": "placed"}
"""Clips of the kicks, and which."""

NAMES = (*WALKS, *KICKS)
SEED = 6
"""Of the episode in which they are recorded."""

NEAR = 0.7
"""Distance of the ball at which the kick is asked for [m]."""

LANDED = 1.0
"""Time after the reset in which the robot lands and comes to rest [s]."""

LEAD = 0.3
"""What is kept of a kick before the swing [s]."""

TAIL = 0.6
"""What is kept of a kick after the swing, at most [s]."""

TIPPING = 1.0
"""A clip ends before the trunk leans more than this [rad]: a strong shot costs the balance."""

STAND = (0.0, 0.0, 0.0)
_STEP = 2.0**-15
"""Recorded numbers are multiples of this; their last bits are noise that no archive can compress."""


@dataclass(frozen=True)
class ClipsConfig:
    """Record the project's own motion clips: walk, turn, strong shot, placed kick."""

    out: str = "data/clips"
    """Folder for clips of the legs and `clips.json`; clips of all joints go into a folder inside it."""


class _Recording:
    """The robot's root and joints before every physics step, and what the macro is at in it."""

    def __init__(self, env: gym.Env) -> None:
        self.sim = env.unwrapped
        self.macro = next(layer for layer in layers(env) if isinstance(layer, CONTROLS["command"])).macro
        self._root = self.sim.data.joint("robot_0:root").qpos  # a view that follows the simulation
        self.rows = [self._row()]
        self.stages: list[str] = []
        self.sim.on_step.append(self._note)

    def _row(self) -> np.ndarray:
        return np.concatenate((self._root, self.sim.joint_pos))

    def _note(self, torque: np.ndarray) -> None:
        self.rows.append(self._row())
        self.stages.append(self.macro.stage)

    def __len__(self) -> int:
        """Physics steps so far."""
        return len(self.stages)


def record(name: str) -> np.ndarray:
    """Let the robot do what a clip is named after.

    Args:
        name: one of `NAMES`.

    Returns:
        position [m] and orientation (w x y z) of the trunk and joint positions [rad] at every physics step,
        world axes. Shape: (T, 19).

    Raises:
        SimulationError: the robot did not kick.
    """
    env = make_env("kick_to_target", control="command", observation="agent", seed=SEED)
    observation, _ = env.reset()
    recording = _Recording(env)
    span = _walk(env, recording, WALKS[name]) if name in WALKS else _kick(env, recording, observation, name)
    qpos = np.array(recording.rows[:-1][span])
    lean = np.arccos(1 - 2 * (qpos[:, 4] ** 2 + qpos[:, 5] ** 2))
    return qpos[: np.argmax(np.append(lean, np.inf) > TIPPING)]


def _hold(env: gym.Env, command: Sequence[float], seconds: float) -> np.ndarray:
    """Hold a command; returns the last observation."""
    for _ in range(round(seconds / COMMAND_DT)):
        observation = env.step(np.array(command, np.float32))[0]
    return observation


def _walk(env: gym.Env, recording: _Recording, parts: Sequence[tuple[float, ...]]) -> slice:
    """Walk; returns the rows of the walk."""
    env.unwrapped.data.joint("env:ball").qpos[1] += 4.0  # out of the way
    _hold(env, STAND, LANDED)
    first = len(recording)
    for *command, seconds in parts:
        _hold(env, command, seconds)
    return slice(first, len(recording))


def _kick(env: gym.Env, recording: _Recording, observation: np.ndarray, name: str) -> slice:
    """Walk to the ball and kick it; returns the rows around the swing."""
    ball = AGENT["ball_xpos_rel_robot"]
    while np.hypot(*observation[ball][:2]) > NEAR:
        ahead, left, _ = observation[ball].tolist()
        turn = float(np.clip(2 * np.arctan2(left, ahead), -1, 1))
        observation = _hold(env, (0.5, 0.0, turn), COMMAND_DT)
    _hold(env, PATTERNS[KICKS[name]], COMMAND_DT)
    _hold(env, STAND, TAIL)
    swing = [row for row, stage in enumerate(recording.stages) if stage == "swing"]
    if not swing:
        seconds = len(recording) * PHYSICS_DT
        raise SimulationError(f"clip {name}: no swing in {seconds:.1f} s; expected one; tune the kicks")
    return slice(swing[0] - round(LEAD / PHYSICS_DT), swing[-1] + round(TAIL / PHYSICS_DT))


def lower_arrays(qpos: np.ndarray) -> dict[str, np.ndarray]:
    """A recording in the layout of `booster_lower_t1`: moved to the origin, turned to a yaw of -90 degrees.

    Args:
        qpos: of `record`. Shape: (T, 19).
    """
    rate = 1.0 / PHYSICS_DT
    orientation = Rotation.from_quat(qpos[:, [4, 5, 6, 3]])
    turn = Rotation.from_euler("z", -np.pi / 2 - orientation[0].as_euler("ZYX")[0])
    orientation = turn * orientation
    quat = orientation.as_quat()[:, [3, 0, 1, 2]]
    quat *= np.sign(np.sum(quat * quat[0], axis=1, keepdims=True))  # q and -q are the same orientation
    place = turn.apply(qpos[:, :3] - (*qpos[0, :2], 0.0))
    # Velocities are those of the rounded positions: a reader who differentiates finds them again.
    qpos = _rounded(np.concatenate((place, quat, qpos[:, 7:]), axis=1))
    orientation = Rotation.from_quat(qpos[:, [4, 5, 6, 3]])
    rows = np.arange(len(qpos))
    after = np.minimum(rows + 1, len(qpos) - 1)
    before = np.maximum(rows - 1, 0)
    spin = (orientation[after] * orientation[before].inv()).as_rotvec() * rate / (after - before)[:, None]
    straight = np.gradient(np.delete(qpos, slice(3, 7), axis=1), axis=0) * rate
    qvel = np.concatenate((straight[:, :3], _rounded(spin), straight[:, 3:]), axis=1)
    return _named(qpos, qvel, JOINTS)


def full_arrays(lower: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same in the layout of `booster_t1`: all 23 joints, those of the upper body at rest, legs last."""
    still = np.tile(_rounded(np.array(list(UPPER_BODY.values()))), (len(lower["qpos"]), 1))
    qpos = np.insert(lower["qpos"], [7] * len(UPPER_BODY), still, axis=1)
    qvel = np.insert(lower["qvel"], [6] * len(UPPER_BODY), 0.0 * still, axis=1)
    return _named(qpos, qvel, (*UPPER_BODY, *JOINTS))


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.round(values / _STEP) * _STEP


def _named(qpos: np.ndarray, qvel: np.ndarray, joints: tuple[str, ...]) -> dict[str, np.ndarray]:
    names = [name if name in UPPER_BODY else name.title() for name in joints]
    return {
        "qpos": qpos.astype(np.float32),
        "qvel": qvel.astype(np.float32),
        "split_points": np.array([0, len(qpos) - 1], dtype=np.int32),
        "joint_names": np.array(["root", *names]),
        "jnt_type": np.array([0, *[3] * len(joints)], dtype=np.int32),
        "njnt": np.array(len(joints) + 1),
        "frequency": np.array(1.0 / PHYSICS_DT),
    }


def main(config: ClipsConfig) -> None:
    """Record all clips and write them with their record.

    Raises:
        SoccerError: the folder cannot be written, or the robot did not kick.
    """
    out = Path(config.out)
    hashes = {}
    for name in NAMES:
        lower = lower_arrays(record(name))
        for folder, arrays in ((out, lower), (out / FULL_FOLDER, full_arrays(lower))):
            path = atomic_write_npz(folder / f"{name}.npz", arrays)
            hashes[path.relative_to(out).as_posix()] = sha256_of(path)
            print(f"{path}  {len(lower['qpos']) * PHYSICS_DT:.2f} s  {path.stat().st_size / 1e3:.0f} kB")
    sources = {"walker": sha256_of(OWN_FILE), "kicks": sha256_of(KICKS_FILE)}
    atomic_write_json(
        out / "clips.json",
        {
            "command": "python -m soccer_lib walker clips --out data/clips",
            "sha256": hashes,
            "made_of": sources,
            "versions": version_record(),
        },
    )
