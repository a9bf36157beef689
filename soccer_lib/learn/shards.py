"""A replay buffer on disk: each checkpoint adds a file of what is new and changes none that is there."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.runs import atomic_write_npz, load_npz
from soccer_lib.runs.files import sha256_of

FOLDER = "replay"

COLUMNS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts", "discounts")
"""Arrays of a buffer. Shape: (rows, n_envs, ...) of each."""


class ReplayShards:
    """The rows of a buffer in `replay/shard_FIRST_END.npz`, numbered from the run's first row on.

    Args:
        buffer: of the model.
        run: folder of the run.

    Attributes:
        shards: first row, row behind the last, SHA-256 of each file, by its path in the run folder.
    """

    def __init__(self, buffer: HeldReplayBuffer, run: Path) -> None:
        self.buffer = buffer
        self.run = run
        self.shards: dict[str, tuple[int, int, str]] = {}

    def room_left(self, steps: int) -> int:
        """What so many env steps still add on disk, at most until the buffer is full [bytes]."""
        buffer = self.buffer
        row = sum(getattr(buffer, column)[:1].nbytes for column in COLUMNS)
        written = sum(end - first for first, end, _ in self.shards.values())
        # Demonstrations may be in the buffer and in no file yet.
        fresh = buffer.added - max([0, *(end for _, end, _ in self.shards.values())])
        return row * max(0, min(buffer.buffer_size - written, fresh + steps // buffer.n_envs + 1))

    def write(self) -> None:
        """Write the rows that are in no shard yet, and forget shards whose rows were overwritten.

        Raises:
            ResourceError: there is no room.
        """
        buffer = self.buffer
        oldest = buffer.added - buffer.rows
        first = max([oldest, *(end for _, end, _ in self.shards.values())])
        if first < buffer.added:
            places = np.arange(first, buffer.added) % buffer.buffer_size
            name = f"{FOLDER}/shard_{first:09d}_{buffer.added:09d}.npz"
            arrays = {column: getattr(buffer, column)[places] for column in COLUMNS}
            path = atomic_write_npz(self.run / name, arrays, compress=False)
            self.shards[name] = (first, buffer.added, sha256_of(path))
        self.shards = {name: shard for name, shard in self.shards.items() if shard[1] > oldest}

    def needs(self) -> dict[str, str | None]:
        """The files that the buffer consists of, with their hashes."""
        return {name: sha256 for name, (_, _, sha256) in self.shards.items()}

    def get_state(self) -> dict[str, Any]:
        """How many rows there were, and in which files they are."""
        return {"added": self.buffer.added, "shards": self.shards.copy()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Fill the buffer.

        Raises:
            InputError: the rows are of other observations, actions or environments.
        """
        buffer = self.buffer
        self.shards = dict(state["shards"])
        buffer.added = state["added"]
        buffer.pos = buffer.added % buffer.buffer_size
        buffer.full = buffer.added >= buffer.buffer_size
        for name, (first, end, _) in self.shards.items():
            arrays = load_npz(self.run / name, COLUMNS)
            rows = np.arange(max(first, end - buffer.buffer_size), end)
            for column in COLUMNS:
                mine = getattr(buffer, column)
                theirs = arrays[column]
                if theirs.shape != (end - first, *mine.shape[1:]):
                    raise InputError(
                        f"{self.run / name} has {column} of shape {theirs.shape} and this run's buffer takes "
                        f"rows of {mine.shape[1:]}; expected the same; choose another --save-dir"
                    )
                mine[rows % buffer.buffer_size] = theirs[rows - first]

    def tidy(self, needed: Collection[str]) -> None:
        """Remove files that no checkpoint needs."""
        for file in (self.run / FOLDER).glob("shard_*.npz"):
            if file.relative_to(self.run).as_posix() not in needed:
                file.unlink()
