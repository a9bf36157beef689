"""The bench of sweeps: what it concludes from pairs of studies, and how it counts results."""

from __future__ import annotations

import json
import os

import pytest

from soccer_lib.runs import atomic_write_json
from soccer_lib.workshop.bench import sweep as bench
from soccer_lib.workshop.bench.sweep import SweepBenchConfig, measure_pruning
from soccer_lib.workshop.sweep import command
from soccer_lib.workshop.sweep.plan import Plan
from soccer_lib.workshop.sweep.space import read_space
from tests.workshop.sweep.studies import space_file


def studies(monkeypatch, scores: dict[str, float], minutes: dict[str, float]) -> None:
    """Studies that came to this, by the name of their pruner."""

    def sweep(config):
        name = config.pruner
        counts = {"pruned": 3}
        return {
            "cpu_minutes": minutes[name],
            "best": 1,
            "reported": {"score": scores[f"{config.seed} {name}"]},
            "counts": counts,
        }

    monkeypatch.setattr(command, "sweep", sweep)


@pytest.mark.parametrize(
    ("pruned", "minutes", "holds"),
    [((20.0, 21.0, 23.0), 6.0, True), ((20.0, 21.0, 23.0), 7.0, False), ((10.0, 11.1, 12.2), 6.0, False)],
)
def test_a_third_has_to_be_saved_at_a_best_that_cannot_be_told_from_the_other(
    tmp_path, monkeypatch, capsys, pruned, minutes, holds
):
    scores = {f"{seed} median": score for seed, score in enumerate(pruned)}
    scores |= {"0 none": 20.0, "1 none": 21.0, "2 none": 22.0}
    studies(monkeypatch, scores, {"none": 10.0, "median": minutes})
    monkeypatch.setattr(bench, "shuffle_orders", lambda config, folders: {"difference": -0.2})
    result = measure_pruning(SweepBenchConfig(out=str(tmp_path)))
    assert result["saved"] == pytest.approx(1 - minutes / 10)
    # Differences of 0, 0 and 1 have an interval around 0.33; those of -10, -9.9 and -9.8 lie below 0.
    assert result["holds"] is holds
    assert "3 pairs" in capsys.readouterr().out


def test_the_pruner_is_asked_of_trials_that_ran_to_their_end(tmp_path):
    space = read_space(space_file(tmp_path, total_timesteps=64))
    plan = Plan("shuffled", "mark", space, 1, 0, "random", "median")
    ends = [{"rungs": {"16": n, "32": n, "48": n}, "value": n} for n in (1.0, 2.0, 3.0, 4.0)]
    late = {"rungs": {"16": -1.0, "32": 2.4, "48": 9.0}, "value": 9.0}
    # It is pruned at 32 of 64, below the median of 2.5: nine tenths of five trials, and 4 is the best left.
    assert bench._pruned(plan, [*ends, late]) == (0.9, 4.0)
    # Where it comes first, nothing is known yet.
    assert bench._pruned(plan, [late, *ends]) == (1.0, 9.0)


def test_orders_are_of_all_studies_and_lose_nothing_where_all_trials_are_alike(tmp_path, capsys):
    space = read_space(space_file(tmp_path, total_timesteps=64))
    plan = Plan("tiny", "mark", space, 1, 0, "random", "none").to_record()
    trials = [{"rungs": {"16": 1.0, "32": 1.0, "48": 1.0}, "value": 1.0}] * 4
    for name in "ab":
        atomic_write_json(tmp_path / name / "sweep.json", {"trials": trials, "plan": plan})
    config = SweepBenchConfig(orders_of=30)
    result = bench.shuffle_orders(config, [tmp_path / name for name in "ab"])
    assert result == {
        "trials": 8, "saved": 0, "saved_90": [0, 0], "difference": 0, "difference_90": [0, 0],
    }  # fmt: skip
    assert "orders of 8 of these trials" in capsys.readouterr().out


def test_equal_bests_are_a_difference_of_nothing():
    assert bench._interval([0.0, 0.0, 0.0]) == [0.0, 0.0]


def test_results_are_counted_as_often_as_they_are_told(tmp_path):
    lines = [
        {"op_code": 6, "trial_id": 0, "state": 0},
        {"op_code": 6, "trial_id": 0, "state": 1},
        {"op_code": 6, "trial_id": 1, "state": 2},
        {"op_code": 6, "trial_id": 0, "state": 1},
        {"op_code": 8, "trial_id": 2},
    ]
    (tmp_path / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert bench._ended(tmp_path) == [0, 1, 0]


def test_workers_at_work_are_those_that_live_and_whose_trial_has_no_end(tmp_path):
    logs = tmp_path / "workers"
    logs.mkdir()
    (tmp_path / "journal.jsonl").write_text('{"op_code": 6, "trial_id": 4, "state": 1}\n')
    me = os.getpid()
    (logs / "worker_000.log").write_text(
        f"worker {me} begins trial 3: {{}}\nworker {me} goes on with trial 5: {{}}\n"
    )
    (logs / "worker_001.log").write_text(f"worker {me} begins trial 4: {{}}\n")
    (logs / "worker_002.log").write_text(f"worker {2**22 + 1} begins trial 6: {{}}\n")
    assert bench._working(tmp_path) == [(me, 5)]
