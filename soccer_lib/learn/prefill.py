"""Demonstrations in the replay buffer, played again: rewards are the run's own, transitions are real."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset
from soccer_lib.envs import make_env
from soccer_lib.errors import InputError
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.environment import env_settings, reward_factors
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.runs.heartbeat import print_progress

APART = 0.1
"""How far an entry of what is seen may be from the record in an episode's first steps, in its own unit.

On another processor walks drift apart: on one, 21 of the 150 committed demonstrations by more. What is seen
goes into the buffer, and is real."""

FIRST_STEPS = 10
"""Steps that have to agree, or the episode is left out [count]; another walker is far off by then."""


def prefill(buffer: HeldReplayBuffer, config: TrainConfig) -> int:
    """Play demonstrations again into a buffer.

    Args:
        buffer: still empty.
        config: of the run, resolved.

    Returns:
        How many transitions it holds then: whole rows of all slots, at most `bc_replay_fraction` of it.

    Raises:
        InputError: demonstrations of another interface, without episodes to play, or that are no longer what
            was seen when they were made.
    """
    data = read_dataset(config.bc_replay_dataset)
    wanted = {"control": config.control, "observation_layout": config.observation}
    for what, value in wanted.items():
        if getattr(data, what) != value:
            raise InputError(
                f"--bc-replay-dataset {config.bc_replay_dataset} has {what} {getattr(data, what)!r} and the "
                f"run {value!r}; expected the same; make one with: dataset --from POLICY"
            )
    if not data.has_transitions or data.seeds is None:
        raise InputError(
            f"--bc-replay-dataset {config.bc_replay_dataset} has no transitions of played episodes; expected "
            "rewards and next observations, without which Q = gamma Q is learned; make one with: dataset "
            "--from POLICY"
        )
    most = int(config.bc_replay_fraction * buffer.buffer_size) * buffer.n_envs
    played: list[tuple[Any, ...]] = []
    envs: dict[str, gym.Env] = {}
    tried = left_out = 0
    for number in range(len(data.source)):
        if len(played) >= most:
            break
        again = _play_again(data, number, config, envs)
        tried += 1
        left_out += not again
        played += again
    for env in envs.values():
        env.close()
    if left_out > tried / 2:
        raise InputError(
            f"--bc-replay-dataset {config.bc_replay_dataset}: {left_out} of {tried} episodes no "
            "longer go as they were recorded; expected the walker and kicks of today, and actions without "
            "noise; make the dataset again"
        )
    if left_out:
        print_progress(f"{left_out} of {tried} demonstrations go another way here, and are left out")
    count = min(most, len(played)) // buffer.n_envs * buffer.n_envs
    for row in range(0, count, buffer.n_envs):
        observations, following, actions, rewards, ends, infos = zip(
            *played[row : row + buffer.n_envs], strict=True
        )
        buffer.add(
            np.array(observations),
            np.array(following),
            np.array(actions),
            np.array(rewards),
            np.array(ends),
            list(infos),
        )
    return count


def _play_again(
    data: Dataset, number: int, config: TrainConfig, envs: dict[str, gym.Env]
) -> list[tuple[Any, ...]]:
    """The transitions of one episode: what was seen before and after, action, reward, end, info.

    None where it goes another way than it was recorded.
    """
    task = str(data.column("tasks")[number])
    seed = int(data.column("seeds")[number])
    if task not in envs:
        envs[task] = make_env(task, info="terms", **env_settings(config))
    env = envs[task]
    factors = reward_factors(config)
    rows = np.flatnonzero(data.episode_id == number)
    # The phase that `dataset --from` drew for this seed.
    phase = {"gait_phase": np.random.default_rng(seed).random()} if config.control == "command" else None
    seen, _ = env.reset(seed=seed, options=phase)
    transitions = []
    refused = 0
    for number_of_step, row in enumerate(rows):
        apart = np.abs(seen - data.observations[row]).max()
        if number_of_step < FIRST_STEPS and not apart <= APART:
            return []
        following, reward, terminated, truncated, info = env.step(data.actions[row])
        info["TimeLimit.truncated"] = truncated and not terminated
        # As in training: `ScaledReward`.
        newly_refused = info.get("macro_refused_count", 0) - refused
        refused += newly_refused
        paid = float(reward) * factors.get(task, 1.0) - (config.refusal_cost or 0.0) * newly_refused
        transitions.append((seen, following, data.actions[row], paid, terminated or truncated, info))
        if terminated or truncated:
            break  # sooner than in the record
        seen = following
    return transitions
