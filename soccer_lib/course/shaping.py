"""Episodes that were recorded once and are paid again by any weights: an audit without a simulation."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from soccer_lib.course.sequence import checked_sequence
from soccer_lib.errors import known_name
from soccer_lib.evaluation.audit import Audit, AuditedEpisode
from soccer_lib.evaluation.behaviours import BEHAVIOURS, POINTLESS, WalkToBall
from soccer_lib.evaluation.play import Transition, env_for, play_episode
from soccer_lib.policies import Policy
from soccer_lib.tasks import COMMAND_DT, COMMAND_STEPS
from soccer_lib.wrappers.rewards import GAMMA
from soccer_lib.wrappers.rewards.potential import POTENTIALS
from soccer_lib.wrappers.rewards.terms import EVENTS, STOCK_RATES, TERMS

_RATES = {"kick_to_target": {"distance"}}
_OTHER_RATES = set(STOCK_RATES) - {"distance"}


@dataclass(frozen=True)
class Recording:
    """One episode of a behaviour.

    Attributes:
        episode: what became of it; `paid` is 0.
        discounts: what a reward of each step counts at the start. Shape: (n,).
        times: end of each step [s]. Shape: (n,).
        values: term or potential -> its unweighted value in each step. Shape: (n,).
    """

    episode: AuditedEpisode
    discounts: np.ndarray
    times: np.ndarray
    values: Mapping[str, np.ndarray]

    def pay(self, weights: Mapping[str, float]) -> np.ndarray:
        """What each step pays under some weights. Shape: (n,).

        Raises:
            InputError: a weight of something that was not recorded.
        """
        for name in weights:
            known_name("term of this recording", name, self.values)
        return sum(
            (weight * self.values[name] for name, weight in weights.items()), np.zeros(len(self.times))
        )

    def paid(self, weights: Mapping[str, float]) -> float:
        """The discounted return."""
        return float(self.discounts @ self.pay(weights))


def record_behaviour(name: str, policy: Policy, task: str, seed: int, start: int = 0) -> Recording:
    """Play one episode and note what every term and potential says of each of its steps."""
    control = policy.spec.control
    gamma = GAMMA[control]
    names = [*TERMS, *POTENTIALS]
    absent = set(STOCK_RATES) - _RATES.get(task, _OTHER_RATES)
    settings: dict[str, Any] = {
        "reward": "shaped",
        "reward_weights": {"only": True, **{name: 1.0 for name in names if name not in absent}},
        "reward_gamma": gamma,
    }
    env = env_for(policy.spec, task, **settings)
    hold = env.get_wrapper_attr("hold")
    rows: list[dict[str, float]] = []
    discounts = [1.0]
    times: list[float] = []

    def note(step: Transition) -> None:
        rows.append(step.info["reward_values"])
        discounts.append(discounts[-1] * gamma ** (step.info["held_steps"] / hold))
        times.append(step.info["sim_time"])

    options = {"gait_phase": start / 20} if control == "command" else None
    report = play_episode(env, policy, seed=seed, options=options, on_step=note).info["episode_report"]
    env.close()
    figures = {name: report[name] for name in ("score", "time", "outcome")}
    episode = AuditedEpisode(task, seed, start, name, **figures)
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Recording(episode, np.array(discounts[:-1]), np.array(times), values)


def record_behaviours(task: str, seed: int) -> list[Recording]:
    """Play the audit's scripted behaviours once on a task."""
    chosen = [name for name in BEHAVIOURS if (task, name) != POINTLESS]
    return [record_behaviour(name, BEHAVIOURS[name](), task, seed) for name in chosen]


def audit_recordings(recordings: Sequence[Recording], weights: Mapping[str, float]) -> Audit:
    """The audit of recorded episodes under some weights, at once; as `audit_reward` would play it.

    Raises:
        InputError: a weight of a term that was not recorded.
    """
    settings = {
        "reward": "weights of its own",
        "weights": dict(weights),
        "control": "command",
        "gamma": GAMMA["command"],
        "hold": COMMAND_STEPS,
        "starts": 1,
        "seed": recordings[0].episode.seed,
    }
    played = tuple(replace(one.episode, paid=one.paid(weights)) for one in recordings)
    return Audit(played, settings)


def best_paid(recordings: Sequence[Recording], weights: Mapping[str, float]) -> str:
    """The behaviour that some weights pay most."""
    return max(recordings, key=lambda one: one.paid(weights)).episode.behaviour


def term_lines() -> list[str]:
    """Every term and potential that a weight can be given to, and what it pays, a line each."""
    texts = {name: (inspect.getdoc(term) or "").partition("\n")[0] for name, term in TERMS.items()}
    texts |= {name: f"1 at the end of an episode: {outcome}" for name, outcome in EVENTS.items()}
    texts |= dict.fromkeys(STOCK_RATES, "the environment's own term, for each second")
    texts |= {name: inspect.getdoc(potential) or "" for name, potential in POTENTIALS.items()}
    return [f"{name:<21} {text}" for name, text in texts.items()]


class Choreography(Policy):
    """Plays moves in turn, again and again: forward, sideways, turn in [-1, 1], and for how long [s].

    Raises:
        InputError: the moves are no such rows.
    """

    spec = WalkToBall.spec

    def __init__(self, *moves: tuple[float, float, float, float]) -> None:
        self.moves = [
            command
            for *command, seconds in checked_sequence(moves)
            for _ in range(max(1, round(seconds / COMMAND_DT)))
        ]

    def begin(self, seed: int | None = None) -> int:
        """The state: how many commands have been given."""
        return 0

    def act(self, observation: np.ndarray, state: int, deterministic: bool) -> tuple[np.ndarray, int]:
        """The next move."""
        return np.array(self.moves[state % len(self.moves)], np.float32), state + 1
