"""What to run: the settings, the notebooks that there are, and the parameters that they take."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import nbformat
import tyro

from soccer_lib.errors import InputError, one_line, unknown_name
from soccer_lib.runs.folder import CHECKOUT

Preset = Literal["smoke", "fast", "full"]
PRESETS = get_args(Preset)

RESERVED = {"preset": "try --preset", "out_dir": "try --out"}
"""Parameters that the runner sets itself -> what to use in their place."""


@dataclass(frozen=True)
class NotebookConfig:
    """Run one notebook or the course."""

    notebook: Annotated[str, tyro.conf.Positional] = ""
    """Number or name of a notebook, such as 06, or the path of an .ipynb file."""
    course: bool = False
    """Run all numbered notebooks in order; those that are done and unchanged are skipped."""
    preset: Preset = "fast"
    """How long to run: smoke proves that it runs, fast takes minutes, full is the long run."""
    parameters: Annotated[
        tuple[tuple[str, str], ...], tyro.conf.arg(aliases=["-p"]), tyro.conf.UseAppendAction
    ] = ()
    """A parameter of the notebook and its value: -p episodes 4."""
    out: str = ""
    """Folder for the results; by default runs/course or runs/notebook/NAME."""
    notebooks: str = os.path.relpath(CHECKOUT / "notebooks")
    """Folder with the notebooks."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.course == bool(self.notebook):
            present = f"--course and the notebook {self.notebook!r}" if self.course else "neither"
            raise InputError(f"got {present}; expected a notebook or --course; try: notebook 06")


def find_notebooks(config: NotebookConfig) -> list[Path]:
    """Return the numbered notebooks in order, or the one with this path, name or number.

    Raises:
        InputError: there is none, or more than one fits the name.
    """
    if config.notebook.endswith(".ipynb"):
        return [Path(config.notebook)]
    known = {path.stem: path for path in sorted(Path(config.notebooks).glob("[0-9][0-9]_*.ipynb"))}
    if not known:
        raise InputError(
            f"no notebook in {config.notebooks}; expected files such as 06_evaluation.ipynb; check the path"
        )
    if config.course:
        return list(known.values())
    found = [path for stem, path in known.items() if f"{stem}_".startswith(f"{config.notebook}_")]
    if len(found) != 1:
        raise unknown_name("notebook", config.notebook, known)
    return found


def read_parameters(path: Path) -> dict[str, Any]:
    """Return name -> default of the notebook's `parameters` cell; empty where there is none.

    Raises:
        InputError: not a notebook, or the cell holds more than literals, which papermill cannot replace.
    """
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception as error:  # nbformat raises many kinds for a foreign file
        reason = one_line(error, 120)
        raise InputError(f"cannot read {path}: {reason}; expected a Jupyter notebook; check it") from error
    source = "\n".join(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", []))
    defaults: dict[str, Any] = {}
    try:
        for statement in ast.parse(source).body:
            match statement:
                case ast.Assign(targets=[ast.Name(name)], value=value) | ast.AnnAssign(
                    ast.Name(name), value=value
                ):
                    defaults[name] = ast.literal_eval(value)
                case _:
                    raise ValueError(ast.unparse(statement))
    except (SyntaxError, ValueError) as error:
        raise InputError(
            f"the parameters cell of {path.name} has something other than name = literal "
            f"({one_line(error, 80)}); expected literals only; derive values in the next cell"
        ) from error
    return defaults


def assign_parameters(
    pairs: Sequence[tuple[str, str]], defaults: dict[Path, dict[str, Any]]
) -> dict[Path, dict[str, Any]]:
    """Assign the user's `-p name value` pairs to the notebooks that have such a parameter.

    Args:
        pairs: name and value as text.
        defaults: parameters and default values of each notebook.

    Raises:
        InputError: a name that no notebook has, or a value of the wrong type.
    """
    assigned: dict[Path, dict[str, Any]] = {path: {} for path in defaults}
    valid = sorted({name for table in defaults.values() for name in table} - set(RESERVED))
    for name, text in pairs:
        if name not in valid:
            raise unknown_name("parameter", name, valid, RESERVED.get(name))
        for path, table in defaults.items():
            if name in table:
                assigned[path][name] = _convert(name, text, table[name])
    return assigned


def _convert(name: str, text: str, default: Any) -> Any:
    """Read `text` as JSON of the default's type; a text parameter takes it as it is."""
    if isinstance(default, str):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not type(default):
        kind = type(default).__name__
        example = json.dumps(default)
        raise InputError(f"parameter {name} got {text!r}; expected {kind}; try -p {name} '{example}'")
    return value
