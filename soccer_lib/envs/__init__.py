"""`make_env` and `make_vec_env`: the one place where the stack of layers is built and its order asserted.

The vector environment imports torch by way of Stable-Baselines3: take it from `soccer_lib.envs.vec`.
"""

from soccer_lib.envs.make import describe, get_state, layers, make_env, set_state

__all__ = ["describe", "get_state", "layers", "make_env", "set_state"]
