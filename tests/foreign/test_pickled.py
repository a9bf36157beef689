"""Pickled normalisers: data for who trusts them by name, and never read else."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from soccer_lib.errors import InputError
from soccer_lib.policies import load_policy
from tests.foreign.nets import ROWS, Space
from tests.foreign.weight_files import ELU

HINTS = {"activation": "elu", "output": "tanh", "observation": "agent"}


@pytest.fixture
def actor(tmp_path):
    """An actor whose VecNormalize lies beside: observations less 1, over 2, within 0.5."""
    torch.save(ELU.state_dict(), tmp_path / "actor.pth")
    made = VecNormalize(DummyVecEnv([Space]), clip_obs=0.5, epsilon=0.0)
    made.obs_rms.mean = np.full(96, 1.0)
    made.obs_rms.var = np.full(96, 4.0)
    made.save(str(tmp_path / "vecnormalize.pkl"))
    return tmp_path / "actor.pth"


def answers(policy):
    return np.array([policy.predict(row)[0] for row in ROWS])


@pytest.mark.parametrize("named", [True, False])
def test_a_trusted_one_stands_before_the_network(actor, named):
    plain = load_policy(actor, **HINTS)
    told = {**HINTS, "normaliser": str(actor.with_name("vecnormalize.pkl"))} if named else HINTS
    policy = load_policy(actor, **told, trust_pickle=True)
    kind, numbers = policy.network.layers[0]
    assert kind == "normalise"
    assert {key: float(array.flat[0]) for key, array in numbers.items()} == {
        "mean": 1,
        "std": 2,
        "limit": 0.5,
    }
    seen = np.clip((ROWS - 1) / 2, -0.5, 0.5).astype(np.float32)
    expected = np.array([plain.predict(row)[0] for row in seen])
    np.testing.assert_allclose(answers(policy), expected, atol=1e-6)


def test_one_beside_is_not_used_unless_it_is_trusted(actor):
    assert load_policy(actor, **HINTS).network.layers[0][0] == "linear"


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_nothing_in_a_pickle_runs_without_trust(actor):
    path = actor.with_name("vecnormalize.pkl")
    path.write_bytes(pickle.dumps(Harmful(str(actor.with_name("harm")))))
    with pytest.raises(
        InputError, match="cannot read .*runs whatever its author put into it.*--trust-pickle"
    ):
        load_policy(actor, **HINTS, normaliser=str(path))
    assert not actor.with_name("harm").exists()
    with pytest.raises(InputError, match="expected a VecNormalize of one observation"):
        load_policy(actor, **HINTS, normaliser=str(path), trust_pickle=True)
    assert actor.with_name("harm").exists()  # whoever trusts it gets what its author wrote


def test_trust_is_true_or_false(actor):
    with pytest.raises(InputError, match="trust_pickle got 'yes'; expected True or False"):
        load_policy(actor, **HINTS, trust_pickle="yes")
