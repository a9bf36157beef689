"""What workers collect: recorded probabilities, values, ends, and the value that a time-out cuts off."""

import subprocess
import sys

import numpy as np
import pytest

from soccer_lib.workshop.walker import rollout
from soccer_lib.workshop.walker.forward import GAMMA
from soccer_lib.workshop.walker.ppo import Batch
from soccer_lib.workshop.walker.rollout import Rollouts

STD = 0.5


class Practice:
    """Two robots whose only input counts their steps; the first one's time is up at its third step,
    where the second one falls."""

    def __init__(self, parameters, n_robots, seed):
        self.rows = np.zeros((n_robots, 1), np.float32)
        self.actions = []
        self.push = None

    def observe(self):
        return self.rows

    def step(self, actions):
        self.actions.append(actions)
        self.rows += 1.0  # in place, as the real one does
        done = self.rows[:, 0] == 3.0
        timed_out = {0: [3.0]} if done[0] else {}
        self.rows[done] = 0.0
        return np.ones(len(done), np.float32), done, timed_out

    def set_strongest_push(self, speed):
        self.push = speed

    def take_report(self):
        return {"episodes": []}


def network():
    """A critic that values an input of x with 10 x, an actor that answers 2 x and -x."""
    log_std = np.full(2, np.log(STD), np.float32)
    return {
        "actor.0.weight": np.array([[2.0], [-1.0]], np.float32),
        "actor.0.bias": np.zeros(2, np.float32),
        "critic.0.weight": np.array([[10.0]], np.float32),
        "critic.0.bias": np.zeros(1, np.float32),
        "log_std": log_std,
    }


@pytest.fixture
def collected(monkeypatch):
    monkeypatch.setattr(rollout, "Practice", Practice)
    rollouts = Rollouts(None, 2, (0, 1))
    arrays, report = rollouts.collect(network(), 4, 0.7)
    assert rollouts.practice.push == 0.7 and report == {"episodes": []}
    np.testing.assert_array_equal(arrays["actions"], rollouts.practice.actions)
    return arrays


def test_inputs_and_values_are_those_before_each_step(collected):
    assert collected["observations"][:, 0, 0].tolist() == [0.0, 1.0, 2.0, 0.0]
    assert collected["values"][:, 0].tolist() == [0.0, 10.0, 20.0, 0.0, 10.0]


def test_a_time_out_hands_on_the_value_of_what_would_have_followed_and_a_fall_does_not(collected):
    """The step earns 1; the input after it would have been 3, of value 30."""
    assert collected["done"].tolist() == [[False, False], [False, False], [True, True], [False, False]]
    assert collected["rewards"][:, 0] == pytest.approx([1.0, 1.0, 1.0 + GAMMA * 30.0, 1.0])
    assert collected["rewards"][:, 1].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_so_a_time_out_is_no_worse_than_going_on(collected):
    """One step before the end: r + gamma v' - v with v' = 30 where the time was up, with 0 after a fall."""
    advantages = Batch(**collected).advantages()
    assert advantages[2].tolist() == pytest.approx([1 + GAMMA * 30 - 20, 1 - 20])


def test_recorded_probabilities_are_those_of_the_noise(collected):
    """Up to the constant log(sqrt(2 pi)) for each of the two actions."""
    mean = collected["observations"] * np.array([2.0, -1.0])
    scaled = (collected["actions"] - mean) / STD
    assert 0.3 < scaled.std() < 2.0
    expected = (-0.5 * scaled**2 - np.log(STD)).sum(2)
    np.testing.assert_allclose(collected["log_probs"], expected, atol=1e-4)


def test_groups_of_other_seeds_draw_other_noise(monkeypatch):
    monkeypatch.setattr(rollout, "Practice", Practice)
    batches = [Rollouts(None, 2, seed).collect(network(), 4, 0.7)[0] for seed in ((0, 1), (0, 1), (1, 1))]
    np.testing.assert_array_equal(batches[0]["actions"], batches[1]["actions"])
    assert not np.array_equal(batches[0]["actions"], batches[2]["actions"])


def test_workers_need_no_torch():
    code = "import sys, soccer_lib.workshop.walker.train; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
