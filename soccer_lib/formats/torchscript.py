"""TorchScript archives as data: the text in them is read, and only an actor's operators are computed.

TorchScript is a program: its operators can write and read files, and methods that restore a module's state
run while `torch.jit.load` still loads. Here torch never sees the archive. Its text is parsed, its pickles
are read without their code, and each operator is looked up in a short list before torch computes it. There
are no loops, no state methods, no draws at random, and a limit on time and size.
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

OPERATORS = frozenset(
    """
    linear addmm matmul mm bmm t transpose permute
    relu relu6 elu selu celu leaky_relu prelu silu gelu mish tanh sigmoid softplus softmax log_softmax
    hardtanh hardsigmoid hardswish log_sigmoid layer_norm batch_norm dropout
    clamp clamp_min clamp_max min max minimum maximum where abs sign
    add sub rsub mul div floordiv neg exp log log1p sqrt rsqrt pow square reciprocal sin cos atan2 addcmul
    sum mean var std norm linalg_norm linalg_vector_norm
    cat concat stack slice select narrow chunk split split_with_sizes unbind index index_select
    view reshape flatten unsqueeze squeeze expand expand_as contiguous detach clone to type_as
    zeros_like ones_like full_like size dim numel eq ne lt gt le ge logical_and logical_or logical_not
    """.split()
)
"""Operators of torch that an actor needs; none of them reads or writes anything but its arguments."""

SECONDS = 10.0
"""Longest time that one action may take."""

ELEMENTS = 20_000_000
"""Most elements of a tensor that is computed."""

_ARCHIVE_BYTES = 2**30
_FINITE = Range()
_NAMESPACES = ("torch.", "ops.", "__torch__.")
_STATE_METHODS = {"__setstate__", "__getstate__"}


def _raise(message: str, *_: Any) -> None:
    raise ValueError(f"the module itself raises: {message}")


_PLAIN = {
    "torch.len": len,
    "torch.format": lambda text, *_: text,
    "torch.append": list.append,
    "torch.__not__": operator.not_,
    "torch.__is__": operator.is_,
    "torch.__isnot__": operator.is_not,
    "torch.__getitem__": operator.getitem,
    "torch.device": lambda *_: "cpu",
    "ops.prim.RaiseException": _raise,
    "ops.prim.unchecked_unwrap_optional": lambda value: value,
    "ops.prim.data": lambda tensor: tensor,
    "ops.prim.device": lambda tensor: "cpu",
    "ops.prim.dtype": lambda tensor: tensor.dtype,
    "annotate": lambda kind, value: value,
    "unchecked_cast": lambda kind, value: value,
    "uninitialized": lambda kind: None,
    "int": int,
    "float": float,
    "bool": bool,
}
"""What the text calls besides operators and its own functions."""


class ForbiddenCode(InputError):
    """The archive holds what no actor needs."""


class Module:
    """An object of the archive: its attributes and the methods of its class.

    Attributes:
        path: name of its class.
        attributes: tensors, numbers and modules by name.
    """

    path = ""
    attributes: dict[str, Any]

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.attributes = {**attributes, "training": False}


class Script:
    """The module of a TorchScript archive, computed one row at a time.

    Attributes:
        arrays: its floating-point tensors by name, as in a state dict.
    """

    def __init__(self, path: Path) -> None:
        """Read the archive.

        Raises:
            InputError: it is none, or it holds what is no actor's.
        """
        self.path = path
        self._functions: dict[str, ast.FunctionDef] = {}
        self._ends = math.inf
        try:
            with zipfile.ZipFile(path) as archive:
                self._read(archive)
        except SoccerError:
            raise
        except Exception as error:  # a damaged or made-up archive can raise nearly anything
            raise InputError(
                f"cannot read {path}: {one_line(error, 80) or type(error).__name__}; expected a whole "
                "TorchScript file; check the path or make it again"
            ) from error

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """First output for one observation. Shapes: (inputs,) to (outputs,), float32.

        Raises:
            ForbiddenCode: it uses what is no actor's operator.
        InputError: it does not take this row.
        """
        import torch

        self._ends = time.monotonic() + SECONDS
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(np.array(row, dtype=np.float32))[None]
                out = self._method(self._root, "forward", [batch])
        except SoccerError:
            raise
        except Exception as error:  # torch's and our own kinds
            raise InputError(
                f"{self.path} cannot take {row.size} inputs: {one_line(error, 80)}; expected a module from "
                "one row to one row; check what it was made for"
            ) from error
        return (out[0] if isinstance(out, tuple | list) else out)[0].float().numpy().copy()

    def _read(self, archive: zipfile.ZipFile) -> None:
        members = archive.infolist()
        if sum(member.file_size for member in members) > _ARCHIVE_BYTES:
            raise ValueError(f"it unpacks to more than {_ARCHIVE_BYTES:,} bytes")
        names = {member.filename.partition("/")[2]: archive.read(member) for member in members}
        if len(names) != len(members):
            raise ValueError("it has two members of one name")
        for name, text in names.items():
            if name.startswith("code/") and name.endswith(".py"):
                self._parse(name.removeprefix("code/").removesuffix(".py").replace("/", "."), text)
        self._constants = _Tensors(names, "constants").load() if "constants.pkl" in names else ()
        self._root = _Tensors(names, "data").load()
        if not isinstance(self._root, Module):
            raise ValueError("it holds no module")
        self.arrays = dict(_arrays(self._root, ""))
        self._storages = {
            tensor.untyped_storage().data_ptr()
            for tensor in [*_tensors(self._root), *(c for c in self._constants if hasattr(c, "numel"))]
        }

    def _parse(self, module: str, text: bytes) -> None:
        for node in ast.parse(text).body:
            methods = [inner for inner in getattr(node, "body", ()) if isinstance(inner, ast.FunctionDef)]
            for function in methods if isinstance(node, ast.ClassDef) else [node]:
                if isinstance(function, ast.FunctionDef):
                    owner = f"{module}.{node.name}." if function is not node else f"{module}."
                    self._functions[owner + function.name] = function
                    for inner in ast.walk(function):
                        if isinstance(inner, ast.Attribute):
                            inner.path = ast.unparse(inner)  # once, for it takes long
                    if function.name in _STATE_METHODS:
                        raise self._refusal(f"a state method ({owner}{function.name})")

    def _refusal(self, what: str) -> ForbiddenCode:
        return ForbiddenCode(
            f"{self.path} holds {what}; expected an actor's operators alone (layers, activations, norms, "
            "slices, arithmetic); export the actor alone, or pass --trust-code if you trust its author"
        )

    def _method(self, module: Module, name: str, arguments: Sequence[Any]) -> Any:
        return self._function(f"{module.path}.{name}", [module, *arguments])

    def _function(self, path: str, arguments: Sequence[Any]) -> Any:
        """Run one of the archive's own functions."""
        self._check_time()
        function = self._functions[path]
        names = [argument.arg for argument in function.args.args]
        defaults = [self._value(node, {}) for node in function.args.defaults]
        missing = len(names) - len(arguments)
        values = [*arguments, *defaults[len(defaults) - missing :]] if missing else arguments
        return self._block(function.body, dict(zip(names, values, strict=True)))[1]

    def _block(self, body: Sequence[ast.stmt], scope: dict[str, Any]) -> tuple[bool, Any]:
        """Run statements; returns whether one of them returned, and what."""
        for node in body:
            match node:
                case ast.Return():
                    return True, self._value(node.value, scope)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    scope[name] = self._value(node.value, scope)
                case ast.Assign(targets=[ast.Tuple(elts=targets)]):
                    values = self._value(node.value, scope)
                    scope.update(zip([target.id for target in targets], values, strict=True))
                case ast.Expr():
                    self._value(node.value, scope)
                case ast.If():
                    chosen = node.body if self._value(node.test, scope) else node.orelse
                    returned, value = self._block(chosen, scope)
                    if returned:
                        return True, value
                case ast.Pass():
                    pass
                case ast.For() | ast.While():
                    raise self._refusal("a loop")
                case _:
                    raise self._refusal(f"a statement that changes it ({one_line(ast.unparse(node), 60)})")
        return False, None

    def _value(self, node: ast.expr | None, scope: Mapping[str, Any]) -> Any:
        match node:
            case None:
                return None
            case ast.Constant():
                return node.value
            case ast.Name():
                return scope.get(node.id, node.id)  # a type's name, as annotate takes it
            case ast.List():
                return [self._value(element, scope) for element in node.elts]
            case ast.Tuple():
                return tuple(self._value(element, scope) for element in node.elts)
            case ast.UnaryOp(op=ast.USub()):
                return -self._value(node.operand, scope)
            case ast.Subscript():
                return self._item(node, scope)
            case ast.Attribute():
                return self._attribute(node, scope)
            case ast.Call():
                return self._call(node, scope)
        raise self._refusal(f"an expression that is none of an actor ({one_line(ast.unparse(node), 60)})")

    def _item(self, node: ast.Subscript, scope: Mapping[str, Any]) -> Any:
        container = self._value(node.value, scope)
        # Optional[Tensor] and its like are types, which only annotate takes.
        return "type" if isinstance(container, str) else container[self._value(node.slice, scope)]

    def _attribute(self, node: ast.Attribute, scope: Mapping[str, Any]) -> Any:
        path = node.path
        if path.startswith(_NAMESPACES):
            return path
        if path.startswith("CONSTANTS.c"):
            return self._constants[int(path.removeprefix("CONSTANTS.c"))]
        return self._value(node.value, scope).attributes[node.attr]

    def _call(self, node: ast.Call, scope: Mapping[str, Any]) -> Any:
        arguments = [self._value(argument, scope) for argument in node.args]
        keywords = {keyword.arg: self._value(keyword.value, scope) for keyword in node.keywords}
        if isinstance(node.func, ast.Attribute) and not node.func.path.startswith(_NAMESPACES):
            return self._method(self._value(node.func.value, scope), node.func.attr, arguments)
        name = self._value(node.func, scope)
        if name == "getattr":
            return arguments[0].attributes[arguments[1]]
        if name == "ops.prim.NumToTensor":
            import torch

            return torch.tensor(arguments[0])
        if name in _PLAIN:
            return _PLAIN[name](*arguments)
        if name in self._functions:
            return self._function(name, arguments)
        return self._operator(str(name).removeprefix("torch."), arguments, keywords)

    def _operator(self, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """Let torch compute an operator of the list, within the limits."""
        import torch

        plain = name.removesuffix("_")
        if plain not in OPERATORS:
            raise self._refusal(f"the operator {name}")
        self._check_time()
        if "out" in keywords or (plain in ("add", "mul") and isinstance(arguments[0], list | str)):
            raise self._refusal(f"{name} with what no actor hands to it")
        tensors = [value for value in _flat(arguments) if torch.is_tensor(value)]
        if plain != name and tensors and tensors[0].untyped_storage().data_ptr() in self._storages:
            raise self._refusal(f"an operator that changes its weights ({name})")
        if (plain == "dropout" and arguments[2]) or (plain == "batch_norm" and arguments[5]):
            raise self._refusal(f"{plain} in training")
        compute = getattr(torch.ops.aten, name)
        sizes = sorted((tensor.numel() for tensor in tensors), reverse=True)
        if max(math.prod(sizes[:2]), sum(sizes)) > ELEMENTS:
            # On torch's "meta" device shapes are computed and no memory is taken.
            self._check_size(name, compute(*map(_shape_only, arguments), **keywords))
        result = compute(*arguments, **keywords)
        self._check_size(name, result)
        return result

    def _check_time(self) -> None:
        if time.monotonic() > self._ends:
            raise self._refusal(f"more than {SECONDS:g} s of work for one action")

    def _check_size(self, name: str, result: Any) -> None:
        if any(value.numel() > ELEMENTS for value in _flat([result]) if hasattr(value, "numel")):
            raise self._refusal(f"a tensor of more than {ELEMENTS:,} elements, out of {name}")


class _Tensors(pickle.Unpickler):
    """Reads one of the archive's pickles: tensors, numbers and inert modules; nothing of it is called."""

    def __init__(self, members: Mapping[str, bytes], name: str) -> None:
        super().__init__(io.BytesIO(members[f"{name}.pkl"]))
        self._members = members
        self._folder = name

    def find_class(self, module: str, name: str) -> Any:
        if module == "__torch__" or module.startswith("__torch__."):
            return type(name, (Module,), {"path": f"{module}.{name}"})
        known = {
            "torch._utils._rebuild_tensor_v2": _tensor,
            "collections.OrderedDict": OrderedDict,
            **{f"torch.jit._pickle.build_{kind}list": list for kind in ("int", "tensor", "double", "bool")},
            "torch.jit._pickle.restore_type_tag": lambda value, kind: value,
        }
        path = f"{module}.{name}"
        if path in known:
            return known[path]
        if module == "torch" and name.endswith("Storage"):
            return name
        raise ValueError(f"its pickle asks for {path}")

    def persistent_load(self, record: tuple) -> Any:
        import torch

        _, kind, key, _, count = record
        special = {"Bool": "bool", "Byte": "uint8", "Char": "int8", "BFloat16": "bfloat16"}
        kind = kind.removesuffix("Storage")
        dtype = getattr(torch, special.get(kind, kind.lower()))
        content = bytearray(self._members[f"{self._folder}/{key}"])
        return torch.frombuffer(content, dtype=dtype, count=count) if count else torch.empty(0, dtype=dtype)


def _tensor(storage: Any, offset: int, size: tuple, stride: tuple, *_: Any) -> Any:
    tensor = storage.as_strided(size, stride, offset)  # refuses what lies outside of the storage
    if tensor.is_complex() or (tensor.is_floating_point() and tensor.numel()):
        _FINITE.array("a tensor", tensor.float().numpy() if not tensor.is_complex() else tensor.numpy())
    return tensor


def _tensors(module: Module) -> list[Any]:
    inner = [_tensors(value) for value in module.attributes.values() if isinstance(value, Module)]
    return [value for value in module.attributes.values() if hasattr(value, "numel")] + sum(inner, [])


def _arrays(module: Module, prefix: str) -> list[tuple[str, np.ndarray]]:
    found: list[tuple[str, np.ndarray]] = []
    for name, value in module.attributes.items():
        if isinstance(value, Module):
            found += _arrays(value, f"{prefix}{name}.")
        elif hasattr(value, "numel") and value.is_floating_point():
            found.append((prefix + name, value.float().numpy()))
    return found


def _flat(values: Sequence[Any]) -> list[Any]:
    return [
        inner for value in values for inner in (_flat(value) if isinstance(value, list | tuple) else [value])
    ]


def _shape_only(value: Any) -> Any:
    if isinstance(value, list):
        return [_shape_only(inner) for inner in value]
    return value.to("meta") if hasattr(value, "numel") else value
