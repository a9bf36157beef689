"""Values that no policy can have: in its JSON, its weights, an argument, an observation."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.policies import LearnedPolicy, PolicySpec, load_policy, write_policy
from soccer_lib.runs.files import sha256_of

ROW = np.full(96, 0.5, np.float32)
WEIGHT = np.eye(3, 96, dtype=np.float32)


def refuses(words: str, act, *arguments, **named) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        act(*arguments, **named)
    assert "\n" not in str(refusal.value) and "expected" in str(refusal.value)


def made(folder: Path, change=lambda record: None, **tensors: np.ndarray) -> Path:
    """A policy of ours whose record and tensors were changed, and the hash with them."""
    network = Network([("linear", {"weight": WEIGHT, "bias": np.zeros(3)})])
    spec = PolicySpec("made", "command", "agent", 50, "own")
    path = write_policy(folder / "made.safetensors", LearnedPolicy(network, spec))
    record = json.loads(path.with_suffix(".json").read_text())
    path.write_bytes(save({**load(path.read_bytes()), **tensors}))
    record["sha256"] = sha256_of(path)
    change(record)
    path.with_suffix(".json").write_text(json.dumps(record))
    return path


SPECS = {
    "hold": [
        (1e9, "hold got 1.*from 1 up to 5,000"),
        ("50", "hold got '50'"),
        (True, "got True"),
        ([50], "50"),
    ],
    "control": [("kick", "unknown control of made 'kick'"), (None, "control got None"), (["command"], "got")],
    "observation": [
        ("all", "unknown observation of made 'all'"),
        ("robot", "96 inputs; expected 89 for observation 'robot'"),
        ("raw", "96 inputs; expected 33 or 39"),
        (5, "observation got 5"),
    ],
    "walker": [(3, "walker got 3"), (["own"], "walker got")],
    "walker_sha256": [(5, "walker_sha256 got 5"), ("zz", "sha256 zz")],
    "wings": [(2, "unexpected keyword argument 'wings'")],
}


@pytest.mark.parametrize(
    ("name", "value", "words"), [(n, *case) for n, cases in SPECS.items() for case in cases]
)
def test_a_spec_in_a_file_has_types_and_ranges(name, value, words, tmp_path):
    refuses(words, load_policy, made(tmp_path, lambda record: record["spec"].update({name: value})))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spec": []}, "must be a mapping"),
        ({"layers": []}, "no layer has arrays"),
        ({"layers": 5}, "not iterable"),
        ({"layers": [["linear"]]}, "cannot read"),
        ({"layers": ["linear"] * 9}, "layer 1 .linear. has no arrays"),
        ({"record": 5}, "not iterable"),
        ({"kind": []}, "not a record of a policy"),
        ({"sha256": None}, "has sha256"),
    ],
)
def test_a_record_has_types(change, words, tmp_path):
    refuses(words, load_policy, made(tmp_path, lambda record: record.update(change)))


def test_a_record_that_nests_too_deep_is_refused(tmp_path):
    path = made(tmp_path)
    path.with_suffix(".json").write_text("[" * 100_000)
    refuses("recursion", load_policy, path)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"0.weight": WEIGHT * np.nan}, "weight has nan"),
        ({"0.bias": np.array([0, np.inf, 0], np.float32)}, r"bias has inf at \(1,\)"),
        ({"0.weight": WEIGHT.astype(bool)}, "weight holds bool"),
        ({"0.weight": WEIGHT.astype(float) * 1e39}, r"weight has 1e\+39"),
        ({"unsquashed.bias": np.array([np.nan], np.float32)}, "unsquashed.bias has nan"),
    ],
)
def test_weights_are_finite_numbers(tensors, words, tmp_path):
    refuses(words, load_policy, made(tmp_path, **tensors))


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (WEIGHT * np.nan, "weight has nan"),
        (WEIGHT.astype(complex), "weight holds complex128"),
        (WEIGHT.astype(bool), "weight holds bool"),
        (WEIGHT.astype(float) * 1e39, "weight has inf"),
    ],
)
def test_weights_of_others_are_too(weight, words, tmp_path):
    torch.save({"0.weight": torch.as_tensor(weight), "0.bias": torch.zeros(3)}, tmp_path / "a.pt")
    refuses(words, load_policy, tmp_path / "a.pt", output="clip")


@pytest.fixture
def foreign(tmp_path):
    """Foreign weights, and what is to lie beside them."""

    def write(content) -> Path:
        torch.save({"0.weight": torch.as_tensor(WEIGHT), "0.bias": torch.zeros(3)}, tmp_path / "a.pt")
        (tmp_path / "a.json").write_text(content if isinstance(content, str) else json.dumps(content))
        return tmp_path / "a.pt"

    return write


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "no JSON object"),
        ("{", "cannot read"),
        ("[" * 100_000, "recursion"),
        ({"hold": 1e9}, "hold got 1"),
        ({"hold": "50"}, "hold got '50'"),
        ({"observation": ["agent"]}, "observation got"),
        ({"observation": {}}, "observation got {}"),
        ({"observation": "robot"}, "which 'robot' has not"),
        ({"control": "torque"}, "which 'torque' has not"),
        ({"walker": 5}, "walker got 5"),
        ({"activation": "mish"}, "unknown activation"),
        ({"output": "none"}, "unknown output"),
        ({"spec": {"hold": -1}}, "hold got -1"),
        ({"spec": [5]}, "no JSON object"),
    ],
)
def test_what_lies_beside_foreign_weights_is_checked(content, words, foreign):
    refuses(words, load_policy, foreign(content), output="clip")


def test_what_lies_beside_and_says_nothing_known_is_named(foreign, capsys):
    load_policy(foreign({"hold": 50.0, "observations": "agent", "action_scale": 0.5}), output="clip")
    assert (
        "a.json: action_scale, observations not used; what it may tell: observation"
        in capsys.readouterr().out
    )


def test_a_whole_number_of_a_file_is_one(foreign):
    hold = load_policy(foreign({"hold": 50.0}), output="clip").spec.hold
    assert hold == 50 and isinstance(hold, int)


@pytest.mark.parametrize("value", ["yes", 5, "no", [True]])
def test_code_is_trusted_by_true_alone(value, foreign):
    refuses("trust_code got", load_policy, foreign({}), output="clip", trust_code=value)


@pytest.mark.parametrize(
    "value", [None, 5, [], {}, "", b"zero", "x" * 5000, "a\0b", np.zeros(2), LearnedPolicy, True]
)
def test_what_is_no_policy_is_an_unknown_one(value):
    refuses("unknown policy", load_policy, value)


def test_a_walker_may_be_a_path_and_nothing_else(tmp_path):
    assert load_policy("walk_at_ball", walker=tmp_path / "w.npz").spec.walker == os.fspath(tmp_path / "w.npz")
    refuses("walker got 5", load_policy, "walk_at_ball", walker=5)


@pytest.mark.parametrize(
    ("observation", "words"),
    [
        (ROW * np.nan, r"nan at \(0,\) \(96 such\)"),
        (np.append(ROW[1:], np.inf), r"inf at \(95,\)"),
        (np.append(ROW[1:], -np.inf), r"inf at \(95,\)"),
        (ROW.astype(float) * 1e300, "e.299"),
        (ROW + 1j, "holds complex64"),
        (np.array(["a"] * 96), "holds str"),
        (np.array([None] * 96), "holds object"),
        (ROW > 0, "holds bool"),
        (None, r"of shape \(\)"),
        ({"observation": ROW}, r"of shape \(\)"),
        (np.zeros((0, 96)), r"of shape \(0, 96\)"),
        (np.stack((ROW, ROW * np.nan)), r"nan at \(1, 0\)"),
    ],
)
def test_an_observation_is_finite_numbers(observation, words, tmp_path):
    for policy in (load_policy(made(tmp_path)), load_policy("zero"), load_policy("striker")):
        refuses(words, policy.predict, observation)


def test_an_actor_of_one_task_says_so(tmp_path, capsys):
    torch.save({"0.weight": torch.zeros(12, 51), "0.bias": torch.zeros(12)}, tmp_path / "goalie.pt")
    load_policy(tmp_path / "goalie.pt", output="clip")
    assert "51 inputs are those of goalie_penalty_kick" in capsys.readouterr().out
