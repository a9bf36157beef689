"""Foreign weights of every kind: small nets made here, read, played, converted, and refused."""

from __future__ import annotations

import json
import pickle
import re

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO, SAC, TD3
from torch import nn

import soccer_lib as sl
from soccer_lib.control.weights import walker_network
from soccer_lib.errors import InputError
from soccer_lib.formats.arrays import _in_natural_order
from soccer_lib.layout import FULL, RAW
from soccer_lib.policies import load_policy
from soccer_lib.policies.foreign.interface import imu_entries
from soccer_lib.policies.foreign.read import network_of, read_foreign
from soccer_lib.runs import load_npz
from soccer_lib.tasks import COMPETITION

ROWS = np.random.default_rng(0).normal(size=(5, 96)).astype(np.float32)
WIDE = np.random.default_rng(1).normal(size=(5, 89)).astype(np.float32)


class Space(gym.Env):
    """An environment of the command interface's sizes that only has spaces."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (96,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (3,), np.float32)


class MeanAndSpread(nn.Module):
    """The architecture of the competition's imitation policy: LayerNorm after each ReLU, two heads."""

    def __init__(self, inputs: int = 51) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.hidden = nn.ModuleList([nn.Linear(inputs, 16), nn.Linear(16, 8)])
        self.norms = nn.ModuleList([nn.LayerNorm(16, eps=1e-6), nn.LayerNorm(8, eps=1e-6)])
        for norm in self.norms:
            nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
        self.mean_net, self.log_std_net = nn.Linear(8, 12), nn.Linear(8, 12)

    def forward(self, x):
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            x = norm(torch.relu(layer(x)))
        return self.mean_net(x), self.log_std_net(x).exp()


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(96, 16), nn.ELU(), nn.Linear(16, 8), nn.ELU(), nn.Linear(8, 3), nn.Tanh())


