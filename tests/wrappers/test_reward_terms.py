"""Reward terms and potentials, each computed by hand; standing still and falling earn nothing."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.layout import ROBOT
from soccer_lib.policies import load_policy
from soccer_lib.wrappers.rewards.field_state import FieldState as State
from soccer_lib.wrappers.rewards.field_state import FieldStateReader, Step
from soccer_lib.wrappers.rewards.potential import POTENTIALS, shaping
from soccer_lib.wrappers.rewards.terms import MACRO_GATE, STOCK_RATES, TERMS

EARN = ("approach_ball", "face_ball", "face_target", "line_up", "ball_to_target", "upright", "height",
        "aligned_kick", "aimed_kick", "macro_bonus", "goal")  # fmt: skip
"""Terms that take a positive weight."""
COST = ("walk_away", "time", "energy", "shake", "foot_slip", "blocked", "offside", "fall", "time_out")
"""Terms that take a negative weight."""


def value(name: str, **step) -> float:
    return TERMS[name](Step(**step), **(MACRO_GATE if name == "macro_bonus" else {}))


def kick(ball=0.3 + 0j, target=2 + 0j, **more):
    return {"before": State(ball=ball, target=target), "kicked": True, "kicks": 1, **more}


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        # Heading along the world's y axis: 0.3 m there is 0.3 m ahead.
        ("approach_ball", {"before": State(heading=math.pi / 2), "after": State(place=0.3j)}, 0.3),
        # From 2 m ahead to the side: sqrt(2^2 + 1.5^2) = 2.5.
        ("approach_ball", {"after": State(place=1.5j)}, -0.5),
        ("approach_ball", {"after": State(place=0.5 + 0j, ball=9 + 0j)}, 0.5),  # the ball was kicked away
        ("walk_away", {"after": State(place=-0.2 + 0j)}, 0.2),
        ("walk_away", {"after": State(place=0.2 + 0j)}, 0.0),
        ("face_ball", {"before": State(ball=1j), "after": State(ball=1 - 1j)}, math.pi / 4),
        ("face_ball", {"before": State(ball=-1 + 0j), "after": State(upright=0.0)}, 0.0),
        ("face_target", {"before": State(target=1 + 1j), "after": State(target=-1j)}, -math.pi / 4),
        # The ball's way points to the left; of its 90 degrees the robot turned 0.5 rad.
        ("line_up", {"before": State(ball=1, target=1 + 2j), "after": State(heading=0.5)}, 0.5),
        ("line_up", {"before": State(heading=3.0, ball=1, target=2), "after": State(heading=3.5)}, -0.5),
        ("line_up", {"before": State(ball=1, target=1j), "after": State(heading=1, upright=0.0)}, 0.0),
        ("ball_to_target", {"before": State(ball=3j, target=0j), "after": State(ball=5j, target=0j)}, -2.0),
        ("ball_to_target", {"before": State(ball=1 + 0j), "after": State(ball=2 + 0j)}, 1.0),
        ("upright", {"after": State(upright=0.8), "held": 0.5}, -0.1),
        ("height", {"after": State(height=0.45), "held": 0.2}, -0.01),
        ("height", {"after": State(height=0.52)}, 0.0),
        ("time", {"held": 0.7}, 0.7),
        ("energy", {"after": State(power=60.0), "held": 0.1}, 6.0),
        ("shake", {"after": State(shake=20.0), "held": 0.1}, 2.0),
        ("foot_slip", {"after": State(slip=0.3), "held": 0.1}, 0.03),
        ("aligned_kick", kick(), 1.0),
        ("aligned_kick", kick(ball=1j, target=2 + 3j), math.sqrt(0.5)),  # 45 degrees off the line
        ("aligned_kick", kick(target=-1 + 0j), 0.0),
        ("aligned_kick", kick(kicked=False), 0.0),
        ("aimed_kick", kick(), 1.0),
        # To the ball's left, and the ball aside: the line ahead of the ball is what counts.
        ("aimed_kick", kick(ball=0.3 + 0.2j, target=2 + 0.2j), 1.0),
        # 3 m on and 1.6 m aside, as far as it reaches: (3 / 3.4 + 1/2) / 2; twice as far aside, as far on.
        ("aimed_kick", kick(target=3.3 + 1.6j), (3 / 3.4 + 0.5) / 2),
        ("aimed_kick", kick(target=3.5 - 3.2j), (math.sqrt(0.5) + 0.2) / 2),
        ("aimed_kick", kick(target=-2 + 0j), 0.0),
        ("aimed_kick", kick(kicked=False), 0.0),
        ("aimed_kick", kick(kicks=2), 0.0),
        ("macro_bonus", kick(), 1.0),
        ("macro_bonus", kick(kicks=2), 0.0),
        ("macro_bonus", kick(ball=0.6 + 0j), 0.0),
        ("macro_bonus", kick(ball=0.4 + 0j, target=1.4 + 0.4j), 0.0),  # atan(0.4) = 0.38 rad off
        ("macro_bonus", kick(ball=0.4 + 0j, target=1.4 + 0.3j), 1.0),  # atan(0.3) = 0.29 rad off
        ("score", {"outcome": "fall", "task": "kick_to_target",
                   "stock": {"offside": False, "success": False, "distance": 0.2}}, -0.2),
        ("score", {"stock": {}}, 0.0),
        ("score_at_par", {"outcome": "fall", "task": "kick_to_target", "discount": 0.4,
                          "stock": {"offside": False, "success": True, "distance": 0.2}}, 4.5),
        ("score_at_par", {"stock": {}, "discount": 0.4}, 0.0),
        ("goal", {"outcome": "success"}, 1.0),
        ("goal", {"outcome": "blocked"}, 0.0),
        ("blocked", {"outcome": "blocked"}, 1.0),
        ("offside", {"outcome": "out_of_field"}, 1.0),
        ("fall", {"outcome": "fall"}, 1.0),
        ("time_out", {"outcome": "time_limit"}, 1.0),
        ("robot_distance_ball", {"stock": {"robot_distance_ball": 1.5}, "held": 0.1}, 0.15),
        ("ball_vel_twd_goal", {"stock": {"ball_vel_twd_goal": -2.0}, "held": 0.5}, -1.0),
        ("distance", {"stock": {"distance": 0.5}, "held": 0.1}, 0.05),
    ],
)  # fmt: skip
def test_each_term_by_hand(name, step, expected):
    assert value(name, **step) == pytest.approx(expected, abs=1e-12)


def test_every_term_is_tested_and_of_one_kind():
    tested = {mark[0] for mark in test_each_term_by_hand.pytestmark[0].args[1]}
    assert tested == set(TERMS) == {*EARN, *COST, *STOCK_RATES, "score", "score_at_par"}


@pytest.mark.parametrize("name", [*EARN, *COST])
def test_standing_still_and_falling_earn_nothing(name):
    standing = value(name)
    # Half a turn of the heading is what tipping over does to it.
    lying = State(heading=math.pi, ball=-2 + 0j, target=-4 + 0j, upright=-0.1, height=0.3, shake=50.0)
    falling = value(name, after=lying, outcome="fall")
    if name in EARN:
        assert standing == 0 and falling <= 0
    else:
        assert falling >= 0 and standing == (0.1 if name == "time" else 0)


@pytest.mark.parametrize("task", sl.COMPETITION)
@pytest.mark.parametrize(("policy", "steps"), [("zero", 5000), ("stand", 400)])
def test_standing_and_falling_earn_nothing_in_the_real_environment(task, policy, steps):
    weights = dict.fromkeys(EARN, 1.0)
    env = sl.make_env(task, reward="shaped", reward_weights=weights, info="terms")
    policy, over, earned = load_policy(policy), False, dict.fromkeys(EARN, 0.0)
    observation, _ = env.reset(seed=3)
    while not over and steps:
        observation, _, terminated, truncated, info = env.step(policy.predict(observation)[0])
        over, steps = terminated or truncated, steps - 1
        for name in EARN:
            earned[name] += info["reward_values"][name]
    assert all(total < 0.02 for total in earned.values()), earned
    assert not over or info["reward_values"]["goal"] == 0


ROLLING = State(ball=1 + 0j, target=3 + 0j, ball_velocity=1 + 0j)


@pytest.mark.parametrize(
    ("name", "scene", "expected"),
    [
        ("phi_near_ball", State(ball=3j), 0.25),
        ("phi_near_ball", State(ball=0j), 1.0),
        ("phi_behind_ball", State(ball=1 + 0j), 0.5),
        ("phi_behind_ball", State(ball=1 + 0j, target=1 + 2j), 0.25),
        ("phi_behind_ball", State(ball=1 + 0j, target=-2 + 0j), 0.0),
        ("phi_ball_near_target", State(ball=1 + 0j, target=1 + 2j), 0.5),
        ("phi_ball_on_its_way", State(), 0.0),
        ("phi_ball_on_its_way", ROLLING, 0.5),
        ("phi_ball_on_its_way", State(ball=1 + 0j, target=3 + 0j, ball_velocity=-1 + 0j), 0.0),
        # Half the time that it takes is left.
        ("phi_ball_on_its_way", State(ball=1 + 0j, target=3 + 0j, ball_velocity=1 + 0j, time_left=1.0), 0.25),
        # 45 degrees off at 2 m: 1 m/s toward it, passes sqrt(2) m beside it.
        ("phi_ball_on_its_way", State(ball=0j, target=2 + 0j, ball_velocity=1 + 1j, reach=2**0.5), 0.25),
        # Half a second to a target in the air: 0.11 + 3 x 0.5 - 9.81 / 8 = 0.384 m high.
        ("phi_ball_on_its_way", State(ball=0j, target=2 + 0j, ball_velocity=4 + 0j, ball_climb=3.0,
                                      target_height=0.384 + 0.3, reach=0.3), 0.5),
        ("phi_standing", State(), 1.0),
        ("phi_standing", State(height=0.45, upright=0.8), 0.4),
        ("phi_standing", State(height=0.39), 0.0),
        ("phi_standing", State(upright=-0.5), 0.0),
    ],
)  # fmt: skip
def test_each_potential_by_hand(name, scene, expected):
    assert POTENTIALS[name](scene) == pytest.approx(expected, abs=5e-4)


def test_shaping_by_hand():
    assert shaping(2.0, 3.0, 0.9, ended=False) == pytest.approx(0.7)
    assert shaping(2.0, 3.0, 0.9, ended=True) == -2.0


def solve(shaped: bool, discount_time: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Action values of a small problem whose actions last 1 to 40 steps, and potentials; state 0 ends."""
    rng, n, gamma = np.random.default_rng(7), 6, 0.95
    chances, pay = rng.dirichlet(np.full(n, 0.4), (n, 3)), rng.normal(size=(n, 3, n))
    lasts, phi = rng.integers(1, 41, (n, 3)), rng.normal(size=n) * 5
    discount = np.repeat((gamma**lasts)[:, :, None], n, axis=2)
    if shaped:
        hints = discount if discount_time else np.full_like(discount, gamma)
        for s, a, to in np.ndindex(n, 3, n):
            pay[s, a, to] += shaping(phi[s], phi[to], hints[s, a, to], ended=to == 0)
    values = np.zeros((n, 3))
    for _ in range(2000):
        best = values.max(axis=1)
        best[0] = 0.0
        values = (chances * (pay + discount * best)).sum(axis=2)
    return values[1:], phi[1:]


