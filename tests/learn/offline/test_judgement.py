"""What a critic learns from, and what a clone learns from its judgement: by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib.control.kicks import NO_KICK, requested_kicks
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.learn.offline.config import OfflineConfig
from soccer_lib.learn.offline.judgement import HELD, judged, reward_scale, transitions

SHOT = (1, -1, 1)


@pytest.fixture
def data() -> Dataset:
    """Two episodes of three and two samples; what is seen in each sample is its number."""
    seen = np.tile(np.arange(5.0)[:, None], 96)
    return Dataset(
        "command", "agent", 10.0, seen, [(0.5, 0, 0), (0, 0, 0.5), SHOT, (0.2, 0, 0), (0.1, 0, 0)],
        [0, 0, 0, 1, 1], ["a", "b"], rewards=[0, 0, 20, 1, -2], next_observations=seen + 1,
        terminated=[0, 0, 1, 0, 0], truncated=[0, 0, 0, 0, 1], held_steps=[50, 25, 500, 50, 50],
        tasks=["goalie_penalty_kick", "kick_to_target"], seeds=[1, 2], scores=[20, -1], success=[True, False],
    )  # fmt: skip


def config(**settings) -> OfflineConfig:
    return OfflineConfig(("d.npz",), **settings)


def test_a_return_is_discounted_by_how_long_samples_were_held(data):
    found = transitions(data, [], n_step=2, gamma=0.5)
    # The best return of its task counts 1: 20 in the first, -1 (so by 1) in the second.
    assert reward_scale(data).tolist() == [20, 1]
    # The second sample was held for half of the usual 0.1 s, so the score behind it counts 0.5 ** 0.5.
    assert found["rewards"][:, 0].tolist() == pytest.approx([0, 0.5**0.5, 1, 1 - 0.5 * 2, -2])
    assert found["intervals"][:, 0].tolist() == [1.5, 10.5, 10, 2, 1]
    # The critic's estimate takes over two samples on, and nowhere behind an end; time that is up is one.
    assert found["terminals"][:, 0].tolist() == [0, 1, 1, 1, 1]
    ends = [2, 3, 3, 5, 5]
    assert found["next_observations"][:, 0].tolist() == pytest.approx((np.array(ends) - 2) / np.sqrt(2))
    assert found["kicks"].tolist() == [list(SHOT)]
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}


def test_single_samples_are_what_n_step_1_gives(data):
    found = transitions(data, [], n_step=1, gamma=0.99)
    assert found["rewards"][:, 0].tolist() == [0, 0, 1, 1, -2]
    assert found["terminals"][:, 0].tolist() == [0, 0, 1, 0, 1]


def test_the_critic_does_not_see_what_the_clone_does_not(data):
    assert transitions(data, [0, 95], 1, 0.99)["observations"].shape == (5, 94)


def test_a_dataset_without_rewards_is_refused(data):
    bare = dataclasses.replace(
        data, rewards=None, next_observations=None, terminated=None, truncated=None, held_steps=None
    )
    with pytest.raises(InputError, match="has no next_observations; expected one that has; make one with"):
        transitions(bare, [], 1, 0.99)


def judgement(**values) -> dict[str, np.ndarray]:
    found = {name: np.zeros(5, np.float32) for name in ("value_data", "value_state")}
    found |= {"action": np.zeros((5, 3), np.float32), "value_kicks": np.zeros((5, 1), np.float32)}
    return {**found, **{name: np.array(value, np.float32) for name, value in values.items()}}


def test_iql_weighs_samples_by_their_advantage(data):
    ln2 = np.log(2)
    verdict = judgement(value_data=[0, ln2, 3 * ln2, 9, -ln2], value_state=[0, 0, ln2, 0, 0])
    found = judged(data, verdict, config(baseline="state", temperature=1, most_weight=8))
    # 1, 2, 4 times as much, at most 8, and half; of mean 1.
    assert found.weights.tolist() == pytest.approx((np.array([1, 2, 4, 8, 0.5]) / 3.1).tolist())
    assert found.actions.tolist() == data.actions.tolist()


def test_compared_with_the_task_the_better_episode_counts_more(data):
    verdict = judgement(value_data=[1, 1, 1, 0, 0], value_state=[1, 1, 1, 0, 0])
    usual = judged(data, verdict, config(baseline="state")).weights
    assert usual.tolist() == [1] * 5  # in each state
    one_task = dataclasses.replace(data, tasks=["kick_to_target"] * 2)
    found = judged(one_task, verdict, config(baseline="task", temperature=1)).weights
    assert found[0] / found[4] == pytest.approx(np.e) and found.mean() == pytest.approx(1)


def test_the_others_walk_as_the_critics_actor_and_kick_where_it_does_not_object(data):
    action = [(0.3, 0, 0)] * 4 + [(0.9, -0.9, 0.9)]
    verdict = judgement(action=action, value_data=[0, 0, 1, 0, 0], value_state=[1, 1, 1, 1, 1])
    found = judged(data, verdict, config(algo="td3bc"))
    assert found.actions[:4].tolist() == pytest.approx(np.array([(0.3, 0, 0)] * 2 + [SHOT, (0.3, 0, 0)]))
    # What reads as a kick and was none is held below the threshold.
    assert found.actions[4].tolist() == pytest.approx([HELD, -HELD, HELD])
    worse = judged(data, verdict | {"value_state": np.full(5, 1.1)}, config(algo="td3bc"))
    assert (requested_kicks(worse.actions) == NO_KICK).all() and worse.weights is None


def test_kicks_by_the_critic_alone(data):
    verdict = judgement(value_kicks=[[0], [2], [0], [0], [0]], value_state=[1, 1, 1, 1, 1])
    found = judged(data, verdict, config(algo="cql", kicks="critic"))
    assert found.actions[1].tolist() == list(SHOT) and (found.actions[[0, 2, 3, 4]] == 0).all()


def test_what_is_not_given_is_filled_in_by_the_algorithm():
    assert config().resolved().gamma == 1
    assert config(algo="cql").resolved().alpha == 5 and config(algo="td3bc").resolved().alpha == 2.5
    assert config(algo="td3bc", alpha=1.0, gamma=0.9).resolved() == config(algo="td3bc", alpha=1.0, gamma=0.9)
