"""The library's own source as one text that runs with nothing but numpy in sight.

Each module becomes a function whose names are its own, and its imports become look-ups in the modules before
it; what nothing needs is left out, with docstrings and annotations. So an exported agent runs the very lines
that act here.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

STAND_INS = "soccer_lib.export.stand_ins"

Reference = tuple[str, str]
"""A module and a name of it."""

REPLACED: dict[str, dict[str, Reference]] = {
    "soccer_lib.errors": {
        "InputError": (STAND_INS, "BareInputError"),
        "unknown_name": (STAND_INS, "bare_unknown_name"),
    },
    "soccer_lib.ranges": {"Range": (STAND_INS, "BareRange")},
    "soccer_lib.policies.policy": {
        "Policy": (STAND_INS, "BarePolicy"),
        "PolicySpec": (STAND_INS, "BareSpec"),
    },
    "soccer_lib.compiled.jit": {"compiled": (STAND_INS, "bare_function")},
    "soccer_lib.control.kicks": {"load_kicks": (STAND_INS, "bare_kicks")},
    "math": {"hypot": ("soccer_lib.export.lengths", "length")},
}
"""Module -> names of it, and what stands for each."""

STANDARD = ("math", "dataclasses", "types", "typing")
"""Modules of Python's own whose names `stand_ins` has too."""


class Bundle:
    """Collects what some names need, and writes it.

    Args:
        roots: modules and names that are asked for.
        methods: methods that are called from outside.

    Attributes:
        kept: module -> the names of its top level that are needed.
    """

    def __init__(self, roots: Iterable[Reference], methods: Iterable[str]) -> None:
        self.kept: dict[str, set[str]] = {}
        self._attributes = set(methods)
        for module, name in roots:
            self._keep(*home_of(module, name))
        before = -1
        # A method counts once its name is asked for anywhere, and may then need more.
        while before != (before := len(self._attributes) + sum(map(len, self.kept.values()))):
            for module in list(self.kept):
                for node in list(self._nodes(module)):
                    if isinstance(node, ast.Attribute):
                        self._attributes.add(node.attr)
                    for reference in references(module, node):
                        self._keep(*reference)

    def _keep(self, module: str, name: str) -> None:
        self.kept.setdefault(module, set()).add(name)

    def _nodes(self, module: str) -> Iterator[ast.AST]:
        """The nodes of a module's needed statements, without methods that nobody asks for."""
        for statement in self._statements(module):
            yield from ast.walk(statement)

    def _statements(self, module: str) -> list[ast.stmt]:
        """What is kept of a module, in its order."""
        table = bindings(module)
        found = {id(s): s for name in self.kept[module] for s in table.get(name, [])}
        kept = []
        for statement in sorted(found.values(), key=lambda node: node.lineno):
            if isinstance(statement, ast.ClassDef):
                statement = copy.copy(statement)
                statement.body = [part for part in statement.body if self._wanted(part)] or [ast.Pass()]
            kept.append(statement)
        return kept

    def _wanted(self, part: ast.stmt) -> bool:
        if not isinstance(part, ast.FunctionDef):
            return True
        return part.name in self._attributes or part.name.startswith("__")

    def text(self) -> str:
        """All modules, each a function that returns its names; before each those that it needs."""
        written: dict[str, str] = {}

        def write(module: str) -> None:
            if module in written:
                return
            needed = {home for node in self._nodes(module) for home, _ in references(module, node)}
            for home in sorted(needed - {module}):
                write(home)
            written[module] = self._module(module)

        for module in self.kept:
            write(module)
        return "\n\n".join(written.values())

    def _module(self, module: str) -> str:
        """A module as a function."""
        looked_up = {node.id for node in self._nodes(module) if isinstance(node, ast.Name)}
        lines = []
        for alias, (source, name) in sorted(imports(module).items()):
            if alias in looked_up and source != "numpy":
                home, original = home_of(source, name) if name else (STAND_INS, "")
                lines.append(f"{alias} = {identifier(home)}{original and '.' + original}")
        lines += ast.unparse(ast.Module(self._statements(module), [])).splitlines()
        inner = "\n".join(f"    {line}" if line else "" for line in lines)
        return f"@module\ndef {identifier(module)}():\n{inner}\n    return locals()"


