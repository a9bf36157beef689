"""Open tasks: what a learner's answer is worth, and that they can be solved."""

from __future__ import annotations

import math

import numpy as np
import pytest

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course import open_tasks
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.evaluation import evaluate
from soccer_lib.layout import AGENT, ROBOT
from soccer_lib.learn.imitation.bc import BCConfig


def test_a_goal_can_be_scored_by_hand(capsys):
    goal = [(0.6, 0, 0, 1.6), (0, 0, 0, 1.0), (*PATTERNS["shot"], 0.1)]
    assert open_tasks.score_sequence(goal) > 10
    assert "goal" in capsys.readouterr().out
    # Standing: 1 for `steps`, a quarter of the closeness to a ball 2 m away.
    assert open_tasks.score_sequence([(0, 0, 0, 0.1)]) == pytest.approx(-0.99, abs=0.01)
    assert "the time is up" in capsys.readouterr().out


def test_a_spot_can_be_reached_and_a_fall_is_no_way(capsys):
    seconds = open_tasks.time_to_spot([(0, 0, 1, 1.7), (1, 0, 0, 4.0)], spot=(0.0, 0.0))
    assert seconds == 0.0, "at the start already"
    assert open_tasks.time_to_spot([(0.5, 0, 0, 3.0)], spot=(1.0, 0.13)) == pytest.approx(2.0, abs=0.6)
    capsys.readouterr()
    assert open_tasks.time_to_spot([(0, 0, 0, 0.2)]) == math.inf
    assert "1.58 m away at best" in capsys.readouterr().out, "the root of 0.5 squared + 1.5 squared"


@pytest.mark.parametrize(
    "sequence",
    [None, [], [(1, 0, 0)], [(1, 0, 0, -1)], [(1, 0, 0, math.inf)], "walk", (row for row in ())],
    ids=["none", "empty", "three", "backwards", "endless", "text", "generator"],
)
def test_a_sequence_that_is_not_one_gets_a_sentence(sequence, capsys):
    assert math.isnan(open_tasks.score_sequence(sequence))
    assert math.isnan(open_tasks.time_to_spot(sequence))
    for line in capsys.readouterr().out.splitlines():
        assert line.startswith("not driven: the sequence is ") and "try [(0.4, 0, 0, 0.5)]" in line


def walk(observation):
    ahead, left, _ = observation[ROBOT["ball_xpos_rel_robot"]]
    return [0.3 * (ahead > 0), 0, float(np.clip(left, -1, 1))]


def test_an_agent_is_scored_as_evaluate_does():
    mine = open_tasks.score_agent(walk, "kick_to_target", episodes=2)
    policy = open_tasks.LearnersAgent(walk)
    again = evaluate(policy, "kick_to_target", 2, 100, starts="distinct", workers=1, progress=False)
    assert mine.summary["comp_total_sum"] == again.summary["comp_total_sum"]
    assert [episode.start for episode in mine.episodes] == [0, 1]


def unwritten(observation):
    raise NotImplementedError


def endless(observation):
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (unwritten, "not written yet"),
        (lambda observation: None, "None: is a `return` missing?"),
        (lambda observation: [0, 1], "shape (2,)"),
        (lambda observation: (number for number in (0, 0, 0)), "a generator, which gives"),
        (lambda observation: observation[1000], "IndexError: index 1000"),
        (lambda observation: "forward", "expected  an array of numbers, shape (3,)"),
        (endless, "no answer within 0.2 s"),
    ],
    ids=["unwritten", "none", "two", "generator", "raises", "text", "endless"],
)
def test_an_answer_that_is_no_command_gets_a_sentence(act, words, monkeypatch, capsys):
    monkeypatch.setattr(open_tasks, "ANSWER_LIMIT", 0.2)
    assert open_tasks.score_agent(act, "kick_to_target", episodes=1) is None
    assert words in capsys.readouterr().out


