"""Workers that join, are killed and leave: every trial has one result, on a journal and on PostgreSQL."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from soccer_lib.cli.main import main
from soccer_lib.runs import load_json
from soccer_lib.runs.folder import metrics_of
from soccer_lib.workshop.sweep.config import SweepConfig
from soccer_lib.workshop.sweep.study import Study
from soccer_lib.workshop.sweep.worker import SweepWorker
from tests.workshop.sweep.studies import begun, in_child, space_file, tiny


def killed_in_its_trial(config: SweepConfig) -> None:
    """Let a worker join, and be killed behind the first rung of whatever trial it takes."""

    def work() -> None:
        judge = Study.judge

        def judge_and_die(self, claim, step, score, notes):
            judge(self, claim, step, score, notes)
            os.kill(os.getpid(), signal.SIGKILL)

        Study.judge = judge_and_die  # of this child alone
        SweepWorker(config)()

    assert os.waitpid(in_child(work), 0)[1] == signal.SIGKILL


def check_results(study: Study, count: int, rollouts: list[int]) -> None:
    """One result for each trial, and no step learned twice."""
    trials = study.trials()
    assert [one.state for one in trials] == ["done"] * count
    for one in trials:
        folder = study.folder_of(one)
        assert one.value == load_json(folder / "status.json")["comp_eval/C_overall"]
        steps = [line["step"] for line in metrics_of(folder)]
        assert steps == [*rollouts, rollouts[-1]], "each rollout once, and the last evaluation"


def test_a_worker_that_is_killed_twice_loses_no_trial_and_repeats_none(tmp_path, walker):
    space = space_file(tmp_path, total_timesteps=64)
    config = tiny(tmp_path, space=space, trials=3, pruner="none")
    study = begun(config)
    config = dataclasses.replace(config, space="")
    other = in_child(SweepWorker(config))
    for _ in range(2):
        killed_in_its_trial(config)
    last = in_child(SweepWorker(config))
    assert os.waitpid(last, 0)[1] == 0 and os.waitpid(other, 0)[1] == 0
    check_results(study, 3, [16, 32, 48, 64])
    lines = [json.loads(line) for line in (study.folder / "journal.jsonl").read_text().splitlines()]
    ends = Counter(line["trial_id"] for line in lines if line["op_code"] == 6 and line["state"] == 1)
    assert ends == {number: 1 for number in range(3)}, "told once each"


@pytest.fixture
def postgres() -> Iterator[tuple[str, Callable[..., None]]]:
    """Address of a PostgreSQL of the test's own, and what controls it."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
    found = [shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    programs = next((Path(one).resolve().parent for one in found if one), None)
    if programs is None:
        pytest.skip("no PostgreSQL on this machine: Debian's package postgresql brings one")
    # Its server refuses to be root, and the user of Debian's package cannot see into pytest's folders.
    owner = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(dir=Path("/var/tmp")))
    try:
        if owner:
            shutil.chown(folder, **owner)
    except LookupError:
        folder.rmdir()
        pytest.skip("no user postgres on this machine, and root may not run a server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, **owner}
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"], check=True, **quiet
        )
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]

        def server(*words: str) -> None:
            subprocess.run([*control, "-o", options, *words], check=True, **quiet)

        server("start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres", server
        finally:
            server("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_two_workers_on_postgresql_one_of_them_killed(tmp_path, walker, postgres, capsys):
    url, server = postgres
    config = tiny(tmp_path, trials=3, pruner="none", storage=url, heartbeat=1)
    study = begun(config)
    config = dataclasses.replace(config, space="")
    other = in_child(SweepWorker(config))
    killed_in_its_trial(config)
    last = in_child(SweepWorker(config))
    assert os.waitpid(last, 0)[1] == 0 and os.waitpid(other, 0)[1] == 0
    check_results(study, 3, [16, 32])
    # The same name from another folder is another study, which this storage does not know.
    words = [
        "sweep",
        "--study",
        "tiny",
        "--out",
        str(tmp_path / "else"),
        "--space",
        str(tmp_path / "space.json"),
    ]
    assert main([*words, "--storage", url]) == 2
    assert "study tiny in the storage is not that of" in capsys.readouterr().err
    # A server that is away for a while is waited for.
    before = study.trials()
    server("-m", "immediate", "stop")
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(study.trials)
        time.sleep(0.5)
        assert not asked.done()
        server("start")
        assert asked.result(timeout=60) == before
    assert "does not answer; waiting up to 10 minutes" in capsys.readouterr().out
