"""What the walker is asked to do while it is tuned: command sequences and pushes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COMMAND_LOW = np.array([-0.4, -0.4, -1.0])
"""Lowest command that is trained: [m/s], [m/s], [rad/s]."""

COMMAND_HIGH = np.array([1.1, 0.4, 1.0])
"""Highest command that is trained: [m/s], [m/s], [rad/s]."""

EPISODE_STEPS = 500
"""Walker steps in an episode of 10 s."""


@dataclass
class CommandSequence:
    """A new velocity command every 2 to 4 s, with stops, straight runs and turns on the spot among them.

    Attributes:
        rng: source of the random numbers.
        command: of the present step [m/s, m/s, rad/s].
        left: steps until the next command.
        since: steps since the last one.
    """

    rng: np.random.Generator
    command: tuple[float, float, float] = (0.0, 0.0, 0.0)
    left: int = 0
    since: int = 0

    @property
    def zero(self) -> bool:
        """Whether the robot is asked to stand."""
        return self.command == (0.0, 0.0, 0.0)

    def restart(self) -> None:
        """Begin an episode: stand for a moment, or walk at once."""
        self.left = 0
        if self.rng.random() < 0.3:
            self.command = (0.0, 0.0, 0.0)
            self.left = int(self.rng.integers(25, 100))
            self.since = 0

    def next(self) -> tuple[float, float, float]:
        """Command of this walker step [m/s, m/s, rad/s]."""
        if self.left <= 0:
            self.command = self._draw()
            self.left = int(self.rng.integers(100, 200))
            self.since = 0
        self.left -= 1
        self.since += 1
        return self.command

    def _draw(self) -> tuple[float, float, float]:
        vx, vy, turn = self.rng.uniform(COMMAND_LOW, COMMAND_HIGH).tolist()
        kind = self.rng.random()
        if kind < 0.15:
            return (0.0, 0.0, 0.0)
        if kind < 0.3:
            return (vx, 0.0, 0.0)
        if kind < 0.4:
            return (0.2 * vx, 0.2 * vy, turn)
        return (vx, vy, turn)


def push_velocity(rng: np.random.Generator, strongest: float) -> tuple[float, float]:
    """A sudden change of the trunk's velocity in a random direction [m/s]."""
    angle = rng.uniform(0, 2 * np.pi)
    size = rng.uniform(0, strongest)
    return size * np.cos(angle), size * np.sin(angle)
