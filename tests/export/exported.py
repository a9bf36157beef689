"""What the tests of export share: small learned agents, and a submission's code as the client sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.control.network import Network
from soccer_lib.evaluation.play import env_for
from soccer_lib.export.harness import ClientBatch, visible
from soccer_lib.export.pilot import TORQUE_UNIT
from soccer_lib.export.preprocessor import recipe_of
from soccer_lib.policies import Policy, PolicySpec
from soccer_lib.policies.learned import LearnedPolicy
from soccer_lib.sim import simulation_of
from soccer_lib.tasks import TASKS

ONE_HOT = np.eye(3, dtype=np.float32)


def linear(outputs: int, inputs: int, seed: int = 0, scale: float = 0.1):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(outputs, inputs)) * scale
    return "linear", {"weight": weight, "bias": rng.normal(size=outputs) * scale}


def small_agent(control: str = "command", observation: str = "agent", inputs: int = 96) -> LearnedPolicy:
    """A random network; of commands with the layer that kicks or walks at its end."""
    if control != "command":
        return LearnedPolicy(
            Network([linear(12, inputs), ("tanh", {})]), PolicySpec("small", control, observation)
        )
    kicks = np.array(list(PATTERNS.values()))
    choice = {"patterns": kicks, "bound": np.array([1, 0.75, 1]), "kick_from": np.array(0.5)}
    scales = {"mean": np.zeros(96), "std": np.full(96, 2.0), "limit": np.array(5.0)}
    layers = [
        ("normalise", scales),
        linear(16, 96),
        ("relu", {}),
        linear(3 + len(kicks), 16, seed=1),
        ("kick_or_walk", choice),
    ]
    return LearnedPolicy(Network(layers), PolicySpec("small", control, observation))


def preprocessor_of(policy: Policy, folder: Path):
    path = folder / "preprocessor.py"
    path.write_text(recipe_of(policy).text(), encoding="utf-8")
    return visible(path)


def torques_here(policy: Policy, task: str, seed: int, actions: int) -> np.ndarray:
    """Torques of the first actions of an episode in an environment of `make_env`."""
    env = env_for(policy.spec, task)
    sim = simulation_of(env)
    sim.tape = bytearray()
    observation, _ = env.reset(seed=seed)
    state = policy.begin(seed)
    for _ in range(actions):
        action, state = policy.predict(observation, state)
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            break
    return sim.taped


def torques_there(preprocessor, task: str, seed: int, steps: int, size: int = 1) -> np.ndarray:
    """Torques of a batch whose preprocessor answers every physics step. Shape: (steps, size, 12)."""
    batch = ClientBatch(TASKS[task], ONE_HOT[TASKS[task].one_hot], size)
    observations, info = batch.reset(seed)
    torques = []
    for _ in range(steps):
        torques.append(preprocessor.modify_state(observations, info) * TORQUE_UNIT)
        observations, _, _, info = batch.step(torques[-1])
    return np.array(torques)
