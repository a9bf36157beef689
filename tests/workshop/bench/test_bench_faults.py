"""The verdict on runs that were killed; that processes end alike is in tests/learn."""

from __future__ import annotations

import pytest

from soccer_lib.errors import InputError
from soccer_lib.learn.config import TrainConfig
from soccer_lib.workshop.bench import faults
from soccer_lib.workshop.bench.faults import CASES, FaultBenchConfig, Kills, flags_of, main

END = {
    "final_model.safetensors": "a" * 64,
    "best_model_competition.safetensors": "b" * 64,
    "metrics": [{"step": 5}],
}


@pytest.mark.parametrize(
    ("change", "steps", "code"),
    [
        ({}, [0, 100, 100, 300], 0),
        ({"final_model.safetensors": "c" * 64}, [0, 100], 1),
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
    settings = {name: value for name, value in CASES[case].items() if name != "bc_weights"}
    words = flags_of(TrainConfig(**{**settings, "preset": ""}))
    assert words.count("--n-envs") == 1 and "--normalize-obs" in words or "normaliser" not in case
    assert all(isinstance(word, str) for word in words)


def test_an_unknown_case_is_refused():
    with pytest.raises(InputError, match="ppo frozen"):
        FaultBenchConfig(cases=("ppo frozn",))
