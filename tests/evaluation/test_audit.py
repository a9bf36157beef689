"""The audit of rewards: verdicts by hand, the profiles in the real environment, and the command."""

from __future__ import annotations

import json
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.cli.inspect_reward import InspectRewardConfig, main, write_audit
from soccer_lib.errors import InputError
from soccer_lib.evaluation import audit
from soccer_lib.evaluation.audit import (
    APART,
    DISCOUNTED,
    REVERSED,
    RIGHT,
    Audit,
    AuditedEpisode,
    AuditJob,
    AuditPlayer,
    Pair,
    audit_reward,
)
from soccer_lib.evaluation.behaviours import BEHAVIOURS
from soccer_lib.view.audit import (
    audit_table,
    named_pairs,
    plot_audit,
)
from soccer_lib.view.style import RED


def played(behaviour, score, paid, time=9.0, task="kick_to_target", start=0):
    return AuditedEpisode(task, 0, start, behaviour, score, paid, time, "time_limit")


@pytest.mark.parametrize(
    ("better", "worse", "verdict"),
    [
        (played("a", 2.0, 1.1), played("b", 1.0, 1.0), RIGHT),
        (played("a", 2.0, 1.0), played("b", 1.0, 1.1), REVERSED),
        (played("a", 2.0, 1.0), played("b", 1.0, 1.0), REVERSED),
        (played("a", 2.0, 1.0, time=7.0), played("b", 1.0, 1.1, time=4.0), REVERSED),
        (played("a", 2.0, 1.0, time=7.1), played("b", 1.0, 1.1, time=4.0), DISCOUNTED),
        (played("a", 2.0, 1.1, time=7.1), played("b", 1.0, 1.0, time=4.0), APART),
    ],
)
def test_verdict_of_a_pair(better, worse, verdict):
    assert Pair(better, worse).verdict == verdict


def test_pairs_are_of_one_task_and_start_and_at_least_one_point_apart():
    episodes = (
        played("stand", -0.3, 5.0),
        played("score", 2.1, 4.0),
        played("wide", 0.69, 9.9),
        played("score", 2.1, 4.0, start=1),
        played("score", 2.1, 4.0, task="goalie_penalty_kick"),
    )
    found = Audit(episodes, {})
    names = [(pair.better.behaviour, pair.worse.behaviour) for pair in found.pairs["kick_to_target"]]
    assert names == [("score", "stand"), ("score", "wide")]
    assert not found.pairs["goalie_penalty_kick"] and not found.passed
    assert list(named_pairs(found, "kick_to_target", REVERSED)) == names


def test_a_task_without_pairs_to_compare_does_not_pass():
    same = (played("a", 1.0, 1.0), played("b", 1.5, 2.0))
    right = (played("a", 1.0, 1.0), played("b", 2.5, 2.0))
    assert not Audit(same, {}).passed and Audit(right, {}).passed


def test_a_gap_of_one_point_counts_and_a_smaller_one_does_not():
    assert len(Audit((played("a", 2.0, 0.0), played("b", 1.0, 0.0)), {}).pairs["kick_to_target"]) == 1
    assert not Audit((played("a", 1.999, 0.0), played("b", 1.0, 0.0)), {}).pairs["kick_to_target"]


def test_what_passes():
    right = played("a", 2.0, 1.0), played("b", 1.0, 0.0)
    far_apart = played("a", 2.0, 1.0, time=9.0), played("b", 1.0, 0.0, time=1.0)
    discounted = played("c", 4.0, 0.5, time=9.0), played("d", 3.0, 0.9, time=1.0)
    reversed_ = played("a", 2.0, 0.0), played("b", 1.0, 1.0)
    assert Audit(right, {}).passed
    assert not Audit(far_apart, {}).passed  # nothing that could have gone wrong
    assert Audit((*right, *(replace(one, start=1) for one in discounted)), {}).passed
    assert not Audit((*right, *(replace(one, start=1) for one in reversed_)), {}).passed
    other_task = (replace(one, task="goalie_penalty_kick") for one in reversed_)
    assert not Audit((*right, *other_task), {}).passed


