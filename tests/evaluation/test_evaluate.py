"""Evaluation: the same numbers with any number of workers, honest intervals, errors before work is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.cli.main import main
from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import InputError, ResourceError, SimulationError
from soccer_lib.evaluation import Episode, EvaluationResult, evaluate
from soccer_lib.evaluation.statistics import summarise
from soccer_lib.policies import Policy, PolicySpec, stand_torque
from soccer_lib.runs import outputs
from soccer_lib.scoring import OFFICIAL_WEIGHTS, official_components
from soccer_lib.tasks import COMPETITION, TASKS

RATES = ("success_rate", "offside_rate", "fall_rate", "macro_trigger_rate", "episode_length_mean")
COUNTS = ("n_episodes", "n_distinct")


class Failing(Policy):
    """Fails at its first action."""

    spec = PolicySpec("failing")

    def act(self, observation, state, deterministic):
        raise ZeroDivisionError("on purpose")


class Dying(Policy):
    """Takes its process with it."""

    spec = PolicySpec("dying")

    def act(self, observation, state, deterministic):
        os._exit(7)


class NotANumber(Policy):
    spec = PolicySpec("nan")

    def act(self, observation, state, deterministic):
        return np.full(12, np.nan, np.float32), state


class Joints(Policy):
    """Holds the default pose through the joint interface."""

    spec = PolicySpec("joints", control="joint", observation="robot")

    def act(self, observation, state, deterministic):
        assert observation.shape == (89,)
        return np.zeros(12, np.float32), state


class Stepping(Policy):
    """Walks straight ahead."""

    def __init__(self, walker: str) -> None:
        self.spec = PolicySpec("stepping", control="command", observation="agent", hold=500, walker=walker)

    def act(self, observation, state, deterministic):
        assert observation.shape == (96,)
        return np.array([0.3, 0.0, 0.0], np.float32), state


@pytest.fixture
def stepping(tmp_path) -> Stepping:
    """A policy with a walker that is nothing but a gait: it walks a little and needs no trained file."""
    np.savez(tmp_path / "walker.npz", gait=GaitParameters().vector())
    return Stepping(str(tmp_path / "walker.npz"))


def played(task: str, score: float, fingerprint: str) -> Episode:
    """A made-up kick_to_target episode with the given score, or one of another task."""
    terms = {"offside": 0.0, "success": 0.0, "distance": (score + 0.3) / 0.5}
    components = official_components("kick_to_target", terms)
    return Episode(
        task=task,
        seed=1,
        start=0,
        score=score,
        components=components,
        terms=terms,
        length=100,
        outcome="fall",
        success=False,
        fallen=True,
        offside=False,
        kicked=False,
        episode_return=score,
        fingerprint=fingerprint,
    )


@pytest.fixture(scope="module")
def alone() -> EvaluationResult:
    """Random torques on every task in one process, with distinct starts."""
    return evaluate("random", list(TASKS), 3, starts="distinct", workers=1, keep_torques=True, progress=False)


@pytest.fixture(scope="module")
def together() -> EvaluationResult:
    """The same with two workers."""
    return evaluate("random", list(TASKS), 3, starts="distinct", workers=2, keep_torques=True, progress=False)


def test_stand_stays_up_for_ten_seconds():
    standing = evaluate("stand", episodes=1, workers=1, progress=False).episodes
    assert [episode.task for episode in standing] == list(COMPETITION)
    assert all(e.outcome == "time_limit" and e.length == 5000 and not e.fallen for e in standing)
    scores = [episode.score for episode in standing]
    assert scores[:2] == pytest.approx([-0.99, -0.99], abs=0.005) and -0.301 < scores[2] < -0.2
    stock = evaluate("stand", "kick_to_target", 1, fast=False, workers=1, progress=False).episodes[0]
    assert stock == standing[2]


def test_workers_change_no_bit(alone, together):
    assert alone.summary == together.summary
    for one, other in zip(alone.episodes, together.episodes, strict=True):
        assert one.torques.tobytes() == other.torques.tobytes()
        assert one.fingerprint == other.fingerprint and one.score == other.score


def test_an_episode_does_not_depend_on_those_before_it(alone):
    later = alone.episodes[2]
    single = evaluate("random", later.task, 1, seed=later.seed, workers=1, progress=False)
    assert later.start == 2 and single.episodes[0].start == 0
    again = evaluate("random", later.task, 3, starts="distinct", workers=1, progress=False)
    assert again.episodes[2].fingerprint == later.fingerprint != single.episodes[0].fingerprint


def test_episodes_come_in_order_with_the_same_seeds_for_every_task(alone):
    expected = [(task, 10000 + index, index) for task in TASKS for index in range(3)]
    assert [(episode.task, episode.seed, episode.start) for episode in alone.episodes] == expected


def test_the_names_of_the_json_keys_are_fixed(alone, tmp_path):
    alone.to_json(tmp_path / "out.json")
    record = json.loads((tmp_path / "out.json").read_text())
    keys = {"comp_total_sum", "comp_total_sum_ci95", "episodes", "policy", "settings", "seconds", "versions"}
    for task in TASKS:
        keys |= {f"{task}/{name}" for name in (*RATES, *COUNTS)}
        if task in COMPETITION:
            keys |= {f"{task}/comp_total", f"{task}/comp_total_ci95"}
            keys |= {f"{task}/comp_{name}" for name in OFFICIAL_WEIGHTS[task]}
        else:
            keys.add(f"{task}/env_return_mean")
    assert set(record) == keys
    assert {"task", "seed", "start", "score", "terms", "length", "outcome"} <= set(record["episodes"][0])
    assert record["goalie_penalty_kick/comp_total"] == alone.summary["goalie_penalty_kick/comp_total"]


def test_components_add_up_to_the_score(alone):
    for task in COMPETITION:
        parts = [alone.summary[f"{task}/comp_{name}"] for name in OFFICIAL_WEIGHTS[task]]
        assert sum(parts) == pytest.approx(alone.summary[f"{task}/comp_total"], abs=1e-12)
    totals = [alone.summary[f"{task}/comp_total"] for task in COMPETITION]
    assert alone.summary["comp_total_sum"] == pytest.approx(sum(totals))


def test_distinct_starts_stand_first_and_count(alone):
    third = next(e for e in alone.episodes if e.task == "goalie_penalty_kick" and e.start == 2)
    env = sl.make_env("goalie_penalty_kick")
    env.reset(seed=third.seed)
    for torque in third.torques[:20]:  # 2 x 0.02 s
        expected = stand_torque(env.unwrapped.observation())
        assert torque.tobytes() == expected.tobytes()
        env.unwrapped.advance(expected)
    assert (third.torques[20] != stand_torque(env.unwrapped.observation())).any()
    assert third.length == len(third.torques)


def test_distinct_starts_work_for_other_controls():
    result = evaluate(Joints(), "kick_to_target", 2, starts="distinct", workers=1, progress=False)
    first, second = result.episodes
    # 50 Hz actions after 10 steps of standing: whole actions, unless the fall cut the last one.
    assert first.fingerprint != second.fingerprint and second.outcome == "fall"


def test_distinct_starts_of_a_walker_are_phases_of_its_gait(stepping):
    result = evaluate(stepping, "penalty_kick", 2, starts="distinct", workers=2, progress=False)
    first, second = result.episodes
    assert [first.start, second.start] == [0, 1] and first.fingerprint != second.fingerprint
    assert result.settings["walker"] == stepping.spec.walker and result.settings["hold"] == 500
    again = evaluate(stepping, "penalty_kick", 1, workers=1, progress=False).episodes[0]
    assert again.fingerprint == first.fingerprint


def test_identical_episodes_are_one_sample():
    result = evaluate("zero", "goalie_penalty_kick", 4, workers=1, progress=False)
    summary = result.summary
    assert summary["goalie_penalty_kick/n_episodes"] == 4 and summary["goalie_penalty_kick/n_distinct"] == 1
    total = summary["goalie_penalty_kick/comp_total"]
    assert summary["goalie_penalty_kick/comp_total_ci95"] == [total, total] and total == pytest.approx(
        -2.49, abs=0.01
    )
    assert "1 distinct" in result.table()


def test_copies_do_not_narrow_the_interval():
    once = [played("kick_to_target", score, f"{score}") for score in (0.0, 1.0, 2.0)]
    interval = summarise(once)["kick_to_target/comp_total_ci95"]
    assert summarise(once * 10)["kick_to_target/comp_total_ci95"] == interval
    assert interval == [0.0, 2.0]  # 27 resamples of three: all-low and all-high are 3.7% each


def test_uneven_copies_weigh_in_the_mean():
    episodes = [played("kick_to_target", 0.0, "a")] * 3 + [played("kick_to_target", 1.0, "b")]
    summary = summarise(episodes)
    assert summary["kick_to_target/comp_total"] == 0.25 and summary["kick_to_target/n_distinct"] == 2
    assert summary["kick_to_target/comp_total_ci95"] == [0.0, 1.0]


def test_the_interval_is_that_of_a_mean():
    scores = np.random.default_rng(1).normal(1.0, 0.5, 200)
    summary = summarise([played("kick_to_target", score, str(score)) for score in scores])
    low, high = summary["kick_to_target/comp_total_ci95"]
    error = 1.96 * scores.std() / np.sqrt(200)
    assert low == pytest.approx(scores.mean() - error, abs=0.01)
    assert high == pytest.approx(scores.mean() + error, abs=0.01)


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", "b"]])
def test_equal_scores_have_no_interval(names):
    summary = summarise([played("kick_to_target", 0.1, name) for name in names])
    assert summary["kick_to_target/comp_total"] == 0.1
    assert summary["kick_to_target/comp_total_ci95"] == summary["comp_total_sum_ci95"] == [0.1, 0.1]


def test_the_interval_of_the_sum_treats_tasks_as_independent():
    scores = np.random.default_rng(2).normal(0.0, 1.0, (2, 100))
    episodes = [
        played(task, s, f"{s}") for task, row in zip(COMPETITION[1:], scores, strict=True) for s in row
    ]
    for episode in episodes:
        episode.components.update(dict.fromkeys(OFFICIAL_WEIGHTS[episode.task], 0.0))
    low, high = summarise(episodes)["comp_total_sum_ci95"]
    error = 1.96 * np.sqrt(scores[0].var() / 100 + scores[1].var() / 100)
    assert (high - low) / 2 == pytest.approx(error, rel=0.05)


def test_tasks_outside_the_competition_have_no_score(alone):
    assert not [key for key in alone.summary if key.startswith("penalty_kick/comp_")]
    table = alone.table()
    assert "goal_keeper: no official score" in table and "sum" in table
    only = summarise([episode for episode in alone.episodes if episode.task == "penalty_kick"])
    assert "comp_total_sum" not in only


def test_the_module_can_be_called():
    assert sl.evaluate("zero", "penalty_kick", 1, workers=1, progress=False).tasks == ("penalty_kick",)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_policy_is_a_simulation_error(workers):
    with pytest.raises(
        SimulationError, match="seed 1000[01] failed: ZeroDivisionError: on purpose"
    ) as caught:
        evaluate(Failing(), "penalty_kick", 2, workers=workers, progress=False)
    error = caught.value
    if workers == 1:
        assert isinstance(error.__cause__, ZeroDivisionError)
    else:
        [note] = error.__notes__  # the worker's traceback
        assert note.startswith("In worker ") and "in act\n" in note


def test_a_dead_worker_is_a_simulation_error():
    with pytest.raises(SimulationError, match=r"worker [01] \(pid \d+\) stopped with exit code 7"):
        evaluate(Dying(), "penalty_kick", 2, workers=2, progress=False)


def test_a_policy_that_returns_nan_is_named():
    with pytest.raises(InputError, match=r"action\[0\] \(left_hip_pitch\) is nan"):
        evaluate(NotANumber(), "penalty_kick", 1, workers=1, progress=False)


def test_a_policy_that_cannot_be_pickled_is_refused():
    policy = Failing()
    policy.secret = lambda: None
    with pytest.raises(InputError, match="try workers=1"):
        evaluate(policy, "penalty_kick", 2, workers=2, progress=False)


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--policy", "nope"], 2, "expected one of: zero, random, stand"),
        (["--policy", "zero", "--tasks", "golie"], 2, "unknown task 'golie'"),
        (["--policy", "zero", "--episodes", "0"], 2, "episodes got 0"),
        (["--policy", "zero", "--episodes", "-3"], 2, "episodes got -3"),
        (["--policy", "zero", "--starts", "odd"], 2, "official"),
        (["--policy", "zero", "--seed", "-1"], 2, "seed got -1"),
        (["--policy", "zero", "--workers", "-1"], 2, "workers got -1"),
        (["--policy", "zero", "--plot", "scores.txt"], 2, "expected one that ends in .png"),
        (["--policy", "zero", "--json", "a.json", "--record", "a.json"], 2, "came for two outputs"),
        (["--policy", "zero", "--json", "/dev/null"], 2, "is a folder or device"),
        (["--policy", "zero", "--json", "file/below/a.json"], 3, "file/below/a.json"),
        (["--policy", "zero", "--record", "folder"], 2, "is a folder or device"),
    ],
)
def test_bad_requests_end_with_one_line(flags, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept")
    Path("folder").mkdir()
    assert main(["evaluate", *flags]) == code
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and message in captured.err
    assert Path("file").read_text() == "kept" and sorted(os.listdir()) == ["file", "folder"]


def test_a_full_disk_is_noticed_before_the_first_episode(tmp_path, monkeypatch):
    usage = outputs.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(outputs.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(ResourceError, match="expected room for it"):
        evaluate(Failing(), "penalty_kick", 1, record=tmp_path / "r.npz", workers=1, progress=False)
    assert not list(tmp_path.iterdir())


def test_the_command_writes_everything(tmp_path, capsys):
    files = {name: tmp_path / name for name in ("out.json", "r.npz", "scores.png")}
    flags = ["--model", "zero", "--deterministic", "--tasks", "kick_to_target", "--episodes", "2"]
    outs = ["--json", files["out.json"], "--record", files["r.npz"], "--plot", files["scores.png"]]
    assert main(["evaluate", *flags, "--workers", "1", *map(str, outs)]) == 0
    out = capsys.readouterr().out
    assert "evaluate zero: 2/2 episodes (100%)" in out and "replay" in out
    assert json.loads(files["out.json"].read_text())["policy"] == "zero"
    assert files["scores.png"].read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_the_command_takes_tasks_with_commas_and_spaces(capsys):
    for words in (["penalty_kick,kick_to_target"], ["penalty_kick", "kick_to_target"]):
        flags = ["--policy", "zero", "--episodes", "1", "--workers", "1"]
        assert main(["evaluate", *flags, "--tasks", *words]) == 0
        assert "2/2 episodes" in capsys.readouterr().out


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def runs(pid: int) -> bool:
    """Whether a process is there and not only waiting to be collected by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="reads the list of child processes from /proc"
)
def test_ctrl_c_ends_the_workers_too(tmp_path):
    flags = ["--policy", "stand", "--episodes", "500", "--workers", "2", "--json", "out.json"]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "soccer_lib", "evaluate", *flags],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Episodes are under way. (Workers cut off in their imports leave glfw's own probe to complain.)
    assert "episodes" in process.stdout.readline()
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.count("\n") == 1 and "interrupted" in errors
    deadline = time.monotonic() + 30
    while any(map(runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(workers) >= 2 and not any(map(runs, workers))
    assert not list(tmp_path.iterdir())
