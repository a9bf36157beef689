"""What may be wrong with the world or the senses: disturbances that a robust agent shrugs off.

Mass and friction are changed in the model before the episode, a push comes while it is played, noise and
delay act on what the agent sees. The walker of the command interface senses the robot itself and exactly:
noise and delay reach the agent that commands it. Training draws the same ones, and more (see `variation`).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from soccer_lib.evaluation.play import Transition
from soccer_lib.layout import AGENT, FULL, RAW, ROBOT, Layout
from soccer_lib.policies import Policy
from soccer_lib.ranges import Range
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.variation import Plant, push_trunk, sensed_mask
from soccer_lib.wrappers import CONTROLS

GRID: dict[str, tuple[float, ...]] = {
    "noise": (0.02, 0.1),
    "delay": (0.1, 0.2),
    "mass": (0.8, 1.2),
    "friction": (0.7, 0.4),
    "push": (0.3, 0.6),
}
"""Kind -> levels."""

UNITS = {
    "noise": "standard deviation added to each sensed number that the agent sees, in its own unit (m, rad, "
    "m/s, rad/s); a walker that obeys it still senses exactly",
    "delay": "age of what the agent sees [s], rounded up to whole steps of its own; its walker senses now",
    "mass": "times the robot's masses and moments of inertia",
    "friction": "times the friction between feet and ground",
    "push": "speed that the trunk is given at once, in a random direction, after a second [m/s]",
}
"""Kind -> what its level means."""

PUSH_TIME = 1.0
"""When the push comes: after the agent's first step that ends then or later [s]."""

_KINDS = tuple(GRID)


class Disturbance(NamedTuple):
    """One disturbance.

    Attributes:
        kind: one of `GRID`, or "" for none.
        level: how much, see `UNITS`.
    """

    kind: str = ""
    level: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind} {self.level:g}" if self.kind else "undisturbed"

    def of(self, kind: str) -> float:
        """Its level, where it is of this kind; else 0."""
        return self.level if self.kind == kind else 0.0


NONE = Disturbance()


def disturbance_grid() -> list[Disturbance]:
    """All disturbances of `GRID`."""
    return [Disturbance(kind, level) for kind, levels in GRID.items() for level in levels]


def disturb_model(sim: SoccerSim, disturbance: Disturbance) -> None:
    """Scale masses or friction in the model of a simulation that has not been reset yet."""
    if disturbance.kind == "mass":
        Plant(sim).scale_mass(disturbance.level)
    if disturbance.kind == "friction":
        Plant(sim).scale_friction(disturbance.level)


class Push:
    """Pushes the trunk once, by the hook of `play_episode`.

    Args:
        sim: where the episode is played.
        speed: that the trunk is given [m/s].
        rng: draws the direction.
    """

    def __init__(self, sim: SoccerSim, speed: float, rng: np.random.Generator) -> None:
        self._sim = sim
        self._speed = speed
        self._angle = rng.uniform(-math.pi, math.pi)

    def on_step(self, step: Transition) -> None:
        """Push, if it is time."""
        sim = self._sim
        if self._speed and sim.sim_time >= PUSH_TIME and not step.over:
            push_trunk(sim, self._speed, self._angle)
            self._speed = 0.0


@dataclass
class DisturbedPolicy(Policy):
    """A policy that sees through noise, or late.

    Attributes:
        policy: who acts.
        noise: see `UNITS`.
        delay: see `UNITS` [s].
        rng: draws the noise.
    """

    policy: Policy
    noise: float
    delay: float
    rng: np.random.Generator

    def __post_init__(self) -> None:
        """Take the spec of the policy."""
        self.spec = self.policy.spec
        hold = self.spec.hold or CONTROLS[self.spec.control].hold
        # Half a step would round to none at all: an agent that decides rarely would pass for a robust one.
        self._kept = math.ceil(self.delay / (hold * PHYSICS_DT) - 1e-9) + 1

    def begin(self, seed: int | None = None) -> Any:
        """The policy's state, and what has been seen so far: nothing."""
        return self.policy.begin(seed), deque(maxlen=self._kept)

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Act on what is seen; until there is an old observation the first one stands for it."""
        inner, seen_before = state
        seen_before.append(observation)
        seen = seen_before[0]
        if self.noise:
            sensed = sensed_entries(self.spec.observation, len(seen))
            seen = seen + (self.rng.normal(0.0, self.noise, len(seen)) * sensed).astype(seen.dtype)
        action, inner = self.policy.act(seen, inner, deterministic)
        return action, (inner, seen_before)


def sensed_entries(observation: str, size: int) -> np.ndarray:
    """1 for entries that a sensor gives, 0 for those that are known (one-hots, clock, last command)."""
    layouts: dict[str, Layout] = {"full": FULL, "robot": ROBOT, "agent": AGENT}
    layout = layouts.get(observation) or next(raw for raw in RAW.values() if raw.size == size)
    return sensed_mask(layout)


def disturbance_rng(seed: int, start: int, disturbance: Disturbance) -> np.random.Generator:
    """Random numbers of one episode's disturbance, the same for every agent."""
    kind = _KINDS.index(disturbance.kind) if disturbance.kind else len(_KINDS)
    return np.random.default_rng([seed, start, kind])


ROBUSTNESS_EPISODES = Range(0, 100_000, whole=True)
"""Episodes of each task under each disturbance; 0 leaves the grid out."""
