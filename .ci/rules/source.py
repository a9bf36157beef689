"""One Python file of the project, and what the rules count in it."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from rules.lessons import source_of

PACKAGE = "soccer_lib"
# Annexes use the library and no room of it imports them: they make and measure data, run the course.
ANNEXES = ("workshop", "course", "genesis")
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Source:
    """A Python file: its name from the root of the project, with slashes, and its text."""

    name: str
    text: str

    @classmethod
    def read(cls, root: Path, path: Path) -> Source:
        """Read a Python file, or the code cells of a notebook as one text."""
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            lines = "\n".join(source_of(cell) for cell in cells if cell["cell_type"] == "code").splitlines()
            # Magics such as %matplotlib are no Python.
            text = "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))
        return cls(path.relative_to(root).as_posix(), text)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def code_lines(self) -> int:
        return code_lines(self.text, self.tree)

    @property
    def in_package(self) -> bool:
        return self.name.startswith(f"{PACKAGE}/")

    @property
    def room(self) -> str:
        """First folder inside the package, or the module where it lies at the top; "" outside."""
        return PurePosixPath(self.name).parts[1].removesuffix(".py") if self.in_package else ""

    @property
    def in_library(self) -> bool:
        return self.in_package and self.room not in ANNEXES

    @property
    def folder(self) -> str:
        return PurePosixPath(self.name).parent.as_posix()

    @property
    def module(self) -> str:
        """Dotted name; a package's __init__ has the name of the package."""
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def imports(self, with_typing: bool = True) -> Iterator[str]:
        """Yield the dotted name of every import, relative ones and those inside functions too.

        Args:
            with_typing: also what only the type checker reads, under `if TYPE_CHECKING`.
        """
        skipped = set() if with_typing else typing_only(self.tree)
        package = self.folder.split("/")
        for node in ast.walk(self.tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*base, *filter(None, [node.module])])
                yield from (f"{module}.{alias.name}" for alias in node.names)

    def packed_assignments(self) -> int:
        """Count assignments such as `a, b = x, y`: two steps on a line. Unpacking a result is none."""
        return sum(
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Tuple)
            and any(
                isinstance(target, ast.Tuple) and len(target.elts) == len(node.value.elts) >= 2
                for target in node.targets
            )
            for node in ast.walk(self.tree)
        )

    def public_names(self) -> list[str]:
        """Return the top-level classes and functions without a leading underscore."""
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        names = [node.name for node in self.tree.body if isinstance(node, kinds)]
        return [name for name in names if not name.startswith("_")]

    def words(self) -> set[str]:
        """Return all texts in the code: some name a module that is imported on first use."""
        constants = (node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant))
        return {value for value in constants if isinstance(value, str)}


def typing_only(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes under `if TYPE_CHECKING`."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }


def code_lines(text: str, tree: ast.AST | None = None) -> int:
    """Count the lines with code on them: no blank lines, comments or docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree or ast.parse(text)):
        # A text that stands alone: a docstring, or the description under a field.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)
