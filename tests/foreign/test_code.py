"""Files that would write: what is in them never happens, whatever command they are given to."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from soccer_lib.control import load_walker
from soccer_lib.errors import InputError
from soccer_lib.policies import load_policy
from soccer_lib.policies.foreign.read import read_foreign

ROW = np.zeros(96, np.float32)


class Saves(nn.Module):
    """Writes a file whenever it acts."""

    def __init__(self, mark: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.net = nn.Linear(inputs, outputs)
        self.mark = mark

    def forward(self, x):
        torch.save(x, self.mark)
        return self.net(x)


class Maps(Saves):
    """Makes a file through shared memory."""

    def forward(self, x):
        return self.net(x) + torch.from_file(self.mark, True, 4).sum()


class SavesLater(Saves):
    """Writes only once it has seen something large."""

    def forward(self, x):
        if bool(x.max() > 5.0):
            torch.save(x, self.mark)
        return self.net(x)


class SavesWhileLoading(nn.Module):
    """Writes while its state is restored."""

    def __init__(self, mark: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.mark = mark
        self.training = False

    @torch.jit.export
    def __getstate__(self):
        return self.weight, self.mark, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, str, bool]):
        self.weight = state[0]
        self.mark = state[1]
        self.training = state[2]
        torch.save(state[0], self.mark)

    def forward(self, x):
        return torch.nn.functional.linear(x, self.weight)


WRITERS = (Saves, Maps, SavesLater, SavesWhileLoading)


@pytest.fixture(params=WRITERS)
def writer(request, tmp_path):
    """Make a file that writes a mark; returns its path and the mark's."""

    def make(inputs: int, outputs: int):
        mark, path = tmp_path / "mark", tmp_path / "writer.pt"
        torch.jit.script(request.param(str(mark), inputs, outputs)).save(str(path))
        mark.unlink(missing_ok=True)
        return path, mark

    return make


def refuses(act, words: str = "expected") -> None:
    with pytest.raises(InputError, match=words) as refusal:
        act()
    assert "\n" not in str(refusal.value)


def test_a_policy_writes_nothing(writer):
    path, mark = writer(96, 3)

    def act():
        policy = load_policy(path)
        policy.predict(ROW + 9)

    refuses(act, "holds the (operator|state method)")
    refuses(lambda: read_foreign(path, as_layers=True).predict(ROW + 9))
    assert not mark.exists()
    # The file is what it is meant to be: whoever trusts it gets what its author wrote.
    load_policy(path, trust_code=True).predict(ROW + 9)
    assert mark.exists()


def test_a_walker_writes_nothing(writer, tmp_path):
    path, mark = writer(47, 12)
    refuses(lambda: load_walker(path).policy(np.full(47, 9, np.float32)))
    # Trust in a policy is no trust in the walker that its JSON names.
    net = nn.Linear(96, 3)
    torch.jit.script(net).save(str(tmp_path / "policy.pt"))
    (tmp_path / "policy.json").write_text(json.dumps({"walker": str(path)}))
    spec = load_policy(tmp_path / "policy.pt", trust_code=True).spec
    assert spec.walker == str(path)
    refuses(lambda: load_walker(spec.walker).policy(np.full(47, 9, np.float32)))
    assert not mark.exists()


def test_no_command_lets_it_write(tmp_path, command):
    policy, walker, mark = tmp_path / "policy.pt", tmp_path / "walker.pt", tmp_path / "mark"
    torch.jit.script(Saves(str(mark), 96, 3)).save(str(policy))
    torch.jit.script(SavesWhileLoading(str(mark), 47, 12)).save(str(walker))
    torch.save({"0.weight": torch.zeros(3, 96), "0.bias": torch.zeros(3)}, tmp_path / "plain.pt")
    made = ("convert", tmp_path / "plain.pt", tmp_path / "plain.safetensors", "--output", "clip")
    assert command(*made, "--walker", walker).returncode == 0
    mark.unlink(missing_ok=True)
    for arguments in (
        ("convert", policy, tmp_path / "o.safetensors", "--check"),
        ("evaluate", "--policy", policy, "--tasks", "kick_to_target", "--episodes", 1, "--workers", 1),
        ("evaluate", "--policy", tmp_path / "plain.safetensors", "--episodes", 1, "--workers", 1),
    ):
        done = command(*arguments)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert not mark.exists() and not (tmp_path / "o.safetensors").exists()


