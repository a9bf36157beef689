"""Weights as other trainers and other habits leave them: they answer as the original, or are refused."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from torch import nn

from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.policies import load_policy
from tests.foreign.nets import ROWS, STOCK, Space, answers, stack, under
from tests.foreign.weight_files import (
    ADAM,
    BATCH_NORM,
    CRITIC,
    DEEP,
    ELU,
    HALF,
    HINTS,
    NO_BIAS,
    POINTER,
    SHARED_TRUNK,
    CleanActor,
    Extractor,
    OwnPolicy,
    Try,
    beside,
    changed,
    dictionary,
    holds,
    linked,
    onnx,
    onnx_number,
    pipe,
    rl_games,
    rsl_rl,
    safetensors,
    saved,
    sb3,
    second_input,
    skrl,
    torch_bytes,
    with_normaliser,
    written,
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
    "a2c for another box": Try(
        sb3(A2C, Space(2.0)), words=r"acts between \[-2.\] and \[2.\]; expected -1 and 1"
    ),
    "ppo in N m told to be joints": Try(sb3(PPO, STOCK), told={"control": "joint"}, words="acts in torque"),
    "policy.pth taken out of a zip": Try(
        lambda path: _policy_pth(path), name="policy.pth", says="activation relu, as is usual"
    ),
    "vecnormalize.pkl beside": Try(
        beside("vecnormalize.pkl", ""),
        told=HINTS,
        says="vecnormalize.pkl beside, which is not used",
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
        lambda path: _cleanrl(path, "fc_mu", np.full(3, 2, np.float32)),
        words=r"acts between \[-2.\] and \[2.\]",
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
    monkeypatch.chdir(tmp_path)
    holds(TRIES[name], capsys, precision=2e-3 if "half" in name else 1e-5)


def test_the_table_is_mostly_of_our_own_making():
    assert len(TRIES) >= 60 and sum(not case.listed for case in TRIES.values()) >= len(TRIES) / 2


def test_a_json_of_our_own_policy_says_nothing_of_the_file_that_it_was_made_from(tmp_path):
    torch.save(ELU.state_dict(), tmp_path / "m.pt")
    record = {"kind": "soccer_lib policy", "spec": {"observation": "full", "hold": 7}}
    (tmp_path / "m.json").write_text(json.dumps(record))
    assert load_policy(tmp_path / "m.pt", **HINTS).spec.observation == "agent"
