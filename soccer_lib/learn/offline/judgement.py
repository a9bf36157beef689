"""From a dataset to what a critic learns from, and from its judgement to what a clone learns from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from soccer_lib.control.kicks import KICK_THRESHOLD, NO_KICK, requested_kicks
from soccer_lib.demos.dataset import Dataset
from soccer_lib.learn.imitation.actor import INPUT_LIMIT, LEAST_SPREAD
from soccer_lib.learn.imitation.kicks import kick_patterns
from soccer_lib.learn.offline.config import OfflineConfig
from soccer_lib.tasks import PHYSICS_DT

HELD = 0.99 * KICK_THRESHOLD
"""Where a walking command is held that would read as a kick."""


def transitions(data: Dataset, hidden: list[int], n_step: int, gamma: float) -> dict[str, np.ndarray]:
    """The transitions of played episodes, as d3rlpy takes them, each over `n_step` samples.

    The official score is paid at an episode's end: over single samples, 4,000 gradient steps had not yet
    carried it to the beginning. Every episode ends with its last row, one whose time was up too: it is paid
    there, and the time that is left can be seen.

    Args:
        data: with transitions.
        hidden: entries of the observation that the critic shall not see, as the clone does not.
        n_step: samples in a transition, fewer at the end of an episode.
        gamma: discount of a sample that lasts its full hold.

    Returns:
        `observations`, `next_observations`, Shape: (n, visible), of mean 0 and spread 1; `actions`, Shape:
        (n, outputs); `rewards`, `terminals`, `intervals` (in units of a hold), Shape: (n, 1); and `kicks`,
        Shape: (n_kicks, outputs).

    Raises:
        InputError: a dataset without rewards.
    """
    seen = np.delete(data.observations, hidden, axis=1)
    following = np.delete(data.column("next_observations"), hidden, axis=1)
    mean = seen.mean(axis=0)
    spread = seen.std(axis=0)
    spread[spread < LEAST_SPREAD] = 1
    rewards = data.column("rewards") / reward_scale(data)[data.episode_id]
    held = data.column("held_steps") * PHYSICS_DT * data.rate_hz
    rows = np.arange(len(data))
    last = np.searchsorted(data.episode_id, data.episode_id, side="right") - 1
    returns = np.zeros(len(data))
    elapsed = np.zeros(len(data))
    for ahead in range(n_step):
        row = np.minimum(rows + ahead, last)
        inside = rows + ahead <= last
        returns += inside * gamma**elapsed * rewards[row]
        elapsed += inside * held[row]
    end = np.minimum(rows + n_step - 1, last)
    arrays = {
        "observations": ((seen - mean) / spread).clip(-INPUT_LIMIT, INPUT_LIMIT),
        "next_observations": ((following[end] - mean) / spread).clip(-INPUT_LIMIT, INPUT_LIMIT),
        "actions": data.actions,
        "rewards": returns[:, None],
        "terminals": (end == last)[:, None],
        "intervals": elapsed[:, None],
        "kicks": kick_patterns(data.actions) if data.control == "command" else data.actions[:0],
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}


def reward_scale(data: Dataset) -> np.ndarray:
    """What the rewards of each episode are divided by, so that tasks of 2 and of 20 points count alike.

    Returns:
        The return of largest size in the episode's task; 1 where all are 0. Shape: (episodes,).
    """
    sizes = np.abs(np.bincount(data.episode_id, data.column("rewards")))
    tasks = _tasks(data)
    largest = np.array([sizes[tasks == task].max() for task in tasks])
    return np.where(largest > 0, largest, 1.0)


def _tasks(data: Dataset) -> np.ndarray:
    """The task of each episode, where the dataset knows it. Shape: (episodes,)."""
    return np.zeros(len(data.source), "U1") if data.tasks is None else data.tasks


def judged(data: Dataset, judgement: Mapping[str, np.ndarray], config: OfflineConfig) -> Dataset:
    """The dataset that a clone learns from.

    IQL: the samples as they are, each with a weight (advantage-weighted regression), so that a kick stays a
    kick. The others: what the critic's actor would have done, and kicks as `config.kicks` says.

    Args:
        data: that was judged.
        judgement: as `critic.judge_samples` gives it.
        config: the settings.
    """
    if config.algo == "iql":
        usual = judgement["value_state"]
        if config.baseline == "task":
            tasks = _tasks(data)[data.episode_id]
            means = {task: usual[tasks == task].mean() for task in np.unique(tasks)}
            usual = np.array([means[task] for task in tasks])
        advantage = judgement["value_data"] - usual
        weights = np.exp(np.minimum(config.temperature * advantage, np.log(config.most_weight)))
        # Of mean 1, so that learning rate and weight decay mean what they mean without weights.
        return dataclasses.replace(data, weights=weights / weights.mean())
    actions = judgement["action"].clip(-1, 1)
    if data.control != "command":
        return dataclasses.replace(data, actions=actions)
    reads = requested_kicks(actions) != NO_KICK
    actions[reads] = actions[reads].clip(-HELD, HELD)
    patterns = kick_patterns(data.actions)
    if config.kicks == "data":
        kicked = requested_kicks(data.actions) != NO_KICK
        kept = kicked & (judgement["value_data"] >= judgement["value_state"])
        actions[kept] = data.actions[kept]
    elif len(patterns):
        best = judgement["value_kicks"].argmax(axis=1)
        better = judgement["value_kicks"].max(axis=1) > judgement["value_state"]
        actions[better] = patterns[best[better]]
    return dataclasses.replace(data, actions=actions)
