"""What a worker of the walker's training does: practising robots move with a network, in numpy.

No worker imports torch: the network comes as arrays and its experience goes back as arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.control.gait import GaitParameters
from soccer_lib.workshop.walker.forward import GAMMA, forward, numpy_layers
from soccer_lib.workshop.walker.practice import Practice


class Rollouts:
    """A group of practising robots that goes on from batch to batch.

    Args:
        parameters: of the gait engine.
        n_robots: in this group.
        seed: entropy of everything random.
    """

    def __init__(self, parameters: GaitParameters, n_robots: int, seed: tuple[int, ...]) -> None:
        self.practice = Practice(parameters, n_robots, list(seed))
        self.rng = np.random.default_rng([*seed, 1])
        self.rows = self.practice.observe()

    def get_state(self) -> dict[str, Any]:
        """Everything that decides the next batch, but the network."""
        return {"rng": self.rng.bit_generator.state, "practice": self.practice.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state` of a group of the same seed."""
        self.rng.bit_generator.state = state["rng"]
        self.practice.set_state(state["practice"])

    def collect(
        self, network: dict[str, np.ndarray], steps: int, strongest_push: float
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Move all robots with the actions of a network and its noise.

        Args:
            network: of `ppo.ActorCritic.arrays`.
            steps: of 20 ms.
            strongest_push: limit of the pushes [m/s].

        Returns:
            Arrays of a `ppo.Batch`, and a report on the episodes that ended meanwhile.
        """
        actor = numpy_layers(network, "actor")
        critic = numpy_layers(network, "critic")
        log_std = network["log_std"]
        std = np.exp(log_std)
        self.practice.set_strongest_push(strongest_push)
        n = len(self.rows)
        batch = {
            "observations": np.zeros((steps, *self.rows.shape), np.float32),
            "actions": np.zeros((steps, n, len(log_std)), np.float32),
            "log_probs": np.zeros((steps, n), np.float32),
            "rewards": np.zeros((steps, n), np.float32),
            "done": np.zeros((steps, n), bool),
            "values": np.zeros((steps + 1, n), np.float32),
        }
        for t in range(steps):
            noise = self.rng.standard_normal((n, len(log_std)), dtype=np.float32)
            actions = forward(actor, self.rows) + std * noise
            # The rows are written over by the next step: they are copied before it.
            batch["observations"][t] = self.rows
            batch["actions"][t] = actions
            batch["log_probs"][t] = (-0.5 * noise**2 - log_std).sum(1)
            batch["values"][t] = forward(critic, self.rows)[:, 0]
            rewards, done, timed_out = self.practice.step(actions)
            # A time-out ends the episode but not the walk: what would have followed is added to the reward.
            for i, row in timed_out.items():
                rewards[i] += GAMMA * forward(critic, np.array([row], np.float32))[0, 0]
            batch["rewards"][t] = rewards
            batch["done"][t] = done
        batch["values"][steps] = forward(critic, self.rows)[:, 0]
        return batch, self.practice.take_report()
