"""Policies: one predict for single observations and batches, and the baselines."""

from __future__ import annotations

import pickle

import mujoco
import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.kicks import requested_kicks
from soccer_lib.control.weights import OWN_FILE
from soccer_lib.errors import InputError
from soccer_lib.layout import COMMAND_SCALE, KP, ROBOT, TORQUE_LIMIT
from soccer_lib.policies import BASELINES, Policy, PolicySpec, load_policy, stand_torque
from soccer_lib.sim import make_sim
from soccer_lib.sim.torque import STAND_KD, STAND_KP, STAND_POSE


class Counter(Policy):
    """Its action is how often it was asked since the episode began."""

    spec = PolicySpec("counter")

    def begin(self, seed=None):
        return 0

    def act(self, observation, state, deterministic):
        return np.full(12, state, np.float32), state + 1


@pytest.fixture
def rows() -> np.ndarray:
    """Numbers that could be observations of any layout."""
    return np.random.default_rng(3).normal(size=(5, 96)).astype(np.float32)


def seeing_ball(ahead: float, left: float) -> np.ndarray:
    observation = np.zeros(89, np.float32)
    observation[ROBOT["ball_xpos_rel_robot"]] = ahead, left, -0.6
    return observation


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_are_policies(name, rows):
    policy = load_policy(name)
    assert load_policy(policy) is policy and policy.spec.name == name
    action, _ = policy.predict(rows[0])
    assert action.shape == ((3,) if policy.spec.control == "command" else (12,))
    assert action.dtype == np.float32 and (np.abs(action) <= 1).all()
    assert pickle.loads(pickle.dumps(policy)).spec == policy.spec


@pytest.mark.parametrize("name", BASELINES)
def test_a_batch_changes_no_bit(name, rows):
    policy = load_policy(name)
    batch, states = policy.predict(rows, tuple(policy.begin(seed) for seed in range(5)))
    for seed, row in enumerate(rows):
        single, _ = policy.predict(row, policy.begin(seed))
        assert single.tobytes() == batch[seed].tobytes()
    again, _ = policy.predict(rows[:2], states[:2])
    assert again.shape == (2, batch.shape[1])


def test_the_best_agent_says_how_it_was_made_and_scores():
    best = load_policy("best")
    assert best.record["commands"][-1].startswith("python -m soccer_lib evaluate --policy best")
    result = sl.evaluate(best, "all", 1, 10_000, progress=False)
    assert result.summary["comp_total_sum"] > 38  # the striker has 44.3 in the mean
    assert all(episode.kicked and not episode.fallen for episode in result.episodes)


def test_random_is_decided_by_the_seed(rows):
    policy = load_policy("random")
    first, state = policy.predict(rows[0], policy.begin(7))
    second, _ = policy.predict(rows[0], state)
    assert (first != second).any()
    assert (first == policy.predict(rows[1], policy.begin(7))[0]).all()
    assert (first != policy.predict(rows[0], policy.begin(8))[0]).any()
    assert (policy.predict(rows[0])[0] != policy.predict(rows[0])[0]).any()  # no state: a fresh generator


def test_states_and_episode_starts(rows):
    policy = Counter()
    _, state = policy.predict(rows[0])
    assert policy.predict(rows[0], state)[0][0] == 1
    assert policy.predict(rows[0], state, episode_start=True)[0][0] == 0
    actions, states = policy.predict(rows[:3], (4, 5, 6), episode_start=np.array([False, True, False]))
    assert actions[:, 0].tolist() == [4, 0, 6] and states == (5, 1, 7)
    with pytest.raises(ValueError, match="shorter"):
        policy.predict(rows[:3], (4, 5))


@pytest.mark.parametrize("name", ["nope", "runs/agent", "", "Stand"])
def test_unknown_names_list_what_there_is(name):
    with pytest.raises(InputError, match="expected one of: zero, random, stand, walk_at_ball"):
        load_policy(name)


@pytest.mark.parametrize("style", ["score", "clean"])
def test_a_name_can_carry_the_strikers_style(style):
    policy = load_policy(f"striker:{style}")
    assert policy.style == style and policy.spec.name == f"striker:{style}"
    assert load_policy("striker").spec.name == "striker" and load_policy("striker").style == "score"
    assert pickle.loads(pickle.dumps(policy)).spec == policy.spec


def test_unknown_styles_are_named():
    with pytest.raises(InputError, match="unknown style 'clear'; expected one of: score, clean; did you"):
        load_policy("striker:clear")


def test_a_stranger_is_no_policy():
    with pytest.raises(InputError, match="unknown policy '<object object"):
        load_policy(object())


