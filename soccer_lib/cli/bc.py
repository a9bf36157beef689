"""The command `bc`: clone demonstrations into a policy."""

from __future__ import annotations

from soccer_lib.errors import Terminated
from soccer_lib.learn.imitation.config import BCConfig


def main(config: BCConfig) -> None:
    """Clone what `config` describes.

    Raises:
        SoccerError: bad settings or datasets, a failed episode, or a file that could not be written.
    """
    from soccer_lib.learn.imitation.bc import (
        bc,
    )  # not at the top: --help does without torch, which takes seconds

    try:
        bc(config)
    except (KeyboardInterrupt, Terminated) as stop:
        words = (
            str(stop) or "the same command goes on from its last checkpoint, seconds ago, and its episodes"
        )
        raise type(stop)(words) from None
