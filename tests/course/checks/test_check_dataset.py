"""Checks of lesson 02: right functions in several wordings pass, typical mistakes are told their property."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from soccer_lib.course import checks
from soccer_lib.geometry import heading_of
from soccer_lib.layout import COMMAND_SCALE
from tests.support.exercises import accepts, rejects


def commands_of(velocity, spin, quat, yaw=None):
    """Not yet held within [-1, 1]."""
    yaw = np.array([heading_of(row) for row in quat]) if yaw is None else yaw
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y, _ = velocity.T
    return np.stack((cos * x + sin * y, cos * y - sin * x, spin[:, 2]), axis=1) / COMMAND_SCALE


def clipped(commands):
    return lambda *frames: np.clip(commands(*frames), -1, 1)


def by_rotations(velocity, spin, quat):
    yaw = Rotation.from_quat(quat).as_euler("ZYX")[:, 0]
    ahead, left, _ = Rotation.from_euler("z", -yaw[:, None]).apply(velocity).T
    return np.clip(np.stack((ahead, left, spin[:, 2]), axis=1) / COMMAND_SCALE, -1, 1)


def frame_by_frame(velocities, spins, quats):
    rows = []
    for velocity, spin, quat in zip(velocities, spins, quats, strict=True):
        ahead, left, _ = Rotation.from_euler("z", -heading_of(quat)).apply(velocity)
        row = [ahead / COMMAND_SCALE[0], left / COMMAND_SCALE[1], spin[2] / COMMAND_SCALE[2]]
        rows.append([min(1, max(-1, entry)) for entry in row])
    return rows


def by_complex_numbers(velocity, spin, quat):
    yaw = Rotation.from_quat(quat).as_euler("ZYX")[:, 0]
    turned = (velocity[:, 0] + 1j * velocity[:, 1]) * np.exp(-1j * yaw)
    rows = np.column_stack((turned.real, turned.imag, spin[:, 2])) / COMMAND_SCALE
    return torch.tensor(rows).clamp(-1, 1)


def spin_in_the_trunk(velocity, spin, quat):
    turn = Rotation.from_quat(quat).apply(spin, inverse=True)
    return np.clip(commands_of(velocity, turn, quat), -1, 1)


def held_too_early(velocity, spin, quat):
    return commands_of(np.clip(velocity, -1, 1), np.clip(spin, -1, 1), quat)


def commands_in_the_trunk(velocity, spin, quat):
    x, y, _ = Rotation.from_quat(quat).apply(velocity, inverse=True).T
    return np.stack((x, y, spin[:, 2]), axis=1) / COMMAND_SCALE


def in_place(velocity, spin, quat):
    velocity /= COMMAND_SCALE
    return velocity


@pytest.mark.parametrize("function", [clipped(commands_of), by_rotations, frame_by_frame, by_complex_numbers])
def test_clip_commands_accepts(function, capsys):
    accepts(checks.check_clip_commands, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("facing along x", lambda velocity, spin, quat: velocity),
        ("facing along x", in_place),
        ("along -y", lambda velocity, spin, quat: commands_of(velocity, spin, quat, np.zeros(len(quat)))),
        ("its own heading", lambda *frames: commands_of(*frames, heading_of(frames[2][0]))),
        ("leaning forward", clipped(commands_in_the_trunk)),
        ("leaning forward", spin_in_the_trunk),
        ("facing along x", held_too_early),
        ("facing along x", lambda *frames: np.tanh(commands_of(*frames))),
        ("facing along x", lambda *frames: commands_of(*frames).T),
        ("held at", commands_of),
    ],
)
def test_clip_commands_rejects(words, function, capsys):
    rejects(checks.check_clip_commands, function, words, capsys)


def by_episode(episode_id, share, seed):
    episodes = np.random.default_rng(seed).permutation(np.unique(episode_id))
    return np.isin(episode_id, episodes[: round(share * len(episodes))])


def by_a_set(episode_id, share, seed):
    episodes = sorted(set(episode_id.tolist()))
    rng = np.random.default_rng(seed)
    chosen = set(rng.choice(episodes, size=int(share * len(episodes) + 0.5), replace=False).tolist())
    return [episode in chosen for episode in episode_id]


def by_order_of_draws(episode_id, share, seed):
    episodes, inverse = np.unique(episode_id, return_inverse=True)
    rank = np.random.default_rng(seed).random(len(episodes)).argsort().argsort()
    return (rank < round(share * len(episodes)))[inverse]


def by_sample(episode_id, share, seed):
    return np.random.default_rng(seed).random(len(episode_id)) < share


def first_samples(episode_id, share, seed):
    return np.isin(episode_id, episode_id[: int(share * len(episode_id))])


def by_pythons_random(episode_id, share, seed):
    episodes = sorted({int(episode) for episode in episode_id})
    chosen = random.Random(seed).sample(episodes, round(share * len(episodes)))
    return np.array([episode in chosen for episode in episode_id])


def by_its_share_of_samples(episode_id, share, seed):
    chosen = []
    for episode in np.random.default_rng(seed).permutation(np.unique(episode_id)):
        if np.isin(episode_id, chosen).sum() < share * len(episode_id):
            chosen.append(episode)
    return np.isin(episode_id, chosen)


def by_a_coin_for_each(episode_id, share, seed):
    episodes = np.unique(episode_id)
    return np.isin(episode_id, episodes[np.random.default_rng(seed).random(len(episodes)) < share])


def with_replacement(episode_id, share, seed):
    episodes = np.unique(episode_id)
    return np.isin(episode_id, np.random.default_rng(seed).choice(episodes, round(share * len(episodes))))


def by_numbers_from_zero(episode_id, share, seed):
    count = len(np.unique(episode_id))
    return np.isin(episode_id, np.random.default_rng(seed).permutation(count)[: round(share * count)])


@pytest.mark.parametrize("function", [by_episode, by_a_set, by_order_of_draws, by_pythons_random])
def test_split_accepts(function, capsys):
    accepts(checks.check_split, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("both sides", by_sample),
        ("both sides", lambda *arguments: np.flatnonzero(by_episode(*arguments))),
        ("both sides", lambda *arguments: by_episode(*arguments).astype(int)),
        ("trains on 16", first_samples),
        ("trains on 16", by_numbers_from_zero),
        ("trains on 16", lambda *arguments: ~by_episode(*arguments)),
        ("trains on 16", by_its_share_of_samples),
        ("trains on 16", by_a_coin_for_each),
        ("trains on 16", with_replacement),
        ("both sides", lambda *arguments: (by_episode(*arguments), ~by_episode(*arguments))),
        ("trains on 10", lambda episode_id, share, seed: by_episode(episode_id, 0.8, seed)),
        ("the same seed", lambda episode_id, share, seed: by_episode(episode_id, share, None)),
        ("another seed", lambda episode_id, share, seed: by_episode(episode_id, share, 0)),
    ],
)
def test_split_rejects(words, function, capsys):
    rejects(checks.check_split, function, words, capsys)


def test_a_torn_episode_is_counted(capsys):
    checks.check_split(lambda episode_id, share, seed: np.arange(len(episode_id)) % 2 == 0)
    assert "of its samples in training and" in capsys.readouterr().out
