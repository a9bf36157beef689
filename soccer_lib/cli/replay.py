"""The command `replay`: step recorded torques again and compare the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from soccer_lib.errors import SimulationError
from soccer_lib.evaluation.replay import replay, replay_table


@dataclass(frozen=True)
class ReplayConfig:
    """Replay recorded episodes and compare the scores."""

    file: Annotated[str, tyro.conf.Positional]
    """The npz file that evaluate --record wrote."""
    stock: bool = False
    """Step the stock environment of gym.make instead of the fast simulation, about 6 times slower."""
    workers: int = 0
    """Worker processes; 0 takes one per core."""


def main(config: ReplayConfig) -> None:
    """The command `replay`.

    Raises:
        SimulationError: an episode came out differently.
    """
    replayed = replay(config.file, stock=config.stock, workers=config.workers)
    print(replay_table(replayed))
    different = [now.recorded for now in replayed if not now.equal]
    if different:
        remedy = "compare the versions in both files" if config.stock else "judge with --stock"
        raise SimulationError(
            f"{len(different)} of {len(replayed)} episodes differ, first {different[0].task} seed "
            f"{different[0].seed}; expected equal scores, terms and lengths; {remedy}"
        )
    engine = "stock environment" if config.stock else "fast simulation"
    print(f"All {len(replayed)} episodes are equal to the last digit in the {engine}.")
