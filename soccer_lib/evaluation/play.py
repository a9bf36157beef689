"""The loop that plays an episode: a policy sees, acts, and sees what came of it.

Whatever plays a policy plays it here: evaluations, audits, demonstrations, trials of kicks, pictures. What
they keep of an episode differs; they note it in the hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import gymnasium as gym
import numpy as np

from soccer_lib.envs.make import make_env
from soccer_lib.policies import PolicySpec
from soccer_lib.tasks import TASKS


class Agent(Protocol):
    """Who acts: every `Policy`, and what only plays its part."""

    def begin(self, seed: int | None = None) -> Any:
        """The state at the start of an episode."""

    def predict(
        self, observation: np.ndarray, state: Any = None, *, deterministic: bool = True
    ) -> tuple[np.ndarray, Any]:
        """Choose an action; returns the next state as well."""


class Transition(NamedTuple):
    """One env step.

    Attributes:
        observation: what the policy saw.
        action: what it did.
        next_observation: what it sees now.
        reward: of this step.
        terminated, truncated: how the step left the episode, as in gymnasium.
        info: as in gymnasium.
    """

    observation: np.ndarray
    action: np.ndarray
    next_observation: np.ndarray
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.terminated or self.truncated


def play_episode(
    env: gym.Env,
    policy: Agent,
    *,
    seed: int | None = None,
    options: dict[str, Any] | None = None,
    deterministic: bool = True,
    on_reset: Callable[[np.ndarray], None] | None = None,
    on_step: Callable[[Transition], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Transition:
    """Play one episode to its end.

    Args:
        env: an environment that gives what the policy sees and takes what it does (see `env_for`).
        policy: who acts.
        seed: of the reset and of the policy's own randomness.
        options: of the reset.
        deterministic: passed to `policy.predict`.
        on_reset: called with the first observation.
        on_step: called after each env step.
        stop: asked after each env step whether to leave the episode unfinished.

    Returns:
        The last step.

    Example:
        >>> from soccer_lib.policies import load_policy
        >>> falls = load_policy("zero")
        >>> env = env_for(falls.spec, "kick_to_target")
        >>> rewards = []
        >>> last = play_episode(env, falls, seed=0, on_step=lambda step: rewards.append(step.reward))
        >>> last.info["episode_report"]["outcome"], rewards[-1] == last.reward
        ('fall', True)
    """
    observation, _ = env.reset(seed=seed, options=options)
    if on_reset:
        on_reset(observation)
    state = policy.begin(seed)
    while True:
        action, state = policy.predict(observation, state, deterministic=deterministic)
        next_observation, reward, terminated, truncated, info = env.step(action)
        step = Transition(observation, action, next_observation, float(reward), terminated, truncated, info)
        if on_step:
            on_step(step)
        if step.over or (stop and stop()):
            return step
        observation = next_observation


def env_for(spec: PolicySpec, task: str, **settings: Any) -> gym.Env:
    """The environment that a policy is made for; it pays the official score, or what stands in for it.

    Args:
        spec: of the policy.
        task: our name of the task.
        settings: arguments of `make_env` that are to differ.
    """
    defaults = {
        "control": spec.control,
        "observation": spec.observation,
        "walker": spec.walker or "own",
        "hold": spec.hold,
        "reward": "competition" if TASKS[task].in_competition else "env",
        "info": "terms",
    }
    return make_env(task, **defaults | settings)
