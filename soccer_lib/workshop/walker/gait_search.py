"""CMA-ES over the numbers of the gait engine (Hansen 2016, "The CMA evolution strategy: a tutorial").

A candidate is scored by what it walks: random command sequences with pushes on randomised robots, the same
ones for all candidates of a generation. The history of a search is its checkpoint: it is replayed into a
fresh optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soccer_lib.control.gait import AVERAGE_RATE, PARAMETER_NAMES, Gait, GaitParameters
from soccer_lib.workshop.walker.lessons import CommandSequence, push_velocity
from soccer_lib.workshop.walker.plant import Robot, build_model, randomised

SPREAD = {
    "frequency": 0.2,
    "height": 0.012,
    "lift": 0.015,
    "width": 0.015,
    "double_support": 0.06,
    "lean": 0.04,
    "foot_forward": 0.015,
    "stance_vx": 0.25,
    "stance_vy": 0.25,
    "place_vx": 0.08,
    "place_vy": 0.08,
    "ankle_pitch": 0.25,
    "ankle_pitch_rate": 0.04,
    "ankle_roll": 0.2,
    "ankle_roll_rate": 0.04,
    "hip_pitch": 0.1,
    "hip_pitch_rate": 0.03,
    "hip_roll": 0.1,
    "hip_roll_rate": 0.03,
    "swing_level": 0.3,
    "hip_roll_lift": 0.025,
    "scale_vx": 0.15,
    "scale_vy": 0.15,
    "scale_yaw": 0.15,
    "integral_vx": 0.25,
    "integral_vy": 0.2,
    "integral_yaw": 0.4,
}
"""Unit of the search for each number of the engine, about the size of a change that is felt."""

START = GaitParameters().vector()
UNITS = np.array([SPREAD[name] for name in PARAMETER_NAMES])
SCENARIO_STEPS = 400

POWER_COST = 0.0003
"""Score per mechanical power of the motors [1/W]."""


@dataclass(frozen=True)
class GaitJob:
    """Gait parameters to score.

    Attributes:
        parameters: of the engine.
        seed: of the scenarios.
        scenarios: how many.
    """

    parameters: GaitParameters
    seed: int
    scenarios: int


class GaitTrial:
    """Scores gait parameters on the training plant; one per worker process."""

    def __init__(self, variants: int = 12, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        nominal = build_model()
        self.models = [nominal] + [randomised(nominal, rng) for _ in range(variants - 1)]
        self.robot = Robot(self.models, rng)

    def __call__(self, job: GaitJob) -> float:
        """Mean score of some scenarios, about 0 (falls at once) to 1 (tracks every command)."""
        seeds = range(1000 * job.seed, 1000 * job.seed + job.scenarios)
        return float(np.mean([self._scenario(job.parameters, seed) for seed in seeds]))

    def _scenario(self, parameters: GaitParameters, seed: int) -> float:
        rng = np.random.default_rng(seed)
        robot = self.robot
        gait = Gait(parameters)
        robot.rng = rng
        robot.reset(noise=0.02, delay=int(rng.integers(0, 3)))
        gait.reset(robot.qpos[7:].tolist(), rng.random())
        commands = CommandSequence(rng)
        commands.restart()
        mean_command = [0.0, 0.0, 0.0]
        total = 0.0
        for t in range(SCENARIO_STEPS):
            trunk = robot.trunk_state()
            target = gait.step(
                commands.next(), trunk.pitch, trunk.roll, trunk.gyro, trunk.velocity, trunk.yaw_rate
            )
            if t > 50 and rng.random() < 0.01:
                robot.push(*push_velocity(rng, 0.3))
            robot.step(target)
            if robot.fallen:
                break
            mean_command = [
                m + AVERAGE_RATE * (c - m) for m, c in zip(mean_command, gait.command, strict=True)
            ]
            power = float(np.abs(robot.force * robot.qvel[6:]).sum())
            total += tracking_score(gait.mean, mean_command) - POWER_COST * min(power, 600.0)
        # By all steps: those after a fall have earned nothing.
        return total / SCENARIO_STEPS


def tracking_score(mean: list[float], command: list[float]) -> float:
    """Reward of one step: 0.2 for being upright, the rest for mean velocities near the mean command."""
    ex, ey, turn = (m - c for m, c in zip(mean, command, strict=True))
    return 0.2 + 0.5 / (1 + (ex * ex + ey * ey) / 0.02) + 0.3 / (1 + turn * turn / 0.06)


class GaitSearch:
    """The optimiser with its history, so that a search can be killed and continued."""

    def __init__(self, population: int, sigma: float, seed: int) -> None:
        import cma

        options = {"popsize": population, "seed": seed + 1, "verbose": -9}
        self.strategy = cma.CMAEvolutionStrategy(np.zeros(len(UNITS)), sigma, options)
        self.scores: list[np.ndarray] = []

    def replay(self, scores: np.ndarray) -> None:
        """Repeat finished generations from their scores. Shape: (generations, population)."""
        for row in scores:
            self.tell(self.ask(), row)

    def ask(self) -> list[np.ndarray]:
        """Candidates of the next generation, in search units."""
        return self.strategy.ask()

    def tell(self, candidates: list[np.ndarray], scores: np.ndarray) -> None:
        """Hand back a generation's scores."""
        self.strategy.tell(candidates, list(-np.asarray(scores)))
        self.scores.append(np.asarray(scores, dtype=float))

    @property
    def mean(self) -> GaitParameters:
        """The centre of the search distribution, which is what a search returns."""
        return parameters_at(self.strategy.mean)


def parameters_at(point: np.ndarray) -> GaitParameters:
    """Gait parameters at a point of the search, in search units around the hand-set values."""
    return GaitParameters.bounded(START + UNITS * np.asarray(point))
