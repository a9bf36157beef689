"""The network of a clone: what it does to its inputs, and how its kick units reach the corners."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from soccer_lib.control.network import LAYERS
from soccer_lib.errors import InputError
from soccer_lib.learn.imitation.actor import HIDDEN_SPREAD, KICK_GAIN, Actor

SHOT = np.array([[1, -1, 1]], np.float32)


def observations() -> np.ndarray:
    """Inputs of mean 3 and spread 2, without a spread, and with one just below and just above the least."""
    rows = np.zeros((4, 4), np.float32)
    rows[:, 0] = [1, 5, 1, 5]
    rows[:, 1] = 0.7
    rows[:, 2] = [-0.0009, 0.0009, -0.0009, 0.0009]
    rows[:, 3] = [-0.002, 0.002, -0.002, 0.002]
    return rows


def test_inputs_are_normalised_and_constant_ones_only_centred():
    net = Actor(observations(), (8, 4), SHOT)
    np.testing.assert_allclose(net.mean.numpy(), [3, 0.7, 0, 0], atol=1e-6)
    np.testing.assert_allclose(net.std.numpy(), [2, 1, 1, 0.002])
    assert Actor(observations(), (8, 4), SHOT, hide=[0]).std[:2].tolist() == [np.float32(HIDDEN_SPREAD), 1]


def test_no_input_counts_for_more_than_five_standard_deviations():
    net = Actor(observations(), (8, 4), SHOT)
    rows = np.tile(observations()[0], (4, 1))
    rows[:, 0] = [3 + 4 * 2, 3 + 6 * 2, 1000, -1000]
    kind, arrays = net.network().layers[0]
    normalised = [LAYERS[kind](row, **arrays)[0] for row in rows]
    assert normalised == pytest.approx([4, 5, 5, -5])
    with torch.no_grad():
        net.trunk[0].weight.fill_(0.5)
        inside, beyond, far_beyond, below = net(torch.from_numpy(rows))[1]
    assert beyond == far_beyond and inside != beyond and below != beyond


def test_a_kick_unit_drives_all_outputs_into_its_corner_and_is_silent_below_its_threshold():
    net = Actor(observations(), (8, 4), SHOT)
    with torch.no_grad():
        for layer in (net.kick, net.out):
            layer.weight.zero_()
            layer.bias.zero_()
        net.out.bias += torch.tensor([0.5, 0.25, 0.0])
        row = observations()[0]
        np.testing.assert_allclose(net.network()(row), np.tanh([0.5, 0.25, 0]), rtol=1e-6)
        net.kick.bias.fill_(-0.1)
        np.testing.assert_allclose(net.network()(row), np.tanh([0.5, 0.25, 0]), rtol=1e-6)
        net.kick.bias.fill_(0.02)
        driven = np.tanh([0.5 + 0.02 * KICK_GAIN, 0.25 - 0.02 * KICK_GAIN, 0.02 * KICK_GAIN])
        np.testing.assert_allclose(net.network()(row), driven, rtol=1e-6)


def test_the_last_hidden_layer_has_to_hold_more_than_the_kicks():
    two = np.array([[1, -1, 1], [-1, 1, -1]], np.float32)
    assert Actor(observations(), (8, 3), two).network().layers[3][1]["weight"].shape == (3, 8)
    with pytest.raises(InputError, match="net_arch ends in 2; expected more than the 2 kicks"):
        Actor(observations(), (8, 2), two)
    # A single hidden layer is the first and the last one.
    layers = Actor(observations(), (4,), two).network().layers
    assert [kind for kind, _ in layers] == ["normalise", "linear", "relu", "linear", "tanh"]
    assert layers[1][1]["weight"].shape == (4, 4) and layers[3][1]["weight"].shape == (3, 4)


def test_a_network_without_kicks_is_made_without_a_warning(recwarn):
    net = Actor(observations(), (8, 4), SHOT[:0])
    assert net.kick.weight.shape == (0, 8) and not recwarn.list
