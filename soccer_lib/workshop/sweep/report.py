"""What a sweep leaves: `sweep.md` to read, `sweep.json` to go on with, pictures."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.trial import TrialState

from soccer_lib.evaluation.result import aligned
from soccer_lib.runs import atomic_write_json, machine_record, version_record
from soccer_lib.runs.files import atomic_write_text
from soccer_lib.view.style import save_figure
from soccer_lib.workshop.sweep.config import SweepConfig
from soccer_lib.workshop.sweep.drawing import plot_contour, plot_importance, plot_rungs
from soccer_lib.workshop.sweep.study import Study, Trial, distribution_of

_LEAST = 5
"""Scored trials that importance takes."""


def write_sweep(config: SweepConfig, study: Study, result: dict[str, Any]) -> str:
    """Write the tables, the record and the pictures of a study; returns the text."""
    trials = [one for one in study.trials() if one.fresh_of is None]
    importance = importance_of(study, trials)
    pictures = _draw(study, trials, importance)
    counts = {state: sum(one.state == state for one in trials) for state in ("done", "pruned", "failed")}
    minutes = {kind: _minutes(study, kind) for kind in (False, True)}
    record = {
        **result,
        "counts": counts,
        "cpu_minutes": minutes[False],
        "fresh_cpu_minutes": minutes[True],
        "importance": importance,
        "trials": [_record(one) for one in trials],
        "plan": study.plan.to_record(),
        "machine": machine_record(),
        "versions": version_record(),
    }
    atomic_write_json(study.folder / "sweep.json", record)
    result |= {name: record[name] for name in ("counts", "cpu_minutes")}
    left = sum(not one.ended for one in trials)
    head = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    head += f", {left} not begun" if left else ""
    text = "\n\n".join(
        [
            f"study {study.plan.name}: {head}; {minutes[False]:.1f} minutes of CPU, fresh runs "
            f"{minutes[True]:.1f}",
            trial_table(study, trials),
            contender_table(result["contenders"]),
            _curse(result, len(trials)),
            _named(config, study, result),
        ]
    )
    shown = "".join(f"\n![{name}]({name}.png)\n" for name in pictures)
    atomic_write_text(study.folder / "sweep.md", f"```\n{text}\n```\n{shown}")
    return f"{text}\n\nwrote sweep.md, sweep.json and {len(pictures)} pictures in {study.folder}"


def _minutes(study: Study, fresh: bool) -> float:
    trials = [one for one in study.trials() if (one.fresh_of is not None) == fresh]
    return sum(one.notes.get("cpu_minutes", 0.0) for one in trials)


def _record(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        "drawn": trial.drawn,
        "rungs": trial.rungs,
        **trial.notes,
    }


def trial_table(study: Study, trials: Sequence[Trial]) -> str:
    """All trials, best first; those that were pruned with what they had at their last rung."""
    names = [one.name for one in study.plan.space.parameters]
    parameters = {one.name: one for one in study.plan.space.parameters}
    rows = [["trial", "state", "official", "95% interval", "CPU min", *names]]
    order = {"done": 0, "pruned": 1, "failed": 2}
    for one in sorted(trials, key=lambda one: (order.get(one.state, 3), -(one.value or -99.0))):
        drawn = [str(parameters[name].rounded(one.drawn[name])) if one.drawn else "" for name in names]
        score = "" if one.value is None else f"{one.value:.2f}"
        minutes = f"{one.notes.get('cpu_minutes', 0.0):.2f}"
        at = f" at {max(one.rungs)}" if one.state == "pruned" and one.rungs else ""
        rows.append(
            [str(one.number), one.state + at, score, _interval(one.notes.get("interval")), minutes, *drawn]
        )
    return "\n".join(aligned(rows))


def contender_table(rows: Sequence[dict[str, Any]]) -> str:
    """The best trials: what they were ranked by, and what they have on fresh seeds."""
    table = [["trial", "in the sweep", "95% interval", "fresh episodes", "fresh runs too", "difference"]]
    for row in rows:
        runs = "" if row["runs"] is None else f"{row['runs']:.2f}"
        table.append(
            [
                str(row["trial"]), f"{row['sweep']:.2f}", _interval(row["sweep_ci95"]),
                f"{row['policy']:.2f}", runs, f"{row['fresh'] - row['sweep']:+.2f}",
            ]
        )  # fmt: skip
    return "\n".join(aligned(table))


def _interval(ends: Sequence[float] | None) -> str:
    return f"{ends[0]:.2f} to {ends[1]:.2f}" if ends and ends[0] < ends[1] else ""


def _curse(result: dict[str, Any], trials: int) -> str:
    """The winner's curse, in a sentence."""
    rows = result["contenders"]
    first = rows[0]
    words = "with fresh training seeds and episodes" if first["runs"] is not None else "on fresh episodes"
    named = next(row for row in rows if row["trial"] == result["best"])
    same = "is still the best" if named is first else f"is behind trial {named['trial']} now"
    more = "more" if result["curse"] > 0 else "less"
    return (
        f"The highest of {trials} scores was {first['sweep']:.2f} (trial {first['trial']}); {words} it has "
        f"{first['fresh']:.2f} and {same}.\nThe sweep promised {abs(result['curse']):.2f} points {more} than "
        f"there are, as a mean of its {len(rows)} best: what is highest of many is high by luck too."
    )


def _named(config: SweepConfig, study: Study, result: dict[str, Any]) -> str:
    reported = result["reported"]
    low, high = reported["ci95"]
    return (
        f"best: trial {result['best']}, policy of {result['policy']}, now in {study.folder}\n"
        f"official {reported['score']:.2f} [{low:.2f}, {high:.2f}] on {config.episodes} episodes a task "
        f"from seed {reported['seed']}, which chose nothing\n"
        f"made again by: {shlex.join(result['command'])}"
    )


def importance_of(study: Study, trials: Sequence[Trial]) -> dict[str, float]:
    """How much each parameter tells good trials from others (Watanabe et al. 2023); empty for few trials.

    Pruned trials count with their score at the last rung: without them only good ones would be looked at.
    """
    distributions = {one.name: distribution_of(one) for one in study.plan.space.parameters}
    scored = [one for one in trials if one.value is not None]
    if len(scored) < _LEAST or len({one.value for one in scored}) < 2:
        return {}
    copy = optuna.create_study(direction="maximize")
    for one in scored:
        copy.add_trial(
            optuna.create_trial(
                state=TrialState.COMPLETE, value=one.value, params=one.drawn, distributions=distributions
            )
        )
    shares = optuna.importance.get_param_importances(copy)
    return {name: float(share) for name, share in shares.items()}


def _draw(study: Study, trials: Sequence[Trial], importance: dict[str, float]) -> list[str]:
    """Write the pictures that the study has enough trials for; returns their names."""
    _, total = study.plan.rungs
    unit = "env steps" if study.plan.space.command == "train" else "epochs"
    figures = {"rungs": plot_rungs(trials, total, unit)}
    parameters = {one.name: one for one in study.plan.space.parameters}
    scored = [one for one in trials if one.value is not None]
    if importance:
        figures["importance"] = plot_importance(
            importance, f"share, of {len(scored)} trials; a hint, no proof"
        )
    if len(importance) > 1:
        first, second = list(importance)[:2]
        figures["contour"] = plot_contour(scored, parameters[first], parameters[second])
    for name, figure in figures.items():
        save_figure(figure, study.folder / f"{name}.png")
    return list(figures)
