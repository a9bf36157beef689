"""The command `train`: learn by reinforcement, from nothing or from a clone."""

from __future__ import annotations

from soccer_lib.errors import Terminated
from soccer_lib.learn.config import TrainConfig


def main(config: TrainConfig) -> None:
    """Train what `config` describes.

    Raises:
        SoccerError: bad settings, a failed environment, or a file that could not be written.
    """
    from soccer_lib.learn.train import train  # not at the top: --help does without torch, which takes seconds

    try:
        train(config)
    except (KeyboardInterrupt, Terminated) as stop:
        words = str(stop) or "the same command goes on from the last checkpoint, or starts over without one"
        raise type(stop)(words) from None
