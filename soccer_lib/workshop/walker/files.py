"""Folders of the tuning runs: checkpoints, curve, progress line, and the finished file with its record."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from soccer_lib.control.gait import PARAMETER_NAMES, GaitParameters
from soccer_lib.control.kicks import Kick
from soccer_lib.errors import InputError
from soccer_lib.runs.files import (
    atomic_write_json,
    atomic_write_npz,
    atomic_write_text,
    load_json,
    load_npz,
    resource_errors,
    sha256_of,
)
from soccer_lib.runs.folder import machine_record, version_record

_MAY_CHANGE = ("total_steps",)  # a run may be made longer or shorter on the way
_FIGURES = ("direction", "speed", "height", "line_speed", "height_spread")  # of a kick, in its record
_NOT_DECIDING = ("save_dir", "out", "log_interval", "checkpoint_interval")


class TuningFolder:
    """The run folder of one tuning. A kill at any moment leaves every file whole."""

    name = ""
    command_name = ""

    def __init__(self, path: Path, config) -> None:  # noqa: ANN001
        """Open or create it.

        Args:
            path: the folder.
            config: a flat dataclass with the settings.

        Raises:
            InputError: the folder holds a run of other settings.
            ResourceError: the folder cannot be made.
        """
        self.path = path
        settings = {k: v for k, v in dataclasses.asdict(config).items() if k not in _NOT_DECIDING}
        self.settings = settings
        self.command = shlex.join(["python", "-m", "soccer_lib", *self.command_name.split(), *_flags(config)])
        if (path / "config.json").is_file():
            known = load_json(path / "config.json")
            changed = sorted(k for k in settings if k not in _MAY_CHANGE and known.get(k) != settings[k])
            if changed:
                raise InputError(
                    f"{path} holds a run of other settings ({', '.join(changed)}); expected equal ones; "
                    "choose another --save-dir"
                )
        atomic_write_json(path / "config.json", settings)
        stored = path / "curve.json"
        self.curve = load_json(stored) if stored.is_file() else {}
        done = [entry["seconds"] for stage in self.curve.values() for entry in stage]
        self.started = time.monotonic() - max(done, default=0.0)

    def _load_or_skip(self, name: str) -> dict[str, np.ndarray] | None:
        if not (self.path / name).is_file():
            return None
        try:
            return load_npz(self.path / name)
        except InputError as error:
            print(f"skipped: {error}", flush=True)
            return None

    def log(self, stage: str, entry: dict, share: float) -> None:
        """Append to the learning curve, print a line and keep it in progress.txt."""
        seconds = time.monotonic() - self.started
        entry = {key: float(f"{v:.5g}") if isinstance(v, float) else v for key, v in entry.items()}
        earlier = [e for e in self.curve.get(stage, []) if _count(e) < _count(entry)]
        self.curve[stage] = [*earlier, {**entry, "seconds": round(seconds, 1)}]
        atomic_write_json(self.path / "curve.json", self.curve)
        shown = "  ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in entry.items())
        line = f"{stage} {share:.1%}  {seconds:.0f} s  {shown}"
        print(line, flush=True)
        atomic_write_text(self.path / "progress.txt", line + "\n")

    def publish(self, arrays: dict[str, np.ndarray], out: Path | None, **extra) -> Path:  # noqa: ANN003
        """Write NAME.npz and NAME.json into the run folder and, where given, a second folder.

        Args:
            arrays: content of the npz file.
            out: second folder.
            extra: what the record tells besides hash, command, settings, machine and versions.

        Returns:
            The file.
        """
        file = self.path / f"{self.name}.npz"
        atomic_write_npz(file, arrays)
        last = max((e["seconds"] for stage in self.curve.values() for e in stage), default=0.0)
        record = {
            "sha256": sha256_of(file),
            "command": self.command,
            "settings": self.settings,
            "minutes": round(last / 60, 1),
            "machine": machine_record(),
            "versions": {**version_record(), "cma": version("cma")},
            **extra,
        }
        atomic_write_json(file.with_suffix(".json"), record)
        if out is None:
            return file
        with resource_errors(out, f"copy the {self.name} to"):
            out.mkdir(parents=True, exist_ok=True)
            for name in (file.name, "curve.json", f"{self.name}.json"):
                shutil.copyfile(self.path / name, out / name)
        return out / file.name


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
        atomic_write_npz(self.path / "gait.npz", {"scores": scores, "gait": mean.vector()}, compress=False)

    def checkpoint(self) -> dict[str, np.ndarray] | None:
        """The last complete checkpoint of the practice, or None."""
        return self._load_or_skip("checkpoint.npz")

    def save_checkpoint(self, arrays: dict[str, np.ndarray]) -> None:
        """Replace the checkpoint."""
        atomic_write_npz(self.path / "checkpoint.npz", arrays, compress=False)

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

    def __init__(self, path: Path, config) -> None:  # noqa: ANN001
        super().__init__(path, config)
        self.vectors = self._load_or_skip("stages.npz") or {}
        self._scores = self._load_or_skip("scores.npz") or {}

    def keep(self, stage: str, vector: np.ndarray) -> None:
        """Keep the result of a finished stage."""
        self.vectors[stage] = vector
        atomic_write_npz(self.path / "stages.npz", self.vectors)

    def scores(self, stage: str) -> np.ndarray:
        """Scores of a stage's finished generations, to repeat its search. Shape: (n, population)."""
        return self._scores.get(stage, np.zeros((0, 1)))

    def save_scores(self, stage: str, scores: list[np.ndarray]) -> None:
        """Keep the scores of a stage that is under way."""
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


def _flags(config) -> list[str]:  # noqa: ANN001
    """The flags that differ from their defaults, without the folder of the run."""
    changed = [f for f in dataclasses.fields(config) if getattr(config, f.name) != f.default]
    return [
        part
        for field in changed
        if field.name != "save_dir"
        for part in ("--" + field.name.replace("_", "-"), str(getattr(config, field.name)))
    ]


def _count(entry: dict) -> int:
    return entry.get("generation", entry.get("steps", 0))
