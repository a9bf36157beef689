"""Reward profiles: weights by name, as data, and the checks of weights that a user brings.

Weights of a user go over those of a profile: term -> weight, for every task. Entries `penalty` and `target`
hold weights for one kind of task, and `only = true` leaves the profile's out. In a file:

    only = true
    score = 1.0
    phi_near_ball = 0.5
    [penalty]
    phi_ball_on_its_way = 8.0
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.formats.settings import ENDINGS, read_settings
from soccer_lib.ranges import of_type
from soccer_lib.wrappers.rewards.potential import POTENTIALS
from soccer_lib.wrappers.rewards.terms import MACRO_GATE, TERMS


def _dense(shot: float = 1.0, **more: float) -> dict[str, dict[str, float]]:
    """The dense variant of the official score; a tenth of its rates is what a command of 0.1 s is paid."""
    more = {"time": -0.5, "goal": 30.0 * shot, **more}
    penalty = {"robot_distance_ball": 10.0, "ball_vel_twd_goal": 20.0 * shot}
    return {"penalty": {**more, **penalty}, "target": {**more, "goal": 20.0 * shot, "distance": 5.0}}


_SHAPED = {"score_at_par": 1.0, "phi_near_ball": 0.5, "phi_behind_ball": 0.5, "phi_standing": 0.5}
_SHAPED |= {"phi_ball_near_target": 1.0, "phi_ball_on_its_way": 1.0}

_GUIDED = {"score": 1.0, "approach_ball": 5.0, "line_up": 3.0, "aimed_kick": 8.0}
_GUIDED |= {name: weight for name, weight in _SHAPED.items() if name.startswith("phi_")}
_GUIDED |= {"phi_behind_ball": 2.0}
# A hit is worth 2 points and a goal 10 to 20: hints of that size would be all that a hit's agent works for.
_GUIDED_HIT = {**_GUIDED, "approach_ball": 0.5, "line_up": 0.3, "aimed_kick": 4.0, "phi_behind_ball": 0.5}

PROFILES: dict[str, dict[str, dict[str, float]]] = {
    "competition": {"penalty": {"score": 1.0}, "target": {"score": 1.0}},
    "competition-dense": _dense(),
    "pressure_shot": _dense(1.1, time_out=-0.05, macro_bonus=0.02),
    "tight": _dense(1.2, time_out=-0.1, macro_bonus=0.05),
    "shaped": {"penalty": {**_SHAPED, "phi_ball_on_its_way": 8.0}, "target": _SHAPED},
    "guided": {"penalty": {**_GUIDED, "phi_ball_on_its_way": 8.0}, "target": _GUIDED_HIT},
}
"""Profile -> kind of task -> weights of its terms; the stock reward, "env", is a layer of its own.

`shaped` is the one to train on: the official score, not devalued by the discount, and potentials. Its
discounted return is the score less the first potential, so it ranks episodes as the competition does. A
plain discounted score does not: with a gamma of 0.99 a goal for 10 points is worth less than a miss for 9
that ended 1.1 s sooner, and a bad end is worth putting off.

`guided` is the one to begin with. Potentials change no comparison of two actions, so once a critic knows
them they teach nothing: what is left to learn from is the score, which from nothing hardly ever comes. So it
pays for the way to the ball, for the turn toward the target and for kicks that are aimed at it, and nothing
takes that back; and its plain discounted score makes waiting cost. It does not rank all episodes as the
competition does, and its audit fails, so what is learnt with it is chosen by the official score."""

KINDS = ("penalty", "target")
"""Kinds of tasks, which a profile has weights for."""

ALONE = "only"
"""Entry of a user's weights: none of the profile's."""


def weighted_names() -> list[str]:
    """What a weight can be given to; the last ones are settings of `macro_bonus`."""
    return [*TERMS, *POTENTIALS, *MACRO_GATE]


def weights_of(profile: str, task: str, weights: Mapping[str, Any]) -> dict[str, float]:
    """Weights that pay a task: those of the profile, those for every task, and those for its kind."""
    kind = KINDS[task == "kick_to_target"]
    base = {} if weights.get(ALONE) else PROFILES[profile][kind]
    for_all = {name: weight for name, weight in weights.items() if name not in (*KINDS, ALONE)}
    return {**base, **for_all, **weights.get(kind, {})}


def check_weights(weights: Mapping[str, Any]) -> None:
    """Refuse weights of unknown terms and weights that are no finite number.

    Raises:
        InputError: naming the term.
    """
    for name, weight in weights.items():
        if name in KINDS:
            of_kind = of_type(f"reward weights of '{name}'", weight, Mapping, "term -> weight")
            if not {*KINDS, ALONE}.isdisjoint(of_kind):
                raise InputError(f"reward weights of '{name}' hold a table; expected term -> weight")
            check_weights(of_kind)
        elif name == ALONE:
            of_type(f"reward weights: '{ALONE}'", weight, bool, "true or false")
        elif name not in weighted_names():
            raise unknown_name("reward term", name, weighted_names())
        elif isinstance(weight, bool) or not (isinstance(weight, int | float) and math.isfinite(weight)):
            expected = "expected a finite number; try 0 to switch it off"
            raise InputError(f"weight of reward term '{name}' got {weight!r}; {expected}")


def read_weights(text: str) -> dict[str, Any]:
    """Read reward weights from "name=value,name=value", a TOML or JSON file, or JSON text, and check them.

    Raises:
        InputError: a file that cannot be read, an unknown term, or a weight that is no finite number.
    """
    from_file = text.lstrip().startswith("{") or text.endswith(ENDINGS)
    weights = read_settings(text, "--reward-weights") if from_file else parse_weights(text)
    check_weights(weights)
    return weights


def parse_weights(text: str) -> dict[str, float]:
    """Read weights from "name=value,name=value"; an empty text gives none.

    Raises:
        InputError: no pairs of a name and a number.
    """
    try:
        pairs = (part.split("=") for part in text.split(",") if part.strip())
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        expected = "expected name=number,name=number or a .toml or .json file; try approach_ball=1,time=-0.1"
        raise InputError(f"reward weights {text!r} are not pairs; {expected}") from None
