"""Checkpoints of a cloning: a run that goes on from one ends with the bits of one that was never stopped."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Mapping
from typing import Any

import torch

from soccer_lib.learn.tensors import as_arrays, as_tensors
from soccer_lib.runs import RunFolder, read_tree, tree_bytes
from soccer_lib.runs.checkpoints import Checkpoints
from soccer_lib.runs.files import sha256_of
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.stop import StopRequest

EVERY = 5.0
"""Least time between two checkpoints [s]."""

STATE = "state.npz"


class CloningCheckpoints:
    """Where a cloning is, between two epochs.

    Args:
        folder: of the run; its metrics are cut back to the newest checkpoint.
        used: whether there are any; without them each call starts over.

    Attributes:
        round: that the run goes on in; the clones of those before it lie in files of their own.
    """

    def __init__(self, folder: RunFolder, used: bool) -> None:
        self.folder = folder
        self.used = used
        self.round = 0
        self._stop = StopRequest()
        self._store = Checkpoints(folder.path, {})
        self._state: dict[str, Any] = {}
        self._saved = time.monotonic()
        newest = self._store.newest() if used else None
        if newest is not None:
            self._state = read_tree(newest.path / STATE)
            self.round = self._state["round"]
            print_progress(f"{folder.path} goes on behind epoch {self._state['epoch']} of round {self.round}")
        folder.cut_metrics(self._state.get("lines", 0))

    def remove(self) -> None:
        """Remove them: a run that is done never goes on."""
        shutil.rmtree(self._store.folder, ignore_errors=True)

    def stopping(self) -> contextlib.AbstractContextManager[Any]:
        """Let a signal inside wait for the next `save`, where that saves anything."""
        return self._stop if self.used else contextlib.nullcontext()

    def restore(self, round_number: int, parts: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Set what learns, each part with a `load_state_dict`, to where it was.

        Returns:
            Epochs of this round that are done, and the figures of the best of them.
        """
        state = self._state
        if not state or round_number != self.round:
            return 0, {"epoch": 0, "val/loss": float("inf"), "val/kick_recall": 0.0}
        for name, part in parts.items():
            part.load_state_dict(as_tensors(state[name]))
        torch.set_rng_state(torch.from_numpy(state["random"]))
        return state["epoch"], state["best"]

    def save(self, figures: Mapping[str, Any], best: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
        """Write a checkpoint where one is due, or where a signal asked to stop.

        Args:
            figures: of the epoch that was done; its round and number count.
            best: figures of the best epoch.
            parts: what learns, each with a `state_dict`.

        Raises:
            ResourceError: there is no room for it.
            KeyboardInterrupt, Terminated: a signal came.
        """
        if not self.used or not (self._stop.came or time.monotonic() - self._saved > EVERY):
            return
        state = {name: as_arrays(part.state_dict()) for name, part in parts.items()}
        state |= {"round": figures["round"], "epoch": figures["epoch"], "best": dict(best)}
        state |= {"lines": len(self.folder.metrics()), "random": torch.get_rng_state().numpy()}
        clones = {path.name: sha256_of(path) for path in self.folder.path.glob("round_*.safetensors")}
        # At most a million epochs in a round.
        step = 10**7 * figures["round"] + figures["epoch"]
        self._store.save(step, {STATE: tree_bytes(state)}, clones)
        self._saved = time.monotonic()
        self._stop.leave(f"saved behind epoch {figures['epoch']}; the same command goes on from there")
