"""Datasets: what fits together, what is refused, and that no episode is ever torn apart."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from soccer_lib.demos import files
from soccer_lib.demos.dataset import SIZES, Dataset, join
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError, ResourceError
from soccer_lib.runs import load_json, load_npz


def played(episodes: int = 4, steps: int = 3, **changes) -> Dataset:
    """Row r of episode e holds 10 e + r everywhere; the last step of each episode is its end."""
    rows = episodes * steps
    ids = np.repeat(np.arange(episodes), steps)
    number = 10 * ids + np.tile(np.arange(steps), episodes)
    observations = np.tile(number[:, None], (1, 89)).astype(float)
    last = np.tile(np.arange(steps) == steps - 1, episodes)
    fields = {
        "control": "command",
        "observation_layout": "robot",
        "rate_hz": 10.0,
        "observations": observations,
        "actions": np.tile((1.0, -0.5, 0.0), (rows, 1)),
        "episode_id": ids,
        "source": [f"stand/kick_to_target/{1000 + e}" for e in range(episodes)],
        "rewards": np.where(last, 2.0, 0.0),
        "next_observations": observations + 1,
        "terminated": last,
        "truncated": np.zeros(rows),
        "held_steps": np.full(rows, 50),
        "tasks": ["kick_to_target"] * episodes,
        "seeds": 1000 + np.arange(episodes),
        "scores": np.arange(episodes) / 2,
        "success": np.arange(episodes) % 2,
    }
    return Dataset(**fields | changes)


def same(first: Dataset, second: Dataset) -> bool:
    one, other = first.arrays(), second.arrays()
    equal = (np.array_equal(one[key], other[key]) and one[key].dtype == other[key].dtype for key in one)
    return one.keys() == other.keys() and all(equal)


def test_the_file_has_the_keys_of_the_contract(tmp_path):
    path = write_dataset(tmp_path / "demo.npz", played(), {"command": "dataset"})
    arrays = load_npz(path)
    assert {"control", "observation_layout", "rate_hz", "episode_id", "source", "has_transitions"} < set(
        arrays
    )
    assert {"rewards", "next_observations", "terminated", "truncated", "held_steps"} < set(arrays)
    assert {"observations", "actions", "seeds", "scores"} < set(arrays)
    assert arrays["observations"].dtype == arrays["actions"].dtype == np.float32
    assert str(arrays["control"]) == "command" and bool(arrays["has_transitions"])
    record = load_json(tmp_path / "demo.json")
    assert (record["samples"], record["episodes"], record["command"]) == (12, 4, "dataset")
    assert len(record["sha256"]) == 64


def test_what_is_written_is_read(tmp_path):
    data = played()
    assert same(read_dataset(write_dataset(tmp_path / "a.npz", data, {})), data)
    bare = played(rewards=None, next_observations=None, terminated=None, truncated=None, held_steps=None)
    again = read_dataset(write_dataset(tmp_path / "b.npz", bare, {}))
    assert same(again, bare) and not again.has_transitions


def test_sentinels_are_counted_for_each_episode():
    marks = np.array([1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    assert played(sentinels=marks).arrays()["counts"].tolist() == [[3, 2], [3, 0], [3, 1], [3, 0]]


def test_taking_samples_numbers_the_episodes_anew():
    taken = played().take(np.arange(12) // 3 % 2 == 1)
    assert taken.episode_id.tolist() == [0, 0, 0, 1, 1, 1]
    assert taken.seeds.tolist() == [1001, 1003] and taken.scores.tolist() == [0.5, 1.5]
    assert taken.observations[:, 0].tolist() == [10, 11, 12, 30, 31, 32]
    assert taken.next_observations[:, 5].tolist() == [11, 12, 13, 31, 32, 33]


def test_an_array_that_it_has_to_have():
    assert played().column("seeds").tolist() == [1000, 1001, 1002, 1003]
    with pytest.raises(InputError, match="this dataset has no scores"):
        played(scores=None).column("scores")


def test_every_side_of_a_split_gets_a_source():
    for share, episodes in ((0.01, 1), (0.3, 1), (0.99, 3)):
        first, second = played().split(share)
        assert (len(first.source), len(second.source)) == (episodes, 4 - episodes)


def test_a_split_shares_no_source():
    data = played(episodes=10)
    train, validation = data.split(0.8, seed=3)
    assert (len(train.source), len(validation.source)) == (8, 2)
    assert not set(train.source) & set(validation.source)
    assert len(train) + len(validation) == len(data)
    assert same(train, data.split(0.8, seed=3)[0]) and not same(train, data.split(0.8, seed=4)[0])


def test_parts_of_one_clip_stay_on_one_side():
    for seed in range(5):
        for part in played(source=["a", "a", "b", "b"]).split(0.5, seed):
            assert len(set(part.source)) == 1 and len(part) == 6
    with pytest.raises(InputError, match="1 sources"):
        played(source=["a"] * 4).split(0.5)


def test_joining():
    joined = join([played(), played(episodes=2)])
    assert joined.episode_id.tolist() == np.repeat(np.arange(6), 3).tolist()
    assert joined.seeds.tolist() == [1000, 1001, 1002, 1003, 1000, 1001]
    assert joined.observations[:, 0].tolist() == [
        0,
        1,
        2,
        10,
        11,
        12,
        20,
        21,
        22,
        30,
        31,
        32,
        0,
        1,
        2,
        10,
        11,
        12,
    ]
    assert joined.next_observations[-1, 0] == 13 and joined.held_steps.tolist() == [50] * 18
    three = join([played(episodes=2), played(episodes=1), played(episodes=3)])
    assert three.episode_id.tolist() == np.repeat(np.arange(6), 3).tolist()
    labels = played(rewards=None, next_observations=None, terminated=None, truncated=None, held_steps=None)
    assert not join([played(), labels]).has_transitions
    with pytest.raises(InputError, match="2 kinds"):
        join([played(), played(rate_hz=5.0)])
    with pytest.raises(InputError, match="0 kinds"):
        join([])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"observation_layout": "agent"}, "89 entries"),
        ({"observation_layout": "eyes"}, "'eyes'"),
        ({"control": "joint"}, r"actions has shape \(12, 3\) instead of \(12, 12\)"),
        ({"rate_hz": 0.0}, "0.0 Hz"),
        ({"observations": np.zeros((0, 89))}, "0 observations"),
        ({"actions": np.full((12, 3), 1.01)}, "beyond"),
        ({"actions": np.full((12, 3), np.nan)}, "actions has NaN or infinity, the first in sample 0"),
        ({"rewards": np.full(12, np.inf)}, "rewards has NaN"),
        ({"episode_id": np.repeat([0, 1, 1, 0], 3)}, "does not count up"),
        ({"episode_id": np.repeat([0, 1, 2, 2], 3)}, "does not count up"),
        ({"terminated": None}, "only some of"),
        ({"scores": np.zeros(3)}, "scores"),
        ({"held_steps": ["many"] * 12}, "not a dataset"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        played(**changes)


def test_damaged_foreign_and_swapped_files_are_refused_by_name(tmp_path):
    path = write_dataset(tmp_path / "demo.npz", played(), {})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="demo.npz"):
        read_dataset(path)
    write_dataset(path, played(), {})
    np.savez(path, **played(episodes=2).arrays())
    with pytest.raises(InputError, match="not what demo.json describes"):
        read_dataset(path)
    (tmp_path / "demo.json").unlink()
    assert len(read_dataset(path)) == 6
    np.savez(path, **played().arrays() | {"rate_hz": "fast"})
    with pytest.raises(InputError, match="demo.npz"):
        read_dataset(path)
    np.savez(path, observations=np.zeros((2, 89)))
    with pytest.raises(InputError, match="no array 'actions'"):
        read_dataset(path)


def test_a_kill_between_the_two_files_leaves_no_record_of_another_file(tmp_path, monkeypatch):
    path = write_dataset(tmp_path / "demo.npz", played(), {})

    def killed(*arguments) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "atomic_write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        write_dataset(path, played(episodes=2), {})
    assert not (tmp_path / "demo.json").exists() and len(read_dataset(path)) == 6


def test_a_full_disk_leaves_nothing_under_the_name(tmp_path, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="No space left"):
        write_dataset(tmp_path / "demo.npz", played(), {})
    assert list(tmp_path.iterdir()) == []


def test_a_million_samples_fit_into_two_gigabytes():
    widest = max(size for sizes in SIZES.values() for size in sizes), 12
    observations, actions = np.zeros((8, widest[0])), np.zeros((8, widest[1]))
    data = played(
        episodes=8,
        steps=1,
        control="joint",
        observation_layout="agent",
        observations=observations,
        next_observations=observations,
        actions=actions,
    )
    assert sum(array.nbytes for array in data.arrays().values()) / 8 * 1e6 < 2e9
