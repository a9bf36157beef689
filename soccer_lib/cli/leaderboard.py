"""The command `leaderboard`: runs and result files of anybody in one table, checked by replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from soccer_lib.comparison.leaderboard import leaderboard_table, read_entries
from soccer_lib.report import write_board
from soccer_lib.report.pages import check_page_name
from soccer_lib.runs.outputs import check_outputs


@dataclass(frozen=True)
class LeaderboardConfig:
    """Rank result files: those of runs, and those that others sent; what has a record is replayed."""

    folders: Annotated[tuple[str, ...], tyro.conf.Positional] = ("runs",)
    """Folders with NAME.json and NAME.npz of evaluate, or with runs."""
    stock: bool = False
    """Replay in the stock environment of gym.make instead of the fast simulation, about 6 times slower."""
    workers: int = 0
    """Worker processes; 0 takes one per core."""
    html: str = ""
    """Page to write, .html."""


def main(config: LeaderboardConfig) -> None:
    """The command `leaderboard`.

    Raises:
        SoccerError: no result in any folder, or a file that could not be written.
    """
    if config.html:
        check_page_name(config.html)
        check_outputs([config.html])
    entries = read_entries(config.folders, stock=config.stock, workers=config.workers)
    words = [leaderboard_table(entries)]
    if config.html:
        words.append(f"wrote {write_board(entries, config.html)}")
    print("\n".join(words))
