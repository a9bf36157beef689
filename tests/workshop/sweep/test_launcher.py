"""Who begins workers: the command's own processes, submitit on this machine, and what it hands to Slurm."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import time
from pathlib import Path

import pytest

from soccer_lib.cli.main import main
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.runs import load_json
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.workshop.sweep import launcher
from soccer_lib.workshop.sweep.config import STORAGE
from soccer_lib.workshop.sweep.launcher import Submitted, SubmittedWorker, Workforce
from tests.workshop.sweep.studies import begun, space_file, tiny


class Scripted:
    """A worker whose outcomes are known."""

    def __init__(self, *outcomes: str | None) -> None:
        self.name = "scripted"
        self.outcomes = list(outcomes)

    def outcome(self) -> str | None:
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    def stop(self) -> None:
        self.outcomes = ["done"]

    def kill(self) -> None:
        self.outcomes = ["killed"]


def crew_of(config, monkeypatch, *workers: Scripted) -> Workforce:
    crew = Workforce(config)
    waiting = list(workers)
    monkeypatch.setattr(crew, "_launcher", type("L", (), {"start": lambda self: waiting.pop(0)})())
    return crew


def test_a_killed_worker_is_replaced_and_one_that_fails_is_not(tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    crew = crew_of(tiny(tmp_path), monkeypatch, Scripted(None, "killed"), Scripted("done"), Scripted("done"))
    crew.begin(most=5)
    assert len(crew.jobs) == 2, "as many as --workers, not as there are trials"
    assert crew.at_work() == 1 and crew.at_work() == 1 and crew.lost == 1
    assert crew.at_work() == 0 and not crew.failures
    crew = crew_of(tiny(tmp_path), monkeypatch, Scripted("no space; expected x; y (exit code 3, see log)"))
    crew.begin(most=1)
    assert crew.at_work() == 0
    with pytest.raises(OSError, match="no space; .*nothing is lost"):
        crew.fail()


def test_a_worker_that_does_not_hear_is_killed_when_the_sweep_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "_LEAVE", 0.2)
    hears, deaf = Scripted(None), Scripted(None)
    monkeypatch.setattr(deaf, "stop", lambda: None)
    crew = crew_of(tiny(tmp_path), monkeypatch, hears, deaf)
    crew.begin(most=2)
    crew.stop()
    assert (hears.outcomes, deaf.outcomes) == (["done"], ["killed"])


def test_workers_that_are_killed_again_and_again_end_the_sweep(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "MOST_LOST", 2)
    crew = crew_of(tiny(tmp_path, workers=1), monkeypatch, *[Scripted("killed") for _ in range(9)])
    crew.begin(most=3)
    with pytest.raises(SimulationError, match="3 workers were killed; .*fewer --workers"):
        for _ in range(9):
            crew.at_work()


def test_the_command_from_its_trials_to_the_named_one_and_once_more_without_work(tmp_path, walker, capsys):
    space = space_file(tmp_path, total_timesteps=16)
    words = ["sweep", "--study", "two", "--space", space, "--trials", "2", "--workers", "1"]
    words += ["--episodes", "2", "--top", "1", "--fresh-runs", "0", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    text = capsys.readouterr().out
    folder = tmp_path / "out" / "two"
    record = load_json(folder / "sweep.json")
    assert record["counts"] == {"done": 2, "pruned": 0, "failed": 0}
    assert f"best: trial {record['best']}" in text and "made again by: python -m soccer_lib train" in text
    assert (folder / "rungs.png").is_file() and (folder / "best_model_competition.safetensors").is_file()
    assert load_json(folder / "status.json")["status"] == "done"
    assert sorted(record["trials"], key=lambda one: -one["value"])[0]["number"] == record["best"]
    before = [path.name for path in (folder / "workers").iterdir()]
    assert main(words) == 0
    assert [path.name for path in (folder / "workers").iterdir()] == before, "nothing was left to do"


def test_submitit_begins_a_preempted_worker_again_where_it_was(tmp_path, walker):
    pytest.importorskip("submitit", reason="submitit is not installed: pip install submitit")
    config = tiny(tmp_path, trials=2, pruner="none", launcher="local")
    study = begun(config)
    environment = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CHECKOUT), environment]))
    try:
        job = Submitted(dataclasses.replace(config, space="")).start()
    finally:
        os.environ["PYTHONPATH"] = environment
    while not any(one.rungs for one in study.trials()):
        assert job.outcome() is None, job.job.stderr()
        time.sleep(0.1)
    # What Slurm sends a job that has to make room.
    [worker] = re.findall(r"^worker (\d+) begins", job.job.stdout(), re.MULTILINE)[-1:]
    os.kill(int(worker), signal.SIGUSR2)
    while job.outcome() is None:
        time.sleep(0.2)
    assert job.outcome() == "done", job.job.stderr()
    assert "preempted" in job.job.stderr() and "goes on with" in job.job.stdout()
    assert [one.state for one in study.trials()] == ["done", "done"]


def test_what_slurm_is_handed(tmp_path, monkeypatch):
    """A stand-in for sbatch keeps the script: no cluster is here."""
    pytest.importorskip("submitit", reason="submitit is not installed: pip install submitit")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, lines in {
        "srun": "",
        "sbatch": f'cp "$1" {tmp_path}/script; echo Submitted batch job 12',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{lines}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv(STORAGE, raising=False)
    asked = "slurm_partition=main timeout_min=90 mem_gb=3"
    config = tiny(tmp_path, launcher="slurm", slurm=asked, storage="postgresql://a:secret@b/c")
    job = Submitted(config).start()
    assert job.name == "job 12" and os.environ.pop(STORAGE) == config.storage
    script = (tmp_path / "script").read_text()
    for line in ("--partition=main", "--time=90", "--mem=3GB", "--cpus-per-task=1", "--job-name=sweep_tiny"):
        assert f"#SBATCH {line}\n" in script
    assert "#SBATCH --signal=USR2@" in script, "so that a preempted worker is requeued"
    pickled = b"".join(path.read_bytes() for path in Path(config.folder, "jobs").rglob("*.pkl"))
    assert b"tiny" in pickled and b"secret" not in pickled
    assert type(SubmittedWorker(config).checkpoint()).__name__ == "DelayedSubmission"


def test_slurm_where_there_is_none_and_parameters_that_it_does_not_know(tmp_path, monkeypatch):
    pytest.importorskip("submitit", reason="submitit is not installed: pip install submitit")
    with pytest.raises(InputError, match="Unknown argument 'partitoin'.*mend it"):
        Workforce(tiny(tmp_path, launcher="local", slurm="slurm_partitoin=x"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="there is no srun; .*--launcher local"):
        Workforce(tiny(tmp_path, launcher="slurm"))
    assert not tiny(tmp_path).folder.exists()
