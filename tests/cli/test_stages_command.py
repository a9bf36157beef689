"""Recipes of stages: what each stage's settings come to, and wrong ones in a line."""

from __future__ import annotations

import pytest

from soccer_lib.cli.main import main
from soccer_lib.cli.stages import StagesConfig, planned_stages
from soccer_lib.errors import InputError


def planned(tmp_path, text, **settings):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return planned_stages(StagesConfig(str(file), **{"save_dir": "runs/mine", **settings}))


def test_overnight_falls_in_rate_and_noise_and_each_stage_starts_from_the_last():
    stages = planned_stages(StagesConfig("overnight", flags="bc_weights=runs/bc n_envs=4 eval_seeds='0 1'"))
    assert [stage.save_dir for stage in stages] == [
        "runs/overnight/1_base",
        "runs/overnight/2_pressure_shot",
        "runs/overnight/3_tight",
    ]
    assert [stage.bc_weights for stage in stages] == ["runs/bc", stages[0].save_dir, stages[1].save_dir]
    assert [stage.reward_profile for stage in stages] == ["competition-dense", "pressure_shot", "tight"]
    assert [stage.lr for stage in stages] == [1e-4, 1e-4, 5e-5]
    assert [stage.tau for stage in stages] == [0.003, 0.003, 0.002]
    assert [stage.action_noise_sigma for stage in stages] == [0.1, 0.1, 0.05]
    assert {(stage.algo, stage.n_envs, stage.eval_seeds) for stage in stages} == {("td3", 4, (0, 1))}


def test_flags_go_over_stages_and_those_over_the_top_of_the_file(tmp_path):
    text = "lr = 1e-3\ngamma = 0.9\nnormalize_obs = true\n[[stages]]\nlr = 1e-4\n[[stages]]\nname = 'two'\n"
    one, two = planned(tmp_path, text, flags="gamma=0.8")
    assert (one.lr, one.gamma, two.lr, two.gamma) == (1e-4, 0.8, 1e-3, 0.8)
    assert one.normalize_obs and (one.save_dir, two.save_dir) == ("runs/mine/1_stage", "runs/mine/2_two")
    of_list, _ = planned(tmp_path, "tasks = ['kick_to_target', 'penalty_kick']\n[[stages]]\n[[stages]]\n")
    assert of_list.tasks == ("kick_to_target", "penalty_kick")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr = 1e-4", ["no stages", "[[stages]]"]),
        ("stages = []", ["no stages"]),
        (
            "[[stages]]\n[[stages]]\nname = 'fine'\nlrr = 1",
            ["stage 2 (fine)", "'--lrr'", "did you mean '--lr'?"],
        ),
        ("[[stages]]\nlr = 7", ["stage 1", "--lr got 7"]),
        ("[[stages]]\nreward_profile = 'tigth'", ["stage 1", "'tight'"]),
        ("[[stages]]\n[[stages]]\nbc_weights = 'x'", ["stage 2", "bc_weights"]),
        ("save_dir = 'x'\n[[stages]]", ["stage 1", "save_dir"]),
        ("[[stages]]\nname = 'a b'", ["letters"]),
        ("[[stages]]\nname = 3", ["name got 3"]),
        ("[[stages]\n", ["cannot read"]),
        ("[[stages]]\ncurriculum = '{}'", ["stage 1", "no levels"]),
        ("[[stages]]\nrandomise = '{\"mass\": [2, 1]}'", ["stage 1", "lower end first"]),
    ],
)
def test_wrong_recipes_are_refused_in_a_line(text, words, tmp_path):
    with pytest.raises(InputError) as error:
        planned(tmp_path, text)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_flags_are_pairs(tmp_path):
    with pytest.raises(InputError, match="--flags got 'lr'; expected name=value"):
        planned(tmp_path, "[[stages]]", flags="lr 0.1")


def test_an_unknown_recipe_is_one_line(capsys):
    assert main(["stages", "overnigth"]) == 2
    assert "did you mean 'overnight'?" in capsys.readouterr().err
