"""The exercise checks accept the solution and name what is wrong with other functions."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.ball import BallTracker
from soccer_lib.course.checks import (
    check_ball_offset,
    check_clip_commands,
    check_clone_loss,
    check_dagger,
    check_heading_frame,
    check_interval,
    check_official_score,
    check_split,
)
from soccer_lib.geometry import heading_of
from soccer_lib.layout import COMMAND_SCALE


def undone(*arguments):
    raise NotImplementedError("a hint")


def failing(*arguments):
    raise KeyError("steps")


def all_terms(task, terms):
    return sum(float(value) for value in terms.values())


def no_steps(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    return sum(weight * terms[name] for name, weight in weights.items() if name != "steps")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (undone, "not done yet: a hint"),
        (failing, "raised KeyError"),
        (all_terms, "not yet"),
        (no_steps, "not yet"),
    ],
)
def test_wrong_scores_are_told_apart(function, says, capsys):
    assert not check_official_score(function)
    assert says in capsys.readouterr().out


def test_the_library_score_passes(capsys):
    assert check_official_score(sl.official_score)
    assert capsys.readouterr().out.startswith("correct: 9 of 9")


def standard_error_only(scores):
    error = np.std(scores, ddof=1) / np.sqrt(len(scores))
    return scores.mean() - error, scores.mean() + error


def fixed_width(scores):
    return scores.mean() - 0.2, scores.mean() + 0.2


def reversed_ends(scores):
    return scores.mean() + 1, scores.mean() - 1


@pytest.mark.parametrize("function", [undone, failing, standard_error_only, fixed_width, reversed_ends])
def test_wrong_intervals_fail(function):
    assert not check_interval(function)


def test_a_normal_interval_passes():
    def interval(scores):
        half = 1.96 * np.std(scores, ddof=1) / np.sqrt(len(scores))
        return scores.mean() - half, scores.mean() + half

    assert check_interval(interval)


def clone_loss(commands, logits, wanted, kicks, walks=None):
    walks = ~kicks if walks is None else walks
    kick = np.logaddexp(0, logits) - kicks * logits
    return ((commands - wanted)[walks] ** 2).mean() + kick.mean()


def every_row(commands, logits, wanted, kicks):
    return clone_loss(commands, logits, wanted, kicks, walks=np.ones(len(kicks), bool))


def walking_over_all_rows(commands, logits, wanted, kicks):
    squared = ((commands - wanted) ** 2 * ~kicks[:, None]).mean()
    return squared + clone_loss(wanted, logits, wanted, kicks)


def overflowing(commands, logits, wanted, kicks):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        kick = -(kicks * np.log(p) + ~kicks * np.log(1 - p))
    return clone_loss(commands, 0 * logits, wanted, kicks) - np.log(2) + kick.mean()


def test_clone_loss_check():
    assert check_clone_loss(clone_loss)
    for wrong in (undone, failing, every_row, walking_over_all_rows, overflowing):
        assert not check_clone_loss(wrong)


def dagger(fit, play, label, demonstrations, rounds):
    pairs = list(demonstrations)
    clone = fit(pairs)
    for _ in range(rounds):
        pairs += [(state, label(state)) for state in play(clone)]
        clone = fit(pairs)
    return clone


def forgets(fit, play, label, demonstrations, rounds):
    clone = fit(demonstrations)
    for _ in range(rounds):
        clone = fit([(state, label(state)) for state in play(clone)])
    return clone


def first_clone_plays(fit, play, label, demonstrations, rounds):
    first = clone = fit(demonstrations)
    for _ in range(rounds):
        demonstrations += [(state, label(state)) for state in play(first)]
        clone = fit(demonstrations)
    return clone


def untrained_at_the_end(fit, play, label, demonstrations, rounds):
    for _ in range(rounds):
        clone = fit(demonstrations)
        demonstrations += [(state, label(state)) for state in play(clone)]
    return clone


def test_dagger_check():
    assert check_dagger(dagger)
    for wrong in (undone, failing, forgets, first_clone_plays, untrained_at_the_end):
        assert not check_dagger(wrong)


def turned_by_heading(vector, quat):
    yaw = heading_of(quat)
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([cos * vector[0] + sin * vector[1], cos * vector[1] - sin * vector[0], vector[2]])


def turned_the_wrong_way(vector, quat):
    x, y, z, w = quat
    return turned_by_heading(vector, np.array([-x, -y, -z, w]))


def test_heading_frame_check():
    assert check_heading_frame(turned_by_heading)
    for wrong in (undone, failing, turned_the_wrong_way, lambda vector, quat: vector):
        assert not check_heading_frame(wrong)


def tracked_offset(spins):
    tracker = BallTracker()
    for spin in [*spins, np.zeros(3)]:  # the tracker waits for the step after the last one
        tracker.push(spin, np.array([0, 0, 0, 1.0]), np.zeros(3))
    return tracker.offset


def added_angles(spins):
    return np.array([0, 0, 0.11]) + np.cross(0.002 * spins.sum(axis=0), [0, 0, 0.11])


def test_ball_offset_check():
    assert check_ball_offset(tracked_offset)
    for wrong in (undone, failing, added_angles, lambda spins: np.array([0, 0, 0.11])):
        assert not check_ball_offset(wrong)


def turned_commands(velocity, spin, quat, yaw=None, sign=-1):
    yaw = np.array([heading_of(row) for row in quat]) if yaw is None else yaw
    cos, sin = np.cos(sign * yaw), np.sin(sign * yaw)
    x, y, _ = velocity.T
    return np.stack((cos * x - sin * y, sin * x + cos * y, spin[:, 2]), axis=1) / COMMAND_SCALE


def clipped_commands(*frames):
    return np.clip(turned_commands(*frames), -1, 1)


def test_clip_commands_check(capsys):
    assert check_clip_commands(clipped_commands)
    says = {
        "facing along x": lambda velocity, spin, quat: velocity,
        "along -y": lambda velocity, spin, quat: turned_commands(velocity, spin, quat, np.zeros(len(quat))),
        "its own heading": lambda velocity, spin, quat: turned_commands(
            velocity, spin, quat, heading_of(quat[0])
        ),
        "held at": turned_commands,
        "not done yet": undone,
    }
    for words, wrong in says.items():
        assert not check_clip_commands(wrong)
        assert words in capsys.readouterr().out
    assert not check_clip_commands(lambda *frames: np.clip(turned_commands(*frames, sign=1), -1, 1))


def by_episode(episode_id, share, seed):
    episodes = np.random.default_rng(seed).permutation(np.unique(episode_id))
    return np.isin(episode_id, episodes[: round(share * len(episodes))])


def by_sample(episode_id, share, seed):
    return np.random.default_rng(seed).random(len(episode_id)) < share


def by_samples_in_a_row(episode_id, share, seed):
    return np.isin(episode_id, episode_id[: int(share * len(episode_id))])


def test_split_check(capsys):
    assert check_split(by_episode)
    says = {
        "both sides": lambda episode_id, share, seed: (
            np.random.default_rng(seed).random(len(episode_id)) < share
        ),
        "16": by_samples_in_a_row,
        "0.5": lambda episode_id, share, seed: by_episode(episode_id, 0.8, seed),
        "same seed": lambda episode_id, share, seed: by_episode(episode_id, share, None),
        "another seed": lambda episode_id, share, seed: by_episode(episode_id, share, 0),
        "expected bool": lambda episode_id, share, seed: np.flatnonzero(by_episode(episode_id, share, seed)),
    }
    for words, wrong in says.items():
        assert not check_split(wrong)
        assert words in capsys.readouterr().out
