"""A run that is killed and taken up again ends with the bits of one that was left alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.files import write_dataset
from soccer_lib.learn import offpolicy
from soccer_lib.learn.callbacks.episodes import EpisodeStatistics
from soccer_lib.learn.start import new_actor
from soccer_lib.learn.train import train
from soccer_lib.policies import LearnedPolicy, PolicySpec, write_policy
from soccer_lib.policies.learned import walker_sha256
from tests.learn.tiny import TINY

LONG = dataclasses.replace(TINY, n_epochs=2, batch_size=8, net_arch="16,16", total_timesteps=80, eval_freq=48)
"""Five rollouts of one task, longer than an episode takes."""

OFF_POLICY = {
    "preset": "",
    "net_arch": "16,16",
    "buffer_size": 48,  # it wraps before the end
    "learning_starts": 8,
    "update_ratio": 1.0,
}
CASES = {
    "ppo": {},
    "one environment": {"n_envs": 1, "n_steps": 16},
    "workers and tasks": {"n_envs": 4, "n_steps": 4, "workers": 2, "tasks": ("all",)},
    "normaliser": {"normalize_obs": True},
    "varied episodes": {
        "curriculum": '{"levels": [{"start_distance": 0.6}, {"mass": [0.8, 1.2]}], "window": 1, "up": 0.5}',
        "randomise": '{"noise": 0.02, "delay": 0.1, "push": [0.5, 1], "push_interval": 0.3, "friction": 1.2}',
    },
    "metrics now and then": {"log_interval": 4, "checkpoint_interval": 24},
    "critic's memory": {"critic_memory": 2},
    "frozen": {"preset": "finetune", "bc_weights": "clone", "freeze_bc_layers": 1, "freeze_until_step": 64},
    "td3": {
        **OFF_POLICY,
        "algo": "td3",
        "n_envs": 1,
        "buffer_size": 100,
        "bc_replay_dataset": "demonstrations",
        "bc_replay_fraction": 0.3,
    },
    "td3 frozen": {
        **OFF_POLICY,
        "algo": "td3",
        "preset": "finetune",
        "bc_weights": "clone",
        "freeze_bc_layers": 1,
        "freeze_until_step": 64,
        "critic_first": 0.01,
    },
    "sac": {"algo": "sac", **OFF_POLICY, "normalize_obs": True, "workers": 2, "ent_coef_min": 0.01},
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, walker) -> dict[str, str]:
    """Files that runs start from: a clone and demonstrations."""
    folder = tmp_path_factory.mktemp("inputs")
    torch.manual_seed(0)
    patterns = np.array(list(PATTERNS.values()), np.float32)[:2]
    actor = new_actor(np.full(96, 2.0, np.float32), (16, 8), patterns, (), 0.5)
    spec = PolicySpec("clone", "command", "agent", 50, "own", walker_sha256("own"))
    clone = LearnedPolicy(actor.network(), spec, record={"kicks": patterns.tolist()})
    settings = PlayedDatasetConfig(from_policy="striker", tasks=("kick_to_target",), episodes=1, workers=1)
    data = collect_dataset(settings, progress=False)
    return {
        "clone": str(write_policy(folder / "clone.safetensors", clone)),
        "demonstrations": str(write_dataset(folder / "demonstrations.npz", data, {})),
    }


class Killed(BaseException):
    """What no handler of a run expects."""


def finished(folder: Path) -> dict[str, object]:
    """What a run comes to: its weights, and every figure that is no time."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    timeless = [
        {key: line[key] for key in line if "time/" not in key and "minutes" not in key} for line in lines
    ]
    weights = (folder / "final_model.safetensors").read_bytes()
    best = (folder / "best_model_competition.safetensors").read_bytes()
    return {"weights": weights, "best": best, "metrics": timeless}


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the next run end at an env step, without a word."""
    unharmed = EpisodeStatistics._on_step

    def on_step(self: EpisodeStatistics) -> bool:
        if self.num_timesteps >= step:
            raise Killed
        return unharmed(self)

    monkeypatch.setattr(EpisodeStatistics, "_on_step", on_step)


@pytest.mark.parametrize("case", CASES)
def test_a_killed_run_ends_as_if_it_had_been_left_alone(case, tmp_path, monkeypatch, capsys, inputs):
    monkeypatch.setattr(offpolicy, "JUDGED_EVERY", 4)
    monkeypatch.setattr(offpolicy, "LEAST_UPDATES", 20)
    settings = {name: inputs.get(str(value), value) for name, value in CASES[case].items()}
    config = dataclasses.replace(LONG, **settings)
    train(dataclasses.replace(config, save_dir=str(tmp_path / "alone")))
    killed = dataclasses.replace(config, save_dir=str(tmp_path / "killed"))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, 58)  # in the middle of a rollout, behind an evaluation
        train(killed)
    capsys.readouterr()
    train(killed)
    assert "killed goes on at step" in capsys.readouterr().out
    assert finished(tmp_path / "killed") == finished(tmp_path / "alone")
