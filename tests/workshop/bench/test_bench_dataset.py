"""`bench dataset`: the figures that it promises."""

from __future__ import annotations

from soccer_lib.cli.main import main
from soccer_lib.runs import load_json


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
