"""TorchScript read as data: bit for bit what torch computes, or a refusal."""

from __future__ import annotations

import warnings
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from soccer_lib.errors import InputError
from soccer_lib.formats.torchscript import OPERATORS, ForbiddenCode, Script

ROWS = np.random.default_rng(0).normal(0, 2, (4, 12)).astype(np.float32)


class Everything(nn.Module):
    """Normaliser, slices, skips, two heads and a clip, as actors have them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.register_buffer("mean", torch.randn(12))
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.first, self.second, self.head = nn.Linear(12, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.norm, self.bound = nn.LayerNorm(8), 1.5

    def forward(self, x):
        x = torch.cat([x[:, :4], x[..., 4:]], dim=-1)
        x = torch.clamp((x - self.mean) / 2.0, -5.0, 5.0)
        x = self.norm(torch.relu(self.first(x)))
        x = x + self.second(x)
        mean = x.mean(dim=-1, keepdim=True)
        x = (x - mean) / torch.sqrt(x.var(dim=-1, keepdim=True, unbiased=False) + 1e-5)
        left, right = torch.chunk(x, 2, dim=1)
        x = torch.where(left > 0, left, 0.1 * right)
        x = torch.cat((x, right), 1).view(x.shape[0], -1)
        out = torch.clamp(self.head(x), -self.bound, self.bound)[:, self.order]
        return torch.tanh(out), torch.exp(out)


ACTIVATIONS = (
    *(nn.ReLU(), nn.ELU(), nn.SELU(), nn.CELU(), nn.SiLU(), nn.GELU(), nn.GELU("tanh"), nn.LeakyReLU(0.2)),
    *(
        nn.Mish(),
        nn.Tanh(),
        nn.Sigmoid(),
        nn.Softplus(),
        nn.Softmax(-1),
        nn.Hardtanh(-2.0, 2.0),
        nn.Hardswish(),
    ),
    *(nn.ReLU6(), nn.PReLU(), nn.ReLU(inplace=True), nn.LogSigmoid(), nn.Dropout(0.5), nn.Identity()),
    *(nn.BatchNorm1d(8), nn.LayerNorm(8, elementwise_affine=False), nn.Flatten(), nn.Hardsigmoid()),
)


def kept(module: nn.Module, how: str, path) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if how == "traced":
            made = torch.jit.trace(module.eval(), torch.zeros(1, 12))
        else:
            made = torch.jit.script(module.eval())
            made = torch.jit.freeze(made) if how == "frozen" else made
        made.save(str(path))
        return torch.jit.load(str(path)).eval()


def same_as_torch(module: nn.Module, how: str, path) -> bool:
    original, script = kept(module, how, path), Script(path)
    with torch.inference_mode():
        expected = original(torch.from_numpy(ROWS[:1]))
        wanted = [original(torch.from_numpy(row[None])) for row in ROWS]
    wanted = [out[0] if isinstance(expected, tuple) else out for out in wanted]
    return all(
        script(row).tobytes() == out[0].numpy().tobytes() for row, out in zip(ROWS, wanted, strict=True)
    )


@pytest.mark.parametrize("how", ["traced", "scripted", "frozen"])
def test_it_computes_what_torch_computes(how, tmp_path):
    assert same_as_torch(Everything(), how, tmp_path / "m.pt")
    wrapped = nn.Sequential(nn.Linear(12, 8), *ACTIVATIONS, nn.Linear(8, 3))
    assert same_as_torch(wrapped, how, tmp_path / "m.pt")


def test_the_weights_have_the_names_of_a_state_dict(tmp_path):
    kept(Everything(), "scripted", tmp_path / "m.pt")
    arrays, state = Script(tmp_path / "m.pt").arrays, Everything().state_dict()
    assert set(arrays) == set(state) - {"order"}
    assert all((arrays[name] == state[name].numpy()).all() for name in arrays)


def doctored(path, text: str, **members: bytes) -> None:
    """Put another text of the module into an archive, and other members beside."""
    kept(nn.Linear(12, 3), "scripted", path)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    code = next(name for name, data in content.items() if name.endswith(".py") and b"def forward" in data)
    head, _, forward = content[code].decode().partition("  def forward")
    kind = forward.partition(",")[0].partition(": ")[2]  # torch renames a class that it has met before
    body = "\n".join(f"  {line}" for line in text.replace("KIND", kind).splitlines())
    content[code] = f"{head}{body}\n".encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, members.get(name.rpartition("/")[2].replace(".", "_"), data))


FORWARD = "def forward(self: KIND,\n    input: Tensor) -> Tensor:\n  "


def test_a_doctored_archive_runs_where_it_is_harmless(tmp_path):
    doctored(tmp_path / "m.pt", FORWARD + "return torch.linear(input, self.weight, self.bias)")
    module = torch.jit.load(str(tmp_path / "m.pt"))
    with torch.inference_mode():
        assert (Script(tmp_path / "m.pt")(ROWS[0]) == module(torch.from_numpy(ROWS[:1]))[0].numpy()).all()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return torch.normal(input, input)", "the operator normal"),
        ("return torch.add(input, input, out=input)", "the operator add"),
        ("return ops.aten.relu(input)", "the operator ops.aten.relu"),
        ("while True:\n    pass\n  return input", "a statement that no actor needs .while True"),
        ("for i in range(9):\n    pass\n  return input", "a statement that no actor needs .for i"),
        ("self.weight = input\n  return input", "a statement that no actor needs .self.weight"),
        ('return {"action": input}', "an expression that no actor needs"),
        ("return torch.cat(torch.mul([input], 1000000000), 1)", "mul of lists or text"),
        ('ops.prim.RaiseException("halt", "E")\n  return input', "the module itself raises: halt"),
        ("return (self).forward(input, )", "maximum recursion|of work"),
        ("return torch.relu(nothing)", "does not take 12 inputs"),
        ("return torch.index(input, [None, 7])", "does not take 12 inputs"),
    ],
)
def test_what_no_actor_needs_is_refused(body, words, tmp_path):
    doctored(tmp_path / "m.pt", FORWARD + body)
    with pytest.raises(InputError, match=words) as refusal:
        Script(tmp_path / "m.pt")(ROWS[0])
    assert "\n" not in str(refusal.value)


def test_work_and_size_have_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("soccer_lib.formats.torchscript.SECONDS", 0.3)
    calls = ["def f0(self: KIND, x: Tensor) -> Tensor:\n  return x\n"]
    for i in range(1, 60):
        twice = f"(self).f{i - 1}((self).f{i - 1}(x, ), )"
        calls.append(f"def f{i}(self: KIND, x: Tensor) -> Tensor:\n  return {twice}\n")
    doctored(tmp_path / "m.pt", "".join(calls) + FORWARD + "return (self).f59(input, )")
    with pytest.raises(ForbiddenCode, match="more than 0.3 s of work"):
        Script(tmp_path / "m.pt")(ROWS[0])
    monkeypatch.undo()
    doubled = "".join(f"x{i} = torch.cat([x{i - 1}, x{i - 1}], 1)\n  " for i in range(1, 60))
    column = "y = torch.unsqueeze(torch.expand(torch.select(input, 1, 0), [100000]), 1)\n  "
    for body in (
        f"x0 = input\n  {doubled}return x59",
        column + "return torch.add(y, torch.t(y))",
        column + "return torch.matmul(y, torch.t(y))",
        "return torch.contiguous(torch.expand(input, [1000000000, 12]))",
    ):
        doctored(tmp_path / "m.pt", FORWARD + body)
        with pytest.raises(ForbiddenCode, match="a tensor of more than 20,000,000 elements"):
            Script(tmp_path / "m.pt")(ROWS[0])


def test_damaged_and_made_up_archives(tmp_path):
    path = tmp_path / "m.pt"
    kept(nn.Linear(12, 3), "scripted", path)
    whole = path.read_bytes()
    spot = whole.index(b"weight")
    for content in (whole[: spot - 300], whole[:spot] + b"W" + whole[spot + 1 :], b"PK", b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot read .*m.pt"):
            Script(path)
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(archive.namelist()[0], b"another")
    with pytest.raises(InputError, match="two members of one name"):
        Script(path)
    beyond = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("
        + (
            b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x24tQK\x00(M\xff\xfft(K\x01tt"
        )
        + b"R."
    )
    for pickled, words in (
        (b"\x80\x02cos\nsystem\n(X\x04\x00\x00\x00exittR.", "asks for os.system"),
        (beyond, ""),
    ):
        doctored(path, FORWARD + "return input", data_pkl=pickled)
        with pytest.raises(InputError, match=f"cannot read .*{words}"):
            Script(path)


def test_the_list_of_operators_holds_none_that_touches_files_or_draws():
    for name in OPERATORS:
        assert hasattr(torch.ops.aten, name), name
    assert not OPERATORS & {
        "save",
        "from_file",
        "normal",
        "rand",
        "randn",
        "bernoulli",
        "copy",
        "set",
        "resize",
    }
