"""Figures of several agents side by side: whatever an evaluation came as, sorted, and as a table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation import EvaluationResult
from soccer_lib.evaluation.result import aligned
from soccer_lib.runs import load_json
from soccer_lib.tasks import COMPETITION

Result = EvaluationResult | Mapping[str, Any] | str | os.PathLike[str]
"""An evaluation, its summary, or the path of its JSON file."""


def summary_of(result: Result) -> Mapping[str, Any]:
    """The flat figures of an evaluation, whatever it came as.

    Raises:
        InputError: the file is missing or is not an evaluation's.
    """
    if isinstance(result, EvaluationResult):
        return result.summary
    summary = load_json(result) if isinstance(result, str | os.PathLike) else result
    if not any(str(key).endswith("/n_episodes") for key in summary):
        name = "what came" if isinstance(result, Mapping) else os.fspath(result)
        raise InputError(f"{name} is not an evaluation; expected what evaluate --json wrote; check the path")
    return summary


def sorted_summaries(results: Mapping[str, Result]) -> dict[str, Mapping[str, Any]]:
    """Name -> figures, the best sum first; agents without an official score last."""
    if not results:
        raise InputError("no results came; expected name -> evaluation; evaluate a policy first")
    summaries = {name: summary_of(result) for name, result in results.items()}
    return dict(sorted(summaries.items(), key=lambda item: -item[1].get("comp_total_sum", -np.inf)))


def scored_tasks(summaries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The tasks for which any of them has an official score.

    Raises:
        InputError: there is none.
    """
    tasks = [task for task in COMPETITION if any(f"{task}/comp_total" in s for s in summaries.values())]
    if not tasks:
        names = ", ".join(COMPETITION)
        raise InputError(f"no official score in {', '.join(summaries)}; expected one of {names}")
    return tasks


def score_rows(results: Mapping[str, Result]) -> list[list[str]]:
    """Official scores of agents with their intervals: a head, and a row for each, the best sum first.

    Args:
        results: name of the agent -> evaluation, its summary, or the path of its JSON file.

    Raises:
        InputError: nothing to compare, or a file that is not an evaluation's.
    """
    summaries = sorted_summaries(results)
    tasks = scored_tasks(summaries)
    rows = [["agent", *tasks, "sum"]]
    for name, summary in summaries.items():
        scores = [_score_cell(summary, f"{task}/comp_total", f"{task}/n_distinct") for task in tasks]
        rows.append([name, *scores, _score_cell(summary, "comp_total_sum")])
    return rows


def results_table(results: Mapping[str, Result]) -> str:
    """The rows of `score_rows` as aligned plain text."""
    return "\n".join(aligned(score_rows(results)))


def _score_cell(summary: Mapping[str, Any], score: str, distinct: str = "") -> str:
    """A mean with its interval, or why it has none; `score` and `distinct` are keys of the summary."""
    if score not in summary:
        return "-"
    mean = summary[score]
    low, high = summary[f"{score}_ci95"]
    if low < high:
        return f"{mean:.2f} ({low:.2f} to {high:.2f})"
    return f"{mean:.2f} (1 distinct)" if summary.get(distinct) == 1 else f"{mean:.2f}"
