"""Where metrics go besides the run folder's own file: TensorBoard and W&B, each where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from stable_baselines3.common.logger import KVWriter, TensorBoardOutputFormat

from soccer_lib.errors import one_line
from soccer_lib.learn.config import TrainConfig
from soccer_lib.runs import RunFolder
from soccer_lib.runs.files import to_plain
from soccer_lib.runs.heartbeat import print_progress


def extra_writers(config: TrainConfig, folder: RunFolder) -> list[KVWriter]:
    """The writers that a run has besides its own."""
    writers: list[KVWriter] = []
    if importlib.util.find_spec("tensorboard"):
        writers.append(
            DispensableWriter(
                "TensorBoard", lambda: TensorBoardOutputFormat(str(folder.path / "tensorboard"))
            )
        )
    if config.use_wandb:
        writers.append(DispensableWriter("wandb", lambda: WandbWriter(config, folder)))
    return writers


class DispensableWriter(KVWriter):
    """A writer that a run can do without: where it fails that is said once, and the run goes on.

    Args:
        name: how it is called.
        make: makes it.
    """

    def __init__(self, name: str, make: Callable[[], KVWriter]) -> None:
        self.name = name
        self.writer: KVWriter | None = None
        try:
            self.writer = make()
        except Exception as error:
            self._give_up(error)

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Log one step."""
        if self.writer is None:
            return
        try:
            self.writer.write(key_values, key_excluded, step)
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        print_progress(f"{self.name} stopped ({one_line(error, 80)}): the run goes on without it")
        self.writer = None

    def close(self) -> None:
        """Close what is still written to."""
        if self.writer is not None:
            try:
                self.writer.close()
            except Exception as error:
                self._give_up(error)


class WandbWriter(KVWriter):
    """Logs to Weights & Biases; without a network into the run folder."""

    def __init__(self, config: TrainConfig, folder: RunFolder) -> None:
        import wandb

        settings: dict[str, Any] = {
            "project": "booster-soccer",
            "name": folder.path.name,
            "dir": str(folder.path),
            "config": to_plain(config),
        }
        try:
            self._run = wandb.init(**settings)
        except Exception as error:  # a network or an account
            self._run = wandb.init(**settings, mode="offline")
            print_progress(f"wandb is not reached ({one_line(error, 80)}): it logs into {folder.path}")

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Log one step."""
        numbers = {name: v for name, v in key_values.items() if isinstance(v, int | float | np.number)}
        self._run.log(numbers, step=step)

    def close(self) -> None:
        """End the W&B run."""
        self._run.finish()
