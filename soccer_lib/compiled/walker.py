"""Our own walker on compiled code: the same numbers in a tenth of the time."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.compiled.gait import step_walker
from soccer_lib.compiled.gait_state import CONSTANTS, PARAMETERS, STATE
from soccer_lib.compiled.network import network_record
from soccer_lib.control.gait import Gait, GaitParameters
from soccer_lib.control.walker import OwnWalker, command_list
from soccer_lib.layout import Sensed


def _entry(name: str, kind: type | None = None) -> Any:
    """An attribute that lives in the record: a number, or nested lists of numbers, as `Gait` has them."""

    def read(owner: Any) -> Any:
        values = owner.record[name].tolist()
        return [kind(value) for value in values] if kind else values

    def write(owner: Any, value: Any) -> None:
        owner.record[name] = value

    return property(read, write)


class CompiledGait(Gait):
    """The gait engine's state in a record that compiled code advances.

    Lists are read as copies: to change an entry, write the whole list.

    Attributes:
        record: `compiled.gait_state.STATE`.
        addresses: of `CONSTANTS`, `PARAMETERS` and `STATE`, valid as long as this object lives.
    """

    time = _entry("time")
    phase = _entry("phase")
    standing = _entry("standing")
    command = _entry("command")
    mean = _entry("mean")
    integral = _entry("integral")
    start_pose = _entry("start_pose")
    feet = _entry("feet")
    lifted = _entry("lifted")
    ready = _entry("ready", bool)
    swinging = _entry("swinging", bool)
    hip_pitch = _entry("hip_pitch")

    def __init__(self, parameters: GaitParameters) -> None:
        self._records = np.zeros(1, STATE)
        self.record = self._records[0]
        self._parameters = np.zeros(1, PARAMETERS)
        self._parameters[0] = tuple(parameters.vector())
        self.addresses = tuple(array.ctypes.data for array in (CONSTANTS, self._parameters, self._records))
        super().__init__(parameters)

    def __reduce__(self) -> Any:
        """A copy has records of its own: addresses that were copied would lead to these."""
        return CompiledGait, (self.p,), self.get_state()

    def __setstate__(self, state: dict) -> None:
        self.set_state(state)

    def step(self, *_: Any, **__: Any) -> list[float]:
        """Refused: Python code would advance copies of the record's lists."""
        raise NotImplementedError("a compiled gait steps inside CompiledWalker.step; take control.gait.Gait")


class CompiledWalker(OwnWalker):
    """Gait engine and residual network in compiled code.

    Args:
        walker: whose parameters, network (of `compiled.network.KINDS`, or none) and limits it takes over; it
            starts as after a reset.

    Attributes:
        addresses: of the records that `step_walker` takes, valid as long as this object lives.
    """

    gait: CompiledGait

    def __init__(self, walker: OwnWalker) -> None:
        super().__init__(
            walker.gait.p,
            walker.network,
            walker.name,
            walker.sha256,
            walker.limits,
            engine=CompiledGait(walker.gait.p),
        )
        record = self.gait.record
        self._wanted = record["wanted"]
        self._readings: Any = None
        self._sensed = record["sensed"]
        self._result = record["result"]
        self._network = network_record(walker.network, record["row"], record["output"])
        self.addresses = (*self.gait.addresses, self._network[0].ctypes.data)

    def __reduce__(self) -> Any:
        """A copy has records of its own, made from the same walker in Python."""
        plain = OwnWalker(self.gait.p, self.network, self.name, self.sha256, self.limits)
        return CompiledWalker, (plain,), self.get_state()

    def __setstate__(self, state: dict) -> None:
        self.set_state(state)

    @property
    def action(self) -> list[float]:
        """The network's last output, as applied."""
        return self.gait.record["action"].tolist()

    @action.setter
    def action(self, values: list[float]) -> None:
        self.gait.record["action"] = values

    def step(self, command: np.ndarray, sensed: Sensed) -> np.ndarray:
        """Joint targets for the next 20 ms; see `Walker.step`."""
        self._wanted[:] = command_list(command)
        np.concatenate(sensed, out=self._sensed)
        if self.fresh:
            self.gait.start_pose = sensed.joint_pos
            self.fresh = False
        return self._step(senses=False)

    def step_by(self, command: np.ndarray, readings: Any) -> np.ndarray:
        """The same; compiled code reads the sensors."""
        if self.fresh:
            return self.step(command, readings.sense())
        self.take_in(command, readings)
        return self._step(senses=True)

    def take_in(self, command: np.ndarray, readings: Any) -> None:
        """Take the command, and where the sensors lie, of a compiled step that is to come."""
        if readings is not self._readings:
            self._readings = readings
            record = self.gait.record
            record["joints"] = readings.joint_pos.ctypes.data
            record["speeds"] = readings.joint_vel.ctypes.data
            record["sensors"] = readings.data.sensordata.ctypes.data
            record["attitude"] = readings.attitude
        self._wanted[:] = command_list(command)

    def _step(self, *, senses: bool) -> np.ndarray:
        step_walker(*self.addresses, senses)
        return self._result.copy()
