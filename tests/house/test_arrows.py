"""Imports inside the library only go down, and only the viewing room draws."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "soccer_lib"

FLOORS = {
    0: ("tasks", "layout", "scoring", "errors", "ranges", "runs", "formats"),
    1: ("sim",),
    2: ("wrappers", "control"),
    3: ("envs",),
    4: ("policies", "evaluation"),
    5: ("demos", "learn"),
    6: ("export",),
    7: ("view",),
    8: ("cli", "__main__"),
    9: ("workshop", "course", "genesis"),
}
ANNEXES = ("workshop", "course", "genesis")
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
DRAWING = {"matplotlib", "ipywidgets", "IPython"}
DRAWS = ("view", *ANNEXES)


def room_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(path for path in LIBRARY.rglob("*.py") if path != LIBRARY / "__init__.py")


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of every import, relative ones and those inside functions too."""
    package = ["soccer_lib", *path.relative_to(LIBRARY).parent.parts]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # What only the type checker reads is not imported.
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_every_room_has_a_floor():
    unknown = {room_of(path) for path in sources()} - set(FLOOR)
    assert not unknown, f"no floor for {sorted(unknown)}: add it to the table of the design first"


def test_imports_only_go_down():
    wrong = []
    for path in sources():
        room = room_of(path)
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "soccer_lib" or len(parts) < 2 or parts[1] == room:
                continue
            # A bare name of the package stands for the lazy front door, which only notebooks use.
            if FLOOR.get(parts[1], 99) > FLOOR[room]:
                wrong.append(f"{path.relative_to(LIBRARY)} (floor {FLOOR[room]}) imports {name}")
    assert not wrong, "\n".join(wrong)


def test_only_view_and_the_annexes_import_drawing_libraries():
    wrong = [
        f"{path.relative_to(LIBRARY)} imports {name}"
        for path in sources()
        if room_of(path) not in DRAWS
        for name in imports(path)
        if name.split(".")[0] in DRAWING
    ]
    assert not wrong, "\n".join(wrong)


def test_torch_is_never_imported_at_the_top_below_the_training_floor():
    wrong = []
    for path in sources():
        if FLOOR[room_of(path)] >= 5:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [str(path.relative_to(LIBRARY)) for name in names if name.split(".")[0] == "torch"]
    assert not wrong, f"{wrong} import torch when they are imported"
