"""What to run: the settings, the notebooks that there are, and the parameters that they take."""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import nbformat
import tyro

from soccer_lib.errors import InputError, one_line, unknown_name
from soccer_lib.runs.folder import CHECKOUT

PRESETS = ("smoke", "fast", "full")
RESERVED = {"preset": "--preset", "out_dir": "--out"}


@dataclass(frozen=True)
class NotebookConfig:
    """Run one notebook or the course."""

    notebook: Annotated[str, tyro.conf.Positional] = ""
    """Number or name of a notebook, such as 06, or the path of an .ipynb file."""
    course: bool = False
    """Run all numbered notebooks in order; those that are done and unchanged are skipped."""
    preset: Literal["smoke", "fast", "full"] = "fast"
    """How long to run: smoke proves that it runs, fast takes minutes, full is the long run."""
    parameters: Annotated[
        tuple[tuple[str, str], ...], tyro.conf.arg(aliases=["-p"]), tyro.conf.UseAppendAction
    ] = ()
    """A parameter of the notebook and its value: -p episodes 4."""
    out: str = ""
    """Folder for the results; by default runs/course or runs/notebook/NAME."""
    notebooks: str = ""
    """Folder with the notebooks; by default notebooks/ beside the library."""
    timeout: float = 0.0
    """Longest time for one notebook [s]; 0 for no limit."""
    kernel: str = "python3"
    """Jupyter kernel."""
    force: bool = False
    """Run also what is done and unchanged."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.preset not in PRESETS:
            raise unknown_name("preset", self.preset, PRESETS)
        if self.course == bool(self.notebook):
            came = f"--course and the notebook {self.notebook!r}" if self.course else "neither"
            raise InputError(f"got {came}; expected a notebook or --course; try: notebook 06")
        if not self.timeout >= 0:
            raise InputError(f"--timeout got {self.timeout}; expected seconds, 0 for no limit; try 600")

    @property
    def folder(self) -> Path:
        """The folder with the notebooks."""
        return Path(self.notebooks or os.path.relpath(CHECKOUT / "notebooks"))


def find_course(folder: Path) -> list[Path]:
    """Return the numbered notebooks of a folder in order.

    Raises:
        InputError: there is none.
    """
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise InputError(
            f"no notebook in {folder}; expected files such as 06_evaluation.ipynb; check the path"
        )
    return found


def find_notebook(name: str, folder: Path) -> Path:
    """Return the notebook with this path, name or number.

    Raises:
        InputError: there is no such notebook, or more than one.
    """
    if name.endswith(".ipynb"):
        path = Path(name)
        if not path.is_file():
            raise InputError(f"no notebook {name}; expected the path of an .ipynb file; check the path")
        return path
    known = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("[0-9][0-9]_*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    }
    matches = [path for key, path in known.items() if key == name or key.startswith(name.rstrip("_") + "_")]
    if len(matches) != 1:
        raise unknown_name("notebook", name, known)
    return matches[0]


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook file.

    Raises:
        InputError: it is missing or no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises many kinds for a foreign file
        raise InputError(
            one_line(
                f"cannot read {path}: {one_line(error, 120)}; expected a Jupyter notebook; check the path"
            )
        ) from error


def read_parameters(path: Path) -> dict[str, Any]:
    """Return name -> default of the notebook's `parameters` cell; empty where there is none.

    Raises:
        InputError: the cell holds more than assignments of literals, which papermill cannot replace.
    """
    cells = [cell for cell in read_notebook(path).cells if "parameters" in cell.metadata.get("tags", [])]
    defaults: dict[str, Any] = {}
    for cell in cells:
        try:
            for statement in ast.parse(cell.source).body:
                name, value = _assignment(statement)
                defaults[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError) as error:
            raise InputError(
                f"the parameters cell of {path.name} has something else than name = literal "
                f"({one_line(error, 80)}); expected literals only; derive values in the next cell"
            ) from error
    return defaults


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return statement.target.id, statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id, statement.value
    raise ValueError(one_line(ast.unparse(statement), 60))


def given_parameters(
    pairs: Sequence[tuple[str, str]], defaults: dict[str, Any], where: str
) -> dict[str, Any]:
    """Convert the user's `-p name value` pairs to the types of the notebook's defaults.

    Raises:
        InputError: a name that the notebook does not have, or a value of the wrong type.
    """
    valid = [name for name in defaults if name not in RESERVED]
    given: dict[str, Any] = {}
    for name, text in pairs:
        if name in RESERVED:
            raise InputError(f"-p {name} came; expected {RESERVED[name]} for it; try {RESERVED[name]} {text}")
        if name not in valid:
            raise unknown_name(f"parameter for {where}:", name, valid)
        given[name] = _convert(name, text, defaults[name])
    return given


def _convert(name: str, text: str, default: Any) -> Any:
    """Read `text` as a literal of the default's type; a text parameter takes it as it is."""
    if isinstance(default, str):
        return text
    value: Any = text
    try:
        value = ast.literal_eval(text.capitalize() if text in ("true", "false", "none") else text)
    except (SyntaxError, ValueError):
        if default is not None:
            raise _wrong_type(name, text, default) from None
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if isinstance(default, tuple | list) and isinstance(value, tuple | list):
        value = list(value)
    elif default is not None and type(value) is not type(default):
        raise _wrong_type(name, text, default)
    return value


def _wrong_type(name: str, text: str, default: Any) -> InputError:
    kind = type(default).__name__
    return InputError(
        f"parameter {name} got {text!r}; expected {kind}; try -p {name} {str(default).replace(' ', '')}"
    )