def test_two_views_of_one_archive_are_no_way_in(tmp_path):
    """A second text of another case, which a reader that ignores case would take instead."""
    path, mark = tmp_path / "m.pt", tmp_path / "mark"
    torch.jit.script(nn.Sequential(nn.Linear(96, 3))).save(str(path))
    expected = load_policy(path).predict(ROW)[0]
    torch.jit.script(nn.Sequential(Saves(str(mark), 96, 3))).save(str(tmp_path / "bad.pt"))
    with zipfile.ZipFile(tmp_path / "bad.pt") as bad, zipfile.ZipFile(path, "a") as archive:
        for name in bad.namelist():
            if "/code/" in name:
                archive.writestr(name.replace("bad/code", "m/CODE"), bad.read(name))
    assert (load_policy(path).predict(ROW)[0] == expected).all() and not mark.exists()


def test_graphs_without_end_stop(tmp_path, monkeypatch):
    onnx = pytest.importorskip("onnx", reason="pip install .[foreign]")
    pytest.importorskip("onnxruntime", reason="pip install .[foreign]")
    from soccer_lib.policies.foreign import graph as module

    monkeypatch.setattr(module, "SECONDS", 1.0)
    h, number = onnx.helper, onnx.TensorProto.FLOAT

    def policy(nodes, stored):
        ends = [
            h.make_tensor_value_info(name, number, shape) for name, shape in (("x", [1, 96]), ("y", None))
        ]
        made = h.make_graph(nodes, "g", ends[:1], ends[1:], stored)
        onnx.save(
            h.make_model(made, opset_imports=[h.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx"
        )
        return lambda: load_policy(tmp_path / "m.onnx")

    ends = {"i": onnx.TensorProto.INT64, "c": onnx.TensorProto.BOOL}
    inside = [h.make_tensor_value_info(name, kind, []) for name, kind in ends.items()]
    body = h.make_graph(
        [h.make_node("Identity", ["c"], ["d"]), h.make_node("Mul", ["v", "v"], ["w"])],
        "body",
        [*inside, h.make_tensor_value_info("v", number, None)],
        [
            h.make_tensor_value_info("d", onnx.TensorProto.BOOL, []),
            h.make_tensor_value_info("w", number, None),
        ],
    )
    true = onnx.numpy_helper.from_array(np.array(True), "true")
    refuses(
        policy([h.make_node("Loop", ["", "true", "x"], ["y"], body=body)], [true]), "terminate flag|no inputs"
    )
    huge = onnx.numpy_helper.from_array(np.array([10**9, 96]), "shape")
    refuses(policy([h.make_node("Expand", ["x", "shape"], ["y"])], [huge]), "no inputs")


def test_a_graph_reads_nothing_outside_its_folder(tmp_path):
    onnx = pytest.importorskip("onnx", reason="pip install .[foreign]")
    pytest.importorskip("onnxruntime", reason="pip install .[foreign]")
    h = onnx.helper
    (tmp_path / "secret").write_bytes(np.ones((96, 3), np.float32).tobytes())
    folder = tmp_path / "folder"
    folder.mkdir()
    weight = onnx.TensorProto(name="w", data_type=1, dims=[96, 3], data_location=onnx.TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="../secret")
    ends = [h.make_tensor_value_info(name, 1, [1, width]) for name, width in (("x", 96), ("y", 3))]
    made = h.make_graph([h.make_node("MatMul", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weight])
    model = h.make_model(made, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    refuses(lambda: load_policy(folder / "m.onnx"), "cannot read")
    refuses(lambda: read_foreign(folder / "m.onnx", as_layers=True), "cannot read")


def test_a_policy_that_answers_in_two_ways_is_refused(tmp_path):
    class Remembers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(96, 3)
            self.register_buffer("last", torch.zeros(1, 3))

        def forward(self, x):
            self.last = self.net(x) + 0.5 * self.last
            return self.last

    torch.jit.script(Remembers()).save(str(tmp_path / "m.pt"))
    refuses(lambda: load_policy(tmp_path / "m.pt"), "self.last")
    refuses(lambda: load_policy(tmp_path / "m.pt", trust_code=True), "answers zeros in two ways")
