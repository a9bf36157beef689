"""House lint: the design's rules that ruff and mypy do not know. One line a finding, exit code 1.

Every limit stands here once, but for the two that ruff holds (line length, complexity: pyproject.toml).
To raise one is a change of the design, and its reason belongs into the description of the change.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rules import structure
from rules.lessons import check_notebook
from rules.source import ANNEXES, PACKAGE, Source
from rules.texts import check_text

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Limits:
    """Limits in lines of code (no blank lines, comments, docstrings), where nothing else is said."""

    # 8,800 before each step had a line of its own (400 more), before the files of others were read by their
    # own words, without being run (800 more), before what users type, kill and mistake was answered in a line
    # (550 more), before rules and gait had a compiled mirror, and then rewards, readings and the walker's
    # network too (1,050 and 200 more, a room that a reader may leave out), before the trainer came (2,000),
    # before models shared their memory and a command's whole walk was one compiled call (100), before a
    # killed run went on bit for bit (850), before agents were compared (1,900 with commands and report;
    # a room of its own, as `evaluation`, one agent's figures, would be above its limit with both), and
    # before export (1,250): a bundler of our own source, a pilot that answers every physics step, models,
    # the client's contract, and the proof beside it, and before episodes differed and training had stages
    # (850): a room of its own (390) for levels and factors, which a reader of the core path may leave out,
    # settings and rewards from files, and the recipes of several runs; and before every write told a full
    # disk, an SB3 zip was asked for its normaliser, and a level could be of one task among several (150);
    # before evaluations played changed worlds and films stood side by side (100), and before recorded
    # episodes taught by their rewards (350): what a critic learns from and says, with the process that it
    # learns in, weights of samples, a policy that wanders, and noise that is kept; and before a run could be
    # cut short by whom it is a trial of, and a step be known as unchanged (100); and before a shot that
    # missed taught by what it hit (100).
    library: int = 19_550
    """All rooms but the annexes."""
    room: int = 1_400
    """One room of the library, but for `LARGE_ROOMS`."""
    core_path: int = 3_000
    """What a reader takes in an afternoon: CORE_PATH."""
    file: int = 350
    """One Python file, all its lines."""
    packed: float = 5.0
    """Assignments such as `a, b = x, y` in 1,000 lines of code."""


LIMITS = Limits()

# Imitation fills half of `learn`; three algorithms at their joints, with buffers, callbacks and checkpoints,
# are as much again and more; what of each of them decides how a run goes on is 500, and 50 for a cloning;
# stages are 100, offline learning, which ends in a cloning, 300, and 50 what a trial of a
# sweep asks at its rungs. A room of their own would only cut what shares actor, presets and run folder.
LARGE_ROOMS = {"learn": 3_550}

# In reading order, as README names it: files and rooms of the package; of "A | B" the first that exists.
CORE_PATH = (
    "tasks",
    "layout",
    "scoring",
    "seeds",
    "geometry",
    "errors",
    "envs",
    "wrappers",
    "policies/policy",
    "evaluation/play",
    "learn/train | learn/imitation/bc",
)


def tracked(root: Path) -> list[Path]:
    """Return the files that are or will be committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, text=True
    )
    if listing.returncode == 0:
        names = [root / name for name in listing.stdout.split("\0") if name]
    else:
        skip = {".git", ".venv", "runs", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}
        names = [path for path in root.rglob("*") if not skip & set(path.relative_to(root).parts)]
    return sorted(path for path in names if path.is_file())


def check_file(path: Path, source: Source | None, limits: Limits) -> Iterator[str]:
    """Check one file for itself."""
    yield from check_text(path)
    if path.suffix == ".ipynb":
        yield from check_notebook(path)
    elif source:
        lines = len(source.text.splitlines())
        if lines > limits.file:
            yield f"{lines} lines; expected at most {limits.file}; split it by nouns"
        if source.in_package:
            yield from structure.check_arrows(source)
            yield from structure.check_drawing(source)


def check_sizes(sources: list[Source], limits: Limits) -> Iterator[str]:
    """Print the package's sizes beside their limits and yield what is above its limit."""
    count = structure.rooms(sources)
    table = ", ".join(f"{room} {lines}" for room, lines in count.most_common())
    print(textwrap.fill(f"lines of code: {table}", 100))
    library = {room: lines for room, lines in count.items() if room not in ANNEXES}
    usual = library.keys() - LARGE_ROOMS.keys()
    largest = max(usual, key=library.__getitem__, default="none")
    core = [source for _, files in structure.core_files(sources, CORE_PATH) for source in files]
    code = max(count.total(), 1)
    packed = {source.name: source.packed_assignments() for source in sources}
    rows = (
        ("library without annexes", sum(library.values()), limits.library),
        (f"largest room of the library ({largest})", library.get(largest, 0), limits.room),
        *((f"room {room}", library.get(room, 0), limit) for room, limit in LARGE_ROOMS.items()),
        ("core path", sum(source.code_lines for source in core), limits.core_path),
        ("packed assignments in 1,000 lines", round(1000 * sum(packed.values()) / code, 1), limits.packed),
    )
    for what, present, limit in rows:
        print(f"{what}: {present:,} of at most {limit:,}")
        if present > limit:
            yield f"{PACKAGE}: {what}: {present:,}; expected at most {limit:,}"
    for room, lines in sorted(library.items()):
        if lines > limits.room and room != largest and room not in LARGE_ROOMS:
            yield f"{PACKAGE}/{room}: {lines:,} lines of code; expected at most {limits.room:,} in a room"
    if rows[-1][1] > limits.packed:
        for name in sorted(packed, key=packed.__getitem__, reverse=True)[:10]:
            yield f"{name}: {packed[name]} packed assignments; expected one step a line"


def check_core_path(sources: list[Source]) -> Iterator[str]:
    for entry, files in structure.core_files(sources, CORE_PATH):
        if not files:
            yield f"{PACKAGE}: the core path names {entry}, which does not exist; expected a file or room"


def findings(root: Path, files: Iterable[Path], limits: Limits = LIMITS) -> Iterator[str]:
    """Run all checks and yield one line per finding."""
    package: list[Source] = []
    lessons: list[Source] = []
    for path in files:
        source = Source.read(root, path) if path.suffix in (".py", ".ipynb") else None
        name = path.relative_to(root).as_posix()
        yield from (f"{name}: {text}" for text in check_file(path, source, limits))
        if source and path.suffix == ".ipynb":
            lessons.append(source)
        elif source and source.in_package:
            package.append(source)
    yield from check_sizes(package, limits)
    yield from check_core_path(package)
    yield from structure.check_names(package)
    yield from structure.check_neighbours(package, lessons)


def main(root: Path = ROOT) -> int:
    found = list(findings(root, tracked(root)))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
