"""Errors, atomic files, checked reads and run folders."""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from soccer_lib import runs
from soccer_lib.errors import InputError, ResourceError, SimulationError, SoccerError, one_line, unknown_name
from soccer_lib.runs import files
from soccer_lib.runs.folder import CHECKOUT, git_record


@dataclass(frozen=True)
class Config:
    """Settings of a made-up stage."""

    seed: int = 0
    tasks: tuple[str, ...] = ("a", "b")
    rate: float = 0.5
    out: str = ""


@pytest.mark.parametrize(
    ("kind", "builtin", "code"),
    [(InputError, ValueError, 2), (ResourceError, OSError, 3), (SimulationError, RuntimeError, 4)],
)
def test_errors_are_builtin_errors_with_exit_codes(kind, builtin, code):
    error = kind("one; two; three")
    assert isinstance(error, SoccerError) and isinstance(error, builtin)
    assert error.exit_code == code and str(error) == "one; two; three"
    assert str(pickle.loads(pickle.dumps(error))) == "one; two; three"  # they cross worker processes


def test_unknown_name_says_value_choices_and_closest():
    message = str(unknown_name("task", "golie", ["goalie", "kick"]))
    assert message == "unknown task 'golie'; expected one of: goalie, kick; did you mean 'goalie'?"
    assert "did you mean" not in str(unknown_name("task", "zzz", ["goalie"]))


def test_one_line_keeps_both_ends():
    assert one_line(" a\n b  c ") == "a b c"
    assert one_line("\x1b[31mr\u00f6d") == r"\x1b[31mröd", "a terminal obeys no name"
    short = one_line("x" * 500 + "end", limit=50)
    assert len(short) <= 50 and short.endswith("end") and " ... " in short


def test_npz_round_trip_keeps_bits_and_types(tmp_path):
    arrays = {
        "x": np.array([0.1, -0.0, np.nan, np.inf]),
        "torque": np.arange(6, dtype=np.float32),
        "name": np.array(["a", "bc"]),
    }
    path = runs.atomic_write_npz(tmp_path / "deep" / "file.npz", arrays)
    loaded = runs.load_npz(path, ["x", "torque"])
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype and loaded[name].tobytes() == array.tobytes()
    assert [entry.name for entry in path.parent.iterdir()] == ["file.npz"]


def test_npz_refuses_objects(tmp_path):
    with pytest.raises(InputError, match="holds Python objects"):
        runs.atomic_write_npz(tmp_path / "x.npz", {"x": np.array([{}], dtype=object)})
    assert not list(tmp_path.iterdir())


def _foreign(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"{kind}.npz"
    good = io.BytesIO()
    np.savez(good, x=np.arange(1000.0))
    content = good.getvalue()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("hello")
    elif kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "pickled":
        np.savez(path, x=np.array([{"a": 1}], dtype=object))
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"x": 1}))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "hello")
    elif kind == "npy":
        with open(path, "wb") as stream:
            np.save(stream, np.arange(3))
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    "kind", ["missing", "empty", "text", "truncated", "pickled", "pickle", "zip", "npy", "folder"]
)
def test_a_file_that_is_no_npz_gives_one_line(tmp_path, kind):
    path = _foreign(tmp_path, kind)
    with pytest.raises(InputError) as caught:
        runs.load_npz(path, ["x"])
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and message.count(";") >= 2


def test_every_flipped_bit_is_either_found_or_harmless(tmp_path):
    expected = np.arange(40.0)
    path = tmp_path / "x.npz"
    runs.atomic_write_npz(path, {"x": expected}, compress=False)
    content = bytearray(path.read_bytes())
    found = 0
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 1 << (position % 8)
        path.write_bytes(flipped)
        try:
            assert np.array_equal(runs.load_npz(path, ["x"])["x"], expected), position
        except InputError:
            found += 1
    assert found > 300


