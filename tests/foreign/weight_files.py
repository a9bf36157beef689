"""Files of weights as other trainers and other habits leave them, made small."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, PPO, SAC, TD3
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from tests.foreign.nets import ROWS, Space, answers, graph, stack, under


@dataclasses.dataclass
class Try:
    """A file that somebody has, what is said of it, and what has to come of it."""

    make: Callable[[Path], object]
    """Writes the file; returns its answers to ROWS where it has any."""
    words: str = ""
    """What the refusal says; empty where it has to answer."""
    told: dict = dataclasses.field(default_factory=dict)
    listed: bool = False
    """Named in the list of what users met; the others were thought of here."""
    name: str = "m.pt"
    says: str = ""
    """What has to be printed."""


def sb3(algorithm, space=None, policy="MlpPolicy", policy_kwargs=None, **more):
    """A model whose weights are large enough that every clip and squash is seen."""

    def make(path: Path):
        kwargs = {"net_arch": [16, 8], **(policy_kwargs or {})}
        if algorithm in (TD3, SAC):
            more["buffer_size"] = 1
        model = algorithm(policy, space or Space(), policy_kwargs=kwargs, device="cpu", seed=0, **more)
        with torch.no_grad():
            for value in model.policy.parameters():
                value.mul_(3)
            if algorithm in (PPO, A2C):
                model.policy.action_net.weight.mul_(300)  # it begins near 0
        model.save(path)
        return model.predict(ROWS, deterministic=True)[0] / (space or Space()).action_space.high

    return make


class Extractor(BaseFeaturesExtractor):
    """Somebody's own features."""

    def __init__(self, space) -> None:
        super().__init__(space, 96)
        self.net = nn.Linear(96, 96)

    def forward(self, x):
        return self.net(x)


class OwnPolicy(ActorCriticPolicy):
    """Somebody's own policy, which doubles what it says."""

    def _predict(self, observation, deterministic=False):
        return 2 * super()._predict(observation, deterministic)


class CleanActor(nn.Module):
    """CleanRL's TD3 and DDPG actor; SAC's with its spread."""

    def __init__(self, high, mean: str = "fc_mu") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.fc2 = nn.Linear(96, 16), nn.Linear(16, 8)
        self.add_module(mean, nn.Linear(8, len(high)))
        if mean == "fc_mean":
            self.fc_logstd = nn.Linear(8, len(high))
        self.register_buffer("action_scale", torch.tensor(high))
        self.register_buffer("action_bias", torch.zeros(len(high)))
        self.mean = mean

    def forward(self, x):
        hidden = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return torch.tanh(getattr(self, self.mean)(hidden))


