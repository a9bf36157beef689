"""What an agent is paid: a situation, small terms on it, potentials, profiles of weights, and the layers."""

from soccer_lib.wrappers.rewards.layers import GAMMA, REWARDS, reward_layer
from soccer_lib.wrappers.rewards.profiles import PROFILES, check_weights, parse_weights

__all__ = ["GAMMA", "PROFILES", "REWARDS", "check_weights", "parse_weights", "reward_layer"]
