"""`bench env` measures every figure that it promises, and says what it leaves out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.tasks import TASKS
from soccer_lib.workshop.bench import env, scaling
from soccer_lib.workshop.bench.env import EnvBenchConfig, main, measure_layers, measure_shaping
from soccer_lib.workshop.bench.scaling import counts_of


def test_a_walker_that_is_none_is_refused_before_anything_is_measured(tmp_path, capsys):
    path = tmp_path / "bench.json"
    with pytest.raises(InputError, match="walker file nowhere.npz not found"):
        main(EnvBenchConfig(tasks="penalty_kick", repeats=1, steps=50, walker="nowhere.npz", json=str(path)))
    assert not path.exists() and not capsys.readouterr().out


def test_every_figure_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "SECONDS", 0.1)
    path = tmp_path / "bench.json"
    main(EnvBenchConfig(tasks="penalty_kick", repeats=1, steps=50, envs="2", episodes=1, json=str(path)))
    result = json.loads(path.read_text())
    assert {"ratio_fast_vs_stock", "penalty_kick/ratio_raw_vs_stock", "overhead_layers_joint"} <= set(result)
    assert "overhead_layers_command" in result
    assert result["vec_2/commands_per_second"] > 1 and result["vec_2/memory_mib"] > 5
    assert {"evaluate_1/episodes_per_second", "evaluate_2/episodes_per_second"} <= set(result)


@pytest.mark.parametrize("text", ["0", "2,x", "-1"])
def test_numbers_of_environments_are_whole_and_above_zero(text):
    assert counts_of(" 1, 8") == [1, 8] and counts_of("") == []
    with pytest.raises(InputError, match="try 1,2,8,32"):
        EnvBenchConfig(envs=text)


def test_the_command_interface_is_measured(walker):
    figures = measure_layers(TASKS["kick_to_target"], "command", "agent", 1, 100, first=0.3, walker=walker)
    assert set(figures) == {"overhead_layers_command", "ratio_command_physics_vs_raw"}
    assert 0 < figures["ratio_command_physics_vs_raw"] < 1.5


def test_the_cost_of_shaping_is_measured(walker):
    figures = measure_shaping(TASKS["kick_to_target"], 1, 100, walker)
    assert set(figures) == {"overhead_shaping_command"}


def test_figures_are_medians_of_ratios_within_a_round(monkeypatch):
    """The second round was disturbed, in all variants alike: its ratio counts, not its times."""
    stock = np.array([10.0, 100.0, 12.0])
    times = {
        "stock": stock,
        "raw": stock / 8,
        "fast": stock / 5,
        "fast_info": stock / 4,
        "stock_joint50hz": stock / 2,
        "joint50hz": stock / 6,
    }
    monkeypatch.setattr(env, "_micro", lambda runs, rounds, steps: times)
    figures = env.measure_task(TASKS["kick_to_target"], 3, 50)
    assert figures["us_per_physics_step_stock"] == 12.0 and figures["us_per_physics_step_fast"] == 2.4
    assert figures["ratio_fast_vs_stock"] == pytest.approx(5) and figures["ratio_raw_vs_stock"] == 8
    assert figures["ratio_fast_info_vs_stock"] == 4
    assert figures["ratio_joint50hz_vs_stock_joint50hz"] == pytest.approx(3)


def test_the_overhead_is_the_share_of_the_whole_that_the_layers_take(monkeypatch):
    """25 of 100 are the layers'; bare physics takes 30 where the plain stack takes 40."""
    times = {"full": [100.0], "bare": [75.0], "raw": [30.0], "plain": [40.0], "competition": [90.0]}
    times = {name: np.array(values) for name, values in {**times, "shaped": [100.0]}.items()}
    monkeypatch.setattr(env, "_micro", lambda runs, rounds, steps: times)
    task = TASKS["kick_to_target"]
    figures = env.measure_layers(task, "joint", "robot", 1, 50)
    assert figures == {
        "overhead_layers_joint": pytest.approx(0.25),
        "ratio_joint_physics_vs_raw": pytest.approx(0.75),
    }


def test_microseconds_per_step_leave_out_the_first_run():
    runs = {"a": iter([9.0, 0.5, 1.0]), "b": iter([9.0, 2.0, 3.0])}
    micro = env._micro({name: times.__next__ for name, times in runs.items()}, 2, 100)
    assert micro["a"].tolist() == pytest.approx([5e3, 1e4])
    assert micro["b"].tolist() == pytest.approx([2e4, 3e4])
