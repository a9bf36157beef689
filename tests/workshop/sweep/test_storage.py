"""Where a study lies: what a kill leaves is mended, what is no journal refused, a silent database told."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket

import pytest

from soccer_lib.cli.main import main
from soccer_lib.errors import InputError, ResourceError
from soccer_lib.workshop.sweep.storage import JOURNAL, Journal, open_storage, patiently, without_password
from tests.workshop.sweep.studies import begun, in_child, space_file, tiny


def test_a_line_that_a_kill_cut_is_removed_before_the_next_is_written(tmp_path):
    study = begun(tiny(tmp_path, trials=2))
    journal = study.folder / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 4, "study_')
    study = begun(tiny(tmp_path, trials=3))
    assert [one.number for one in study.trials()] == [0, 1, 2]
    assert journal.read_bytes().startswith(whole)
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_a_worker_that_is_killed_while_it_writes_keeps_nobody_out(tmp_path):
    study = begun(tiny(tmp_path))

    def write_forever() -> None:
        own = open_storage("", study.folder, 10)
        while True:
            own.set_study_user_attr(study.study_id, "note", "x" * 2000)

    child = in_child(write_forever)
    while "note" not in study.attributes():
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    study.set_budget(3.0)
    assert study.budget() == 3.0


@pytest.mark.parametrize(
    "content", [b"no journal\nof ours\n", pickle.dumps(print) + b"\n\n", b'{"op_code": 99}\n']
)
def test_a_file_that_is_no_journal_is_one_line(tmp_path, content):
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(InputError, match="expected the journal of a study"):
        open_storage("", tmp_path, 10)
    assert (tmp_path / JOURNAL).read_bytes() == content


def test_a_database_that_does_not_answer_is_one_line_without_its_password_and_nothing_is_made(
    tmp_path, capsys
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgresql://user:secret@127.0.0.1:{port}/nothing"
    words = ["sweep", "--study", "x", "--space", space_file(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*words, "--storage", url]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "secret" not in error
    assert f"could not reach --storage postgresql://user:***@127.0.0.1:{port}" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("url", ["mysql://a:b@c/d", "file.db", "://", "sqlite:///x.db"])
def test_an_address_of_another_kind_is_one_line(tmp_path, url):
    with pytest.raises(InputError, match="expected postgresql://USER@HOST/NAME") as error:
        open_storage(url, tmp_path, 10)
    assert "a:b" not in str(error.value)
    assert "***" in without_password("postgresql://a:b@c/d")


def test_a_full_disk_is_told_as_such(tmp_path):
    storage = open_storage("", tmp_path, 10)
    assert isinstance(storage, Journal)

    def full() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match="No space left on device; expected room"):
        patiently(full, storage)
