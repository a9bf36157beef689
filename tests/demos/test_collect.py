"""Demonstrations: what is kept of an episode is what happened in it."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.kicks import requested_kick
from soccer_lib.control.network import Network
from soccer_lib.demos.collect import (
    Collector,
    _disturbed,
    collect_dataset,
    collector_of,
    content_of,
    parts_folder,
)
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.envs.make import layers, make_env
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.evaluation import evaluate
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.layout import AGENT, DEFAULT_POSE, ROBOT
from soccer_lib.policies import Policy, PolicySpec, load_policy
from soccer_lib.policies.learned import LearnedPolicy
from soccer_lib.policies.striker import Striker


class Shuffle(Policy):
    """Gives small commands that depend on what it sees and on how often it was asked."""

    spec = PolicySpec("shuffle", control="command", observation="full")

    def begin(self, seed=None):
        return 0

    def act(self, observation, state, deterministic):
        return np.array((0.3, 0.1 * (state % 3), observation[2]), np.float32), state + 1


class Stumble(Shuffle):
    """Lets itself fall: commands that no walker survives for long."""

    spec = PolicySpec("stumble", control="joint", observation="robot")

    def act(self, observation, state, deterministic):
        return np.full(12, -0.5, np.float32), state


class Caller(Shuffle):
    """An expert that counts its answers, and asks for a kick at every second one."""

    spec = PolicySpec("caller", control="command", observation="agent")

    def act(self, observation, state, deterministic):
        if state % 2:
            return np.array((1, -1, 1), np.float32), state + 1
        return np.array((0.01 * state, 0, 0), np.float32), state + 1


class Hesitant(Striker):
    """Asks for its kicks with 0.9 in place of 1."""

    def act(self, observation, state, deterministic):
        action, state = super().act(observation, state, deterministic)
        return action * np.float32(0.9) if (np.abs(action) == 1).all() else action, state


class Broken(Shuffle):
    """Fails at once."""

    spec = PolicySpec("broken", control="torque", observation="raw")

    def act(self, observation, state, deterministic):
        raise RuntimeError("no idea")


def collect(policy=None, **settings):
    config = {"from_policy": "stumble", "episodes": 1, "workers": 1, "tasks": ("kick_to_target",)}
    return collect_dataset(PlayedDatasetConfig(**config | settings), policy, progress=False)


@pytest.fixture(scope="module")
def shuffled(walker):
    return collect(Shuffle(), episodes=2)


def test_an_episode_is_kept_as_the_environment_played_it(shuffled, walker):
    env = make_env("kick_to_target", control="command", observation="full", reward="competition")
    seen, _ = env.reset(seed=1000, options={"gait_phase": np.random.default_rng(1000).random()})
    policy, state, over = Shuffle(), 0, False
    rows = []
    while not over:
        action, state = policy.predict(seen, state)
        after, reward, terminated, truncated, info = env.step(action)
        rows.append((seen, action, reward, after, terminated, truncated, info["held_steps"]))
        seen, over = after, terminated or truncated
    first = shuffled.episode_id == 0
    names = (
        "observations",
        "actions",
        "rewards",
        "next_observations",
        "terminated",
        "truncated",
        "held_steps",
    )
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        kept = getattr(shuffled, name)[first]
        assert np.array_equal(kept, np.array(column, dtype=kept.dtype)), name
    assert shuffled.scores[0] == info["episode_report"]["score"]
    assert (shuffled.control, shuffled.observation_layout, shuffled.rate_hz) == ("command", "full", 10)
    assert shuffled.source.tolist() == ["shuffle/kick_to_target/1000", "shuffle/kick_to_target/1001"]
    assert shuffled.tasks.tolist() == ["kick_to_target"] * 2 and shuffled.seeds.tolist() == [1000, 1001]


def test_rewards_are_the_official_score_at_the_end(shuffled):
    ends = shuffled.terminated | shuffled.truncated
    assert ends.sum() == 2 and np.allclose(shuffled.rewards[ends], shuffled.scores)
    assert not shuffled.rewards[~ends].any()
    lengths = np.bincount(shuffled.episode_id, shuffled.held_steps)
    assert (lengths <= 5000).all()


def test_the_step_that_fires_a_kick_is_held_until_the_strike(walker):
    data = collect(load_policy("striker"))
    kicks = (np.abs(data.actions) == 1).all(axis=1)
    assert kicks.sum() == 1 and data.held_steps[kicks][0] > 100
    assert (data.held_steps[:-1][~kicks[:-1]] == 50).all()
    # The clock in the observation says the same: 1 at the reset, 0 after 5,000 physics steps.
    passed = np.cumsum(data.held_steps)
    before = np.concatenate(([0], passed[:-1]))
    clock = AGENT["time_left"]
    np.testing.assert_allclose(data.observations[:, clock][:, 0], 1 - before / 5000, atol=1e-6)
    np.testing.assert_allclose(data.next_observations[:, clock][:, 0], 1 - passed / 5000, atol=1e-6)


def test_a_kick_that_fired_is_written_with_exactly_one(walker):
    data = collect(Hesitant())
    beyond = (np.abs(data.actions) > 0.8).all(axis=1)
    assert beyond.sum() == 1 and np.abs(data.actions[beyond]).tolist() == [[1, 1, 1]]


def test_what_is_written_can_have_another_layout(walker, shuffled):
    robot = collect(Shuffle(), observation="robot")
    first = shuffled.episode_id == 0
    assert robot.observation_layout == "robot" and np.array_equal(robot.actions, shuffled.actions[first])
    own, turned = shuffled.observations[first], robot.observations
    for name in ("joint_pos", "robot_gyro"):
        assert np.array_equal(own[:, ROBOT[name]], turned[:, ROBOT[name]])
    size = [np.linalg.norm(rows[:, ROBOT["goal_team_0_rel_robot"]], axis=1) for rows in (own, turned)]
    assert np.allclose(*size, rtol=1e-5)


def test_joint_targets_of_the_walker_at_50_hz(walker, shuffled):
    data = collect(Shuffle(), level="joint", observation="robot")
    commands = collect(Shuffle(), observation="robot")
    assert (data.control, data.observation_layout, data.rate_hz) == ("joint", "robot", 50)
    assert data.scores == commands.scores and data.held_steps.sum() == commands.held_steps.sum()
    assert (data.held_steps[:-1] == 10).all() and len(data) == -(-commands.held_steps.sum() // 10)
    assert np.array_equal(data.observations[::5], commands.observations)
    assert np.array_equal(data.next_observations[:-1], data.observations[1:])
    assert np.array_equal(data.next_observations[-1], commands.next_observations[-1])
    assert data.rewards[-1] == np.float32(data.scores[0]) and not data.rewards[:-1].any()
    env = make_env("kick_to_target", control="command", observation="full", reward="competition")
    seen, _ = env.reset(seed=1000, options={"gait_phase": np.random.default_rng(1000).random()})
    env.step(Shuffle().predict(seen)[0])
    assert np.allclose(data.actions[4], np.clip(layers(env)[1]._target - DEFAULT_POSE, -1, 1))


@pytest.mark.parametrize(
    ("settings", "layout", "targets"),
    [
        ({}, "agent", False),
        ({"observation": "full"}, "full", False),
        ({"level": "joint"}, "robot", True),  # without the walker's state, which joint targets replace
        ({"level": "joint", "observation": "full"}, "full", True),
    ],
)
def test_the_layout_that_is_written(settings, layout, targets):
    collector = collector_of(PlayedDatasetConfig(from_policy="striker", **settings), load_policy("striker"))
    assert (collector.layout, collector.targets) == (layout, targets)


def test_an_expert_labels_what_another_visits(walker, shuffled):
    data = collect(Shuffle(), label_with="walk_at_ball")
    first = shuffled.episode_id == 0
    assert not data.has_transitions and data.scores[0] == shuffled.scores[0]
    assert np.array_equal(data.observations, shuffled.observations[first])
    expert = load_policy("walk_at_ball")
    robot = collect(Shuffle(), observation="robot")
    assert np.array_equal(data.actions, expert.predict(robot.observations)[0])


def test_noise_disturbs_what_is_played_and_not_what_is_written(walker, shuffled):
    data, again = (collect(Shuffle(), noise=0.5, observation="agent", episodes=2) for _ in range(2))
    assert not data.has_transitions and np.array_equal(data.observations, again.observations)
    assert set(data.actions[:, 0]) == {np.float32(0.3)}
    assert data.actions[:3, 1].tolist() == pytest.approx([0, 0.1, 0.2])
    spreads = []
    for episode in range(2):  # what was played is seen in the next observation
        mine = data.episode_id == episode
        last = data.observations[mine][1:, AGENT["last_command"]]
        spreads.append((last - data.actions[mine][:-1]).std())
    assert 0 < min(spreads) < max(spreads) < 0.6
    alone = np.random.default_rng(1000)
    alone.random()
    assert spreads[0] == pytest.approx(0.5 * alone.random(), rel=0.2)


def test_kicks_are_not_disturbed_and_none_comes_about():
    rng = np.random.default_rng(0)
    kick, fast = np.array((1, -1, 1), np.float32), np.array((1, -1, 0.7), np.float32)
    played = [_disturbed(fast, 0.5, rng) for _ in range(100)]
    assert _disturbed(kick, 0.5, rng) is kick and not any(map(requested_kick, played))
    assert len({tuple(row) for row in played}) > 50 and np.abs(played).max() <= 1
    assert _disturbed(np.zeros(12, np.float32), 0.1, rng).std() > 0.05


def test_the_experts_state_waits_for_kicks_that_are_not_played(walker, monkeypatch):
    monkeypatch.setattr("soccer_lib.demos.collect.load_policy", lambda p: Caller() if p == "caller" else p)
    data = collect(Shuffle(), label_with="caller", observation="agent")
    assert not data.has_transitions and data.observation_layout == "agent"
    assert data.source.tolist() == ["shuffle/kick_to_target/1000"]
    # Its first answer is played or not, its second is a kick that nobody plays: it asks again and again.
    assert (data.actions[0] == 0).all() and (data.actions[1:] == (1, -1, 1)).all()


def test_a_fall_ends_the_episode(capsys):
    data = collect(Stumble(), episodes=2)
    assert data.terminated.sum() == 2 and data.rate_hz == 50 and data.control == "joint"
    assert data.held_steps.max() == 10 and data.held_steps.min() >= 1
    with pytest.raises(InputError, match="none of 2 episodes was solved"):
        collect(Stumble(), episodes=2, only_success=True)


def test_only_solved_episodes_are_kept(monkeypatch):
    def episode(seed: int, success: bool) -> Dataset:
        rows = np.full((2, 89), seed, np.float32)
        names = {"tasks": ["kick_to_target"], "seeds": [seed], "success": [success]}
        return Dataset("joint", "robot", 50.0, rows, np.zeros((2, 12)), np.zeros(2), [str(seed)], **names)

    episodes = [episode(1000, False), episode(1001, True), episode(1002, False), episode(1003, True)]
    monkeypatch.setattr("soccer_lib.demos.collect.run_jobs", lambda *arguments: episodes)
    assert collect(Stumble(), episodes=4).seeds.tolist() == [1000, 1001, 1002, 1003]
    data = collect(Stumble(), episodes=4, only_success=True)
    assert data.seeds.tolist() == [1001, 1003] and data.observations[:, 0].tolist() == [1001] * 2 + [1003] * 2


def test_workers_change_nothing():
    one = collect(load_policy("zero"), episodes=3, workers=1, observation="full")
    two = collect(load_policy("zero"), episodes=3, workers=2, observation="full")
    for name, array in one.arrays().items():
        assert np.array_equal(array, two.arrays()[name]), name


def test_scores_are_those_of_an_evaluation():
    data = collect(load_policy("stand"), episodes=1, seed=100_000)
    assert data.control == "torque" and data.rate_hz == 500 and len(data) == 5000
    result = evaluate("stand", "kick_to_target", 1, 100_000, workers=1, progress=False)
    assert data.scores[0] == result.episodes[0].score


def test_a_stopped_call_goes_on(tmp_path, monkeypatch):
    output = str(tmp_path / "demo.npz")
    whole = collect(Stumble(), episodes=3)
    played = []
    play = Collector.play

    def until_the_second(self, job):
        if len(played) == 2:
            raise MemoryError
        played.append(job.seed)
        return play(self, job)

    monkeypatch.setattr(Collector, "play", until_the_second)
    with pytest.raises(MemoryError):
        collect(Stumble(), episodes=3, output=output)
    folder = parts_folder(PlayedDatasetConfig(output=output))
    stems = sorted(path.stem.rpartition("_")[0] for path in folder.glob("*.npz"))
    assert stems == ["kick_to_target_1000", "kick_to_target_1001"]
    with pytest.raises(InputError, match="add --resume"):
        collect(Stumble(), episodes=3, output=output)
    with pytest.raises(InputError, match="made with observation"):
        collect(Stumble(), episodes=3, output=output, resume=True, observation="full")
    played.clear()
    again = collect(Stumble(), episodes=3, output=output, resume=True)
    assert played == [1002]
    for name, array in whole.arrays().items():
        assert np.array_equal(array, again.arrays()[name]), name


def test_episodes_of_a_policy_that_was_trained_anew_are_not_mixed_with_its_own(tmp_path, capsys):
    output = str(tmp_path / "run.npz")
    config = PlayedDatasetConfig(
        output=output, from_policy="clone", episodes=2, workers=1, tasks=("kick_to_target",), resume=True
    )

    def clone(bias: float) -> LearnedPolicy:
        layers = [("linear", {"weight": np.zeros((12, 89)), "bias": np.full(12, bias)}), ("clip", {})]
        return LearnedPolicy(Network(layers), PolicySpec("clone", "joint", "robot"))

    for bias in (-0.5, -0.4):
        data = collect_dataset(config, clone(bias))
        assert (data.actions == np.float32(bias)).all()
    assert "2 episodes of other policies than today's are passed over" in capsys.readouterr().out
    assert len(list(parts_folder(config).glob("*.npz"))) == 4
    assert content_of(clone(0.1)) == content_of(clone(0.1), None)
    assert content_of(clone(0.1), clone(0.2)) != content_of(clone(0.2), clone(0.1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"seed": 9_999, "episodes": 2}, "seeds 9999 to 10000"),
        ({"seed": 99_999}, "figures are reported from"),
        ({"level": "command"}, "--level wants command, stumble gives joint"),
        ({"label_with": "walk_at_ball"}, "--label-with wants command, stumble gives joint"),
        ({"label_with": "nobody"}, "unknown policy"),
        ({"tasks": ("kick_it",)}, "kick_it"),
        ({"episodes": 0}, "--episodes got 0; expected a whole number from 1"),
        ({"noise": float("nan")}, "--noise got nan"),
        ({"output": "demos.txt"}, "ends in .npz"),
    ],
)
def test_what_cannot_be_played_is_refused(settings, words):
    with pytest.raises(InputError, match=words):
        collect(Stumble(), **settings)


def test_a_policy_that_fails_is_named():
    with pytest.raises(SimulationError, match="kick_to_target, seed 1000 failed: RuntimeError: no idea"):
        collect(Broken())


def test_raw_observations_are_for_one_task():
    with pytest.raises(InputError, match="another size for each task"):
        collect(load_policy("zero"), tasks=("all",))
    collector = Collector(load_policy("zero"), None, "raw", False)
    assert collector.play(EpisodeJob("kick_to_target", 1000)).observations.shape[1] == 39
