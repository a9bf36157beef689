"""What TD3 and SAC learn from: transitions that know how long they were held, a share of them kept aside."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

from soccer_lib.errors import ResourceError

HELD_OUT = 20
"""Every n-th row is never learned from: the loss on it is `val/td_loss`."""


class HeldReplayBuffer(ReplayBuffer):
    """SB3's replay buffer with a discount of its own for each transition.

    Args:
        gamma: discount of an env step that lasts its hold.
        hold: physics steps of an ordinary env step.
        sb3: arguments of SB3's buffer.

    Attributes:
        added: rows that were ever added; those that no longer fit were overwritten.
    """

    def __init__(self, *args: Any, gamma: float, hold: int, **sb3: Any) -> None:
        super().__init__(*args, **sb3)
        self.gamma = gamma
        self.hold = hold
        self.discounts = np.zeros((self.buffer_size, self.n_envs), np.float32)
        self.added = 0

    def add(
        self,
        obs: np.ndarray,
        next_obs: np.ndarray,
        action: np.ndarray,
        reward: np.ndarray,
        done: np.ndarray,
        infos: list[dict[str, Any]],
    ) -> None:
        """Store a transition of each environment."""
        held = np.array([info["held_steps"] for info in infos])
        self.discounts[self.pos] = self.gamma ** (held / self.hold)
        super().add(obs, next_obs, action, reward, done, infos)
        self.added += 1

    @property
    def rows(self) -> int:
        """Rows that are filled; each holds a transition of every environment."""
        return self.buffer_size if self.full else self.pos

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> ReplayBufferSamples:
        """Draw transitions to learn from."""
        kept = max(1, self.rows - self.rows // HELD_OUT)
        numbers = np.random.randint(0, kept, size=batch_size)
        # The k-th row that is learned from: one in HELD_OUT is passed over.
        return self._get_samples(numbers + numbers // (HELD_OUT - 1), env)

    def held_out(self, batch_size: int, env: VecNormalize | None = None) -> ReplayBufferSamples | None:
        """Draw transitions that are never learned from; None while there are none."""
        count = self.rows // HELD_OUT
        if not count:
            return None
        numbers = np.random.randint(0, count, size=batch_size)
        return self._get_samples(numbers * HELD_OUT + HELD_OUT - 1, env)

    def _get_samples(self, batch_inds: np.ndarray, env: VecNormalize | None = None) -> ReplayBufferSamples:
        slots = np.random.randint(0, self.n_envs, size=len(batch_inds))
        at = (batch_inds, slots)
        ends = self.dones[at] * (1 - self.timeouts[at])
        arrays = (
            self._normalize_obs(self.observations[at], env),
            self.actions[at],
            self._normalize_obs(self.next_observations[at], env),
            ends[:, None],
            self.rewards[at][:, None],
            self.discounts[at][:, None],
        )
        return ReplayBufferSamples(*map(self.to_torch, arrays))


def free_memory() -> int:
    """Memory that is free, in bytes; all that there is where the system does not say."""
    pages = "SC_AVPHYS_PAGES" if "SC_AVPHYS_PAGES" in os.sysconf_names else "SC_PHYS_PAGES"
    return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")


def check_memory(size: int, inputs: int, actions: int, available: int) -> None:
    """Refuse a buffer that the memory cannot hold, before it is made.

    Args:
        size: transitions.
        inputs: entries of an observation.
        actions: entries of an action.
        available: bytes that are free.

    Raises:
        ResourceError: with the size that would fit.
    """
    # Observation and next one, action, and reward, done, time-out and discount, in single precision.
    each = 4 * (2 * inputs + actions + 4)
    if size * each > available:
        raise ResourceError(
            f"--buffer-size {size:,} takes {size * each / 2**30:.1f} GiB and {available / 2**30:.1f} GiB are "
            f"free; expected a buffer that fits; try --buffer-size {int(0.8 * available / each):,}"
        )
