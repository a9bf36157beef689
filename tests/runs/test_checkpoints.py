"""Checkpoints are whole or passed over, and what one needs stays."""

from __future__ import annotations

import json
import resource
import shutil
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from soccer_lib.errors import InputError, ResourceError
from soccer_lib.runs import read_tree, tree_bytes
from soccer_lib.runs.checkpoints import Checkpoints
from soccer_lib.runs.files import sha256_of

IDENTITY = {"algo": "ppo", "observation": "agent"}
FILES = {"model.safetensors": bytes(range(200)), "state.npz": b"s" * 3000}


@pytest.fixture
def store(tmp_path) -> Checkpoints:
    """Checkpoints of steps 10 and 20; the newer one needs a shard."""
    store = Checkpoints(tmp_path, IDENTITY)
    store.save(10, FILES, {})
    shard = tmp_path / "replay" / "shard_0.npz"
    shard.parent.mkdir()
    shard.write_bytes(b"rows" * 100)
    store.save(20, FILES, {"replay/shard_0.npz": sha256_of(shard)})
    return store


def damages(size: int) -> Iterator[tuple[str, int]]:
    """Ways to damage a file of that size: cut to a length, or a bit flipped in a byte."""
    for share in (0.0, 0.01, 0.5, 0.99):
        yield "cut", int(size * share)
    for place in (0, size // 2, size - 1):
        yield "flip", place


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "../../replay/shard_0.npz"])
def test_whatever_file_is_damaged_the_older_one_is_used_and_that_is_told(store, name, capsys):
    path = store.folder / "ckpt_000000020" / name
    sound = path.read_bytes()
    assert store.newest().step == 20
    for kind, place in damages(len(sound)):
        if kind == "cut":
            path.write_bytes(sound[:place])
        else:
            damaged = bytearray(sound)
            damaged[place] ^= 4
            if name == "manifest.json" and json_equal(bytes(damaged), sound):
                continue  # a blank became another one
            path.write_bytes(damaged)
        found = store.newest()
        printed = capsys.readouterr().out
        assert found is not None and found.step == 10, (kind, place)
        assert printed.count("passed over") == 1 and path.name in printed
    path.unlink()
    assert store.newest().step == 10
    path.write_bytes(sound)
    assert store.newest().step == 20


def json_equal(ours: bytes, theirs: bytes) -> bool:
    try:
        return json.loads(ours) == json.loads(theirs)
    except ValueError:
        return False


def test_nothing_whole_is_nothing(store):
    shutil.rmtree(store.folder / "ckpt_000000010")
    (store.folder / "ckpt_000000020" / "state.npz").write_bytes(b"")
    assert store.newest() is None


def test_the_newest_two_stay_and_what_they_need(store):
    assert store.needed() == {"replay/shard_0.npz"}
    store.save(30, FILES, {})
    assert sorted(path.name for path in store.folder.iterdir()) == ["ckpt_000000020", "ckpt_000000030"]
    assert store.needed() == {"replay/shard_0.npz"}
    store.save(40, FILES, {})
    assert store.needed() == set()


def test_a_damaged_newer_one_is_replaced_and_keeps_no_sound_one_out(store):
    store.save(30, FILES, {})
    (store.folder / "ckpt_000000030" / "state.npz").write_bytes(b"")
    assert store.newest().step == 20
    store.save(25, FILES, {})  # another interval on the way back
    assert sorted(path.name for path in store.folder.iterdir()) == ["ckpt_000000020", "ckpt_000000025"]
    store.save(25, FILES, {})
    assert store.newest().step == 25


def test_a_leftover_is_told_and_removed(store, capsys):
    leftover = store.folder / ".ckpt_000000030.tmp"
    leftover.mkdir()
    (leftover / "state.npz").write_bytes(b"half")
    (leftover / ".model.safetensors.77.tmp").write_bytes(b"half")
    shard = store.run / "replay" / ".shard_1.npz.77.tmp"
    shard.write_bytes(b"half")
    assert store.newest().step == 20
    printed = capsys.readouterr().out
    assert ".ckpt_000000030.tmp was never finished" in printed and not leftover.exists()
    assert "replay/.shard_1.npz.77.tmp was never finished" in printed and not shard.exists()
    assert printed.count("never finished") == 2
    assert store.newest().step == 20 and not capsys.readouterr().out


def test_one_of_another_run_is_refused_with_both_named(store, tmp_path):
    other = Checkpoints(tmp_path, {**IDENTITY, "algo": "td3"})
    with pytest.raises(InputError, match="algo 'ppo' and this one has 'td3'"):
        other.newest()


def test_a_full_disk_leaves_the_old_ones(store, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(ResourceError) as refused:
            store.save(30, FILES, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    message = str(refused.value)
    assert "needs 0.0 MiB" in message and "MiB free" in message and "step 20 is as it was" in message
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_state_comes_back_with_its_types_and_bits(tmp_path):
    state = {
        "numbers": [1, -0.0, 1e-300, float("inf"), 2**100, True, None, "ö"],
        3: (np.float32(0.1), np.int64(7), np.array(2.5), np.array(["a", "bc"])),
        "arrays": {"empty": np.zeros((0, 3), np.float32), "bits": np.array([True, False])},
        "columns": np.arange(6.0).reshape(2, 3).T,
    }
    path = tmp_path / "state.npz"
    path.write_bytes(tree_bytes(state))
    back = read_tree(path)
    assert list(back) == list(state) and back["numbers"] == state["numbers"]
    assert str(back["numbers"][1]) == "-0.0" and type(back["numbers"][5]) is bool
    for ours, theirs in zip(back[3], state[3], strict=True):
        assert type(ours) is type(theirs) and ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    assert np.array_equal(back["columns"], state["columns"]) and back["columns"].flags.writeable
    assert back["arrays"]["empty"].shape == (0, 3)
    with pytest.raises(InputError, match="state.x is a set"):
        tree_bytes({"x": {1}})
    with pytest.raises(InputError, match="Python objects"):
        tree_bytes({"x": np.array([object()])})


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_half_a_state_is_refused(share, tmp_path):
    content = tree_bytes({"x": np.arange(100)})
    path = tmp_path / "state.npz"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"state\.npz"):
        read_tree(path)
