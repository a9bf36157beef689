"""Pictures and tables of results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from soccer_lib.course.figures import plot_components
from soccer_lib.course.figures.components import BAR_STYLES
from soccer_lib.errors import InputError
from soccer_lib.evaluation import Episode, EvaluationResult
from soccer_lib.scoring import OFFICIAL_WEIGHTS, official_components
from soccer_lib.tasks import COMPETITION
from soccer_lib.view import picture, plot_results, results_table, save_figure
from soccer_lib.view.results import DO_NOTHING


def made_up(name: str, tasks: tuple[str, ...], goals: int) -> EvaluationResult:
    """Ten episodes a task, `goals` of them solved."""
    episodes = []
    for task in tasks:
        for index in range(10):
            solved = float(index < goals)
            terms = dict.fromkeys(OFFICIAL_WEIGHTS[task], 0.0)
            terms |= (
                {"success": solved}
                if task == "kick_to_target"
                else {"goal_scored": solved, "ball_vel_twd_goal": 1.0}
            )
            parts = official_components(task, terms)
            outcome = "success" if solved else "fall"
            episode = Episode(
                task=task,
                seed=index,
                start=0,
                score=sum(parts.values()),
                components=parts,
                terms=terms,
                length=9,
                outcome=outcome,
                success=bool(solved),
                fallen=False,
                offside=False,
                kicked=False,
                episode_return=0.0,
                fingerprint=str(index),
            )
            episodes.append(episode)
    return EvaluationResult(name, tuple(episodes))


@pytest.fixture(scope="module")
def results() -> dict[str, EvaluationResult]:
    return {"walker": made_up("walker", COMPETITION[:1], 3), "striker": made_up("striker", COMPETITION, 7)}


def words(figure) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_results_are_drawn_with_labels_and_known_results(results, tmp_path):
    figure = plot_results(results)
    texts = words(figure)
    assert len(figure.axes) == 3
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        task.replace("_", " ") for task in COMPETITION
    ]
    assert {"striker", "walker", "best public 4.17"} <= set(texts)
    assert sum(text.startswith("do nothing") for text in texts) == len(DO_NOTHING) == 3
    save_figure(figure, tmp_path / "scores.png")
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")
    save_figure(figure, tmp_path / "scores.svg")
    assert b"<svg" in (tmp_path / "scores.svg").read_bytes()


def test_a_json_file_draws_as_its_evaluation(results, tmp_path):
    results["striker"].to_json(tmp_path / "out.json")
    from_file = words(plot_results({"striker": tmp_path / "out.json"}))
    assert from_file == words(plot_results({"striker": results["striker"]}))
    assert words(plot_components(str(tmp_path / "out.json"))) == words(plot_components(results["striker"]))


def test_components_have_a_fixed_look_each():
    names = {name for weights in OFFICIAL_WEIGHTS.values() for name in weights}
    assert set(BAR_STYLES) == names and len(set(BAR_STYLES.values())) == len(names)


def test_components_show_what_counts(results):
    texts = words(plot_components(results["striker"]))
    assert {"goal_scored", "ball_vel_twd_goal", "success", "steps"} <= set(texts)
    assert "ball_hits" not in texts  # nothing to see: all zero


def test_bars_end_where_the_components_say(results):
    figure = plot_components(results["walker"])
    widths = sorted(patch.get_width() for patch in figure.axes[0].patches)
    assert widths == pytest.approx([-1.0, 0.75, 1.5])  # steps, 3 goals in 10 x 2.5, 1 m/s x 1.5


def test_tables_are_sorted_by_the_sum(results):
    text = results_table(results).splitlines()
    assert text[0].split() == ["agent", *COMPETITION, "sum"]
    assert [line.split()[0] for line in text[2:]] == ["striker", "walker"]
    assert text[3].split()[-3:-1] != ["-", "-"] and " - " in text[3]


@pytest.mark.parametrize("call", [plot_results, results_table])
def test_bad_input_is_named(call, tmp_path):
    (tmp_path / "other.json").write_text(json.dumps({"loss": 1}))
    with pytest.raises(InputError, match="no results"):
        call({})
    with pytest.raises(InputError, match="is not an evaluation"):
        call({"a": tmp_path / "other.json"})
    with pytest.raises(InputError, match="cannot read"):
        call({"a": tmp_path / "missing.json"})


def test_other_formats_are_refused(results, tmp_path):
    with pytest.raises(InputError, match="ends in .png"):
        save_figure(plot_results(results), tmp_path / "scores.txt")


@pytest.mark.parametrize("call", [plot_results, results_table, lambda results: plot_components(results["a"])])
def test_without_an_official_score_there_is_nothing_to_show(call):
    with pytest.raises(InputError, match="no official score"):
        call({"a": {"penalty_kick/n_episodes": 1}})


def test_a_picture_for_a_notebook(results):
    assert picture(plot_components(results["walker"])).data.startswith(b"\x89PNG")


def test_nothing_is_drawn_before_it_is_asked_for():
    code = "import sys, soccer_lib.cli.evaluate; sys.exit(bool({'matplotlib', 'IPython'} & set(sys.modules)))"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
