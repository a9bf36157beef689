"""`walker kick`: CMA-ES finds the joint keyframes of each kick, on trials from settled stances.

The swing alone is tuned: first from any place where the walker comes to rest, on misplaced balls, then from
where strikes have lined up, with the errors that lining up leaves over. One kick grows from another: first
any hard shot, then the shot that the penalties pay for, from it the lofts, which share out the heights of the
obstacle task. The placed kick, which aims along the ground, and the kicks after which the robot still stands
grow from a first try that stood.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from soccer_lib.control.kicks import Kick, load_kicks
from soccer_lib.control.leg import HIP_Y, JOINT_HIGH, JOINT_LOW, leg_angles
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.runs.files import load_json
from soccer_lib.runs.pool import Pool
from soccer_lib.workshop.kicks.measure import measured, play, played
from soccer_lib.workshop.kicks.pay import figures, pay
from soccer_lib.workshop.kicks.stages import STAGES, Stage
from soccer_lib.workshop.kicks.trial import KickTrial
from soccer_lib.workshop.walker.files import KickFolder

KNOTS = 5
JUDGED, JUDGE = 40, 999_999
"""Trials on which the result of a last stage is compared with its start, and the number of their seed."""

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


KICK_OF = {
    "rough_shot": "shot",
    "rough_placed": "placed",
    "rough_clean": "drive",
    "rough_low": "loft_low",
    "rough_high": "loft_high",
}
"""Kick of a given file that takes the place of a rough stage."""


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
    population: int = 18
    """candidates in a generation [count]"""
    effort: float = 1.0
    """share of the generations of each stage"""
    kicks: str = ""
    """start from the kicks of a file, not from rough ones [path ending in .npz, empty: from nothing]"""
    only: str = ""
    """with --kicks, which to tune; the others are copied [names, comma-separated, empty: all]"""


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


def vector_of(kick: Kick) -> np.ndarray:
    """The search vector of a kick, inverse to `kick_from`."""
    rest = [*kick.stance, kick.resume]
    return np.concatenate([np.ravel(kick.knots), np.log(kick.durations), kick.feedback, rest]) / _UNITS


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
    given = load_kicks(Path(config.kicks)) if config.kicks else {}
    stages = chosen_stages(config, given)
    remedy = "run the same command to go on"
    with KickFolder(Path(config.save_dir), config) as folder:
        with Pool(KickJudge, config.workers, remedy=remedy) as pool:
            for stage in stages:
                if stage.name in folder.vectors:
                    continue
                number = STAGES.index(stage)
                if stage.best_of:
                    start = _best(config, number, [folder.vectors[name] for name in stage.best_of], pool)
                else:
                    start = first_vector(stage, folder.vectors, given)
                folder.keep(stage.name, _search(config, number, start, pool, folder))
        kicks = given | {s.name: kick_from(folder.vectors[s.name], s.name)[0] for s in stages if s.lined_up}
        searched = {stage.name: _generations(config, stage) for stage in stages}
        earlier = records_of(Path(config.kicks)) if config.kicks else {}
        in_trials = {n: measured(kick, searched.get(n, 0), earlier.get(n, {})) for n, kick in kicks.items()}
        finished = {name: kick for name, (kick, _) in in_trials.items()}
        in_play = {name: played(finished, name) for name in finished}
        finished = {name: kick for name, (kick, _) in in_play.items()}
        records = {name: {**record, "in_play": in_play[name][1]} for name, (_, record) in in_trials.items()}
        return folder.finish(finished, Path(config.out) if config.out else None, records)


def records_of(kicks: Path) -> dict[str, dict]:
    """The records that lie beside a file of kicks, by name; empty where there are none."""
    path = kicks.with_suffix(".json")
    return load_json(path).get("kicks", {}) if path.exists() else {}


def chosen_stages(config: KickConfig, given: dict[str, Kick]) -> list[Stage]:
    """The stages of a run: all of them, or the last ones of the kicks to tune.

    Raises:
        InputError: a kick that there is not, or a choice without kicks to go on from.
    """
    if config.only and not given:
        raise InputError(
            f"only got {config.only!r} without kicks; expected both; try --kicks data/kicks/kicks.npz"
        )
    if not given:
        return list(STAGES)
    last = {stage.name: stage for stage in STAGES if stage.lined_up}
    names = [name.strip() for name in config.only.split(",")] if config.only else list(last)
    for name in names:
        if name not in last:
            raise unknown_name("kick", name, list(last))
    return [stage for name, stage in last.items() if name in names]


def first_vector(stage: Stage, vectors: dict[str, np.ndarray], given: dict[str, Kick]) -> np.ndarray:
    """Where a search starts: at the kick given, an earlier stage, a mixture of two, or by hand.

    Kicks that grew from one another mix: the ball's height changes steadily.

    Raises:
        InputError: the given kicks lack one that the stage starts from.
    """

    def result(name: str) -> np.ndarray:
        if name in vectors:
            return vectors[name]
        kick = KICK_OF.get(name, name)
        if kick not in given:
            raise InputError(
                f"kicks has {', '.join(given)}; expected {kick}, from which {stage.name} starts; "
                "try data/kicks/kicks.npz"
            )
        return vector_of(given[kick])

    if stage.name in given:
        return vector_of(given[stage.name])
    if not stage.start:
        return first_swing()
    if not stage.toward:
        return result(stage.start)
    return (1.0 - stage.share) * result(stage.start) + stage.share * result(stage.toward)


def _generations(config: KickConfig, stage: Stage) -> int:
    return max(1, round(config.effort * stage.generations))


def _search(config: KickConfig, number: int, start: np.ndarray, pool: Pool, folder: KickFolder) -> np.ndarray:
    """One stage: the mean of the last generation, which trials have judged more often than any candidate."""
    import cma

    stage = STAGES[number]
    options = {"popsize": config.population, "seed": 1000 * config.seed + number + 1, "verbose": -9}
    strategy = cma.CMAEvolutionStrategy(start, stage.sigma, options)
    generations = _generations(config, stage)
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
    if not stage.lined_up:
        return np.array(strategy.mean)
    return _best(config, number, [start, np.array(strategy.mean)], pool)


def _best(config: KickConfig, number: int, vectors: list[np.ndarray], pool: Pool) -> np.ndarray:
    """Of several vectors, such as a search's start and its result, which does best on `JUDGED` trials."""
    stage = replace(STAGES[number], trials=JUDGED)
    jobs = [KickCandidate(stage, vector, (config.seed, number, JUDGE)) for vector in vectors]
    scores = [score for score, _ in pool.map(jobs)]
    what = "of the tries" if stage.best_of else "at the start and now"
    print(f"{stage.name}: {', '.join(f'{score:.2f}' for score in scores)} {what}", flush=True)
    return vectors[int(np.argmax(scores))]


def main(config: KickConfig) -> None:
    """Run the command and print where the kicks lie."""
    print(f"kicks: {tune_kicks(config)}", flush=True)
