"""Training, from its settings to a policy that `evaluate` reads; tiny, and every step of it real."""

from __future__ import annotations

import dataclasses
import json
import zipfile

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.learn.candidates import Candidate, Candidates
from soccer_lib.learn.config import TrainConfig, warn_of_choices
from soccer_lib.learn.train import train
from soccer_lib.policies import load_policy
from soccer_lib.runs import RunFolder
from soccer_lib.runs.folder import metrics_of

TINY = TrainConfig(
    preset="scratch",
    n_envs=3,
    n_steps=8,
    n_epochs=1,
    batch_size=24,
    net_arch="16,16",
    total_timesteps=48,
    workers=0,
    eval_freq=24,
    eval_seeds=(0,),
    eval_episodes=1,
    final_episodes=3,
)


ONE = dataclasses.replace(
    TINY,
    tasks=("kick_to_target",),
    n_envs=2,
    batch_size=16,
    total_timesteps=16,
    eval_freq=0,
    final_episodes=1,
)
"""One task, one update."""


@pytest.fixture(scope="module")
def run(tmp_path_factory, walker):
    folder = tmp_path_factory.mktemp("train") / "run"
    return train(dataclasses.replace(TINY, save_dir=str(folder))), folder


def test_a_run_leaves_what_is_needed_to_use_and_to_judge_it(run):
    policy, folder = run
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "metrics.jsonl", "progress.txt", "status.json"} <= names
    for name in ("best_model_competition", "final_model"):
        assert {f"{name}.zip", f"{name}.safetensors", f"{name}.json"} <= names
        assert zipfile.ZipFile(folder / f"{name}.zip").testzip() is None
    status = json.loads((folder / "status.json").read_text())
    assert status["status"] == "done" and status["step"] in (24, 48)
    config = json.loads((folder / "config.json").read_text())["config"]
    assert config["gamma"] == 0.97 and config["algo"] == "ppo" and config["observation"] == "agent"


def test_its_policy_acts_through_numpy(run):
    policy, folder = run
    observation = np.zeros(96, np.float32)
    action, _ = load_policy(folder).predict(observation)
    assert action.shape == (3,) and np.array_equal(action, policy.predict(observation)[0])
    assert policy.spec.control == "command" and policy.spec.hold == 100 and policy.spec.walker_sha256


def test_metrics_name_what_every_algorithm_has(run):
    _, folder = run
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    keys = set().union(*lines)
    assert {"train/actor_loss", "train/policy_loss", "train/critic_loss", "train/value_loss"} <= keys
    assert {"comp_eval/C_overall", "comp_eval/kick_to_target", "eval_comp/comp_total_sum"} <= keys
    assert {"time/simulated_per_second", "step", "cpu_minutes"} <= keys
    judged = [line for line in lines if "comp_eval/C_overall" in line]
    assert [line["step"] for line in judged] == [24, 48, 48][: len(judged)]
    parts = [
        judged[0][f"comp_eval/{task}"]
        for task in ("goalie_penalty_kick", "obstacle_penalty_kick", "kick_to_target")
    ]
    assert judged[0]["comp_eval/C_overall"] == pytest.approx(sum(parts))


def test_a_finished_run_is_handed_back(run, capsys):
    policy, folder = run
    again = train(dataclasses.replace(TINY, save_dir=str(folder)))
    assert "finished" in capsys.readouterr().out
    row = np.ones(96, np.float32)
    assert np.array_equal(again.predict(row)[0], policy.predict(row)[0])


def test_what_was_trained_can_be_trained_on(run, tmp_path):
    _, folder = run
    settings = {"preset": "finetune", "bc_weights": str(folder), "save_dir": str(tmp_path / "b")}
    tuned = train(dataclasses.replace(ONE, **settings, net_arch="8"))
    lines = [json.loads(line) for line in (tmp_path / "b" / "metrics.jsonl").read_text().splitlines()]
    assert "comp_eval/C_overall" in lines[0]  # the start
    assert tuned.spec.control == "command" and tuned.spec.hold == 100  # as what it started from
    kl = [line["train/kl_from_start"] for line in lines if "train/kl_from_start" in line]
    assert kl and kl[0] == pytest.approx(0.0, abs=1e-6)


def test_what_hardly_anybody_intends_is_told(capsys):
    for settings, told in (
        ({"algo": "td3", "total_timesteps": 5_000}, "--learning-starts 10000: nothing is learned; try 1000"),
        ({"algo": "td3", "total_timesteps": 20_000}, ""),
        ({"algo": "ppo", "total_timesteps": 5_000, "bc_weights": "c", "action_noise_sigma": 0.05}, ""),
        ({"algo": "ppo", "bc_weights": "c", "action_noise_sigma": 0.1}, "0.1 from a clone"),
    ):
        warn_of_choices(TrainConfig(**settings).resolved())
        said = capsys.readouterr()
        assert (told in said.out + said.err) if told else not said.out + said.err