def output(module: nn.Module, rows: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        out = module(torch.from_numpy(rows))
    return (out[0] if isinstance(out, tuple) else out).numpy()


def agrees(policy, rows, expected) -> bool:
    return np.allclose(policy.predict(rows)[0], np.clip(expected, -1, 1), atol=1e-5)


@pytest.mark.parametrize("algorithm", [TD3, SAC, PPO])
@pytest.mark.parametrize("activation", [None, nn.ELU])
def test_sb3_zip_by_parameters(algorithm, activation, tmp_path, capsys):
    chosen = {"net_arch": [16, 8]} | ({"activation_fn": activation} if activation else {})
    buffer = {} if algorithm is PPO else {"buffer_size": 1}
    model = algorithm("MlpPolicy", Space(), policy_kwargs=chosen, device="cpu", seed=0, **buffer)
    model.save(tmp_path / "m.zip")
    policy = load_policy(tmp_path / "m.zip")
    assert agrees(policy, ROWS, model.predict(ROWS, deterministic=True)[0])
    assert (policy.spec.control, policy.spec.observation) == ("command", "agent")
    torch.save({"policy_state_dict": model.policy.state_dict()}, tmp_path / "m.pt")
    capsys.readouterr()
    policy = load_policy(tmp_path / "m.pt", **({"activation": "elu"} if activation else {}))
    assert ("as is usual" in capsys.readouterr().out) == (activation is None)
    assert agrees(policy, ROWS, model.predict(ROWS, deterministic=True)[0])


def test_torchscript_with_mean_and_spread_gets_its_51_inputs_out_of_89(tmp_path):
    module, path = MeanAndSpread(), tmp_path / "actor.pt"
    torch.jit.save(torch.jit.trace(module, torch.zeros(1, 51)), path)
    policy = load_policy(path)
    expected = output(module, WIDE[:, imu_entries("goalie_penalty_kick")])
    assert (policy.spec.control, policy.spec.observation) == ("joint", "full")
    assert agrees(policy, WIDE, expected) and agrees(pickle.loads(pickle.dumps(policy)), WIDE, expected)
    result = sl.evaluate(path, "goalie_penalty_kick", 1, workers=1, progress=False)
    assert result.episodes[0].outcome == "fall"


def test_convert_turns_torchscript_into_layers(tmp_path, command):
    module, path = MeanAndSpread(), tmp_path / "actor.pt"
    torch.jit.save(torch.jit.trace(module, torch.zeros(1, 51)), path)
    done = command("convert", path, tmp_path / "a.safetensors")
    assert done.returncode == 0, done.stderr
    assert (
        "full 89 -> take linear 16 relu layer_norm linear 8 relu layer_norm linear 12 clip -> joint"
        in done.stdout
    )
    assert agrees(
        load_policy(tmp_path / "a.safetensors"), WIDE, output(module, WIDE[:, imu_entries(COMPETITION[0])])
    )
    done = command("convert", tmp_path / "none.pt", tmp_path / "a.safetensors")
    assert done.returncode == 2 and "none.pt not found" in done.stderr


def test_what_is_no_stack_of_layers_stays_in_its_runtime(tmp_path):
    class Skip(nn.Sequential):
        def forward(self, x):
            return torch.tanh(self[1](x + self[0](x)))

    module, path = Skip(nn.Linear(96, 96), nn.Linear(96, 3)), tmp_path / "skip.pt"
    torch.jit.save(torch.jit.trace(module, torch.zeros(1, 96)), path)
    assert agrees(load_policy(path), ROWS, output(module, ROWS))
    with pytest.raises(InputError, match="away from every plain stack"):
        read_foreign(path, as_layers=True)


@pytest.mark.parametrize("straight", [True, False])
def test_onnx(net, straight, tmp_path):
    """Gemm nodes as torch writes them, and MatMul with Add."""
    onnx = pytest.importorskip("onnx", reason="pip install .[foreign]")
    pytest.importorskip("onnxruntime", reason="pip install .[foreign]")
    arrays = {name: value.numpy() for name, value in net.state_dict().items()}
    nodes, last = [], "in"
    for i, kind in ((0, "Elu"), (2, "Elu"), (4, "Tanh")):
        weight = f"{i}.weight"
        if straight:
            nodes.append(onnx.helper.make_node("Gemm", [last, weight, f"{i}.bias"], [f"h{i}"], transB=1))
        else:
            arrays[weight] = arrays[weight].T.copy()
            nodes.append(onnx.helper.make_node("MatMul", [last, weight], [f"m{i}"]))
            nodes.append(onnx.helper.make_node("Add", [f"m{i}", f"{i}.bias"], [f"h{i}"]))
        last = f"a{i}"
        nodes.append(onnx.helper.make_node(kind, [f"h{i}"], [last]))
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", width])
        for name, width in (("in", 96), (last, 3))
    ]
    stored = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = onnx.helper.make_graph(nodes, "actor", ends[:1], ends[1:], stored)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    policy = load_policy(tmp_path / "m.onnx")
    assert agrees(policy, ROWS, output(net, ROWS))
    layers = read_foreign(tmp_path / "m.onnx", as_layers=True)
    assert [kind for kind, _ in layers.network.layers] == ["linear", "elu", "linear", "elu", "linear", "tanh"]
    assert agrees(layers, ROWS, output(net, ROWS))


def test_a_plain_state_dict_has_to_be_told_what_it_does_not_say(net, tmp_path):
    for content in (net.state_dict(), {"state_dict": net.state_dict(), "epoch": 3}):
        torch.save(content, tmp_path / "m.pt")
        with pytest.raises(
            InputError, match="output 'unknown'; expected clip or tanh; say which: .*--output clip"
        ):
            load_policy(tmp_path / "m.pt")
        with pytest.raises(InputError, match="activation 'mish'; expected relu or tanh or elu"):
            load_policy(tmp_path / "m.pt", output="tanh", activation="mish")
        assert agrees(
            load_policy(tmp_path / "m.pt", output="tanh", activation="elu"), ROWS, output(net, ROWS)
        )
    (tmp_path / "m.json").write_text(json.dumps({"output": "tanh", "activation": "elu"}))
    assert agrees(load_policy(tmp_path / "m.pt"), ROWS, output(net, ROWS))


