"""`bench dataset`: the figures that it promises."""

from __future__ import annotations

from soccer_lib.cli.main import main
from soccer_lib.runs import load_json
from soccer_lib.workshop.bench.dataset import figures_of, shares_of_workers


def test_figures(tmp_path, capsys):
    flags = [
        "--policy",
        "zero",
        "--tasks",
        "kick_to_target",
        "--episodes",
        "1",
        "--workers",
        "1",
        "--repeats",
        "1",
    ]
    assert main(["bench", "dataset", *flags, "--json", str(tmp_path / "b.json")]) == 0
    result = load_json(tmp_path / "b.json")
    assert result["ratio_collect_vs_raw"] == result["kick_to_target/ratio_collect_vs_raw"] > 0
    assert result["workers"] == 1 and result["least_share_of_a_worker"] == 1
    assert result["config"]["policy"] == "zero" and "ratio_collect_vs_raw" in capsys.readouterr().out
    assert main(["bench", "dataset", "--episodes", "0"]) == 2


def test_ratios_and_shares_by_hand():
    timings = [
        {"steps": 100, "process": 7, "collecting": 2.0, "bare": 1.0},
        {"steps": 300, "process": 8, "collecting": 4.0, "bare": 3.0},
        {"steps": 200, "process": 7, "collecting": 4.0, "bare": 1.0},
    ]
    assert figures_of(timings) == {"ratio_collect_vs_raw": 0.5, "physics_steps_per_cpu_second": 60.0}
    assert shares_of_workers(timings) == {"workers": 2, "least_share_of_a_worker": 0.4}
