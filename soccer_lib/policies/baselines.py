"""Agents that learn nothing: what every trained agent has to beat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.layout import COMMAND_SCALE, ROBOT, TORQUE_LIMIT
from soccer_lib.policies.policy import Policy, PolicySpec
from soccer_lib.sim.torque import stand_torque


class Zero(Policy):
    """No torque at all: the robot falls within a second."""

    spec = PolicySpec("zero")

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Return twelve zeros."""
        return np.zeros(12, np.float32), state


class Random(Policy):
    """Uniform torques, new ones every 2 ms; the generator is the state, so the episode's seed decides."""

    spec = PolicySpec("random")

    def begin(self, seed: int | None = None) -> np.random.Generator:
        """A generator from the episode's seed, or a fresh one."""
        return np.random.default_rng(seed)

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Draw twelve numbers in [-1, 1)."""
        return state.random(12, dtype=np.float32) * np.float32(2) - np.float32(1), state


class Stand(Policy):
    """Holds a standing pose with PD torques at 500 Hz: up for the whole 10 s."""

    spec = PolicySpec("stand")

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Return the torques as shares of their limits."""
        return stand_torque(observation) / TORQUE_LIMIT, state


class WalkAtBall(Policy):
    """Turns toward the ball and walks at it and through it; it does not look where the goal is."""

    spec = PolicySpec("walk_at_ball", control="command", observation="robot", walker="own")

    SPEED = 0.9
    """Forward velocity with the ball straight ahead [m/s]."""

    TURN_GAIN = 2.0
    """Yaw rate for each radian of bearing [1/s]."""

    TURN_LIMIT = 1.0
    """Largest yaw rate [rad/s]."""

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Return forward velocity, sideways velocity and yaw rate as shares of `COMMAND_SCALE`."""
        ahead, left, _ = observation[ROBOT["ball_xpos_rel_robot"]].tolist()
        bearing = math.atan2(left, ahead)
        speed = self.SPEED * max(0.0, math.cos(bearing)) ** 2
        turn = min(max(self.TURN_GAIN * bearing, -self.TURN_LIMIT), self.TURN_LIMIT)
        return np.array([speed, 0.0, turn], np.float32) / COMMAND_SCALE, state


class Wander(Policy):
    """Walks at random and asks for kicks at random: what a dataset of mixed quality is made of."""

    spec = PolicySpec("wander", control="command", observation="agent", walker="own")

    NEW = 0.1
    """How often a command is another one than the last; at 10 Hz they last 1 s in the mean."""

    KICKS = 0.05
    """How often a kick is asked for, any of them alike; out of reach it is refused."""

    def begin(self, seed: int | None = None) -> tuple[np.random.Generator, np.ndarray | None]:
        """A generator from the episode's seed, or a fresh one, and no command yet."""
        return np.random.default_rng(seed), None

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Keep the command, draw a new one, or draw a kick."""
        rng, command = state
        if command is None or rng.random() < self.NEW:
            command = rng.uniform(-1, 1, 3).astype(np.float32)
        if rng.random() < self.KICKS:
            kicks = np.array(list(PATTERNS.values()), np.float32)
            return kicks[rng.integers(len(kicks))], (rng, command)
        return command, (rng, command)
