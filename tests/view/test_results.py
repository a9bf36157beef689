"""Scores of agents as a picture and as a table: the numbers that are drawn."""

from __future__ import annotations

import json

import pytest
from matplotlib.text import Text

from soccer_lib.comparison.summaries import summary_of
from soccer_lib.errors import InputError
from soccer_lib.evaluation import EvaluationResult
from soccer_lib.tasks import COMPETITION
from soccer_lib.view import plot_results, results_table
from soccer_lib.view.results import BEST_PUBLIC, DO_NOTHING, LEAST_RANGE
from soccer_lib.view.style import ACCENT, save_figure
from tests.support.drawn import intervals, titles, words
from tests.support.made_up import made_up_episode, made_up_summary

GOALIE, OBSTACLE, TARGET = COMPETITION


@pytest.fixture
def results() -> dict[str, dict]:
    """Three agents, the best one neither first nor last: sums of 0.5, 5 and 3."""
    return {
        "poor": made_up_summary({GOALIE: (-1.0, -1.5, -0.75), TARGET: (1.5, 1.0, 2.0)}),
        "best": made_up_summary({GOALIE: (5.0, 4.0, 7.0)}),
        "good": made_up_summary({GOALIE: (3.0, 3.0, 3.0)}, **{f"{GOALIE}/n_distinct": 1}),
    }


def means(axes) -> list[list[float]]:
    return [line.get_xydata()[0].tolist() for line in axes.lines if line.get_marker() == "o"]


def test_the_best_agent_is_on_top(results):
    axes = plot_results(results).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["best", "good", "poor"]
    assert axes.get_yticks().tolist() == [0, 1, 2]
    bottom, top = axes.get_ylim()
    assert bottom > top  # row 0 on top
    assert means(axes) == [[5, 0], [3, 1], [-1, 2]]


@pytest.mark.parametrize("name", [r"a$\frac$", "$^$", "50% $x_1$", "two\nlines"])
def test_a_name_that_looks_like_a_formula_is_drawn_as_it_is(name, tmp_path):
    figure = plot_results({name: made_up_summary({GOALIE: (3.0, 3.0, 3.0)})})
    save_figure(figure, tmp_path / "a.png")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [name]
    assert not any(text.get_parse_math() for text in figure.findobj(Text))


def test_a_bar_is_as_wide_as_its_interval(results):
    goalie, target = plot_results(results).axes
    # The one without width has no bar and a hollow mark.
    assert intervals(goalie) == [[[4, 0], [7, 0]], [[-1.5, 2], [-0.75, 2]]]
    assert intervals(target) == [[[1, 2], [2, 2]]]
    faces = [line.get_markerfacecolor() for line in goalie.lines if line.get_marker() == "o"]
    assert faces == [ACCENT, "white", ACCENT]


def test_every_mean_is_written_beside_its_mark(results):
    goalie, target = plot_results(results).axes
    written = {text.get_text(): text.xy for text in goalie.texts}
    assert written["5.00"] == (5, 0) and written["3.00"] == (3, 1) and written["\u22121.00"] == (-1, 2)
    assert "1.50" in words(target)


def test_single_episodes_lie_under_their_agent():
    episodes = [{"task": GOALIE, "score": score} for score in (1.0, 4.0)]
    episodes.append({"task": TARGET, "score": 9.0})
    summary = made_up_summary({GOALIE: (2.5, 1.0, 4.0)}, episodes=episodes)
    (dots,) = plot_results({"agent": summary}).axes[0].collections
    # The n-th is 0.1 + 0.18 x the fraction of n x 0.618 below row 0: 0.1 and 0.21124.
    assert dots.get_offsets().tolist() == [pytest.approx([1, 0.1]), pytest.approx([4, 0.21124])]


def test_known_results_are_lines_with_names(results):
    goalie, target = plot_results(results).axes
    assert titles(goalie.figure) == ["goalie penalty kick", "kick to target"]
    verticals = [line.get_xdata()[0] for line in goalie.lines if list(line.get_ydata()) == [0, 1]]
    assert verticals == [DO_NOTHING[GOALIE], BEST_PUBLIC[GOALIE]] == [-0.99, 4.17]
    assert {"do nothing \u22120.99", "best public 4.17"} <= {text.get_text() for text in goalie.texts}
    assert {"do nothing \u22120.30"} == {t.get_text() for t in target.texts if " " in t.get_text()}


def test_a_panel_shows_at_least_its_range_and_all_that_is_in_it(results):
    goalie, target = plot_results(results).axes
    assert target.get_xlim() == LEAST_RANGE[TARGET]
    low, high = goalie.get_xlim()
    assert low == LEAST_RANGE[GOALIE][0] and high > 7


def test_a_json_file_draws_as_its_evaluation(tmp_path):
    episodes = [made_up_episode(GOALIE, score, seed) for seed, score in enumerate((1.0, 2.0, 6.0))]
    result = EvaluationResult("striker", tuple(episodes))
    result.to_json(tmp_path / "out.json")
    from_file = plot_results({"striker": tmp_path / "out.json"})
    assert words(from_file) == words(plot_results({"striker": result}))
    assert means(from_file.axes[0]) == [[3.0, 0]]  # (1 + 2 + 6) / 3
    assert summary_of(str(tmp_path / "out.json")) == json.loads((tmp_path / "out.json").read_text())


def test_a_table_is_sorted_by_the_sum(results):
    head, rule, *rows = results_table(results).splitlines()
    assert head.split() == ["agent", GOALIE, TARGET, "sum"] and set(rule) == {"-"}
    assert [row.split()[0] for row in rows] == ["best", "good", "poor"]
    assert "5.00 (4.00 to 7.00)" in rows[0] and " - " in rows[0]  # it has no score in the other task
    assert "3.00 (1 distinct)" in rows[1]
    assert "-1.00 (-1.50 to -0.75)" in rows[2] and rows[2].endswith("0.50 (-0.50 to 1.25)")


def test_a_score_without_width_of_several_starts_stands_alone():
    summary = made_up_summary({GOALIE: (3.0, 3.0, 3.0)}, **{f"{GOALIE}/n_distinct": 4})
    assert results_table({"a": summary}).splitlines()[-1].split() == ["a", "3.00", "3.00"]


@pytest.mark.parametrize("call", [plot_results, results_table])
def test_bad_input_is_named(call, tmp_path):
    (tmp_path / "other.json").write_text(json.dumps({"loss": 1}))
    with pytest.raises(InputError, match="no results"):
        call({})
    with pytest.raises(InputError, match="is not an evaluation"):
        call({"a": tmp_path / "other.json"})
    with pytest.raises(InputError, match="cannot read"):
        call({"a": tmp_path / "missing.json"})
    with pytest.raises(InputError, match="no official score"):
        call({"a": {"penalty_kick/n_episodes": 1}})
