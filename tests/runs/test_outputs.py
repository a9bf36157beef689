"""Outputs: links are written through, and what is no file stays what it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.runs import files
from soccer_lib.runs.outputs import check_outputs


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    (tmp_path / "ahead.txt").symlink_to(Path("new", "made.txt"))
    for name in ("link.txt", "ahead.txt"):
        check_outputs([tmp_path / name])
        assert files.atomic_write_text(tmp_path / name, "new") == tmp_path / name
        assert (tmp_path / name).is_symlink() and (tmp_path / name).read_text() == "new"
    assert (tmp_path / "real.txt").read_text() == (tmp_path / "new" / "made.txt").read_text() == "new"
    with pytest.raises(InputError, match="came for two outputs"):
        check_outputs([tmp_path / "link.txt", tmp_path / "real.txt"])


@pytest.mark.parametrize("kind", ["pipe", "pipe behind a link", "endless link", "null", "open pipe"])
def test_what_is_no_file_is_never_replaced_by_one(tmp_path, kind):
    path = tmp_path / "out"
    ends = os.pipe()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "pipe behind a link":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe")
    elif kind == "endless link":
        path.symlink_to("out")
    elif kind == "null":
        path = Path(os.devnull)
    else:
        path = Path("/dev/fd", str(ends[1]))
        if not path.exists():
            pytest.skip("open files have no names here")
    before = os.lstat(path)
    for write in (lambda: check_outputs([path]), lambda: files.atomic_write_text(path, "x")):
        with pytest.raises(InputError, match="expected a file to write"):
            write()
    assert os.lstat(path).st_ino == before.st_ino and os.lstat(path).st_mode == before.st_mode
    for end in ends:
        os.close(end)


def test_an_archive_that_unpacks_to_more_than_the_memory_is_not_unpacked(tmp_path, monkeypatch):
    path = files.atomic_write_npz(tmp_path / "x.npz", {"x": np.zeros(10_000)})
    monkeypatch.setattr(files, "NPZ_BYTES", 80_000)  # without its header
    with pytest.raises(InputError, match="unpacks to more than 80,000 bytes"):
        files.load_npz(path)
    monkeypatch.setattr(files, "NPZ_BYTES", 80_128)
    assert files.load_npz(path)["x"].size == 10_000


@pytest.mark.parametrize("name", ["-", " ", "\t"])
def test_a_dash_or_a_blank_is_no_output(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="is no name; expected a file"):
        check_outputs([name])
    assert not list(tmp_path.iterdir())
