"""A leaderboard ranks what it has replayed, lists claims below, and names runs without a result."""

from __future__ import annotations

import json
import shutil

import pytest

from soccer_lib.comparison.leaderboard import CHECKED, leaderboard_table, read_entries
from soccer_lib.errors import InputError
from soccer_lib.evaluation import evaluate
from soccer_lib.report import write_board

QUIET = {"progress": False, "workers": 1}
TASK = "kick_to_target"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A result with its record, in a folder of runs."""
    folder = tmp_path_factory.mktemp("runs")
    run = folder / "mine"
    run.mkdir()
    result = evaluate("zero", TASK, 1, 10_000, record=run / "result.npz", **QUIET)
    result.to_json(run / "result.json")
    return folder


@pytest.fixture
def runs(results, tmp_path):
    shutil.copytree(results, tmp_path / "runs")
    return tmp_path / "runs"


def claim(path, **changes):
    """A result file without a record."""
    figures = {
        f"{TASK}/n_episodes": 1,
        f"{TASK}/comp_total": 9.0,
        f"{TASK}/comp_total_ci95": [8.0, 10.0],
        "comp_total_sum": 9.0,
        "comp_total_sum_ci95": [8.0, 10.0],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures | changes))


def test_what_was_replayed_is_above_any_claim(runs):
    claim(runs / "theirs" / "result.json")
    entries = read_entries([runs], **QUIET)
    assert [(entry.name, entry.verdict) for entry in entries] == [
        ("mine/result", CHECKED),
        ("theirs/result", "not checked: result.npz is missing"),
    ]
    board, claims, verdicts = leaderboard_table(entries).split("\n\n")
    assert "mine/result" in board and "theirs" not in board
    assert claims.startswith("claimed, no record") and "9.00 (8.00 to 10.00)" in claims
    (mine, theirs) = verdicts.splitlines()
    assert mine.split("  ")[0] == "mine/result"
    assert mine.endswith(f"{CHECKED}; seeds 10000 to 10000, official starts")
    assert theirs.endswith("result.npz is missing"), "what a claim says of its episodes is not repeated"


@pytest.mark.parametrize(
    "changes",
    [{"comp_total_sum": "9"}, {"comp_total_sum_ci95": [1]}, {f"{TASK}/comp_total": None}],
)
def test_a_claim_that_is_no_number_is_not_shown(tmp_path, changes):
    claim(tmp_path / "a.json", **changes)
    (entry,) = read_entries([tmp_path], **QUIET)
    assert not entry.summary and entry.verdict.startswith("not checked: a.npz is missing, and ")


def test_a_figure_that_was_raised_by_hand_is_named(runs):
    file = runs / "mine" / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"comp_total_sum": 50.0}))
    (entry,) = read_entries([runs], **QUIET)
    assert entry.verdict.startswith("the JSON file claims comp_total_sum 50.000; the record gives -0.2")
    assert not entry.checked and leaderboard_table([entry]).startswith("no result could be checked")


def test_a_run_without_a_result_is_told_how_to_get_one(runs):
    run = runs / "tuned"
    run.mkdir()
    (run / "config.json").write_text("{}")
    (run / "final_model.safetensors").write_bytes(b"")
    (run / "status.json").write_text('{"status": "done", "comp_eval/C_overall": 31.25}')
    *_, last = read_entries([runs], **QUIET)
    assert last.name == run.as_posix() and last.verdict.startswith(
        "no result (its own 31.25 is of tuning seeds)"
    )
    assert "evaluate --policy" in last.verdict and "tuned/result.npz" in last.verdict
    assert "mine/result" in leaderboard_table([last, *read_entries([runs], **QUIET)[:1]])


def test_other_files_of_runs_are_passed_over_and_hand_ins_are_not(runs):
    """In folders below, only evaluations count; a file in the folder itself was put there to be read."""
    (runs / "mine" / "config.json").write_text("[1, 2]")
    (runs / "mine" / "episodes").mkdir()
    claim(runs / "mine" / "episodes" / "x.json")
    assert [entry.name for entry in read_entries([runs], **QUIET)] == ["mine/result"]
    (runs / "list.json").write_text("[1, 2]")
    assert [entry.name for entry in read_entries([runs], **QUIET)] == ["mine/result", "list"]


def test_a_run_itself_has_other_files_too(runs):
    (runs / "mine" / "config.json").write_text("{}")
    assert [entry.name for entry in read_entries([runs / "mine"], **QUIET)] == ["result"]


def test_results_of_one_name_in_two_folders_are_two_lines(runs, tmp_path):
    shutil.copytree(runs, tmp_path / "others")
    entries = read_entries([runs, tmp_path / "others"], **QUIET)
    names = [entry.name for entry in entries]
    expected = {(folder / "mine" / "result").as_posix() for folder in (runs, tmp_path / "others")}
    assert set(names) == expected
    assert all("the same episodes as" in entry.verdict for entry in entries)
    assert leaderboard_table(entries).count("-0.24") == 4, "task and sum of both"


def test_a_result_of_other_tasks_has_no_rank(tmp_path):
    result = evaluate("zero", "penalty_kick", 1, 10_000, record=tmp_path / "a.npz", **QUIET)
    result.to_json(tmp_path / "a.json")
    (entry,) = read_entries([tmp_path], **QUIET)
    assert entry.verdict.startswith("no official score") and not entry.summary
    assert leaderboard_table([entry]).startswith("no result could be checked")


def test_a_folder_without_results_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"holds no result and no run; expected NAME.json with NAME.npz"):
        read_entries([tmp_path])
    with pytest.raises(InputError, match="nowhere is not a folder"):
        read_entries([tmp_path / "nowhere"])


def test_the_page_escapes_names(runs, tmp_path):
    claim(runs / "<img src=x onerror=alert(1)>.json")
    page = write_board(read_entries([runs], **QUIET), tmp_path / "board.html").read_text()
    assert "<img src=x" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
    assert page.index("replayed: equal") < page.index("not checked")
    assert "data:image/png;base64," in page and "http" not in page


def test_a_terminal_obeys_no_name(runs):
    claim(runs / "\x1b[2Jgone\n.json")
    board = leaderboard_table(read_entries([runs], **QUIET))
    assert r"\x1b[2Jgone\n" in board and "\x1b" not in board
