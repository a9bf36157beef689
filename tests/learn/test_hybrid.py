"""Walk or which kick: probabilities by hand, decisions as commands, and the same decision in numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from soccer_lib.control.kicks import NO_KICK, PATTERNS, requested_kicks
from soccer_lib.layout import AGENT
from soccer_lib.learn.hybrid import KICK_CODE, DecisionNet, HybridDistribution, command_bound
from soccer_lib.learn.reach import KickReach
from soccer_lib.learn.start import actor_from, new_actor
from soccer_lib.policies import LearnedPolicy, PolicySpec, write_policy
from soccer_lib.policies.learned import read_policy

KICKS = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])
SHARES = torch.tensor([[0.5, 0.3, 0.2]])


def distribution(mean=(0.1, 0.2, 0.3), shares=SHARES, sigma=0.5) -> HybridDistribution:
    logits = torch.log(shares[:, 1:] / shares[:, :1])
    outputs = torch.cat([torch.tensor([mean]), logits], dim=1)
    return HybridDistribution(KICKS).proba_distribution(outputs, torch.full((3,), math.log(sigma)))


def test_a_walk_has_its_share_times_the_density_of_its_command():
    # At the mean each of three Gaussians has the density 1 / (sigma sqrt(2 pi)).
    density = (1 / (0.5 * math.sqrt(2 * math.pi))) ** 3
    log_prob = distribution().log_prob(torch.tensor([[0.1, 0.2, 0.3]]))
    assert float(log_prob) == pytest.approx(math.log(0.5 * density), abs=1e-5)


def test_a_kick_has_its_share_and_nothing_of_the_gaussian():
    for number, share in ((0, 0.3), (1, 0.2)):
        log_prob = distribution().log_prob(KICK_CODE * KICKS[number : number + 1])
        assert float(log_prob) == pytest.approx(math.log(share), abs=1e-5)


def test_the_gradient_of_a_kick_leaves_the_walking_command_alone():
    outputs = torch.zeros(1, 5, requires_grad=True)
    hybrid = HybridDistribution(KICKS).proba_distribution(outputs, torch.zeros(3))
    hybrid.log_prob(KICK_CODE * KICKS[:1]).sum().backward()
    assert (outputs.grad[0, :3] == 0).all()
    # d log softmax / d logit: 1 - 1/3 for the kick that was chosen, -1/3 for the other.
    np.testing.assert_allclose(outputs.grad[0, 3:], [2 / 3, -1 / 3], rtol=1e-5)


def test_draws_have_the_shares():
    torch.manual_seed(0)
    outputs = torch.cat([torch.zeros(4000, 3), torch.log(SHARES[:, 1:] / 0.5).repeat(4000, 1)], dim=1)
    hybrid = HybridDistribution(KICKS).proba_distribution(outputs, torch.zeros(3))
    modes = hybrid.modes_of(hybrid.sample())
    np.testing.assert_allclose(np.bincount(modes) / 4000, SHARES[0], atol=0.03)


def test_entropy_and_divergence():
    hybrid = distribution()
    modes = -sum(p * math.log(p) for p in (0.5, 0.3, 0.2))
    gauss = 3 * (0.5 * math.log(2 * math.pi * math.e) + math.log(0.5))
    assert float(hybrid.entropy()) == pytest.approx(modes + 0.5 * gauss, abs=1e-5)
    # From a policy with the same shares whose command lies 0.5, a sigma, further ahead: 0.5 x 1/2.
    other = torch.cat([torch.tensor([[0.6, 0.2, 0.3]]), hybrid.logits], dim=1)
    assert float(hybrid.divergence(other)) == pytest.approx(0.25, abs=1e-5)
    even = torch.tensor([[0.1, 0.2, 0.3, 0.0, 0.0]])
    expected = sum(p * math.log(3 * p) for p in (0.5, 0.3, 0.2))
    assert float(hybrid.divergence(even)) == pytest.approx(expected, abs=1e-5)


def test_the_entropy_of_kicks_is_of_which_one_and_only_within_reach():
    shares = torch.tensor([[0.5, 0.3, 0.2], [0.98, 0.01, 0.01], [0.5, 0.3, 0.2]])
    logits = torch.log(shares[:, 1:] / shares[:, :1])
    hybrid = HybridDistribution(KICKS).proba_distribution(
        torch.cat([torch.zeros(3, 3), logits], dim=1), torch.zeros(3), torch.tensor([True, True, False])
    )
    uneven = -(0.6 * math.log(0.6) + 0.4 * math.log(0.4))
    np.testing.assert_allclose(hybrid.kick_entropy(), [uneven, math.log(2), 0.0], rtol=1e-5)


def test_no_walking_action_asks_for_a_kick():
    corners = np.array(list(PATTERNS.values()), np.float32)
    bound = command_bound(2, 3)
    assert (requested_kicks(np.clip(5 * corners, -bound, bound)) == NO_KICK).all()
    assert (command_bound(0, 12) == 1).all()


@pytest.fixture
def decider() -> DecisionNet:
    torch.manual_seed(1)
    actor = new_actor(np.ones(96, np.float32), (16, 8), KICKS.numpy(), hide=(0, 1), kick_share=0.1)
    with torch.no_grad():
        for head in (actor.out, actor.kick):
            head.weight.normal_()
        actor.kick.bias.zero_()
    return DecisionNet(actor)


def as_commands(decisions: torch.Tensor) -> np.ndarray:
    bound = command_bound(2, 3)
    rows = decisions.detach().numpy()
    kicks = (np.abs(rows) == KICK_CODE).all(axis=1, keepdims=True)
    return np.where(kicks, np.sign(rows), np.clip(rows, -bound, bound))


def test_numpy_decides_as_the_mode_does(decider, tmp_path):
    rows = torch.randn(200, 96)
    mode = HybridDistribution(KICKS).proba_distribution(decider(rows), torch.zeros(3)).mode()
    wanted = as_commands(mode)
    policy = LearnedPolicy(decider.network(), PolicySpec("k", "command", "agent"))
    read = read_policy(write_policy(tmp_path / "k.safetensors", policy))
    acted = read.predict(rows.numpy())[0]
    np.testing.assert_allclose(acted, wanted, atol=1e-5)
    kinds = requested_kicks(acted)
    assert {NO_KICK, *range(2)} <= set(kinds.tolist())  # walks and both kicks were seen


def test_out_of_reach_neither_torch_nor_numpy_asks_for_a_kick(decider, tmp_path):
    reach = KickReach(AGENT)
    rows = torch.randn(400, 96)
    rows[:, reach.busy] = (torch.arange(400) % 4 == 0).float()
    mode = HybridDistribution(KICKS).proba_distribution(decider(rows), torch.zeros(3), reach(rows)).mode()
    policy = LearnedPolicy(decider.network(reach=reach), PolicySpec("k", "command", "agent"))
    read = read_policy(write_policy(tmp_path / "k.safetensors", policy))
    acted = read.predict(rows.numpy())[0]
    np.testing.assert_allclose(acted, as_commands(mode), atol=1e-5)
    kicks = requested_kicks(acted) != NO_KICK
    assert kicks[reach(rows).numpy()].any() and not kicks[~reach(rows).numpy()].any()
    again = actor_from(read)
    assert torch.equal(DecisionNet(again)(rows), decider(rows))


def test_what_kicked_before_and_kicks_no_more_is_counted_within_reach():
    """Of four rows that kicked, one is out of reach, one walks now and one kicks another way."""
    first, other, walk = [3.0, 0.0], [0.0, 3.0], [-3.0, -3.0]
    outputs = torch.cat([torch.zeros(5, 3), torch.tensor([first, first, walk, other, walk])], dim=1)
    before = torch.cat([torch.zeros(5, 3), torch.tensor([first, first, first, first, walk])], dim=1)
    reach = torch.tensor([False, True, True, True, True])
    hybrid = HybridDistribution(KICKS).proba_distribution(outputs, torch.zeros(3), reach)
    assert hybrid.kicks_kept(before) == (3, 1) and hybrid.kicks_kept(outputs) == (2, 2)


def test_kicks_share_what_it_takes_to_kick(decider):
    """With logits log 1/4 each, both kicks have 1/3 together: enough from 0.3 on, not from 0.4 on."""
    with torch.no_grad():
        decider.actor.kick.weight.zero_()
        decider.actor.kick.bias.copy_(torch.log(torch.tensor([0.25, 0.26])))
    row = np.zeros(96, np.float32)
    kicks = decider.network(kick_from=0.3)(row)
    walks = decider.network(kick_from=0.4)(row)
    assert np.array_equal(kicks, KICKS[1].numpy()) and requested_kicks(walks[None])[0] == NO_KICK


def test_an_actor_comes_back_from_its_file(decider):
    policy = LearnedPolicy(decider.network(), PolicySpec("k", "command", "agent"))
    again = DecisionNet(actor_from(policy))
    rows = torch.randn(50, 96)
    torch.testing.assert_close(again(rows), decider(rows))


def test_a_clone_becomes_an_actor():
    torch.manual_seed(2)
    actor = new_actor(np.ones(96, np.float32), (16, 8), KICKS.numpy(), hide=(), kick_share=0.1)
    clone = LearnedPolicy(
        actor.network(), PolicySpec("clone", "command", "agent"), record={"kicks": KICKS.tolist()}
    )
    rows = torch.randn(50, 96)
    torch.testing.assert_close(DecisionNet(actor_from(clone))(rows), DecisionNet(actor)(rows))


def test_hidden_entries_change_nothing(decider):
    rows = torch.randn(5, 96)
    other = rows.clone()
    other[:, :2] += 100
    torch.testing.assert_close(decider(other), decider(rows))


def test_kicks_are_rare_and_equal_at_first():
    actor = new_actor(np.ones(96, np.float32), (16, 8), KICKS.numpy(), hide=(), kick_share=0.1)
    rows = torch.zeros(1, 96)
    hybrid = HybridDistribution(KICKS).proba_distribution(DecisionNet(actor)(rows), torch.zeros(3))
    np.testing.assert_allclose(hybrid.modes.probs.detach(), [[0.9, 0.05, 0.05]], atol=1e-4)