def test_the_same_seed_is_the_same_run(tmp_path):
    policy, again = (train(dataclasses.replace(ONE, save_dir=str(tmp_path / name))) for name in "ab")
    for (_, ours), (_, theirs) in zip(policy.network.layers, again.network.layers, strict=True):
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_torque_is_trained_too(tmp_path):
    settings = {"control": "torque", "observation": "raw", "preset": ""}
    policy = train(dataclasses.replace(ONE, **settings, save_dir=str(tmp_path / "t")))
    assert policy.spec.control == "torque" and policy.predict(np.zeros(39, np.float32))[0].shape == (12,)


def test_observations_are_normalised_alike_in_training_and_in_the_file(tmp_path):
    policy = train(dataclasses.replace(ONE, normalize_obs=True, save_dir=str(tmp_path / "n")))
    kinds = [kind for kind, _ in policy.network.layers]
    assert kinds[:2] == ["normalise", "normalise"] and policy.network.layers[0][1]["limit"] == 10
    numbers = tmp_path / "n" / "best_model_competition_normaliser.npz"
    # Another run takes them as they are, and so does its policy.
    settings = {"vecnormalize_path": str(numbers), "save_dir": str(tmp_path / "m")}
    other = train(dataclasses.replace(ONE, **settings))
    for name, array in policy.network.layers[0][1].items():
        np.testing.assert_allclose(other.network.layers[0][1][name], array, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"preset": "scrach"}, "did you mean 'scratch'"),
        ({"preset": "finetune"}, "without --bc-weights"),
        ({"net_arch": "128;128"}, "net-arch"),
        ({"eval_seeds": (10_000,)}, "eval-seeds"),
        ({"reward_scale": "goalie_penalty_kick=0"}, "reward-scale"),
        ({"tasks": ("penalty",)}, "unknown task"),
        ({"lr": 2.0}, "--lr"),
    ],
)
def test_bad_settings_are_refused_in_a_line(settings, words):
    with pytest.raises(InputError) as refused:
        TrainConfig(**settings)
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bc_weights": "striker"}, "scripted"),
        ({"control": "joint", "hold": 50}, "--hold 50"),
        ({"bc_weights": "zero", "normalize_obs": True}, "--normalize-obs"),
        ({"control": "joint", "hide": True}, "--hide"),
    ],
)
def test_what_makes_no_run_is_refused_before_anything_is_written(settings, words, tmp_path):
    with pytest.raises(InputError, match=words):
        train(dataclasses.replace(TINY, **settings, save_dir=str(tmp_path / "x")))
    assert not (tmp_path / "x").exists()


def test_a_preset_gives_way_to_a_flag_and_beats_the_algorithm():
    config = TrainConfig(preset="scratch", lr=1e-3).resolved()
    assert (config.lr, config.critic_lr) == (1e-3, 1e-3)
    assert (config.gamma, config.gae_lambda, config.n_epochs) == (0.97, 0.9, 10)
    assert TrainConfig(control="joint").resolved().gamma == 0.998
    assert (config.reward_profile, TrainConfig().resolved().reward_profile) == ("guided", "shaped")
    assert TrainConfig(preset="scratch", reward_profile="env").resolved().reward_profile == "env"
    assert (config.hold, TrainConfig(preset="scratch", control="joint").resolved().hold) == (100, None)


def test_the_start_stays_among_the_best_however_it_scored(tmp_path):
    folder = RunFolder.open(tmp_path / "r", {}, "train")
    candidates = Candidates(TINY.resolved(), folder)
    scores = {0: -5.0, 10: 1.0, 20: 3.0, 30: 2.0, 40: 4.0}
    candidates.judged = [Candidate(step, score, tmp_path) for step, score in scores.items()]
    assert [candidate.step for candidate in candidates.top()] == [0, 40, 20, 30]


def test_a_watcher_sees_every_evaluation_on_the_way_and_may_end_the_run(tmp_path, walker):
    seen = []

    def watch(step: int, score: float) -> None:
        seen.append((step, score))
        if step == 16:
            raise StopIteration

    config = dataclasses.replace(ONE, total_timesteps=32, eval_freq=16, save_dir=str(tmp_path / "run"))
    with pytest.raises(StopIteration):
        train(config, watch)
    train(config, lambda step, score: seen.append((step, score)))  # it goes on where it was
    judged = [line for line in metrics_of(tmp_path / "run") if "comp_eval/C_overall" in line]
    assert [(16, judged[0]["comp_eval/C_overall"])] == seen[:1]
    assert [step for step, _ in seen] in ([16, 32], [16, 16, 32])
    low, high = json.loads((tmp_path / "run" / "status.json").read_text())["comp_eval/C_overall_ci95"]
    assert low <= high
