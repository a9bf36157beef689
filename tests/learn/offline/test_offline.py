"""Offline learning end to end: as `bc` without a critic, with one where d3rlpy is, else one line."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from soccer_lib.cli.main import main
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.offline import offline as page
from soccer_lib.learn.offline.config import OfflineConfig
from soccer_lib.learn.offline.offline import check_python, offline
from soccer_lib.policies import load_policy
from soccer_lib.runs.folder import CHECKOUT
from tests.support.small_expert import demonstrations, expert

SMALL = {"net_arch": "32,24", "epochs": 12, "lr": 3e-3, "device": "cpu"}
PYTHON = CHECKOUT / OfflineConfig.python


def played(good: bool, seed: int) -> Dataset:
    """Episodes of the small expert that score 1, or of commands backwards that score 0."""
    data = demonstrations(40, 25, seed)
    last = np.append(np.diff(data.episode_id) > 0, True)
    rng = np.random.default_rng(seed)
    actions = data.actions if good else rng.uniform(-0.7, -0.3, data.actions.shape)
    return dataclasses.replace(
        data, actions=actions, source=[f"{good} {seed} {n}" for n in range(40)], rewards=last * float(good),
        next_observations=data.observations, terminated=last, truncated=last & False,
        held_steps=np.full(len(data), 50), tasks=["kick_to_target"] * 40, seeds=np.arange(40) + 40 * good,
        scores=np.full(40, float(good)), success=np.full(40, good),
    )  # fmt: skip


@pytest.fixture
def mixed(tmp_path) -> tuple[str, ...]:
    files = [tmp_path / "good.npz", tmp_path / "bad.npz"]
    for file, good in zip(files, (True, False), strict=True):
        write_dataset(file, played(good, seed=int(good)), {})
    return tuple(map(str, files))


def test_without_a_critic_it_is_bc(dataset, tmp_path):
    policy = offline(OfflineConfig((dataset,), out=str(tmp_path / "run"), algo="bc", **SMALL))
    plain = bc(BCConfig((dataset,), out=str(tmp_path / "plain"), **SMALL))
    rows = demonstrations(seed=9).observations
    assert policy.predict(rows)[0].tobytes() == plain.predict(rows)[0].tobytes()
    again = load_policy(tmp_path / "run")
    assert again.predict(rows)[0].tobytes() == plain.predict(rows)[0].tobytes()
    assert again.record["algo"] == "bc" and again.spec.name == "run"


def test_the_weights_of_a_judgement_decide_what_is_cloned(mixed, tmp_path, monkeypatch):
    data = read_dataset(mixed[0])
    monkeypatch.setattr(page, "check_python", lambda python: None)

    def judgement(config, folder, joined):
        good = np.char.startswith(joined.source, "True")[joined.episode_id].astype(np.float32)
        return {"value_data": good, "value_state": np.zeros(len(joined), np.float32)}

    monkeypatch.setattr(page, "_judgement", judgement)
    apart = {}
    for algo in ("bc", "iql"):
        policy = offline(OfflineConfig(mixed, out=str(tmp_path / algo), algo=algo, **SMALL))
        walks = (np.abs(data.actions) < 0.8).any(axis=1)
        apart[algo] = np.abs(policy.predict(data.observations)[0] - expert(data.observations))[walks].mean()
    assert apart["iql"] < 0.7 * apart["bc"]


def test_bad_input_is_told_before_anything_is_begun(dataset, mixed, tmp_path, capsys):
    out = tmp_path / "run"
    for words, said in (
        (
            ["--dataset", *mixed, dataset],
            f"--dataset {dataset} has no rewards; expected some for the critic to judge by; make",
        ),
        (["--dataset", *mixed, "--python", "nope/python"], "--python nope/python: No such file"),
        (
            ["--dataset", *mixed, "--python", sys.executable],
            "expected a Python that has d3rlpy; try: make off",
        ),
        (["--dataset", *mixed, "--critic-arch", "a"], "critic_arch got 'a'; expected widths with commas"),
        (
            ["--dataset", *mixed, "--algo", "cpl"],
            "unknown --algo 'cpl'; expected one of: iql, td3bc, cql, bc",
        ),
        (
            ["--dataset", *mixed, "--expectile", "1.5"],
            "--expectile got 1.5; expected a finite number from 0.5",
        ),
    ):
        assert main(["offline", "--out", str(out), *words]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1 and not out.exists()


def test_a_run_that_was_stopped_asks_its_critic_once(mixed, tmp_path, monkeypatch):
    asked = []

    def critic(config, folder, command):
        asked.append(command)
        with np.load(command[-2]) as file:
            n = len(file["actions"])
        save_file({"value_data": np.ones(n, np.float32), "value_state": np.zeros(n, np.float32)}, command[-1])

    monkeypatch.setattr(page, "_run_critic", critic)
    monkeypatch.setattr(page, "check_python", lambda python: None)
    config = OfflineConfig(mixed, out=str(tmp_path / "run"), **SMALL | {"epochs": 2})
    with monkeypatch.context() as stopped:
        stopped.setattr(page, "bc", lambda config: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            offline(config)
    offline(config)
    assert len(asked) == 1 and (tmp_path / "run" / "final_model.safetensors").is_file()
    assert not (tmp_path / "run" / "transitions.npz").exists()


def test_a_critic_that_fails_says_why(mixed, tmp_path, monkeypatch):
    script = tmp_path / "critic.py"
    script.write_text("import sys; sys.exit('no room')")
    monkeypatch.setattr(page, "_SCRIPT", script)
    monkeypatch.setattr(page, "check_python", lambda python: None)
    config = OfflineConfig(mixed, out=str(tmp_path / "run"), python=sys.executable, **SMALL)
    with pytest.raises(page.SimulationError, match="the critic failed: no room; expected it to end; see"):
        offline(config)


@pytest.mark.skipif(not PYTHON.is_file(), reason="no .venv-offline: make offline")
@pytest.mark.parametrize("algo", ["iql", "td3bc", "cql"])
def test_a_critic_for_real(mixed, tmp_path, algo):
    config = OfflineConfig(
        mixed, out=str(tmp_path / "run"), algo=algo, steps=300, critic_arch="24,24", critic_batch=64,
        n_step=25, python=str(PYTHON), **SMALL | {"epochs": 2},
    )  # fmt: skip
    policy = offline(config)
    assert load_policy(tmp_path / "run").record["algo"] == algo
    data = read_dataset(tmp_path / "run" / "judged.npz")
    good = np.char.startswith(data.source, "True")[data.episode_id]
    if algo == "iql":
        # The states are alike: the actions alone tell the two kinds of episodes apart.
        assert data.weights[good].mean() > 1.2 * data.weights[~good].mean()
    else:
        assert data.weights is None and (data.actions[good] != played(True, 1).actions).any()
    lines = [json.loads(line) for line in Path(tmp_path, "run", "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["critic/step"] == 300 and np.isfinite(lines[-1]["critic/critic_loss"])
    rows = demonstrations(seed=9).observations
    assert offline(config).predict(rows)[0].tobytes() == policy.predict(rows)[0].tobytes()
    with pytest.raises(InputError, match="was made with steps = 300 and this run has 301"):
        offline(dataclasses.replace(config, steps=301))


@pytest.mark.skipif(not PYTHON.is_file(), reason="no .venv-offline: make offline")
def test_d3rlpy_is_there():
    check_python(str(PYTHON))
