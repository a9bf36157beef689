"""What an agent is paid: a scene, small terms on it, potentials, profiles of weights, and the layers."""

from soccer_lib.wrappers.rewards.layers import GAMMA, REWARDS, reward_layer
from soccer_lib.wrappers.rewards.profiles import PROFILES, check_weights, parse_weights, read_weights
from soccer_lib.wrappers.rewards.users import add_potential, add_term

__all__ = [
    "GAMMA",
    "PROFILES",
    "REWARDS",
    "add_potential",
    "add_term",
    "check_weights",
    "parse_weights",
    "read_weights",
    "reward_layer",
]
