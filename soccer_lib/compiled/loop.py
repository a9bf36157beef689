"""The compiled inner loop bound to a simulation: many physics steps in one call."""

from __future__ import annotations

import ctypes
import functools
from operator import attrgetter
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from soccer_lib.compiled.gait import step_walker
from soccer_lib.compiled.scene import ARRAYS, BLOCKERS, OVER, ROBOT, SCENE, SEEN, SIZES, UNDECIDED, VERDICT
from soccer_lib.compiled.steps import run_steps
from soccer_lib.compiled.terms import look
from soccer_lib.compiled.ufuncs import LOOPS, ROOM, loop_of
from soccer_lib.compiled.walker import CompiledWalker
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.sim.binding import BLOW_UPS
from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.trail import SpinTrail

TAPE_ROWS = 64
"""Physics steps of one call of compiled code at most."""

MARGIN = 1e-9
"""A distance that comes so near to its limit is judged in Python [m]: the norm there is a dot product of
numpy, which may round its last bit otherwise than the sum of squares here.
"""

_TASKS = ("goalie_penalty_kick", "obstacle_penalty_kick", "penalty_kick", "kick_to_target", "goal_keeper")


class StepLoop:
    """Takes physics steps as `SoccerSim.advance` does, bit for bit, several in one call.

    What the simulation's readings are asked for is read by compiled code as well from then on.

    Args:
        sim: the simulation.
        trail: the ball's, which is noted along the way; None without one.
        sum_reward: add up the stock reward of every step.

    Attributes:
        scene: `SCENE` of the simulation.
        ran: the last physics step of the action was the loop's.
        walker: whose steps `walk` takes; None without one.
    """

    def __init__(self, sim: SoccerSim, trail: SpinTrail | None, *, sum_reward: bool) -> None:
        self._sim = sim
        self._trail = trail
        self._scenes = np.zeros(1, SCENE)
        self.scene = self._scenes[0]
        self._verdict = np.zeros(1, VERDICT)
        self._addresses = self._scenes.ctypes.data, self._verdict.ctypes.data
        names = [name for name in VERDICT.names if hasattr(sim, name) and name not in ("terms", "reward")]
        self._names = tuple(names)
        self._counts = self._verdict[names]
        self._read_counts = attrgetter(*names)
        ends = [VERDICT.fields[name][1] for name in ("unstable", "target_distance")]
        self._seldom = self._verdict.view(np.uint8)[slice(*ends)]
        self._n_steps = self._verdict["n_steps"]
        self._distance = self._verdict["target_distance"] if "target_distance" in names else None
        self._ruling = self._verdict["ruling"]
        self._to_note = self._verdict["to_note"]
        self._terms = self._verdict["terms"][0]
        self._reward = self._verdict["reward"]
        self._measured = [(sim.term_names.index(name), kind) for name, kind in sim.measured.items()]
        self._shared: dict[str, np.ndarray] = {}
        self._sums = sum_reward
        scene = self.scene
        self._target = scene["target"]
        self._bind_physics(scene)
        self._bind_rules(scene)
        self._bind_readings(scene)
        if trail:
            self._share(scene, "notes", trail.notes)
            self._share(scene, "marks", trail.marks)
            scene["note_rows"], scene["note_width"] = trail.notes.shape
            scene["still_square"] = trail.still_square
            scene["trail_from"], scene["trail_to"] = trail.bodies
        self._bound = -1
        self._handed_back = b""
        self.ran = False
        self.walker: CompiledWalker | None = None
        self._tape = np.zeros((TAPE_ROWS, 12), np.float32)
        self._tape_address = self._tape.ctypes.data

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
        scene["warmstart"] = data.qacc_warmstart.ctypes.data
        scene["stage"] = model.sensor_needstage[model.sensor("robot_0:accelerometer").id :].ctypes.data
        for name in ARRAYS:
            scene[name] = (data.warning.number if name == "warnings" else getattr(data, name)).ctypes.data
        sizes = model.nq, model.nv, model.nsensordata, model.ngeom, model.nbody, model.nsite
        for name, size in zip(SIZES, sizes, strict=False):  # the others belong to rules and readings
            scene[f"n_{name}"] = size
        robot = sim.stock.robots[0]
        joint = model.joint(robot.robot_joints[0])
        scene["joint_pos"] = joint.qposadr[0]
        scene["joint_vel"] = joint.dofadr[0]
        scene["torque"] = model.actuator(robot.robot_actuators[0]).id
        self._share(scene, "kept", np.zeros(model.nq + 2 * model.nv + model.nu + 1))
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
        scene["pays"] = self._sums
        scene["n_weights"] = len(sim.weights)
        scene["weights"][: len(sim.weights)] = sim.weights
        groups = np.zeros((2, sim.model.ngeom), np.uint8)
        groups[ROBOT, list(sim.robot_geoms)] = 1
        groups[BLOCKERS, list(sim.blockers)] = 1
        self._share(scene, "groups", groups)
        if sim.keeper_path is not None:
            self._share(scene, "keeper_path", sim.keeper_path)
            joints = [sim.model.joint(f"goalkeeper_team_{team}_joint") for team in (0, 1)]
            scene["keeper_pos"] = [joint.qposadr[0] for joint in joints]
            scene["keeper_vel"] = [joint.dofadr[0] for joint in joints]

    def _bind_readings(self, scene: np.void) -> None:
        readings = self._sim.readings
        for name, loop in LOOPS.items():
            scene[name] = loop_of(*loop)
        self._share(scene, "scratch", np.zeros(ROOM // 8 + 6 * self._sim.model.nv))
        ends, origins = readings.differences
        arrays = {"ends": ends, "origins": origins, **vars(readings)}
        for name in SEEN:
            if name in arrays:
                self._share(scene, name, arrays[name])
        scene["n_raw_entries"] = readings.raw_entries.size
        scene["inertial"] = readings.inertial
        # It keeps what lies at the addresses, and not the loop, which has the simulation.
        readings.reader = functools.partial(_look, (self._scenes, self._shared), self._addresses[0])

    def _bind_episode(self) -> None:
        """Take in what the episode's reset, or a state that was set, has fixed."""
        scene = self.scene
        for name, value in self._sim.limits().items():
            scene[name] = value
        self._bound = self._sim.n_bound
        self._handed_back = b""

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
        self._target[:] = target
        return self._take(n_steps)

    def walk(self, command: np.ndarray, n_steps: int) -> np.ndarray:
        """Take physics steps after the walker, which begins with a step of its own; else as `run`.

        Args:
            command: see `Walker.step`.
            n_steps: how many physics steps.

        Returns:
            the walker's last joint targets [rad], float32. Shape: (12,).
        """
        assert self.walker
        self.walker.take_in(command, self._sim.readings)
        self.scene["walks"] = 1
        try:
            self._take(n_steps)
        finally:
            self.scene["walks"] = 0
        return self._target.copy()

    def walk_by(self, walker: CompiledWalker) -> None:
        """Take the walker whose steps `walk` takes."""
        self.walker = walker
        self.scene["walker"] = (ctypes.cast(step_walker, ctypes.c_void_p).value, *walker.addresses)
        self._share(self.scene, "walker_result", walker.gait.record["result"])

    def _take(self, n_steps: int) -> bool:
        """Take physics steps toward the scene's target or after its walker."""
        sim = self._sim
        if self._bound != sim.n_bound:
            self._bind_episode()
        self.ran = True
        taping = sim.tape is not None
        self.scene["tape"] = self._tape_address if taping else 0
        over = False
        while n_steps and not over:
            if sim.n_steps != self._n_steps.item() or not self._handed_back:
                self._hand_over()
            taken = run_steps(*self._addresses, min(n_steps, TAPE_ROWS))
            self._hand_back()
            n_steps -= taken
            over = self._conclude(self._ruling.item())
            if taping:
                sim.tape += self._tape[:taken].tobytes()
        return over

    def _hand_over(self) -> None:
        """Give compiled code what Python code has counted: after a reset, a state, steps of its own."""
        self._counts[0] = self._read_counts(self._sim)
        self._handed_back = b""

    def _hand_back(self) -> None:
        """Give the simulation what compiled code has counted."""
        sim = self._sim
        seldom = self._seldom.tobytes()
        if seldom != self._handed_back:
            self._handed_back = seldom
            sim.__dict__.update(zip(self._names, self._counts.item(), strict=True))
        sim.n_steps = self._n_steps.item()
        if self._distance is not None:
            sim.target_distance = self._distance.item()
        sim.readings.note_look()

    def _conclude(self, ruling: int) -> bool:
        """Draw the conclusions from the last step; returns whether the episode is over."""
        sim = self._sim
        if ruling == UNDECIDED:
            sim.judge()
            self._handed_back = b""
            if self._sums:
                self._reward += float(sim.reward(sim.terms()))
        else:
            sim.terminated = ruling == OVER
            sim.truncated = sim.n_steps >= sim.task.max_steps or sim.unstable
        if self._trail and self._to_note.item():
            self._trail.note()
        return sim.terminated or sim.truncated

    def forget(self) -> None:
        """Drop rewards that nobody has asked for, such as those of an action that failed."""
        self._reward[0] = 0.0
        self.ran = False

    def reward(self) -> float:
        """The stock reward of all steps since this was asked for last; 0 where none is added up."""
        total = self._reward.item()
        self.forget()
        return total

    def terms(self) -> dict[str, Any]:
        """The reward terms of the last step, which has to be the loop's."""
        if self._ruling.item() == UNDECIDED:
            return self._sim.terms()
        terms = self._terms
        return self._sim.terms_of(*[kind(terms[place]) for place, kind in self._measured])


def _look(_kept: Any, scene: int) -> None:
    look(scene)


@functools.cache
def _mujoco() -> ctypes.CDLL:
    """The library that the binding itself has loaded."""
    folder = Path(mujoco.__file__).parent
    return ctypes.CDLL(str(next(path for path in folder.iterdir() if path.name.startswith("libmujoco"))))
