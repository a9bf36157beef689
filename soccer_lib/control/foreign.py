"""Walking policies of the Booster Gym kind (47 inputs, 12 outputs), such as the competition's own controller.

Input: projected gravity 3, gyro [rad/s] 3, command 3 [m/s, m/s, rad/s], cos and sin of the gait phase 2
(both 0 on a zero command), joint position minus default 12 [rad], 0.1 x joint velocity 12 [rad/s], last
action 12. Output: joint target minus default [rad], clipped to +-1. Layout: BoosterRobotics/booster_gym,
`deploy/`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from math import cos, pi, sin
from pathlib import Path

import numpy as np

from soccer_lib.control.network import Network
from soccer_lib.control.walker import Walker, command_list
from soccer_lib.control.weights import REMEDY
from soccer_lib.errors import InputError
from soccer_lib.formats.torchscript import Script
from soccer_lib.layout import DEFAULT_POSE, Sensed
from soccer_lib.tasks import WALKER_DT

INPUTS, OUTPUTS = 47, 12
FOREIGN_LIMITS = ((-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0))
"""Commands that such policies are trained with: [m/s], [m/s], [rad/s]."""

FREQUENCY = 1.5
"""Gait cycles per second; the competition's controller uses 1 to 2 [Hz]."""

HUB_REPOSITORY = "SaiResearch/booster_soccer_models"
HUB_FILE = "robot/lower_t1_control.pt"
HUB_SHA256 = "697cac61dbed2e76f25519c97ceb686f244d065dabf7d5d7ca386573143d215b"


class ForeignWalker(Walker):
    """A Booster Gym policy behind the walker's interface."""

    def __init__(self, policy: Callable[[np.ndarray], np.ndarray], name: str, sha256: str) -> None:
        """Wrap a policy.

        Args:
            policy: function from (47,) to (12,), float32.
            name: what was asked of `load_walker`.
            sha256: hash of the weights.
        """
        super().__init__(name, sha256, FOREIGN_LIMITS)
        self.policy = policy
        self.reset()

    @property
    def phase(self) -> float:
        """Gait phase in [0, 1)."""
        return self._phase

    @property
    def cycle(self) -> float:
        """Length of one gait cycle, two steps [s]."""
        return 1.0 / FREQUENCY

    def reset(self, phase: float = 0.0) -> None:
        """Start an episode at a gait phase in [0, 1)."""
        self._phase = float(phase) % 1.0
        self.action = np.zeros(OUTPUTS, dtype=np.float32)

    def step(self, command: np.ndarray, sensed: Sensed) -> np.ndarray:
        """Joint targets for the next 20 ms; see `Walker.step`."""
        wanted = command_list(command)
        x, y, z, w = sensed.quat_xyzw.tolist()
        walk = 1.0 if any(wanted) else 0.0
        turn = 2 * pi * self._phase
        row = np.empty(INPUTS, dtype=np.float32)
        row[0:3] = 2 * (w * y - x * z), -2 * (y * z + w * x), -1 + 2 * (x * x + y * y)
        row[3:6] = sensed.gyro
        row[6:9] = wanted
        row[9:11] = walk * cos(turn), walk * sin(turn)
        row[11:23] = sensed.joint_pos - DEFAULT_POSE
        row[23:35] = 0.1 * sensed.joint_vel
        row[35:47] = self.action
        self.action = np.minimum(np.maximum(self.policy(row), -1.0), 1.0)
        self._phase = (self._phase + WALKER_DT * FREQUENCY * walk) % 1.0
        return DEFAULT_POSE + self.action

    def get_state(self) -> dict:
        """All that a bit-identical continuation needs: numbers and arrays."""
        return {"phase": self._phase, "action": self.action.copy()}

    def set_state(self, state: dict) -> None:
        """Continue from a `get_state`."""
        self._phase = float(state["phase"])
        self.action = np.array(state["action"], dtype=np.float32)


def torchscript_policy(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Read a TorchScript policy as data: as layers of our own where it is ELU between linear ones.

    Raises:
        InputError: it is not TorchScript, holds more than an actor's operators, or its shapes are others.
    """
    script = Script(path)
    scales = np.array([[0.3], [2.0], [20.0]])  # far out too, where a clip or a condition may wait
    rows = (np.random.default_rng(0).normal(size=(3, INPUTS)) * scales).astype(np.float32)
    answers = [script(row) for row in rows]
    if answers[0].shape != (OUTPUTS,):
        raise InputError(
            f"walker file {path} gives outputs of shape {answers[0].shape}; expected ({OUTPUTS},); {REMEDY}"
        )
    layers = [[a for name, a in script.arrays.items() if name.endswith(kind)] for kind in ("weight", "bias")]
    with contextlib.suppress(InputError, ValueError):  # it is another kind of network
        network = Network.perceptron(*layers)
        if np.allclose([network(row) for row in rows], answers, rtol=1e-4, atol=1e-5):
            return network
    return script


def download_from_hub() -> Path:
    """Fetch the competition's walking policy from the model hub, or find it in the local cache.

    Raises:
        InputError: no huggingface_hub, no network, or another file than expected.
    """
    where = f"{HUB_FILE} of {HUB_REPOSITORY}"
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise InputError(
            'walker="hub" needs the package huggingface_hub; expected it to be installed; '
            'pip install huggingface_hub, or use walker="own" or walker=PATH'
        ) from None
    try:
        return Path(hf_hub_download(HUB_REPOSITORY, HUB_FILE))
    except Exception as error:  # the client raises many kinds, from its own and from its network library
        raise InputError(
            f'walker="hub" could not fetch {where} ({type(error).__name__}); expected a network or a copy; '
            f'use walker="own", walker=PATH to a local copy, or connect to a network'
        ) from None
