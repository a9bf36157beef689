"""`walker kick`: CMA-ES finds the joint keyframes of each kick, on trials from settled stances.

The swing alone is tuned: first from any place where the walker comes to rest, on misplaced balls, then from
where strikes have lined up, with the errors that lining up leaves over. One kick grows from another: first
any hard shot, then the shot that the penalties pay for, from it the lofts, which hit a height at the line,
and the placed kick, which stays up and aims.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path

import numpy as np

from soccer_lib.control.kicks import Kick
from soccer_lib.control.leg import HIP_Y, JOINT_HIGH, JOINT_LOW, clamp, leg_angles
from soccer_lib.errors import InputError
from soccer_lib.runs.pool import Pool
from soccer_lib.workshop.kicks.trial import (
    CENTRE,
    LEFT_OVER,
    MISPLACED,
    KickTrial,
    Outcome,
    anywhere,
    penalty_spot,
)
from soccer_lib.workshop.walker.files import KickFolder

KNOTS = 5
FEEDBACK = np.array([0.9, 0.12, 1.5, 0.19, 0.3, 0.04, 0.1, 0.07])
"""First gains of the support leg: those of the gait engine, about."""

_UNITS = np.concatenate(
    [
        np.full(12 * KNOTS, 0.3),  # joint angles [rad]
        np.full(KNOTS, 0.3),  # logarithms of the durations
        [0.5, 0.07, 0.8, 0.1, 0.2, 0.03, 0.1, 0.05],  # feedback
        [0.05, 0.05, 0.2],  # stance [m], phase of the walk afterwards
    ]
)
# of the ball in a stance: no shin touches it before [m]
_NEAREST = (0.36, -0.3)
_FARTHEST = (0.75, 0.15)
# from knot to knot [s]
_SHORTEST = 0.02
_LONGEST = 0.8


@dataclass(frozen=True)
class Stage:
    """One search.

    Attributes:
        name: of the result.
        start: the stage that it starts from; "" for the hand-made swing.
        score: how trials are paid: "hard", "penalty", "loft" or "upright".
        generations: of the search.
        trials: of each candidate.
        sigma: first step size [search units].
        seconds: length of a trial [s].
        height: for "loft": of the observed ball point at the line [m].
        lined_up: trials start where strikes have lined up, at balls where the tasks have them; the others
            wherever the robot stands, in the middle of the field.
    """

    name: str
    start: str
    score: str
    generations: int
    trials: int = 4
    sigma: float = 0.2
    seconds: float = 1.3
    height: float = 0.0
    lined_up: bool = False


STAGES = (
    Stage("first", "", "hard", 150, trials=3, sigma=0.5),
    Stage("rough_shot", "first", "penalty", 260, trials=5, sigma=0.25),
    Stage("rough_placed", "rough_shot", "upright", 100, trials=5, sigma=0.2, seconds=2.4),
    Stage("rough_low", "rough_shot", "loft", 60, trials=5, sigma=0.12, height=0.88),
    Stage("rough_high", "rough_low", "loft", 70, trials=5, sigma=0.15, height=1.36),
    Stage("shot", "rough_shot", "penalty", 45, trials=6, sigma=0.08, lined_up=True),
    Stage("placed", "rough_placed", "upright", 20, trials=6, sigma=0.05, seconds=2.4, lined_up=True),
    Stage("loft_low", "rough_low", "loft", 40, trials=6, sigma=0.06, height=0.82, lined_up=True),
    Stage("loft_high", "rough_high", "loft", 25, trials=6, sigma=0.05, height=1.32, lined_up=True),
)
"""In this order. The rough ones come to rest anywhere, the last four where a strike has lined up."""


@dataclass(frozen=True)
class KickConfig:
    """Tune the kicks by CMA-ES. Run again to continue."""

    save_dir: str = "runs/kicks"
    """folder of the run: curve, finished stages, and the kicks [path]"""
    out: str = ""
    """second folder for kicks.npz, kicks.json, curve.json, such as data/kicks [path, empty: none]"""
    seed: int = 0
    """seed of stances, searches and misplaced balls"""
    workers: int = 2
    """worker processes [count]"""
    population: int = 24
    """candidates in a generation [count]"""
    effort: float = 1.0
    """share of the generations of each stage"""


@dataclass(frozen=True)
class KickCandidate:
    """One search vector, to be scored on trials that its whole generation shares."""

    stage: Stage
    vector: np.ndarray
    seed: tuple[int, ...]


class KickJudge:
    """Scores candidates; one per worker process."""

    def __init__(self) -> None:
        self._trial = KickTrial()

    def __call__(self, job: KickCandidate) -> tuple[float, dict[str, float]]:
        """Mean pay of a candidate's trials, and figures."""
        kick, penalty = kick_from(job.vector)
        rng = np.random.default_rng(job.seed)
        outcomes = play(self._trial, kick, job.stage, rng, job.stage.trials)
        return pay(job.stage, outcomes) - penalty, figures(outcomes)


