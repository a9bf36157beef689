"""A pilot for each robot of a batch, as the competition's client hands them over: the preprocessor's core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from soccer_lib.export.pilot import COMPETITION_TASKS, TORQUE_UNIT, Senses
from soccer_lib.layout import INFO_FIELDS, JOINT_STATE

NAMES = ("robot_quat", *dict.fromkeys(INFO_FIELDS))
"""Entries of the stock info that are read."""


def task_of(width: int, info: Mapping[str, Any]) -> Any:
    """The task that is played: by the one-hot `task_index` of the client, or by the observation's width.

    Args:
        width: entries of the stock observation.
        info: the client's.
    """
    fitting = [task for task in COMPETITION_TASKS if task.raw_size == width]
    one_hot = np.asarray(info.get("task_index", ())).reshape(-1)[: len(COMPETITION_TASKS)]
    told = [task for task, mark in zip(COMPETITION_TASKS, one_hot.tolist(), strict=False) if mark]
    both = [task for task in told if task in fitting]
    return [*both, *fitting, *told][0]


class Crew:
    """Answers batches; a row is a robot, and keeps its memory from call to call.

    Args:
        make_pilot: makes the pilot of one more row.
        in_model: the model has the network: it gets what the pilots see, not torques.
        with_joints: what the model gets ends with the joints' present state.
    """

    def __init__(
        self, make_pilot: Callable[[], Any], in_model: bool = False, with_joints: bool = False
    ) -> None:
        self.make_pilot = make_pilot
        self.in_model = in_model
        self.with_joints = with_joints
        self.pilots = [make_pilot()]

    def modify_state(self, observations: np.ndarray, info: Mapping[str, Any]) -> np.ndarray:
        """What the model gets for the stock observations of a batch, or of one robot.

        Args:
            observations: Shape: (n, width) or (width,).
            info: the stock info, each entry with a row a robot.

        Returns:
            float32, Shape: (n, 12): torques in `TORQUE_UNIT`; or what the network sees.
        """
        rows = np.atleast_2d(np.asarray(observations, dtype=np.float32))
        n = len(rows)
        entries = {name: np.asarray(info[name]).reshape(n, -1) for name in NAMES}
        while len(self.pilots) < n:
            self.pilots.append(self.make_pilot())
        task = task_of(rows.shape[1], info)
        finite = np.isfinite(rows).all(axis=1)
        answers = [
            # A robot whose physics blew up is lost; the others of its batch are not.
            pilot.step(Senses(row, entries, index), task) if fine else np.zeros_like(pilot.answer)
            for index, (pilot, row, fine) in enumerate(zip(self.pilots, rows, finite, strict=False))
        ]
        joints = rows[:, JOINT_STATE]
        if self.in_model:
            parts = (np.stack(answers), joints) if self.with_joints else (np.stack(answers),)
            return np.concatenate(parts, axis=1)
        torques = self.pilots[0].torques(np.stack(answers), joints) / TORQUE_UNIT
        return np.where(finite[:, None], torques, np.float32(0))
