"""The model of a submission: the identity, or a plain agent's network, the same bytes whenever it is made."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.export.model import model_files
from soccer_lib.layout import TORQUE_LIMIT
from tests.export.exported import linear

ROWS = np.random.default_rng(0).normal(size=(7, 12)).astype(np.float32)


def model(network, control="command"):
    return torch.jit.load(io.BytesIO(model_files(network, control, "small")["model.pt"]))


def test_an_agent_of_commands_has_the_identity_for_any_batch():
    for rows in (ROWS, ROWS[:1]):
        assert np.array_equal(model(None)(torch.from_numpy(rows)).numpy(), rows)


def test_each_layer_answers_batches_as_the_inference_core_answers_rows():
    layers = [
        ("take", {"entries": np.array([3, 0, 1, 2, 5]), "width": np.array(12)}),
        ("normalise", {"mean": np.full(5, 0.1), "std": np.full(5, 0.5), "limit": np.array(1.5)}),
        linear(8, 5, scale=1.0),
        ("layer_norm", {"scale": np.full(8, 2.0), "bias": np.full(8, 0.1), "eps": np.array(1e-5)}),
        *[(kind, {}) for kind in ("selu", "gelu", "silu", "elu", "leaky_relu")],
        linear(12, 8, seed=1, scale=1.0),
        ("relu", {}),
        ("clip", {}),
        linear(12, 12, seed=2, scale=2.0),
    ]
    network = Network(layers)
    here = np.array([np.clip(network(row), -1, 1) for row in ROWS])
    assert (np.abs(here) == 1).any() and (np.abs(here) < 1).any()
    np.testing.assert_allclose(model(network, "torque")(torch.from_numpy(ROWS)).numpy(), here, atol=2e-6)


def test_an_agent_of_joint_targets_is_followed_by_the_pd():
    network = Network([("linear", {"weight": np.zeros((12, 3)), "bias": np.full(12, 0.1)})])
    row = np.zeros((1, 3 + 24), np.float32)
    row[0, 3 + 12] = 2.0  # the first joint turns at 2 rad/s
    torques = model(network, "joint")(torch.from_numpy(row)).numpy()[0]
    # hip pitch: 200 (-0.2 + 0.1) - 5 x 2 = -30 N m, of 64; knee: 200 (0.4 + 0.1), at its limit of 65, of 128
    np.testing.assert_allclose(torques[[0, 3]], [-30 / 64, TORQUE_LIMIT[3] / 128], rtol=1e-6)


def test_a_layer_of_commands_is_refused():
    layers = [
        linear(12, 4),
        ("kick_or_walk", {"patterns": np.zeros((1, 11)), "bound": np.ones(11), "kick_from": 0.5}),
    ]
    with pytest.raises(InputError, match="small has layers that cannot be exported: kick_or_walk; expected"):
        model_files(Network(layers), "torque", "small")


def test_the_archive_is_the_same_each_time_and_names_no_folder_of_this_machine():
    network = Network([linear(12, 4)])
    for control in ("torque", "joint"):
        first, second = (model_files(network, control, "small")["model.pt"] for _ in range(2))
        assert first == second
    assert b'/export/model.py"' not in first and b"/tmp/" not in first and b"site-packages" not in first
