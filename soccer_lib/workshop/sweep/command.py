"""The command `sweep`: begin or go on with a study, look after its workers, name its best trial."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import secrets
import time
from pathlib import Path
from typing import Any

from soccer_lib.cli.stages import typed_flags
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.formats.settings import ENDINGS
from soccer_lib.runs import RunFolder, atomic_write_json
from soccer_lib.runs.files import load_record, sha256_of
from soccer_lib.runs.heartbeat import Heartbeat
from soccer_lib.workshop.sweep.config import STORAGE, SweepConfig
from soccer_lib.workshop.sweep.space import Space, read_space

MAY_DIFFER = (
    "trials", "budget", "top", "fresh_runs", "episodes", "workers", "launcher", "slurm", "storage",
    "heartbeat", "keep_checkpoints", "worker", "out", "flags",
)  # fmt: skip
"""Settings that a sweep may go on with other values of."""

_FILES = ("dataset", "validation", "bc_weights", "bc_replay_dataset", "vecnormalize_path")
"""Settings that name files: their content must stay."""

_FILES_OR_TEXT = ("reward_weights", "curriculum", "randomise")

_SAY = 10.0
"""Least time between two lines of progress [s]."""


def main(config: SweepConfig) -> None:
    """Sweep, or be one worker of a sweep.

    Raises:
        SoccerError: bad settings, a storage that does not answer, trials that fail one after the other.
        KeyboardInterrupt, Terminated: trials are saved; the same command goes on.
    """
    if not importlib.util.find_spec("optuna"):
        raise InputError("sweep came and optuna is not installed; expected it; try: pip install optuna")
    # Not at the top: --help does without torch and optuna, which take seconds.
    from soccer_lib.workshop.sweep.worker import SweepWorker

    if config.worker:
        SweepWorker(config)()
    else:
        sweep(config)


def sweep(config: SweepConfig) -> dict[str, Any]:
    """Begin a study or go on with it, to its result.

    Returns:
        The content of `sweep.json`.
    """
    from soccer_lib.workshop.sweep.best import name_best
    from soccer_lib.workshop.sweep.launcher import Workforce
    from soccer_lib.workshop.sweep.report import write_sweep

    crew = Workforce(config)
    run, study = begin(config)
    try:
        _work(crew, study, fresh=False)
        _add_fresh(config, study)
        _work(crew, study, fresh=True)
        result = name_best(config, study)
        text = write_sweep(config, study, result)
    except BaseException:
        crew.stop()
        run.set_status("stopped")
        raise
    run.set_status("done", best=result["best"])
    print(text)
    return result


def begin(config: SweepConfig) -> tuple[RunFolder, Any]:
    """Make a study with its trials waiting, or take up the one that is there.

    Returns:
        Its run folder, and the study.

    Raises:
        InputError: a wrong space, other settings than it was begun with, or another version of the project.
        ResourceError: its storage does not answer; nothing was written.
    """
    from soccer_lib.workshop.sweep.storage import open_storage
    from soccer_lib.workshop.sweep.study import Study

    space = _space(config)
    _check_seeds(config, space)
    url = config.storage or os.environ.get(STORAGE, "")
    if url:
        open_storage(url, config.folder, config.heartbeat)  # before anything is written
    run = _folder(config, space)
    plan = _plan(config, space)
    study = Study.begin(open_storage(url, config.folder, config.heartbeat), plan, config.folder)
    study.set_budget(config.budget)
    study.add(config.trials)
    run.set_status("running")
    return run, study


def _space(config: SweepConfig) -> Space:
    """What trials vary: of a study that is there what its folder says, where nothing else came."""
    record = config.folder / "config.json"
    if not config.space and record.is_file():
        source = load_record(record, "config")["config"].get("space")
        return read_space(source, typed_flags(config.flags))
    if not config.space:
        raise InputError(
            f"study {config.study} is new and came without --space; expected what its trials vary; try "
            "--space ppo"
        )
    return read_space(config.space, typed_flags(config.flags))


def _check_seeds(config: SweepConfig, space: Space) -> None:
    drawn = {one.name: one.edges[0] for one in space.parameters}
    space.config(drawn, config.seed + config.seeds + config.fresh_runs - 1, "runs/trial")


def _folder(config: SweepConfig, space: Space) -> RunFolder:
    """The study's run folder, which one sweep at a time has; workers have those of their trials."""
    content = {
        name: value for name, value in dataclasses.asdict(config).items() if name not in ("storage", "flags")
    }
    content |= {"space": space.to_table(), "inputs_sha256": _hashes(space)}
    return RunFolder.open(config.folder, content, "sweep", ignore=MAY_DIFFER)


