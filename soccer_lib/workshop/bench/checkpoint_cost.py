"""What checkpoints cost: their share of a run's CPU time, and what a long run leaves on the disk.

Presets run in this process with their own settings and the default `--checkpoint-interval`, for fewer steps
and without evaluations on the way, which would only make the share smaller.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soccer_lib.learn import train as training
from soccer_lib.learn.callbacks.checkpoint import Checkpointing
from soccer_lib.learn.candidates import TOP
from soccer_lib.learn.config import TrainConfig
from soccer_lib.runs.checkpoints import KEPT
from soccer_lib.workshop.bench.report import LiveTable

RUNS: dict[str, dict[str, Any]] = {
    "scratch": {"preset": "scratch"},
    "td3": {"algo": "td3"},
}
"""The course's run from nothing, and TD3 as it comes, which keeps a buffer of a million transitions."""

LONG = 1_000_000
"""Steps of the run whose place on the disk is told [count]."""


class ClockedCheckpointing(Checkpointing):
    """Knows how long it took.

    Attributes:
        spent: in this callback, since the training began [CPU s].
        whole: of the training, this callback included [CPU s].
    """

    last: ClockedCheckpointing | None = None

    def on_training_start(self, *arguments: Any) -> None:
        """Begin to count."""
        type(self).last = self
        self.spent = 0.0
        self._began = time.process_time()
        super().on_training_start(*arguments)

    def on_rollout_start(self) -> None:
        """Between two rollouts checkpoints are written."""
        with self._counted():
            super().on_rollout_start()

    def on_step(self) -> bool:
        """Within a rollout there is little to do."""
        with self._counted():
            return super().on_step()

    def on_training_end(self) -> None:
        """The last one is written."""
        with self._counted():
            super().on_training_end()
        self.whole = time.process_time() - self._began

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.spent += time.process_time() - begun


def bytes_below(folder: Path, pattern: str) -> int:
    """What files of a folder take on the disk [bytes]."""
    return sum(file.stat().st_size for file in folder.glob(pattern) if file.is_file())


def measure(settings: dict[str, Any], steps: int, folder: Path) -> dict[str, float]:
    """Run a preset for some steps; figures of its time and of what it left.

    Args:
        settings: of the run.
        steps: env steps.
        folder: of the run, which is new.
    """
    config = TrainConfig(
        **settings,
        total_timesteps=steps,
        workers=0,  # all of its work counts in this process
        device="cpu",
        eval_freq=0,
        eval_seeds=(0,),
        eval_episodes=1,
        final_episodes=3,
        save_dir=str(folder),
    )
    usual = training.Checkpointing
    training.Checkpointing = ClockedCheckpointing
    try:
        training.train(config)
    finally:
        training.Checkpointing = usual
    clock = ClockedCheckpointing.last
    assert clock is not None
    every = dataclasses.replace(config, eval_freq=None).resolved().eval_freq or LONG
    evaluations = LONG // every
    model = bytes_below(folder, "snapshots/*.zip")
    sizes = {
        "replay": bytes_below(folder, "replay/*") / clock.num_timesteps * LONG,
        # One more than stays is there while it is written.
        "checkpoints": (KEPT + 1) * bytes_below(folder, f"checkpoints/ckpt_{clock.num_timesteps:09d}/*"),
        # Every policy that was judged stays; models of the best, and of those that checkpoints still name.
        "snapshots": (bytes_below(folder, "snapshots/*") - model) * evaluations + KEPT * TOP * model,
        "metrics": bytes_below(folder, "metrics.jsonl") / clock.num_timesteps * LONG,
        "results": bytes_below(folder, "*"),
    }
    return {
        "steps": clock.num_timesteps,
        "cpu_seconds": clock.whole,
        "in_checkpoints": clock.spent,
        "share": clock.spent / clock.whole,
        "replay_bytes_a_step": sizes["replay"] / LONG,
        **{f"gb_{name}": size / 1e9 for name, size in sizes.items()},
        "gb": sum(sizes.values()) / 1e9,
    }


def measure_all(steps: int) -> dict[str, dict[str, float]]:
    """Measure each of `RUNS`; a line for each as it is done."""
    table = LiveTable(
        {"run": 10, "steps": 9, "CPU s": 8, "in checkpoints": 16, "share": 8, "B/step in replay": 18}
    )
    result = {}
    for name, settings in RUNS.items():
        with tempfile.TemporaryDirectory(prefix="cost-") as folder:
            figures = result[name] = measure(settings, steps, Path(folder) / "run")
        cells = [name, f"{figures['steps']:,}", f"{figures['cpu_seconds']:.1f}"]
        cells += [f"{figures['in_checkpoints']:.2f}", f"{figures['share']:.2%}"]
        cells.append(f"{figures['replay_bytes_a_step']:.0f}")
        table.row(cells, f"{LONG:,} steps: {figures['gb']:.2f} GB")
    return result