def first_swing() -> np.ndarray:
    """A hand-made swing as a search vector: lean, draw the leg back, swing, follow through, step down."""

    def pose(left: float, ahead: float, height: float, foot: tuple[float, float, float], toe: float = 0.0):
        """Both legs for a trunk that leans over and a right foot somewhere else than on the ground."""
        stand = leg_angles(0.009 - ahead, 0.156 - left, -height, 0.05, 0.0, 0.0, HIP_Y, -0.7)
        x, y, z = foot
        swing = leg_angles(x - ahead, y - left, z - height, 0.05, 0.0, 0.0, -HIP_Y, -0.7)
        swing[4] += toe
        return np.clip(stand + swing, JOINT_LOW, JOINT_HIGH)

    knots = [
        pose(0.12, 0.0, 0.44, (0.009, -0.156, 0.0)),
        pose(0.13, 0.0, 0.45, (-0.15, -0.15, 0.10), toe=0.2),
        pose(0.13, 0.03, 0.46, (0.35, -0.13, 0.08), toe=-0.1),
        pose(0.11, 0.03, 0.45, (0.25, -0.15, 0.06)),
        pose(0.0, 0.02, 0.43, (0.05, -0.16, 0.0)),
    ]
    durations = np.log([0.35, 0.15, 0.14, 0.10, 0.25])
    return np.concatenate([np.ravel(knots), durations, FEEDBACK, [0.42, -0.13, 0.5]]) / _UNITS


def kick_from(vector: np.ndarray, name: str = "shot") -> tuple[Kick, float]:
    """The kick of a search vector, moved into its bounds, and a penalty for how far it was outside."""
    values = vector * _UNITS
    knots, durations, feedback, rest = np.split(values, np.cumsum([12 * KNOTS, KNOTS, 8]))
    durations = np.exp(durations)
    inside = np.clip(knots, np.tile(JOINT_LOW - 0.3, KNOTS), np.tile(JOINT_HIGH + 0.3, KNOTS))
    lasting = np.clip(durations, _SHORTEST, _LONGEST)
    stance = np.clip(rest[:2], _NEAREST, _FARTHEST)
    outside = abs(knots - inside).sum() + 5 * abs(rest[:2] - stance).sum()
    outside += 0.5 * abs(np.log(durations / lasting)).sum()
    resume = float(rest[2] % 1.0)
    return Kick(name, inside.reshape(KNOTS, 12), lasting, feedback, stance, 0.0, 0.0, 0.0, resume), outside


def play(trial: KickTrial, kick: Kick, stage: Stage, rng: np.random.Generator, trials: int) -> list[Outcome]:
    """Trials from drawn stances with misplaced balls."""
    stances = trial.lined_up if stage.lined_up else trial.walked
    chosen = [stances[i] for i in rng.integers(0, len(stances), trials)]
    errors = rng.normal(0.0, LEFT_OVER if stage.lined_up else MISPLACED, (trials, 3))
    past = 9.0 if stage.score == "upright" else 0.12
    draw = (anywhere if stage.score == "upright" else penalty_spot) if stage.lined_up else lambda rng: CENTRE
    return [
        trial.play(kick, stance, stance.error + error, draw(rng), stage.seconds, past)
        for stance, error in zip(chosen, errors, strict=True)
    ]


def pay(stage: Stage, outcomes: list[Outcome]) -> float:
    """Mean pay of a kick's trials."""
    flown = [o.angle for o in outcomes if o.speed > 0.3]
    middle = float(np.median(flown)) if flown else 0.0
    return float(np.mean([_pay_one(stage, o, middle) for o in outcomes]))


def _pay_one(stage: Stage, o: Outcome, middle: float) -> float:
    """What one trial earns; a missed ball costs by how much, a turned one by its angle."""
    if o.speed <= 0.3:
        return -8.0 - 5.0 * o.missed_by + 3.0 * o.speed
    error = abs(o.angle - middle)
    straight = -8.0 * max(0.0, abs(middle) - 0.1) - 8.0 * max(0.0, error - 0.03)
    stands = _logistic(((o.fall_time or 9.0) - (o.line_time or 9.0) - 0.06) / 0.02)
    aimed = 3.0 * exp(-((error / 0.06) ** 2)) + 3.0 * exp(-((error / 0.02) ** 2))
    if stage.score == "upright":
        fell = 8.0 + 5.0 * (stage.seconds - o.fall_time) if o.fall_time else 0.0
        return straight + 1.5 * aimed + 1.2 * min(o.speed, 6.0) - (o.touches - 1) - fell
    if stage.score == "hard":
        return straight + 2.25 * o.speed + 4.0 * stands + 3.0 * min(o.fall_time or 1.0, 1.0)
    if o.line_time is None:
        return straight - 2.0 + o.speed
    if stage.score == "penalty":  # the official weights of speed, goal and fall
        return straight + 1.5 * o.line_speed + 4.0 * stands
    missed = abs(o.line_height - stage.height) / 0.2
    height = 5.0 * exp(-0.5 * missed**2) - 2.0 * min(missed, 3.0)
    return straight + aimed + 0.5 * o.line_speed + 4.0 * stands + height


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-clamp(x, -20.0, 20.0)))


