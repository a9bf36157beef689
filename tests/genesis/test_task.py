"""The task of many arms, with arms that need no Genesis."""

import dataclasses

import numpy as np
import pytest
from stable_baselines3.common.env_checker import check_env

from soccer_lib.errors import InputError
from soccer_lib.genesis.envs import (
    CurriculumReachingEnv,
    GenesisGymWrapper,
    RandomizedReachingEnv,
    ReachingEnv,
)
from soccer_lib.genesis.layout import REACHING, STEP
from soccer_lib.genesis.robots import posture_for
from soccer_lib.genesis.targets import START
from soccer_lib.genesis.task import STAGES, ReachSettings, ReachTask, RuledDifficulty, difficulty_curriculum
from soccer_lib.genesis.vec import ReachVecEnv
from tests.support.arms import StandInArm

TARGET = np.array([0.5, 0.1, 0.3])


def toward(task, target=TARGET):
    """Actions that bring the joints to the posture of a target."""
    goal = posture_for(target[None])
    return np.clip((goal - task.drive.asked) / STEP, -1, 1)


def test_the_observation_says_where_the_target_is_from_the_first_row_on():
    task = ReachTask(StandInArm(2))
    rows = task.reset(targets=np.array([TARGET, TARGET + [0, 0, 0.1]]))
    assert rows.shape == (2, 24) and rows.dtype == np.float32
    assert rows[:, REACHING["target"]] == pytest.approx(np.array([TARGET, TARGET + [0, 0, 0.1]]))
    assert rows[:, REACHING["to_target"]] == pytest.approx(task.target - rows[:, REACHING["tool"]], abs=1e-6)
    assert rows[:, REACHING["tool"]] == pytest.approx(np.tile(START, (2, 1)), abs=0.1)


def test_an_action_of_one_moves_a_joint_by_one_step():
    task = ReachTask(StandInArm(1))
    before = task.reset()[0, REACHING["joint_pos"]]
    outcome = task.step(np.array([[1.0, 0, 0, -1.0, 0, 0, 0]]))
    moved = outcome.observation[0, REACHING["joint_pos"]] - before
    assert moved == pytest.approx([STEP, 0, 0, -STEP, 0, 0, 0], abs=1e-6)


def test_reaching_the_target_is_success_and_ends_the_episode():
    env = ReachVecEnv(StandInArm(2), ReachSettings(episode=60))
    far = np.array([0.7, -0.3, 0.2])
    env.aim(np.array([TARGET, far]))
    env.reset()
    for _ in range(60):
        actions = np.zeros((2, 7))
        actions[:1] = toward(env.task)[:1]
        env.step_async(actions)
        _, _, over, infos = env.step_wait()
        if over[0]:
            break
    assert infos[0]["is_success"] and infos[0]["distance_to_target"] < 0.05
    assert not infos[0]["TimeLimit.truncated"] and not over[1]
    # The other arm's episode goes on, and this one has begun the next.
    assert env.task.age[0] == 0 and env.task.age[1] > 0


def test_doing_nothing_runs_out_of_time():
    env = ReachVecEnv(StandInArm(1), ReachSettings(episode=5))
    env.reset()
    for step in range(5):
        env.step_async(np.zeros((1, 7)))
        observation, _, over, infos = env.step_wait()
        assert over[0] == (step == 4)
    assert infos[0]["TimeLimit.truncated"] and not infos[0]["is_success"]
    assert (infos[0]["terminal_observation"] != observation[0]).any()


def test_the_terms_of_an_episode_add_up_to_what_was_paid():
    weights = {"distance": 1.0, "progress": 10.0}
    env = ReachVecEnv(StandInArm(1), ReachSettings(weights=weights, episode=8))
    env.reset()
    paid = 0.0
    for _ in range(8):
        env.step_async(np.full((1, 7), 0.3))
        _, reward, _, infos = env.step_wait()
        paid += float(reward[0])
    terms = infos[0]["reward_terms"]
    assert paid == pytest.approx(terms["distance"] + 10 * terms["progress"], rel=1e-5)