class ThreeSteps(gym.Env):
    """Pays 1, 2 and 4; the steps last 2, 1 and 3 physics steps."""

    def reset(self, *, seed=None, options=None):
        self.begun = seed, options
        self.step_number = 0
        return np.zeros(96, np.float32), {}

    def step(self, action):
        held = (2, 1, 3)[self.step_number]
        reward = (1.0, 2.0, 4.0)[self.step_number]
        self.step_number += 1
        over = self.step_number == 3
        info = {"held_steps": held}
        if over:
            info["episode_report"] = {"score": 7.0, "time": 0.012, "outcome": "fall", "return": 7.0}
        return np.zeros(96, np.float32), reward, over, False, info


def test_what_is_paid_later_is_discounted_by_the_physics_steps_before_it(monkeypatch):
    made = []

    def env_for(spec, task, **settings):
        made.append((spec.control, task, settings))
        return ThreeSteps()

    monkeypatch.setattr(audit, "env_for", env_for)
    player = AuditPlayer(0.5, 50, "tight", {"time": -1.0})
    found = player(AuditJob("kick_to_target", 3, 21, "stand"))
    assert found.paid == 1 + 2 * 0.5**2 + 4 * 0.5**3
    assert (found.score, found.time, found.outcome) == (7.0, 0.012, "fall")
    player(AuditJob("kick_to_target", 4, 0, "stand"))
    player(AuditJob("kick_to_target", 4, 0, "fall at once"))
    reward = {"reward": "tight", "reward_weights": {"time": -1.0}}
    assert made == [  # one environment a control; potentials are paid at the gamma of its env step
        ("command", "kick_to_target", {"hold": 50, "reward_gamma": 0.5**50, **reward}),
        ("torque", "kick_to_target", {"hold": None, "reward_gamma": 0.5, **reward}),
    ]
    env = player._env("kick_to_target", BEHAVIOURS["stand"]().spec)
    assert env.begun == (4, {"gait_phase": 0.0})
    player(AuditJob("kick_to_target", 3, 21, "stand"))
    assert env.begun == (3, {"gait_phase": 0.05})  # the 21st start is the first again, and so on


GOALIE = {"tasks": "goalie_penalty_kick", "starts": 1, "seed": 1, "workers": 1}
FEW = ("stand at the ball", "dribble slowly", "score late")


@pytest.fixture(scope="module")
def of_shaped(walker):
    return audit_reward("shaped", **GOALIE)


@pytest.fixture(scope="module")
def of_env(walker):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "BEHAVIOURS", {name: BEHAVIOURS[name] for name in FEW})
        return audit_reward("env", **GOALIE)


def test_the_stock_reward_fails_and_ours_passes(of_env, of_shaped):
    assert not of_env.passed and of_shaped.passed
    assert ("score late", "dribble slowly") in named_pairs(of_env, "goalie_penalty_kick", REVERSED)
    right = named_pairs(of_shaped, "goalie_penalty_kick", RIGHT)
    assert ("score late", "stand at the ball") in right and sum(map(len, right.values())) > 3
    both = [played for played in of_shaped.played if played.behaviour in FEW]
    for ours, stock in zip(both, of_env.played, strict=True):
        assert (ours.score, ours.time) == (stock.score, stock.time) and ours.paid != stock.paid


def test_the_behaviours_do_what_they_are_called(of_shaped):
    done = {played.behaviour: played for played in of_shaped.played}
    assert list(done) == list(BEHAVIOURS)
    assert done["fall at once"].outcome == "fall" and done["fall at once"].time < 1
    for name in ("stand", "walk away", "stand at the ball"):
        assert done[name].outcome == "time_limit"
    assert done["score early"].outcome == "success" and done["shoot wide"].outcome == "out_of_field"
    assert done["shoot into the keeper"].outcome == "blocked"
    assert done["walk away"].score < done["stand"].score < done["stand at the ball"].score < -0.5


