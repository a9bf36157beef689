"""Behaviour cloning: it learns walking and rare kicks, keeps its best epoch, is corrected."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation import bc as bc_page
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.imitation.hidden import hidden_entries
from soccer_lib.learn.imitation.losses import walk_loss
from soccer_lib.policies import load_policy
from tests.support.small_expert import demonstrations, expert

SMALL = {"net_arch": "32,24", "epochs": 30, "lr": 3e-3, "device": "cpu"}


def metrics(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def config(dataset, tmp_path):
    return BCConfig(dataset=(dataset,), out=str(tmp_path / "run"), **SMALL)


def test_a_clone_walks_and_kicks_as_the_expert(config, tmp_path):
    policy = bc(config)
    fresh = demonstrations(seed=9).observations
    wanted, acted = expert(fresh), policy.predict(fresh)[0]
    asked, asks = ((np.abs(actions) > 0.8).all(axis=1) for actions in (wanted, acted))
    assert 0.05 < asked.mean() < 0.15
    assert (asks & asked).sum() > 0.7 * asked.sum() and (asks & asked).sum() > 0.5 * asks.sum()
    both = asks & asked
    assert (np.sign(acted[both]) == wanted[both]).all(axis=1).mean() > 0.9
    assert np.abs(acted - wanted)[~asked & ~asks].mean() < 0.1
    assert (policy.spec.control, policy.spec.observation, policy.spec.hold) == ("command", "agent", 50)
    assert load_policy(tmp_path / "run").predict(fresh)[0].tobytes() == acted.tobytes()


def test_the_best_epoch_is_kept_and_early_stopping_stops(config, tmp_path):
    bc(dataclasses.replace(config, epochs=60, patience=3, lr=1e-2))
    lines, status = metrics(tmp_path / "run"), json.loads((tmp_path / "run" / "status.json").read_text())
    losses = [line["val/loss"] for line in lines]
    best = int(np.argmin(losses))
    assert status["status"] == "done" and status["epoch"] == best + 1 and status["val/loss"] == losses[best]
    assert len(lines) == best + 1 + 3 < 60
    assert {"train/loss", "train/walk_loss", "val/kick_loss", "val/kick_recall", "val/kick_precision"} <= set(
        lines[0]
    )


def test_numpy_and_torch_agree_and_kicks_saturate():
    rows = demonstrations(4).observations
    torch.manual_seed(0)
    net = Actor(rows, (16, 8), np.array([[1, -1, 1], [-1, 1, -1]], np.float32))
    with torch.no_grad():
        net.kick.bias += torch.tensor([0.3, -3.0])
        commands, logits = net(torch.from_numpy(rows))
    network = net.network()
    acted = np.array([network(row) for row in rows])
    none, sure = (logits < 0).all(1).numpy(), (logits[:, 0] > 0.2).numpy() & (logits[:, 1] < 0).numpy()
    assert none.any() and sure.any()
    np.testing.assert_allclose(acted[none], commands[none].numpy(), atol=1e-5)
    assert (acted[sure] * (1, -1, 1) > 0.99).all()
    assert [a["weight"].shape for kind, a in network.layers if kind == "linear"] == [
        (16, 96),
        (8, 16),
        (3, 8),
    ]


@pytest.mark.parametrize(
    ("hide", "unseen", "seen"),
    [
        (("last_command",), "last_command", "joint_pos"),
        (("auto",), "joint_pos", "ball_xpos_rel_robot"),
        (("auto", "goal_team_0_rel_ball"), "goal_team_0_rel_ball", "target_xpos_rel_robot"),
        ((), None, "joint_pos"),
    ],
)
def test_a_clone_does_not_see_what_is_hidden_from_it(config, hide, unseen, seen):
    policy, rows = bc(dataclasses.replace(config, epochs=2, hide=hide)), demonstrations(2).observations
    other = rows.copy()
    if unseen:
        other[:, AGENT[unseen]] = 0.7
        assert policy.predict(rows)[0].tobytes() == policy.predict(other)[0].tobytes()
    other[:, AGENT[seen]] += 0.3
    assert (policy.predict(rows)[0] != policy.predict(other)[0]).any()


def test_joints_are_hidden_from_clones_of_commands_alone():
    data = demonstrations(2)
    assert len(hidden_entries(("auto",), data)) == 36
    targets = dataclasses.replace(data, control="joint", actions=np.zeros((len(data), 12), np.float32))
    assert hidden_entries(("auto",), targets) == []
    assert hidden_entries(("last_command",), targets) == list(range(*AGENT["last_command"].indices(96)))


def test_the_mean_of_the_weights_is_kept(config, tmp_path):
    def weights(**settings):
        folder = str(tmp_path / str(len(list(tmp_path.iterdir()))))
        return bc(dataclasses.replace(config, epochs=1, out=folder, **settings)).network.layers[1][1][
            "weight"
        ]

    start, last = weights(lr=1e-12, weight_decay=0.0), weights(averaging=0.0)
    moved = [np.abs(weights(averaging=share) - start).mean() for share in (0.0, 0.5, 0.99)]
    assert moved[0] == np.abs(last - start).mean() and moved[0] > moved[1] > moved[2] > 0


def test_the_same_seed_gives_the_same_file(dataset, tmp_path):
    files = []
    # Validated on a file of its own, so that the seed decides nothing but the weights and the batches.
    settings = {**SMALL, "epochs": 2, "validation": dataset}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        bc(BCConfig(dataset=(dataset,), out=str(tmp_path / name), **settings, seed=seed))
        files.append((tmp_path / name / "final_model.safetensors").read_bytes())
    assert files[0] == files[1] != files[2]


def test_an_interrupted_run_starts_over_and_a_finished_one_is_handed_back(config, tmp_path, capsys):
    config = dataclasses.replace(config, epochs=2)
    first = bc(config)
    (tmp_path / "run" / "final_model.safetensors").rename(tmp_path / "kept")
    again = bc(config)
    assert len(metrics(tmp_path / "run")) == 2
    assert (tmp_path / "kept").read_bytes() == (tmp_path / "run" / "final_model.safetensors").read_bytes()
    row = np.zeros(96, np.float32)
    assert (
        first.predict(row)[0].tobytes()
        == again.predict(row)[0].tobytes()
        == bc(config).predict(row)[0].tobytes()
    )
    assert "is finished" in capsys.readouterr().out
    with pytest.raises(InputError, match="was made with epochs = 2 and this run has 3"):
        bc(dataclasses.replace(config, epochs=3))


def test_dagger_trains_again_on_what_the_expert_says_to_the_clone(config):
    calls = []

    def collect(policy, number):
        calls.append((number, policy.predict(np.zeros(96, np.float32))[0].tobytes()))
        return demonstrations(10, seed=number)

    policy = bc(dataclasses.replace(config, epochs=2, dagger_rounds=2), collect)
    assert [number for number, _ in calls] == [1, 2] and calls[0][1] != calls[1][1]
    assert policy.record["best"]["round"] == 2


def test_training_and_validation_share_no_episode_and_grow_with_each_round(config, tmp_path, monkeypatch):
    calls = []

    def clone(train, validation, config, folder, round_number, loss, watch):
        calls.append((round_number, train, validation))
        return "clone", {}

    monkeypatch.setattr(bc_page, "clone", clone)
    monkeypatch.setattr(bc_page, "write_policy", lambda file, policy: None)
    config = dataclasses.replace(config, dagger_rounds=2)
    bc(config, lambda policy, number: demonstrations(10 * number, length=4, seed=number))
    assert [number for number, *_ in calls] == [0, 1, 2]
    # 15% of 80, 10 and 20 episodes are held out: 12, 2 (8.5 to train on are rounded to 8) and 3.
    assert [len(train.source) for _, train, _ in calls] == [68, 68 + 8, 68 + 8 + 17]
    assert [len(held_out.source) for *_, held_out in calls] == [12, 12 + 2, 12 + 2 + 3]
    _, train, held_out = calls[0]
    assert not set(train.source) & set(held_out.source) and len(train) == 68 * 25
    calls.clear()
    other = str(write_dataset(tmp_path / "other.npz", demonstrations(5, seed=3), {}))
    bc(dataclasses.replace(config, validation=other, dagger_rounds=0, out=str(tmp_path / "second")))
    assert len(calls[0][1].source) == 80 and len(calls[0][2].source) == 5


def test_a_round_is_played_on_seeds_of_its_own_and_labelled_by_the_expert(config, tmp_path, monkeypatch):
    rounds = []

    def collect(settings, policy):
        rounds.append(settings)
        return demonstrations(10, seed=len(rounds))

    monkeypatch.setattr(bc_page, "collect_dataset", collect)
    chosen = {"expert": "walk_at_ball", "tasks": ("kick_to_target",), "dagger_episodes": 7}
    bc(dataclasses.replace(config, epochs=1, dagger_rounds=2, **chosen))
    assert [settings.seed for settings in rounds] == [201_000, 202_000]
    assert [settings.output for settings in rounds] == [
        str(tmp_path / "run" / f"dagger_{n}.npz") for n in (1, 2)
    ]
    first = rounds[0]
    assert first.resume and first.label_with == "walk_at_ball" and first.from_policy == "run"
    assert first.tasks == ("kick_to_target",) and first.episodes == 7


def test_joint_datasets_have_no_kicks(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 89)).astype(np.float32)
    actions, episodes = np.tanh(rows[:, :12]), np.repeat(np.arange(10), 20)
    data = Dataset("joint", "robot", 50.0, rows, actions, episodes, [str(i) for i in range(10)])
    path = write_dataset(tmp_path / "joint.npz", data, {})
    policy = bc(BCConfig(dataset=(str(path),), out=str(tmp_path / "run"), **SMALL))
    assert policy.spec.control == "joint" and policy.spec.walker is None and policy.network.outputs == 12
    best = policy.record["best"]
    assert np.isnan(best["val/kick_recall"]) and best["val/kick_loss"] == 0
    # What was validated is what is kept: the mean of the weights, in its best epoch.
    held_out = data.split(0.85, 0)[1]
    errors = policy.predict(held_out.observations)[0] - held_out.actions
    assert best["val/loss"] == pytest.approx((errors**2).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"net_arch": "64;64"}, "net_arch got '64;64'; expected widths with commas"),
        ({"net_arch": "64,0"}, "net_arch got '64,0'"),
        ({"net_arch": "32,2"}, "net_arch got 2; expected a whole number from 8"),
        ({"net_arch": "8,8192,8192"}, "67,174,400 weights; expected at most 50,000,000"),
        ({"epochs": 0}, "--epochs got 0; expected a whole number from 1"),
        ({"lr": 0.0}, "--lr got 0"),
        ({"lr": 1e99}, "--lr got 1e\\+99"),
        ({"weight_decay": float("inf")}, "--weight-decay got inf"),
        ({"kick_balance": -1e99}, "--kick-balance got -1e\\+99"),
        ({"averaging": 1.0}, "--averaging got 1.0"),
        ({"seed": 2**32}, "--seed got 4294967296"),
        ({"device": "mps"}, "--device mps: .*; expected one that this machine has"),
        ({"expert": "nope"}, "unknown policy 'nope'"),
        ({"expert": "zero", "dagger_rounds": 1}, "--expert zero gives torque, the dataset holds command"),
        ({"tasks": ("",)}, "no task named"),
        ({"tasks": ("nope",)}, "unknown task 'nope'"),
        ({"hide": ("last_comand",)}, "has no field 'last_comand'; it has joint_pos"),
        ({"validation_share": 1.0}, "--validation-share got 1.0"),
        ({"dataset": ("none.npz",)}, "cannot read none.npz"),
    ],
)
def test_bad_settings_are_one_line(dataset, tmp_path, setting, words):
    with pytest.raises(InputError, match=words):
        bc(BCConfig(**{"dataset": (dataset,), "out": str(tmp_path / "run"), **SMALL, **setting}))
    assert not (tmp_path / "run").exists(), "a call that was refused leaves the folder to the next"


def test_without_kick_units_a_kick_is_a_command_among_others(config, tmp_path):
    bc(dataclasses.replace(config, epochs=3, kick_units=False))
    last = metrics(tmp_path / "run")[-1]
    assert last["val/kick_loss"] == 0 and last["val/kick_recall"] is None
    held_out = read_dataset(config.dataset[0]).split(0.85, 0)[1]
    errors = load_policy(tmp_path / "run").predict(held_out.observations)[0] - held_out.actions
    # The error of every sample counts, those that ask for a kick too.
    assert last["val/loss"] == pytest.approx((errors**2).mean(), rel=1e-4)


def test_a_loss_of_ones_own_is_minimised_and_recorded(config, tmp_path):
    def only_walk(commands, logits, samples, weight):
        return walk_loss(commands, samples)

    config = dataclasses.replace(config, epochs=5)
    bc(dataclasses.replace(config, out=str(tmp_path / "own")), loss=only_walk)
    assert json.loads((tmp_path / "own" / "config.json").read_text())["config"]["loss"] == "only_walk"
    bc(config)
    assert metrics(tmp_path / "own")[-1]["val/kick_loss"] > 2 * metrics(tmp_path / "run")[-1]["val/kick_loss"]
    with pytest.raises(InputError, match="was made with loss = 'clone_loss' and this run has 'only_walk'"):
        bc(config, loss=only_walk)


def test_each_epoch_can_be_watched(config):
    seen = []
    policy = bc(
        dataclasses.replace(config, epochs=4),
        watch=lambda figures, net: seen.append((figures["epoch"], net.network()(np.zeros(96, np.float32)))),
    )
    assert [epoch for epoch, _ in seen] == [1, 2, 3, 4]
    best = policy.record["best"]["epoch"]
    kept = policy.network(np.zeros(96, np.float32))
    assert [np.array_equal(answer, kept) for epoch, answer in seen].index(True) == best - 1


def test_a_dataset_of_other_content_is_another_run(config, dataset, tmp_path):
    config = dataclasses.replace(config, epochs=1)
    bc(config)
    before = (tmp_path / "run" / "final_model.safetensors").read_bytes()
    data = read_dataset(dataset)
    write_dataset(dataset, dataclasses.replace(data, actions=data.actions / 2), {})
    with pytest.raises(InputError, match=r"run was made with another dataset .*expected the same content"):
        bc(config)
    write_dataset(dataset, data, {"written": "again"})
    bc(config)
    assert (tmp_path / "run" / "final_model.safetensors").read_bytes() == before


def test_a_kill_between_a_policys_two_files_leaves_a_run_that_goes_on(config, tmp_path, monkeypatch):
    config = dataclasses.replace(config, epochs=1)
    first = bc(config)
    file = tmp_path / "run" / "final_model.safetensors"
    whole = file.read_bytes()
    file.unlink()  # done once, and under way again
    write = bc_page.write_policy

    def stop(path, policy):
        write(path, policy)
        path.with_suffix(".json").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(bc_page, "write_policy", stop)
    with pytest.raises(KeyboardInterrupt):
        bc(config)
    monkeypatch.undo()
    assert bc(config).record["best"] == first.record["best"] and file.read_bytes() == whole


def test_the_command(dataset, tmp_path, command):
    done = command(
        "bc",
        "--dataset",
        dataset,
        "--out",
        tmp_path / "run",
        "--net-arch",
        "16",
        "--epochs",
        2,
        "--learning-rate",
        "0.01",
    )
    assert done.returncode == 0, done.stderr
    assert "val/kick_recall" in done.stdout and (tmp_path / "run" / "progress.txt").is_file()
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["lr"] == 0.01


def test_a_validation_on_what_is_trained_on_is_told(config, dataset, tmp_path, capsys):
    data = read_dataset(dataset)
    other = str(write_dataset(tmp_path / "val.npz", data.take(data.episode_id < 3), {}))
    bc(dataclasses.replace(config, validation=other))
    assert "3 of 3 episodes or parts of --validation" in capsys.readouterr().out


def test_a_validation_of_another_kind_is_refused_before_the_folder_is_taken(config, dataset, tmp_path):
    data = read_dataset(dataset)
    other = dataclasses.replace(data, observation_layout="robot", observations=data.observations[:, :89])
    path = write_dataset(tmp_path / "other.npz", other, {})
    with pytest.raises(InputError, match="datasets of 2 kinds came"):
        bc(dataclasses.replace(config, validation=str(path)))
    assert not (tmp_path / "run").exists()
