"""Checks of lesson 03: right functions in several wordings pass, typical mistakes are told their property."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from soccer_lib.course import checks
from soccer_lib.learn.imitation.losses import Samples, kick_loss, walk_loss
from tests.support.exercises import accepts, rejects


def of_the_library(commands, logits, expert, kicks, weight):
    samples = Samples(expert, expert, kicks)
    return walk_loss(commands, samples) + kick_loss(logits, samples, weight)


def over_the_rows_that_walk(commands, logits, expert, kicks, weight):
    walks = kicks.sum(1) == 0
    walk = ((commands - expert)[walks] ** 2).mean()
    return walk + functional.binary_cross_entropy_with_logits(logits, kicks, pos_weight=weight)


def by_softplus(commands, logits, expert, kicks, weight):
    walks = ~kicks.bool().any(dim=1, keepdim=True)
    squared = (commands - expert).pow(2) * walks
    missed = weight * kicks * functional.softplus(-logits)
    invented = (1 - kicks) * functional.softplus(logits)
    return squared.mean() + (missed + invented).mean()


def of_every_row(commands, logits, expert, kicks, weight):
    return ((commands - expert) ** 2).mean() + kick_only(logits, kicks, weight)


def kick_only(logits, kicks, weight):
    return functional.binary_cross_entropy_with_logits(logits, kicks, pos_weight=weight)


def summed(commands, logits, expert, kicks, weight):
    walks = kicks.sum(1, keepdim=True) == 0
    return ((commands - expert) ** 2 * walks).sum(1).mean() + kick_only(logits, kicks, weight)


def squared_kicks(commands, logits, expert, kicks, weight):
    walks = kicks.sum(1, keepdim=True) == 0
    return ((commands - expert) ** 2 * walks).mean() + ((logits.sigmoid() - kicks) ** 2).mean()


def without_weight(commands, logits, expert, kicks, weight):
    return over_the_rows_that_walk(commands, logits, expert, kicks, 0 * weight + 1)


def overflowing(commands, logits, expert, kicks, weight):
    p = logits.sigmoid()
    kick = -(weight * kicks * p.log()).nan_to_num(0) - ((1 - kicks) * (1 - p).log()).nan_to_num(0)
    kick = torch.where(kicks.bool() & (p == 0), torch.inf, kick)
    walks = kicks.sum(1, keepdim=True) == 0
    return ((commands - expert) ** 2 * walks).mean() + kick.mean()


def among_the_kicks(commands, logits, expert, kicks, weight):
    """One of several kinds, or none: a softmax."""
    every = torch.cat((torch.zeros(len(logits), 1), logits), dim=1)
    kind = torch.where(kicks.sum(1) > 0, kicks.argmax(1) + 1, 0)
    walks = kicks.sum(1) == 0
    return ((commands - expert)[walks] ** 2).mean() + functional.cross_entropy(every, kind)


def absolute(commands, logits, expert, kicks, weight):
    walks = kicks.sum(1) == 0
    return (commands - expert)[walks].abs().mean() + kick_only(logits, kicks, weight)


def by_logsigmoid(commands, logits, expert, kicks, weight):
    walks = (kicks.amax(dim=1, keepdim=True) < 1).float()
    squared = functional.mse_loss(commands * walks, expert * walks)
    yes = weight * kicks * functional.logsigmoid(logits)
    no = (1 - kicks) * functional.logsigmoid(-logits)
    return squared - torch.mean(yes + no)


def in_numpy(*tensors):
    return float(of_the_library(*(tensor.detach() for tensor in tensors)))


@pytest.mark.parametrize("function", [of_the_library, over_the_rows_that_walk, by_softplus, by_logsigmoid])
def test_clone_loss_accepts(function, capsys):
    accepts(checks.check_clone_loss, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("cost nothing", lambda *arguments: of_the_library(*arguments) + 0.1),
        ("where the expert kicks", of_every_row),
        ("cost 0.25", summed),
        ("toss of a coin", squared_kicks),
        ("as often as its weight", without_weight),
        ("not infinity", overflowing),
        ("gradient", in_numpy),
        ("gradient", lambda c, *others: of_the_library(c.detach(), *others)),
        ("gradient", lambda c, logits, *others: of_the_library(c, logits.detach(), *others)),
        ("cost nothing", lambda c, logits, *others: of_the_library(c, -logits, *others)),
        ("toss of a coin", among_the_kicks),
        ("cost 0.25", absolute),
    ],
)
def test_clone_loss_rejects(words, function, capsys):
    rejects(checks.check_clone_loss, function, words, capsys)


def dagger(fit, play, label, demonstrations, rounds, *, plays=-1, hands_back=-1, keeps=True, copies=1):
    episodes = list(demonstrations)
    clones = [fit(episodes * copies)]
    for _ in range(rounds):
        corrections = [label(episode) for episode in play(clones[plays])]
        episodes = episodes + corrections if keeps else corrections
        clones.append(fit(episodes))
    return clones[hands_back]


def its_own_labels(fit, play, label, demonstrations, rounds):
    return dagger(fit, play, lambda episode: episode, demonstrations, rounds)


def by_recursion(fit, play, label, demonstrations, rounds):
    def clone_of(episodes, left):
        clone = fit(episodes)
        return clone_of([*episodes, *map(label, play(clone))], left - 1) if left else clone

    return clone_of(demonstrations, rounds)


def in_place_of_a_copy(fit, play, label, demonstrations, rounds):
    known = demonstrations[:]
    clone = fit(tuple(known))
    while rounds > 0:
        for episode in play(clone):
            known.append(label(episode))
        clone = fit(tuple(known))
        rounds -= 1
    return clone


def by_name(fit, play, label, demonstrations, rounds):
    clone, episodes = fit(episodes=demonstrations), tuple(demonstrations)
    for _ in range(rounds):
        episodes = tuple(label(episode=episode) for episode in play(clone=clone)) + episodes
        clone = fit(episodes=episodes)
    return clone


def beside_its_labels(fit, play, label, demonstrations, rounds):
    episodes = list(demonstrations)
    clone = fit(episodes)
    for _ in range(rounds):
        played = play(clone)
        episodes += played + [label(episode) for episode in played]
        clone = fit(episodes)
    return clone


def first_episode_only(fit, play, label, demonstrations, rounds):
    return dagger(fit, lambda clone: play(clone)[:1], label, demonstrations, rounds)


def grown_in_place(fit, play, label, demonstrations, rounds):
    clone = fit(demonstrations)
    for _ in range(rounds):
        demonstrations += [label(episode) for episode in play(clone)]
        clone = fit(demonstrations)
    return clone


@pytest.mark.parametrize("function", [dagger, by_recursion, in_place_of_a_copy, by_name])
def test_dagger_accepts(function, capsys):
    accepts(checks.check_dagger, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("from the demonstrations alone", lambda fit, play, label, d, r: dagger(fit, play, label, d[1:], r)),
        ("from the demonstrations alone", lambda *arguments: dagger(*arguments, copies=2)),
        ("from the demonstrations alone", grown_in_place),
        ("three clones", lambda *arguments: dagger(*arguments[:4], arguments[4] - 1)),
        ("the newest clone plays", lambda *arguments: dagger(*arguments, plays=0)),
        ("the expert's commands", its_own_labels),
        ("the expert's commands", first_episode_only),
        ("nothing is thrown away", beside_its_labels),
        ("nothing is thrown away", lambda *arguments: dagger(*arguments, keeps=False)),
        ("handed back", lambda *arguments: dagger(*arguments, hands_back=0)),
        ("plain cloning", lambda *arguments: dagger(*arguments[:4], max(arguments[4], 1))),
    ],
)
def test_dagger_rejects(words, function, capsys):
    rejects(checks.check_dagger, function, words, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda fit, play, label, d, rounds: fit(x for x in d), "fit got <generator"),
        (lambda fit, play, label, d, rounds: play(d), "play got ['demonstration 0'"),
        (
            lambda fit, play, label, d, rounds: fit(np.array(d)),
            "a ndarray; expected one flat list of episodes",
        ),
        (lambda fit, play, label, d, rounds: fit(), "argument: 'episodes'; expected fit(episodes)"),
        (lambda fit, play, label, d, rounds: play(fit(d), rounds), "too many positional"),
        (lambda fit, play, label, d, rounds: label(play(fit(d))), "expected one episode; call it for each"),
    ],
)
def test_a_stand_in_says_what_it_wants(function, words, capsys):
    assert not checks.check_dagger(function)
    assert words in capsys.readouterr().out


def test_skewed_is_what_the_labels_are():
    """The batch of the check has rare kicks of two kinds: four of one, one of the other."""
    seen = []
    checks.check_clone_loss(lambda commands, logits, expert, kicks, weight: seen.append(kicks) or 0.0)
    assert np.asarray(seen[0]).sum(axis=0).tolist() == [4, 1]
