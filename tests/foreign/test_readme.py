"""README's table of what to type for which file: every line of it is typed here."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from torch import nn

from soccer_lib.cli.main import main
from soccer_lib.demos.files import write_dataset
from tests.foreign.nets import Space, graph, stack, under
from tests.foreign.test_weights import CRITIC, ELU, CleanActor, rl_games, rsl_rl
from tests.support.clip_files import clip_arrays
from tests.support.small_expert import demonstrations

ROOT = Path(__file__).resolve().parents[2]
SECTION = (
    (ROOT / "README.md").read_text(encoding="utf-8").partition("## Your own files")[2].partition("\n## ")[0]
)
TABLE = "\n".join(line for line in SECTION.splitlines() if line.startswith("|"))
COMMANDS = re.findall(r"`((?:convert|evaluate|bench|inspect|dataset|bc) [^`]*)`", TABLE)
QUICK = {
    "evaluate": ["--tasks", "kick_to_target", "--episodes", "1", "--workers", "1"],
    "bench": ["--sequences", "1", "--workers", "1"],
    "bc": ["--epochs", "1", "--net-arch", "8"],
}
"""What makes the longer ones short."""


def script(net: nn.Module, inputs: int, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.trace(net, torch.zeros(1, inputs)).save(path)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The files that the table speaks of."""
    monkeypatch.chdir(tmp_path)
    SAC("MlpPolicy", Space(), policy_kwargs={"net_arch": [8]}, device="cpu", buffer_size=1).save("model.zip")
    VecNormalize(DummyVecEnv([Space])).save("vecnormalize.pkl")
    net = stack(96, 8, 3, end=nn.Tanh())
    script(net, 96, "actor.pt")
    script(stack(47, 8, 12, activation=nn.ELU), 47, "T1.pt")
    torch.save(net.state_dict(), "weights.pth")
    torch.save({"actor": net.state_dict(), "encoder": CRITIC.state_dict()}, "agent.pt")
    torch.save((CleanActor(np.ones(3, np.float32)).state_dict(), CRITIC.state_dict()), "td3.cleanrl_model")
    rsl_rl(2)(Path("model_1500.pt"))
    rl_games(Path("best.pth"))
    np.savez(
        "params.npz",
        **{name.replace(".", "/"): value.numpy() for name, value in under("Dense_", ELU).items()},
    )
    Path("clips").mkdir()
    np.savez("clips/walk.npz", **clip_arrays((0.5, 0.0)))
    write_dataset("demos.npz", demonstrations(), {})


def test_the_table_has_a_line_for_each_command():
    assert len(COMMANDS) >= 15, COMMANDS


@pytest.mark.parametrize("line", COMMANDS)
def test_every_line_of_the_table_does_what_it_says(line, files, capsys):
    words = line.split()
    if "actor.onnx" in words:
        pytest.importorskip("onnxruntime", reason="pip install .[foreign]")
        graph("actor.onnx", stack(96, 8, 3))
    if "numbers.npz" in words:
        code = re.search(r'python -c "(.*)"', SECTION)[1]
        exec(code, {})
    assert main([*words, *QUICK.get(words[0], [])]) == 0, capsys.readouterr().err
    made = [word for word in words if word.startswith(("mine", "runs/"))]
    assert all(Path(word).exists() for word in made)
