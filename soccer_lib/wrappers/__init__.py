"""The layers between the simulation and an agent: control, observation, reward, report."""

from soccer_lib.wrappers.control import CONTROLS, JointControl, TorqueControl
from soccer_lib.wrappers.observation import OBSERVATIONS, FullObservation, RawObservation
from soccer_lib.wrappers.report import EpisodeReport
from soccer_lib.wrappers.reward import REWARDS, CompetitionReward, EnvReward

__all__ = [
    "CONTROLS",
    "OBSERVATIONS",
    "REWARDS",
    "CompetitionReward",
    "EnvReward",
    "EpisodeReport",
    "FullObservation",
    "JointControl",
    "RawObservation",
    "TorqueControl",
]