def test_what_is_paid_does_not_depend_on_the_number_of_workers(of_shaped):
    assert audit_reward("shaped", **{**GOALIE, "workers": 2}).played == of_shaped.played


@pytest.mark.parametrize(
    ("run", "per_command"),
    [
        ({"gamma": 0.9}, 0.9),
        ({"control": "joint"}, 0.998**5),
        ({"control": "torque", "gamma": 0.999}, 0.999**50),
    ],
)
def test_the_discount_is_that_of_the_run(walker, monkeypatch, run, per_command):
    monkeypatch.setattr(audit, "BEHAVIOURS", {"stand": BEHAVIOURS["stand"]})
    (stand,) = audit_reward("competition", tasks="kick_to_target", starts=1, workers=1, **run).played
    assert stand.paid == pytest.approx(stand.score * per_command**99)  # paid by the last of 100 commands


def test_table_and_file_name_the_reversed_pairs(of_env, of_shaped, tmp_path):
    table = audit_table(of_env)
    assert "audit of reward 'env' FAILED" in table
    assert "reversed at 1 starts: 'dribble slowly'" in table and "is paid more than 'score late'" in table
    assert "audit of reward 'shaped' passed" in audit_table(of_shaped)
    write_audit(of_env, tmp_path / "audit.json")
    found = json.loads((tmp_path / "audit.json").read_text())
    task = found["tasks"]["goalie_penalty_kick"]
    assert not found["passed"] and len(found["episodes"]) == len(FEW)
    assert task["verdicts"]["reversed"] == len(task["reversed"])
    assert {"worse": "dribble slowly", "better": "score late", "starts": [0]} in task["reversed"]


def test_the_picture_has_every_behaviour_and_marks_the_overpaid(of_env, of_shaped):
    (axes,) = plot_audit(of_shaped).axes
    texts = [text.get_text() for text in axes.texts]
    assert all(any(text.startswith(name) for text in texts) for name in BEHAVIOURS)
    (axes,) = plot_audit(of_env).axes
    overpaid = {worse for _, worse in named_pairs(of_env, "goalie_penalty_kick", REVERSED)}
    assert sum(line.get_color() == RED for line in axes.lines) == len(overpaid) > 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"reward": "shapd"}, "unknown reward 'shapd'"),
        ({"weights": {"tme": 1.0}}, "unknown reward term 'tme'"),
        ({"tasks": "penalty_kick"}, "unknown task with an official score 'penalty_kick'"),
        ({"starts": 0}, "starts got 0"),
        ({"hold": 0}, "hold 0"),
        ({"gamma": 0.0}, "gamma got 0.0"),
        ({"control": "torqe"}, "unknown control 'torqe'"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_played(arguments, part):
    with pytest.raises(InputError) as error:
        audit_reward(**{"reward": "shaped", **arguments})
    assert part in str(error.value) and "\n" not in str(error.value)


def test_the_command(walker, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(audit, "BEHAVIOURS", {name: BEHAVIOURS[name] for name in FEW})
    asked = {"tasks": ("goalie_penalty_kick",), "starts": 1, "seed": 1, "workers": 1}
    plot = tmp_path / "audit.png"
    files = {"plot": str(plot), "json": str(tmp_path / "audit.json")}
    assert main(InspectRewardConfig("shaped", "time=-0.001", **files, **asked)) == 0
    printed = capsys.readouterr().out
    assert "{'time': -0.001}" in printed and "audit of reward 'shaped' passed" in printed
    assert plot.stat().st_size > 10_000
    assert main(InspectRewardConfig("env", **asked)) == 1


def test_a_wrong_call_is_one_line(command):
    done = command("inspect", "reward", "--reward-weights", "time=nan")
    assert done.returncode == 2 and "'time' got nan" in done.stderr and done.stderr.count("\n") == 1
