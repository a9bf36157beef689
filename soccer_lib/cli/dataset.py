"""The command `dataset`: build it or let it be played, print what is in it, write the files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from soccer_lib.control.kicks import requested_kick
from soccer_lib.demos import minari
from soccer_lib.demos.builder import build_dataset
from soccer_lib.demos.clips import fetch_clips
from soccer_lib.demos.collect import collect_dataset, parts_folder
from soccer_lib.demos.config import DatasetConfig
from soccer_lib.demos.dataset import Dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.evaluation.result import aligned
from soccer_lib.runs import atomic_write_json
from soccer_lib.runs.outputs import check_outputs


def main(config: DatasetConfig) -> None:
    """Make the dataset that `config` describes.

    Raises:
        SoccerError: bad settings or clips, a failed episode, or a file that could not be written.
    """
    if config.fetch:
        print(f"{len(fetch_clips(config.input_root))} clips are in {config.input_root}")
    if not config.output:
        if config.fetch:
            return
        raise InputError("--output is missing; expected a file to write; try --output runs/clips.npz")
    output, ends = Path(config.output), ("_train", "_val") if config.split else ("",)
    names = [output.with_name(f"{output.stem}{end}{output.suffix}") for end in ends]
    check_outputs([*names, *(name.with_suffix(".json") for name in names), config.report])
    if config.minari:
        minari.check_folder(config.minari)
    if config.from_policy:
        dataset = collect_dataset(config)
        figures = [_task_figures(dataset, task) for task in dict.fromkeys(dataset.tasks.tolist())]
    else:
        dataset, figures = build_dataset(config)
    shown = [name for name, value in figures[0].items() if isinstance(value, int | float | str)]
    print("\n".join(aligned([shown, *([str(entry[name]) for name in shown] for entry in figures)])))
    parts = dataset.split(config.split, config.seed) if config.split else (dataset,)
    for name, part in zip(names, parts, strict=True):
        write_dataset(name, part, {"command": "dataset", "settings": config})
        print(f"wrote {name}: {len(part)} samples of {len(part.source)} episodes")
    if config.minari:
        print(f"wrote {minari.write_minari(config.minari, dataset)}")
    if config.report:
        atomic_write_json(config.report, {"settings": config, "figures": figures})
        print(f"wrote {config.report}")
    shutil.rmtree(parts_folder(config), ignore_errors=True)


def _task_figures(dataset: Dataset, task: str) -> dict[str, Any]:
    mine = dataset.tasks == task
    actions = dataset.actions[mine[dataset.episode_id]]
    return {
        "task": task,
        "episodes": int(mine.sum()),
        "samples": len(actions),
        "success": round(float(dataset.success[mine].mean()), 3),
        "score": round(float(dataset.scores[mine].mean()), 3),
        "kicks": int((requested_kick(actions) >= 0).sum()) if dataset.control == "command" else 0,
        "mean": actions.mean(axis=0),
        "std": actions.std(axis=0),
    }
