"""Studies of cloning: what is trained on what, how scores are summed up, and that a stopped call goes on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.runs import load_json
from soccer_lib.runs.files import verify_manifest
from soccer_lib.tasks import COMPETITION
from soccer_lib.workshop.studies import StudyConfig, kinds, run
from soccer_lib.workshop.studies.kinds import (
    amount_study,
    dagger_study,
    epochs_study,
    few_study,
    kicks_study,
    observation_study,
)
from tests.support.small_expert import demonstrations


@dataclasses.dataclass
class Scores:
    """Stands in for the evaluation: 1, 2, 3, ... in the order of the calls, and who was scored on what."""

    calls: list[tuple]
    stop_at: int = 0

    def __call__(self, policy, tasks, episodes, seed, starts, workers, progress):
        self.calls.append((getattr(policy, "spec", policy), episodes, seed))
        if len(self.calls) == self.stop_at:
            raise KeyboardInterrupt
        score = float(len(self.calls))
        rates = {f"{task}/success_rate": 0.5 for task in COMPETITION}
        summary = {"comp_total_sum": score, "comp_total_sum_ci95": [score - 1, score + 1], **rates}
        return type("Result", (), {"summary": summary})


@pytest.fixture
def scores(monkeypatch):
    """Play nothing: scores count up, and jobs run one after the other."""
    fake = Scores([])
    monkeypatch.setattr(run, "evaluate", fake)
    monkeypatch.setattr(run, "run_jobs", lambda player, jobs, label: [player(job) for job in jobs])
    run._score.cache_clear()
    return fake


@pytest.fixture
def config(tmp_path):
    episodes = {"tasks": np.repeat(COMPETITION, 4), "seeds": np.tile(np.arange(4) + 1000, 3)}
    data = dataclasses.replace(demonstrations(12), **episodes)
    path = write_dataset(tmp_path / "demos.npz", data, {})
    small = {"amounts": (1, 3), "seeds": 2, "epochs": 1, "episodes": 7, "rounds": 1, "more_passes": 1}
    return StudyConfig(str(tmp_path / "curves"), str(path), **small)


def test_amounts_are_drawn_for_each_task_and_scores_get_an_interval(config, scores, tmp_path, monkeypatch):
    learnt = []
    wrapped = run.bc
    monkeypatch.setattr(
        run, "bc", lambda c, play, watch: learnt.append(read_dataset(c.dataset[0])) or wrapped(c, play)
    )
    record = amount_study(config)
    assert [sorted(data.tasks.tolist()) for data in learnt] == [
        sorted(COMPETITION * count) for count in (1, 1, 3, 3)
    ]
    assert not np.array_equal(learnt[2].seeds, learnt[3].seeds)  # another draw for another seed
    assert [(e["x"], e["seed"], e["score"]) for e in record["entries"]] == [
        (1, 0, 1), (1, 1, 2), (3, 0, 3), (3, 1, 4)
    ]  # fmt: skip
    assert [call[1:] for call in scores.calls] == [(7, 20_000), (7, 20_007)] * 2 + [(14, 20_000)]
    first = record["groups"][0]
    # Student's t with one degree of freedom is 12.706 at 97.5%; the standard error of 1 and 2 is 0.5.
    assert first["mean"] == 1.5 and np.allclose(first["ci95"], [1.5 - 6.353, 1.5 + 6.353], atol=1e-3)
    assert record["command"] == (
        f"python -m soccer_lib study --out data/curves --only amount --dataset {config.dataset} "
        "--amounts 1 3 --seeds 2 --epochs 1 --more-passes 1 --episodes 7"
    )
    assert record["striker"]["score"] == 5 and len(record["entries"][0]["val/loss"]) == 1
    file = tmp_path / "curves" / "bc_amount.json"
    assert load_json(file) == record and verify_manifest(file.parent) == [file.name]
    assert not file.with_suffix(".parts").exists()
    assert amount_study(config) == record and len(scores.calls) == 5  # finished: nothing is done again


def test_a_part_of_the_data_is_passed_over_more_often(config, scores):
    # A quarter and three quarters of the demonstrations: four times as often at most, and once.
    record = amount_study(dataclasses.replace(config, more_passes=3))
    assert [len(entry["val/loss"]) for entry in record["entries"]] == [3, 3, 1, 1]


def test_a_stopped_study_goes_on_with_the_next_clone(config, scores):
    scores.stop_at = 3
    with pytest.raises(KeyboardInterrupt):
        amount_study(config)
    record = amount_study(config)
    assert [entry["score"] for entry in record["entries"]] == [1, 2, 4, 5]


def test_each_round_of_dagger_is_an_entry_and_the_newest_clone_plays(config, scores, monkeypatch):
    asked = []

    def collect(settings, policy, progress):
        asked.append((settings.label_with, settings.seed, settings.episodes, policy.spec.name))
        return demonstrations(6, seed=5)

    monkeypatch.setattr(run, "collect_dataset", collect)
    record = dagger_study(config)
    assert [(e["x"], e["seed"]) for e in record["entries"]] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert [call[:3] for call in asked] == [("striker", 201_000, 20), ("striker", 201_020, 20)]
    assert [group["x"] for group in record["groups"]] == [0, 1]
    assert all(len(entry["train/loss"]) == 1 for entry in record["entries"])


def test_observations_come_from_the_same_episodes_and_are_chosen_on_tuning_seeds(config, scores, monkeypatch):
    asked = []

    def collect(settings):
        asked.append((settings.observation, settings.seed, settings.episodes, settings.from_policy))
        data = demonstrations(12)
        seen = {"observations": data.observations[:, :89], "observation_layout": settings.observation}
        return dataclasses.replace(data, **seen)

    monkeypatch.setattr(kinds, "collect_dataset", collect)
    hidden, wrapped = [], run.bc
    monkeypatch.setattr(run, "bc", lambda c, play, watch: hidden.append(c.hide) or wrapped(c, play))
    record = observation_study(config)
    assert asked == [("full", 1000, 4, "striker"), ("robot", 1000, 4, "striker")]
    assert [group["x"] for group in record["groups"]] == ["full", "robot", "agent", "agent, all of it"]
    assert hidden == [("auto",)] * 6 + [()] * 2
    assert {spec.observation for spec, *_ in scores.calls[:-1]} == {"full", "robot", "agent"}
    assert {seed for _, _, seed in scores.calls} == {0, 7}


def test_the_fewest_demonstrations_are_corrected_too(config, scores, monkeypatch):
    monkeypatch.setattr(run, "collect_dataset", lambda settings, policy, progress: demonstrations(6, seed=5))
    learnt, wrapped = [], run.bc
    monkeypatch.setattr(
        run, "bc", lambda c, play, watch: learnt.append(read_dataset(c.dataset[0])) or wrapped(c, play)
    )
    record = few_study(config)
    assert [len(data.source) for data in learnt] == [3, 3]  # one of each task
    assert [(e["x"], e["seed"]) for e in record["entries"]] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert "its own states: walk error" in record["entries"][0] and record["settings"]["amounts"] == [1, 3]


def test_plain_regression_differs_in_the_kick_units_alone_and_a_clone_is_trained_once(
    config, scores, monkeypatch
):
    asked, wrapped = [], run.bc
    monkeypatch.setattr(run, "bc", lambda c, play, watch: asked.append(c) or wrapped(c, play))
    record = kicks_study(config)
    first, second = asked[0], asked[2]
    assert (first.kick_units, second.kick_units) == (False, True) and first.seed == second.seed == 0
    same = {"kick_units": True, "out": second.out, "dataset": second.dataset}
    assert dataclasses.replace(first, **same) == second
    assert [group["x"] for group in record["groups"]] == ["plain regression", "kick units"]
    assert {"held out: walk error", "held out: false kicks an episode"} <= set(record["entries"][0])
    dagger = dataclasses.replace(config, rounds=0, amounts=(4,))
    amount_study(dagger)  # of all demonstrations: the clones with kick units, which are there
    assert [c.out for c in asked[4:]] == [c.out for c in asked[2:4]]


def test_epochs_of_one_training_are_scored(config, scores):
    record = epochs_study(dataclasses.replace(config, epochs=3, kept_epochs=(1, 3)))
    assert [(e["x"], e["seed"]) for e in record["entries"]] == [(1, 0), (3, 0), (1, 1), (3, 1)]
    assert {seed for _, _, seed in scores.calls} == {0, 7}  # a choice is made by tuning seeds
    first, last = record["entries"][:2]
    assert first["val/loss"] != last["val/loss"] and isinstance(first["val/loss"], float)


def test_one_study_alone(config, scores, tmp_path):
    kinds.run_studies(dataclasses.replace(config, only=("kicks",)))
    assert [file.name for file in sorted((tmp_path / "curves").iterdir())] == [
        "bc_kicks.json",
        "manifest.json",
    ]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"amounts": ()}, r"--amounts got \(\); expected one number or more"),
        ({"amounts": (1, 1)}, r"--amounts got \(1, 1\)"),
        ({"amounts": (-1,)}, "--amounts got -1"),
        ({"amounts": (2, 5)}, "--amounts got 5; expected at most the 4 episodes"),
        ({"rounds": -1}, "--rounds got -1"),
        ({"round_episodes": 0}, "--round-episodes got 0"),
        ({"seeds": 0}, "--seeds got 0"),
        ({"epochs": 0}, "--epochs got 0"),
        ({"episodes": 0}, "--episodes got 0"),
        ({"kept_epochs": ()}, r"--kept-epochs got \(\)"),
        ({"only": ("dager",)}, "--only got 'dager'; expected some of amount, observation"),
        ({"dataset": "nope.npz"}, "cannot read nope.npz"),
    ],
)
def test_a_study_that_cannot_be_made_is_not_begun(config, scores, tmp_path, setting, words):
    with pytest.raises(InputError, match=words):
        kinds.run_studies(dataclasses.replace(config, **setting))
    assert not scores.calls and not (tmp_path / "curves").exists()


def test_a_damaged_curve_is_one_line(config, scores, tmp_path):
    amount_study(config)
    for content in ("[]", "{}", "[" * 100_000):
        (tmp_path / "curves" / "bc_amount.json").write_text(content)
        with pytest.raises(InputError, match=r"bc_amount\.json"):
            amount_study(config)
