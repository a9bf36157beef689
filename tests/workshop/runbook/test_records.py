"""What is done and unchanged: every part of a step's key counts, times do not."""

from __future__ import annotations

import pytest

from soccer_lib.errors import InputError
from soccer_lib.workshop.runbook import records as records_module
from soccer_lib.workshop.runbook.page import minutes_to_come, progress_text, write_progress
from soccer_lib.workshop.runbook.read import read_runbook
from soccer_lib.workshop.runbook.records import Records, content_hash

BOOK = """
[settings]
seed = 10000
[[steps]]
name = "one"
command = "evaluate --policy stand --seed {seed} --json {here}/score.json"
inputs = ["INPUT"]
outputs = ["score.json"]
minutes = 2
[[steps]]
name = "two"
command = "evaluate --policy <b> --json {here}/score.json"
outputs = ["score.json"]
minutes = 4
"""


@pytest.fixture
def book(tmp_path):
    """Reads the runbook, with an input that is there."""
    (tmp_path / "input.npz").write_text("as it was")
    file = tmp_path / "mine.toml"

    def read(text=BOOK, **more):
        file.write_text(text.replace("INPUT", str(tmp_path / "input.npz")))
        return read_runbook(file, str(tmp_path / "runs"), **more)

    return read


@pytest.fixture
def done(book):
    """The first step is done; returns its records anew each time, as another call would see them."""
    runbook = book()
    records = Records(runbook)
    step = runbook.steps[0]
    records.begin(step, resumed=False).minutes = 3.0
    step.folder.mkdir(parents=True)
    (step.folder / "score.json").write_text('{"sum": 1.5, "seconds": 2.0}')
    records.finish(step)
    return step


def test_what_is_done_and_unchanged_is_skipped_by_any_later_call(book, done):
    assert Records(book()).why_run(done) == ""
    assert Records(book()).why_run(book().steps[1]) == "not done yet"
    # How long it took is no part of what a file says.
    (done.folder / "score.json").write_text('{"sum": 1.5, "seconds": 9.0}')
    assert Records(book()).why_run(done) == ""


def test_each_part_of_the_key_makes_it_run_again(book, done, tmp_path, monkeypatch):
    [changed, _] = book(changes=[("seed", "10001")]).steps
    assert Records(book()).why_run(changed) == "its command changed"
    (tmp_path / "input.npz").write_text("otherwise")
    assert Records(book()).why_run(done) == f"its input {tmp_path / 'input.npz'} changed"
    (tmp_path / "input.npz").write_text("as it was")
    monkeypatch.setattr(records_module, "library_hash", lambda: "other")
    assert Records(book()).why_run(done) == "the project's source or data changed"
    assert Records(book(), any_version=True).why_run(done) == ""
    monkeypatch.undo()
    monkeypatch.setattr(records_module, "package_versions", lambda: {"torch": "0.1"})
    assert Records(book()).why_run(done) == "versions of packages changed"
    assert Records(book(), any_version=True).why_run(done) == ""
    monkeypatch.undo()
    (done.folder / "score.json").write_text('{"sum": 1.6}')
    assert Records(book()).why_run(done).endswith("score.json changed")
    (done.folder / "score.json").unlink()
    assert Records(book()).why_run(done).endswith("score.json is missing")


def test_a_step_that_was_killed_is_not_done(book, done):
    records = Records(book())
    records.begin(done, resumed=True)
    assert Records(book()).why_run(done) == "running before"
    assert Records(book()).of(done).starts == 2


def test_an_output_that_was_promised_and_is_not_there_is_told(book, done):
    records = Records(book())
    (done.folder / "score.json").unlink()
    with pytest.raises(InputError, match="ended well and left no"):
        records.finish(done)


def test_hashes_are_of_content(tmp_path):
    for name, text in (
        ("a.json", '{"x": [{"time": 1, "cpu_minutes": 4, "git": "a", "y": 2}]}'),
        ("b.json", '{"x": [{"y": 2}]}'),
    ):
        (tmp_path / name).write_text(text)
    assert content_hash(tmp_path / "a.json") == content_hash(tmp_path / "b.json")
    (tmp_path / "b.json").write_text('{"x": [{"y": 3}]}')
    assert content_hash(tmp_path / "a.json") != content_hash(tmp_path / "b.json")
    before = content_hash(tmp_path)
    (tmp_path / "a.json").rename(tmp_path / "c.json")
    assert content_hash(tmp_path) != before
    with pytest.raises(InputError, match="is not there"):
        content_hash(tmp_path / "d.json")


def test_times_to_come_follow_the_pace_so_far_and_names_are_text_on_the_page(book, done):
    runbook = book()
    records = Records(runbook)
    # The first took 3 minutes of 2, so the second of 4 will take 6; it has had 1 of them.
    assert minutes_to_come(runbook.steps, records) == pytest.approx(6.0)
    records.of(runbook.steps[1]).minutes = 1.0
    assert minutes_to_come(runbook.steps, records) == pytest.approx(5.0)
    assert "to come about 5 min" in progress_text(runbook, records)
    write_progress(runbook, records, "running")
    page = (runbook.folder / "runbook.html").read_text()
    assert "--policy &#39;&lt;b&gt;&#39; --json" in page and "<b> --json" not in page
    assert 'http-equiv="refresh"' in page
    write_progress(runbook, records, "done")
    assert 'http-equiv="refresh"' not in (runbook.folder / "runbook.html").read_text()


def test_records_of_something_else_are_refused(book, done, tmp_path):
    (tmp_path / "runs" / "steps.json").write_text('{"one": {"state": 1}}')
    with pytest.raises(InputError, match="holds something else"):
        Records(book())