class OldNormaliser(nn.Module):
    """rsl_rl's: (x - mean) / (std + 0.01)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.register_buffer("_mean", torch.randn(1, 96))
        self.register_buffer("_var", torch.rand(1, 96) + 0.5)
        self.register_buffer("_std", self._var.sqrt())
        self.register_buffer("count", torch.tensor(9))

    def forward(self, x):
        return (x - self._mean) / (self._std + 0.01)


ELU = stack(96, 16, 8, 3, activation=nn.ELU)
CRITIC = stack(96, 8, 1)
ADAM = {
    "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(16, 96)}},
    "param_groups": [{"lr": 1e-3}],
}
HINTS = {"activation": "elu", "output": "clip"}


def saved(content, expected=None, **how):
    def make(path: Path):
        torch.save(content, path, **how)
        return expected

    return make


def written(content: bytes):
    return lambda path: path.write_bytes(content)


def rsl_rl(version: int):
    norm = OldNormaliser()
    expected = answers(nn.Sequential(norm, ELU), ROWS)
    both = {**under("actor.", ELU), **under("critic.", CRITIC), "std": torch.ones(3)}
    tail = {"optimizer_state_dict": ADAM, "iter": 7, "infos": None}
    content = {
        2: {"model_state_dict": both, "obs_norm_state_dict": norm.state_dict()},
        3: {
            "model_state_dict": both
            | under("actor_obs_normalizer.", norm)
            | under("critic_obs_normalizer.", norm)
        },
        5: {
            "actor_state_dict": under("mlp.", ELU)
            | under("obs_normalizer.", norm)
            | {"distribution.std_param": torch.ones(3)},
            "critic_state_dict": under("mlp.", CRITIC),
        },
    }[version]
    return saved(content | tail, expected)


def rl_games(path: Path):
    mean, var = torch.randn(96, dtype=torch.float64), torch.rand(96, dtype=torch.float64) + 0.5
    model = under("a2c_network.actor_mlp.", ELU[:-1]) | under("a2c_network.mu.", ELU[-1])
    model |= {"a2c_network.sigma": torch.ones(3), "running_mean_std.running_mean": mean}
    model |= {"running_mean_std.running_var": var, "running_mean_std.count": torch.tensor(5.0)}
    model |= {"value_mean_std.running_mean": torch.zeros(1), **under("a2c_network.value.", nn.Linear(8, 1))}
    torch.save({"model": model, "epoch": 3, "optimizer": ADAM, "frame": 10}, path)
    rows = np.clip((ROWS - mean.numpy()) / np.sqrt(var.numpy() + 1e-5), -5, 5)
    return answers(ELU, rows.astype(np.float32))


def skrl(path: Path):
    mean, var = torch.randn(96, dtype=torch.float64), torch.rand(96, dtype=torch.float64) + 0.5
    policy = under("net_container.", ELU[:-1]) | under("policy_layer.", ELU[-1])
    scaler = {"running_mean": mean, "running_variance": var, "current_count": torch.tensor(2.0)}
    content = {"policy": policy | {"log_std_parameter": torch.zeros(3)}, "value": CRITIC.state_dict()}
    torch.save(
        content | {"optimizer": ADAM, "state_preprocessor": scaler, "value_preprocessor": scaler}, path
    )
    rows = np.clip((ROWS - mean.numpy()) / (np.sqrt(var.numpy()) + 1e-8), -5, 5)
    return answers(ELU, rows.astype(np.float32))


def with_normaliser(path: Path):
    rng = np.random.default_rng(0)
    mean, var = rng.normal(size=96), rng.uniform(0.5, 2, size=96)
    np.savez(path.with_name("numbers.npz"), mean=mean, var=var, clip=2.0, epsilon=1e-4)
    torch.save(ELU.state_dict(), path)
    return answers(ELU, np.clip((ROWS - mean) / np.sqrt(var + 1e-4), -2, 2).astype(np.float32))


def beside(name: str, text: str, make=None):
    def both(path: Path):
        (path.parent / name).write_text(text)
        return (make or saved(ELU.state_dict(), answers(ELU, ROWS)))(path)

    return both


def changed(name: str, value):
    state = ELU.state_dict()
    return saved(state | {name: value(state[name])})


def safetensors(path: Path):
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in ELU.state_dict().items()}, path)
    return answers(ELU, ROWS)


def onnx(end=None, **more):
    def make(path: Path):
        pytest.importorskip("onnxruntime", reason="pip install .[foreign]")
        net = stack(96, 16, 3)
        graph(path, net, **(more | (end() if end else {})))
        return answers(net, ROWS)

    return make


def onnx_number(name: str):
    import onnx as package

    return getattr(package.TensorProto, name)


def second_input():
    import onnx as package

    hidden = package.helper.make_tensor_value_info("h_in", package.TensorProto.FLOAT, [1, 64])
    return {"extra": [hidden]}


def dictionary():
    import onnx as package

    h = package.helper
    kind = h.make_sequence_type_proto(h.make_map_type_proto(7, h.make_tensor_type_proto(1, [])))
    node = h.make_node("ZipMap", ["h1"], ["map"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2])
    return {"last": h.make_value_info("map", kind), "ending": [node]}


def pipe(path: Path):
    os.mkfifo(path)


def linked(path: Path):
    torch.save(ELU.state_dict(), path.with_name("there"))
    path.symlink_to(path.with_name("there"))
    return answers(ELU, ROWS)


def torch_bytes(content) -> bytes:
    import io

    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


HALF = {name: value.half() for name, value in ELU.state_dict().items()}
BATCH_NORM = nn.Sequential(nn.Linear(96, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
NO_BIAS = nn.Sequential(nn.Linear(96, 8, bias=False), nn.ReLU(), nn.Linear(8, 3, bias=False))
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n"
DEEP = '{"a":' * 5000 + "1" + "}" * 5000
SHARED_TRUNK = (
    under("trunk.", nn.Linear(96, 8)) | under("pi.", nn.Linear(8, 3)) | under("v.", nn.Linear(8, 1))
)