def test_a_missing_array_is_named_with_what_is_there(tmp_path):
    path = runs.atomic_write_npz(tmp_path / "x.npz", {"a": np.zeros(1)})
    with pytest.raises(
        InputError, match="has no array 'b' but a; expected a whole npz file of the right kind"
    ):
        runs.load_npz(path, ["a", "b"])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_failed_write_leaves_the_old_file_and_no_scraps(tmp_path, monkeypatch, code):
    path = files.atomic_write_text(tmp_path / "x.txt", "old")

    def fail(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ResourceError) as caught:
        files.atomic_write_text(path, "new")
    assert os.strerror(code) in str(caught.value) and str(path) in str(caught.value)
    assert path.read_text() == "old" and [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


def test_a_full_disk_in_the_middle_of_an_npz(tmp_path):
    resource = pytest.importorskip("resource")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        # 8 bytes x 2^17 are a MiB.
        with pytest.raises(ResourceError, match=r"could not write .*x\.npz: File too large; .*") as refused:
            runs.atomic_write_npz(tmp_path / "x.npz", {"x": np.random.default_rng(0).random(2**17)})
        with pytest.raises(ResourceError, match=r"room for 0\.5 MiB"):
            runs.atomic_write_bytes(tmp_path / "x", bytes(2**19))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert re.search(r"room for 1\.0 MiB, and \d+\.\d MiB are free; free some disk", str(refused.value))
    assert not list(tmp_path.iterdir())


def test_a_file_or_folder_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="choose another output path"):
        files.atomic_write_text(tmp_path / "file" / "x.txt", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder is a folder, device or pipe"):
        files.atomic_write_text(tmp_path / "folder", "")


def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path):
    path = files.atomic_write_text(tmp_path / "x.txt", "old")
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2]); from soccer_lib.runs import files\n"
        "files.atomic_write(sys.argv[1], lambda s: (s.write(b'half'), s.flush(), os.kill(os.getpid(), 9)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), str(CHECKOUT)])
    assert done.returncode == -signal.SIGKILL and path.read_text() == "old"


def test_whoever_reads_the_old_file_reads_it_to_its_end(tmp_path):
    path = files.atomic_write_text(tmp_path / "x.txt", "old")
    with open(path) as reader:
        files.atomic_write_text(path, "new")
        assert reader.read() == "old" and path.read_text() == "new"


def test_json_knows_numpy_and_has_no_nan(tmp_path):
    value = {"a": np.float32(0.5), "b": np.arange(2), "c": (np.nan, np.inf), "d": Path("x/y"), "e": Config()}
    path = runs.atomic_write_json(tmp_path / "x.json", value)
    loaded = json.loads(path.read_text())
    assert loaded["a"] == 0.5 and loaded["b"] == [0, 1] and loaded["c"] == [None, None]
    assert loaded["d"] == "x/y" and loaded["e"]["tasks"] == ["a", "b"]


