"""Exercises of lesson 03: the loss of a clone, and DAgger."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from soccer_lib.course.checks.answers import Answers, CheckFault, Misuse
from soccer_lib.course.checks.judge import example, judge
from soccer_lib.course.checks.wording import shown


def check_clone_loss(loss: Callable[..., Any]) -> bool:
    """Check a function (commands, logits, expert, kicks, weight) -> loss of a clone, all of them tensors.

    Wanted: the mean squared error of the commands where the expert walks, and the mean cross-entropy of the
    kicks over all samples, in which a kick of the expert's counts `weight` times. Whether the first mean is
    taken over the samples that walk or over all, those with a kick as 0, is left open.
    """
    import torch  # seconds, and no other check needs it

    rng = np.random.default_rng(6)
    kicks = np.zeros((20, 2))
    kicks[::5, 0] = 1
    kicks[3, 1] = 1
    asks = kicks.any(axis=1, keepdims=True)
    commands = np.where(asks, (1, -1, 1), rng.uniform(-0.7, 0.7, (20, 3)))
    sure = np.where(kicks > 0, 50.0, -50.0)
    missed = sure.copy()
    missed[0, 0] = -1000

    def batch(
        commands: np.ndarray,
        logits: np.ndarray,
        expert: np.ndarray,
        kicks: np.ndarray,
        weight: tuple[float, float] = (1.0, 1.0),
    ) -> tuple[Any, ...]:
        arrays = (commands, logits, expert, kicks, weight)
        return tuple(torch.tensor(np.asarray(array), dtype=torch.float32) for array in arrays)

    def differentiable(answers: Answers) -> None:
        tensors = batch(commands + 0.1, 0 * sure, commands, kicks)
        expected = "a tensor of torch that knows its gradient"
        for number, what in enumerate(("commands", "logits")):
            tensors[number].requires_grad_()
            cost = answers.raw(*tensors)
            tensors[number].requires_grad_(False)
            if not getattr(cost, "requires_grad", False):
                got = f"a number without one to the {what}; compute it with torch, from them as they come"
                raise answers.miss(tensors, expected, got)

    none = np.zeros_like(kicks)
    walking = np.where(asks, 0, commands)
    weighted = np.log(2) * (40 - 5 + 4 * 3 + 1 * 6) / 40
    return judge(
        loss,
        [
            example(
                "right commands and sure, right kicks cost nothing",
                batch(commands, sure, commands, kicks),
                0.0,
            ),
            example(
                "the command does not matter where the expert kicks",
                batch(np.where(asks, -commands, commands), sure, commands, kicks),
                0.0,
            ),
            example(
                "without kicks, commands that are all off by 0.5 cost 0.25",
                batch(walking + 0.5, none - 50, walking, none),
                0.25,
            ),
            example(
                "logits of 0 are the toss of a coin and cost log 2, about 0.693",
                batch(commands, 0 * sure, commands, kicks),
                np.log(2),
                1e-4,
            ),
            example(
                "a kick of the expert's counts as often as its weight says (4 kicks x 3, 1 kick x 6, of 40)",
                batch(commands, 0 * sure, commands, kicks, (3.0, 6.0)),
                weighted,
                1e-4,
            ),
            example(
                "a logit of -1000 on one kick of 40 costs 25, not infinity",
                batch(commands, missed, commands, kicks),
                25.0,
                1e-4,
            ),
            ("a gradient comes back from it", differentiable),
        ],
    )


def check_dagger(dagger: Callable[..., Any]) -> bool:
    """Check a function (fit, play, label, demonstrations, rounds) -> the last clone.

    `fit(episodes)` trains a clone on a list of labelled episodes, `play(clone)` gives a list of the episodes
    that it plays, `label(episode)` the same episode with the expert's commands.
    """
    demonstrations = [f"demonstration {number}" for number in range(4)]
    return judge(
        dagger,
        [
            (
                "the first clone learns from the demonstrations alone",
                functools.partial(_first_fit, demonstrations),
            ),
            ("two rounds train three clones", functools.partial(_fits, demonstrations)),
            ("in each round the newest clone plays", functools.partial(_players, demonstrations)),
            ("what it played gets the expert's commands", functools.partial(_labels, demonstrations)),
            (
                "nothing is thrown away: the last clone learns from demonstrations and all rounds",
                functools.partial(_aggregate, demonstrations),
            ),
            ("the last clone is handed back", functools.partial(_handed_back, demonstrations)),
            ("without rounds it is plain cloning", functools.partial(_no_rounds, demonstrations)),
        ],
    )


class _Stage:
    """Stands in for training and play, and keeps what was asked of it."""

    def __init__(self) -> None:
        self.trained: list[list[str]] = []
        self.players: list[str] = []

    def fit(self, episodes: Sequence[str]) -> str:
        """Train the next clone."""
        if not isinstance(episodes, list | tuple) or not all(isinstance(e, str) for e in episodes):
            kind = type(episodes).__name__
            raise Misuse(f"fit got {shown(episodes)}, a {kind}; expected one flat list of episodes")
        self.trained.append(list(episodes))
        return f"clone {len(self.trained) - 1}"

    def play(self, clone: str) -> list[str]:
        """Three episodes of a clone."""
        if not isinstance(clone, str) or not clone.startswith("clone"):
            raise Misuse(f"play got {shown(clone)}; expected a clone, which is what fit gives")
        self.players.append(clone)
        return [f"{clone} plays {number}" for number in range(3)]

    def label(self, episode: str) -> str:
        """An episode with the expert's commands."""
        if not isinstance(episode, str):
            raise Misuse(f"label got {shown(episode)}; expected one episode; call it for each")
        return f"labelled: {episode}"


