"""Rules for the notebooks: parameters cell, sizes of cells, share of text, no outputs."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

CELL_MEDIAN = 8
CELL_MOST = 25
CELL_MAX = 40


def source_of(cell: dict) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def check_notebook(path: Path) -> Iterator[str]:
    """Check a notebook's parameters cell, cell sizes, share of text and outputs."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    text = [cell for cell in cells if cell["cell_type"] == "markdown"]
    yield from check_parameters(code)
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


def check_parameters(code: list[dict]) -> Iterator[str]:
    """Check that one cell is tagged parameters and sets what the runner passes."""
    parameters = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    if len(parameters) != 1:
        yield f"{len(parameters)} cells are tagged parameters; expected one"
        return
    names = re.findall(r"^(\w+)\s*(?::[^=\n]+)?=", source_of(parameters[0]), flags=re.M)
    for name in ("preset", "out_dir"):
        if name not in names:
            yield f"the parameters cell does not set {name}; the runner passes it"