def test_manifest_finds_a_changed_and_a_missing_file(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    files.write_manifest(tmp_path, ["b.txt", "a.txt"])
    assert files.verify_manifest(tmp_path) == ["a.txt", "b.txt"]
    (tmp_path / "a.txt").write_text("A.txt")
    with pytest.raises(InputError, match=r"a\.txt is changed"):
        files.verify_manifest(tmp_path)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(InputError, match=r"a\.txt is missing"):
        files.verify_manifest(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(InputError, match="manifest.json: No such file"):
        files.verify_manifest(tmp_path)


def test_sha256_of_known_content(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256_of(tmp_path / "x").startswith("ba7816bf8f01cfea")


def test_run_folder_records_and_resumes(tmp_path):
    path = tmp_path / "runs" / "one"
    first = runs.RunFolder.open(path, Config(), "evaluate")
    before = (path / "config.json").read_bytes()
    record = json.loads(before)
    assert not first.resumed and record["command"] == "evaluate"
    assert record["config"] == {"seed": 0, "tasks": ["a", "b"], "rate": 0.5, "out": ""}
    assert record["versions"]["python"] and record["versions"]["mujoco"] and record["machine"]["cores"] >= 1
    assert os.uname().nodename not in json.dumps(record["machine"]) and str(tmp_path) not in before.decode()
    again = runs.RunFolder.open(path, Config(out="elsewhere"), "evaluate", ignore=["out"])
    assert again.resumed and (path / "config.json").read_bytes() == before


def test_run_folder_refuses_another_config_and_touches_nothing(tmp_path):
    path = tmp_path / "one"
    runs.RunFolder.open(path, Config(), "evaluate")
    before = {entry: entry.read_bytes() for entry in path.iterdir()}
    with pytest.raises(InputError) as caught:
        runs.RunFolder.open(path, Config(rate=0.25, seed=1), "evaluate")
    message = str(caught.value)
    assert "seed = 0 and this run has 1" in message and "another folder or --seed as it was" in message
    with pytest.raises(InputError, match="belongs to evaluate; expected train"):
        runs.RunFolder.open(path, Config(), "train")
    assert {entry: entry.read_bytes() for entry in path.iterdir()} == before


def test_a_setting_that_is_no_more_is_another_configuration(tmp_path):
    runs.RunFolder.open(tmp_path / "one", {"seed": 0, "noise": 0.1}, "evaluate")
    with pytest.raises(InputError, match="made with noise = 0.1 and this run has None"):
        runs.RunFolder.open(tmp_path / "one", {"seed": 0}, "evaluate")


def test_run_folder_refuses_foreign_folders(tmp_path):
    (tmp_path / "photo.txt").write_text("mine")
    with pytest.raises(InputError, match=r"not empty and has no config\.json"):
        runs.RunFolder.open(tmp_path, Config(), "evaluate")
    with pytest.raises(ResourceError, match="File exists"):
        runs.RunFolder.open(tmp_path / "photo.txt", Config(), "evaluate")
    (tmp_path / "config.json").write_text('{"trunc')
    with pytest.raises(InputError, match="expected a JSON file"):
        runs.RunFolder.open(tmp_path, Config(), "evaluate")
    for content in (
        "[1]",
        '{"command": "evaluate"}',
        '{"command": "evaluate", "config": [1]}',
        "[" * 100_000,
    ):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(InputError, match=r"config\.json.*; expected a"):
            runs.RunFolder.open(tmp_path, Config(), "evaluate")
    (tmp_path / "config.json").write_text('{"config": {}}')
    with pytest.raises(InputError, match="belongs to something else"):
        runs.RunFolder.open(tmp_path, Config(), "evaluate")
    assert (tmp_path / "photo.txt").read_text() == "mine"


def test_metrics_survive_a_cut_last_line(tmp_path):
    folder = runs.RunFolder.open(tmp_path / "one", Config(), "evaluate")
    folder.append_metrics({"step": 1, "loss": float("nan")})
    path = folder.path / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 2, "lo')
    folder.append_metrics({"step": 3})
    lines = path.read_text().splitlines()
    assert json.loads(lines[0]) == {"step": 1, "loss": None} and json.loads(lines[2]) == {"step": 3}
    assert folder.metrics() == [{"step": 1, "loss": None}, {"step": 3}]
    assert runs.RunFolder.open(tmp_path / "two", Config(), "evaluate").metrics() == []


def test_status(tmp_path):
    folder = runs.RunFolder.open(tmp_path / "one", Config(), "evaluate")
    folder.set_status("failed", reason="no ball")
    assert not folder.is_done()
    record = json.loads((folder.path / "status.json").read_text())
    assert record["status"] == "failed" and record["reason"] == "no ball" and record["time"]


@pytest.mark.parametrize("content", ["", "[1]", '{"status": []}', "[" * 100_000])
def test_a_status_that_cannot_be_read_is_not_done(tmp_path, content):
    folder = runs.RunFolder.open(tmp_path / "one", Config(), "evaluate")
    assert not folder.is_done()
    folder.set_status("done")
    assert folder.is_done()
    (folder.path / "status.json").write_text(content)
    assert not folder.is_done()


def test_the_hash_of_arrays_is_that_of_their_content():
    arrays = {"x": np.arange(4.0), "name": np.array(["a"])}
    same = {"name": np.array(["a"]), "x": np.arange(4.0)}
    assert files.sha256_of_arrays(arrays) == files.sha256_of_arrays(same)
    others = [
        {**arrays, "x": np.arange(4.0)[::-1]},
        {**arrays, "x": np.arange(4.0).reshape(2, 2)},
        {**arrays, "x": np.arange(4.0).view(np.int64)},
        {"y": arrays["x"], "name": arrays["name"]},
        {"x": arrays["x"]},
    ]
    assert len({files.sha256_of_arrays(one) for one in (arrays, *others)}) == 6


def test_a_git_record_is_a_commit_or_nothing(tmp_path, monkeypatch):
    record = git_record()
    assert record is None or len(record.removesuffix("-dirty")) == 40
    monkeypatch.setattr("soccer_lib.runs.folder.CHECKOUT", tmp_path)
    assert git_record() is None, "no repository"
    monkeypatch.setenv("PATH", "")
    assert git_record() is None, "no git"


def test_notebook_folder():
    assert runs.notebook_folder("x/y", "06_evaluation") == Path("x/y")
    place = runs.notebook_folder("", "06_evaluation")
    assert not place.is_absolute()
    assert place.resolve() == CHECKOUT / "runs" / "by_hand" / "06_evaluation"