def test_a_duel_is_decided_by_the_interval_of_the_differences(capsys):
    # The same agent twice: every difference is 0.
    assert not open_tasks.duel("zero", "zero", "kick_to_target", 2)
    assert "0.00 [0.00, 0.00] with 2 episodes: not told apart" in capsys.readouterr().out
    # stand pays -0.99 in each episode, zero -2.49.
    assert open_tasks.duel("stand", "zero", "obstacle_penalty_kick", 2)
    assert "1.50" in capsys.readouterr().out
    assert not open_tasks.duel("stand", "zero", "obstacle_penalty_kick", 1), "one start tells nothing"


@pytest.fixture
def kicks() -> Dataset:
    """Ten samples of two episodes; the expert kicks in the last of each, and the first entry says so."""
    observations = np.zeros((10, AGENT.size))
    observations[4::5, 0] = 1
    actions = np.zeros((10, 3))
    actions[4::5] = PATTERNS["shot"]
    ids = np.repeat((0, 1), 5)
    return Dataset("command", "agent", 10, observations, actions, ids, ["a", "b"])


def test_a_rule_is_scored_by_its_kicks(kicks, capsys):
    assert open_tasks.score_rule("seen", lambda seen: seen[:, 0] > 0, kicks) == 1
    # All ten: both kicks are found, and of each episode the last two are near one: 4 of 10.
    f1 = open_tasks.score_rule("always", lambda seen: seen[:, 1] == 0, kicks)
    assert f1 == pytest.approx(2 * 0.4 / 1.4)
    assert open_tasks.score_rule("never", lambda seen: seen[:, 1] > 0, kicks) == 0
    assert "always: recall 1.00, precision 0.40, F1 0.57" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (unwritten, "mine: not written yet"),
        (lambda seen: None, "None: is a `return` missing?"),
        (lambda seen: seen[:, 0], "of type float32; a comparison such as a < b gives bool"),
        (lambda seen: seen > 0, f"shape (10, {AGENT.size})"),
        (lambda seen: (row[0] > 0 for row in seen), "a generator"),
        (lambda seen: seen[:, 1000], "IndexError"),
        (3, "TypeError: 'int' object is not callable"),
    ],
    ids=["unwritten", "none", "numbers", "shape", "generator", "raises", "number"],
)
def test_a_rule_that_says_no_kicks_gets_a_sentence(rule, words, kicks, capsys):
    assert math.isnan(open_tasks.score_rule("mine", rule, kicks))
    assert words in capsys.readouterr().out


def test_a_false_kick_is_found_within_its_episode_and_time(kicks, capsys):
    times = np.tile(np.arange(5) / 10, 2)
    false = np.zeros(10, bool)
    false[7] = True  # episode 1, 0.2 s
    assert open_tasks.is_false_kick((1, 0.3), kicks, times, false)
    assert not open_tasks.is_false_kick((1, 0.4), kicks, times, false)
    assert not open_tasks.is_false_kick((0, 0.2), kicks, times, false)
    for guess in (3, (1, 2, 3), "here", (None, 1.0)):
        assert not open_tasks.is_false_kick(guess, kicks, times, false)
    assert capsys.readouterr().out.count("expected an episode and a time [s]; try (3, 4.2)") == 4


def test_settings_are_those_of_the_library(capsys):
    assert open_tasks.checked_settings({"weight_decay": 0.3}, BCConfig) == {"weight_decay": 0.3}
    assert open_tasks.checked_settings({"weight_decoy": 0.3}, BCConfig) == {}
    assert open_tasks.checked_settings(0.3, BCConfig) == {}
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(
        "nothing trained: unknown setting of BCConfig 'weight_decoy'; expected one of: "
    )
    assert "did you mean 'weight_decay'?" in printed[0] and "my_settings is 0.3; expected name" in printed[1]


@pytest.mark.parametrize("episodes", [0, None, "3", 2.5])
def test_a_duel_is_of_a_whole_number_of_episodes(episodes):
    with pytest.raises(InputError, match="episodes got .*; expected a whole number from 1"):
        open_tasks.duel("stand", "zero", "kick_to_target", episodes)