def flax_tree() -> tuple[dict, nn.Module]:
    """The competition's actor as Flax names it, beside a critic that is none of our business."""
    module = MeanAndSpread()
    arrays = {name: value.numpy() for name, value in module.state_dict().items()}
    actor: dict = {"actor_net": {}}
    for i in range(2):
        kernel, bias = arrays[f"hidden.{i}.weight"].T, arrays[f"hidden.{i}.bias"]
        actor["actor_net"][f"Dense_{i}"] = {"kernel": kernel, "bias": bias}
        actor["actor_net"][f"LayerNorm_{i}"] = {
            "scale": arrays[f"norms.{i}.weight"],
            "bias": arrays[f"norms.{i}.bias"],
        }
    for head in ("mean_net", "log_std_net"):
        actor[head] = {"kernel": arrays[f"{head}.weight"].T, "bias": arrays[f"{head}.bias"]}
    critic = {"Dense_0": {"kernel": np.ones((3, 5), np.float32), "bias": np.ones(5, np.float32)}}
    return {"network": {"params": {"modules_actor": actor, "modules_critic": critic}, "step": 7}}, module


def flat(tree: dict, prefix: str = "") -> dict:
    parts = [
        flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {prefix + name: value}
        for name, value in tree.items()
    ]
    return {name: value for part in parts for name, value in part.items()}


def test_a_flax_tree_with_layer_norms_as_npz(tmp_path):
    tree, module = flax_tree()
    np.savez(tmp_path / "m.npz", **flat(tree))
    expected = output(module, WIDE[:, imu_entries("goalie_penalty_kick")])
    assert agrees(load_policy(tmp_path / "m.npz"), WIDE, expected)


def test_a_flax_tree_as_msgpack(tmp_path):
    msgpack = pytest.importorskip("msgpack", reason="pip install .[foreign]")
    tree, module = flax_tree()

    def packed(value):
        content = msgpack.packb((value.shape, value.dtype.name, value.tobytes()), use_bin_type=True)
        return msgpack.ExtType(1, content)

    (tmp_path / "m.msgpack").write_bytes(msgpack.packb(tree, default=packed, strict_types=True))
    expected = output(module, WIDE[:, imu_entries("goalie_penalty_kick")])
    assert agrees(load_policy(tmp_path / "m.msgpack"), WIDE, expected)


def test_layers_are_ordered_by_number():
    arrays = {
        f"Dense_{i}/{k}": np.ones((2, 2) if k == "kernel" else 2)
        for i in range(11)
        for k in ("kernel", "bias")
    }
    assert list(_in_natural_order(dict(sorted(arrays.items()))))[-1].startswith("Dense_10")


def test_a_real_walking_policy_has_the_same_layers_both_ways(shared):
    path = shared / "data" / "booster_gym_t1" / "walking_policy.npz"
    network = network_of(path, load_npz(path), {"activation": "elu", "output": "clip"})
    row = np.random.default_rng(0).normal(size=47).astype(np.float32)
    expected = walker_network(path, load_npz(path), 47, 12)(row)
    assert network(row).tobytes() == np.clip(expected, -1, 1).tobytes()
    with pytest.raises(
        InputError, match=r"47 inputs; expected observation raw \(33 or 39 or 45 or 54\), raw\+imu"
    ):
        load_policy(path, activation="elu", output="clip")


@pytest.mark.parametrize("task", COMPETITION)
def test_the_imitation_layout_is_the_raw_one_with_gravity_and_gyro(task):
    raw, full = (sl.make_env(task, observation=name) for name in ("raw", "full"))
    for env in (raw, full):
        env.reset(seed=5)
    for _ in range(20):
        (a, *_, info), (b, *_) = raw.step(np.full(12, 0.1)), full.step(np.full(12, 0.1))
    picked = b[imu_entries(task)]
    assert len(picked) == RAW[task].size + 6
    np.testing.assert_allclose(picked[: RAW[task].size], a, rtol=1e-6)
    np.testing.assert_array_equal(picked[-3:], info["robot_gyro"].astype(np.float32))
    np.testing.assert_array_equal(picked[-6:-3], b[FULL["projected_gravity"]])


