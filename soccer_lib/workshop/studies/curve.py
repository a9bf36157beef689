"""The file of a curve: read where it is finished, written whole with its command, versions and machine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from soccer_lib.runs import atomic_write_json, machine_record, version_record
from soccer_lib.runs.files import MANIFEST, load_record, to_plain, write_manifest
from soccer_lib.runs.heartbeat import print_progress


def finished_curve(out: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The curve in a file, where the same settings made it; else None."""
    if not out.is_file():
        return None
    record = load_record(out, "settings")
    if record["settings"] != settings:
        return None
    print_progress(f"{out} is finished; remove it to make it again")
    return record


def write_curve(
    out: Path, record: Mapping[str, Any], scores: Mapping[int | str, Sequence[float]], parts: Path
) -> dict[str, Any]:
    """Write a curve and the manifest of its folder, and remove the parts that it was made of.

    Args:
        out: its file.
        record: what is its own: command, settings, entries.
        scores: of each kind, seed by seed.
        parts: folder of what is now in the record.

    Returns:
        The content of the file.
    """
    content = {
        **record,
        "groups": [{"x": x, "mean": np.mean(s), "ci95": student_interval(s)} for x, s in scores.items()],
        "versions": version_record(),
        "machine": machine_record(),
    }
    atomic_write_json(out, content)
    write_manifest(out.parent, [file.name for file in out.parent.glob("*.json") if file.name != MANIFEST])
    shutil.rmtree(parts)
    return to_plain(content)


def student_interval(scores: Sequence[float]) -> list[float]:
    """95% interval of the mean by Student's t: each seed is one sample; NaN for a single one."""
    half = stats.t.ppf(0.975, len(scores) - 1) * stats.sem(scores)
    return [np.mean(scores) - half, np.mean(scores) + half]
