"""The command `offline`: learn from recorded episodes and their rewards."""

from __future__ import annotations

from soccer_lib.learn.offline.config import OfflineConfig


def main(config: OfflineConfig) -> None:
    """Learn from what `config` describes.

    Raises:
        SoccerError: bad settings or datasets, no d3rlpy, a critic that failed, or a file that could not be
            written.
    """
    from soccer_lib.learn.offline.offline import offline  # not at the top: --help does without torch

    offline(config)