def test_what_does_not_fit_is_refused_with_its_shapes(net, tmp_path):
    good = {name: value.numpy() for name, value in net.state_dict().items()}
    told = {"activation": "elu", "output": "tanh"}
    for change, words in (
        (
            {"2.weight": np.ones((8, 17))},
            r"layer 2 .linear. has weight \(8, 17\), bias \(8,\) and gets 16 inputs",
        ),
        ({"4.bias": np.ones(4)}, r"layer 4 .linear. has weight \(3, 8\), bias \(4,\)"),
        ({"0.bias": np.full(16, np.nan)}, r"0.bias has nan at \(0,\)"),
        ({"running_mean": np.ones(96)}, r"an array 'running_mean' of shape \(96,\)"),
        ({"conv.weight": np.ones((4, 3, 3, 3))}, r"conv|4 linear layers|\(4, 3, 3, 3\)"),
        ({"norm.weight": np.ones(16), "norm.bias": np.ones(16)}, "3 linear layers and 1 LayerNorms"),
    ):
        arrays = {
            name: torch.from_numpy(np.array(value, np.float32)) for name, value in {**good, **change}.items()
        }
        torch.save(arrays, tmp_path / "m.pt")
        with pytest.raises(InputError, match=words) as caught:
            load_policy(tmp_path / "m.pt", **told)
        assert str(tmp_path / "m.pt") in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "outputs", "told", "words"),
    [
        (97, 3, {}, r"97 inputs; expected observation raw .*, full \(89\), robot \(89\), agent \(96\)"),
        (
            89,
            3,
            {},
            r"89 inputs; expected observation full \(89\), robot \(89\); say which: .*--observation NAME",
        ),
        (45, 3, {}, r"45 inputs; expected observation raw .*, raw\+imu"),
        (96, 3, {"observation": "robot"}, "96 inputs, which 'robot' has not; expected observation raw"),
        (96, 3, {"observation": "word"}, "which 'word' has not"),
        (
            96,
            12,
            {},
            r"12 outputs; expected control torque \(12\), joint \(12\); say which: .*--control NAME",
        ),
        (96, 5, {}, r"5 outputs; expected control torque \(12\), joint \(12\), command \(3\)"),
        (96, 3, {"control": "joint"}, "3 outputs, which 'joint' has not"),
    ],
)
def test_widths_that_leave_it_open_or_fit_nothing(inputs, outputs, told, words, tmp_path):
    torch.save({"0.weight": torch.ones(outputs, inputs), "0.bias": torch.ones(outputs)}, tmp_path / "m.pt")
    with pytest.raises(InputError, match=words):
        load_policy(tmp_path / "m.pt", output="clip", **told)


class Trap:
    """Unpickling it would leave a file."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_no_pickle_is_ever_run(tmp_path, net):
    mark = tmp_path / "mark"
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(Trap(mark)))
    torch.save({"state_dict": net.state_dict(), "more": Trap(mark)}, tmp_path / "m.pt")
    np.savez(tmp_path / "m.npz", a=np.array(Trap(mark), dtype=object))
    for name in ("m.pkl", "m.pt", "m.npz"):
        with pytest.raises(InputError, match=f"cannot read .*{re.escape(name)}"):
            load_policy(tmp_path / name)
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["m.pt", "script.pt", "m.npz", "m.msgpack", "m.onnx", "m.zip", "m.weird"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "text"])
def test_damaged_files_are_one_line(kind, damage, net, tmp_path):
    path = tmp_path / kind
    torch.save(net.state_dict(), path)
    if kind == "script.pt":
        torch.jit.save(torch.jit.trace(net, torch.zeros(1, 96)), path)
    content = path.read_bytes()
    spot = content.index(net[0].weight.detach().numpy().tobytes()[:16])
    flipped = content[:spot] + bytes([content[spot] ^ 64]) + content[spot + 1 :]
    damaged = {"truncated": content[:-200], "flipped": flipped, "empty": b"", "text": b"I am no network"}
    path.write_bytes(damaged[damage])
    with pytest.raises(InputError) as caught:
        load_policy(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
