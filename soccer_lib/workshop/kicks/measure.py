"""What finished kicks do, in trials that no search has seen and in play, and the record of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from soccer_lib.control.kicks import Kick
from soccer_lib.workshop.kicks.pay import figures, pay
from soccer_lib.workshop.kicks.play import SPREAD_AT_LEAST, crossings
from soccer_lib.workshop.kicks.stages import STAGES, Stage
from soccer_lib.workshop.kicks.starts import penalty_starts
from soccer_lib.workshop.kicks.trial import (
    CENTRE,
    LEFT_OVER,
    MISPLACED,
    KickTrial,
    Outcome,
    Spot,
    Stance,
    anywhere,
)

MEASURED = 60
"""Trials that a finished kick is measured on."""

PLAYED = range(100, 116)
"""Seeds of the starts on which the finished kicks are played."""


def play(
    trial: KickTrial,
    kick: Kick,
    stage: Stage,
    rng: np.random.Generator,
    trials: int,
    misplaced: float = 1.0,
) -> list[Outcome]:
    """Trials from drawn starts, with balls misplaced so many times as far as in a search."""
    spread = LEFT_OVER if stage.lined_up else MISPLACED
    past = 9.0 if stage.upright else 0.12
    outcomes = []
    for _ in range(trials):
        stance, spot = _start(trial, stage, rng)
        error = stance.error + rng.normal(0.0, spread) * misplaced
        outcomes.append(trial.play(kick, stance, error, spot, stage.seconds, past))
    return outcomes


def _start(trial: KickTrial, stage: Stage, rng: np.random.Generator) -> tuple[Stance, Spot]:
    """Where a trial of a stage begins: at rest anywhere, lined up anywhere, or in a penalty."""
    if not stage.lined_up:
        return trial.walked[rng.integers(len(trial.walked))], CENTRE
    if stage.score == "placed":
        return trial.lined_up[rng.integers(len(trial.lined_up))], anywhere(rng)
    starts = penalty_starts(trial.seed)
    return starts[rng.integers(len(starts))]


@cache
def _judge() -> KickTrial:
    return KickTrial(seed=2)


def measured(kick: Kick, generations: int, earlier: dict[str, object]) -> tuple[Kick, dict[str, object]]:
    """A kick with its figures from `MEASURED` trials that no search has seen, and its record.

    The balls lie where lining up left them. One that was searched for no generation keeps its speed, and
    what its earlier record says of the search that found it.
    """
    stage = next(stage for stage in STAGES if stage.name == kick.name)
    outcomes = play(_judge(), kick, stage, np.random.default_rng(7), MEASURED, misplaced=0.0)
    figure = figures(outcomes)
    flight = {
        "height": figure["height"],
        "line_speed": figure["line_speed"],
        "height_spread": figure["height_std"],
    }
    record = {"objective": stage.score, "band": list(stage.band), "trials": MEASURED}
    if generations:
        flight |= {"speed": figure["speed"]}
        record |= {"generations": generations, "trials_of_a_candidate": stage.trials}
    else:
        record |= {key: earlier[key] for key in ("generations", "trials_of_a_candidate") if key in earlier}
    return replace(kick, **flight), {**record, "pay": pay(stage, outcomes), "measured": figure}


def played(kicks: dict[str, Kick], name: str) -> tuple[Kick, dict[str, float]]:
    """A kick with its flight in play, on tuning seeds, and what was seen there; `placed` stays as it is."""
    kick = kicks[name]
    stage = next(stage for stage in STAGES if stage.name == name)
    balls = crossings(kicks, name, PLAYED) if stage.score != "placed" else []
    if not balls:
        return kick, {}
    heights = np.array([ball.height for ball in balls])
    low, height, high = np.percentile(heights, [16, 50, 84]).tolist()
    seen = {
        "balls": len(balls),
        "height": height,
        "height_std": float(heights.std()),
        "line_speed": float(np.mean([ball.speed for ball in balls])),
        "aside": float(np.median([ball.aside for ball in balls])),
        "aside_std": float(np.std([ball.aside for ball in balls])),
        "falls": float(np.mean([ball.fell for ball in balls])),
    }
    played = replace(
        kick,
        height=height,
        height_spread=max(SPREAD_AT_LEAST, (high - low) / 2),
        line_speed=seen["line_speed"],
        aside=seen["aside"],
    )
    return played, seen
