"""Steps as processes: what is done is skipped, gates stop, kills lose nothing, folders are put aside."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from soccer_lib.cli.main import main
from soccer_lib.runs.folder import CHECKOUT
from tests.support.commands import start

STEPS = """
[settings]
seed = 10000
[[steps]]
name = "stand"
command = "evaluate --policy stand --tasks penalty_kick --episodes 1 --workers 1 --json {here}/score.json"
outputs = ["score.json"]
[[steps]]
name = "zero"
command = '''evaluate --policy zero --tasks penalty_kick --episodes 1 --workers 1 --seed {seed}
  --json {here}/s.json'''
outputs = ["s.json"]
[[steps.gates]]
file = "{here}/s.json"
figure = "penalty_kick/success_rate"
of = "{stand}/score.json"
of_figure = "penalty_kick/n_episodes"
share = 0.5
try = "another policy"
[[steps]]
name = "last"
command = "inspect env --task penalty_kick"
needs = ["zero"]
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a runbook in an empty folder as the command does; returns exit code, records by step."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))

    def call(text, *words):
        Path("mine.toml").write_text(text)
        code = main(["runbook", "run", "mine.toml", *words])
        file = Path("runs/runbook/mine/steps.json")
        return code, json.loads(file.read_text()) if file.is_file() else {}

    return call


def test_a_gate_stops_what_is_done_is_skipped_and_a_change_runs_what_depends_on_it(run, capsys):
    code, records = run(STEPS)
    told = capsys.readouterr()
    assert code == 1 and records["last"]["status"] == "waits"
    [line] = told.err.splitlines()
    assert "zero: gate closed: penalty_kick/success_rate 0, at least 0.5 (50% of" in line
    assert "try: another policy; or --past zero" in line
    page = Path("runs/runbook/mine/runbook.html").read_text()
    assert "stopped at a gate" in page and "CLOSED: penalty_kick/success_rate" in page

    code, records = run(STEPS, "--past", "zero")
    told = capsys.readouterr().out
    assert code == 0 and told.count("done before and unchanged, skipped") == 2
    assert {name: record["status"] for name, record in records.items()} == dict.fromkeys(
        ("stand", "zero", "last"), "done"
    )
    assert "penalty_kick" in Path("runs/runbook/mine/logs/last.log").read_text()
    before = json.loads(Path("runs/runbook/mine/outputs.json").read_text())
    assert set(before) == {"all", "stand/score.json", "zero/s.json"}

    code, records = run(STEPS, "--past", "zero", "--set", "seed", "10001")
    told = capsys.readouterr().out
    assert code == 0 and "step 1 of 3: stand: done before" in told
    assert "step 2 of 3: zero: its command changed" in told
    assert "step 3 of 3: last: its input runs/runbook/mine/zero/s.json changed" in told
    # What another setting made is put aside, not lost.
    old, new = (Path(f"runs/runbook/mine/{name}/s.json") for name in ("zero.before-1", "zero"))
    assert [json.loads(path.read_text())["settings"]["seed"] for path in (old, new)] == [10000, 10001]


def test_a_step_that_fails_is_one_line_with_its_exit_code(run, capsys):
    code, records = run(STEPS.replace("--policy stand", "--policy nobody"))
    [line] = capsys.readouterr().err.splitlines()
    assert code == 2 and line.startswith("error: step stand: unknown policy 'nobody'; expected one of")
    assert "logs/stand.log" in line and records["stand"]["status"] == "failed"
    code, records = run(STEPS.replace('outputs = ["score.json"]', 'outputs = ["result.json"]'))
    assert code == 2 and "left no" in capsys.readouterr().err


CLONE = """
[[steps]]
name = "clone"
command = '''bc --dataset DATASET --epochs 80 --patience 80 --net-arch 64,64 --batch-size 32 --no-mirror
  --out {here}'''
outputs = ["final_model.safetensors", "final_model.json"]
"""


def test_what_a_step_had_is_back_where_it_refused_something_else_than_its_folder(run, monkeypatch, capsys):
    """A machine without its GPU refuses the command, whichever folder it is given."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    text = CLONE.replace("DATASET", "{data}/demos/striker.npz").replace("--out", "--device cuda --out")
    here = Path("runs/runbook/mine/clone")
    assert run(text)[0] == 2
    here.mkdir(exist_ok=True)
    (here / "metrics.jsonl").write_text("an epoch")
    capsys.readouterr()
    code, records = run(text)
    told = capsys.readouterr()
    assert code == 2 and records["clone"]["status"] == "failed" and "it begins anew" in told.out
    assert "expected one that this machine has" in told.err
    assert (here / "metrics.jsonl").read_text() == "an epoch"


def epochs(place: Path) -> int:
    file = place / "runs/runbook/mine/clone/metrics.jsonl"
    return len(file.read_text().splitlines()) if file.is_file() else 0


def begun(place: Path, more: int = 3):
    """Begin the runbook, and wait until its step has learned some more epochs."""
    before = epochs(place)
    process = start(["runbook", "run", "mine.toml"], place)
    until = time.monotonic() + 200
    while epochs(place) < before + more:
        assert time.monotonic() < until and process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def step_record(place: Path) -> dict:
    return json.loads((place / "runs/runbook/mine/steps.json").read_text())["clone"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc").is_dir() else True


def test_kills_of_the_runbook_and_of_its_step_lose_nothing(tmp_path, dataset):
    places = [tmp_path / name for name in ("alone", "killed")]
    for place in places:
        place.mkdir()
        (place / "mine.toml").write_text(CLONE.replace("DATASET", dataset))
    alone = start(["runbook", "run", "mine.toml"], places[0])
    assert alone.wait(300) == 0, alone.communicate()

    process = begun(places[1])
    process.kill()  # the runbook alone: its step goes on
    process.communicate()
    pid = step_record(places[1])["pid"]
    assert alive(pid)
    os.kill(pid, signal.SIGSTOP)  # so that it cannot come to its end before the next call looks

    process = start(["runbook", "run", "mine.toml"], places[1])
    assert process.stdout
    found = any(f"(process {pid}) is still at it" in line for line in iter(process.stdout.readline, ""))
    os.kill(pid, signal.SIGCONT)
    assert found
    process.send_signal(signal.SIGTERM)  # which it passes on to the step that it found
    _, err = process.communicate(timeout=100)
    assert process.returncode == 143 and "the same command goes on with it" in err and not alive(pid)
    assert step_record(places[1])["status"] == "stopped"

    process = begun(places[1])
    process.kill()  # both, as in a power cut
    process.communicate()
    record = step_record(places[1])
    os.kill(record["pid"], signal.SIGKILL)
    assert (record["status"], record["starts"]) == ("running", 2)

    last = start(["runbook", "run", "mine.toml"], places[1])
    assert last.wait(300) == 0, last.communicate()
    ends = [json.loads((place / "runs/runbook/mine/outputs.json").read_text()) for place in places]
    assert ends[0] == ends[1] and len(ends[0]) == 3
    assert not (places[1] / "runs/runbook/mine/clone.before-1").exists()