def test_holding_asks_for_half_a_second_in_a_row():
    task = ReachTask(StandInArm(1), ReachSettings(stage="hold"))
    task.reset(targets=TARGET[None])
    kept = []
    for _ in range(100):
        outcome = task.step(toward(task))
        kept.append(outcome.observation[0, REACHING["held"]].item())
        if outcome.success[0]:
            break
    # 25 steps in a row, none of which was the last before.
    assert kept[-25:] == pytest.approx(np.arange(1, 26) / 25)
    assert kept[-26] == 0.0


def test_leaving_the_target_forgets_what_was_held():
    task = ReachTask(StandInArm(1), ReachSettings(stage="hold"))
    task.reset(targets=TARGET[None])
    while task.kept[0] < 5:
        task.step(toward(task))
    away = np.array([0.3, -0.2, 0.45])
    while task.distance[0] < 0.05:
        task.step(toward(task, away))
    assert task.kept[0] == 0


def test_the_posture_stage_measures_joints():
    task = ReachTask(StandInArm(1), ReachSettings(stage="posture"))
    task.reset(targets=TARGET[None])
    goal = posture_for(TARGET[None])
    state = task.arm.read()
    assert task.distance[0] == pytest.approx(np.abs(state.joint_pos - goal).max())
    for _ in range(60):
        outcome = task.step(toward(task))
        if outcome.success[0]:
            break
    assert outcome.success[0] and np.linalg.norm(task.arm.read().tool - TARGET) < 0.1


def test_stages_have_equal_spaces():
    shapes = {ReachTask(StandInArm(1), ReachSettings(stage=stage)).reset().shape for stage in STAGES}
    assert shapes == {(1, 24)}


def test_an_arm_draws_the_same_targets_whatever_the_others_do():
    alone = ReachTask(StandInArm(1), seed=5)
    among = ReachTask(StandInArm(3), seed=5)
    alone.reset()
    among.reset()
    among.reset(np.array([1, 2]))
    alone.reset()
    among.reset(np.array([0]))
    assert (alone.target[0] == among.target[0]).all()
    assert (among.target[0] != among.target[1]).any()


def test_a_seed_repeats_an_episode_to_the_bit():
    def run():
        env = ReachVecEnv(StandInArm(4), ReachSettings(episode=10), seed=3)
        rows = [env.reset()]
        rng = np.random.default_rng(0)
        for _ in range(25):
            env.step_async(rng.uniform(-1, 1, (4, 7)))
            rows.append(env.step_wait()[0])
        return np.array(rows)

    assert (run() == run()).all()


def test_success_raises_the_difficulty_and_failure_does_not():
    settings = ReachSettings(curriculum=difficulty_curriculum(up=0.8, window=5), episode=40)
    task = ReachTask(StandInArm(1), settings)
    assert task.difficulty == 0.1
    for _ in range(5):
        task.reset()
        goal = task.target[0]
        while not task.step(toward(task, goal)).success[0]:
            pass
    assert task.difficulty == pytest.approx(0.2)
    for _ in range(5):
        task.reset(targets=np.array([[0.7, 0.3, 0.2]]))
        while not task.step(np.zeros((1, 7))).truncated[0]:
            pass
    assert task.difficulty == pytest.approx(0.2)


def test_a_rule_of_ones_own_is_asked_every_window_and_held_within_its_range():
    asked = []

    def rule(difficulty, successes):
        asked.append((difficulty, successes))
        return difficulty + 0.6

    ruled = RuledDifficulty(rule, window=3)
    task = ReachTask(StandInArm(1), ReachSettings(curriculum=ruled, episode=2))
    for _ in range(7):
        task.reset(targets=np.array([[0.7, 0.3, 0.2]]))
        while not task.step(np.zeros((1, 7))).truncated[0]:
            pass
    assert asked == [(0.1, [False] * 3), (0.7, [False] * 3)]
    assert task.difficulty == 1.0 and ruled.history == [(0, 0.1), (3, 0.7), (6, 1.0)]


def test_randomised_physics_starts_from_the_robot_s_own_numbers_each_time():
    arm = StandInArm(2)
    task = ReachTask(arm, ReachSettings(physics={"mass": (2.0, 3.0)}))
    seen = set()
    for _ in range(20):
        task.reset()
        assert all(2.0 <= traits["mass"] <= 3.0 and traits["gravity"] == 9.81 for traits in arm.physics)
        seen |= {traits["mass"] for traits in arm.physics}
    assert len(seen) == 40
    ReachTask(arm).reset()
    assert all(traits["mass"] == 1.0 for traits in arm.physics)


