"""How every bench shows and keeps its figures: tables, and a JSON file with machine and versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.evaluation.result import aligned
from soccer_lib.runs import atomic_write_json, machine_record, version_record


def estimate_table(columns: Sequence[str], tables: Sequence[Mapping[str, Estimate]]) -> str:
    """Tables of the same rows side by side: value [low, high], a column for each under its name."""
    rows = [["row", *columns]]
    for name in tables[0]:
        estimates = [table[name] for table in tables]
        rows.append([name, *(f"{value:.3f} [{low:.3f}, {high:.3f}]" for value, low, high in estimates)])
    return "\n".join(aligned(rows))


class LiveTable:
    """A table that is printed row by row, for benches that take minutes.

    Args:
        widths: name of each column -> its width in characters; the first column is aligned to the left.
        note: put at the end of the head.
    """

    def __init__(self, widths: Mapping[str, int], note: str = "") -> None:
        self._widths = list(widths.values())
        self.row(list(widths), note)

    def row(self, cells: Sequence[str], note: str = "") -> None:
        """Print one row; the note stands behind its last column."""
        numbers = [cell.rjust(width) for cell, width in zip(cells[1:], self._widths[1:], strict=True)]
        print(f"{cells[0].ljust(self._widths[0])}{''.join(numbers)}  {note}".rstrip(), flush=True)


def finish(config: Any, result: Mapping[str, Any]) -> None:
    """Write `result` with the settings, machine and versions to `config.json`, when that names a file.

    Raises:
        ResourceError: if the file cannot be written.
    """
    if not config.json:
        return
    settings = {key: value for key, value in dataclasses.asdict(config).items() if key != "json"}
    record = {**result, "config": settings, "machine": machine_record(), "versions": version_record()}
    atomic_write_json(config.json, record)
    print(f"wrote {config.json}")
