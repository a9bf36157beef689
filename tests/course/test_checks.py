"""The exercise checks accept right functions, and name the property that a wrong one lacks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import soccer_lib as sl
from soccer_lib.control.ball import BallTracker
from soccer_lib.course import checks
from soccer_lib.geometry import heading_of
from soccer_lib.layout import COMMAND_SCALE


def undone(*arguments):
    raise NotImplementedError("a hint")


def failing(*arguments):
    raise KeyError("steps")


# official score


def score_without_steps(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    return sum(weight * terms[name] for name, weight in weights.items() if name != "steps")


def unweighted_score(task, terms):
    return sum(terms.values()) + sl.OFFICIAL_WEIGHTS[task]["steps"]


def score_of_every_term(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    return weights["steps"] + sum(weights.get(name, 1.0) * value for name, value in terms.items())


def score_by_the_goalie(task, terms):
    weights = {**sl.OFFICIAL_WEIGHTS[task], **sl.OFFICIAL_WEIGHTS["goalie_penalty_kick"]}
    return weights["steps"] + sum(weights[name] * value for name, value in terms.items() if name in weights)


# interval


def normal_interval(scores, errors=1.96, n=None):
    half = errors * np.std(scores, ddof=1) / np.sqrt(n or len(scores))
    return scores.mean() - half, scores.mean() + half


# clone loss


def clone_loss(commands, logits, expert, kicks, walks=None):
    walks = ~kicks if walks is None else walks
    kick = np.logaddexp(0, logits) - kicks * logits
    return ((commands - expert)[walks] ** 2).mean() + kick.mean()


def loss_of_every_row(commands, logits, expert, kicks):
    return clone_loss(commands, logits, expert, kicks, walks=np.ones(len(kicks), bool))


def walking_over_all_rows(commands, logits, expert, kicks):
    squared = ((commands - expert) ** 2 * ~kicks[:, None]).mean()
    return squared + clone_loss(expert, logits, expert, kicks)


def squared_kick_error(commands, logits, expert, kicks):
    with np.errstate(over="ignore"):
        p = 1 / (1 + np.exp(-logits))
    return clone_loss(commands, np.where(kicks, 50, -50), expert, kicks) + ((p - kicks) ** 2).mean()


def overflowing_loss(commands, logits, expert, kicks):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        kick = -(kicks * np.log(p) + ~kicks * np.log(1 - p))
    kick = np.where(np.isnan(kick), 0, kick)  # 0 x log 0
    return clone_loss(commands, 0 * logits, expert, kicks) - np.log(2) + kick.mean()


# dagger


def dagger(fit, play, label, demonstrations, rounds, *, plays=-1, hands_back=-1, keeps=True, copies=1):
    pairs = list(demonstrations)
    clones = [fit(pairs * copies)]
    for _ in range(rounds):
        corrections = [(state, label(state)) for state in play(clones[plays])]
        pairs = pairs + corrections if keeps else corrections
        clones.append(fit(pairs))
    return clones[hands_back]


def a_round_short(fit, play, label, demonstrations, rounds):
    return dagger(fit, play, label, demonstrations, rounds - 1)


def its_own_labels(fit, play, label, demonstrations, rounds):
    return dagger(fit, play, lambda state: state, demonstrations, rounds)


def at_least_a_round(fit, play, label, demonstrations, rounds):
    return dagger(fit, play, label, demonstrations, max(rounds, 1))


# heading frame


def turned_by(yaw, vector):
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([cos * vector[0] + sin * vector[1], cos * vector[1] - sin * vector[0], vector[2]])


def in_heading_frame(vector, quat):
    return turned_by(heading_of(quat), vector)


def turned_by_arcsine(vector, quat):
    x, y, z, w = quat
    return turned_by(np.arcsin(np.clip(2 * (w * z + x * y), -1, 1)), vector)


def higher_when_turned(vector, quat):
    # Right at multiples of a quarter turn.
    return in_heading_frame(vector, quat) * (1, 1, np.cos(4 * heading_of(quat)))


# ball offset


def tracked_offset(spins):
    tracker = BallTracker()
    for spin in [*spins, np.zeros(3)]:  # the tracker waits for the step after the last one
        tracker.push(spin, np.array([0, 0, 0, 1.0]), np.zeros(3))
    return tracker.offset


def offset_of_added_angles(spins):
    return Rotation.from_rotvec(0.002 * spins.sum(axis=0)).apply([0, 0, 0.11])


def offset_of_at_most_a_quarter(spins):
    vector = 0.002 * spins.sum(axis=0)
    share = min(1, np.pi / 2 / max(np.linalg.norm(vector), 1e-9))
    return Rotation.from_rotvec(share * vector).apply([0, 0, 0.11])


# commands of a clip


def commands_of(velocity, spin, quat, yaw=None):
    yaw = np.array([heading_of(row) for row in quat]) if yaw is None else yaw
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y, _ = velocity.T
    return np.stack((cos * x + sin * y, cos * y - sin * x, spin[:, 2]), axis=1) / COMMAND_SCALE


def clipped(commands):
    return lambda *frames: np.clip(commands(*frames), -1, 1)


def commands_in_the_trunk(velocity, spin, quat):
    x, y, _ = Rotation.from_quat(quat).apply(velocity, inverse=True).T
    return np.stack((x, y, spin[:, 2]), axis=1) / COMMAND_SCALE


# split


def by_episode(episode_id, share, seed):
    episodes = np.random.default_rng(seed).permutation(np.unique(episode_id))
    return np.isin(episode_id, episodes[: round(share * len(episodes))])


def by_sample(episode_id, share, seed):
    return np.random.default_rng(seed).random(len(episode_id)) < share


def first_samples(episode_id, share, seed):
    return np.isin(episode_id, episode_id[: int(share * len(episode_id))])


RIGHT = {
    "official_score": sl.official_score,
    "interval": normal_interval,
    "clone_loss": clone_loss,
    "dagger": dagger,
    "heading_frame": in_heading_frame,
    "ball_offset": tracked_offset,
    "clip_commands": clipped(commands_of),
    "split": by_episode,
}
WRONG = {
    "official_score": {
        "an episode of goalie_penalty_kick without any term": score_without_steps,
        "random terms of goalie_penalty_kick": unweighted_score,
        "a term without an official weight": score_of_every_term,
        "an episode of kick_to_target": score_by_the_goalie,
    },
    "interval": {
        "low is below the mean": lambda scores: normal_interval(scores)[::-1],
        "ten times as wide": lambda scores: (scores.mean() - 0.2, scores.mean() + 0.2),
        "ten scores make a wider": lambda scores: normal_interval(scores[:10]),
        "near 4 standard errors": lambda scores: normal_interval(scores, errors=1),
        "at least 48 of 60": lambda scores: normal_interval(scores, n=100 if len(scores) == 30 else None),
    },
    "clone_loss": {
        "cost nothing": lambda *arguments: clone_loss(*arguments) + 0.1,
        "where the expert kicks": loss_of_every_row,
        "cost 0.25": walking_over_all_rows,
        "toss of a coin": squared_kick_error,
        "not infinity": overflowing_loss,
    },
    "dagger": {
        "from the demonstrations alone": lambda *arguments: dagger(*arguments, copies=2),
        "three clones": a_round_short,
        "the newest clone plays": lambda *arguments: dagger(*arguments, plays=0),
        "the expert's actions": its_own_labels,
        "nothing is thrown away": lambda *arguments: dagger(*arguments, keeps=False),
        "handed back": lambda *arguments: dagger(*arguments, hands_back=0),
        "plain cloning": at_least_a_round,
    },
    "heading_frame": {
        "changes nothing": lambda vector, quat: 2 * vector,
        "facing along y": lambda vector, quat: turned_by(-heading_of(quat), vector),
        "facing backwards": turned_by_arcsine,
        "the height stays": higher_when_turned,
        "leaning forward": lambda vector, quat: Rotation.from_quat(quat).apply(vector, inverse=True),
    },
    "ball_offset": {
        "has not turned": lambda spins: np.zeros(3),
        "a quarter turn": lambda spins: np.array([0, 0, 0.11]),
        "four quarter turns": offset_of_at_most_a_quarter,
        "adding angles up": offset_of_added_angles,
    },
    "clip_commands": {
        "facing along x": lambda velocity, spin, quat: velocity,
        "along -y": lambda velocity, spin, quat: commands_of(velocity, spin, quat, np.zeros(len(quat))),
        "its own heading": lambda *frames: commands_of(*frames, heading_of(frames[2][0])),
        "leaning forward": clipped(commands_in_the_trunk),
        "held at": commands_of,
    },
    "split": {
        "both sides": by_sample,
        "trains on 16": first_samples,
        "trains on 10": lambda episode_id, share, seed: by_episode(episode_id, 0.8, seed),
        "the same seed": lambda episode_id, share, seed: by_episode(episode_id, share, None),
        "another seed": lambda episode_id, share, seed: by_episode(episode_id, share, 0),
        "expected bool": lambda *arguments: np.flatnonzero(by_episode(*arguments)),
    },
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_function_passes(name, capsys):
    assert getattr(checks, f"check_{name}")(RIGHT[name])
    assert capsys.readouterr().out.startswith("correct: ")


@pytest.mark.parametrize(
    ("name", "words"), [(name, words) for name, table in WRONG.items() for words in table]
)
def test_a_wrong_function_fails_at_its_property(name, words, capsys):
    assert not getattr(checks, f"check_{name}")(WRONG[name][words])
    printed = capsys.readouterr().out
    assert printed.startswith("not yet: ") and words in printed and printed.count("\n") == 1


@pytest.mark.parametrize("name", RIGHT)
def test_an_undone_or_broken_function_is_named_and_stops_nothing(name, capsys):
    check = getattr(checks, f"check_{name}")
    assert not check(undone) and capsys.readouterr().out == "not done yet: a hint\n"
    assert not check(failing) and "your function raised KeyError: 'steps'" in capsys.readouterr().out
    assert not check(lambda *arguments: None)


def test_each_check_counts_its_properties(capsys):
    counts = {}
    for name, function in RIGHT.items():
        getattr(checks, f"check_{name}")(function)
        counts[name] = int(capsys.readouterr().out.split()[1])
    assert counts == {
        "official_score": 9,
        "interval": 5,
        "clone_loss": 5,
        "dagger": 7,
        "heading_frame": 5,
        "ball_offset": 4,
        "clip_commands": 5,
        "split": 5,
    }
