"""Datasets on disk: an npz file with its record beside it, or a folder in Minari's format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.demos.dataset import Dataset, dataset_of
from soccer_lib.demos.minari import read_minari
from soccer_lib.errors import InputError
from soccer_lib.runs.files import atomic_write_json, atomic_write_npz, load_npz, sha256_of
from soccer_lib.runs.folder import git_record, version_record

_REQUIRED = ("observations", "actions", "episode_id", "source", "control", "observation_layout", "rate_hz")


def write_dataset(path: str | os.PathLike[str], dataset: Dataset, about: Mapping[str, Any]) -> Path:
    """Write a dataset and, beside it, its record: `NAME.json` with the SHA-256 of `NAME.npz`.

    Args:
        path: the npz file.
        dataset: what to write.
        about: what else the record says: command, settings, figures.

    Raises:
        ResourceError: the disk is full or read-only; nothing is left under the name.
    """
    path = Path(path)
    record = path.with_suffix(".json")
    record.unlink(missing_ok=True)  # a kill between the two files must not leave another file's record
    sha256 = sha256_of(atomic_write_npz(path, dataset.arrays()))
    sizes = {"sha256": sha256, "samples": len(dataset), "episodes": len(dataset.source)}
    atomic_write_json(record, {**sizes, **about, "versions": version_record(), "git": git_record()})
    return path


def read_dataset(path: str | os.PathLike[str]) -> Dataset:
    """Read a dataset and check all of it; a record beside the file has to fit it.

    Args:
        path: an npz file, or the folder of a Minari dataset.

    Raises:
        InputError: missing, damaged or foreign file, one that is not as its record says, or arrays that do
            not fit together.
    """
    path = Path(path)
    if path.is_dir():
        return read_minari(path)
    arrays = load_npz(path, _REQUIRED)
    record = path.with_suffix(".json")
    if record.is_file() and sha256_of(path).encode() not in record.read_bytes():
        raise InputError(f"{path} is not what {record.name} describes; expected its sha256; make it again")
    return dataset_of(arrays, path)
