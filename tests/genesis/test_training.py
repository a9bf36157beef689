"""Training, evaluation and tuning from settings to a result, with arms that need no simulator."""

import dataclasses
import json

import numpy as np
import pytest

from soccer_lib.errors import InputError, ResourceError
from soccer_lib.genesis.agents import read_settings_of
from soccer_lib.genesis.callbacks import StopAtSuccess, success_rates
from soccer_lib.genesis.config import ALGORITHMS, PRESETS, GenesisTrainConfig
from soccer_lib.genesis.demo import GenesisDemoConfig, show_reaching
from soccer_lib.genesis.evaluate import (
    GenesisEvaluateConfig,
    ReachResult,
    agent_env,
    agent_result,
    evaluate_agent,
    play_targets,
    zero_act,
)
from soccer_lib.genesis.layout import REACHING
from soccer_lib.genesis.targets import held_out_targets
from soccer_lib.genesis.task import ReachSettings
from soccer_lib.genesis.train import train_reach
from soccer_lib.genesis.vec import ReachVecEnv
from soccer_lib.runs import load_npz
from soccer_lib.runs.folder import metrics_of
from tests.support.arms import StandInArm

pytestmark = pytest.mark.usefixtures("stand_in")

TINY = {
    "n_envs": 4,
    "net_arch": "8",
    "total_timesteps": 640,
    "eval_freq": 320,
    "eval_episodes": 3,
    "episodes": 5,
    "batch_size": 16,
}


def tiny(tmp_path, name="run", **settings):
    defaults = {"n_steps": 16, "learning_starts": 64, "buffer_size": 1000}
    return GenesisTrainConfig(save_dir=str(tmp_path / name), **TINY | defaults | settings)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_run_leaves_metrics_models_and_a_result(algorithm, tmp_path):
    figures = train_reach(tiny(tmp_path, algorithm=algorithm))
    run = tmp_path / "run"
    assert {"config.json", "metrics.jsonl", "status.json", "result.json", "best_model.zip"} <= {
        path.name for path in run.iterdir()
    }
    assert figures["n_episodes"] == 5 and figures["steps"] >= 640
    lines = metrics_of(run)
    assert len(success_rates(lines)) >= 1
    assert any("reward/distance" in line for line in lines)
    assert read_settings_of(run).algorithm == algorithm
    result = agent_result(run, 5)
    stored = json.loads((run / "result.json").read_text())
    assert result.success_rate.value == stored["success_rate"]
    assert result.distance == pytest.approx([row["distance"] for row in stored["episodes"]], abs=1e-6)


def test_evaluation_uses_the_normaliser_of_the_model_and_refuses_to_do_without(tmp_path):
    train_reach(tiny(tmp_path, eval_freq=0))
    file = tmp_path / "run" / "best_model.normaliser.npz"
    numbers = load_npz(file)
    assert numbers["mean"].shape == (24,) and np.ptp(numbers["mean"]) > 0.1
    file.unlink()
    with pytest.raises(InputError, match="normaliser"):
        agent_result(tmp_path / "run", 2)


def test_a_finished_run_is_handed_back_and_another_setting_refused(tmp_path, capsys):
    figures = train_reach(tiny(tmp_path))
    capsys.readouterr()
    assert train_reach(tiny(tmp_path))["final_distance_mean"] == figures["final_distance_mean"]
    assert "is finished" in capsys.readouterr().out
    with pytest.raises(InputError, match="lr = 0.001 and this run has 0.01"):
        train_reach(tiny(tmp_path, lr=0.01))


def test_a_stage_starts_from_the_agent_of_the_stage_before(tmp_path):
    train_reach(tiny(tmp_path, "posture", stage="posture", eval_freq=0))
    # With so small a rate nothing is learned: what acts is the agent of the stage before.
    train_reach(
        tiny(tmp_path, "reach", stage="reach", start_from=str(tmp_path / "posture"), lr=1e-12, eval_freq=0)
    )
    before = agent_result(tmp_path / "posture", 4, stage="reach")
    after = agent_result(tmp_path / "reach", 4)
    # Its normaliser goes on, so it is nearly the same agent.
    assert after.distance == pytest.approx(before.distance, abs=0.1)


def test_what_a_stage_never_saw_arrives_unscaled_in_the_next_one(tmp_path):
    """`held` is 0 throughout the stage reach; the next stage counts it up to 1."""
    train_reach(tiny(tmp_path, eval_freq=0))
    env, _ = agent_env(tmp_path / "run", StandInArm(1), ReachSettings("hold"))
    rows = np.zeros((1, 24))
    nothing = env.normalize_obs(rows)
    rows[:, REACHING["held"]] = 0.5
    assert (env.normalize_obs(rows) - nothing)[:, REACHING["held"]] == pytest.approx(0.5, abs=1e-6)


def test_learning_on_from_another_network_is_refused(tmp_path):
    train_reach(tiny(tmp_path, "small", eval_freq=0))
    with pytest.raises(InputError, match="expected parameters of PPO with these layers"):
        train_reach(tiny(tmp_path, "large", net_arch="16", start_from=str(tmp_path / "small")))


def test_a_damaged_model_is_refused_in_one_line(tmp_path):
    train_reach(tiny(tmp_path, eval_freq=0))
    (tmp_path / "run" / "best_model.zip").write_bytes(b"not a zip")
    with pytest.raises(InputError, match="cannot read .*best_model.zip") as caught:
        agent_result(tmp_path / "run", 2)
    assert "\n" not in str(caught.value)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="no run in .*genesis train"):
        evaluate_agent(GenesisEvaluateConfig(str(tmp_path / "nothing")))


