"""Where a kick can start, as the environment has it, and what an agent learns of it."""

from __future__ import annotations

import math

import numpy as np
import torch

from soccer_lib.control.macro import REACH, Macro
from soccer_lib.layout import AGENT, ROBOT
from soccer_lib.learn.hybrid import HybridDistribution
from soccer_lib.learn.reach import KickReach

KICKS = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])


def rows(balls: np.ndarray, busy: float = 0.0) -> torch.Tensor:
    """Observations of an agent with the ball there [m]."""
    observations = torch.zeros(len(balls), AGENT.size)
    observations[:, AGENT["ball_xpos_rel_robot"].start : AGENT["ball_xpos_rel_robot"].start + 2] = (
        torch.from_numpy(balls).float()
    )
    observations[:, AGENT["kick_active"]] = busy
    return observations


def test_it_says_what_the_environment_says():
    balls = np.random.default_rng(0).uniform(-1.3, 1.3, (500, 2))
    allowed = [Macro.allowed((x, y)) for x, y in balls.astype(np.float32).tolist()]
    assert KickReach(AGENT)(rows(balls)).tolist() == allowed
    assert 50 < sum(allowed) < 450


def test_no_kick_starts_while_another_is_played():
    ahead = np.array([[0.5 * REACH[0], 0.0]])
    assert KickReach(AGENT)(rows(ahead)).item()
    assert not KickReach(AGENT)(rows(ahead, busy=1.0)).item()
    # Without the field that tells of it only the ball counts.
    assert KickReach(ROBOT)(rows(ahead, busy=1.0)[:, : ROBOT.size]).item()


def out_of_reach(logits: torch.Tensor) -> HybridDistribution:
    outputs = torch.cat([torch.zeros(len(logits), 3), logits], dim=1)
    reach = torch.zeros(len(logits), dtype=torch.bool)
    return HybridDistribution(KICKS).proba_distribution(outputs, torch.zeros(3), reach)


def test_out_of_reach_no_kick_is_drawn_and_none_is_the_mode():
    torch.manual_seed(0)
    hybrid = out_of_reach(torch.full((200, 2), 3.0))
    assert hybrid.modes_of(hybrid.sample()).sum() == 0
    assert hybrid.modes_of(hybrid.mode()).sum() == 0
    assert torch.isfinite(hybrid.entropy()).all() and torch.isfinite(hybrid.log_prob(hybrid.sample())).all()


def test_asking_out_of_reach_costs_the_cross_entropy_of_walking():
    # Logits 0 for both kicks: walking has a third.
    logits = torch.zeros(1, 2, requires_grad=True)
    cost = out_of_reach(logits).refusals()
    assert math.isclose(cost.item(), math.log(3), rel_tol=1e-6)
    cost.sum().backward()
    np.testing.assert_allclose(logits.grad, [[1 / 3, 1 / 3]], rtol=1e-6)


def test_asking_within_reach_costs_nothing():
    outputs = torch.zeros(1, 5)
    hybrid = HybridDistribution(KICKS)
    assert hybrid.proba_distribution(outputs, torch.zeros(3), torch.tensor([True])).refusals().item() == 0
    assert hybrid.proba_distribution(outputs, torch.zeros(3)).refusals().item() == 0


def test_what_is_out_of_reach_sets_no_two_agents_apart():
    hybrid = out_of_reach(torch.zeros(1, 2))
    other = torch.tensor([[0.0, 0.0, 0.0, 5.0, -5.0]])
    assert hybrid.divergence(other).item() == 0
