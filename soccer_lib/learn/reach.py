"""Where a kick can start, read from an observation: an agent need not find out what is known."""

from __future__ import annotations

import numpy as np
import torch

from soccer_lib.control.macro import REACH
from soccer_lib.layout import Layout


class KickReach:
    """Tells for each row whether the environment would take a kick, as `control.macro.Macro.allowed` does.

    Args:
        layout: of the observations, in the robot's heading frame.
    """

    def __init__(self, layout: Layout) -> None:
        self.ball = layout["ball_xpos_rel_robot"].start
        self.busy = layout["kick_active"].start if "kick_active" in layout else None

    @property
    def limits(self) -> np.ndarray:
        """The same for `control.network`: limits, and where the three entries are. Shape: (5,)."""
        return np.array([*REACH, self.ball, self.ball + 1, -1 if self.busy is None else self.busy])

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Whether a kick can start. Shapes: (n, inputs) to (n,), bool."""
        ahead = rows[:, self.ball]
        left = rows[:, self.ball + 1]
        reached = (torch.hypot(ahead, left) <= REACH[0]) & (torch.atan2(left, ahead).abs() <= REACH[1])
        return reached if self.busy is None else reached & (rows[:, self.busy] < 0.5)
