"""Control interfaces: what one action means and how many physics steps it lasts.

The innermost layer. It drives the simulation's physics steps itself, so that observation and info are
built once per action, while contacts, goals and falls are judged at every physics step of 2 ms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.compiled import step_loop
from soccer_lib.control.ball import BallTracker
from soccer_lib.errors import InputError, known_name
from soccer_lib.layout import DEFAULT_POSE, JOINTS, KD, KP, TORQUE_LIMIT, refuse_non_finite
from soccer_lib.ranges import Range, numeric, of_type
from soccer_lib.sim import SoccerSim, SpinTrail
from soccer_lib.sim.torque import pd_torque, stand_torque
from soccer_lib.tasks import PHYSICS_DT, WALKER_STEPS


class ControlInterface(gym.Wrapper):
    """Base of the control interfaces: admits an action, plays it, reports once.

    Args:
        env: the simulation itself.
        full_info: return the stock info; False keeps only reward terms and success (faster).
        sum_reward: add up the stock reward of every physics step; False returns 0 for another layer to fill.
        track_ball: follow the ball's orientation at every physics step, for its true centre.
        compiled: take physics steps in the compiled loop; False, or without numba, in Python: same numbers.

    Attributes:
        hold: physics steps that one action lasts.
        sim: the simulation.
        ball: the ball tracker; None where nobody needs it.
        trail: what the tracker has not taken in yet; None without a tracker.
    """

    hold = 1
    low = -1.0
    high = 1.0
    meaning: tuple[str, ...] = JOINTS
    reset_options: tuple[str, ...] = ("standing_steps",)

    def __init__(
        self,
        env: SoccerSim,
        *,
        full_info: bool = True,
        sum_reward: bool = True,
        track_ball: bool = False,
        compiled: bool = True,
    ) -> None:
        super().__init__(env)
        self.sim: SoccerSim = env
        self.ball = BallTracker() if track_ball else None
        self.trail = SpinTrail(env, self.ball) if track_ball else None
        self.full_info = full_info
        self.sum_reward = sum_reward
        self.loop = step_loop(env, self.trail, sum_reward=sum_reward) if compiled else None
        self._drive_by(KP, KD)
        self._shape = (len(self.meaning),)
        self.action_space = gym.spaces.Box(self.low, self.high, self._shape, np.float32)
        self._hold_for(self.hold)

    def _drive_by(self, kp: np.ndarray, kd: np.ndarray) -> None:
        """Set the gains of the PD that follows joint targets [N m/rad, N m s/rad], float32."""
        self._gains = kp, kd
        if self.loop:
            self.loop.drive_by(kp, kd)

    def _hold_for(self, hold: int) -> None:
        """Set how long an action lasts. A picture an action: a second of play lasts a second in a video."""
        self.hold = hold
        self.metadata = {**self.env.metadata, "render_fps": 1 / (hold * PHYSICS_DT)}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; the info has the same entries as that of a step.

        With `options["standing_steps"]` the robot first holds a standing pose for so many physics steps.
        """
        standing_steps = self._checked_options(options).get("standing_steps", 0)
        observation, info = self.sim.reset(seed=seed, options=options)
        self._reward = 0.0
        if self.ball and self.trail:
            self.ball.reset()
            self.trail.reset()
        if standing_steps:
            observation = self._stand(standing_steps)
        info = info if self.full_info else {"success": info["success"]}
        return observation, self._complete(info, self.sim.terms(), held_steps=0)

    def _checked_options(self, options: Mapping[str, Any] | None) -> dict[str, Any]:
        """What `reset` is told; a walker takes over from standing between two of its steps only."""
        chosen = dict(of_type("options", {} if options is None else options, Mapping, "a dict or None"))
        for name in chosen:
            known_name("option of reset", name, self.reset_options)
        if "standing_steps" in chosen:
            most = Range(0, self.sim.task.max_steps - 1, whole=True)
            steps = most.number("standing_steps", chosen["standing_steps"], "try 10")
            if steps % WALKER_STEPS:
                raise InputError(
                    f"standing_steps got {steps}; expected a multiple of {WALKER_STEPS} physics steps; try 10"
                )
            chosen["standing_steps"] = steps
        return chosen

    def _stand(self, steps: int) -> np.ndarray:
        """Hold a standing pose; returns the observation after it."""
        for _ in range(steps):
            self._physics_step(stand_torque(self.sim.observation()))
        if self.trail:
            self.trail.flush()
        return self.sim.observation()

    def step(self, action: np.ndarray):
        """Play one action.

        Raises:
            InputError: for an action of another shape or with a non-finite entry, or outside an episode.
        """
        sim = self.sim
        sim.check_running()
        start = sim.n_steps
        self._reward = 0.0
        if self.loop:
            self.loop.forget()
        self._play(self._admit(action))
        if self.trail:
            self.trail.flush()
        if self.loop and self.loop.ran:
            terms = self.loop.terms()
            self._reward += self.loop.reward()
        else:
            terms = sim.terms()
        info = sim.info() if self.full_info else {"success": sim.success}
        info = self._complete(info, terms, held_steps=sim.n_steps - start)
        if sim.unstable:
            info["sim_unstable"] = True
        return sim.observation(), self._reward, sim.terminated, sim.truncated, info

    def _complete(self, info: dict[str, Any], terms: dict[str, Any], held_steps: int) -> dict[str, Any]:
        info["reward_terms"] = terms
        info["task_name"] = self.sim.task.name
        info["sim_time"] = self.sim.sim_time
        info["held_steps"] = held_steps
        return info

    def _play(self, action: np.ndarray) -> None:
        """Play an admitted action to its end or to the episode's."""
        raise NotImplementedError

    def _follow(self, target: np.ndarray, n_steps: int) -> bool:
        """Take physics steps toward joint targets [rad] with the gains `kp` and `kd`, or with torques [N m].

        Args:
            target: float32. Shape: (12,).
            n_steps: how many, fewer where the episode ends.

        Returns:
            whether the episode is over.
        """
        if self.loop and self.loop.may_run():
            return self.loop.run(target, n_steps)
        if self.loop:
            self._reward += self.loop.reward()
        over = False
        for _ in range(n_steps):
            over = self._physics_step(self._torque(target))
            if over:
                break
        return over

    def _torque(self, target: np.ndarray) -> np.ndarray:
        """Torques toward a target [N m], as the compiled loop has them too. Shape: (12,)."""
        return pd_torque(target, self.sim.joint_pos, self.sim.joint_vel, *self._gains)

    def _physics_step(self, torque: np.ndarray) -> bool:
        """One physics step; returns whether the episode is over."""
        sim = self.sim
        over = sim.advance(torque)
        if self.sum_reward:
            self._reward += float(sim.reward(sim.terms()))
        if self.trail:
            self.trail.note()
        return over

    def get_state(self) -> dict[str, Any]:
        """What the layer remembers between two actions."""
        return {"ball": self.ball.get_state()} if self.ball else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        if self.ball and self.trail:
            self.ball.set_state(state["ball"])
            self.trail.reset()

    def _admit(self, action: np.ndarray) -> np.ndarray:
        action = numeric("action", action, "see env.action_space").astype(np.float32, copy=False)
        if action.shape != self._shape:
            raise InputError(
                f"action has shape {action.shape}; expected {self._shape}: {', '.join(self.meaning)}; "
                "see env.action_space"
            )
        square = action.dot(action)
        if not square < math.inf:
            refuse_non_finite(action, self.meaning)
        if square > 1.0:
            inside = np.clip(action, self.low, self.high)
            self.sim.clipped += int(np.count_nonzero(inside != action))
            return inside
        return action


class TorqueControl(ControlInterface):
    """Twelve torques in [-1, 1] of their limits, one physics step each (500 Hz): the competition's action."""

    def _drive_by(self, kp: np.ndarray, kd: np.ndarray) -> None:
        """Torques drive by themselves."""

    def _torque(self, target: np.ndarray) -> np.ndarray:
        return target

    def _play(self, action: np.ndarray) -> None:
        self._follow(action * TORQUE_LIMIT, 1)


class JointControl(ControlInterface):
    """Twelve joint targets at 50 Hz: default pose + action [rad], reached by PD torques every 2 ms."""

    hold = WALKER_STEPS

    def _play(self, action: np.ndarray) -> None:
        self._follow(DEFAULT_POSE + action, self.hold)
