"""The exact fast simulation of one soccer task.

`SoccerSim` owns a stock environment and uses its construction and its reset as they are. Only the step is
our own: the same arithmetic in the same order on the same `MjModel` and `MjData`, without the name
look-ups, mass matrices and loops that make up 90% of a stock step. Observations, rewards, reward terms,
`terminated` and `info` are bit-identical to the stock environment (`python -m soccer_lib bench exact`).

One thing that looks odd is upstream's and is kept: joint positions and velocities are those after the
step, but site positions, contacts and sensors are those that MuJoCo computed at the start of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.layout import JOINTS, TORQUE_LIMIT, refuse_non_finite
from soccer_lib.ranges import numeric
from soccer_lib.seeds import checked_seed
from soccer_lib.sim.binding import BLOW_UPS, reach_of_robot, slice_of
from soccer_lib.sim.opengl import need_opengl
from soccer_lib.sim.readings import Readings
from soccer_lib.sim.rules import Rules
from soccer_lib.sim.state import Restorable
from soccer_lib.sim.stock import make_stock
from soccer_lib.tasks import PHYSICS_DT, Task, task_named

_NO_WARNINGS = bytes(4 * int(mujoco.mjtWarning.mjNWARNING))


class SoccerSim(Rules, Restorable, gym.Env):
    """One task, one physics step of 2 ms per `step`; subclasses hold the rules of each task.

    Actions are joint torques [N m], Shape: (12,), order of `layout.JOINTS`, clipped to `TORQUE_LIMIT`.
    Observations are the stock ones, `layout.RAW[task]`.

    Attributes:
        terminated, truncated: how the last step left the episode.
        n_steps: physics steps since the reset.
        clipped: torques outside the limits since the reset (entries, not steps).
        unstable: MuJoCo reported a blow-up; the episode is then truncated.
        fallen, offside, blocked, conceded, success: what the referee saw at the last step.
        readings: what can be read off the scene after a step.
        joint_pos, joint_vel: views of the joints [rad, rad/s]. Shape: (12,).
        start: positions, velocities and observation after the reset, as bytes: equal ones are the same start.
        tape: receives the torques of every physics step, as `taped` reads them; None switches it off.
        started: there has been a reset.
        n_bound: how often `bind_episode` was called.
        plays_on: steps may follow the episode's end, such as those of a ball that rolls on; False.
        on_reset: each is called between the draws of the stock reset and its first look at the scene; what it
            changes in model and positions, observation and info of the reset have.
        on_step: each is called after every physics step, once it is judged, with its torques [N m],
            Shape: (12,).
    """

    observation_space: gym.spaces.Box
    action_space: gym.spaces.Box
    metadata = {"render_modes": ["rgb_array"], "render_fps": 500}
    fast = True
    readings_type: type[Readings] = Readings

    def __init__(
        self, task: str | Task, *, team: int = 0, render_mode: str | None = None, **size: int
    ) -> None:
        self.task = task_named(task)
        self.stock = make_stock(self.task, team=team, render_mode=render_mode, **size)
        self.render_mode = render_mode
        self.model: mujoco.MjModel = self.stock.sim.model._model  # noqa: SLF001 - the binding of sai-mujoco
        self.data: mujoco.MjData = self.stock.sim.data._data  # noqa: SLF001
        self.observation_space = self.stock.observation_space
        self.action_space = self.stock.action_space
        self.readings = self.readings_type(self.model, self.data, self.stock, self.task)
        self._bind_robot()
        self._bind_scene()
        # Terms without a weight stand last in every task, so weights and terms pair up by position.
        weights = self.stock.reward_config
        self.weights = [weights[name] for name in self.term_names if name in weights]
        self.started = False
        self.plays_on = False
        self.tape: bytearray | None = None
        self.on_step: list[Callable[[np.ndarray], None]] = []
        self.on_reset: list[Callable[[], None]] = []
        self.stock.after_draws = self.on_reset
        self.n_bound = 0
        self.forget_episode()
        self.bind_episode()

    # -- binding: every name is looked up once ---------------------------------------------------------------

    def _bind_robot(self) -> None:
        model = self.model
        names = [joint.removeprefix("robot_0:").lower() for joint in self.stock.robots[0].robot_joints]
        if tuple(names) != JOINTS:
            raise InputError(f"joint order {names} of the installed sai-mujoco; expected {list(JOINTS)}")
        actuators = [model.actuator(name).id for name in self.stock.robots[0].robot_actuators]
        self.ctrl = self.data.ctrl[slice_of(actuators)]
        self.joint_pos = self.readings.joint_pos
        self.joint_vel = self.readings.joint_vel
        self.robot_geoms = frozenset(self.stock.robot_geom_ids)
        self.min_height = self.stock.robots[0].standing_height[0]
        self._torque_high = TORQUE_LIMIT.astype(np.float64)
        self._torque_low = -self._torque_high
        self._torque = np.zeros(12)
        self._clipped_torque = np.zeros(12)

    def _bind_scene(self) -> None:
        model = self.model
        self.ball_geom = int(model.geom("ball").id)
        self.ball_reach = reach_of_robot(model, self.robot_geoms) + 2 * float(
            model.geom_rbound[self.ball_geom]
        )
        self._ball = self.readings.ball
        self._imu = self.readings.imu
        self._field = self.readings.field
        self._qpos = self.data.qpos
        self._qvel = self.data.qvel
        self._warnings = self.data.warning.number
        self._mj_step = mujoco.mj_step

    # -- gymnasium -------------------------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode with the stock environment's own reset.

        Returns:
            observation (float32, `layout.RAW[task]`) and the stock info.
        """
        seed = checked_seed(seed)
        super().reset(seed=seed)
        observation, info = self.stock.reset(seed=seed, options=options)
        self.forget_episode()
        self.bind_episode()
        self.note_start(observation)
        return observation, info

    def check_running(self) -> None:
        """Refuse a step before the first reset or after the end: its reward would mean nothing.

        Raises:
            InputError: no episode is under way.
        """
        over = (self.terminated or self.truncated) and not self.plays_on
        if over or not self.started:
            where = "after the episode's end" if self.started else "before the first reset"
            raise InputError(f"step came {where}; expected env.reset() first; call it")

    def note_start(self, observation: np.ndarray) -> None:
        """Note where the episode starts."""
        self.started = True
        self.start = self._qpos.tobytes() + self._qvel.tobytes() + observation.tobytes()

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`, bit for bit."""
        super().set_state(state)
        self.started = True
        self.readings.forget()

    def step(self, action: np.ndarray):
        """Advance 2 ms with torques [N m], Shape: (12,).

        Returns:
            observation, reward, terminated, truncated and the stock info with `reward_terms`.

        Raises:
            InputError: for an action of another shape or with a non-finite entry.
        """
        self.check_running()
        self.advance(self.admit(action))
        terms = self.terms()
        info = self.info()
        info["reward_terms"] = terms
        if self.unstable:
            info["sim_unstable"] = True
        return self.observation(), self.reward(terms), self.terminated, self.truncated, info

    def observation(self) -> np.ndarray:
        """The stock observation of the last step, float32, `layout.RAW[task]`."""
        return self.readings.observation()

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `reward_terms`."""
        info = self.readings.info()
        info["success"] = self.success
        return info

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS` that `info` would have, float32. Shape: (59,)."""
        return self.readings.described()

    def render(self):
        """Draw the scene with the stock environment's camera."""
        if self.render_mode:
            need_opengl()
        return self.stock.render()

    def __reduce__(self) -> Any:
        """Refuse to be copied: MuJoCo's objects cannot be."""
        raise InputError("a bare simulation cannot be copied or pickled; expected one of make_env; copy that")

    def close(self) -> None:
        """Free the drawing context."""
        self.stock.close()

    # -- one physics step ------------------------------------------------------------------------------------

    def admit(self, action: np.ndarray) -> np.ndarray:
        """Check torques and clip them to the limits, counting what was clipped.

        Returns:
            torques, float64, Shape: (12,); the array is reused by the next call.

        Raises:
            InputError: naming the shape or the non-finite entry.
        """
        torque = self._torque
        action = numeric("action", action, "see env.action_space")
        if action.shape != (12,):
            raise InputError(
                f"action has shape {action.shape}; expected (12,), the torques of layout.JOINTS; "
                "see env.action_space"
            )
        torque[:] = action
        if not torque.dot(torque) < math.inf:
            refuse_non_finite(torque, JOINTS)
        clipped = np.maximum(torque, self._torque_low, out=self._clipped_torque)
        np.minimum(clipped, self._torque_high, out=clipped)
        if clipped.tobytes() != torque.tobytes():
            self.clipped += int(np.count_nonzero(clipped != torque))
        return clipped

    def advance(self, torque: np.ndarray) -> bool:
        """Take one physics step with torques that are finite and inside the limits [N m].

        Returns:
            whether the episode is over; `terminated` and `truncated` say how.
        """
        self._move_scene()
        self.ctrl[:] = torque
        if self.tape is not None:
            self.tape += np.asarray(torque, np.float32).tobytes()
        self._mj_step(self.model, self.data)
        self.n_steps += 1
        self.readings.forget()
        if self._warnings.tobytes() != _NO_WARNINGS:
            self.unstable = self.blown_up()
        self.judge()
        for hook in self.on_step:
            hook(torque)
        return self.terminated or self.truncated

    def judge(self) -> None:
        """Judge the last physics step: what the referee saw, and whether the episode is over."""
        over = self._referee()
        # A NaN velocity makes its position NaN in the same step: one sum tells whether to look closer.
        if not self._qpos.dot(self._qpos) < math.inf:
            over = over or bool(np.isnan(self._qpos).any() or np.isnan(self._qvel).any())
        self.terminated = over
        self.truncated = self.n_steps >= self.task.max_steps or self.unstable

    def blown_up(self) -> bool:
        """Whether MuJoCo has counted a warning after which the physics cannot be trusted."""
        return bool(self._warnings[BLOW_UPS].any())

    @property
    def outcome(self) -> str:
        """How the episode stands, in one word; "running" before its end."""
        if self.unstable:
            return "unstable"
        for name, happened in (
            ("success", self.success),
            ("blocked", self.blocked),
            ("conceded", self.conceded),
            ("out_of_field", self.offside),
            ("fall", self.fallen),
            ("lost", self.terminated),
            ("time_limit", self.truncated),
        ):
            if happened:
                return name
        return "running"

    @property
    def taped(self) -> np.ndarray:
        """The torques on the tape [N m], float32. Shape: (n, 12)."""
        return np.frombuffer(self.tape or b"", np.float32).reshape(-1, 12).copy()

    @property
    def sim_time(self) -> float:
        """Time since the reset [s]."""
        return self.n_steps * PHYSICS_DT

    def touches(self, geoms: frozenset[int]) -> bool:
        """Whether the ball was in contact with one of `geoms` in the last step."""
        ball = self.ball_geom
        contacts = self.data.contact.geom.tolist()
        return any((a == ball and b in geoms) or (b == ball and a in geoms) for a, b in contacts)

    def near_robot(self, ball_x: float, ball_y: float) -> bool:
        """Whether the ball is close enough to be touched at all; saves the contact list elsewhere."""
        x, y, _ = self._imu.tolist()
        dx = ball_x - x
        dy = ball_y - y
        return dx * dx + dy * dy < self.ball_reach**2

    def off_field(self, x: float, y: float) -> bool:
        """Whether a ball site at x, y is beyond the field's lines."""
        length = self._field["length"]
        width = self._field["width"]
        return x < -length or x > length or y < -width or y > width

    # -- the rules of a task, filled in by subclasses --------------------------------------------------------

    def forget_episode(self) -> None:
        """Clear what an episode has counted."""
        self.n_steps = 0
        self.clipped = 0
        self.terminated = self.truncated = self.unstable = False
        self.fallen = self.offside = self.success = self.blocked = self.conceded = False
        self.readings.forget()

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        self.n_bound += 1
        self.team = int(self.stock.current_team)
        self.readings.bind_episode(self.team)

    def pace_keeper(self, factor: float) -> None:
        """Multiply the frequency of the goalkeeper's path, where the task has one."""

    def _move_scene(self) -> None:
        """Move what the task moves by itself before the physics step."""

    def _referee(self) -> bool:
        """Judge the last step; returns whether the stock rules end the episode."""
        raise NotImplementedError

    memory: tuple[str, ...] = (
        "n_steps", "clipped", "terminated", "truncated", "unstable",
        "fallen", "offside", "success", "blocked", "conceded",
    )  # fmt: skip