def test_shaping_changes_no_best_action_of_a_small_problem():
    plain, phi = solve(shaped=False)
    hinted, _ = solve(shaped=True)
    np.testing.assert_allclose(hinted, plain - phi[:, None], atol=1e-9)
    assert (hinted.argmax(axis=1) == plain.argmax(axis=1)).all()
    wrong, _ = solve(shaped=True, discount_time=False)  # gamma for a step that is held longer
    assert (wrong.argmax(axis=1) != plain.argmax(axis=1)).any()


@pytest.mark.parametrize("task", sl.COMPETITION)
def test_the_scene_is_where_things_are(task):
    env = sl.make_env(task, control="joint", observation="robot")
    for seed in (1, 2):
        observation, info = env.reset(seed=seed)
        sim, scene = env.unwrapped, FieldStateReader(env.unwrapped)()
        ball = observation[
            ROBOT["ball_xpos_rel_robot"]
        ]  # from the IMU, which stands over the feet at the reset
        assert abs(scene.ball - complex(*ball[:2])) < 0.08
        world = scene.place + scene.ball * cmath.exp(1j * scene.heading)
        centre = sim.data.geom_xpos[sim.model.geom("ball").id]
        assert abs(world - complex(*centre[:2])) < 1e-6 and scene.ball_height == pytest.approx(0.11)
        target = scene.place + scene.target * cmath.exp(1j * scene.heading)
        if task == "kick_to_target":
            assert abs(target - complex(*sim.stock.goal_pos[:2])) < 1e-9
            assert scene.target_height == sim.stock.goal_pos[2]
            assert math.exp(-abs(scene.way)) == pytest.approx(info["reward_terms"]["distance"], rel=0.02)
        elif task == "obstacle_penalty_kick":
            assert 0.6 < scene.target_height < 1.7 and abs(target.real + 10.97) < 1e-6
        else:
            assert abs(target + 10.97) < 1e-6 and scene.target_height is None
        assert scene.upright == pytest.approx(1.0) and scene.height == pytest.approx(0.7, abs=0.01)
        assert scene.time_left == 10.0 and scene.ball_velocity == 0


def test_the_velocity_of_a_rolling_ball_is_that_of_its_centre():
    env = sl.make_env("goalie_penalty_kick")
    env.reset(seed=0)
    sim, read = env.unwrapped, FieldStateReader(env.unwrapped)
    sim.data.qvel[:6] = -1.1, 0.2, 0, -2, -10, 0
    places, speeds, of_site = [], [], []
    for _ in range(250):
        env.step(np.zeros(12, np.float32))
        scene = read()
        places.append(scene.place + scene.ball * cmath.exp(1j * scene.heading))
        speeds.append(scene.ball_velocity * cmath.exp(1j * scene.heading))
        of_site.append(abs(complex(*sim.readings.ball_velp[:2])))
    # A velocity after a step is that with which the step moved, and positions are one step older.
    np.testing.assert_allclose(np.diff(places) / 0.002, speeds[:-1], atol=0.05)
    assert max(of_site) > 1.5 * abs(speeds[-1]), "the observed point turns with the ball"
