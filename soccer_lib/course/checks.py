"""Checks of the exercises: each tests properties of the learner's function and prints one clear line.

A check returns whether the function passed. An exercise that is not done yet (it raises
`NotImplementedError`) is not an error: the notebook goes on with the library's version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from soccer_lib.errors import one_line
from soccer_lib.layout import COMMAND_SCALE
from soccer_lib.scoring import OFFICIAL_WEIGHTS, official_score
from soccer_lib.tasks import PHYSICS_DT

Property = tuple[str, Callable[[], bool]]
"""A sentence for the learner, and whether it is true of the function."""


def _judge(properties: Sequence[Property]) -> bool:
    """Try the properties in order and print the first that does not hold, or that all do."""
    for sentence, holds in properties:
        try:
            passed = holds()
        except NotImplementedError as hint:
            print(f"not done yet: {hint or 'replace the line that raises NotImplementedError'}")
            return False
        except Exception as error:  # whatever a learner's function raises is shown, not passed on
            print(f"not yet: {sentence}; your function raised {type(error).__name__}: {one_line(error, 120)}")
            return False
        if not passed:
            print(f"not yet: {sentence}")
            return False
    print(f"correct: {len(properties)} of {len(properties)} properties hold")
    return True


def check_official_score(score: Callable[[str, dict[str, Any]], float]) -> bool:
    """Check a function (task name, reward terms of the last step) -> official score."""
    rng = np.random.default_rng(0)

    def gives(task: str, terms: dict[str, float], expected: float) -> bool:
        return bool(np.isclose(score(task, terms), expected))

    properties: list[Property] = []
    for task, weights in OFFICIAL_WEIGHTS.items():
        terms = {name: float(rng.uniform(-1, 1)) for name in weights if name != "steps"}
        zeros = dict.fromkeys(terms, 0.0)
        foreign = {**terms, "robot_smiles": 7.0}
        right = official_score(task, terms)
        properties += [
            (
                f"an episode of {task} without any term costs its steps term",
                partial(gives, task, zeros, weights["steps"]),
            ),
            (f"random terms of {task} are weighted and added up", partial(gives, task, terms, right)),
            ("a term without an official weight changes nothing", partial(gives, task, foreign, right)),
        ]
    return _judge(properties)


def check_interval(interval: Callable[[np.ndarray], tuple[float, float]]) -> bool:
    """Check a function scores -> 95% bootstrap interval of their mean (low, high)."""
    rng = np.random.default_rng(1)
    narrow = rng.normal(2.0, 0.1, 100)
    wide = rng.normal(2.0, 1.0, 100)
    few = wide[:10]

    def width(scores: np.ndarray) -> float:
        low, high = interval(scores)
        return float(high - low)

    def covers() -> bool:
        hits = 0
        for _ in range(60):
            low, high = interval(rng.normal(0.0, 1.0, 30))
            hits += low <= 0.0 <= high
        return hits >= 48

    def around_the_mean() -> bool:
        low, high = interval(wide)
        return low < wide.mean() < high

    properties: list[Property] = [
        ("low is below the mean and high above it", around_the_mean),
        (
            "scores that scatter ten times as much make an interval about ten times as wide",
            lambda: 6 < width(wide) / width(narrow) < 16,
        ),
        ("ten scores make a wider interval than a hundred", lambda: width(few) > width(wide)),
        (
            "a hundred normal scores: the width is near 4 standard errors",
            lambda: 0.8 < width(wide) / (3.92 * wide.std(ddof=1) / 10) < 1.2,
        ),
        ("the interval covers the true mean in at least 48 of 60 samples (57 are expected)", covers),
    ]
    return _judge(properties)


def check_clone_loss(loss: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]) -> bool:
    """Check a function (commands, logits of a kick, expert's commands, whether it kicks) -> loss of a clone.

    Wanted: the mean squared error of the commands where the expert walks, and the mean cross-entropy of the
    kicks over all samples.
    """
    rng = np.random.default_rng(6)
    kicks = np.arange(20) % 5 == 0
    commands = rng.uniform(-0.7, 0.7, (20, 3))
    commands[kicks] = (1, -1, 1)
    wrong_at_kicks = np.where(kicks[:, None], -commands, commands)
    sure = np.where(kicks, 50.0, -50.0)
    one_missed = np.where(np.arange(20) == 0, -1000.0, sure)

    def gives(answers: np.ndarray, logits: np.ndarray, expected: float) -> bool:
        return bool(np.isclose(loss(answers, logits, commands, kicks), expected, atol=1e-6))

    properties: list[Property] = [
        ("right commands and sure, right kicks cost nothing", lambda: gives(commands, sure, 0.0)),
        ("the command does not matter where the expert kicks", lambda: gives(wrong_at_kicks, sure, 0.0)),
        (
            "all walking commands off by 0.5 cost 0.25, however many kicks there are",
            lambda: gives(commands + 0.5, sure, 0.25),
        ),
        (
            "logits of 0 are the toss of a coin and cost log 2 a sample",
            lambda: gives(commands, 0 * sure, np.log(2)),
        ),
        (
            "a logit of -1000 on one kick in 20 samples costs 50, not infinity",
            lambda: gives(commands, one_missed, 50.0),
        ),
    ]
    return _judge(properties)


def check_dagger(dagger: Callable[..., Any]) -> bool:
    """Check a function (fit, play, label, demonstrations, rounds) -> the last clone.

    `fit(pairs)` trains a clone on pairs (state, action), `play(clone)` gives the states that it comes to,
    `label(state)` the expert's action.
    """
    demonstrations = [(state, -state) for state in range(4)]

    def run(rounds: int) -> tuple[list[list[tuple[int, int]]], list[str], str]:
        """What each clone was trained on, who played, and which clone came back."""
        trained: list[list[tuple[int, int]]] = []
        players: list[str] = []

        def fit(pairs: Sequence[tuple[int, int]]) -> str:
            trained.append(list(pairs))
            return f"clone {len(trained) - 1}"

        def play(clone: str) -> list[int]:
            players.append(clone)
            return [100 * len(players) + step for step in range(3)]

        last = dagger(fit, play, lambda state: -state, list(demonstrations), rounds)
        return trained, players, last

    def corrections(rounds: int) -> list[tuple[int, int]]:
        visited = [100 * number + step for number in range(1, rounds + 1) for step in range(3)]
        return [(state, -state) for state in visited]

    properties: list[Property] = [
        ("the first clone learns from the demonstrations alone", lambda: run(2)[0][0] == demonstrations),
        ("two rounds train three clones", lambda: len(run(2)[0]) == 3),
        ("in each round the newest clone plays", lambda: run(2)[1] == ["clone 0", "clone 1"]),
        ("its states get the expert's actions", lambda: set(corrections(1)) <= set(run(1)[0][1])),
        (
            "nothing is thrown away: the last clone learns from demonstrations and all rounds",
            lambda: sorted(run(3)[0][-1]) == sorted(demonstrations + corrections(3)),
        ),
        ("the last clone is handed back", lambda: run(2)[2] == "clone 2"),
        ("without rounds it is plain cloning", lambda: run(0)[1:] == ([], "clone 0")),
    ]
    return _judge(properties)


def check_heading_frame(turn: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> bool:
    """Check a function (world vector, trunk orientation x y z w) -> the vector in the heading frame."""
    rng = np.random.default_rng(2)
    vector = rng.normal(size=3)

    def tilted(yaw: float, pitch: float = 0.0) -> np.ndarray:
        return Rotation.from_euler("ZY", [yaw, pitch]).as_quat()

    def near(result: np.ndarray, expected: Sequence[float]) -> bool:
        return bool(np.allclose(result, expected, atol=1e-9))

    x, y, z = vector
    properties: list[Property] = [
        ("facing along the world's x axis changes nothing", lambda: near(turn(vector, tilted(0)), vector)),
        (
            "facing along y, what lies along y is ahead (x)",
            lambda: near(turn(vector, tilted(np.pi / 2)), [y, -x, z]),
        ),
        (
            "facing backwards, ahead and left change sign",
            lambda: near(turn(vector, tilted(np.pi)), [-x, -y, z]),
        ),
        ("the height stays", lambda: near(turn(vector, tilted(0.7))[2:], [z])),
        (
            "leaning forward does not change the heading",
            lambda: near(turn(vector, tilted(0.7, 0.3)), turn(vector, tilted(0.7))),
        ),
    ]
    return _judge(properties)


def check_ball_offset(offset: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Check a function (angular velocities of n physics steps [rad/s]) -> ball point to ball centre [m]."""
    rng = np.random.default_rng(3)
    quarter = np.tile([0.0, np.pi / 2 / (100 * PHYSICS_DT), 0.0], (100, 1))
    tumbling = rng.normal(0, 30, (200, 3))
    truth = Rotation.identity()
    for spin in tumbling:
        truth = Rotation.from_rotvec(spin * PHYSICS_DT) * truth

    def near(spins: np.ndarray, expected: Sequence[float]) -> bool:
        return bool(np.allclose(offset(spins), expected, atol=1e-3))

    properties: list[Property] = [
        (
            "a ball that has not turned: the centre is 0.11 m above the point",
            lambda: near(np.zeros((5, 3)), [0, 0, 0.11]),
        ),
        ("a quarter turn about y: the centre is 0.11 m ahead", lambda: near(quarter, [0.11, 0, 0])),
        ("four quarter turns: back above the point", lambda: near(np.tile(quarter, (4, 1)), [0, 0, 0.11])),
        (
            "turns about changing axes multiply, newest first; adding angles up is not enough",
            lambda: near(tumbling, truth.apply([0, 0, 0.11])),
        ),
    ]
    return _judge(properties)


def check_clip_commands(commands: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> bool:
    """Check a function (world velocities, world spins, x y z w, a row a frame) -> commands in [-1, 1]."""
    rng = np.random.default_rng(4)
    right = rng.uniform(-0.9, 0.9, (6, 3))
    ahead, left, turn = (right * COMMAND_SCALE).T

    def clip(yaw: np.ndarray | float, pitch: float = 0.0, faster: float = 1.0) -> tuple[np.ndarray, ...]:
        """Frames of a robot that follows the right commands at these headings."""
        zero = np.zeros(6)
        yaws = zero + yaw
        x = np.cos(yaws) * ahead - np.sin(yaws) * left
        y = np.sin(yaws) * ahead + np.cos(yaws) * left
        velocity = faster * np.stack((x, y, zero + 0.1), axis=1)
        spin = np.stack((zero, zero, faster * turn), axis=1)
        quat = Rotation.from_euler("ZY", np.stack((yaws, zero + pitch), axis=1)).as_quat()
        return velocity, spin, quat

    def gives(frames: tuple[np.ndarray, ...], expected: np.ndarray) -> bool:
        return bool(np.allclose(commands(*frames), expected, atol=1e-6))

    yaws = rng.uniform(-np.pi, np.pi, 6)
    properties: list[Property] = [
        ("facing along x: velocities and turning as shares of COMMAND_SCALE", lambda: gives(clip(0), right)),
        ("a robot that faces and moves along -y moves ahead", lambda: gives(clip(-np.pi / 2), right)),
        ("each frame is turned by its own heading", lambda: gives(clip(yaws), right)),
        ("leaning forward does not change a command", lambda: gives(clip(yaws, 0.3), right)),
        (
            "what is faster than the scale is held at -1 or 1",
            lambda: gives(clip(yaws, faster=3.0), np.clip(3 * right, -1, 1)),
        ),
    ]
    return _judge(properties)


def check_split(split: Callable[[np.ndarray, float, int], np.ndarray]) -> bool:
    """Check a function (episode of each sample, share, seed) -> which samples train, a mask."""
    rng = np.random.default_rng(5)
    episode_id = np.repeat(np.arange(20), rng.integers(1, 60, 20))

    def sides(share: float = 0.8, seed: int = 0) -> tuple[set[int], set[int]]:
        mask = np.asarray(split(episode_id, share, seed))
        if mask.shape != episode_id.shape or mask.dtype != bool:
            raise ValueError(f"returned {mask.dtype} {mask.shape}, expected bool {episode_id.shape}")
        return set(episode_id[mask].tolist()), set(episode_id[~mask].tolist())

    properties: list[Property] = [
        ("no episode has samples on both sides", lambda: not set.intersection(*sides())),
        ("of 20 episodes a share of 0.8 trains on 16, however long they are", lambda: len(sides()[0]) == 16),
        ("a share of 0.5 trains on 10", lambda: len(sides(0.5)[0]) == 10),
        ("the same seed draws the same episodes", lambda: sides(seed=3) == sides(seed=3)),
        ("another seed draws others", lambda: len({frozenset(sides(seed=k)[0]) for k in range(5)}) > 1),
    ]
    return _judge(properties)
