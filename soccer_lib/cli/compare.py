"""The command `compare`: agents on the same episodes, with verdicts; a report for whoever was not there."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from soccer_lib.comparison.compare import compare_agents
from soccer_lib.comparison.disturbances import ROBUSTNESS_EPISODES
from soccer_lib.comparison.files import write_comparison
from soccer_lib.comparison.tables import comparison_text
from soccer_lib.ranges import Range, check_fields
from soccer_lib.report import write_report
from soccer_lib.runs import RunFolder


@dataclasses.dataclass(frozen=True)
class CompareConfig:
    """Let agents play the same episodes and say which is better, by how much, and where each fails."""

    agents: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Two or more names or paths, as for evaluate; folders that end in seed0, seed1, ... are one method."""
    tasks: tuple[str, ...] = ("all",)
    """Task names; all stands for the three of the competition."""
    episodes: Annotated[int, Range(1, 100_000, whole=True)] = 20
    """Episodes of each task and kind of start."""
    seed: int = 10000
    """Seed of the first episode of each task; the others count up."""
    starts: tuple[Literal["official", "distinct"], ...] = ("official",)
    """Kinds of starts, reported apart: official, distinct (see evaluate), or both."""
    robustness: Annotated[int, ROBUSTNESS_EPISODES] = 0
    """Episodes of each task under each disturbance: noise, delay, mass, friction, push; 6 allow a verdict."""
    workers: int = 0
    """Worker processes; 0 takes one per core. The numbers do not depend on it."""
    fast: bool = True
    """Use the exact fast simulation; --no-fast steps the stock environment, which is 8 times slower."""
    deterministic: bool = True
    """Take the agents' likeliest actions; --no-deterministic draws them."""
    out: Annotated[str, tyro.conf.arg(aliases=["--report"])] = ""
    """Folder for every episode, figures, model cards and report.html; the same call goes on where it was."""
    films: Annotated[int, Range(0, 100, whole=True)] = 8
    """Failures that the report shows as a video; more take longer to draw."""
    trust_code: bool = False
    """Let torch run TorchScript agents as they are, with whatever their authors put into them."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)


def main(config: CompareConfig) -> None:
    """The command `compare`; the files are written before anything is printed.

    Raises:
        SoccerError: a wrong request, a failed episode, or a file that could not be written.
    """
    folder = Path(config.out) if config.out else None
    with contextlib.ExitStack() as stack:
        run = _opened(config, stack) if folder else None
        comparison = compare_agents(
            config.agents,
            ",".join(config.tasks),
            config.episodes,
            config.seed,
            config.starts,
            robustness=config.robustness,
            workers=config.workers,
            fast=config.fast,
            deterministic=config.deterministic,
            folder=folder,
            trust_code=config.trust_code,
        )
        words = [comparison_text(comparison)]
        if run and folder:
            write_comparison(comparison, folder)
            report = write_report(comparison, folder, config.films)
            run.set_status("done")
            words.append(f"\nwrote {report}, with compare.json, results and cards beside it")
            words.append(f"ranked with others: python -m soccer_lib leaderboard {shlex.quote(str(folder))}")
    print("\n".join(words))


def _opened(config: CompareConfig, stack: contextlib.ExitStack) -> RunFolder:
    """The folder; episodes have names that say what they are of, so any comparison may go on in it."""
    settings: dict[str, Any] = dataclasses.asdict(config)
    run = RunFolder.open(config.out, settings, "compare", ignore=tuple(settings))
    run.set_status("running")

    def note_failure(kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            run.set_status("failed", reason=type(error).__name__)

    stack.push(note_failure)
    return run
