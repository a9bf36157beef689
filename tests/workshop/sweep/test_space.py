"""What a sweep varies: every mistake is found before a trial begins, and a trial's command can be typed."""

from __future__ import annotations

import pytest

from soccer_lib.cli.main import parse_config
from soccer_lib.errors import InputError
from soccer_lib.learn.config import TrainConfig
from soccer_lib.workshop.sweep.space import PACKAGED, Parameter, read_space, rungs_of


def varying(**space: object) -> dict[str, object]:
    return {"fixed": {"preset": "scratch"}, "space": space}


@pytest.mark.parametrize("name", sorted(path.stem for path in PACKAGED.glob("*.toml")))
def test_packaged_spaces_are_accepted_by_their_command_and_have_rungs(name):
    space = read_space(name)
    every, total = rungs_of(space)
    assert total // every in (4, 5) and len(space.parameters) >= 5
    assert read_space(space.to_table()) == space, "what the study keeps says the same"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (varying(lrr={"low": 1e-4, "high": 1e-3}), "unknown parameter of train .*'lrr'.*did you mean 'lr'"),
        (varying(lr={"low": 1e-4, "high": 2}), "--lr got 2.0; expected a finite number above 0 up to 1"),
        (varying(lr={"low": 1e-3, "high": 1e-4}), "lr: high got 0.0001; expected .* above 0.001"),
        (varying(lr={"low": 0, "high": 1e-3, "log": True}), "lr is logarithmic from 0"),
        (varying(lr={"low": 1e-4, "hihg": 1e-3}), "unknown entry .*'hihg'.*did you mean 'high'"),
        (varying(lr={"choices": [1e-3]}), "expected two or more choices"),
        (varying(n_envs={"low": 1.5, "high": 4}), "n_envs: low got 1.5; expected a whole number"),
        (varying(algo={"choices": ["td3", "a2c"]}), "--algo 'a2c'"),
        (varying(seed={"choices": [1, 2]}), "unknown parameter .*'seed'"),
        (varying(total_timesteps={"choices": [10, 20]}), "unknown parameter .*'total_timesteps'"),
        (varying(**{"reward_weights.aproach_ball": {"low": 0, "high": 1}}), "did you mean 'approach_ball'"),
        (varying(**{"lr.x": {"low": 0, "high": 1}}), "unknown parameter .*'lr.x'"),
        ({**varying(lr={"low": 1e-4, "high": 1e-3}), "fixd": {}}, "did you mean 'fixed'"),
        ({"fixed": {"save_dir": "x"}, "space": {"lr": {"low": 1e-4, "high": 1e-3}}}, "unknown setting"),
        ({"command": "bc", "space": {"gamma": {"low": 0.5, "high": 0.9}}}, "unknown parameter of bc"),
        ({"fixed": {"tasks": ["goal_keeper"]}, "space": {"lr": {"low": 1e-4, "high": 1e-3}}}, "no official"),
        ({"fixed": {"eval_seeds": [0, 60]}, "space": {"lr": {"low": 1e-4, "high": 1e-3}}}, "seeds below 50"),
        ({"space": {}}, "varies nothing"),
        ({"fixed": {"lr": 1e-3}, "space": {"lr": {"low": 1e-4, "high": 1e-3}}}, "fixes and varies lr"),
        ({**varying(lr={"low": 1e-4, "high": 1e-3}), "rung_episodes": 3}, "expected them with bc"),
    ],
)  # fmt: skip
def test_a_wrong_space_is_one_line_that_names_what_is_wrong(table, words):
    with pytest.raises(InputError, match=words) as error:
        read_space(table)
    assert "\n" not in str(error.value)


def test_the_words_of_a_trial_are_those_of_its_settings():
    space = read_space(varying(
        lr={"low": 1e-4, "high": 1e-3, "log": True}, n_epochs={"low": 2, "high": 9},
        **{"reward_weights.score": {"low": 0.5, "high": 2.0}},
    ))  # fmt: skip
    drawn = {"lr": 0.000123456789, "n_epochs": 3, "reward_weights.score": 1.00049}
    words = space.words(drawn, 7, "runs/x")
    config = parse_config(TrainConfig, words, "train")
    assert (config.lr, config.n_epochs, config.reward_weights) == (0.0001235, 3, "score=1.0")
    assert (config.seed, config.save_dir, config.workers) == (7, "runs/x", 0)


def test_a_flag_fixes_what_the_space_varies():
    space = read_space("ppo", {"lr": ["0.001"]})
    assert "lr" not in {one.name for one in space.parameters}
    assert (
        parse_config(
            TrainConfig,
            space.words({"gamma": 0.96} | {one.name: one.edges[0] for one in space.parameters}, 0, "x"),
            "train",
        ).lr
        == 0.001
    )


def test_rounding_stays_within_the_range():
    assert Parameter("lr", 1e-4, 1.23456e-4).rounded(1.23456e-4) == 1.23456e-4
    assert Parameter("n", 1, 9, whole=True).rounded(4) == 4
    assert Parameter("a", choices=("x", "y")).edges == ("x", "y")


def test_pairs_are_added_to_those_that_are_fixed():
    table = varying(**{"reward_weights.score": {"low": 0.5, "high": 2.0}})
    table["fixed"]["reward_weights"] = "line_up=2"
    words = read_space(table).words({"reward_weights.score": 0.5}, 0, "x")
    assert "line_up=2,score=0.5" in words
