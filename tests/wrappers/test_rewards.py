"""Reward layers: what is paid, what shaping leaves unchanged, and bad input as one line."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.envs.make import get_state, set_state
from soccer_lib.errors import InputError
from soccer_lib.policies.striker import Striker
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.sim import make_sim
from soccer_lib.wrappers import CONTROLS
from soccer_lib.wrappers.observation import RawObservation
from soccer_lib.wrappers.rewards import PROFILES, parse_weights
from soccer_lib.wrappers.rewards.layers import ProfileReward

PLAIN = {"score": 1, "score_at_par": 0}


def play(env, actions, seed=3):
    """Rewards, infos and the last `terminated` and `truncated` of fixed actions."""
    env.reset(seed=seed)
    rewards, infos = [], []
    for action in actions:
        _, reward, terminated, truncated, info = env.step(action)
        rewards.append(reward)
        infos.append(info)
        if terminated or truncated:
            break
    return rewards, infos, terminated, truncated


def discounted(rewards, infos, gamma, hold):
    """The return as the trainer discounts it, and the discount after the last step."""
    total, discount = 0.0, 1.0
    for reward, info in zip(rewards, infos, strict=True):
        total += discount * reward
        discount *= gamma ** (info["held_steps"] / hold)
    return total, discount


def start_potential(env, seed=3):
    env.reset(seed=seed)
    layer = env.get_wrapper_attr
    return potential_of(layer("weights"), layer("_potentials"), layer("_read")())


def potential_of(weights, potentials, scene):
    return sum(weights[name] * potential(scene) for name, potential in potentials.items())


TILT = np.tile(np.array([-0.6, 0, 0, 0.2, -0.2, 0], np.float32), 2)
"""Joint targets that tip the robot over within a second."""


@pytest.mark.parametrize("task", sl.COMPETITION)
def test_shaping_changes_the_return_by_the_start_potential_only(task):
    arguments = {"control": "joint", "info": "terms", "reward_gamma": 0.97}
    actions = [TILT] * 500
    paid, infos, terminated, _ = play(sl.make_env(task, reward="competition", **arguments), actions)
    assert terminated and infos[-1]["held_steps"] < 10, "the last step is a short one"
    score, plain = infos[-1]["episode_report"]["score"], discounted(paid, infos, 0.97, 10)[0]
    assert abs(plain) < 0.4 * abs(score)
    for gamma, weights, without in ((0.97, PLAIN, plain), (0.998, None, score)):
        env = sl.make_env(
            task, reward="shaped", reward_weights=weights, **{**arguments, "reward_gamma": gamma}
        )
        hinted, infos, *_ = play(env, actions)
        start = start_potential(env)
        assert start > 0.5
        assert discounted(hinted, infos, gamma, 10)[0] == pytest.approx(without - start, abs=1e-9)


def time_out(env):
    """Jump to the last physics steps before the time limit."""
    env.reset(seed=3)
    env.unwrapped.n_steps = env.unwrapped.task.max_steps - 4
    return env.step(np.zeros(12, np.float32))


def test_a_time_out_is_an_end_for_who_pays_for_the_end_and_else_keeps_its_potential():
    _, reward, terminated, truncated, info = time_out(
        sl.make_env("kick_to_target", reward="shaped", control="joint")
    )
    assert terminated and not truncated and info["held_steps"] == 4
    env = sl.make_env(
        "kick_to_target",
        reward="shaped",
        control="joint",
        reward_weights={"score_at_par": 0},
        reward_gamma=0.9,
    )
    start = start_potential(env)
    _, reward, terminated, truncated, info = time_out(env)
    assert truncated and not terminated
    layer = env.get_wrapper_attr
    end = potential_of(layer("weights"), layer("_potentials"), layer("_before"))
    assert end > 0.5 and reward == pytest.approx(0.9 ** (4 / 10) * end - start, abs=1e-9)
    for profile, ended in (
        ("competition", True),
        ("tight", True),
        ("competition-dense", False),
        ("env", False),
    ):
        _, _, terminated, truncated, _ = time_out(
            sl.make_env("kick_to_target", reward=profile, control="joint")
        )
        assert (terminated, truncated) == (ended, not ended), profile


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("task", sl.COMPETITION)
def test_shares_are_weighted_values_and_add_up(task, profile):
    env = sl.make_env(task, reward=profile, control="joint", info="terms")
    weights = PROFILES[profile]["target" if task == "kick_to_target" else "penalty"]
    for reward, info in zip(*play(env, [TILT] * 20)[:2], strict=True):
        assert info["reward_values"].keys() == info["reward_shares"].keys() == weights.keys()
        for name, weight in weights.items():
            assert info["reward_shares"][name] == weight * info["reward_values"][name]
        assert reward == pytest.approx(sum(info["reward_shares"].values()), abs=1e-12)
        assert info["reward_terms"].keys() >= OFFICIAL_WEIGHTS[task].keys() - {"steps"}


def test_weights_go_over_those_of_the_profile():
    weights = {"time": -2.0, "phi_standing": 0, "approach_ball": 0.5}
    env = sl.make_env("kick_to_target", reward="shaped", reward_weights=weights)
    _, (info,), *_ = play(env, [np.zeros(12, np.float32)])
    assert (
        info["reward_shares"]["time"] == pytest.approx(-2 * 0.002)
        and "phi_standing" not in info["reward_shares"]
    )
    assert {"approach_ball", "phi_near_ball", "score_at_par"} <= info["reward_shares"].keys()
    assert "phi_standing" in PROFILES["shaped"]["target"], "the table of profiles stays as it is"


def test_one_large_weight_is_paid_in_full():
    env = sl.make_env("kick_to_target", reward="shaped", reward_weights={"fall": -1e6}, control="joint")
    rewards, infos, *_ = play(env, [TILT] * 500)
    assert infos[-1]["reward_shares"]["fall"] == -1e6 and rewards[-1] < -9e5


def test_the_hold_does_not_change_what_a_second_earns(walker):
    seconds = []
    for hold in (10, 50):
        env = sl.make_env("goalie_penalty_kick", control="command", hold=hold, reward="tight", walker=walker)
        infos = play(env, [np.zeros(3, np.float32)] * (500 // hold))[1]
        names = ("time", "robot_distance_ball")
        seconds.append([sum(info["reward_shares"][name] for info in infos) for name in names])
    assert seconds[0][0] == pytest.approx(-0.5) and seconds[0][1] == pytest.approx(10 * 0.03, rel=0.1)
    np.testing.assert_allclose(seconds[1], seconds[0], rtol=0.02)


def test_the_default_gamma_is_that_of_the_interface_and_the_same_over_a_second(walker):
    gammas = {}
    for control in CONTROLS:
        more = {"walker": walker} if control == "command" else {}
        env = sl.make_env("kick_to_target", control=control, reward="shaped", **more)
        gammas[control] = env.get_wrapper_attr("_gamma") ** (500 / env.get_wrapper_attr("hold"))
    assert env.get_wrapper_attr("_gamma") == 0.99
    assert all(gamma == pytest.approx(0.904, abs=0.002) for gamma in gammas.values())


@pytest.mark.golden
def test_fast_and_stock_pay_the_same():
    weights = dict.fromkeys(
        ("approach_ball", "face_ball", "energy", "shake", "foot_slip", "ball_to_target"), 0.1
    )
    actions = np.random.default_rng(2).uniform(-0.3, 0.3, (20, 12)).astype(np.float32)
    for task in sl.COMPETITION:
        paid = [
            play(
                sl.make_env(task, fast=fast, reward="shaped", reward_weights=weights, control="joint"),
                actions,
            )[0]
            for fast in (True, False)
        ]
        assert paid[0] == paid[1]


def test_a_state_continues_to_the_bit():
    env = sl.make_env(
        "kick_to_target", reward="shaped", reward_weights={"approach_ball": 1.0}, control="joint"
    )
    play(env, [TILT] * 10)
    state = get_state(env)
    after = [env.step(TILT)[1] for _ in range(5)]
    play(env, [-TILT] * 7, seed=8)
    set_state(env, state)
    assert [env.step(TILT)[1] for _ in range(5)] == after


def test_each_task_of_several_gets_its_own_kind():
    tasks = {"goalie_penalty_kick": 8.0, "kick_to_target": 1.0}
    env = sl.make_env(list(tasks), observation="full", reward="shaped", seed=0)
    seen = {}
    for _ in range(12):
        env.reset()
        task = env.step(np.zeros(12, np.float32))[4]["task_name"]
        seen[task] = env.get_wrapper_attr("active").get_wrapper_attr("weights")["phi_ball_on_its_way"]
    assert seen == tasks


def test_official_terms_have_no_weight_to_set():
    for name in ("goal_scored", "ball_hits", "steps"):
        with pytest.raises(InputError, match="unknown reward term"):
            sl.make_env("goalie_penalty_kick", reward="shaped", reward_weights={name: 9.0})
    env = sl.make_env(
        "kick_to_target", reward="shaped", reward_weights={"score_at_par": 100.0}, control="joint"
    )
    _, infos, *_ = play(env, [TILT] * 500)
    report = infos[-1]["episode_report"]
    assert (
        report["score"] == pytest.approx(-0.3, abs=0.1) and infos[-1]["reward_shares"]["score_at_par"] < -20
    )


@pytest.mark.parametrize(
    ("task", "arguments", "parts"),
    [
        ("kick_to_target", {"reward": "shapd"}, ["unknown reward 'shapd'", "did you mean 'shaped'?"]),
        ("kick_to_target", {"reward_weights": {"aproach_ball": 1}}, ["'aproach_ball'", "'approach_ball'?"]),
        (
            "kick_to_target",
            {"reward_weights": {"time": math.nan}},
            ["'time' got nan", "finite number", "try 0"],
        ),
        ("kick_to_target", {"reward_weights": {"time": math.inf}}, ["'time' got inf"]),
        ("kick_to_target", {"reward_weights": {"time": "1"}}, ["'time' got '1'"]),
        ("kick_to_target", {"reward_weights": {"time": True}}, ["'time' got True"]),
        ("kick_to_target", {"reward_gamma": 1.5}, ["gamma got 1.5", "(0, 1]", "try 0.99"]),
        ("kick_to_target", {"reward_gamma": math.nan}, ["gamma got nan"]),
        ("kick_to_target", {"reward_gamma": 0.99}, ["'score_at_par' came with gamma 0.99", "above 0.9994"]),
        (
            "kick_to_target",
            {"reward": "env", "reward_weights": {"time": 1}},
            ["'env'", "none to set", "'shaped'"],
        ),
        ("kick_to_target", {"reward_weights": {"ball_vel_twd_goal": 1.0}}, ["ball_vel_twd_goal=0"]),
        ("penalty_kick", {}, ["'shaped' is not defined for task 'penalty_kick'", "reward='env'"]),
        ("goal_keeper", {"reward": "tight"}, ["'tight' is not defined for task 'goal_keeper'"]),
    ],
)
def test_bad_input_is_one_line(task, arguments, parts):
    with pytest.raises(InputError) as error:
        sl.make_env(task, **{"reward": "shaped", **arguments})
    for part in parts:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_dense_profiles_need_no_official_score():
    env = sl.make_env("penalty_kick", reward="tight")
    assert "goal" in play(env, [np.zeros(12, np.float32)])[1][0]["reward_shares"]


def test_what_depends_on_gamma_needs_it():
    env = RawObservation(CONTROLS["torque"](make_sim("kick_to_target"), sum_reward=False))
    with pytest.raises(
        InputError, match=r"'phi_near_ball' came with gamma None; expected the run's discount"
    ):
        ProfileReward(env, "shaped", {"score_at_par": 0})
    no_potentials = {name: 0 for name in PROFILES["shaped"]["target"] if name.startswith("phi_")}
    with pytest.raises(InputError, match="'score_at_par' came with gamma None"):
        ProfileReward(env, "shaped", no_potentials)
    ProfileReward(env, "tight", {})
    ProfileReward(env, "shaped", {**no_potentials, **PLAIN})


def test_a_kick_is_paid_once(walker):
    env = sl.make_env(
        "goalie_penalty_kick",
        control="command",
        observation="agent",
        reward="tight",
        reward_weights={"aligned_kick": 1.0},
        walker=walker,
    )
    striker, over, fired = Striker(), False, []
    observation, _ = env.reset(seed=0)
    state = striker.begin()
    while not over:
        action, state = striker.predict(observation, state)
        observation, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
        values = info["reward_values"]
        if info["macro_triggered"]:
            fired.append((values["macro_bonus"], values["aligned_kick"]))
        else:
            assert values["macro_bonus"] == values["aligned_kick"] == 0
    assert fired[0][0] == 1 and 0.7 < fired[0][1] <= 1 and not any(bonus for bonus, _ in fired[1:])


def test_weights_on_a_command_line():
    assert parse_weights("") == {}
    assert parse_weights("approach_ball=1, time=-0.5") == {"approach_ball": 1.0, "time": -0.5}
    for text in ("approach_ball", "approach_ball=", "approach_ball=1=2", "a=b"):
        with pytest.raises(InputError, match="not pairs; expected name=number"):
            parse_weights(text)


def test_profiles_are_plain_data():
    assert json.loads(json.dumps(PROFILES)) == PROFILES
    assert {kind: table["goal"] for kind, table in PROFILES["tight"].items()} == {
        "penalty": 36.0,
        "target": 24.0,
    }
    dense = {"robot_distance_ball": 10.0, "goal": 30.0, "ball_vel_twd_goal": 20.0, "time": -0.5}
    assert PROFILES["competition-dense"]["penalty"] == dense
    assert PROFILES["competition-dense"]["target"] == {"distance": 5.0, "goal": 20.0, "time": -0.5}
    more = {"time_out": -0.05, "macro_bonus": 0.02}
    assert PROFILES["pressure_shot"]["penalty"] == pytest.approx(
        {**dense, "goal": 33.0, "ball_vel_twd_goal": 22.0, **more}
    )
