"""The client's contract without the client: what it shows of a submission's code, and what it asks of it.

Source: `CustomCodeManager`, `BaseModelHandler` and `run_benchmark` of sai-rl 0.1.37. Episodes are played in
the exact fast simulation.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from soccer_lib.errors import SimulationError
from soccer_lib.scoring import official_score
from soccer_lib.sim import make_sim
from soccer_lib.tasks import Task

_IMPORTS = re.compile(
    r"^\s*#?\s*(from\s+\w+\s+import\s+.*|import\s+\w+.*|from\s+\w+\s+import\s+\(.*\)|import\s+\(.*\))",
    re.MULTILINE,
)
"""What the client removes from code, in its own words."""


def visible(path: Path, env: gym.Env | None = None) -> Any:
    """What the client makes of a file of code: an instance of its first class, or its first function.

    Args:
        path: of code that is known to be ours.
        env: what the code sees as `env`.
    """
    code = _IMPORTS.sub("", path.read_text(encoding="utf-8"))
    kind, name = re.findall(r"^\s*(def|class) (\w+)", code, re.MULTILINE)[0]
    names: dict[str, Any] = {"np": np, "env": env}
    exec(code, names)
    return names[name]() if kind == "class" else names[name]


class ClientEnv(gym.Wrapper):
    """An environment as the client wraps it: `task_index` in every info, the official score at the end."""

    def __init__(self, task: Task, one_hot: np.ndarray) -> None:
        sim = make_sim(task.name)
        sim.plays_on = True  # a batch goes on until its last robot is done
        super().__init__(sim)
        self.task = task
        self.one_hot = one_hot

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        return observation, {**info, "task_index": self.one_hot}

    def step(self, action: np.ndarray):
        """Take torques [N m] inside the Box.

        Raises:
            SimulationError: they are not in single precision, not twelve, or outside.
        """
        space = self.action_space
        if action.dtype != np.float32 or not space.contains(action):
            raise SimulationError(
                f"the submission gave {action.dtype} of shape {action.shape}, up to {np.abs(action).max()} "
                "N m; expected twelve float32 inside the limits; export it again"
            )
        observation, _, terminated, truncated, info = self.env.step(action)
        over = terminated or truncated
        score = official_score(self.task.name, info["reward_terms"]) if over else 0.0
        return observation, score, terminated, truncated, {**info, "task_index": self.one_hot}


class ClientBatch:
    """Robots that are stepped together until the last one is done, as the client has them."""

    def __init__(self, task: Task, one_hot: np.ndarray, size: int) -> None:
        self.envs = [ClientEnv(task, one_hot) for _ in range(size)]

    def reset(self, first_seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Start an episode each; seeds count up. Returns observations and info, a row a robot."""
        pairs = [env.reset(seed=first_seed + row) for row, env in enumerate(self.envs)]
        return _stacked(*zip(*pairs, strict=True))

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Observations, rewards, whether each robot's step was its last, and info."""
        steps = [env.step(action) for env, action in zip(self.envs, actions, strict=True)]
        observations, rewards, terminated, truncated, infos = zip(*steps, strict=True)
        rows, info = _stacked(observations, infos)
        return rows, np.array(rewards), np.logical_or(terminated, truncated), info


def _stacked(observations: Any, infos: Any) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    arrays = [name for name, value in infos[0].items() if isinstance(value, np.ndarray)]
    return np.stack(observations), {name: np.stack([info[name] for info in infos]) for name in arrays}


class Submission:
    """A submission's files, answering batches.

    Args:
        folder: of files that are known to be ours.
    """

    def __init__(self, folder: Path) -> None:
        self.preprocessor = visible(folder / "preprocessor.py")
        self.model = torch.jit.load(folder / "model.pt")
        self.action_function = visible(folder / "action_function.py")

    def actions(self, observations: np.ndarray, info: dict[str, Any]) -> np.ndarray:
        """Torques of a batch [N m]. Shapes: (n, width) to (n, 12).

        Raises:
            SimulationError: what goes to the model is not a float32 row a robot.
        """
        rows = self.preprocessor.modify_state(observations, info)
        if rows.dtype != np.float32 or rows.ndim != 2 or len(rows) != len(observations):
            raise SimulationError(
                f"the preprocessor gave {rows.dtype} of shape {rows.shape} for {len(observations)} robots; "
                "expected a float32 row for each; export it again"
            )
        with torch.no_grad():
            answer = self.model(torch.from_numpy(rows)).numpy()
        return self.action_function(answer)


def play_batches(
    folder: Path, tasks: Sequence[Task], seed: int, batches: Sequence[int], say: Callable[[str], None]
) -> list[tuple[str, int, float]]:
    """Scores of a submission, batch after batch with one preprocessor a task, as the client plays them.

    Args:
        folder: the submission.
        tasks: which.
        seed: of the first episode of each task; the others count up.
        batches: robots of each batch.
        say: gets a line a batch.

    Returns:
        task, seed and score of each episode.
    """
    episodes = []
    for index, task in enumerate(tasks):
        submission = Submission(folder)
        one_hot = np.eye(len(tasks), dtype=np.float32)[index]
        first = seed
        for size in batches:
            batch = ClientBatch(task, one_hot, size)
            observations, info = batch.reset(first)
            alive = np.ones(size, bool)
            scores = np.zeros(size)
            while alive.any():
                actions = submission.actions(observations, info)
                observations, rewards, over, info = batch.step(actions)
                scores += rewards * alive
                alive &= ~over
            episodes += [(task.name, first + i, float(score)) for i, score in enumerate(scores)]
            first += size
            say(f"strict harness: {task.name}, {first - seed} episodes")
    return episodes


def actions_per_second(folder: Path, task: Task, size: int = 16, steps: int = 600) -> float:
    """Actions in a second of processor time on one core, for a batch of robots.

    Args:
        folder: the submission.
        task: which.
        size: robots.
        steps: physics steps that each of them takes.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    submission = Submission(folder)
    batch = ClientBatch(task, np.ones(1, np.float32), size)
    observations, info = batch.reset(0)
    spent = 0.0
    for _ in range(steps):
        began = time.process_time()
        actions = submission.actions(observations, info)
        spent += time.process_time() - began
        observations, _, _, info = batch.step(actions)
    torch.set_num_threads(threads)
    return size * steps / spent