def test_a_weak_motor_winds_nothing_up():
    class Stuck(StandInArm):
        def move(self, targets):
            self.speed[:] = 0.0

    task = ReachTask(Stuck(1))
    task.reset()
    for _ in range(50):
        task.step(np.ones((1, 7)))
    assert (task.drive.asked - task.arm.joints).max() <= 0.3 + 1e-9


def test_the_wrapper_moves_an_arm_as_the_task_does():
    actions = np.random.default_rng(0).uniform(-1, 1, (20, 7))
    plain = GenesisGymWrapper(arm=StandInArm(1))
    task = ReachTask(StandInArm(1))
    plain.reset(seed=0)
    task.reset()
    task.drive.start(np.zeros(1, dtype=int), plain.arm.joints, task.arm.physics)
    for action in actions:
        ours = plain.step(action)[0]
        theirs = task.step(action[None]).observation[0]
        assert (ours == theirs[:17]).all()


@pytest.mark.parametrize("actions", [np.zeros((1, 6)), np.zeros(7), np.full((1, 7), np.nan)])
def test_actions_that_are_none_are_refused(actions):
    task = ReachTask(StandInArm(1))
    task.reset()
    with pytest.raises(InputError, match="check the policy"):
        task.step(actions)


@pytest.mark.parametrize(
    "kind", [GenesisGymWrapper, ReachingEnv, CurriculumReachingEnv, RandomizedReachingEnv]
)
def test_every_environment_passes_the_checks_of_sb3(kind):
    check_env(kind(arm=StandInArm(1)))


def test_the_target_widens_the_observation():
    assert GenesisGymWrapper(arm=StandInArm(1)).observation_space.shape == (17,)
    assert ReachingEnv(arm=StandInArm(1)).observation_space.shape == (24,)


def test_a_chosen_target_is_taken_and_one_out_of_reach_refused():
    env = ReachingEnv(arm=StandInArm(1))
    _, info = env.reset(seed=0, options={"target": (0.5, 0.1, 0.3)})
    assert info["target"] == pytest.approx(TARGET)
    assert info["distance_to_target"] == pytest.approx(env.distance_to_target)
    with pytest.raises(InputError, match="from the shoulder"):
        env.reset(options={"target": (1.5, 0.1, 0.3)})


def test_a_step_of_the_single_environment_tells_its_terms():
    env = ReachingEnv(arm=StandInArm(1), reward={"distance": 2.0})
    env.reset(seed=0)
    _, reward, _, _, info = env.step(np.zeros(7, dtype=np.float32))
    assert reward == pytest.approx(2.0 * info["reward_terms"]["distance"])
    assert info["reward_terms"]["distance"] == pytest.approx(-info["distance_to_target"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"up": 80}, "up got 80; expected a finite number above 0 up to 1"),
        ({"up": 0}, "up got 0"),
        ({"window": 0}, "window got 0; expected a whole number from 1"),
    ],
)
def test_a_curriculum_that_never_or_always_goes_on_is_refused(settings, words):
    with pytest.raises(InputError, match=words):
        CurriculumReachingEnv(arm=StandInArm(1), **settings)


def test_a_seed_that_is_none_is_refused_before_a_scene_is_built(monkeypatch):
    monkeypatch.setattr("soccer_lib.genesis.vec.ArmScene", lambda *_, **__: pytest.fail("a scene was built"))
    with pytest.raises(InputError, match="seed got -1"):
        ReachVecEnv(4, seed=-1)


def test_settings_are_refused_before_anything_is_built():
    for wrong, words in (
        ({"difficulty": 0.0}, "difficulty got 0.0; expected a finite number from 0.1 up to 1"),
        ({"stage": "grasp"}, "unknown stage 'grasp'"),
        ({"tolerance": 0.0}, "tolerance got 0.0"),
        ({"episode": 0}, "episode got 0"),
    ):
        with pytest.raises(InputError, match=words):
            dataclasses.replace(ReachSettings(), **wrong)
