"""Scores of several agents side by side, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soccer_lib.evaluation.result import aligned
from soccer_lib.view.results import Result, scored_tasks, sorted_summaries


def results_table(results: Mapping[str, Result]) -> str:
    """Official scores of agents as aligned plain text, the best sum first.

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
    return "\n".join(aligned(rows))


def _score_cell(summary: Mapping[str, Any], score: str, distinct: str = "") -> str:
    """A mean with its interval, or why it has none; `score` and `distinct` are keys of the summary."""
    if score not in summary:
        return "-"
    mean = summary[score]
    low, high = summary[f"{score}_ci95"]
    if low < high:
        return f"{mean:.2f} ({low:.2f} to {high:.2f})"
    return f"{mean:.2f} (1 distinct)" if summary.get(distinct) == 1 else f"{mean:.2f}"
