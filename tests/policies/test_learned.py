"""A learned policy: it acts row by row, and its file is whole or refused."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.policies import LearnedPolicy, PolicySpec, learned, load_policy, write_policy
from soccer_lib.policies.learned import walker_sha256


def made(control: str = "command", observation: str = "agent", **spec) -> LearnedPolicy:
    rng, outputs = np.random.default_rng(0), 3 if control == "command" else 12
    width = {"agent": 96, "full": 89, "raw": 45}[observation]
    layers = [
        ("normalise", {"mean": rng.normal(size=width), "std": np.full(width, 2.0), "limit": np.array(5.0)}),
        ("linear", {"weight": rng.normal(size=(8, width)), "bias": rng.normal(size=8)}),
        ("relu", {}),
        ("linear", {"weight": rng.normal(size=(outputs, 8)), "bias": np.zeros(outputs)}),
    ]
    unsquashed = {"weight": rng.normal(size=(outputs, 8)).astype(np.float32), "bias": np.zeros(outputs)}
    return LearnedPolicy(
        Network(layers), PolicySpec("made", control, observation, **spec), unsquashed, {"a": 1}
    )


@pytest.fixture
def file(tmp_path):
    return write_policy(tmp_path / "made.safetensors", made(hold=50, walker="own"))


def test_a_file_holds_the_whole_policy(file):
    policy, again = made(hold=50, walker="own"), load_policy(file)
    rows = np.random.default_rng(1).normal(size=(4, 96)).astype(np.float32)
    assert again.spec == policy.spec and again.record == {"a": 1}
    assert again.predict(rows)[0].tobytes() == policy.predict(rows)[0].tobytes()
    assert (again.unsquashed["weight"] == policy.unsquashed["weight"]).all()
    assert (
        pickle.loads(pickle.dumps(again)).predict(rows[0])[0].tobytes()
        == policy.predict(rows[0])[0].tobytes()
    )


@pytest.mark.parametrize("writes", range(4))
def test_a_kill_while_writing_leaves_the_old_policy_or_the_new_one(tmp_path, monkeypatch, writes):
    path = tmp_path / "made.safetensors"
    write_policy(path, made(hold=50, walker="own"))
    row = np.ones(96, np.float32)
    old = load_policy(path)
    new = LearnedPolicy(Network([("linear", {"weight": np.eye(3, 96), "bias": np.zeros(3)})]), old.spec)
    left = [writes]

    def written(write):
        def then(*arguments):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return write(*arguments)

        return then

    for name in ("atomic_write_bytes", "atomic_write_json"):
        monkeypatch.setattr(learned, name, written(getattr(learned, name)))
    if writes < 3:
        with pytest.raises(KeyboardInterrupt):
            write_policy(path, new)
    else:
        write_policy(path, new)
    expected = old if writes < 2 else new
    assert (load_policy(path).predict(row)[0] == expected.predict(row)[0]).all()
    assert [kind for kind, _ in load_policy(path).network.layers] == [
        kind for kind, _ in expected.network.layers
    ]


def test_a_batch_changes_no_bit_and_actions_stay_in_the_box():
    policy, rows = made(), np.random.default_rng(1).normal(size=(6, 96)).astype(np.float32)
    batch, _ = policy.predict(rows)
    assert np.abs(batch).max() == 1.0
    assert all(
        policy.predict(row)[0].tobytes() == action.tobytes() for row, action in zip(rows, batch, strict=True)
    )


def test_what_it_is_not_made_for_is_refused():
    with pytest.raises(InputError, match=r"shape \(89,\); expected \(96,\), 'agent'"):
        made().predict(np.zeros(89))
    layer = ("linear", {"weight": np.zeros((12, 45), np.float32), "bias": np.zeros(12, np.float32)})
    of_one_task = LearnedPolicy(Network([layer]), PolicySpec("x", "torque", "raw"))
    with pytest.raises(InputError, match=r"expected \(45,\), 'raw'; play goalie_penalty_kick$"):
        of_one_task.predict(np.zeros(54))
    with pytest.raises(InputError, match="no spread"):
        made().predict(np.zeros(96), deterministic=False)
    with pytest.raises(InputError, match="3 outputs; expected 12 for control 'joint'"):
        LearnedPolicy(made().network, PolicySpec("x", "joint", "agent"))


def test_damaged_files_are_refused(file, tmp_path):
    content = file.read_bytes()
    for damage in (content[:-40], content[:500] + bytes([content[500] ^ 1]) + content[501:]):
        file.write_bytes(damage)
        with pytest.raises(InputError, match="expected the file that made.json describes"):
            load_policy(file)
    file.write_bytes(content)
    record = json.loads(file.with_suffix(".json").read_text())
    for key, value, words in (
        ("kind", "walker", "not a record of a policy"),
        ("layers", record["layers"][:-1], "8 outputs; expected 3"),
        ("layers", ["normalise", "glu"], "unknown layer 'glu'"),
        ("spec", {"observation": "agent", "speed": 3}, "cannot read"),
        ("spec", {"control": "command", "observation": "agent", "hold": 1e9}, "hold got 1000000000.0"),
        ("spec", {"control": ["command"], "observation": "agent"}, "control got"),
        ("spec", {"control": "command", "observation": None}, "observation got None"),
        ("spec", {"control": "command", "observation": "agent", "walker": 3}, "walker got 3"),
        ("layers", [["normalise"], 3], "cannot read"),
        ("layers", ["relu"], "layer 0 .relu. has"),
    ):
        file.with_suffix(".json").write_text(json.dumps({**record, key: value}))
        with pytest.raises(InputError, match=words):
            load_policy(file)
    file.with_suffix(".json").unlink()
    with pytest.raises(InputError, match="made.json: No such file"):
        load_policy(file)


def test_a_policy_keeps_to_the_walker_that_it_learned_with(tmp_path):
    current = walker_sha256("own")
    path = write_policy(tmp_path / "a.safetensors", made(walker="own", walker_sha256=current))
    assert load_policy(path).spec.walker_sha256 == current
    path = write_policy(tmp_path / "a.safetensors", made(walker="own", walker_sha256="0" * 64))
    with pytest.raises(InputError, match=r"learned with walker 'own' of sha256 000000000000\.\.\."):
        load_policy(path)
    assert load_policy(path, walker="own").spec.walker_sha256 is None


def test_a_run_folder_is_loaded_by_its_best_file(tmp_path):
    folder = tmp_path / "run7"
    folder.mkdir()
    with pytest.raises(InputError, match="no finished policy; expected one of best_model_competition.safe"):
        load_policy(folder)
    write_policy(folder / "final_model.safetensors", made())
    assert load_policy(folder).spec.name == "run7"
    with pytest.raises(InputError, match=r"ending in \.safetensors"):
        write_policy(folder / "x.pt", made())


def test_it_plays_an_episode_on_any_number_of_workers(tmp_path):
    path = write_policy(tmp_path / "j.safetensors", made("joint", "full"))
    one, two = (sl.evaluate(path, "all", 1, workers=n, progress=False) for n in (1, 2))
    assert [e.fingerprint for e in one.episodes] == [e.fingerprint for e in two.episodes]
    assert len({e.fingerprint for e in one.episodes}) == 3
