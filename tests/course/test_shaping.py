"""Recorded behaviours: what they are paid afterwards is what an environment would have paid."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.course import shaping
from soccer_lib.course.figures.shaping import explore_weights, plot_pay, weigh_recordings
from soccer_lib.errors import InputError
from soccer_lib.evaluation import audit
from soccer_lib.evaluation.audit import AuditedEpisode, audit_reward
from soccer_lib.evaluation.behaviours import BEHAVIOURS
from soccer_lib.wrappers.rewards import PROFILES, users
from soccer_lib.wrappers.rewards.potential import POTENTIALS
from soccer_lib.wrappers.rewards.terms import TERMS

TASK = "goalie_penalty_kick"
FEW = ("stand at the ball", "dribble slowly", "score late")


@pytest.fixture(scope="module")
def recordings(walker):
    return [shaping.record_behaviour(name, BEHAVIOURS[name](), TASK, 1000) for name in FEW]


def made_up(values, discounts, name="a", score=0.0, time=9.0):
    episode = AuditedEpisode(TASK, 0, 0, name, score, time=time)
    arrays = {key: np.array(column, float) for key, column in values.items()}
    return shaping.Recording(episode, np.array(discounts, float), np.arange(1.0, len(discounts) + 1), arrays)


def test_pay_by_hand():
    """Two terms over three steps: 2 x (1, 0, 3) - 1 x (0, 4, 0), discounted by 1, 1/2, 1/4."""
    one = made_up({"way": (1, 0, 3), "time": (0, 4, 0)}, (1, 0.5, 0.25))
    weights = {"way": 2.0, "time": -1.0}
    assert one.pay(weights).tolist() == [2.0, -4.0, 6.0]
    assert one.paid(weights) == 2.0 - 2.0 + 1.5 and one.paid({}) == 0.0


def test_the_best_paid_changes_with_the_weights_and_the_audit_with_it():
    scorer = made_up({"goal": (0, 1), "near": (0, 0)}, (1, 1), "scores", 10.0)
    statue = made_up({"goal": (0, 0), "near": (1, 1)}, (1, 1), "stands", -1.0)
    assert shaping.best_paid([scorer, statue], {"near": 1.0, "goal": 1.0}) == "stands"
    assert not shaping.audit_recordings([scorer, statue], {"near": 1.0, "goal": 1.0}).passed
    assert shaping.audit_recordings([scorer, statue], {"near": 1.0, "goal": 3.0}).passed


def test_a_recording_pays_what_the_environment_pays(recordings, monkeypatch):
    """The audit plays the episodes again with the profile; at its gamma the returns are the recorded ones."""
    monkeypatch.setattr(audit, "BEHAVIOURS", {name: BEHAVIOURS[name] for name in FEW})
    weights = {**PROFILES["shaped"]["penalty"], "approach_ball": 2.0}
    played = audit_reward("shaped", {"approach_ball": 2.0}, TASK, 1, 1000, workers=1).played
    again = shaping.audit_recordings(recordings, weights).played
    assert [one.behaviour for one in again] == [one.behaviour for one in played] == list(FEW)
    for mine, theirs in zip(again, played, strict=True):
        assert mine.paid == pytest.approx(theirs.paid, rel=1e-9)
        assert (mine.score, mine.time, mine.outcome) == (theirs.score, theirs.time, theirs.outcome)


def test_a_choreography_plays_its_moves_again_and_again():
    dance = shaping.Choreography((0.5, 0, 0, 0.2), (0, 0, 1, 0.1))
    state = dance.begin(0)
    moves = []
    for _ in range(5):
        action, state = dance.act(np.zeros(96, np.float32), state, True)
        moves.append(action.tolist())
    assert moves == [[0.5, 0, 0], [0.5, 0, 0], [0, 0, 1], [0.5, 0, 0], [0.5, 0, 0]]


def test_pictures_draw_what_was_paid_so_far(capsys):
    one = made_up({"way": (1, 0, 3)}, (1, 0.5, 0.25), "walks", 3.0)
    figure = plot_pay([one], {"way": {"way": 2.0}})
    line = figure.axes[0].lines[0]
    assert line.get_ydata().tolist() == [2.0, 2.0, 3.5] and line.get_label() == "walks"
    stands = made_up({"way": (0, 0, 0)}, (1, 0.5, 0.25), "stands", -1.0)
    texts = [text.get_text() for text in weigh_recordings([one, stands], {"way": 1.0}).axes[0].texts]
    assert any(text.startswith("walks") for text in texts)
    explore_weights([one, stands], {"way": (0, 2)}, {"as it is": {}}, interactive=False)
    assert "as it is" in capsys.readouterr().out


def test_what_is_no_move_and_no_term_is_refused_in_a_line():
    with pytest.raises(InputError, match="expected rows of forward, sideways, turn, seconds"):
        shaping.Choreography((0.5, 0, 2.0))
    assert len(shaping.Choreography((0.5, 0, 0, 0.01)).moves) == 1
    one = made_up({"way": (1, 0, 3)}, (1, 0.5, 0.25))
    with pytest.raises(InputError, match="unknown term of this recording 'wya'.*way"):
        one.paid({"wya": 1.0})


def test_every_name_that_can_be_weighted_is_told():
    lines = shaping.term_lines()
    assert [line.split()[0] for line in lines] == [*TERMS, *POTENTIALS]
    # What a learner's own code added, in another test or example of this process, may have no docstring.
    modules = {name: paid.__module__ for name, paid in (TERMS | POTENTIALS).items()}
    own = {name for name, one in modules.items() if one.startswith("soccer_lib.") and one != users.__name__}
    told = {line.split()[0]: line.partition(" ")[2].strip() for line in lines if line.split()[0] in own}
    assert told["approach_ball"].endswith("[m].") and told["offside"].endswith("out_of_field")
    assert all(len(text) > 10 for text in told.values())
