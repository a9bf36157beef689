"""Scores of several agents side by side, as a table."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from soccer_lib.errors import unknown_name
from soccer_lib.evaluate.result import aligned
from soccer_lib.view.results import Result, scored_tasks, sorted_summaries

_STYLES = ("text", "markdown", "html")


def results_table(results: Mapping[str, Result], style: str = "text") -> str:
    """Official scores of agents as a table, the best sum first.

    Args:
        results: name of the agent -> evaluation, its summary, or the path of its JSON file.
        style: "text", "markdown" or "html".

    Raises:
        InputError: an unknown style, or a file that is not an evaluation's.
    """
    if style not in _STYLES:
        raise unknown_name("style", style, _STYLES)
    summaries = sorted_summaries(results)
    tasks = scored_tasks(summaries)
    rows = [["agent", *tasks, "sum"]]
    for name, summary in summaries.items():
        cells = [_cell(summary, f"{task}/comp_total", summary.get(f"{task}/n_distinct")) for task in tasks]
        rows.append([name, *cells, _cell(summary, "comp_total_sum")])
    if style == "text":
        return "\n".join(aligned(rows))
    return _markdown(rows) if style == "markdown" else _html(rows)


def _cell(summary: Mapping[str, Any], key: str, distinct: int | None = None) -> str:
    if key not in summary:
        return "-"
    value, (low, high) = summary[key], summary[f"{key}_ci95"]
    if low < high:
        return f"{value:.2f} ({low:.2f} to {high:.2f})"
    return f"{value:.2f} (1 distinct)" if distinct == 1 else f"{value:.2f}"


def _markdown(rows: list[list[str]]) -> str:
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *body])


def _html(rows: list[list[str]]) -> str:
    def line(row: list[str], tag: str) -> str:
        cells = [
            f'<{tag} style="text-align:{"left" if i == 0 else "right"}">{html.escape(cell)}</{tag}>'
            for i, cell in enumerate(row)
        ]
        return f"<tr>{''.join(cells)}</tr>"

    head, *body = rows
    return "\n".join(["<table>", line(head, "th"), *[line(row, "td") for row in body], "</table>"])
