"""The inference core: each layer by hand, and what does not fit is refused with its shapes."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.network import LAYERS, Network
from soccer_lib.errors import InputError

ROW = np.array([3.0, -1.0, 1.0], np.float32)


def linear(weight, bias) -> tuple[str, dict]:
    return "linear", {"weight": np.array(weight), "bias": np.array(bias)}


def one_kick(kick_from) -> dict:
    return {"patterns": [[1.0, -1.0]], "bound": [0.9, 0.75], "kick_from": np.array(kick_from)}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([linear([[1.0, 2.0, 0.0], [0.0, 0.0, -1.0]], [0.5, 0.0])], [1.5, -1.0]),
        ([linear(np.eye(3), np.zeros(3)), ("relu", {})], [3.0, 0.0, 1.0]),
        ([linear(np.eye(3), np.zeros(3)), ("elu", {})], [3.0, np.exp(-1) - 1, 1.0]),
        ([linear(np.eye(3), np.zeros(3)), ("tanh", {})], np.tanh(ROW)),
        # x / (1 + exp(-x))
        (
            [linear(np.eye(3), np.zeros(3)), ("silu", {})],
            [3 / (1 + np.exp(-3)), -1 / (1 + np.e), 1 / (1 + 1 / np.e)],
        ),
        # x times the share of a normal distribution below x
        ([linear(np.eye(3), np.zeros(3)), ("gelu", {})], [3 * 0.9986501, -0.1586553, 0.8413447]),
        ([linear(np.eye(3), np.zeros(3)), ("leaky_relu", {})], [3.0, -0.01, 1.0]),
        # 1.0507 x above 0; 1.0507 times 1.67326 (exp(x) - 1) below
        ([linear(np.eye(3), np.zeros(3)), ("selu", {})], [3.152103, -1.1113307, 1.0507010]),
        ([linear(np.eye(3), np.zeros(3)), ("clip", {})], [1.0, -1.0, 1.0]),
        ([("take", {"entries": np.array([2, 0]), "width": np.array(3)})], [1.0, 3.0]),
        # (3 - 1) / 0.5 = 4, cut to 2; (-1 - 1) / 4 = -0.5; (1 - 1) / 1 = 0
        ([("normalise", {"mean": [1, 1, 1], "std": [0.5, 4, 1], "limit": np.array(2)})], [2.0, -0.5, 0.0]),
        # mean 1, deviations 2, -2, 0, variance 8/3
        (
            [("layer_norm", {"scale": [1, 2, 1], "bias": [0, 0, 5], "eps": np.array(0.0)})],
            [2 / np.sqrt(8 / 3), -4 / np.sqrt(8 / 3), 5.0],
        ),
        # The last entry is a kick's logit, 1: its share e / (1 + e) = 0.731. Walking: tanh, within the bound.
        ([linear(np.eye(3), np.zeros(3)), ("kick_or_walk", one_kick(0.73))], [1.0, -1.0]),
        ([linear(np.eye(3), np.zeros(3)), ("kick_or_walk", one_kick(0.74))], [0.9, -0.75]),
    ],
)
def test_each_layer_by_hand(layers, expected):
    network = Network(layers)
    result = network(ROW)
    assert network.inputs == 3 and network.outputs == len(expected) and result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize(("logit", "kicks"), [(-200.0, False), (200.0, True)])
def test_a_decision_that_is_sure_is_made_without_a_warning(logit, kicks):
    network = Network([linear(np.diag([0, 0, logit]), np.zeros(3)), ("kick_or_walk", one_kick(0.5))])
    with np.errstate(over="raise", invalid="raise"):
        assert (network(ROW).tolist() == [1.0, -1.0]) is kicks


def test_every_layer_was_tried_by_hand():
    tried = {name for case in test_each_layer_by_hand.pytestmark[0].args[1] for name, _ in case[0]}
    assert tried == set(LAYERS)


def test_perceptron_has_elu_between_its_layers():
    rng = np.random.default_rng(0)
    w0, b0, w1, b1 = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=(2, 5)), rng.normal(size=2)
    hidden = w0 @ ROW + b0
    hidden = np.where(hidden > 0, hidden, np.exp(np.minimum(hidden, 0)) - 1)
    np.testing.assert_allclose(Network.perceptron([w0, w1], [b0, b1])(ROW), w1 @ hidden + b1, rtol=1e-4)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([linear(np.eye(3), np.zeros(2))], r"weight \(3, 3\), bias \(2,\) and gets 3 inputs"),
        ([linear(np.eye(3), np.zeros(1))], r"bias \(1,\)"),
        ([linear(np.eye(3), np.zeros(3)), linear(np.eye(4), np.zeros(4))], r"layer 1 .*\(4, 4\).* gets 3"),
        ([linear(np.eye(3), [0, np.nan, 0])], r"layer 0 .linear.: bias has nan at \(1,\)"),
        ([("glu", {})], "unknown layer 'glu'"),
        ([("relu", {})], "no layer has arrays"),
        ([linear(np.eye(3) * 1j, np.zeros(3))], "weight holds complex128"),
        ([linear(np.eye(3) * 1e31, np.zeros(3))], "weight has 1e\\+31 at"),
        ([linear(np.full((3, 3), "1"), np.zeros(3))], "weight holds str"),
        ([("relu", {}), linear(np.eye(3), np.zeros(3))], r"layer 1 .linear. has .* gets 0 inputs"),
        ([("take", {"entries": [7], "width": np.array(3)})], "layer 0 .take."),
        ([("linear", {"weight": np.eye(3)})], "layer 0 .linear. has weight"),
    ],
)
def test_what_does_not_fit_is_refused(layers, words):
    with pytest.raises(InputError, match=words):
        Network(layers)
