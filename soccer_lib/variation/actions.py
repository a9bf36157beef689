"""What arrives of an action: with noise, but a kick stays one."""

from __future__ import annotations

import numpy as np

from soccer_lib.control.kicks import requested_kick


def noisy_action(action: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """An action with noise of a standard deviation; a kick stays one, and noise never makes one.

    Args:
        action: in [-1, 1]. Shape: (3,) for a command, else (12,).
        sigma: standard deviation.
        rng: where the noise is drawn.

    Returns:
        float32, in [-1, 1].
    """
    is_command = len(action) == 3
    if not sigma or (is_command and requested_kick(action)):
        return action
    noisy = np.clip(action + rng.normal(0, sigma, action.shape), -1, 1).astype(np.float32)
    return action if is_command and requested_kick(noisy) else noisy
