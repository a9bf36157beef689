"""The bundle holds what is needed, nothing else, and runs with numpy alone."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.approach import approach
from soccer_lib.export.bundle import Bundle, bindings

HEAD = """
class Module:
    def __init__(self, names):
        self.__dict__.update(names)


def module(make):
    return Module(make())


"""


def modules(*roots, methods=()):
    text = Bundle(roots, methods).text()
    names = {"np": np}
    exec(HEAD + text, names)
    return names, text


def test_a_function_runs_as_it_does_here_with_what_it_needs_from_other_modules():
    names, text = modules(("soccer_lib.control.approach", "approach"))
    for place, ball, turn in (((2.0, 0.3), (1.2, 0.1), 0.2), ((-1.0, 0.1), (-0.5, 0.0), 3.0)):
        assert names["control_approach"].approach(place, ball, turn) == approach(place, ball, turn)
    assert "def wrap(" in text and "def clamp(" in text
    assert "def turned(" not in text and "import" not in text and '"""' not in text


def test_methods_come_along_once_somebody_asks_for_them():
    root = ("soccer_lib.control.gait", "Gait")
    _, without = modules(root)
    _, with_step = modules(root, methods=["step"])
    assert "def step(" not in without and "def _clock(" not in without
    assert "def step(" in with_step and "def _clock(" in with_step
    assert "def get_state(" not in with_step


def test_a_layer_that_imports_something_when_it_runs_is_left_out_of_the_table():
    names, text = modules(("soccer_lib.control.network", "LAYERS"))
    assert "scipy" not in text
    assert {"gelu", "silu"}.isdisjoint(names["control_network"].LAYERS)
    row = names["control_network"].LAYERS["relu"](np.array([-1.0, 2.0]))
    assert row.tolist() == [0.0, 2.0]


def test_an_array_that_is_filled_by_later_lines_is_filled():
    names, _ = modules(("soccer_lib.sim.torque", "STAND_KP"))
    assert names["sim_torque"].STAND_KP[4] == 200 and names["sim_torque"].STAND_KP[0] == 200
    assert len(bindings("soccer_lib.sim.torque")["STAND_KP"]) == 2


def test_what_cannot_be_had_is_named():
    with pytest.raises(LookupError, match="soccer_lib.runs.files has no nothing that can be exported"):
        Bundle([("soccer_lib.runs.files", "nothing")], [])
    with pytest.raises(LookupError, match="scipy.special cannot be exported"):
        Bundle([("scipy.special", "erf")], [])
