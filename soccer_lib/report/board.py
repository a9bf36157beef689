"""The leaderboard as a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from soccer_lib.comparison.leaderboard import Entry
from soccer_lib.comparison.summaries import score_rows
from soccer_lib.report.pages import embedded, write_page_of
from soccer_lib.view.results import plot_results
from soccer_lib.view.style import image_bytes


def write_board(entries: Sequence[Entry], path: str | os.PathLike[str]) -> Path:
    """Write the page of a leaderboard: what holds, then claims, then what has no figure.

    Args:
        entries: of `read_entries`.
        path: of the page.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    ranked = [entry for entry in entries if entry.checked or entry.claimed]
    head: list[str] = []
    rows: list[list[str]] = []
    for checked in (True, False):
        group = {entry.name: entry for entry in ranked if entry.checked is checked}
        if group:
            head, *body = score_rows({name: entry.summary for name, entry in group.items()})
            rows += [[*row, group[row[0]].remark] for row in body]
    held = {entry.name: entry.summary for entry in entries if entry.checked}
    picture = embedded(image_bytes(plot_results(held)), "image/png") if held else ""
    others = [entry for entry in entries if entry not in ranked]
    return write_page_of("board.html", path, head=head, rows=rows, others=others, picture=picture)
