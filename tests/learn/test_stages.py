"""Stages for real: each from the best of the last, one folder, and a kill between that changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soccer_lib.cli.stages import StagesConfig, planned_stages
from soccer_lib.errors import InputError
from soccer_lib.learn.callbacks.episodes import EpisodeStatistics
from soccer_lib.learn.stages import train_stages
from soccer_lib.policies import load_policy
from tests.learn.test_resume_killed import flags
from tests.learn.tiny import TINY

RECIPE = "[[stages]]\nname = 'first'\n[[stages]]\nname = 'second'\nreward_profile = 'shaped'\nlr = 1e-5\n"


class Killed(BaseException):
    """What no handler of a run expects."""


def stages_in(folder: Path):
    file = folder / "recipe.toml"
    file.write_text(RECIPE)
    words = flags(TINY)
    pairs = {}
    for word in words:
        if word.startswith("--"):
            name = word[2:]
            pairs[name] = []
        else:
            pairs[name].append(word)
    typed = " ".join(f"{name}='{' '.join(values)}'" for name, values in pairs.items())
    return planned_stages(StagesConfig(str(file), str(folder / "all"), typed))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, walker) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    train_stages(folder / "all", stages_in(folder))
    return folder / "all"


def test_the_folder_has_the_table_and_the_last_stages_policy(whole):
    table = json.loads((whole / "stages.json").read_text())
    assert [row["stage"] for row in table] == ["1_first", "2_second"]
    assert [row["reward_profile"] for row in table] == ["guided", "shaped"]
    assert {row["status"] for row in table} == {"done"} and all(row["minutes"] >= 0 for row in table)
    status = json.loads((whole / "2_second" / "status.json").read_text())
    assert table[1]["official_score"] == status["comp_eval/C_overall"]
    assert "2_second" in (whole / "stages.md").read_text()
    best = (whole / "best_model_competition.safetensors").read_bytes()
    assert best == (whole / "2_second" / "best_model_competition.safetensors").read_bytes()
    assert load_policy(whole).spec.control == "command"


def test_the_second_stage_starts_from_the_best_of_the_first(whole):
    start = load_policy(whole / "2_second" / "snapshots" / "step_000000000.safetensors")
    best = load_policy(whole / "1_first")
    for (_, mine), (_, other) in zip(start.network.layers, best.network.layers, strict=True):
        assert all((mine[name] == other[name]).all() for name in mine)


def test_a_kill_in_the_second_stage_changes_nothing(whole, tmp_path, monkeypatch):
    unharmed = EpisodeStatistics._on_step

    def on_step(self: EpisodeStatistics) -> bool:
        if self.num_timesteps >= 40 and self.model.logger and self.training_env and on_second():
            raise Killed
        return unharmed(self)

    def on_second() -> bool:
        return (tmp_path / "all" / "2_second" / "checkpoints").is_dir()

    stages = stages_in(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(EpisodeStatistics, "_on_step", on_step)
        train_stages(tmp_path / "all", stages)
    table = json.loads((tmp_path / "all" / "stages.json").read_text())
    assert [row["status"] for row in table][0] == "done" != table[1]["status"]
    assert not (tmp_path / "all" / "best_model_competition.safetensors").exists()
    train_stages(tmp_path / "all", stages)
    for name in ("1_first", "2_second"):
        mine = (tmp_path / "all" / name / "final_model.safetensors").read_bytes()
        assert mine == (whole / name / "final_model.safetensors").read_bytes()


def test_a_folder_of_other_stages_is_refused(whole, tmp_path):
    with pytest.raises(InputError, match="stages"):
        train_stages(whole, stages_in(tmp_path)[:1])
