"""The verdict on runs that were killed; that processes end alike is in tests/learn."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.cli.stages import StagesConfig, planned_stages
from soccer_lib.errors import InputError
from soccer_lib.learn.config import TrainConfig
from soccer_lib.workshop.bench import faults
from soccer_lib.workshop.bench.checkpoint_cost import measure
from soccer_lib.workshop.bench.faults import CASES, FaultBenchConfig, Kills, Run, flags_of, main

END = {
    "final_model.safetensors": ["a" * 64],
    "best_model_competition.safetensors": ["b" * 64],
    "metrics": [{"step": 5}],
}


@pytest.mark.parametrize(
    ("change", "steps", "code"),
    [
        ({}, [0, 100, 100, 300], 0),
        ({"final_model.safetensors": ["c" * 64]}, [0, 100], 1),
        ({"metrics": []}, [0, 100], 1),
        ({}, [0, 200, 100], 1),  # a checkpoint was lost
    ],
)
def test_one_bit_or_one_step_back_is_seen(change, steps, code, monkeypatch, capsys):
    monkeypatch.setattr(
        faults.Run, "finish", lambda run, log: {**END, **(change if run.folder.name == "killed" else {})}
    )
    monkeypatch.setattr(faults.Run, "killed", lambda *_: Kills(steps, in_saves=1))
    monkeypatch.setattr(faults, "metrics_of", lambda folder: [{"minutes": 0.1}])
    assert main(FaultBenchConfig(cases=("ppo",))) == code
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split()[:4] == ["ppo", str(len(steps)), "1", "0"] and ("yes" in row) == (code == 0)


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_a_run_that_can_be_typed(case):
    settings = {name: value for name, value in CASES[case].items() if name not in ("bc_weights", "stages")}
    words = flags_of(TrainConfig(**{**settings, "preset": ""}))
    assert words.count("--n-envs") == 1 and "--normalize-obs" in words or "normaliser" not in case
    assert all(isinstance(word, str) for word in words)


def test_stages_are_written_as_a_recipe_and_their_steps_count_on(tmp_path, monkeypatch):
    settings = dict(CASES["ppo stages"])
    stages = settings.pop("stages")
    config = TrainConfig(**settings, total_timesteps=300, save_dir=str(tmp_path / "r"))
    run = Run(config, stages)
    assert run.command[3:] == ["stages", str(tmp_path / "r.json"), "--save-dir", str(tmp_path / "r")]
    first, second = planned_stages(StagesConfig(run.command[4], run.command[6]))
    assert first == dataclasses.replace(config, save_dir=str(tmp_path / "r" / "1_first"))
    assert (second.lr, second.n_steps, second.bc_weights) == (1e-4, 16, first.save_dir)
    assert run.parts == [Path(first.save_dir), Path(second.save_dir)]

    said = ["stage 1 of 2: 1_first", "r/1_first goes on at step 200 of 300", "stage 2 of 2: 2_second"]
    for lines, step in ((said[:1], 0), (said[:2], 200), (said, 300), ([*said, "goes on at step 50 of"], 350)):

        def start(log, lines=lines):
            log.write_text("\n".join(lines))
            return subprocess.Popen([sys.executable, "-c", ""])

        monkeypatch.setattr(run, "start", start)
        assert run.killed(1, np.random.default_rng(0), tmp_path / "log", 0.0).steps == [step]


def test_what_checkpoints_cost_is_measured_in_a_run_and_judged(tmp_path, monkeypatch, capsys):
    figures = measure({**settings_of_tiny(), "checkpoint_interval": 16}, 48, tmp_path / "r")
    assert 0 < figures["in_checkpoints"] < figures["cpu_seconds"] and figures["steps"] == 48
    assert figures["share"] == figures["in_checkpoints"] / figures["cpu_seconds"]
    # TD3 in two environments: 4 bytes x (2 x 96 + 3 + 4) a transition, and the heads of 5 arrays in files.
    assert 796 < figures["replay_bytes_a_step"] < 796 + 200
    parts = [value for name, value in figures.items() if name.startswith("gb_")]
    assert figures["gb"] == pytest.approx(sum(parts)) and all(part > 0 for part in parts)
    for share, gb, code in ((0.019, 1.9, 0), (0.021, 1.9, 1), (0.019, 2.1, 1)):
        costs = {"td3": {"share": share, "gb": gb}}
        monkeypatch.setattr(faults, "measure_all", lambda steps, costs=costs: costs)
        assert main(FaultBenchConfig(cost=48)) == code


def settings_of_tiny() -> dict:
    return {
        "algo": "td3", "tasks": ("kick_to_target",), "n_envs": 2, "net_arch": "8,8", "buffer_size": 100,
        "learning_starts": 8, "batch_size": 16,
    }  # fmt: skip


def test_an_unknown_case_is_refused():
    with pytest.raises(InputError, match="ppo frozen"):
        FaultBenchConfig(cases=("ppo frozn",))
