"""The run folders of the walker's training and of the kick search, and the files that they publish."""

from __future__ import annotations

import dataclasses
import shlex
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from soccer_lib.control.gait import PARAMETER_NAMES, GaitParameters
from soccer_lib.control.kicks import Kick
from soccer_lib.errors import InputError, SimulationError, one_line
from soccer_lib.runs import read_tree, tree_bytes
from soccer_lib.runs.files import (
    atomic_copy,
    atomic_write_bytes,
    atomic_write_json,
    atomic_write_npz,
    atomic_write_text,
    load_npz,
    sha256_of,
)
from soccer_lib.runs.folder import RunFolder, machine_record, version_record
from soccer_lib.runs.heartbeat import print_progress

_NO_EFFECT = ("save_dir", "out", "log_interval", "checkpoint_interval")
"""Settings that change where results go and how often they are written, but not the results."""

_MAY_CHANGE = ("total_steps",)
"""Settings that may differ when a run goes on: it may be made longer or shorter on the way."""

_FIGURES = ("direction", "speed", "height", "line_speed", "height_spread", "aside")
"""Figures of a kick in its record."""

Curve = dict[str, list[dict[str, Any]]]
"""Stage -> its entries in the order of their generations or steps."""


class TuningFolder:
    """A `RunFolder` with a learning curve and one published result; used in a `with` block.

    A kill at any moment leaves every file whole. The status is "running" inside the block, "done" once the
    result is published, and "failed" where the block is left by an error.

    Attributes:
        run: configuration, metrics and status.
        path: of the folder.
        curve: the learning curve so far.
    """

    name = ""
    command_name = ""

    def __init__(self, path: Path, config: Any) -> None:
        """Open or create it.

        Args:
            path: the folder.
            config: a flat dataclass with the settings.

        Raises:
            InputError: the folder holds a run of other settings, or something else.
            ResourceError: the folder cannot be made.
        """
        self.published = (f"{self.name}.npz", "curve.json", f"{self.name}.json")
        self.run = RunFolder.open(path, config, self.command_name, ignore=_NO_EFFECT + _MAY_CHANGE)
        self.path = path
        self.settings = {k: v for k, v in dataclasses.asdict(config).items() if k not in _NO_EFFECT}
        self.command = shlex.join(["python", "-m", "soccer_lib", *self.command_name.split(), *_flags(config)])
        self.curve = curve_of(self.run.metrics())
        self._started = time.monotonic() - self._seconds()
        self.run.set_status("running")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.run.set_status("failed", reason=one_line(error) or type(error).__name__)

    def _seconds(self) -> float:
        """When the last entry of the curve was written, since the start of the run [s]."""
        return max((entry["seconds"] for stage in self.curve.values() for entry in stage), default=0.0)

    def _load_or_skip(self, name: str) -> dict[str, np.ndarray] | None:
        if not (self.path / name).is_file():
            return None
        try:
            return load_npz(self.path / name)
        except InputError as error:
            print_progress(f"skipped: {error}")
            return None

    def log(self, stage: str, entry: dict[str, Any], share: float) -> None:
        """Add a point to the learning curve; its line is printed and kept in progress.txt.

        Args:
            stage: of the tuning.
            entry: figures, with `generation` or `steps` for where the stage is.
            share: of the stage that is done.
        """
        seconds = time.monotonic() - self._started
        # Five digits: the curve is committed, and more would be noise.
        entry = {key: float(f"{v:.5g}") if isinstance(v, float) else v for key, v in entry.items()}
        figures = "  ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in entry.items())
        _add(self.curve, stage, {**entry, "seconds": round(seconds, 1)})
        self.run.append_metrics({"stage": stage, **self.curve[stage][-1]})
        line = f"{stage} {share:.1%}  {seconds:.0f} s  {figures}"
        print_progress(line)
        atomic_write_text(self.path / "progress.txt", line + "\n")

    def publish(self, arrays: dict[str, np.ndarray], out: Path | None, **extra: Any) -> Path:
        """Write NAME.npz, NAME.json and curve.json into the run folder and, where given, a second one.

        Args:
            arrays: content of the npz file.
            out: second folder.
            extra: what the record tells besides hash, command, settings, machine and versions.

        Returns:
            The file.
        """
        check_finite(arrays, f"the {self.name}")
        file = self.path / f"{self.name}.npz"
        atomic_write_npz(file, arrays)
        record = {
            "sha256": sha256_of(file),
            "command": self.command,
            "settings": self.settings,
            "minutes": round(self._seconds() / 60, 1),
            "machine": machine_record(),
            "versions": {**version_record(), "cma": version("cma")},
            **extra,
        }
        atomic_write_json(file.with_suffix(".json"), record)
        atomic_write_json(self.path / "curve.json", self.curve)
        if out is not None:
            atomic_copy([self.path / name for name in self.published], out)
        self.run.set_status("done", file=file.name, sha256=record["sha256"], minutes=record["minutes"])
        return (out or self.path) / file.name


