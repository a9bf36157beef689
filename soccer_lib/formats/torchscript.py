"""TorchScript archives as data: the text in them is read, and only an actor's operators are computed.

TorchScript is a program: its operators can write and read files, and methods that restore a module's state
run while `torch.jit.load` still loads. Here torch never sees the archive. Its text is parsed, its pickles
are read without their code, and each operator is looked up in a short list before torch computes it. There
are no endless loops, no state methods, no draws at random, and a limit on time and size.
"""

from __future__ import annotations

import ast
import io
import math
import operator
import pickle
import time
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, SoccerError, one_line
from soccer_lib.ranges import Range
from soccer_lib.runs.files import unreadable

OPERATORS = frozenset(
    """linear addmm matmul mm bmm t transpose permute relu relu6 elu selu celu leaky_relu prelu silu gelu mish
    tanh sigmoid softplus softmax log_softmax hardtanh hardsigmoid hardswish log_sigmoid layer_norm batch_norm
    dropout clamp clamp_min clamp_max min max minimum maximum where abs sign add sub rsub mul div floordiv neg
    exp log log1p sqrt rsqrt pow square reciprocal sin cos atan2 addcmul sum mean var std norm linalg_norm
    linalg_vector_norm cat concat stack slice select narrow chunk split split_with_sizes unbind index
    index_select view reshape flatten unsqueeze squeeze expand expand_as contiguous detach clone to type_as
    zeros_like ones_like full_like size dim numel eq ne lt gt le ge logical_and logical_or
    logical_not""".split()
)
"""Operators of torch that an actor needs; none of them reads or writes anything but its arguments."""

SECONDS = 10.0
"""Longest time that one action may take."""

ELEMENTS = 20_000_000
"""Most elements of a tensor that is computed."""

_NAMESPACES = ("torch.", "ops.", "__torch__.")
# Names of storages that are not those of their types.
_STORAGES = {"Bool": "bool", "Byte": "uint8", "Char": "int8", "BFloat16": "bfloat16"}
_FINITE = Range()


def _raise(message: str, *_: Any) -> None:
    raise ValueError(f"the module itself raises: {message}")


# What the text calls besides operators and its own functions; types are handed on as their names.
_PLAIN = {
    **dict.fromkeys(("annotate", "unchecked_cast"), lambda kind, value: value),
    **dict.fromkeys(("torch.device", "ops.prim.device"), lambda *_: "cpu"),
    "torch.len": len,
    "torch.format": lambda text, *_: text,
    "torch.__not__": operator.not_,
    "torch.__is__": operator.is_,
    "torch.__isnot__": operator.is_not,
    "ops.prim.RaiseException": _raise,
    "ops.prim.dtype": lambda tensor: tensor.dtype,
    "ops.prim.NumToTensor": lambda number: number,
    "getattr": lambda module, name: module.attributes[name],
    "uninitialized": lambda kind: None,
    "ops.prim.unchecked_unwrap_optional": lambda value: value,
    "int": int,
    "float": float,
    "bool": bool,
}


class ForbiddenCode(InputError):
    """The archive holds what no actor needs."""


class Module:
    """An object of the archive: its attributes by name; `path` is the name of its class."""

    path = ""
    attributes: dict[str, Any]

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.attributes = {**attributes, "training": False}

    def arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """Floating-point tensors by name, as in a state dict."""
        found = {}
        for name, value in self.attributes.items():
            if isinstance(value, Module):
                found |= value.arrays(f"{prefix}{name}.")
            elif hasattr(value, "numel") and value.is_floating_point():
                found[prefix + name] = value.float().numpy()
        return found


