"""The picture and the table of an audit, from episodes made up by hand."""

from __future__ import annotations

import pytest

from soccer_lib.evaluation.audit import Audit, AuditedEpisode
from soccer_lib.view.audit import LISTED, audit_table, means_of, plot_audit
from soccer_lib.view.style import INK, QUIET, RED
from tests.support.drawn import titles

TASK = "kick_to_target"
SETTINGS = {"reward": "mine", "gamma": 0.99, "starts": 2}


def played(behaviour: str, score: float, paid: float, start: int = 0, time: float = 9.0) -> AuditedEpisode:
    return AuditedEpisode(TASK, 0, start, behaviour, score, paid, time, "time_limit")


@pytest.fixture
def audit() -> Audit:
    """Means of score and return over two starts: best 4 and 30, good 2 and 50, poor 0 and 10."""
    return Audit(
        (
            played("poor", 0.0, 8.0),
            played("poor", 0.0, 12.0, start=1),
            played("best", 3.0, 20.0),
            played("best", 5.0, 40.0, start=1),
            played("good", 1.0, 40.0),
            played("good", 3.0, 60.0, start=1),
        ),
        SETTINGS,
    )


def test_means_are_over_the_starts_best_first(audit):
    means = means_of(audit, TASK)
    assert list(means) == ["best", "good", "poor"]
    assert means == {"best": (4, 9, 30), "good": (2, 9, 50), "poor": (0, 9, 10)}


def test_a_line_goes_from_the_rank_by_score_to_the_rank_by_return(audit):
    figure = plot_audit(audit)
    (axes,) = figure.axes
    ranks = [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"]
    # By return: good, best, poor.
    assert ranks == [[[0, 0], [1, 1]], [[0, 1], [1, 0]], [[0, 2], [1, 2]]]
    bottom, top = axes.get_ylim()
    assert bottom > top
    assert titles(figure) == ["kick to target\n2 of 6 pairs reversed"]
    assert figure.get_suptitle() == "audit of 'mine' at gamma 0.99: FAILED"
    assert figure.get_supxlabel().startswith("means over 2 starts")


def test_the_overpaid_is_red_and_only_it(audit):
    (axes,) = plot_audit(audit).axes
    assert [line.get_color() for line in axes.lines if line.get_marker() == "o"] == [QUIET, RED, QUIET]
    texts = {text.get_text(): (text.get_position(), text.get_color()) for text in axes.texts}
    assert texts["good  2.00"] == ((-0.05, 1), RED) and texts["50.00"] == ((1.05, 0), RED)
    assert texts["best  4.00"] == ((-0.05, 0), INK) and texts["30.00"] == ((1.05, 1), INK)


def test_the_table_names_the_clearest_of_the_reversed_pairs(audit):
    text = audit_table(audit)
    rows = [line.split() for line in text.splitlines()]
    assert ["best", "4.00", "9.0", "30", "time_limit", "2"] in rows
    assert "2 of 6 pairs reversed" in text
    sentence = next(line for line in text.splitlines() if "is paid more" in line)
    assert sentence == (
        "  reversed at 2 starts: 'good' (score 1.00, end 9.0 s, return 40) is paid more than "
        "'best' (score 3.00, end 9.0 s, return 20)"
    )
    assert text.splitlines()[-1].startswith("audit of reward 'mine' FAILED")


def test_a_long_list_is_cut_and_says_so():
    # Every one of LISTED + 2 poor behaviours is paid more than the best one.
    poor = [played(f"poor {k}", 0.0, 2.0) for k in range(LISTED + 2)]
    text = audit_table(Audit((played("best", 9.0, 1.0), *poor), SETTINGS))
    assert text.count("is paid more than") == LISTED and "reversed: 2 more, all in --json" in text


def test_what_the_discount_alone_reverses_is_counted_apart():
    late = played("late", 3.0, 1.0, time=9.0)
    soon = played("soon", 1.0, 2.0, time=5.0)
    text = audit_table(Audit((late, soon), SETTINGS))
    assert "0 of 0 pairs reversed; 1 more reversed by discount" in text
