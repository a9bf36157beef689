"""The layers between the simulation and an agent: control, observation, reward, guard, report."""

from soccer_lib.wrappers.command import CommandControl
from soccer_lib.wrappers.control import ControlInterface, JointControl, TorqueControl
from soccer_lib.wrappers.guard import Guard
from soccer_lib.wrappers.heading import AgentObservation, RobotObservation
from soccer_lib.wrappers.multitask import MultiTask
from soccer_lib.wrappers.observation import FullObservation, RawObservation
from soccer_lib.wrappers.report import EpisodeReport
from soccer_lib.wrappers.rewards import REWARDS

CONTROLS: dict[str, type[ControlInterface]] = {
    "torque": TorqueControl,
    "joint": JointControl,
    "command": CommandControl,
}
"""Control interfaces by name."""

OBSERVATIONS = {
    "raw": RawObservation,
    "full": FullObservation,
    "robot": RobotObservation,
    "agent": AgentObservation,
}
"""Observations by name."""

__all__ = ["CONTROLS", "OBSERVATIONS", "REWARDS", "EpisodeReport", "Guard", "MultiTask"]
