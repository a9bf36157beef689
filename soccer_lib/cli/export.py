"""The command `export`: an agent as a submission, and the proof that it scores there what it scores here."""

from __future__ import annotations

import dataclasses
import shlex

from soccer_lib.errors import InputError, SimulationError
from soccer_lib.export.submission import export_agent
from soccer_lib.export.verify import BATCHES, TOLERANCE, verify


@dataclasses.dataclass(frozen=True)
class ExportConfig:
    """Write an agent as files for the competition's client, or check files that were written."""

    agent: str = ""
    """Who is exported: stand, walk_at_ball, striker (striker:clean), best, a run folder, or a policy file."""
    out: str = ""
    """New folder for the files."""
    verify: str = ""
    """Folder of a submission to check: the client and evaluate play the same episodes."""
    tasks: tuple[str, ...] = ("all",)
    """With --verify: task names; all stands for the three of the competition."""
    seed: int = 10000
    """With --verify: seed of the first episode of each task; the others count up."""
    batches: tuple[int, ...] = BATCHES
    """With --verify: robots played together, batch after batch."""
    client: str = ""
    """With --verify: Python of an environment with the client, instead of make sai's; none: do without."""


def main(config: ExportConfig) -> None:
    """The command `export`.

    Raises:
        InputError: a wrong request, an agent that cannot be exported, or changed files.
        SimulationError: the scores differ.
    """
    if config.verify:
        if config.out:
            raise InputError(
                f"--verify {config.verify} came with --out {config.out}; expected one of them; export first"
            )
        _verify(config)
        return
    if not config.agent or not config.out:
        missing = "--out" if config.agent else "--agent"
        raise InputError(f"{missing} is missing; expected --agent AGENT --out DIR, or --verify DIR; try both")
    sizes = export_agent(config.agent, config.out)
    rows = [f"  {name:<20}{size / 1e3:>8.1f} kB" for name, size in sizes.items()]
    check = f"python -m soccer_lib export --verify {shlex.quote(config.out)}"
    print("\n".join([f"wrote {config.out}:", *rows, f"check it with: {check}"]))


def _verify(config: ExportConfig) -> None:
    found = verify(
        config.verify,
        config.agent,
        config.tasks,
        config.seed,
        config.batches,
        config.client,
        say=lambda line: print(line, flush=True),
    )
    print(found.table())
    apart = [episode for episode in found.episodes if not abs(episode[2] - episode[3]) <= TOLERANCE]
    if apart:
        task, seed, there, here = apart[0]
        raise SimulationError(
            f"{len(apart)} of {len(found.episodes)} episodes differ, first {task} seed {seed}: {there!r} "
            f"there, {here!r} here; expected at most {TOLERANCE:g}; compare the versions in manifest.json"
        )
    print(f"All {len(found.episodes)} episodes score there what they score here.")