def test_only_a_policy_that_walks_takes_a_walker():
    assert load_policy("walk_at_ball").spec.walker == "own"
    assert load_policy("walk_at_ball", walker="hub").spec.walker == "hub"
    assert load_policy("walk_at_ball").spec.walker == "own"
    with pytest.raises(InputError, match="'hub' came for stand, which controls torque"):
        load_policy("stand", walker="hub")


def test_random_torques_fill_the_box():
    policy = load_policy("random")
    state = policy.begin(0)
    drawn = np.array([policy.predict(np.zeros(45), state)[0] for _ in range(500)])
    assert -1 <= drawn.min() < -0.99 and 0.99 < drawn.max() < 1 and abs(drawn.mean()) < 0.02


def test_standing_torques_by_hand():
    """A joint 0.01 rad from the pose that moves with 0.1 rad/s: kp * 0.01 - kd * 0.1."""
    observation = np.zeros(45, np.float32)
    observation[:12] = STAND_POSE - 0.01
    observation[12:24] = 0.1
    torque = stand_torque(observation)
    assert torque.tolist() == pytest.approx((0.01 * STAND_KP - 0.1 * STAND_KD).tolist(), rel=1e-4)
    ankles = [4, 5, 10, 11]  # as stiff as hips and knees; all else as the robot has it
    assert (STAND_KP[ankles] == 200).all() and (STAND_KD[ankles] == 5).all()
    assert (np.delete(STAND_KP, ankles) == np.delete(KP, ankles)).all()
    assert STAND_POSE[[0, 3, 4]].tolist() == pytest.approx([-0.1, 0.2, -0.1])  # the feet stay level
    assert STAND_POSE[:6].sum() == pytest.approx(0) and (STAND_POSE[:6] == STAND_POSE[6:]).all()
    action, _ = load_policy("stand").predict(observation)
    assert (action * TORQUE_LIMIT).tolist() == pytest.approx(torque.tolist(), rel=1e-6)


def test_standing_torques_are_single_precision_and_inside_the_limits():
    torque = stand_torque(np.full(45, 3.0, np.float32))
    assert torque.dtype == np.float32 and (np.abs(torque) <= TORQUE_LIMIT).all()


def test_stand_stays_up_from_disturbed_joints():
    """0.1 rad and 1 rad/s at every joint, in the fast simulation, for the whole 10 s."""
    sim = make_sim("goalie_penalty_kick")
    for seed in range(2):
        sim.reset(seed=0)
        rng = np.random.default_rng(seed)
        sim.joint_pos[:] = rng.uniform(-0.1, 0.1, 12)
        sim.joint_vel[:] = rng.uniform(-1, 1, 12)
        mujoco.mj_forward(sim.model, sim.data)
        while not sim.advance(stand_torque(sim.observation())):
            pass
        assert sim.outcome == "time_limit" and sim.n_steps == 5000


@pytest.mark.parametrize(
    ("ahead", "left", "forward", "turn"),
    [
        (2.0, 0.0, 0.9, 0.0),
        (1.0, 0.1, 0.9 / 1.01, 2 * np.arctan(0.1)),
        (1.0, 1.0, 0.45, 1.0),  # 45 degrees: half the speed, the fastest turn
        (0.0, -1.0, 0.0, -1.0),
        (-1.0, 0.1, 0.0, 1.0),
    ],
)
def test_walk_at_ball_turns_first(ahead, left, forward, turn):
    action, _ = load_policy("walk_at_ball").predict(seeing_ball(ahead, left))
    assert (action * COMMAND_SCALE).tolist() == pytest.approx([forward, 0.0, turn], abs=1e-6)


def test_who_wanders_walks_for_a_second_and_asks_for_every_kick(rows):
    policy = load_policy("wander")
    state = policy.begin(5)
    actions = []
    for _ in range(4000):
        action, state = policy.predict(rows[0], state)
        actions.append(action)
    kicks = requested_kicks(np.array(actions))
    exact = (np.abs(actions) == 1).all(axis=1)
    assert exact.mean() == pytest.approx(policy.KICKS, abs=0.015) and set(kicks[exact]) == set(range(7))
    walks = np.array(actions)[~exact]
    new = (np.diff(walks, axis=0) != 0).any(axis=1)
    assert new.mean() == pytest.approx(policy.NEW, abs=0.02)
    assert (policy.predict(rows[1], policy.begin(5))[0] == actions[0]).all()


def test_walk_at_ball_reaches_the_ball():
    if not OWN_FILE.is_file():
        pytest.skip("data/walker does not exist yet: python -m soccer_lib walker train")
    result = sl.evaluate("walk_at_ball", "goalie_penalty_kick", 4, starts="distinct", progress=False)
    assert not any(episode.fallen for episode in result.episodes)
    assert all(episode.components["robot_distance_ball"] > 0.3 for episode in result.episodes)  # touched
    assert result.summary["goalie_penalty_kick/n_distinct"] == 4
