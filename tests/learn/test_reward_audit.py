"""What a run says of the reward that it was given."""

from __future__ import annotations

import dataclasses

import pytest

from soccer_lib.evaluation import audit
from soccer_lib.evaluation.behaviours import BEHAVIOURS
from soccer_lib.learn.reward_audit import reward_warning
from soccer_lib.learn.train import train
from tests.learn.tiny import TINY

TOUCHY = '{"only": true, "robot_distance_ball": 10.0}'
"""Pays a robot that stands near the ball, and no goal."""

GOALIE = {"tasks": ("goalie_penalty_kick",), "reward_profile": "shaped", "gamma": 0.99, "hold": 50}


@pytest.fixture(autouse=True)
def few(monkeypatch):
    names = ("stand at the ball", "dribble slowly", "score late")
    monkeypatch.setattr(audit, "BEHAVIOURS", {name: BEHAVIOURS[name] for name in names})


def test_a_reward_that_ranks_wrongly_is_told_in_a_line(walker):
    config = dataclasses.replace(TINY, reward_weights=TOUCHY, **GOALIE).resolved()
    line = reward_warning(config)
    assert line and "audit fails: on goalie_penalty_kick " in line and "\n" not in line


def test_a_right_one_and_a_profile_of_ours_say_nothing(walker):
    config = dataclasses.replace(TINY, **GOALIE).resolved()
    assert reward_warning(config) is None, "not audited: its profile was"
    same = dataclasses.replace(config, reward_weights="phi_near_ball=0.4")
    assert reward_warning(same) is None


def test_the_run_goes_on_and_its_record_keeps_the_weights(tmp_path, capsys, walker):
    file = tmp_path / "weights.json"
    file.write_text(TOUCHY)
    config = dataclasses.replace(TINY, save_dir=str(tmp_path / "run"), reward_weights=str(file), **GOALIE)
    train(config)
    printed = capsys.readouterr()
    assert (printed.out + printed.err).count("the audit fails") == 1
    file.write_text('{"only": true, "score": 1.0}')
    with pytest.raises(ValueError, match="reward_weights"):
        train(config)
