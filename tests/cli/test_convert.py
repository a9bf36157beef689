"""`convert`: what it prints, what `--check` compares with, and what it leaves behind when it refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO, SAC, TD3
from torch import nn

from soccer_lib.cli.convert import ConvertConfig, main
from soccer_lib.errors import InputError
from soccer_lib.policies import load_policy
from tests.foreign.nets import ROWS, STOCK, Space, graph, stack


def model(algorithm, space, path, **more):
    buffer = {} if algorithm is PPO else {"buffer_size": 1}
    made = algorithm("MlpPolicy", space, device="cpu", seed=0, **buffer, **more)
    made.save(path)
    return made


def difference(line: str) -> float:
    return float(line.partition("at most ")[2].split()[0])


@pytest.mark.parametrize(
    ("algorithm", "space", "more"),
    [
        (PPO, STOCK, {"policy_kwargs": {"net_arch": [8]}}),
        (PPO, Space(), {"use_sde": True, "policy_kwargs": {"squash_output": True, "activation_fn": nn.SiLU}}),
        (SAC, Space(), {"use_sde": True, "policy_kwargs": {"net_arch": {"pi": [8, 8], "qf": [4]}}}),
        (TD3, STOCK, {"policy_kwargs": {"net_arch": [8], "n_critics": 1}}),
    ],
)
def test_an_sb3_zip_is_compared_with_sb3(algorithm, space, more, tmp_path, capsys):
    model(algorithm, space, tmp_path / "m.zip", **more)
    main(ConvertConfig(str(tmp_path / "m.zip"), str(tmp_path / "o.safetensors"), check=True))
    printed = capsys.readouterr().out.splitlines()
    line = next(line for line in printed if line.startswith("check: 240 random inputs"))
    assert difference(line) < 1e-5 and (tmp_path / "o.safetensors").exists()


def test_a_wrong_word_is_found_and_nothing_is_written(tmp_path):
    model(TD3, Space(), tmp_path / "m.zip", policy_kwargs={"net_arch": [32, 32]})
    config = ConvertConfig(
        str(tmp_path / "m.zip"), str(tmp_path / "o.safetensors"), activation="elu", check=True
    )
    with pytest.raises(InputError, match="m.zip gives other actions, by up to .*use the file as it is"):
        main(config)
    assert not (tmp_path / "o.safetensors").exists() and not (tmp_path / "o.json").exists()


def test_the_normaliser_is_no_part_of_the_comparison_but_of_the_policy(tmp_path, capsys):
    made = model(SAC, Space(), tmp_path / "m.zip", policy_kwargs={"net_arch": [8]})
    mean, var = np.full(96, 2.0), np.full(96, 4.0)
    np.savez(tmp_path / "n.npz", mean=mean, var=var, epsilon=0.0)
    out = str(tmp_path / "o.safetensors")
    main(ConvertConfig(str(tmp_path / "m.zip"), out, normaliser=str(tmp_path / "n.npz"), check=True))
    assert difference(capsys.readouterr().out) < 1e-5
    expected = made.predict((ROWS - 2) / 2, deterministic=True)[0]
    np.testing.assert_allclose(load_policy(out).predict(ROWS)[0], expected, atol=1e-5)


def test_torchscript_and_onnx_are_compared_with_themselves(tmp_path, capsys):
    net = stack(96, 8, 3, activation=nn.GELU, end=nn.Tanh())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.trace(net, torch.zeros(1, 96)).save(str(tmp_path / "m.pt"))
    for trusted in (False, True):
        config = ConvertConfig(
            str(tmp_path / "m.pt"), str(tmp_path / "o.safetensors"), check=True, trust_code=trusted
        )
        main(config)
        printed = capsys.readouterr().out
        assert difference(printed) < 1e-5 and "linear 8 gelu linear 3 tanh" in printed
    pytest.importorskip("onnxruntime", reason="pip install .[foreign]")
    graph(tmp_path / "m.onnx", stack(96, 8, 3))
    main(ConvertConfig(str(tmp_path / "m.onnx"), str(tmp_path / "o.safetensors"), check=True))
    assert difference(capsys.readouterr().out) < 1e-5


def test_arrays_alone_have_nothing_to_be_compared_with(tmp_path, capsys):
    torch.save(stack(96, 8, 3).state_dict(), tmp_path / "m.pt")
    main(
        ConvertConfig(
            str(tmp_path / "m.pt"),
            str(tmp_path / "o.safetensors"),
            activation="relu",
            output="clip",
            check=True,
        )
    )
    assert "holds arrays without their arithmetic" in capsys.readouterr().out


def test_a_clip_far_out_is_no_plain_stack(tmp_path):
    """Inputs of the size that is tried first never reach it."""

    class Clipped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = stack(96, 8, 3)

        def forward(self, x):
            return self.net(torch.clamp(x, -10.0, 10.0))

    torch.jit.script(Clipped()).save(str(tmp_path / "m.pt"))
    with pytest.raises(InputError, match="away from every plain stack"):
        main(ConvertConfig(str(tmp_path / "m.pt"), str(tmp_path / "o.safetensors")))


def test_settings_are_checked_before_anything_is_read():
    with pytest.raises(InputError, match="--hold got 1000000000; expected a whole number from 1 up to 5,000"):
        ConvertConfig("none.pt", "o.safetensors", hold=10**9)
