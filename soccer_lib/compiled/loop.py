"""The compiled inner loop bound to a simulation: many physics steps in one call."""

from __future__ import annotations

import ctypes
import functools
from operator import attrgetter
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from soccer_lib.compiled.scene import ARRAYS, BLOCKERS, OVER, ROBOT, ROW, SCENE, UNDECIDED, VERDICT
from soccer_lib.compiled.steps import run_steps
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.sim.binding import BLOW_UPS
from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.trail import SpinTrail

ROOM = 64
"""Physics steps of one call of compiled code at most: rows of the tape and of what rewards are made of."""

MARGIN = 1e-9
"""The norm of the Python rules may round otherwise than ours within this distance [m]."""

_TASKS = ("goalie_penalty_kick", "obstacle_penalty_kick", "penalty_kick", "kick_to_target", "goal_keeper")


class StepLoop:
    """Takes physics steps as `SoccerSim.advance` does, bit for bit, several in one call.

    Args:
        sim: the simulation.
        trail: the ball's, which is noted along the way; None without one.
        sum_reward: keep what the stock reward of every step is computed from, for `reward`.

    Attributes:
        scene: `SCENE` of the simulation.
        rows: steps whose reward has still to be added up.
    """

    def __init__(self, sim: SoccerSim, trail: SpinTrail | None, *, sum_reward: bool) -> None:
        self._sim = sim
        self._trail = trail
        self._scenes = np.zeros(1, SCENE)
        self.scene = self._scenes[0]
        self._verdict = np.zeros(1, VERDICT)
        self._addresses = self._scenes.ctypes.data, self._verdict.ctypes.data
        names = [name for name in VERDICT.names if hasattr(sim, name)]
        self._names = tuple(names)
        self._counts = self._verdict[names]
        self._read_counts = attrgetter(*names)
        self._ruling = self._verdict["ruling"]
        self._to_note = self._verdict["to_note"]
        self._shared: dict[str, np.ndarray] = {}
        scene = self.scene
        self._target = scene["target"]
        self._bind_physics(scene)
        self._bind_rules(scene)
        if trail:
            self._share(scene, "notes", trail.notes)
            self._share(scene, "marks", trail.marks)
            scene["note_rows"], scene["note_width"] = trail.notes.shape
            scene["still_square"] = trail.still_square
            scene["trail_from"], scene["trail_to"] = trail.bodies
        self._bound = -1
        self.rows = 0
        self._total = 0.0
        if sum_reward:
            self._share(scene, "rows", np.zeros(ROOM, ROW))
            self._share(scene, "jacobians", np.zeros((ROOM, 3, sim.model.nv)))
            self._share(scene, "velocities", np.zeros((ROOM, sim.model.nv)))
        self._tape = np.zeros((ROOM, 12), np.float32)

    def _share(self, scene: np.void, name: str, array: np.ndarray) -> None:
        """Let the loop read and write an array, which then lives as long as the loop."""
        self._shared[name] = array
        scene[name] = array.ctypes.data

    def _bind_physics(self, scene: np.void) -> None:
        sim = self._sim
        model = sim.model
        data = sim.data
        library = _mujoco()
        for name, function in (("step", library.mj_step), ("jacobian", library.mj_jacSite)):
            scene[name] = ctypes.cast(function, ctypes.c_void_p).value
        scene["model"] = model._address  # noqa: SLF001 - MuJoCo's binding has no other word for it
        scene["data"] = data._address  # noqa: SLF001
        for name in ARRAYS:
            scene[name] = (data.warning.number if name == "warnings" else getattr(data, name)).ctypes.data
        for name, size in (
            ("qpos", model.nq),
            ("qvel", model.nv),
            ("sensordata", model.nsensordata),
            ("geoms", model.ngeom),
            ("bodies", model.nbody),
            ("sites", model.nsite),
        ):
            scene[f"n_{name}"] = size
        robot = sim.stock.robots[0]
        joint = model.joint(robot.robot_joints[0])
        scene["joint_pos"] = joint.qposadr[0]
        scene["joint_vel"] = joint.dofadr[0]
        scene["torque"] = model.actuator(robot.robot_actuators[0]).id
        scene["ball_vel"] = model.joint("env:ball").dofadr[0]
        scene["ball"] = sim.readings.ball_id
        scene["imu"] = sim.readings.imu_id
        scene["ball_geom"] = sim.ball_geom
        scene["blow_ups"] = BLOW_UPS
        scene["limit"] = TORQUE_LIMIT

    def _bind_rules(self, scene: np.void) -> None:
        sim = self._sim
        scene["task"] = _TASKS.index(sim.task.name)
        scene["last_step"] = sim.task.max_steps
        scene["length"] = sim.readings.field["length"]
        scene["width"] = sim.readings.field["width"]
        scene["height"] = sim.min_height
        scene["reach_square"] = sim.ball_reach**2
        scene["margin"] = MARGIN
        scene["moving"] = -1 if sim.moving_site is None else sim.moving_site
        groups = np.zeros((2, sim.model.ngeom), np.uint8)
        groups[ROBOT, list(sim.robot_geoms)] = 1
        groups[BLOCKERS, list(sim.blockers)] = 1
        self._share(scene, "groups", groups)
        if sim.keeper_path is not None:
            self._share(scene, "keeper_path", sim.keeper_path)
            joints = [sim.model.joint(f"goalkeeper_team_{team}_joint") for team in (0, 1)]
            scene["keeper_pos"] = [joint.qposadr[0] for joint in joints]
            scene["keeper_vel"] = [joint.dofadr[0] for joint in joints]

    def _bind_episode(self) -> None:
        """Take in what the episode's reset, or a state that was set, has fixed."""
        scene = self.scene
        for name, value in self._sim.limits().items():
            scene[name] = value
        self._bound = self._sim.n_bound
        self.forget_rewards()

    def may_run(self) -> bool:
        """Whether the next steps may be taken here: no hook waits for each, and the end is ahead."""
        sim = self._sim
        return not (sim.on_step or sim.terminated or sim.truncated) and sim.n_steps < sim.task.max_steps

    def drive_by(self, kp: np.ndarray, kd: np.ndarray) -> None:
        """Take targets for joint targets [rad] that a PD follows with these gains, no longer for torques."""
        scene = self.scene
        scene["follows"] = 1
        scene["kp"] = kp
        scene["kd"] = kd

    def run(self, target: np.ndarray, n_steps: int) -> bool:
        """Take physics steps toward a target, fewer where the episode ends; only where `may_run` says so.

        Args:
            target: torques [N m], or joint targets [rad] after `drive_by`, float32. Shape: (12,).
            n_steps: how many.

        Returns:
            whether the episode is over; `terminated` and `truncated` of the simulation say how.
        """
        sim = self._sim
        if self._bound != sim.n_bound:
            self._bind_episode()
        self._target[:] = target
        taken = 0
        if sim.tape is not None:
            self.scene["tape"] = self._tape.ctypes.data
        over = False
        while taken < n_steps and not over:
            if self.rows == ROOM:
                self._add_up()
            first = self.rows
            self._counts[0] = self._read_counts(sim)
            new = run_steps(*self._addresses, min(n_steps - taken, ROOM - first), first)
            sim.__dict__.update(zip(self._names, self._counts.item(), strict=True))
            taken += new
            self.rows += new
            sim.readings.forget()
            over = self._conclude(self._ruling.item())
            if sim.tape is not None:
                sim.tape.extend(self._tape[first : self.rows].copy())
        if sim.tape is not None:
            self.scene["tape"] = 0
        if "rows" not in self._shared:
            self.rows = 0
        return over

    def _conclude(self, ruling: int) -> bool:
        """Draw the conclusions from the last step; returns whether the episode is over."""
        sim = self._sim
        if ruling == UNDECIDED:
            sim.judge()
            if "rows" in self._shared:
                row = self._shared["rows"][self.rows - 1]
                for name in set(self._names) & set(row.dtype.names):
                    row[name] = getattr(sim, name)
        else:
            sim.terminated = ruling == OVER
            sim.truncated = sim.n_steps >= sim.task.max_steps or sim.unstable
        if self._trail and self._to_note.item():
            self._trail.note()
        return sim.terminated or sim.truncated

    def forget_rewards(self) -> None:
        """Drop the steps whose reward nobody has asked for, such as those of an action that failed."""
        self.rows = 0
        self._total = 0.0

    def reward(self, terms: dict[str, Any]) -> float:
        """The stock reward of all steps since this was asked for last.

        Args:
            terms: the reward terms of the last step, which has to be one of the loop's.
        """
        self.rows -= 1  # only the last step may have ended the episode, which `rewards` does not pay
        self._add_up()
        total = self._total + float(self._sim.reward(terms))
        self._total = 0.0
        return total

    def _add_up(self) -> None:
        n = self.rows
        if n and "rows" in self._shared:
            names = ("rows", "jacobians", "velocities")
            rewards = self._sim.rewards(*(self._shared[name][:n] for name in names))
            for reward in rewards.tolist():
                self._total += reward
        self.rows = 0


@functools.cache
def _mujoco() -> ctypes.CDLL:
    """The library that the binding itself has loaded."""
    folder = Path(mujoco.__file__).parent
    return ctypes.CDLL(str(next(path for path in folder.iterdir() if path.name.startswith("libmujoco"))))