def test_ppo_learns_to_reach_with_arms_that_obey(tmp_path):
    figures = train_reach(
        GenesisTrainConfig(save_dir=str(tmp_path / "run"), total_timesteps=24_000, n_envs=32, episodes=50)
    )
    untrained = evaluate_agent(GenesisEvaluateConfig("zero", episodes=50)).success_rate.value
    assert untrained < 0.1 and figures["success_rate"] > 0.8


class Line:
    """What a callback asks of metrics."""

    def __init__(self, *rates):
        self.lines = [{"step": 10 * n, "eval/success_rate": rate} for n, rate in enumerate(rates)]
        self.lines.append({"step": 99, "train/loss": 1.0})


@pytest.mark.parametrize(("rates", "goes_on"), [((), True), ((1.0, 0.9), True), ((0.2, 0.95), False)])
def test_a_run_ends_once_its_newest_evaluation_is_good_enough(rates, goes_on):
    assert StopAtSuccess(Line(*rates), 0.95)._on_step() is goes_on


def test_results_count_each_target_once_whatever_the_number_of_arms():
    targets = held_out_targets(7)
    results = []
    for arms in (3, 7):
        env = ReachVecEnv(StandInArm(arms), ReachSettings(episode=4))
        results.append(play_targets(env, zero_act, targets))
    for result in results:
        assert (result.targets == targets).all() and (result.length == 4).all() and not result.success.any()
        assert np.isfinite(result.distance).all()


def test_figures_of_a_result_by_hand():
    result = ReachResult(
        targets=np.zeros((4, 3)),
        success=np.array([True, True, True, False]),
        length=np.array([10, 20, 30, 100]),
        distance=np.array([0.04, 0.04, 0.04, 0.2]),
    )
    figures = result.summary()
    assert figures["success_rate"] == 0.75 and figures["steps_to_success_mean"] == 20.0
    assert figures["final_distance_mean"] == pytest.approx(0.08)
    # Wilson's interval of 3 of 4.
    assert figures["success_rate_ci95"] == pytest.approx([0.301, 0.954], abs=1e-3)
    assert result.words() == "success 75% [30%, 95%] of 4 targets, in 20 steps, 8.0 cm away at the end"
    assert dataclasses.replace(result, posture=True).words().endswith("in 20 steps, 0.08 rad away at the end")


def test_the_demo_tells_how_each_target_went(capsys):
    show_reaching(GenesisDemoConfig("zero", targets=2))
    out = capsys.readouterr().out
    assert out.count("not reached after 2.00 s") == 2


def test_random_actions_are_the_same_each_time():
    results = [evaluate_agent(GenesisEvaluateConfig("random", episodes=4)) for _ in range(2)]
    assert (results[0].distance == results[1].distance).all()


def test_ranges_are_taken_where_a_level_is(tmp_path):
    train_reach(tiny(tmp_path, eval_freq=0))
    heavy = agent_result(tmp_path / "run", 2, {"mass": (3.0, 3.0)})
    assert len(heavy.targets) == 2
    with pytest.raises(InputError, match="unknown level of randomised physics 'mad'"):
        agent_result(tmp_path / "run", 2, "mad")


def test_outputs_are_looked_at_before_anything_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr("soccer_lib.genesis.evaluate.ArmScene", lambda *_, **__: pytest.fail("was built"))
    (tmp_path / "file").write_text("in the way")
    for name in ("json", "map"):
        with pytest.raises(ResourceError, match="could not write"):
            evaluate_agent(GenesisEvaluateConfig("zero", **{name: str(tmp_path / "file" / "out.png")}))
    with pytest.raises(InputError, match="is not a picture's name"):
        GenesisEvaluateConfig("zero", map="map.txt")


def test_a_video_s_name_is_checked_before_anything_is_built():
    with pytest.raises(InputError, match="is not a video's name"):
        GenesisDemoConfig(video="film.avi")


def test_every_preset_fills_every_setting_of_its_algorithm():
    for name, algorithms in PRESETS.items():
        assert set(algorithms) == set(ALGORITHMS)
        for algorithm in algorithms:
            config = GenesisTrainConfig(algorithm=algorithm, preset=name).resolved()
            needed = {"n_envs", "total_timesteps", "lr", "batch_size", "gamma", "net_arch", "normalize"}
            assert all(getattr(config, field) is not None for field in needed)
            assert config == config.resolved()
    batched = GenesisTrainConfig(n_envs=8).resolved()
    assert batched.n_envs == 8 and batched.n_steps == PRESETS["batched"]["PPO"]["n_steps"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stage": "grasp"}, "unknown stage 'grasp'"),
        ({"physics": "soft"}, "unknown level of --physics 'soft'"),
        ({"reward": "shape"}, "unknown reward profile 'shape'"),
        ({"n_envs": 0}, "--n-envs got 0"),
        ({"difficulty": 0.05}, "--difficulty got 0.05"),
        ({"seed": 81}, "--seed got 81"),
        ({"lr": 0.0}, "--lr got 0.0"),
        ({"net_arch": "64;64"}, "--net-arch got '64;64'"),
        ({"ent_coef": "auto"}, "--ent-coef got 'auto'; expected a number;"),
        ({"ent_coef": "auto_1", "algorithm": "SAC"}, "expected a number or auto"),
        ({"n_steps": 1}, "--n-steps got 1"),
    ],
)
def test_settings_that_make_no_run_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        dataclasses.replace(GenesisTrainConfig(), **settings)
