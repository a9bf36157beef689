"""The strict harness shows code what the client shows it, and takes what the client takes."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.errors import SimulationError
from soccer_lib.export.crew import task_of
from soccer_lib.export.harness import ClientEnv, Submission, visible
from soccer_lib.export.submission import export_agent
from soccer_lib.tasks import TASKS
from tests.export.exported import ONE_HOT

CODE = '''"""Text."""
import os
from sys import path

class First:
    def __init__(self):
        self.names = sorted(name for name in globals() if not name.startswith("__"))

class Second:
    pass
'''


def test_imports_are_removed_and_the_first_class_is_made(tmp_path):
    path = tmp_path / "code.py"
    path.write_text(CODE)
    found = visible(path, env=7)
    assert type(found).__name__ == "First"
    assert found.names == ["First", "Second", "env", "np"]


def test_a_function_is_handed_back_as_it_is(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("def double(policy):\n    return np.multiply(policy, 2)\n")
    assert visible(path)(4) == 8


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (np.zeros(12), "float64 of shape"),
        (np.zeros(11, np.float32), r"shape \(11,\)"),
        (np.full(12, 15.1, np.float32), "up to 15.1"),
    ],
)
def test_torques_outside_the_box_are_refused(action, words):
    env = ClientEnv(TASKS["kick_to_target"], ONE_HOT[2])
    env.reset(seed=1)
    with pytest.raises(SimulationError, match=words):
        env.step(action)
    _, score, _, _, info = env.step(np.full(12, 15, np.float32))
    assert score == 0.0 and info["task_index"].tolist() == [0, 0, 1]


def test_rows_for_the_model_have_to_be_single_precision_a_row_a_robot(tmp_path):
    export_agent("stand", tmp_path / "out")
    submission = Submission(tmp_path / "out")

    class Odd:
        rows = np.zeros((2, 12))

        def modify_state(self, observations, info):
            return self.rows

    submission.preprocessor = odd = Odd()
    for rows in (odd.rows, odd.rows[:1].astype(np.float32), odd.rows[0].astype(np.float32)):
        odd.rows = rows
        with pytest.raises(SimulationError, match="expected a float32 row for each"):
            submission.actions(np.zeros((2, 39)), {})


def test_the_task_is_told_by_the_one_hot_or_by_the_width():
    assert task_of(45, {}).name == "goalie_penalty_kick"
    assert task_of(54, {}).name == "obstacle_penalty_kick"
    assert task_of(39, {}).name == "kick_to_target"
    assert task_of(45, {"task_index": ONE_HOT[[0, 0]]}).name == "goalie_penalty_kick"
    assert task_of(54, {"task_index": ONE_HOT[0]}).name == "obstacle_penalty_kick"  # the width is sure
    assert task_of(45, {"task_index": np.ones(1)}).name == "goalie_penalty_kick"
