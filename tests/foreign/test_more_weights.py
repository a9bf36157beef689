"""More trainers and more layers: an answer as the original's, a refusal, or a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.foreign.nets import ROWS, answers, stack, under
from tests.foreign.weight_files import CRITIC, ELU, HINTS, OldNormaliser, Try, holds, saved

RELU = {"activation": "relu", "output": "clip"}
BEFORE = {**RELU, "norm": "before"}
SQUASHED = {"activation": "relu", "output": "tanh"}
BODY = stack(96, 16, 8)
SQUASHED_ACTOR = nn.Sequential(BODY, nn.ReLU(), nn.Linear(8, 3), nn.Tanh())
TANH = stack(96, 16, 8, 3, activation=nn.Tanh)
GELU = stack(96, 16, 3, activation=nn.GELU)
SILU = stack(96, 16, 3, activation=nn.SiLU)


def plain(net: nn.Module):
    """Its state dict, and its answers."""
    net.eval()
    return saved(net.state_dict(), answers(net, ROWS))


def between(*middle: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(96, 16), *middle, nn.Linear(16, 3))


def arrays(**content: np.ndarray):
    return lambda path: np.savez(path, **content)


def flax(net: nn.Sequential, prefix: str = "") -> dict[str, np.ndarray]:
    """Linear layers as Flax names and turns them."""
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    found = {}
    for index, layer in enumerate(linear):
        found[f"{prefix}hidden_{index}/kernel"] = layer.weight.detach().numpy().T
        found[f"{prefix}hidden_{index}/bias"] = layer.bias.detach().numpy()
    return found


BRAX = {"normalizer/mean": np.ones(96), "normalizer/std": np.full(96, 2.0), **flax(SILU, "policy/params/")}
SPINNING_UP = {"pi.log_std": torch.zeros(3), **under("pi.mu_net.", TANH), **under("v.v_net.", CRITIC)}


def rl_games(start: str, normaliser: str):
    mean, var = torch.linspace(-1, 1, 96), torch.linspace(0.5, 2, 96)
    model = under(f"{start}actor_mlp.", ELU[:-1]) | under(f"{start}mu.", ELU[-1])
    model |= under(f"{start}critic_mlp.", CRITIC) | {f"{start}sigma": torch.ones(3)}
    model |= {f"{normaliser}running_mean": mean, f"{normaliser}running_var": var}
    rows = np.clip((ROWS - mean.numpy()) / np.sqrt(var.numpy() + 1e-5), -5, 5)
    return saved({"model": model, "epoch": 3}, answers(ELU, rows.astype(np.float32)))


class Exported(nn.Module):
    """As Isaac Lab exports: normaliser, actor, and a reset that a feed-forward one does not need."""

    def __init__(self) -> None:
        super().__init__()
        self.normalizer = OldNormaliser()
        self.actor = ELU

    def forward(self, x):
        return self.actor(self.normalizer(x))

    @torch.jit.export
    def reset(self):
        pass


class Pair(nn.Module):
    """Gives a spread before its action."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = stack(96, 4, 3)
        self.actor = ELU

    def forward(self, x):
        return self.spread(x), self.actor(x)


def scripted(module: nn.Module, compare: bool = True):
    def make(path: Path):
        torch.jit.script(module.eval()).save(str(path))
        return answers(module, ROWS) if compare else None

    return make


