"""The command `dataset`: build one or let it be played, print what it holds, write the files."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from soccer_lib.control.kicks import NO_KICK, requested_kicks
from soccer_lib.demos import minari
from soccer_lib.demos.builder import build_dataset
from soccer_lib.demos.clips import fetch_clips
from soccer_lib.demos.collect import collect_dataset, parts_folder
from soccer_lib.demos.config import ClipDatasetConfig, DatasetSettings, PlayedDatasetConfig, flag
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import write_dataset
from soccer_lib.errors import InputError, Terminated
from soccer_lib.evaluation.result import aligned
from soccer_lib.runs import atomic_write_json
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.lock import FolderLock
from soccer_lib.runs.outputs import check_outputs


@dataclasses.dataclass(frozen=True)
class DatasetConfig(PlayedDatasetConfig, ClipDatasetConfig):
    """Build a dataset from motion clips, or with --from by letting a policy play."""

    def __post_init__(self) -> None:
        """Check both ways, and refuse a flag of the way that was not chosen: it would change nothing."""
        super().__post_init__()
        other = ClipDatasetConfig if self.from_policy else PlayedDatasetConfig
        shared = {field.name for field in dataclasses.fields(DatasetSettings)}
        for field in dataclasses.fields(other):
            if field.name not in shared and getattr(self, field.name) != field.default:
                purpose = "motion clips, without --from" if self.from_policy else "a policy's play, --from"
                raise InputError(
                    f"{flag(field.name)} came for another kind of dataset; expected it for {purpose}; drop it"
                )


def main(config: DatasetConfig) -> None:
    """Make the dataset that `config` describes.

    Raises:
        SoccerError: bad settings or clips, a failed episode, or a file that could not be written.
    """
    if config.fetch:
        print_progress(f"{len(fetch_clips(config.input_root))} clips are in {config.input_root}")
        if not config.output:
            return
    if not config.output:
        raise InputError("--output is missing; expected a file to write; try --output runs/clips.npz")
    paths = _output_paths(config)
    check_outputs([*paths, *(path.with_suffix(".json") for path in paths), config.report])
    if config.minari and not config.from_policy:
        raise InputError("--minari came for motion clips; expected it for a policy's play, --from; drop it")
    if config.minari:
        minari.check_folder(config.minari)
    try:
        _make(config, paths)
    except (KeyboardInterrupt, Terminated) as stop:
        if not parts_folder(config).is_dir():
            raise
        raise type(stop)("the same command with --resume goes on with its episodes") from None


def _make(config: DatasetConfig, paths: list[Path]) -> None:
    """Make the dataset and write its files."""
    lock = None
    if config.from_policy:
        dataset = collect_dataset(config)
        if parts_folder(config).is_dir():
            lock = FolderLock.take(parts_folder(config))  # until all files are written
        tasks = dict.fromkeys(dataset.column("tasks").tolist())
        figures = [_task_figures(dataset, task) for task in tasks]
    else:
        dataset, figures = build_dataset(config)
    lines = [_table(figures)]
    parts = dataset.split(config.split, config.seed) if config.split else (dataset,)
    for path, part in zip(paths, parts, strict=True):
        write_dataset(path, part, {"command": "dataset", "settings": config})
        lines.append(f"wrote {path}: {len(part)} samples of {len(part.source)} episodes")
    if config.minari:
        lines.append(f"wrote {minari.write_minari(config.minari, dataset)}")
    if config.report:
        atomic_write_json(config.report, {"settings": config, "figures": figures})
        lines.append(f"wrote {config.report}")
    # Only now: until all files are written, a stopped call can go on with the episodes.
    if lock:
        shutil.rmtree(parts_folder(config), ignore_errors=True)
    print("\n".join(lines))  # files first: the output may be full, or its reader gone


def _output_paths(config: DatasetSettings) -> list[Path]:
    """The npz files to write: one, or one for each side of the split."""
    output = Path(config.output)
    if not config.split:
        return [output]
    return [output.with_name(f"{output.stem}_{side}{output.suffix}") for side in ("train", "val")]


def _table(figures: list[dict[str, Any]]) -> str:
    """The single numbers and texts of clips or tasks, a line each."""
    columns = [name for name, value in figures[0].items() if isinstance(value, int | float | str)]
    rows = [[str(entry[name]) for name in columns] for entry in figures]
    return "\n".join(aligned([columns, *rows]))


def _task_figures(dataset: Dataset, task: str) -> dict[str, Any]:
    """What was played in one task."""
    episodes = dataset.column("tasks") == task
    actions = dataset.actions[episodes[dataset.episode_id]]
    return {
        "task": task,
        "episodes": int(episodes.sum()),
        "samples": len(actions),
        "success": round(float(dataset.column("success")[episodes].mean()), 3),
        "score": round(float(dataset.column("scores")[episodes].mean()), 3),
        "kicks": int((requested_kicks(actions) != NO_KICK).sum()) if dataset.control == "command" else 0,
        "mean": actions.mean(axis=0),
        "std": actions.std(axis=0),
    }