def _own_fault(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep an error of a stand-in from being blamed on the learner, and a wrong call from the check."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            signature.bind(*arguments, **named)
        except TypeError as error:
            usage = f"{function.__name__}({', '.join(signature.parameters)})"
            raise Misuse(f"{function.__name__} called with {error}; expected {usage}") from None
        try:
            return function(*arguments, **named)
        except Misuse:
            raise
        except Exception as error:
            raise CheckFault(f"{function.__name__} of the check failed") from error

    return call


def _run(answers: Answers, demonstrations: list[str], rounds: int) -> tuple[_Stage, Any, tuple[Any, ...]]:
    """Let the learner's function play on a stage; returns that, what it handed back, and its arguments."""
    stage = _Stage()
    helpers = [_own_fault(helper) for helper in (stage.fit, stage.play, stage.label)]
    arguments = (*helpers, list(demonstrations), rounds)
    return stage, answers.raw(*arguments, expected="the last clone"), arguments


def _corrections(rounds: int) -> list[str]:
    return [f"labelled: clone {clone} plays {number}" for clone in range(rounds) for number in range(3)]


def _first_fit(demonstrations: list[str], answers: Answers) -> None:
    stage, _, arguments = _run(answers, demonstrations, 2)
    first = stage.trained[0] if stage.trained else "no clone trained"
    if first != demonstrations:
        raise answers.miss(arguments, f"first fit({shown(demonstrations)})", shown(first))


def _fits(demonstrations: list[str], answers: Answers) -> None:
    stage, _, arguments = _run(answers, demonstrations, 2)
    if len(stage.trained) != 3:
        raise answers.miss(arguments, "fit called 3 times", f"{len(stage.trained)} times")


def _players(demonstrations: list[str], answers: Answers) -> None:
    stage, _, arguments = _run(answers, demonstrations, 2)
    if stage.players != ["clone 0", "clone 1"]:
        raise answers.miss(arguments, "clone 0 plays, then clone 1", f"{shown(stage.players)} play")


def _labels(demonstrations: list[str], answers: Answers) -> None:
    stage, _, arguments = _run(answers, demonstrations, 1)
    missing = [episode for episode in _corrections(1) if episode not in stage.trained[1]]
    if missing:
        raise answers.miss(arguments, f"{missing[0]!r} among what is fitted", shown(stage.trained[1]))


def _aggregate(demonstrations: list[str], answers: Answers) -> None:
    stage, _, arguments = _run(answers, demonstrations, 3)
    if sorted(stage.trained[3]) != sorted(demonstrations + _corrections(3)):
        expected = "4 demonstrations and 3 x 3 corrections in the last fit, each once"
        raise answers.miss(arguments, expected, f"{len(stage.trained[3])} episodes: {stage.trained[3]}"[:160])


def _handed_back(demonstrations: list[str], answers: Answers) -> None:
    _, last, arguments = _run(answers, demonstrations, 2)
    if last != "clone 2":
        raise answers.miss(arguments, "'clone 2'", shown(last))


def _no_rounds(demonstrations: list[str], answers: Answers) -> None:
    stage, last, arguments = _run(answers, demonstrations, 0)
    if stage.players or last != "clone 0":
        raise answers.miss(arguments, "clone 0, and nobody plays", f"{shown(last)}; {stage.players} play")