def _hashes(space: Space) -> dict[str, str]:
    """Of the files that trials begin from.

    Raises:
        InputError: one is missing.
    """
    hashes: dict[str, str] = {}
    for setting in (*_FILES, *_FILES_OR_TEXT):
        value = space.fixed.get(setting, "")
        for name in value if isinstance(value, list) else [value]:
            text = setting in _FILES_OR_TEXT and not str(name).endswith(ENDINGS)
            if not name or name == "best" or text:
                continue
            if not Path(name).exists():
                raise InputError(
                    f"{setting} names {name}, which is not there; expected a file; check the path"
                )
            files = [Path(name)] if Path(name).is_file() else sorted(Path(name).glob("*.safetensors"))
            hashes |= {str(file): sha256_of(file) for file in files}
    return hashes


def _plan(config: SweepConfig, space: Space) -> Any:
    """What all workers agree on; its mark is drawn once and stays in the folder."""
    from soccer_lib.workshop.sweep.plan import Plan
    from soccer_lib.workshop.sweep.worker import MARK

    file = config.folder / MARK
    if not file.is_file():
        atomic_write_json(file, {"study": config.study, "mark": secrets.token_hex(8)})
    mark = load_record(file)["mark"]
    return Plan(config.study, mark, space, config.seeds, config.seed, config.sampler, config.pruner)


def _add_fresh(config: SweepConfig, study: Any) -> None:
    """Let fresh runs of the best trials wait."""
    from soccer_lib.workshop.sweep.best import ranked

    for trial in ranked(study)[: config.top]:
        for run in range(config.fresh_runs):
            study.add_fresh(trial, study.plan.seeds + run)


def _work(crew: Any, study: Any, fresh: bool) -> None:
    """Let workers do what there is to do.

    Args:
        crew: the workers.
        study: what they work for.
        fresh: for runs of the best trials with fresh seeds.

    Raises:
        SoccerError: see `Workforce`; or no worker is left, and the first of their errors is told.
    """
    from soccer_lib.workshop.sweep.worker import out_of_budget

    def waiting() -> list[Any]:
        trials = [one for one in study.trials() if (one.fresh_of is not None) == fresh and not one.ended]
        spent = not fresh and out_of_budget(study)
        return [one for one in trials if one.state == "running" or one.drawn or not spent]

    left = waiting()
    if not left:
        return
    total = len([one for one in study.trials() if (one.fresh_of is not None) == fresh])
    unit = "fresh runs" if fresh else "trials"
    beat = Heartbeat(
        study.folder / "progress.txt", total, unit, study.plan.name, every=_SAY, start=total - len(left)
    )
    crew.begin(len(left))
    while crew.at_work():
        time.sleep(1.0)
        trials = [one for one in study.trials() if (one.fresh_of is not None) == fresh]
        done = [one.value for one in trials if one.state == "done" and one.value is not None]
        ended = sum(one.ended for one in trials)
        if ended < total:
            best = f"best {max(done):.2f}, " if done else ""
            pruned = sum(one.state == "pruned" for one in trials)
            beat.update(ended, f"{best}{pruned} pruned, {crew.lost} workers lost")
    if waiting() and crew.failures:
        crew.fail()
    if waiting():
        raise SimulationError(
            f"workers left with {len(waiting())} to do; expected all done; give the same command: it goes on"
        )
