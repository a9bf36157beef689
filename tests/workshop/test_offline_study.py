"""Studies of offline learning: what each run learns from, how kinds are compared, and that a call goes on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.runs import load_json
from soccer_lib.runs.files import verify_manifest
from soccer_lib.workshop.studies import offline as study
from soccer_lib.workshop.studies.offline import (
    BEST_HALF,
    KINDS,
    PLAIN,
    OfflineStudyConfig,
    apart_from_plain,
    better_half,
    run_offline_studies,
)


def episodes(scores: list[float], task: str, player: str) -> Dataset:
    """An episode of two samples for each score."""
    n = len(scores)
    last = np.tile([False, True], n)
    return Dataset(
        "command", "agent", 10.0, np.zeros((2 * n, 96)), np.zeros((2 * n, 3)), np.repeat(np.arange(n), 2),
        [f"{player}/{task}/{i}" for i in range(n)], rewards=last * np.repeat(scores, 2),
        next_observations=np.zeros((2 * n, 96)), terminated=last, truncated=last & False,
        held_steps=np.full(2 * n, 50), tasks=[task] * n, seeds=np.arange(n), scores=scores,
        success=np.array(scores) > 0,
    )  # fmt: skip


def test_differences_are_paired_by_seed():
    scores = {PLAIN: [1.0, 2.0, 3.0], "iql": [2.0, 3.0, 4.0], "cql": [3.0, 0.0, 3.0]}
    iql, cql = apart_from_plain(scores)
    # Always better by 1, though the seeds differ by more.
    assert iql == {"x": "iql", "mean": 1, "ci95": [1, 1]}
    assert cql["mean"] == 0 and cql["ci95"][0] < 0 < cql["ci95"][1]
    # Student's t for two degrees of freedom, times 2 / sqrt(3).
    assert cql["ci95"][1] == pytest.approx(4.3027 * 2 / 3**0.5, abs=1e-3)


def test_the_better_half_is_that_of_each_task():
    data = study.join(
        [episodes([1, 2, 3, 4], "kick_to_target", "a"), episodes([20, 10], "goalie_penalty_kick", "a")]
    )
    assert better_half(data).column("scores").tolist() == [3, 4, 20]


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A study whose runs and scores are made up: by kind and seed."""
    demos = tmp_path / "demos.npz"
    write_dataset(demos, episodes([20, 21, 22, 23], "goalie_penalty_kick", "striker"), {})
    seen: list[tuple[str, int, list[str]]] = []

    def learn(settings):
        data = read_dataset(settings.dataset[0])
        seen.append((settings.algo, settings.seed, sorted(data.source.tolist())))
        return settings

    def score(settings, count, first):
        return {"score": float(10 * (settings.algo != "bc") + settings.seed + len(settings.dataset))}

    monkeypatch.setattr(study, "check_python", lambda python: None)
    monkeypatch.setattr(study, "offline", learn)
    monkeypatch.setattr(study, "_score", score)
    monkeypatch.setattr(study, "run_jobs", lambda play, jobs, label: [play(job) for job in jobs])
    wandering = episodes([-1, 0, 1, 0], "goalie_penalty_kick", "wander")
    monkeypatch.setattr(study, "collect_dataset", lambda settings: wandering)
    out = str(tmp_path / "curves")
    return OfflineStudyConfig(out, str(demos), amount=2, seeds=2, only=("mixed",)), seen


def test_every_kind_of_a_seed_learns_from_the_same_episodes(config, tmp_path):
    config, seen = config
    run_offline_studies(config)
    by_seed = {seed: {tuple(sources) for _, at, sources in seen if at == seed} for seed in (0, 1)}
    for found in by_seed.values():
        whole, half = sorted(found, key=len, reverse=True)
        # Two of the striker's episodes and two of the wanderer's; the better half is the striker's alone.
        assert [source.split("/")[0] for source in whole] == ["striker"] * 2 + ["wander"] * 2
        assert half == whole[:2]
    record = load_json(tmp_path / "curves" / "offline_mixed.json")
    assert [group["x"] for group in record["groups"]] == list(KINDS["mixed"])
    apart = {entry["x"]: entry["mean"] for entry in record["differences"]}
    assert apart == {BEST_HALF: 0, "iql": 10, "td3bc": 10}
    assert record["command"].endswith(f"--only mixed --dataset {config.dataset} --amount 2 --seeds 2")
    verify_manifest(tmp_path / "curves")
    run_offline_studies(config)  # nothing is done twice
    assert len(seen) == 2 * len(KINDS["mixed"])


def test_a_call_that_was_stopped_goes_on(config, monkeypatch):
    config, seen = config
    learn = study.offline

    def learn_three(settings):
        if len(seen) == 3:
            raise KeyboardInterrupt
        return learn(settings)

    monkeypatch.setattr(study, "offline", learn_three)
    with pytest.raises(KeyboardInterrupt):
        run_offline_studies(config)
    monkeypatch.setattr(study, "offline", learn)
    run_offline_studies(config)
    assert len(seen) == 2 * len(KINDS["mixed"])


def test_too_few_demonstrations_are_told_before_anything_is_begun(config, tmp_path):
    with pytest.raises(InputError, match="--amount got 5; expected at most the 4 episodes of each task"):
        run_offline_studies(dataclasses.replace(config[0], amount=5))
    assert not (tmp_path / "curves").exists()
