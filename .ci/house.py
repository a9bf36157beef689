"""House lint: the rules about layout that ruff does not know. One line per finding, exit code 1."""

from __future__ import annotations

import ast
import io
import json
import re
import statistics
import subprocess
import sys
import textwrap
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES = 350
LIBRARY_LINES = 8_800
# Annexes use the library and no room of it imports them: they make and measure data, run the course.
ANNEXES = {"workshop", "course", "genesis"}
CELL_MEDIAN, CELL_MOST, CELL_MAX = 8, 25, 40
DRAWING = {"matplotlib", "ipywidgets", "IPython"}
DRAWS = {"view", *ANNEXES}
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
# An absolute path of somebody's machine; a URL or a relative path has something before the slash.
ABSOLUTE = re.compile(r"(?<![\w.:/$}~<>*-])/(?:work|home|root|tmp|Users)/\w")


def tracked(root: Path) -> list[Path]:
    """Return the files that are or will be committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, text=True
    )
    if listing.returncode == 0:
        names = [root / name for name in listing.stdout.split("\0") if name]
    else:
        skip = {".git", ".venv", "runs", "__pycache__", ".pytest_cache", ".ruff_cache"}
        names = [path for path in root.rglob("*") if not skip & set(path.relative_to(root).parts)]
    return sorted(path for path in names if path.is_file())


def check_paths(path: Path) -> Iterator[str]:
    """Find absolute paths in a text file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        match = ABSOLUTE.search(line)
        if match:
            yield f"line {number} holds an absolute path {match[0]!r}; expected a relative one"


def source_of(cell: dict) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def check_notebook(path: Path) -> Iterator[str]:
    """Check a notebook's parameters cell, cell sizes, share of text and outputs."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    text = [cell for cell in cells if cell["cell_type"] == "markdown"]
    parameters = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    if len(parameters) != 1:
        yield f"{len(parameters)} cells are tagged parameters; expected one"
    else:
        names = re.findall(r"^(\w+)\s*(?::[^=\n]+)?=", source_of(parameters[0]), flags=re.M)
        for name in ("preset", "out_dir"):
            if name not in names:
                yield f"the parameters cell does not set {name}; the runner passes it"
    if len(text) < len(code):
        yield f"{len(code)} code cells and {len(text)} text cells; expected at least as many text cells"
    sizes = [len(source_of(cell).splitlines()) for cell in code]
    if sizes and statistics.median(sizes) > CELL_MEDIAN:
        yield f"the median code cell has {statistics.median(sizes):g} lines; expected at most {CELL_MEDIAN}"
    if sum(size > CELL_MOST for size in sizes) > 0.1 * len(sizes):
        yield f"more than one in ten code cells has over {CELL_MOST} lines"
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "code":
            continue
        size = len(source_of(cell).splitlines())
        if size > CELL_MAX:
            yield f"cell {number} has {size} lines; expected at most {CELL_MAX}"
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {number} has outputs; expected none; try nbstripout"


def imported(tree: ast.AST) -> Iterator[str]:
    """Return the top-level names of all imports, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def room_of(inside: str) -> str:
    """Return the room of a file from its path inside the library."""
    return inside.split("/")[0].removesuffix(".py")


def code_lines(text: str) -> int:
    """Count the lines with code on them: no blank lines, comments or docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        # A text that stands alone: a docstring, or the description under a field.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def check_source(path: Path, inside: str) -> Iterator[str]:
    """Check one library file: its length, and that only the viewing room draws."""
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        yield f"{lines} lines; expected at most {FILE_LINES}; split it by nouns"
    if room_of(inside) not in DRAWS:
        for name in sorted(DRAWING & set(imported(ast.parse(text)))):
            yield f"imports {name}; expected only in view and the annexes"


def report_size(rooms: Counter[str]) -> Iterator[str]:
    """Print the lines of code per room and check their sum."""
    core = sum(count for room, count in rooms.items() if room not in ANNEXES)
    table = ", ".join(f"{room} {count}" for room, count in rooms.most_common())
    print(textwrap.fill(f"soccer_lib, lines of code: {table}", 100))
    print(f"in all {rooms.total()}; without the annexes {core} of at most {LIBRARY_LINES} lines of code")
    if core > LIBRARY_LINES:
        yield f"soccer_lib: the library has {core} lines of code; expected at most {LIBRARY_LINES}"


def findings(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """Run all checks and yield one line per finding."""
    rooms: Counter[str] = Counter()
    for path in files:
        name = path.relative_to(root).as_posix()
        found: list[str] = list(check_paths(path))
        if path.suffix == ".ipynb":
            found += check_notebook(path)
        if name.startswith("soccer_lib/") and path.suffix == ".py":
            inside = name.removeprefix("soccer_lib/")
            found += check_source(path, inside)
            rooms[room_of(inside)] += code_lines(path.read_text(encoding="utf-8"))
        yield from (f"{name}: {text}" for text in found)
    yield from report_size(rooms)


def main(root: Path = ROOT) -> int:
    found = list(findings(root, tracked(root)))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
