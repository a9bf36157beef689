"""Rewards by name: the layers that pay an agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError, known_name, unknown_name
from soccer_lib.ranges import Range, of_type
from soccer_lib.sim import simulation_of
from soccer_lib.tasks import COMPETITION, PHYSICS_DT
from soccer_lib.wrappers.rewards.field_state import TARGETS, FieldState, FieldStateReader, Step
from soccer_lib.wrappers.rewards.potential import POTENTIALS, shaping
from soccer_lib.wrappers.rewards.profiles import PROFILES, check_weights, weights_of
from soccer_lib.wrappers.rewards.terms import MACRO_GATE, STOCK_RATES, TERMS

GAMMA = {"command": 0.99, "joint": 0.998, "torque": 0.9998}
"""Default discount of one env step by control interface; over a second they are about the same."""


MOST_AT_PAR = 20.0
"""Largest factor between `score_at_par` and the score; 2.7 at the time limit with the default gammas."""


class EnvReward(gym.Wrapper):
    """The stock environment's dense reward, added up over the held physics steps.

    It pays for standing near the ball after a touch, not for scoring.
    """

    sum_reward = True


class ProfileReward(gym.Wrapper):
    """Terms and potentials, each times its weight; nothing is clipped.

    Where the end itself is paid for (a score or `time_out`), a time-out is a true end, so nothing is
    bootstrapped; elsewhere it is a truncation, which keeps its potential. Every info has `reward_values`
    (unweighted; of a potential: what its change is worth) and `reward_shares` (weighted; the reward is
    their sum).

    Args:
        env: the stack up to the observation.
        profile: one of `PROFILES`.
        weights: term or potential -> weight, over those of the profile (see `profiles`); 0 switches one off.
        gamma: discount of one env step that lasts its full hold; potentials and `score_at_par` need it.

    Raises:
        InputError: no gamma for what needs it, or one so low that `score_at_par` could be more than
            `MOST_AT_PAR` times the score; a task for which a term is not defined.
    """

    sum_reward = False

    def __init__(
        self, env: gym.Env, profile: str, weights: Mapping[str, Any], gamma: float | None = None
    ) -> None:
        super().__init__(env)
        self._sim = simulation_of(env)
        task = self._sim.task.name
        settings = {**MACRO_GATE, **weights_of(profile, task, weights)}
        gate = {name: settings.pop(name) for name in MACRO_GATE}
        terms: dict[str, Callable[..., float]] = {
            **TERMS,
            "macro_bonus": partial(TERMS["macro_bonus"], **gate),
        }
        self.weights = {name: weight for name, weight in settings.items() if weight}
        valid = TARGETS if {"score", "score_at_par"}.isdisjoint(self.weights) else COMPETITION
        if task not in valid:
            expected = f"expected one of {', '.join(valid)}; use reward='env'"
            raise InputError(f"reward '{profile}' is not defined for task '{task}'; {expected}")
        for name in set(self.weights) & (set(STOCK_RATES) - set(self._sim.term_names)):
            raise unknown_name(f"reward term of {task}", name, self._sim.term_names, f"try {name}=0")
        self._terms = {name: terms[name] for name in self.weights if name in TERMS}
        self._potentials = {name: POTENTIALS[name] for name in self.weights if name in POTENTIALS}
        self._gamma = 1.0 if gamma is None else gamma
        self._hold = env.get_wrapper_attr("hold")
        for name in (*self._potentials, *({"score_at_par"} & set(self.weights))):
            least = MOST_AT_PAR ** (-self._hold / self._sim.task.max_steps) if name == "score_at_par" else 0.0
            if gamma is None or gamma < least:
                expected = f"expected the run's discount, above {least:.4f}; try the default, or {name}=0"
                raise InputError(f"'{name}' came with gamma {gamma}; {expected}")
        self._pays_end = not {"score", "score_at_par", "time_out"}.isdisjoint(self.weights)
        # The score alone needs no scene, and reading one takes time.
        looks = set(self.weights) - {"score"}
        self._read: Callable[[], FieldState] = FieldStateReader(self._sim) if looks else FieldState
        self._before = FieldState()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; its scene is what the first step is compared with."""
        result = self.env.reset(seed=seed, options=options)
        self._before = self._read()
        return result

    def step(self, action: np.ndarray):
        """Pay the step."""
        observation, _, terminated, truncated, info = self.env.step(action)
        if self._pays_end:
            unstable = "sim_unstable" in info
            terminated = (terminated or truncated) and not unstable
            truncated = unstable
        held = info["held_steps"]
        step = Step(
            before=self._before,
            after=self._read(),
            held=held * PHYSICS_DT,
            outcome=self._sim.outcome,
            kicks=info.get("macro_trigger_count", 0),
            kicked=bool(info.get("macro_triggered")),
            task=self._sim.task.name,
            stock=info["reward_terms"],
            discount=self._gamma ** ((self._sim.n_steps - held) / self._hold),
        )
        self._before = step.after
        values = {name: term(step) for name, term in self._terms.items()}
        for name, phi in self._potentials.items():
            discount = self._gamma ** (held / self._hold)
            values[name] = shaping(phi(step.before), phi(step.after), discount, terminated)
        shares = {name: self.weights[name] * value for name, value in values.items()}
        info |= {"reward_values": values, "reward_shares": shares}
        return observation, sum(shares.values()), terminated, truncated, info

    def get_state(self) -> dict[str, Any]:
        """Nothing: the scene is read off the simulation again."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state that the layers below have taken on."""
        self._before = self._read()


REWARDS: dict[str, type[EnvReward] | type[ProfileReward]] = {
    "env": EnvReward,
    **dict.fromkeys(PROFILES, ProfileReward),
}
"""Rewards by name."""


def reward_layer(
    name: str, weights: Mapping[str, Any] | None, gamma: float
) -> Callable[[gym.Env], gym.Wrapper]:
    """The layer of a reward, ready to be put around an environment (see `ProfileReward`).

    Raises:
        InputError: an unknown reward or term, a bad weight, a gamma outside (0, 1], weights for "env".
    """
    known_name("reward", name, REWARDS)
    check_weights(of_type("reward_weights", weights or {}, Mapping, "term -> weight"))
    gamma = Range(0, 1, above=True).number("reward gamma", gamma, "try 0.99")
    if REWARDS[name] is ProfileReward:
        return partial(ProfileReward, profile=name, weights=weights or {}, gamma=gamma)
    if weights:
        expected = f"expected a profile: {', '.join(PROFILES)}; try reward='shaped'"
        raise InputError(f"reward weights {weights} came for '{name}', which has none to set; {expected}")
    return EnvReward
