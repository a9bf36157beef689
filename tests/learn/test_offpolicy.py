"""TD3 and SAC at their joints: kicks stay kicks, the actor waits, demonstrations are real transitions."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3.common.policies import ContinuousCritic

from soccer_lib.control.kicks import NO_KICK, PATTERNS, requested_kicks
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.learn.algorithms import MAKERS, policy_of, run_spec
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.environment import training_env
from soccer_lib.learn.offpolicy import HeldSAC, HeldTD3
from soccer_lib.learn.prefill import prefill
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.learn.start import new_actor
from soccer_lib.policies import LearnedPolicy, PolicySpec
from soccer_lib.policies.learned import walker_sha256

CONFIG = TrainConfig(
    tasks=("kick_to_target",),
    n_envs=2,
    workers=0,
    net_arch="16,16",
    buffer_size=400,
    learning_starts=0,
    batch_size=8,
    kick_share=0.0,
)
KICKS = np.array(list(PATTERNS.values()), np.float32)


def clone() -> LearnedPolicy:
    torch.manual_seed(0)
    actor = new_actor(np.full(96, 2.0, np.float32), (16, 8), KICKS[:2], (), 0.5)
    with torch.no_grad():
        actor.out.weight.normal_()
        actor.kick.weight.normal_(0, 0.5)
        actor.kick.bias.zero_()
    spec = PolicySpec("clone", "command", "agent", 50, "own", walker_sha256("own"))
    return LearnedPolicy(actor.network(), spec, record={"kicks": KICKS[:2].tolist()})


@pytest.fixture
def made(walker):
    """Make a model in an environment that is closed afterwards."""
    envs = []

    def make(algo: str, start: LearnedPolicy | None = None, **settings) -> HeldTD3 | HeldSAC:
        config = dataclasses.replace(CONFIG, algo=algo, **settings).resolved()
        envs.append(training_env(config))
        model = MAKERS[algo](config, envs[-1], start)
        model._last_obs = np.random.default_rng(0).normal(size=(2, 96)).astype(np.float32)
        return model

    yield make
    for env in envs:
        env.close()


@pytest.mark.parametrize("algo", ["td3", "sac"])
def test_a_clone_acts_as_before_in_the_model_and_in_its_file(made, algo):
    start = clone()
    model = made(algo, start, bc_weights="clone")
    rows = np.random.default_rng(1).normal(size=(200, 96)).astype(np.float32)
    wanted = start.predict(rows)[0]
    np.testing.assert_allclose(model.predict(rows, deterministic=True)[0], wanted, atol=1e-5)
    config = dataclasses.replace(CONFIG, algo=algo).resolved()
    file = policy_of(model, run_spec(config, "x"), {})
    np.testing.assert_allclose(file.predict(rows)[0], wanted, atol=1e-5)
    assert {NO_KICK, 0, 1} <= set(requested_kicks(wanted).tolist())


def test_target_smoothing_never_turns_a_kick_into_a_walk(made):
    start = clone()
    model = made("td3", start, bc_weights="clone", target_policy_noise=0.2, target_noise_clip=0.5)
    rows = torch.randn(500, 96)
    asked = requested_kicks(model.actor(rows).detach().numpy())
    target = model.actor_target(rows).detach()
    # SB3's own line, with the worst noise there can be.
    for noise in (-0.5, 0.5):
        smoothed = (target + noise).clamp(-1, 1).numpy()
        kicks = asked != NO_KICK
        assert kicks.any() and np.array_equal(requested_kicks(smoothed)[kicks], asked[kicks])
        assert (np.abs(smoothed[kicks]) == 1).all()
        np.testing.assert_allclose(
            smoothed[~kicks], np.clip(model.actor(rows).detach().numpy()[~kicks] + noise, -1, 1), atol=1e-6
        )


def test_noise_neither_spoils_kicks_nor_asks_for_them(made):
    start = clone()
    model = made("td3", start, bc_weights="clone", action_noise_sigma=5.0)
    rows = np.random.default_rng(2).normal(size=(2000, 96)).astype(np.float32)
    model._last_obs = rows
    wanted = requested_kicks(start.predict(rows)[0])
    actions, kept = model._sample_action(0, None, len(rows))
    assert np.array_equal(requested_kicks(actions), wanted) and kept is actions
    assert np.abs(actions).max() == 1.0


def test_sac_from_a_clone_explores_with_the_spread_that_it_is_told(made):
    start = clone()
    model = made("sac", start, bc_weights="clone", action_noise_sigma=0.05)
    rows = np.random.default_rng(2).normal(size=(2000, 96)).astype(np.float32)
    model._last_obs = rows
    wanted = start.predict(rows)[0]
    actions, _ = model._sample_action(0, None, len(rows))
    free = np.abs(wanted) < 0.5  # far from the bounds
    apart = np.arctanh(actions[free].astype(float)) - np.arctanh(wanted[free])
    assert free.sum() > 200 and apart.std() == pytest.approx(0.05, rel=0.1)


def test_sac_from_a_clone_cannot_learn_to_explore_less(made):
    model = made("sac", clone(), bc_weights="clone", action_noise_sigma=0.05)
    rows = torch.randn(50, 96)
    head = model.actor.get_submodule("log_std")
    for bias, spread in ((-9.0, 0.05), (-1.0, np.exp(-1.0))):
        torch.nn.init.constant_(head.get_parameter("bias"), bias)
        found = model.actor.get_action_dist_params(rows)[1].exp().detach()
        np.testing.assert_allclose(found, spread, rtol=1e-5)
    plain = made("sac")
    torch.nn.init.constant_(plain.actor.get_submodule("log_std").get_parameter("bias"), -9.0)
    assert plain.actor.get_action_dist_params(rows)[1].detach().max() < -8.0, "from nothing it is SB3's"


@pytest.mark.parametrize("algo", ["td3", "sac"])
def test_targets_believe_the_lowest_of_as_many_critics_as_are_asked_for(made, algo):
    rows = torch.randn(20, 96)
    for count in (1, 3):
        model = made(algo, n_critics=count, ent_coef="0.0")
        torch.manual_seed(1)  # SAC draws
        targets = model.next_values(SimpleNamespace(next_observations=rows))
        torch.manual_seed(1)
        actions = model.actor(rows) if algo == "sac" else model.actor_target(rows).clamp(-1, 1)
        each = torch.stack(model.critic_target(rows, actions))
        assert len(each) == count
        torch.testing.assert_close(targets, each.amin(dim=0))


def test_kicks_are_explored_whole_and_as_often_as_said(made):
    model = made("td3", kick_share=0.25)
    model._last_obs = np.zeros((4000, 96), np.float32)
    actions, _ = model._sample_action(0, None, 4000)
    kicks = requested_kicks(actions)
    assert (kicks != NO_KICK).mean() == pytest.approx(0.25, abs=0.03)
    assert set(kicks.tolist()) == {NO_KICK, *range(len(PATTERNS))}
    assert (np.abs(actions[kicks != NO_KICK]) == 1).all()


def test_the_actor_waits_for_the_critic(made):
    model = made("td3", critic_first=0.9, lr=0.01, critic_lr=0.02)
    optimizers = [model.actor.optimizer, model.critic.optimizer]
    model._update_learning_rate(optimizers)
    assert [optimizer.param_groups[0]["lr"] for optimizer in optimizers] == [0.0, 0.02]
    model.actor_learns = True
    model._update_learning_rate(optimizers)
    assert [optimizer.param_groups[0]["lr"] for optimizer in optimizers] == [0.01, 0.02]
    model.lr_left = 0.2  # of the actor's rate alone
    model._current_progress_remaining = 0.25
    model._update_learning_rate(optimizers)
    assert [optimizer.param_groups[0]["lr"] for optimizer in optimizers] == pytest.approx([0.004, 0.02])


def test_the_anchor_pulls_the_actor_and_nothing_else(made):
    model = made("td3", clone(), bc_weights="clone", anchor=3.0)
    critic = model.critic
    rows = torch.randn(4, 96)
    plain = critic.q_networks[0](torch.cat([critic.features_extractor(rows), torch.zeros(4, 3)], dim=1))
    taken = critic.q1_forward(rows, torch.zeros(4, 3))
    torch.testing.assert_close(taken, plain)  # actions of the buffer ask for no gradient
    pulled = critic.q1_forward(rows, torch.zeros(4, 3, requires_grad=True))
    apart = (model.actor(rows) ** 2).mean(dim=1, keepdim=True)
    torch.testing.assert_close(pulled, plain - 3.0 * plain.abs().mean() * apart)


@pytest.mark.parametrize("algo", ["td3", "sac"])
def test_the_anchor_is_what_the_clone_does_and_nothing_drawn(made, algo):
    start = clone()
    model = made(algo, start, bc_weights="clone", anchor=3.0)
    rows = torch.randn(200, 96)
    (reference,) = model.critic.reference
    np.testing.assert_allclose(reference(rows).detach(), start.predict(rows.numpy())[0], atol=1e-5)


def test_an_actors_loss_leaves_no_gradient_in_the_critics_and_has_that_of_sb3(made):
    model = made("td3")
    obs = torch.randn(8, 96)
    given = torch.rand(8, 3, requires_grad=True)
    model.critic.zero_grad()
    model.critic.q1_forward(obs, given).sum().backward()
    assert all(weight.grad is None and weight.requires_grad for weight in model.critic.parameters())
    own = given.grad.clone()
    given.grad = None
    ContinuousCritic.q1_forward(model.critic, obs, given).sum().backward()
    assert torch.equal(given.grad, own)
    model.critic.zero_grad()
    sum(value.sum() for value in model.critic(obs, given.detach())).backward()
    assert all(weight.grad is not None for weight in model.critic.parameters()), "a critic's loss has them"


@pytest.mark.parametrize("algo", ["td3", "sac"])
def test_half_precision_rounds_what_critics_multiply_and_nothing_that_is_kept(made, algo):
    model = made(algo, precision="bfloat16")
    obs, actions = torch.randn(64, 96), torch.rand(64, 3)
    for critic in (model.critic, model.critic_target):
        exact = ContinuousCritic.forward(critic, obs, actions)[0]
        rounded = critic(obs, actions)[0]
        assert rounded.dtype == torch.float32
        apart = (rounded - exact).abs().max() / exact.abs().max()
        assert 0 < apart < 0.05, "eight bits of a number are left"
    model.critic(obs, actions)[0].sum().backward()
    assert {weight.grad.dtype for weight in model.critic.q_networks[0].parameters()} == {torch.float32}
    assert {weight.dtype for weight in model.critic.parameters()} == {torch.float32}
    assert made(algo).critic.precision == torch.float32, "only where it is asked for"


def test_the_entropy_coefficient_has_a_floor(made):
    model = made("sac", ent_coef="auto_0.001", ent_coef_min=0.05)
    zeros = np.zeros((2, 96), np.float32)
    infos = [{"held_steps": 50}] * 2
    for _ in range(20):
        model.replay_buffer.add(zeros, zeros, np.zeros((2, 3)), np.zeros(2), np.zeros(2), infos)
    model._logger = type("Silent", (), {"record": lambda *_, **__: None})()
    model.train(1, 8)
    assert model.entropy_weight() == pytest.approx(0.05)


@pytest.fixture(scope="module")
def demonstrations(tmp_path_factory, walker):
    settings = PlayedDatasetConfig(from_policy="striker", tasks=("kick_to_target",), episodes=2, workers=1)
    data = collect_dataset(settings, progress=False)
    return str(write_dataset(tmp_path_factory.mktemp("demos") / "d.npz", data, {}))


def test_demonstrations_are_played_again_with_the_rewards_of_the_run(made, demonstrations):
    file = demonstrations
    model = made("td3", bc_replay_dataset=file, bc_replay_fraction=0.2)
    config = dataclasses.replace(
        CONFIG, algo="td3", bc_replay_dataset=file, bc_replay_fraction=0.2
    ).resolved()
    buffer = model.replay_buffer
    assert prefill(buffer, config) == 80 == buffer.pos * 2  # of 400, two slots a row
    seen = buffer.observations[:40].reshape(80, 96)
    following = buffer.next_observations[:40].reshape(80, 96)
    # Each transition begins where the one before ended, unless that was an end; the rewards are not all 0.
    goes_on = buffer.dones[:40].reshape(80)[:-1] == 0
    assert goes_on.any() and np.array_equal(following[:-1][goes_on], seen[1:][goes_on])
    assert buffer.rewards[:40].all() and (buffer.discounts[:40] < 0.9).any()  # a kick lasts 14 holds or more


def test_a_refused_kick_costs_in_a_demonstration_what_it_costs_in_training(made, demonstrations, tmp_path):
    """Two episodes of one step each, asking for a shot: one ball is within reach, the other costs 0.25."""
    data = read_dataset(demonstrations)
    firsts = data.take(np.isin(np.arange(len(data)), np.flatnonzero(np.diff(data.episode_id, prepend=-1))))
    asks = np.tile(np.float32([1, -1, 1]), (2, 1))
    file = str(write_dataset(tmp_path / "d.npz", dataclasses.replace(firsts, actions=asks), {}))
    rewards = []
    for cost in (0.0, 0.25):
        settings = {"bc_replay_dataset": file, "bc_replay_fraction": 0.2, "refusal_cost": cost}
        buffer = made("td3", **settings).replay_buffer
        assert prefill(buffer, dataclasses.replace(CONFIG, algo="td3", **settings).resolved()) == 2
        rewards.append(buffer.rewards[0])
    np.testing.assert_allclose(rewards[0] - rewards[1], [0.0, 0.25], atol=1e-6)


def test_a_demonstration_may_drift_as_on_another_processor_and_no_further(made, demonstrations, tmp_path):
    """What is stored is what was seen now; a robot that stands elsewhere is none of this walker's."""
    data = read_dataset(demonstrations)
    buffers = {}
    for apart in (0.0, 0.05, 0.5):
        moved = dataclasses.replace(data, observations=data.observations + np.float32(apart))
        file = str(write_dataset(tmp_path / f"{apart}.npz", moved, {}))
        settings = {"bc_replay_dataset": file, "bc_replay_fraction": 0.2}
        buffers[apart] = made("td3", **settings).replay_buffer
        config = dataclasses.replace(CONFIG, algo="td3", **settings).resolved()
        if apart < 0.5:
            assert prefill(buffers[apart], config) == 80
        else:
            with pytest.raises(InputError, match="2 of 2 episodes no longer go as they were recorded"):
                prefill(buffers[apart], config)
    np.testing.assert_array_equal(buffers[0.0].observations, buffers[0.05].observations)