class Script:
    """The module of a TorchScript archive, computed one row at a time.

    Attributes:
        arrays: its floating-point tensors by name.
    """

    def __init__(self, path: Path) -> None:
        """Read the archive.

        Raises:
            ForbiddenCode: it has methods that restore a state.
            InputError: it is no archive, or has weights that are not finite.
        """
        self.path = path
        self._functions: dict[str, ast.FunctionDef] = {}
        try:
            with zipfile.ZipFile(path) as archive:
                self._read(archive)
        except SoccerError:
            raise
        except Exception as error:  # a damaged or made-up archive can raise nearly anything
            raise unreadable(path, error, "a whole TorchScript file") from error

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """First output for one observation. Shapes: (inputs,) to (outputs,), float32.

        Raises:
            ForbiddenCode: it uses what is no actor's operator, or takes too long or too much memory.
            InputError: it does not take this row.
        """
        import torch

        self._ends = time.monotonic() + SECONDS
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(np.array(row, dtype=np.float32))[None]
                out = self._run(f"{self._root.path}.forward", [self._root, batch])
                return (out[0] if isinstance(out, tuple | list) else out)[0].float().numpy().copy()
        except SoccerError:
            raise
        except Exception as error:  # torch's and our own kinds
            raise InputError(
                f"{self.path} does not take {row.size} inputs ({one_line(error, 80)}); expected a module "
                "from one row to one row; check what it was made for"
            ) from error

    def _read(self, archive: zipfile.ZipFile) -> None:
        members = archive.infolist()
        content = {member.filename.partition("/")[2]: archive.read(member) for member in members}
        if len(content) != len(members):
            raise ValueError("it has two members of one name")
        for name, text in content.items():
            if name.startswith("code/") and name.endswith(".py"):
                self._parse(name[5:-3].replace("/", "."), text)
        self._constants = _Pickle(content, "constants").load()
        self._root = _Pickle(content, "data").load()
        self.arrays = self._root.arrays()
        for name, array in self.arrays.items():
            _FINITE.array(f"{self.path}: {name}", array, "train again")

    def _parse(self, module: str, text: bytes) -> None:
        """Keep the functions and methods of one file of the archive, by their full names."""
        for node in ast.parse(text).body:
            owner = f"{module}.{node.name}." if isinstance(node, ast.ClassDef) else f"{module}."
            for function in node.body if isinstance(node, ast.ClassDef) else [node]:
                if isinstance(function, ast.FunctionDef):
                    self._functions[owner + function.name] = function
                    if function.name in ("__setstate__", "__getstate__"):
                        raise self._forbidden(f"the state method {owner}{function.name}")
                    for inner in ast.walk(function):
                        if isinstance(inner, ast.Attribute):
                            inner.path = ast.unparse(inner)  # here, once, because it is slow

    def _forbidden(self, what: str) -> ForbiddenCode:
        return ForbiddenCode(
            f"{self.path} holds {one_line(what, 160)}; expected an actor's operators alone (layers, "
            "activations, norms, slices, arithmetic); export the actor, or trust its author: --trust-code"
        )

    def _run(self, path: str, arguments: Sequence[Any]) -> Any:
        """Run one of the archive's own functions."""
        function = self._functions[path]
        names = [argument.arg for argument in function.args.args]
        defaults = [self._value(node, {}) for node in function.args.defaults]
        values = [*arguments, *defaults[len(defaults) - len(names) + len(arguments) :]]
        return self._block(function.body, dict(zip(names, values, strict=True)))[1]

    def _block(self, body: Sequence[ast.stmt], scope: dict[str, Any]) -> tuple[bool, Any]:
        """Run statements; returns whether one of them returned, and what."""
        for node in body:
            match node:
                case ast.Return():
                    return True, node.value and self._value(node.value, scope)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    scope[name] = self._value(node.value, scope)
                case ast.Assign(targets=[ast.Tuple(elts=targets)]):
                    values = self._value(node.value, scope)
                    scope.update(zip([target.id for target in targets], values, strict=True))
                case ast.Expr():
                    self._value(node.value, scope)
                case ast.If():
                    returned = self._block(node.body if self._value(node.test, scope) else node.orelse, scope)
                    if returned[0]:
                        return returned
                case ast.Pass():
                    pass
                case _:
                    raise self._forbidden(
                        f"a statement that no actor needs ({one_line(ast.unparse(node), 60)})"
                    )
        return False, None

    def _value(self, node: ast.expr, scope: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return scope.get(node.id, node.id)
            case ast.List():
                return [self._value(element, scope) for element in node.elts]
            case ast.Tuple():
                return tuple(self._value(element, scope) for element in node.elts)
            case ast.UnaryOp(op=ast.USub()):
                return -self._value(node.operand, scope)
            case ast.Subscript():
                container = self._value(node.value, scope)
                return container if isinstance(container, str) else container[self._value(node.slice, scope)]
            case ast.Attribute():
                if node.path.startswith(_NAMESPACES):
                    return node.path
                if node.path.startswith("CONSTANTS.c"):
                    return self._constants[int(node.path[len("CONSTANTS.c") :])]
                return self._value(node.value, scope).attributes[node.attr]
            case ast.Call():
                return self._call(node, scope)
        raise self._forbidden(f"an expression that no actor needs ({ast.unparse(node)[:80]})")

    def _call(self, node: ast.Call, scope: Mapping[str, Any]) -> Any:
        if time.monotonic() > self._ends:
            raise self._forbidden(f"more than {SECONDS:g} s of work for one action")
        arguments = [self._value(argument, scope) for argument in node.args]
        if isinstance(node.func, ast.Attribute) and not node.func.path.startswith(_NAMESPACES):
            module = self._value(node.func.value, scope)
            return self._run(f"{module.path}.{node.func.attr}", [module, *arguments])
        name = str(self._value(node.func, scope))
        if name in _PLAIN:
            return _PLAIN[name](*arguments)
        if name in self._functions:
            return self._run(name, arguments)
        keywords = {keyword.arg: self._value(keyword.value, scope) for keyword in node.keywords}
        return self._operator(name.removeprefix("torch."), arguments, keywords)

    def _operator(self, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """Let torch compute an operator of the list, within the limits."""
        import torch

        if name.removesuffix("_") not in OPERATORS or "out" in keywords:
            raise self._forbidden(f"the operator {name}")
        if name in ("add", "mul") and isinstance(arguments[0], list | str):
            raise self._forbidden(f"{name} of lists or text")
        compute = getattr(torch.ops.aten, name)
        sizes = [value.numel() for value in _flat(arguments) if torch.is_tensor(value)]
        if max(math.prod(sorted(sizes)[-2:]), sum(sizes)) > ELEMENTS:
            # On torch's "meta" device shapes are computed and no memory is taken.
            shapes = [compute(*map(_shape_only, arguments), **keywords)]
            if any(value.numel() > ELEMENTS for value in _flat(shapes) if torch.is_tensor(value)):
                raise self._forbidden(f"a tensor of more than {ELEMENTS:,} elements, out of {name}")
        return compute(*arguments, **keywords)


class _Pickle(pickle.Unpickler):
    """One of the archive's pickles: tensors, numbers and inert modules; nothing that it names is run."""

    _KNOWN = {
        "torch._utils._rebuild_tensor_v2": lambda storage, offset, size, stride, *_: storage.as_strided(
            size, stride, offset
        ),  # which refuses what lies outside of the storage
        "collections.OrderedDict": OrderedDict,
        "torch.jit._pickle.restore_type_tag": lambda value, kind: value,
        **{f"torch.jit._pickle.build_{kind}list": list for kind in ("int", "tensor", "double", "bool")},
    }

    def __init__(self, members: Mapping[str, bytes], name: str) -> None:
        super().__init__(io.BytesIO(members[f"{name}.pkl"]))
        self._members = members
        self._folder = name

    def find_class(self, module: str, name: str) -> Any:
        if module == "__torch__" or module.startswith("__torch__."):
            return type(name, (Module,), {"path": f"{module}.{name}"})
        if module == "torch" and name.endswith("Storage"):
            return name.removesuffix("Storage")
        if f"{module}.{name}" not in self._KNOWN:
            raise ValueError(f"its pickle asks for {module}.{name}")
        return self._KNOWN[f"{module}.{name}"]

    def persistent_load(self, record: tuple) -> Any:
        import torch

        _, kind, key, _, count = record
        dtype = getattr(torch, _STORAGES.get(kind, kind.lower()))
        content = bytearray(self._members[f"{self._folder}/{key}"])
        return torch.frombuffer(content, dtype=dtype, count=count) if count else torch.empty(0, dtype=dtype)


def _flat(values: Sequence[Any]) -> list[Any]:
    return [
        part for value in values for part in (_flat(value) if isinstance(value, list | tuple) else [value])
    ]


def _shape_only(value: Any) -> Any:
    if isinstance(value, list):
        return [_shape_only(part) for part in value]
    return value.to("meta") if hasattr(value, "numel") else value
