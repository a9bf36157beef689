"""What a clone minimises and what it is judged by, with numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from soccer_lib.learn.imitation.bc import _running_mean, bc, some_episodes
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.imitation.kicks import kick_agreement
from soccer_lib.learn.imitation.losses import Samples, kick_loss, kick_weight, validate, walk_loss
from tests.support.small_expert import demonstrations

LN3 = math.log(3)
"""Logit of a probability of 3/4."""


def samples(actions: list, kicks: list) -> Samples:
    return Samples(torch.zeros(len(actions), 96), torch.tensor(actions), torch.tensor(kicks))


def test_a_walking_command_is_learnt_by_its_squared_error_and_a_kick_has_none():
    done = samples([[0.0, 0.0, 0.5], [1.0, -1.0, 1.0]], [[0.0], [1.0]])
    # 0.25 + 0 + 0.25 in the first sample, 0 in the second: 0.5 over 2 x 3 entries.
    commands = torch.tensor([[0.5, 0.0, 0.0], [0.3, 0.3, 0.3]])
    assert float(walk_loss(commands, done)) == pytest.approx(0.5 / 6)


def test_a_kick_is_learnt_by_its_cross_entropy_and_weighs_more():
    done = samples([[0.0] * 3] * 2, [[1.0], [0.0]])
    # Both with probability 3/4: -ln(3/4) weighs 5 where it is right, -ln(1/4) weighs 1 where it is wrong.
    expected = (5 * math.log(4 / 3) + math.log(4)) / 2
    found = kick_loss(torch.full((2, 1), LN3), done, torch.tensor([5.0]))
    assert float(found) == pytest.approx(expected)


def test_samples_count_by_their_weights():
    done = samples([[0.0] * 3] * 2, [[0.0], [0.0]])._replace(weights=torch.tensor([[2.0], [0.5]]))
    commands = torch.tensor([[0.3] * 3, [0.6] * 3])
    assert float(walk_loss(commands, done)) == pytest.approx((2 * 0.09 + 0.5 * 0.36) / 2)
    # A kick with probability 3/4 that was none costs ln 4, times 2 and times 1/2.
    logits = torch.full((2, 1), LN3)
    assert float(kick_loss(logits, done, torch.ones(1))) == pytest.approx(2.5 * math.log(4) / 2)
    # A kick among samples of weight 1 and 4: a fifth of all, or four fifths.
    kicks = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert kick_weight(kicks, 1.0, torch.tensor([[1.0], [4.0]])).tolist() == [5, 1.25]


def test_a_kick_that_counts_little_does_not_choose_the_epoch():
    asked = np.array([[True], [False], [True]])
    found = np.array([[True], [True], [False]])
    weights = np.array([0.1, 0.3, 0.9])
    agreed = kick_agreement(found, asked, np.array([0, 1, 2]), weights)
    assert agreed == {"kick_recall": pytest.approx(0.1), "kick_precision": pytest.approx(0.25)}
    never = kick_agreement(found, asked, np.array([0, 1, 2]), np.zeros(3))
    assert np.isnan(never["kick_recall"])


def test_without_kicks_there_is_nothing_to_lose():
    none = Samples(torch.zeros(2, 89), torch.zeros(2, 12), torch.zeros(2, 0))
    assert float(kick_loss(torch.zeros(2, 0), none, torch.zeros(0))) == 0
    assert float(walk_loss(torch.full((2, 12), 0.5), none)) == 0.25


def test_the_weight_of_a_kick_balances_how_rare_it_is():
    kicks = torch.zeros(100, 3)
    kicks[:4, 0] = 1  # 4 of 100
    kicks[4:29, 1] = 1  # 25 of 100, and none of the third
    assert kick_weight(kicks, 0.5).tolist() == [5, 2, 10]
    assert kick_weight(kicks, 1.0).tolist() == [25, 4, 100]
    assert kick_weight(kicks, 0.0).tolist() == [1, 1, 1]


def test_training_figures_are_of_episodes_from_all_over_the_set():
    data = demonstrations(9, length=2)
    assert some_episodes(data, 3).source.tolist() == ["e0", "e4", "e8"]
    assert len(some_episodes(data, 3)) == 6 and len(some_episodes(data, 20)) == 18


def test_validation_by_hand():
    class Net(torch.nn.Module):
        def forward(self, rows):
            commands = torch.tensor([[0.5, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
            return commands, torch.tensor([[-LN3, -LN3], [LN3 / 9, -LN3], [-LN3, -LN3], [-LN3, LN3]])

    kicks = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    done = samples([[0.0] * 3, [1.0, -1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0]], kicks)
    figures = validate(Net(), done, np.array([0, 0, 1, 1]), "val")
    # One error of 0.5 in 4 x 3 entries; of 8 probabilities, over 4 samples, two are wrong by 3/4, five
    # by 1/4, and one is next to undecided: 1 / (1 + 3 to the power of 1/9), and still a kick.
    walk, kick = 0.25 / 12, (2 * 9 / 16 + 5 / 16 + 1 / (1 + 3 ** (1 / 9)) ** 2) / 4
    assert figures == pytest.approx(
        {
            "val/loss": walk + kick,
            "val/walk_loss": walk,
            "val/kick_loss": kick,
            "val/kick_recall": 1 / 2,  # the one in the first episode
            "val/kick_precision": 1 / 2,  # in the second one it is another kick
        }
    )


@pytest.mark.parametrize(("steps", "kept"), [(0, 0.1), (1, 2 / 11), (90, 0.91), (100_000, 0.999)])
def test_the_mean_of_the_weights_follows_fast_at_first(steps, kept):
    ones, zeros = torch.ones(2), torch.zeros(2)
    assert _running_mean(0.999, ones, zeros, steps).tolist() == pytest.approx([kept] * 2)
    assert _running_mean(0.999, zeros, ones, torch.tensor(steps)).tolist() == pytest.approx(
        [1 - kept] * 2, abs=1e-6
    )


def test_the_learning_rate_falls_along_a_cosine_that_ends_with_the_last_epoch(dataset, tmp_path, monkeypatch):
    rates = []

    class Recorder(torch.optim.AdamW):
        def step(self, closure=None):
            assert self.param_groups[0]["weight_decay"] == 0.3
            rates.append(self.param_groups[0]["lr"])

    monkeypatch.setattr(torch.optim, "AdamW", Recorder)
    small = {"net_arch": "8", "batch_size": 4096, "lr": 0.02, "weight_decay": 0.3, "epochs": 4}
    bc(BCConfig((dataset,), str(tmp_path / "run"), **small))
    # 0.01 (1 + cos(pi e / 4)) in epochs 0 to 3; it would be 0 in the next one.
    root = math.sqrt(0.5)
    assert rates == pytest.approx([0.02, 0.01 * (1 + root), 0.01, 0.01 * (1 - root)])


@pytest.mark.parametrize(
    ("recalls", "kept"),
    [
        ((0.0, 0.5, 0.2, 0.0), 3),  # of those that find kicks, the lowest loss
        ((0.0, 0.0, 0.0, 0.0), 4),
        ((np.nan,) * 4, 4),  # no kicks to be found
    ],
)
def test_an_epoch_without_kicks_is_not_kept_where_another_finds_some(
    dataset, tmp_path, monkeypatch, recalls, kept
):
    epochs = iter(zip((0.2, 0.4, 0.3, 0.1), recalls, strict=True))

    def scripted(net, samples, episode_id, name):
        if name == "train":
            return {"train/loss": 1.0}
        loss, recall = next(epochs)
        return {"val/loss": loss, "val/kick_recall": recall}

    monkeypatch.setattr("soccer_lib.learn.imitation.bc.validate", scripted)
    config = BCConfig((dataset,), str(tmp_path / "run"), net_arch="32,24", epochs=4, device="cpu")
    policy = bc(config)
    assert policy.record["best"]["epoch"] == kept