def test_one_demonstration_that_goes_another_way_is_left_out_and_told(made, demonstrations, tmp_path, capsys):
    data = read_dataset(demonstrations)
    second = data.episode_id == data.episode_id[-1]
    elsewhere = data.observations + np.float32(0.5) * second[:, None]
    settings = {"bc_replay_dataset": "", "bc_replay_fraction": 0.9}
    settings["bc_replay_dataset"] = str(
        write_dataset(tmp_path / "d.npz", dataclasses.replace(data, observations=elsewhere), {})
    )
    buffer = made("td3", **settings).replay_buffer
    count = prefill(buffer, dataclasses.replace(CONFIG, algo="td3", **settings).resolved())
    assert count == (~second).sum() // 2 * 2
    said = capsys.readouterr()
    assert "1 of 2 demonstrations go another way here, and are left out" in said.out + said.err


def test_a_demonstration_that_ends_sooner_now_ends_there(made, demonstrations, tmp_path):
    """The last action of an episode once more: the episode is over, and nothing is played after it."""
    data = read_dataset(demonstrations)
    longer = np.flatnonzero(np.diff(data.episode_id, append=-1))
    rows = np.sort(np.concatenate([np.arange(len(data)), longer]))
    file = str(write_dataset(tmp_path / "d.npz", data.take(rows), {}))
    buffers = []
    for which in (demonstrations, file):
        settings = {"bc_replay_dataset": which, "bc_replay_fraction": 0.9}
        buffers.append(made("td3", **settings).replay_buffer)
        count = prefill(buffers[-1], dataclasses.replace(CONFIG, algo="td3", **settings).resolved())
        assert count == len(data) // 2 * 2
    assert len(rows) == len(data) + 2 and np.array_equal(buffers[0].dones, buffers[1].dones)
    np.testing.assert_array_equal(buffers[0].next_observations, buffers[1].next_observations)


def test_demonstrations_of_another_interface_are_refused(demonstrations):
    config = dataclasses.replace(CONFIG, observation="robot", bc_replay_dataset=demonstrations).resolved()
    box = gym.spaces.Box(-1, 1, (1,))
    with pytest.raises(InputError, match="observation_layout 'agent'"):
        prefill(HeldReplayBuffer(4, box, box, device="cpu", gamma=1.0, hold=50), config)
