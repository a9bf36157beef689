"""Minari's format: there and back without a changed bit, and what it cannot hold."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset
from soccer_lib.demos.minari import check_folder, write_minari
from soccer_lib.errors import InputError, ResourceError


def played(steps: tuple[int, ...] = (3, 1, 4)) -> Dataset:
    rng, rows = np.random.default_rng(0), sum(steps)
    ids = np.repeat(np.arange(len(steps)), steps)
    seen = [rng.normal(size=(n + 1, 89)) for n in steps]
    last = np.diff(ids, append=-1) != 0
    return Dataset(
        control="joint",
        observation_layout="robot",
        rate_hz=50.0,
        observations=np.concatenate([rows[:-1] for rows in seen]),
        next_observations=np.concatenate([rows[1:] for rows in seen]),
        actions=rng.uniform(-1, 1, (rows, 12)),
        episode_id=ids,
        source=[f"striker/kick_to_target/{1000 + n}" for n in range(len(steps))],
        rewards=rng.normal(size=rows),
        terminated=last & (ids > 0),
        truncated=last & (ids == 0),
        held_steps=np.where(last, 7, 10),
        tasks=["kick_to_target"] * len(steps),
        seeds=1000 + np.arange(len(steps)),
        scores=rng.normal(size=len(steps)),
        success=ids[last] == 1,
    )


@pytest.fixture
def minari():
    return pytest.importorskip("minari", reason="an optional extra: pip install minari==0.5.4 h5py")


def test_round_trip(minari, tmp_path):
    data = played()
    again = read_dataset(write_minari(tmp_path / "striker-v0", data))
    for name, array in data.arrays().items():
        other = again.arrays()[name]
        assert np.array_equal(array, other) and array.dtype == other.dtype, name
    assert [path.name for path in tmp_path.iterdir()] == ["striker-v0"]


def test_minari_itself_reads_it(minari, tmp_path, monkeypatch):
    data = played()
    write_minari(tmp_path / "striker-v0", data)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    theirs = minari.load_dataset("striker-v0")
    assert (theirs.total_episodes, theirs.total_steps) == (3, 8)
    episode = theirs[2]
    assert np.array_equal(episode.observations[:-1], data.observations[4:])
    assert np.array_equal(episode.actions, data.actions[4:])
    assert episode.terminations.tolist() == [False, False, False, True]
    assert theirs.observation_space.shape == (89,) and theirs.action_space.shape == (12,)


def test_what_it_cannot_hold(minari, tmp_path):
    fields = ("rewards", "next_observations", "terminated", "truncated", "held_steps")
    labels = Dataset(**{**vars(played()), **dict.fromkeys(fields)})
    with pytest.raises(InputError, match="no transitions"):
        write_minari(tmp_path / "striker-v0", labels)
    with pytest.raises(InputError, match="not a Minari name"):
        check_folder(tmp_path / "two words")
    (tmp_path / "taken-v1").mkdir()
    with pytest.raises(InputError, match="there already"):
        check_folder(tmp_path / "taken-v1")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResourceError):
        write_minari(tmp_path / "file" / "striker-v0", played())


def test_damaged_and_foreign_folders_are_refused(minari, tmp_path):
    folder = write_minari(tmp_path / "striker-v0", played())
    file = folder / "data" / "main_data.hdf5"
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(InputError, match="cannot read .*striker-v0"):
        read_dataset(folder)
    with pytest.raises(InputError, match="cannot read"):
        read_dataset(tmp_path)


def test_without_minari_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "minari", None)
    for module in [name for name in sys.modules if name.startswith("minari.")]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match="pip install minari==0.5.4 h5py"):
        check_folder(tmp_path / "striker-v0")
    with pytest.raises(InputError, match="pip install minari==0.5.4 h5py"):
        read_dataset(tmp_path)