def figures(outcomes: list[Outcome]) -> dict[str, float]:
    """Medians and spreads of some trials, for the curve."""
    hit = [o for o in outcomes if o.speed > 0.3]
    passed = [o for o in outcomes if o.line_time is not None]
    return {
        "speed": float(np.median([o.speed for o in hit])) if hit else 0.0,
        "angle": float(np.median([o.angle for o in hit])) if hit else 0.0,
        "angle_std": float(np.std([o.angle for o in hit])) if hit else 9.0,
        "line_speed": float(np.median([o.line_speed for o in passed])) if passed else 0.0,
        "height": float(np.median([o.line_height for o in passed])) if passed else 0.0,
        "falls": float(np.mean([o.fall_time is not None for o in outcomes])),
    }


def tune_kicks(config: KickConfig) -> Path:
    """Search every kick, or go on where a killed run stopped.

    Returns:
        The file of the finished kicks.

    Raises:
        InputError: settings out of range, or a run folder of other settings.
        SimulationError: a worker died.
    """
    if config.workers < 1 or config.population < 4 or not 0.0 < config.effort <= 10.0:
        raise InputError(
            f"workers, population, effort got {config.workers}, {config.population}, {config.effort}; "
            "expected 1 or more, 4 or more, and above 0 to 10; try the defaults"
        )
    remedy = "run the same command to go on"
    with KickFolder(Path(config.save_dir), config) as folder:
        with Pool(KickJudge, config.workers, remedy=remedy) as pool:
            for number, stage in enumerate(STAGES):
                if stage.name not in folder.vectors:
                    start = folder.vectors[stage.start] if stage.start else first_swing()
                    folder.keep(stage.name, _search(config, number, start, pool, folder))
        return folder.finish(_measured(folder.vectors), Path(config.out) if config.out else None)


def _search(config: KickConfig, number: int, start: np.ndarray, pool: Pool, folder: KickFolder) -> np.ndarray:
    """One stage: the mean of the last generation, which trials have judged more often than any candidate."""
    import cma

    stage = STAGES[number]
    options = {"popsize": config.population, "seed": 1000 * config.seed + number + 1, "verbose": -9}
    strategy = cma.CMAEvolutionStrategy(start, stage.sigma, options)
    generations = max(1, round(config.effort * stage.generations))
    spoken = 0.0
    history = list(folder.scores(stage.name))
    for scores in history:  # of a killed run: the same candidates with the same scores
        strategy.tell(strategy.ask(), (-scores).tolist())
    for generation in range(len(history), generations):
        candidates = strategy.ask()
        jobs = [KickCandidate(stage, c, (config.seed, number, generation)) for c in candidates]
        answers = pool.map(jobs)
        scores = np.array([score for score, _ in answers])
        strategy.tell(candidates, (-scores).tolist())
        history.append(scores)
        folder.save_scores(stage.name, history)
        best = answers[int(scores.argmax())][1]
        of_scores = {"mean": float(scores.mean()), "best": float(scores.max())}
        entry = {"generation": generation + 1, **of_scores, **best}
        if generation + 1 == generations or time.monotonic() - spoken > 5.0:
            spoken = time.monotonic()
            folder.log(stage.name, entry, (generation + 1) / generations)
    return np.array(strategy.mean)


def _measured(vectors: dict[str, np.ndarray]) -> dict[str, Kick]:
    """The kicks with their direction, speed and height, from 60 trials that no search has seen."""
    trial = KickTrial(seed=2)
    kicks = {}
    for stage in (stage for stage in STAGES if stage.lined_up):
        kick, _ = kick_from(vectors[stage.name], stage.name)
        seen = figures(play(trial, kick, stage, np.random.default_rng(7), 60))
        line = replace(stage, score="penalty")
        kicks[stage.name] = replace(
            kick,
            direction=seen["angle"],
            speed=seen["speed"],
            height=figures(play(trial, kick, line, np.random.default_rng(7), 60))["height"],
        )
    return kicks


def main(config: KickConfig) -> None:
    """Run the command and print where the kicks lie."""
    print(f"kicks: {tune_kicks(config)}", flush=True)
