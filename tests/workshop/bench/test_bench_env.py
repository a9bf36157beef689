"""`bench env` measures every figure that it promises, and says what it leaves out."""

from __future__ import annotations

import json

from soccer_lib.tasks import TASKS
from soccer_lib.workshop.bench.env import EnvBenchConfig, main, measure_layers, measure_shaping


def test_without_a_walker_the_rest_is_measured(tmp_path, capsys):
    path = tmp_path / "bench.json"
    main(EnvBenchConfig(tasks="penalty_kick", repeats=1, steps=50, walker="nowhere.npz", json=str(path)))
    assert "no figures of the command interface: walker file nowhere.npz not found" in capsys.readouterr().out
    result = json.loads(path.read_text())
    assert {"ratio_fast_vs_stock", "penalty_kick/ratio_raw_vs_stock", "overhead_layers_joint"} <= set(result)
    assert "overhead_layers_command" not in result


def test_the_command_interface_is_measured(walker):
    figures = measure_layers(TASKS["kick_to_target"], "command", "agent", 1, 100, first=0.3, walker=walker)
    assert set(figures) == {"overhead_layers_command", "ratio_command_physics_vs_raw"}
    assert 0 < figures["ratio_command_physics_vs_raw"] < 1.5


def test_the_cost_of_shaping_is_measured(walker):
    figures = measure_shaping(TASKS["kick_to_target"], 1, 100, walker)
    assert set(figures) == {"overhead_shaping_command"}
