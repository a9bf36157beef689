"""Training in stages: run after run, each from the best policy of the one before, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from soccer_lib.evaluation.result import aligned
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.train import train
from soccer_lib.policies import Policy, load_policy
from soccer_lib.runs import RunFolder
from soccer_lib.runs.files import atomic_copy, atomic_write_json, atomic_write_text, load_record
from soccer_lib.runs.folder import metrics_of
from soccer_lib.runs.heartbeat import print_progress

TABLE = "stages"
"""Name of the table's files in the folder."""

_SHOWN = ("reward_profile", "lr", "tau", "action_noise_sigma", "total_timesteps")


def train_stages(folder: Path, stages: Sequence[TrainConfig]) -> Policy:
    """Train stages in turn; the same call goes on where it was, bit for bit as `train` does.

    Args:
        folder: of all of them, with `stages.json` and `stages.md`; the last stage's best policy is copied
            into it, so that the folder is one to evaluate or to export.
        stages: settings of each; all but the first start from the folder of the one before.

    Returns:
        The best policy of the last stage.

    Raises:
        InputError: the folder is of other stages, or a stage's settings make no run.
        ResourceError: see `train`.
        SimulationError: see `train`.
        KeyboardInterrupt: Ctrl-C; the state is saved, and the same call goes on from it.
    """
    names = [Path(stage.save_dir).name for stage in stages]
    run = RunFolder.open(folder, {"stages": " ".join(names)}, "stages")
    run.set_status("running")
    try:
        for number, stage in enumerate(stages):
            print_progress(f"stage {number + 1} of {len(stages)}: {names[number]}")
            write_table(run.path, stages)
            train(stage)
        write_table(run.path, stages)
    except BaseException:
        write_table(run.path, stages)
        run.set_status("stopped")
        raise
    last = Path(stages[-1].save_dir)
    atomic_copy(sorted(last.glob("best_model_competition*")), run.path)
    run.set_status("done", stages=len(stages))
    return load_policy(run.path)


def write_table(folder: Path, stages: Sequence[TrainConfig]) -> str:
    """Write what each stage is and came to as JSON and as text; returns the text.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    records = [_record(stage) for stage in stages]
    rows = [[_cell(value) for value in one.values()] for one in records]
    text = "\n".join(aligned([list(records[0]), *rows]))
    atomic_write_json(folder / f"{TABLE}.json", records)
    atomic_write_text(folder / f"{TABLE}.md", f"```\n{text}\n```\n")
    return text


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _record(stage: TrainConfig) -> dict[str, Any]:
    """Settings of a stage, and its figures on fresh episodes where it is done."""
    folder = Path(stage.save_dir)
    settings = stage.resolved()
    status: dict[str, Any] = {"status": "waits"}
    if (folder / "status.json").is_file():
        status = load_record(folder / "status.json")
    lines = metrics_of(folder)
    return {
        "stage": folder.name,
        **{name: getattr(settings, name) for name in _SHOWN},
        "minutes": round(lines[-1]["minutes"], 1) if lines else "",
        "official_score": status.get("comp_eval/C_overall", ""),
        "best_step": status.get("step", "") if status["status"] == "done" else "",
        "status": status["status"],
    }
