"""Agents behind one `predict`: what they need from the environment, and the baselines."""

from soccer_lib.policies.baselines import Random, Stand, Zero, stand_torque
from soccer_lib.policies.catalogue import BASELINES, load_policy
from soccer_lib.policies.policy import Policy, PolicySpec, RowPolicy, check_policy

__all__ = [
    "BASELINES",
    "Policy",
    "PolicySpec",
    "Random",
    "RowPolicy",
    "Stand",
    "Zero",
    "check_policy",
    "load_policy",
    "stand_torque",
]
