"""The scoreboard of a class: a folder of result files, checked by replaying what was recorded.

Everybody hands in two files of one name, made by `evaluate --json NAME.json --record NAME.npz`. It is the
leaderboard of that folder (see `comparison.leaderboard`), in which every JSON file counts as a hand-in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from soccer_lib.comparison.leaderboard import Entry, leaderboard_table, read_entries
from soccer_lib.errors import InputError


def read_class(
    folder: str | os.PathLike[str], stock: bool = False, workers: int = 0, progress: bool = True
) -> list[Entry]:
    """Read and check all hand-ins of a folder: those that hold come first, the best sum on top.

    Args:
        folder: of NAME.json, each with its NAME.npz.
        stock: replay in the stock environment, which takes several times as long.
        workers: processes; 0 takes one a core.
        progress: print a line every few seconds.

    Raises:
        InputError: there is no JSON file in the folder.
    """
    if not any(Path(folder).glob("*.json")):
        raise InputError(
            f"{folder} has no .json file; expected NAME.json and NAME.npz of everybody; "
            "make them with evaluate --json NAME.json --record NAME.npz"
        )
    return read_entries([folder], stock=stock, workers=workers, progress=progress)


def scoreboard(hand_ins: Sequence[Entry]) -> str:
    """The class as aligned plain text: scores with intervals of those that hold, and a verdict on each."""
    return leaderboard_table(hand_ins)
