"""Rules for what lies where: sizes, the core path, names, neighbours, arrows, drawing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from rules.source import ANNEXES, PACKAGE, Source

DRAWING = {"matplotlib", "ipywidgets", "IPython"}
DRAWS = ("view", "course")
# A command's `main` is called by its module's name.
REPEATED_NAMES = {"main"}
# Each room may import the rooms of the rows above its own; those of one row do not import each other,
# except the facts of the first.
FLOORS = (
    ("tasks", "layout", "scoring", "seeds", "geometry", "ranges", "errors", "signals"),
    ("runs",),
    ("formats",),
    ("sim",),
    ("control",),
    ("compiled",),
    ("variation",),
    ("wrappers",),
    ("envs",),
    ("policies",),
    ("evaluation",),
    ("demos",),
    ("comparison",),
    ("learn",),
    ("export",),
    ("view",),
    ("report",),
    ("cli",),
    ("__main__",),
    ANNEXES,
)


def core_files(sources: Sequence[Source], path: Sequence[str]) -> Iterator[tuple[str, list[Source]]]:
    """Yield each entry of the core path with its files; of "A | B" the first that exists counts."""
    for entry in path:
        for choice in entry.split(" | "):
            folder = f"{PACKAGE}/{choice}/"
            files = [source for source in sources if source.name in (folder[:-1], f"{folder[:-1]}.py")]
            files += [source for source in sources if source.name.startswith(folder)]
            if files:
                break
        yield entry, files


def check_names(sources: Sequence[Source]) -> Iterator[str]:
    """Find public classes and functions of one name in two modules of the package."""
    homes = defaultdict(list)
    for source in sources:
        for name in set(source.public_names()) - REPEATED_NAMES:
            homes[name].append(source.name)
    for name, files in sorted(homes.items()):
        if len(files) > 1:
            yield f"{files[0]}: public name {name} exists in {', '.join(files[1:])} too; expected one meaning"


def importers_of(sources: Sequence[Source], users: Sequence[Source]) -> dict[str, set[Source]]:
    """Return the files that import each module, by the module's dotted name."""
    modules = {source.module for source in sources}
    importers: dict[str, set[Source]] = defaultdict(set)
    for user in users:
        for name in user.imports():
            # `from a.b import c` may mean the module a.b.c or a name in a.b.
            module = name if name in modules else name.rpartition(".")[0]
            if module in modules and module != user.module:
                importers[module].add(user)
    return importers


def check_neighbours(sources: Sequence[Source], lessons: Sequence[Source]) -> Iterator[str]:
    """Find modules that one single file imports, from another folder.

    A module with one importer lies in the importer's folder or in a folder below it. Excepted are a
    package's __init__ (it stands for its folder), what an __init__ hands on (the folder's public face),
    what is named in a text and imported on first use (commands, lazy names), and what a command in cli
    calls: a command is a door to a room, no owner. A notebook counts as an importer with no folder.
    """
    importers = importers_of(sources, [*sources, *lessons])
    named = {word.partition(":")[0] for source in sources for word in source.words() if PACKAGE in word}
    for source in sources:
        users = importers[source.module]
        if source.name.endswith("__init__.py") or source.module in named or len(users) != 1:
            continue
        [user] = users
        beside = source.folder == user.folder or source.folder.startswith(f"{user.folder}/")
        if not beside and user.in_package and user.room != "cli":
            yield f"{source.name}: only {user.name} imports it; expected it beside that, or handed on"


def check_arrows(source: Source) -> Iterator[str]:
    """Find imports that go up, or sideways into another room of the same row."""
    floors = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
    if source.module == PACKAGE:
        return
    if source.room not in floors:
        yield f"room {source.room} has no floor; expected it in the design's table and in FLOORS"
        return
    floor = floors[source.room]
    for name in source.imports(with_typing=False):
        parts = name.split(".")
        if parts[0] != PACKAGE or len(parts) < 2 or parts[1] == source.room:
            continue
        # The package itself stands for the lazy front door, which only notebooks use.
        below = floors.get(parts[1], len(FLOORS))
        if below > floor or below == floor > 0:
            yield f"imports {name}; expected imports to go down, from {source.room} they may not reach it"


def check_drawing(source: Source) -> Iterator[str]:
    """Find imports of drawing libraries outside the rooms that draw, those for the type checker too."""
    if source.room not in DRAWS:
        names = {name.split(".")[0] for name in source.imports(with_typing=True)}
        for name in sorted(DRAWING & names):
            yield f"imports {name}; expected only in view and course"


def rooms(sources: Sequence[Source]) -> Counter[str]:
    """Return the lines of code of each room."""
    count: Counter[str] = Counter()
    for source in sources:
        count[source.room] += source.code_lines
    return count
