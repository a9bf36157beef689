"""Evaluation: the same numbers with any number of workers, honest intervals, errors before work is lost."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import InputError, ResourceError, SimulationError
from soccer_lib.evaluation import EvaluationResult, evaluate, evaluator
from soccer_lib.policies import Policy, PolicySpec, stand_torque
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import COMPETITION, TASKS
from tests.support.episodes import make_episode

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


def test_tasks_outside_the_competition_have_no_score(alone):
    assert not [key for key in alone.summary if key.startswith("penalty_kick/comp_")]
    table = alone.table()
    assert "goal_keeper: no official score" in table and "sum" in table


def test_the_front_door_hands_the_function_on():
    assert sl.evaluate is evaluate


def test_the_table_by_hand():
    """A success that fell; of three on the other task one is out of the field, two are the same."""
    one = make_episode("goalie_penalty_kick", 20.0, success=True, length=3000)
    others = [
        make_episode("kick_to_target", score, name, fallen=False, offside=score < 0, length=5000)
        for score, name in ((-1.0, "a"), (2.0, "b"), (2.0, "b"))
    ]
    lines = EvaluationResult("someone", (one, *others)).table().splitlines()
    assert lines[0].startswith("policy: someone")
    first, second, total = (line.split() for line in (lines[3], lines[4], lines[5]))
    assert lines[1].split()[:3] == ["task", "score", "95%"]
    assert first == ["goalie_penalty_kick", "20.000", "-", "100%", "100%", "0%", "3000", "1", "1"]
    assert second == [
        "kick_to_target", "1.000", "-1.000", "to", "2.000", "0%", "0%", "33%", "5000", "3", "2",
    ]  # fmt: skip
    assert total == ["sum", "21.000", "19.000", "to", "22.000"]
    assert lines[6:] == ["goalie_penalty_kick: one episode: 1 distinct, so there is no interval."]


def test_seeds_count_up_and_the_twenty_first_start_is_the_first_again(monkeypatch):
    jobs = []

    def note(player, some, workers, label, **settings):
        jobs.extend(some)
        return [replace(make_episode(job.task, 1.0), seed=job.seed, start=job.start) for job in some]

    monkeypatch.setattr(evaluator, "run_jobs", note)
    result = evaluate("zero", ["kick_to_target"], 21, seed=500, starts="distinct", progress=False)
    assert [(job.seed, job.start) for job in jobs] == [(500 + k, k % 20) for k in range(21)]
    assert len(result.episodes) == 21 and result.settings["seed"] == 500
    jobs.clear()
    evaluate("zero", "kick_to_target,penalty_kick", 2, progress=False)
    first, second = "kick_to_target", "penalty_kick"
    assert [(job.task, job.seed, job.start) for job in jobs] == [
        (first, 10_000, 0), (first, 10_001, 0), (second, 10_000, 0), (second, 10_001, 0),
    ]  # fmt: skip


def test_the_fingerprint_is_of_the_start_and_of_all_torques():
    result = evaluate("zero", "kick_to_target", 2, workers=1, keep_torques=True, progress=False)
    env = sl.make_env("kick_to_target")
    for one in result.episodes:
        assert not one.torques.any() and one.torques.dtype == np.float32
        observation, _ = env.reset(seed=one.seed)
        data = env.unwrapped.data
        start = data.qpos.tobytes() + data.qvel.tobytes() + observation.tobytes()
        expected = hashlib.blake2b(start + bytes(48 * one.length), digest_size=8)  # 12 zeros of 4 bytes
        assert one.fingerprint == expected.hexdigest()
    assert result.summary["kick_to_target/n_distinct"] == 2
    assert evaluate("zero", "penalty_kick", 1, workers=1, progress=False).episodes[0].torques is None


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


def test_a_full_disk_is_noticed_before_the_first_episode(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(ResourceError, match="expected room for it"):
        evaluate(Failing(), "penalty_kick", 1, record=tmp_path / "r.npz", workers=1, progress=False)
    assert not list(tmp_path.iterdir())


def test_what_is_changed_is_played_by_the_tasks_that_have_it(walker):
    tasks = ("goalie_penalty_kick", "kick_to_target")

    def scores(randomise, workers=1):
        result = evaluate(
            "walk_at_ball", tasks, 2, workers=workers, randomise=randomise, starts="distinct", progress=False
        )
        return [episode.score for episode in result.episodes], result.settings

    plain, settings = scores("")
    assert "randomise" not in settings
    assert scores({"action_noise": 0.0})[0] == plain
    shaken, settings = scores({"action_noise": 0.3, "keeper_speed": [1.5, 2.0]})
    assert all(one != other for one, other in zip(shaken, plain, strict=True))
    assert settings["randomise"] == {"action_noise": 0.3, "keeper_speed": [1.5, 2.0]}
    assert scores('{"action_noise": 0.3, "keeper_speed": [1.5, 2.0]}', workers=2)[0] == shaken
