"""A replay buffer on disk: what is new is added, what nobody needs goes, another environment's is refused."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.layout import RAW
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.learn.shards import COLUMNS, ReplayShards
from soccer_lib.runs.checkpoints import Checkpoints
from soccer_lib.runs.files import sha256_of


def buffer_of(task: str, rows: int) -> HeldReplayBuffer:
    """An empty buffer of two environments of a task, with raw observations and torques."""
    seen = gym.spaces.Box(-np.inf, np.inf, (RAW[task].size,), np.float32)
    torques = gym.spaces.Box(-1, 1, (12,), np.float32)
    return HeldReplayBuffer(2 * rows, seen, torques, device="cpu", n_envs=2, gamma=0.9, hold=1)


def fill(buffer: HeldReplayBuffer, rows: int) -> None:
    """Add rows; every entry of a row is its number."""
    for _ in range(rows):
        seen = np.full((2, *buffer.obs_shape), buffer.added, np.float32)
        paid = np.full(2, buffer.added, np.float32)
        buffer.add(seen, seen, np.zeros((2, 12)), paid, np.zeros(2), [{"held_steps": 1}] * 2)


def on_disk(run: Path) -> list[str]:
    return sorted(file.name for file in (run / "replay").iterdir())


def test_a_45_wide_buffer_for_a_39_wide_environment_is_refused(tmp_path):
    assert (RAW["goalie_penalty_kick"].size, RAW["kick_to_target"].size) == (45, 39)
    wide = buffer_of("goalie_penalty_kick", 10)
    fill(wide, 4)
    shards = ReplayShards(wide, tmp_path)
    shards.write()
    narrow = buffer_of("kick_to_target", 10)
    with pytest.raises(InputError, match=r"observations of shape \(4, 2, 45\) and .* rows of \(2, 39\)"):
        ReplayShards(narrow, tmp_path).set_state(shards.get_state())
    assert not narrow.observations.any()


def test_a_buffer_comes_back_row_by_row_after_it_has_wrapped(tmp_path):
    buffer = buffer_of("kick_to_target", 10)
    shards = ReplayShards(buffer, tmp_path)
    for rows in (4, 4, 5):  # rows 0 to 2 are overwritten in the end
        fill(buffer, rows)
        shards.write()
    again = buffer_of("kick_to_target", 10)
    ReplayShards(again, tmp_path).set_state(shards.get_state())
    assert (again.pos, again.full, again.added) == (3, True, 13)
    for column in COLUMNS:
        assert (getattr(again, column) == getattr(buffer, column)).all(), column
    assert sorted(again.rewards[:, 0].tolist()) == list(range(3, 13))


def test_files_are_never_changed_and_go_when_no_checkpoint_names_them(tmp_path):
    buffer = buffer_of("kick_to_target", 10)
    shards = ReplayShards(buffer, tmp_path)
    store = Checkpoints(tmp_path, {})
    seen: dict[str, str] = {}
    for step in range(1, 12):
        fill(buffer, 4)
        shards.write()
        store.save(step, {"state.npz": b"s"}, shards.needs())
        shards.tidy(store.needed())
        for name in on_disk(tmp_path):
            assert seen.setdefault(name, sha256_of(tmp_path / "replay" / name)) == sha256_of(
                tmp_path / "replay" / name
            )
        # Rows of three files at most in the buffer, and one more that the checkpoint before still needs.
        assert len(on_disk(tmp_path)) <= 4
    assert on_disk(tmp_path) == [f"shard_{first:09d}_{first + 4:09d}.npz" for first in (28, 32, 36, 40)]


def test_the_room_that_is_left_to_fill_is_counted_to_the_byte(tmp_path):
    buffer = buffer_of("kick_to_target", 10)
    shards = ReplayShards(buffer, tmp_path)
    # Two environments, 4 bytes each: 2 x 39 entries, 12 torques, reward, done, time-out, discount.
    row = 2 * 4 * (2 * 39 + 12 + 4)
    assert shards.room_left(10**6) == 10 * row
    fill(buffer, 4)
    assert shards.room_left(8) == (4 + 4 + 1) * row  # those that wait, and 8 steps of two environments
    shards.write()
    assert shards.room_left(10**6) == 6 * row
    assert shards.room_left(8) == (4 + 1) * row
    (file,) = (tmp_path / "replay").iterdir()
    assert 4 * row < file.stat().st_size < 4 * row + 2_500  # beside it only the names and shapes of 7 arrays