def references(module: str, node: ast.AST) -> Iterator[Reference]:
    """The module's own or imported names that a node looks up, by where they are defined."""
    if isinstance(node, ast.Name):
        if node.id in bindings(module):
            yield module, node.id
        elif imports(module).get(node.id, ("", ""))[1]:
            yield home_of(*imports(module)[node.id])
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        source, name = imports(module).get(node.value.id, ("numpy", ""))
        if not name and source != "numpy":  # as in math.pi
            yield home_of(source, node.attr)


class _Stripper(ast.NodeTransformer):
    """Takes out docstrings and annotations; a class keeps the names of its fields."""

    def __init__(self) -> None:
        self.in_class = False

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt | None:
        if self.in_class:
            node.annotation = ast.Constant(None)
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node) if node.value else None

    def visit_Assert(self, node: ast.Assert) -> None:
        """They are for the type checker."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.returns = None
        outer, self.in_class = self.in_class, False
        self.generic_visit(node)
        self.in_class = outer
        node.body = node.body or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        outer, self.in_class = self.in_class, True
        self.generic_visit(node)
        self.in_class = outer
        node.body = node.body or [ast.Pass()]
        return node


def identifier(module: str) -> str:
    """How a module is called in the text."""
    return module.removeprefix("soccer_lib.").replace(".", "_")


def home_of(module: str, name: str) -> Reference:
    """Where a name is defined, or what stands for it.

    Raises:
        LookupError: nothing does.
    """
    if name in REPLACED.get(module, {}):
        return REPLACED[module][name]
    if module in STANDARD:
        module = STAND_INS
    if name in bindings(module):
        return module, name
    if name in imports(module):
        return home_of(*imports(module)[name])
    raise LookupError(f"{module} has no {name} that can be exported")


@cache
def tree_of(module: str) -> ast.Module:
    """The parsed source of a module of the library."""
    spec = importlib.util.find_spec(module)
    if not module.startswith("soccer_lib.") or spec is None or spec.origin is None:
        raise LookupError(f"{module} cannot be exported")
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    _drop_unavailable(tree)
    return ast.fix_missing_locations(_Stripper().visit(tree))


def _drop_unavailable(tree: ast.Module) -> None:
    """Leave out functions that import something when they run, and what a table has of them."""
    inner = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(part, ast.Import | ast.ImportFrom) for part in ast.walk(node))
    }
    tree.body = [node for node in tree.body if getattr(node, "name", None) not in inner]
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            pairs = [
                (key, value)
                for key, value in zip(node.keys, node.values, strict=True)
                if not (isinstance(value, ast.Name) and value.id in inner)
            ]
            node.keys = [key for key, _ in pairs]
            node.values = [value for _, value in pairs]


@cache
def bindings(module: str) -> dict[str, list[ast.stmt]]:
    """Names of a module's top level, and the statements that make each of them."""
    table: dict[str, list[ast.stmt]] = {}
    for statement in tree_of(module).body:
        for name in _bound(statement):
            table.setdefault(name, []).append(statement)
    return table


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    # X[i] = ... belongs to what makes X.
    return {
        node.id
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
        and (isinstance(node.ctx, ast.Store) or isinstance(target, ast.Subscript))
    }


@cache
def imports(module: str) -> dict[str, Reference]:
    """Imported names: where each comes from, with "" for a module as a whole."""
    table: dict[str, Reference] = {}
    for statement in tree_of(module).body:
        if isinstance(statement, ast.Import):
            for name in statement.names:
                table[name.asname or name.name] = (name.name, "")
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for name in statement.names:
                table[name.asname or name.name] = (statement.module, name.name)
    return table