class TrainingFolder(TuningFolder):
    """The run folder of a walker training."""

    name = "walker"
    command_name = "walker train"

    def gait_scores(self) -> np.ndarray:
        """Scores of the finished generations. Shape: (generations, population)."""
        stored = self._load_or_skip("gait.npz")
        return stored["scores"] if stored else np.zeros((0, 1))

    def save_gait(self, scores: np.ndarray, mean: GaitParameters) -> None:
        """Keep the history of the gait search and its present result."""
        arrays = {"scores": scores, "gait": mean.vector()}
        check_finite(arrays, "the gait search")
        atomic_write_npz(self.path / "gait.npz", arrays, compress=False)

    def checkpoint(self) -> dict[str, Any] | None:
        """The last complete checkpoint of the practice, or None."""
        path = self.path / "checkpoint.npz"
        if not path.is_file():
            return None
        try:
            return read_tree(path)
        except InputError as error:
            print_progress(f"skipped: {error}")
            return None

    def save_checkpoint(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint; one whose learner is not finite would spoil the run for good."""
        check_finite(state["learner"], "the practice")
        atomic_write_bytes(self.path / "checkpoint.npz", tree_bytes(state))

    def finish(self, arrays: dict[str, np.ndarray], out: Path | None) -> Path:
        """Write the walker and its record; returns its file."""
        gait = dict(zip(PARAMETER_NAMES, arrays["gait"].tolist(), strict=True))
        residual = self.curve.get("residual")
        return self.publish(arrays, out, gait=gait, last=residual[-1] if residual else None)


class KickFolder(TuningFolder):
    """The run folder of a kick search.

    Attributes:
        vectors: search vector of every finished stage.
    """

    name = "kicks"
    command_name = "walker kick"

    def __init__(self, path: Path, config: Any) -> None:
        super().__init__(path, config)
        self.vectors = self._load_or_skip("stages.npz") or {}
        self._scores = self._load_or_skip("scores.npz") or {}

    def keep(self, stage: str, vector: np.ndarray) -> None:
        """Keep the result of a finished stage."""
        check_finite({stage: vector}, "the kick search")
        self.vectors[stage] = vector
        atomic_write_npz(self.path / "stages.npz", self.vectors)

    def scores(self, stage: str) -> np.ndarray:
        """Scores of a stage's finished generations, to repeat its search. Shape: (n, population)."""
        return self._scores.get(stage, np.zeros((0, 1)))

    def save_scores(self, stage: str, scores: list[np.ndarray]) -> None:
        """Keep the scores of a stage that is under way."""
        check_finite({stage: np.array(scores)}, "the kick search")
        self._scores = {stage: np.array(scores)}
        atomic_write_npz(self.path / "scores.npz", self._scores, compress=False)

    def finish(self, kicks: dict[str, Kick], out: Path | None, records: dict[str, dict]) -> Path:
        """Write the kicks and their records; returns their file."""
        arrays = {key: value for kick in kicks.values() for key, value in kick.arrays().items()}
        figures = {
            name: {key: float(getattr(kick, key)) for key in _FIGURES} | records.get(name, {})
            for name, kick in kicks.items()
        }
        return self.publish(arrays, out, kicks=figures)


def check_finite(arrays: Mapping[str, np.ndarray], what: str) -> None:
    """Keep what is not finite out of every file, however it came about.

    Raises:
        SimulationError: naming the first such array.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise SimulationError(
                f"{what} came to NaN or infinity in {name}; expected finite numbers (no file was "
                "changed); try another --seed or a smaller --learning-rate"
            )


def curve_of(metrics: Iterable[dict[str, Any]]) -> Curve:
    """The learning curve in a run's metrics: what a killed run did twice is there once.

    Example:
        >>> lines = [{"stage": "a", "steps": n, "seconds": s} for n, s in ((10, 1.0), (20, 2.0), (20, 9.0))]
        >>> curve_of(lines)
        {'a': [{'steps': 10, 'seconds': 1.0}, {'steps': 20, 'seconds': 9.0}]}
    """
    curve: Curve = {}
    for line in metrics:
        entry = dict(line)
        if "stage" in entry and "seconds" in entry:  # a line that somebody else wrote is no point of it
            _add(curve, entry.pop("stage"), entry)
    return curve


def _add(curve: Curve, stage: str, entry: dict[str, Any]) -> None:
    earlier = [one for one in curve.get(stage, []) if _count(one) < _count(entry)]
    curve[stage] = [*earlier, entry]


def _count(entry: dict[str, Any]) -> int:
    return entry.get("generation", entry.get("steps", 0))


def _flags(config: Any) -> list[str]:
    """The flags that differ from their defaults, without the folder of the run."""
    flags = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name != "save_dir" and value != field.default:
            flags += ["--" + field.name.replace("_", "-"), str(value)]
    return flags