TRIES: dict[str, Try] = {
    # Trainers.
    "spinning up, ppo": Try(
        saved(SPINNING_UP, answers(TANH, ROWS)),
        told={"activation": "tanh", "output": "clip", "only": "pi"},
        says="layers not used: v.v_net",
    ),
    "spinning up, ppo, without a word": Try(
        saved(SPINNING_UP), told={"activation": "tanh", "output": "clip"}, words="PREFIX: pi.mu_net, v.v_net"
    ),
    "spinning up, sac": Try(
        saved(
            under("pi.net.", BODY)
            | under("pi.mu_layer.", SQUASHED_ACTOR[2])
            | under("pi.log_std_layer.", nn.Linear(8, 3))
            | under("q1.q.", CRITIC),
            answers(SQUASHED_ACTOR, ROWS),
        ),
        told=SQUASHED,
        says="layers not used: pi.log_std_layer, q1.q",
    ),
    "tianshou, sac": Try(
        saved(
            under("actor.preprocess.model.model.", BODY)
            | under("actor.mu.model.", nn.Sequential(SQUASHED_ACTOR[2]))
            | under("actor.sigma.model.", nn.Sequential(nn.Linear(8, 3)))
            | under("critic1_old.", CRITIC),
            answers(SQUASHED_ACTOR, ROWS),
        ),
        told=SQUASHED,
    ),
    "pufferlib": Try(
        saved(
            under("policy.encoder.", nn.Sequential(GELU[0]))
            | under("policy.decoder_mean.", GELU[2])
            | under("policy.value.", nn.Linear(16, 1))
            | {"policy.decoder_logstd": torch.zeros(1, 3)},
            answers(GELU, ROWS),
        ),
        told={"activation": "gelu", "output": "clip"},
    ),
    "rl_games with a critic apart": Try(rl_games("a2c_network.", "running_mean_std."), told=HINTS),
    "rl_games, compiled": Try(rl_games("_orig_mod.a2c_network.", "_orig_mod.running_mean_std."), told=HINTS),
    "rl_games, observations in a dict": Try(
        rl_games("a2c_network.", "running_mean_std.running_mean_std.obs."), told=HINTS, words="PREFIX"
    ),
    "brax": Try(arrays(**BRAX), told=SQUASHED, words="normalizer/mean", name="m.npz"),
    "brax's actor alone": Try(
        arrays(**BRAX),
        told={"activation": "silu", "output": "tanh", "only": "policy/params"},
        says="not used: normalizer/mean; an actor that was trained with them answers otherwise",
        name="m.npz",
    ),
    "brax's mean and spread": Try(
        arrays(**flax(stack(96, 16, 6))), told=SQUASHED, words="6 outputs", name="m.npz"
    ),
    "lerobot": Try(
        saved(
            under("model.", ELU)
            | {
                "normalize_inputs.state.mean": torch.ones(96),
                "unnormalize_outputs.action.mean": torch.ones(3),
            }
        ),
        told={**HINTS, "only": "model"},
        says="not used: normalize_inputs.state.mean, unnormalize_outputs.action.mean",
    ),
    "running statistics beside the model": Try(
        saved({"model": ELU.state_dict(), "obs_rms": {"mean": torch.ones(96), "var": torch.ones(96)}}),
        told={**HINTS, "only": "model"},
        says="not used: obs_rms.mean, obs_rms.var",
    ),
    "a scale beside the model": Try(
        saved({"net": ELU.state_dict(), "action_scale": torch.full((3,), 2.0)}),
        told={**HINTS, "only": "net"},
        says="not used: action_scale",
    ),
    "isaac lab, exported": Try(scripted(Exported())),
    "a spread before the action": Try(scripted(Pair(), compare=False), says="of its 2 outputs the first one"),
    "haiku": Try(
        arrays(**{"mlp/linear_0/w": np.ones((96, 3)), "mlp/linear_0/b": np.ones(3)}),
        told=RELU,
        words="linear_0/b",
        name="m.npz",
    ),
    "names whose order is another": Try(
        arrays(**{"hidden/kernel": np.ones((96, 8)), "action/kernel": np.ones((8, 3))}),
        told=RELU,
        words="layer 2",
        name="m.npz",
    ),
    # Layers.
    "layer norm without arrays": Try(
        saved(between(nn.LayerNorm(16, elementwise_affine=False), nn.ReLU()).state_dict()),
        told=RELU,
        says="between layers 0, 3 stood more than an activation",
    ),
    "dropout": Try(plain(between(nn.ReLU(), nn.Dropout(0.5))), told=RELU, says="a dropout does"),
    "layer norm": Try(plain(between(nn.LayerNorm(16), nn.ReLU())), told=BEFORE),
    "layer norm without a bias": Try(
        plain(between(nn.LayerNorm(16, bias=False), nn.ReLU())),
        told=BEFORE,
        words="1 without a bias",
    ),
    "rms norm": Try(plain(between(nn.RMSNorm(16), nn.ReLU())), told=BEFORE, words="1 without a bias"),
    "a slope for each entry": Try(plain(between(nn.PReLU(16))), told=BEFORE, words="1 without a bias"),
    "one slope": Try(plain(between(nn.PReLU())), told=BEFORE, words="1 without a bias"),
    "layer norm of the input": Try(
        plain(nn.Sequential(nn.LayerNorm(96), nn.Linear(96, 8), nn.ReLU(), nn.Linear(8, 3))),
        told=BEFORE,
        words="layer 1 .layer_norm.",
    ),
    "spectral norm": Try(
        plain(nn.utils.parametrizations.spectral_norm(nn.Linear(96, 3))), told=RELU, words="parametrizations"
    ),
    "weight norm": Try(
        plain(nn.utils.parametrizations.weight_norm(nn.Linear(96, 3))), told=RELU, words="original0"
    ),
    "attention": Try(saved(nn.MultiheadAttention(96, 4).state_dict()), told=RELU, words="gets 288 inputs"),
    "convolutions": Try(saved(nn.Conv1d(96, 3, 1).state_dict()), told=RELU, words=r"\(3, 96, 1\)"),
    "lora": Try(
        saved(
            under("fc.base_layer.", nn.Linear(96, 3))
            | {"fc.lora_A.weight": torch.ones(4, 96), "fc.lora_B.weight": torch.ones(3, 4)}
        ),
        told=RELU,
        words=r"\(4, 96\)",
    ),
    "a layer that is named as a critic": Try(
        saved(under("value_proj.", nn.Linear(96, 96)) | under("out.", nn.Linear(96, 3))),
        told=RELU,
        says="layers not used: value_proj",
    ),
    # Sizes.
    "a number that stands for ten thousand million": Try(
        saved({"0.weight": torch.zeros(1).expand(100_000, 100_000)}),
        told=RELU,
        words="holds 10,000,000,000",
    ),
}


@pytest.mark.parametrize("name", TRIES)
def test_a_file_answers_as_its_original_or_says_what_is_open(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    holds(TRIES[name], capsys)
