"""Weights as other trainers and other habits leave them: they answer as the original, or are refused."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from soccer_lib.errors import InputError
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.policies import load_policy
from soccer_lib.policies.foreign.read import read_foreign
from tests.foreign.nets import ROWS, STOCK, Space, answers, graph, stack, under


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

TRIES: dict[str, Try] = {
    # SB3: what the zip itself says.
    "ppo in N m": Try(sb3(PPO, STOCK), listed=True),
    "ppo with squash_output": Try(sb3(PPO, use_sde=True, policy_kwargs={"squash_output": True}), listed=True),
    "sac with gSDE": Try(sb3(SAC, use_sde=True), listed=True),
    "sac with another clip of gSDE": Try(sb3(SAC, use_sde=True, policy_kwargs={"clip_mean": 0.5})),
    "td3 in N m": Try(sb3(TD3, STOCK)),
    "ppo with SiLU": Try(sb3(PPO, policy_kwargs={"activation_fn": nn.SiLU}), listed=True),
    "td3 with GELU": Try(sb3(TD3, policy_kwargs={"activation_fn": nn.GELU}), listed=True),
    "sac with LeakyReLU": Try(sb3(SAC, policy_kwargs={"activation_fn": nn.LeakyReLU}), listed=True),
    "a2c with SELU": Try(sb3(A2C, policy_kwargs={"activation_fn": nn.SELU})),
    "ppo with an activation of its own": Try(
        sb3(PPO, policy_kwargs={"activation_fn": nn.Softsign}), words="the activation .*Softsign"
    ),
    "ppo with a features extractor": Try(
        sb3(PPO, policy_kwargs={"features_extractor_class": Extractor}), words="Extractor", listed=True
    ),
    "ppo with a policy of its own": Try(sb3(PPO, policy=OwnPolicy), words="a policy of"),
    "a2c for another box": Try(sb3(A2C, Space(2.0)), words=r"acts from -2 to 2 .*expected \[-1, 1\]"),
    "ppo in N m told to be joints": Try(sb3(PPO, STOCK), told={"control": "joint"}, words="acts in torque"),
    "policy.pth taken out of a zip": Try(
        lambda path: _policy_pth(path), name="policy.pth", says="activation relu, as is usual"
    ),
    "vecnormalize.pkl beside": Try(
        beside("vecnormalize.pkl", ""),
        told=HINTS,
        says="vecnormalize.pkl lies beside and is not used",
        listed=True,
    ),
    "a normaliser as numbers": Try(with_normaliser, told={**HINTS, "normaliser": "numbers.npz"}, listed=True),
    "a normaliser as a pickle": Try(
        beside("vecnormalize.pkl", "\x80\x04N."),
        told={**HINTS, "normaliser": "vecnormalize.pkl"},
        words="cannot read .*vecnormalize.pkl",
    ),
    # Other trainers.
    "rsl_rl 2": Try(rsl_rl(2), listed=True, says="activation elu, as is usual"),
    "rsl_rl 3": Try(rsl_rl(3)),
    "rsl_rl 5": Try(rsl_rl(5)),
    "rl_games": Try(rl_games, told=HINTS),
    "skrl": Try(skrl, told=HINTS),
    "cleanrl td3": Try(
        lambda path: _cleanrl(path, "fc_mu", np.ones(3, np.float32), critics=2),
        listed=True,
        name="td3.cleanrl_model",
    ),
    "cleanrl ddpg in N m": Try(lambda path: _cleanrl(path, "fc_mu", TORQUE_LIMIT, critics=1)),
    "cleanrl sac": Try(lambda path: _cleanrl(path, "fc_mean", np.ones(3, np.float32)), listed=True),
    "cleanrl for another box": Try(
        lambda path: _cleanrl(path, "fc_mu", np.full(3, 2, np.float32)), words="acts from -2 to 2"
    ),
    "cleanrl ppo": Try(
        saved(
            under("actor_mean.", stack(96, 16, 3, activation=nn.Tanh))
            | under("critic.", CRITIC)
            | {"actor_logstd": torch.zeros(1, 3)},
            answers(stack(96, 16, 3, activation=nn.Tanh), ROWS),
        ),
        listed=True,
    ),
    "ddpg with target nets": Try(
        saved(
            {
                "actor": ELU.state_dict(),
                "actor_target": stack(96, 4, 3).state_dict(),
                "critic": CRITIC.state_dict(),
                "critic_target": CRITIC.state_dict(),
                "actor_optimizer": ADAM,
                "epoch": 3,
            },
            answers(ELU, ROWS),
        ),
        told=HINTS,
        listed=True,
    ),
    "two actors without a word": Try(
        saved(under("pilot.", ELU) | under("scout.", ELU)),
        told=HINTS,
        words="--only PREFIX: pilot, scout",
        listed=True,
    ),
    "one of two actors by name": Try(
        saved(under("pilot.", stack(96, 3)) | under("scout.", ELU), answers(ELU, ROWS)),
        told={**HINTS, "only": "scout"},
        listed=True,
    ),
    "a name that is not there": Try(
        saved(ELU.state_dict()), told={"only": "actor"}, words="no array that begins"
    ),
    "a shared trunk": Try(saved(SHARED_TRUNK), told=HINTS, words="--only PREFIX: trunk, pi, v"),
    "lightning": Try(
        saved(
            {"state_dict": under("actor.net.", ELU), "pytorch-lightning_version": "2.4.0", "epoch": 3},
            answers(ELU, ROWS),
        ),
        told=HINTS,
        name="epoch=3.ckpt",
    ),
    "an average beside the model": Try(
        saved({"model": ELU.state_dict(), "model_ema": ELU.state_dict()}), told=HINTS, words="--only PREFIX"
    ),
    "torch.compile": Try(saved(under("_orig_mod.", ELU), answers(ELU, ROWS)), told=HINTS),
    "DataParallel": Try(saved(under("module.", ELU), answers(ELU, ROWS)), told=HINTS),
    "an optimiser beside": Try(
        saved({"model_state_dict": ELU.state_dict(), "optimizer_state_dict": ADAM}, answers(ELU, ROWS)),
        told=HINTS,
    ),
    "tianshou": Try(
        saved(
            under("actor.preprocess.model.model.", ELU[:-1])
            | under("actor.mu.model.", nn.Sequential(ELU[-1]))
            | under("actor_old.mu.model.", nn.Sequential(ELU[-1]))
            | {"actor.sigma_param": torch.zeros(3, 1)},
            answers(ELU, ROWS),
        ),
        told=HINTS,
    ),
    # Other ways of saving.
    "half precision": Try(lambda path: _half(path), told=HINTS),
    "double precision": Try(
        saved({name: value.double() for name, value in ELU.state_dict().items()}, answers(ELU, ROWS)),
        told=HINTS,
    ),
    "the old format of torch": Try(
        saved(ELU.state_dict(), answers(ELU, ROWS), _use_new_zipfile_serialization=False), told=HINTS
    ),
    "pytorch_model.bin": Try(
        saved(ELU.state_dict(), answers(ELU, ROWS)), told=HINTS, name="pytorch_model.bin"
    ),
    "safetensors of others": Try(safetensors, told=HINTS, name="model.safetensors"),
    "layers without a bias": Try(
        saved(NO_BIAS.state_dict(), answers(NO_BIAS, ROWS)), told={"activation": "relu", "output": "clip"}
    ),
    "a link": Try(linked, told=HINTS),
    "a name with spaces": Try(
        saved(ELU.state_dict(), answers(ELU, ROWS)), told=HINTS, name="my actor (2).pt"
    ),
    "the whole model": Try(saved(ELU), words="pickled code.*state_dict"),
    "a training config beside": Try(
        beside("m.json", '{"lr": 0.001, "env": {"n": 4}, "seed": null}'), told=HINTS
    ),
    # What is no actor.
    "batch norm": Try(saved(BATCH_NORM.state_dict()), told=HINTS, words="running_mean"),
    "an lstm": Try(saved(nn.LSTM(96, 3).state_dict()), told=HINTS, words="weight_ih_l0"),
    "a discrete agent": Try(lambda path: _dqn(path), words="a policy of stable_baselines3.dqn.policies"),
    "an optimiser alone": Try(saved({"optimizer": ADAM}), told=HINTS, words="0 linear layers"),
    "nothing in it": Try(saved({}), words="without arrays is no state dict"),
    "a pointer of Git LFS": Try(written(POINTER), words="Git LFS pointer.*git lfs pull", listed=True),
    "a zip that is a pointer": Try(written(POINTER), words="git lfs pull", listed=True, name="m.zip"),
    "a web page": Try(
        written(b"<!DOCTYPE html>\n<html><body>404</body></html>"), words="a web page.*raw file"
    ),
    "gzip": Try(written(gzip.compress(torch_bytes(ELU.state_dict()))), words="gzip.*unpack"),
    "brax's pickle": Try(
        written(pickle.dumps(({"params": np.ones(3)}, 4))),
        words="a Python pickle, which is code",
        name="params.pkl",
    ),
    "keras": Try(written(b"\x89HDF\r\n\x1a\n" + bytes(100)), words="HDF5", name="actor.h5"),
    "a pipe": Try(pipe, words="no regular file"),
    # Numbers that no network has.
    "nan": Try(
        changed("0.bias", lambda value: value * float("nan")), told=HINTS, words="0.bias has nan", listed=True
    ),
    "infinity": Try(changed("0.bias", lambda value: value / 0), told=HINTS, words="0.bias has", listed=True),
    "complex": Try(changed("2.weight", lambda value: value * 1j), told=HINTS, words="complex", listed=True),
    "absurdly large": Try(changed("2.weight", lambda value: value * 1e30), told=HINTS, words="2.weight has"),
    # What lies in a JSON beside.
    "a hold of 1e9": Try(
        beside("m.json", '{"hold": 1e9}'),
        told=HINTS,
        words=r"m.json: hold got 1000000000.0; .* 1 up to 5,000",
        listed=True,
    ),
    "a hold of half a step": Try(beside("m.json", '{"hold": 0.5}'), told=HINTS, words="hold got 0.5"),
    "a hold in words": Try(
        beside("m.json", '{"hold": "long"}'), told=HINTS, words="hold got 'long'", listed=True
    ),
    "a list": Try(beside("m.json", "[1, 2]"), told=HINTS, words="m.json is no JSON object", listed=True),
    "too deep": Try(beside("m.json", DEEP), told=HINTS, words="cannot read .*m.json", listed=True),
    "an observation that is a number": Try(
        beside("m.json", '{"observation": 96}'), told=HINTS, words="observation got 96", listed=True
    ),
    "a walker that is a list": Try(
        beside("m.json", '{"spec": {"walker": ["own"]}}'), told=HINTS, words="walker got", listed=True
    ),
    "a hint that nobody knows": Try(
        saved(ELU.state_dict()), told={"activaton": "elu"}, words="unknown hint.*activation"
    ),
    # ONNX.
    "onnx in double precision": Try(
        onnx(lambda: {"kind": onnx_number("DOUBLE")}), listed=True, name="m.onnx"
    ),
    "onnx in half precision": Try(onnx(lambda: {"kind": onnx_number("FLOAT16")}), name="m.onnx"),
    "onnx for a fixed batch": Try(onnx(batch=4), listed=True, name="m.onnx"),
    "onnx with two inputs": Try(
        onnx(second_input), words="takes obs .* h_in .*without states", listed=True, name="m.onnx"
    ),
    "onnx with a dictionary": Try(onnx(dictionary), words="gives seq.map", listed=True, name="m.onnx"),
    "onnx with another ending": Try(onnx(), listed=True, name="policy.model"),
}


def _policy_pth(path: Path):
    model = SAC(
        "MlpPolicy", Space(), policy_kwargs={"net_arch": [16, 8]}, device="cpu", seed=0, buffer_size=1
    )
    torch.save(model.policy.state_dict(), path)
    return model.predict(ROWS, deterministic=True)[0]


def _cleanrl(path: Path, mean: str, high, critics: int = 0):
    actor = CleanActor(high, mean)
    torch.save(
        (actor.state_dict(), *[CRITIC.state_dict()] * critics) if critics else actor.state_dict(), path
    )
    return answers(actor, ROWS)


def _half(path: Path):
    torch.save(HALF, path)
    net = stack(96, 16, 8, 3, activation=nn.ELU)
    net.load_state_dict(HALF)
    return answers(net, ROWS)


def _dqn(path: Path):
    import gymnasium as gym

    space = Space()
    space.action_space = gym.spaces.Discrete(3)
    DQN("MlpPolicy", space, device="cpu", buffer_size=1).save(path)


@pytest.mark.parametrize("name", TRIES)
def test_a_file_answers_as_its_original_or_is_refused(name, tmp_path, monkeypatch, capsys):
    case = TRIES[name]
    monkeypatch.chdir(tmp_path)
    path = Path(case.name)
    expected = case.make(path)
    if case.words:
        with pytest.raises(InputError, match=case.words) as refusal:
            read_foreign(path, case.told)
        assert "\n" not in str(refusal.value) and "expected" in str(refusal.value)
        return
    policy = read_foreign(path, case.told)
    assert np.abs(expected).max() > 0.05, "answers that are all near 0 compare nothing"
    np.testing.assert_allclose(policy.predict(ROWS)[0], expected, atol=2e-3 if "half" in name else 1e-5)
    assert case.says in capsys.readouterr().out
    if case.name.endswith(".safetensors"):
        return
    np.testing.assert_array_equal(load_policy(path, **case.told).predict(ROWS)[0], policy.predict(ROWS)[0])


def test_the_table_is_mostly_of_our_own_making():
    assert len(TRIES) >= 60 and sum(not case.listed for case in TRIES.values()) >= len(TRIES) / 2


def test_a_json_of_our_own_policy_says_nothing_of_the_file_that_it_was_made_from(tmp_path):
    torch.save(ELU.state_dict(), tmp_path / "m.pt")
    record = {"kind": "soccer_lib policy", "spec": {"observation": "full", "hold": 7}}
    (tmp_path / "m.json").write_text(json.dumps(record))
    assert load_policy(tmp_path / "m.pt", **HINTS).spec.observation == "agent"
