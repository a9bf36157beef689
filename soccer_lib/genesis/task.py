"""The task of many arms at once, in numpy: targets, observation, reward, success, curriculum, physics.

It needs of its arms no more than `ArmScene` has: reset, move, read, set_physics, show_targets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from soccer_lib.errors import known_name
from soccer_lib.genesis.drive import JointDrive, checked_actions, start_posture
from soccer_lib.genesis.layout import EPISODE, JOINTS, REACHING
from soccer_lib.genesis.physics import PhysicsRanges, draw_physics
from soccer_lib.genesis.robots import posture_for
from soccer_lib.genesis.targets import EASIEST, TOLERANCE, checked_target, sample_target
from soccer_lib.genesis.terms import PROFILES, Reach, Weights, pay_reach
from soccer_lib.ranges import Range
from soccer_lib.variation.curriculum import Curriculum, Ladder


@dataclass(frozen=True)
class ReachStage:
    """What success is. All stages have the same observation and action, so that a model carries over.

    Attributes:
        meaning: one line.
        posture: distance is that of the joints to the posture that reaches the target, not that of the tool.
        tolerance: distance that counts as reached [m; rad with posture].
        hold: env steps in a row for which it has to be kept [count].
    """

    meaning: str
    posture: bool
    tolerance: float
    hold: int


STAGES: dict[str, ReachStage] = {
    "posture": ReachStage("bring the joints to the posture that reaches the target", True, 0.1, 1),
    "reach": ReachStage("bring the tool to the target", False, TOLERANCE, 1),
    "hold": ReachStage("bring the tool to the target and keep it there for 0.5 s", False, TOLERANCE, 25),
}
"""Name -> stage, in the order of a training in stages."""


def difficulty_curriculum(up: float = 0.8, window: int = 50) -> Curriculum:
    """Difficulties 0.1, 0.2, ... 1; the next one begins when a share `up` of `window` episodes succeeded.

    Raises:
        InputError: `up` is no share, or `window` no number of episodes.
    """
    Range(0, 1, above=True).number("up", up, "try 0.8")
    Range(1, 10_000, whole=True).number("window", window, "try 50")
    steps = [round(EASIEST + 0.1 * level, 1) for level in range(10)]
    levels = tuple({"difficulty": (step, step)} for step in steps)
    return Curriculum(levels, up=up, window=window)


class RuledDifficulty:
    """A difficulty that a rule of one's own moves, where a curriculum's fixed rule will not do.

    Args:
        rule: takes the difficulty and the successes of the last `window` episodes, and returns the next one.
        window: episodes from one call of the rule to the next.

    Attributes:
        difficulty: the present one.
        history: every one that there was, with the number of episodes before it.
    """

    def __init__(self, rule: Callable[[float, list[bool]], float], window: int = 50) -> None:
        self.rule = rule
        self.window = Range(1, 10_000, whole=True).number("window", window, "try 50")
        self.difficulty = EASIEST
        self.history = [(0, EASIEST)]
        self._successes: list[bool] = []
        self._episodes = 0

    def note(self, success: bool) -> None:
        """Take in an episode."""
        self._episodes += 1
        self._successes.append(success)
        if len(self._successes) == self.window:
            wanted = self.rule(self.difficulty, list(self._successes))
            self.difficulty = min(1.0, max(EASIEST, float(wanted)))
            self.history.append((self._episodes, self.difficulty))
            self._successes = []


@dataclass(frozen=True)
class ReachSettings:
    """What a reaching task is made of.

    Attributes:
        stage: name in `STAGES`.
        weights: of the reward terms.
        difficulty: 0.1 to 1; where a curriculum is, its own counts.
        curriculum: raises the difficulty; None for none.
        physics: ranges of what differs between episodes.
        tolerance: in place of the stage's own [m; rad in the posture stage]; None keeps it.
        episode: longest episode [env steps].
    """

    stage: str = "reach"
    weights: Weights = field(default_factory=lambda: dict(PROFILES["shaped"]))
    difficulty: float = 1.0
    curriculum: Curriculum | RuledDifficulty | None = None
    physics: PhysicsRanges = field(default_factory=dict)
    tolerance: float | None = None
    episode: int = EPISODE

    def __post_init__(self) -> None:
        """Check the numbers."""
        known_name("stage", self.stage, STAGES)
        Range(EASIEST, 1).number("difficulty", self.difficulty, "try 1")
        Range(1, 100_000, whole=True).number("episode", self.episode, f"try {EPISODE}")
        if self.tolerance is not None:
            Range(0, 1, above=True).number("tolerance", self.tolerance, f"try {TOLERANCE}")


class ReachOutcome(NamedTuple):
    """One step of n arms.

    Attributes:
        observation: float32. Shape: (n, 24).
        reward: Shape: (n,).
        success: the goal is reached, and the episode over. Shape: (n,), bool.
        truncated: the time is up without that. Shape: (n,), bool.
        distance: to the goal [m; rad in the posture stage]. Shape: (n,).
        terms: unweighted value of each reward term. Shape: (n,) each.
    """

    observation: np.ndarray
    reward: np.ndarray
    success: np.ndarray
    truncated: np.ndarray
    distance: np.ndarray
    terms: dict[str, np.ndarray]


class ReachTask:
    """Reaching, for every arm of a scene.

    Args:
        arm: the arms.
        settings: what the task is.
        seed: of targets, starts and physics; every arm draws from a stream of its own.
    """

    def __init__(self, arm: Any, settings: ReachSettings | None = None, seed: int = 0) -> None:
        self.arm = arm
        self.settings = settings or ReachSettings()
        self.stage = STAGES[self.settings.stage]
        curriculum = self.settings.curriculum
        self.ladder = Ladder(curriculum) if isinstance(curriculum, Curriculum) else curriculum
        count = arm.n_envs
        self.target = np.zeros((count, 3))
        self.posture = np.zeros((count, JOINTS))
        self.drive = JointDrive(arm)
        self.distance = np.zeros(count)
        self.kept = np.zeros(count, dtype=int)
        self.age = np.zeros(count, dtype=int)
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin the random numbers of all arms anew."""
        self.rngs = [np.random.default_rng([seed, row]) for row in range(self.arm.n_envs)]

    @property
    def difficulty(self) -> float:
        """Of the next episode."""
        if isinstance(self.ladder, Ladder):
            return self.ladder.ranges["difficulty"][0]
        return self.ladder.difficulty if self.ladder else self.settings.difficulty

    @property
    def tolerance(self) -> float:
        """Distance that counts as reached [m; rad in the posture stage]."""
        return self.stage.tolerance if self.settings.tolerance is None else self.settings.tolerance

    def reset(self, rows: np.ndarray | None = None, targets: np.ndarray | None = None) -> np.ndarray:
        """Begin new episodes.

        Args:
            rows: of which arms; None for all.
            targets: of these arms; None draws them. Shape: (rows, 3).

        Returns:
            The observation of all arms. Shape: (n, 24).
        """
        rows = np.arange(self.arm.n_envs) if rows is None else np.asarray(rows)
        joints = np.empty((len(rows), JOINTS))
        physics = []
        for place, row in enumerate(rows):
            rng = self.rngs[row]
            # Drawn in any case, so that the stream goes on alike whether a target was given or not.
            drawn = sample_target(rng, self.difficulty)
            self.target[row] = drawn if targets is None else checked_target(targets[place])
            joints[place] = start_posture(self.arm.robot, rng)
            physics.append(draw_physics(rng, self.settings.physics))
        if self.stage.posture:
            self.posture[rows] = posture_for(self.target[rows])
        self.drive.start(rows, joints, physics)
        self.arm.show_targets(rows, self.target[rows])
        self.kept[rows] = 0
        self.age[rows] = 0
        # The target stands before the observation is built.
        state = self.arm.read()
        self.distance[rows] = self.distances(state)[rows]
        return self.observe(state)

    def step(self, actions: np.ndarray) -> ReachOutcome:
        """Let all arms take one step.

        Args:
            actions: change of the joint targets, 1 for `layout.STEP`. Shape: (n, 7).

        Raises:
            InputError: another shape, or a number that is not finite.
        """
        actions = checked_actions(actions, (self.arm.n_envs, JOINTS))
        state = self.drive.move(actions)
        self.age += 1
        before = self.distance
        self.distance = self.distances(state)
        self.kept = np.where(self.distance < self.tolerance, self.kept + 1, 0)
        reached = self.kept >= self.stage.hold
        reward, terms = pay_reach(
            Reach(before, self.distance, state.joint_vel, actions, reached), self.settings.weights
        )
        truncated = (self.age >= self.settings.episode) & ~reached
        if self.ladder:
            for row in np.flatnonzero(reached | truncated):
                self.ladder.note(bool(reached[row]))
        return ReachOutcome(self.observe(state), reward, reached, truncated, self.distance.copy(), terms)

    def distances(self, state: Any) -> np.ndarray:
        """To the goal of each arm. Shape: (n,)."""
        if self.stage.posture:
            return np.abs(state.joint_pos - self.posture).max(axis=1)
        return np.linalg.norm(state.tool - self.target, axis=1)

    def observe(self, state: Any) -> np.ndarray:
        """Rows of `layout.REACHING`, float32. Shape: (n, 24)."""
        rows = np.empty((self.arm.n_envs, REACHING.size), dtype=np.float32)
        rows[:, REACHING["joint_pos"]] = state.joint_pos
        rows[:, REACHING["joint_vel"]] = state.joint_vel
        rows[:, REACHING["tool"]] = state.tool
        rows[:, REACHING["target"]] = self.target
        rows[:, REACHING["to_target"]] = self.target - state.tool
        rows[:, REACHING["held"]] = (self.kept / self.stage.hold if self.stage.hold > 1 else 0 * self.kept)[
            :, None
        ]
        return rows
