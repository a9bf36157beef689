"""Agents behind one `predict`: what they need from the environment, and the baselines."""

from soccer_lib.policies.baselines import stand_torque
from soccer_lib.policies.catalogue import BASELINES, load_policy
from soccer_lib.policies.learned import LearnedPolicy, write_policy
from soccer_lib.policies.policy import Policy, PolicySpec

__all__ = [
    "BASELINES",
    "LearnedPolicy",
    "Policy",
    "PolicySpec",
    "load_policy",
    "stand_torque",
    "write_policy",
]
