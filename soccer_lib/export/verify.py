"""Does a submission score there what its agent scores here? Episode by episode, on the same seeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from soccer_lib.errors import InputError, SimulationError, one_line
from soccer_lib.evaluation import evaluate
from soccer_lib.evaluation.result import aligned
from soccer_lib.export.harness import actions_per_second, play_batches
from soccer_lib.export.submission import checked_submission
from soccer_lib.ranges import Range
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.seeds import REPORTED, seed_range
from soccer_lib.tasks import COMPETITION, Task, tasks_named

CLIENT_PYTHON = CHECKOUT / ".venv-sai" / "bin" / "python"
"""What `make sai` makes."""

BATCHES = (1, 1, 2, 2, 7, 7)
"""Robots played together, batch after batch: 20 episodes of each task, each size twice in a row."""

TOLERANCE = 1e-6
"""Largest difference of a score."""

_BATCH = Range(1, 256, whole=True)


@dataclass(frozen=True)
class Verification:
    """What came of it.

    Attributes:
        ran: "competition's client" or "strict harness".
        episodes: task, seed, score there and score here.
        speed: actions in a second of processor time on one core, in a batch of 16.
    """

    ran: str
    episodes: tuple[tuple[str, int, float, float], ...]
    speed: float

    @property
    def largest(self) -> float:
        """Largest difference of a score."""
        return max(abs(there - here) for _, _, there, here in self.episodes)

    def table(self) -> str:
        """A line a task, and what ran."""
        rows = [["task", "episodes", "score there", "score here", "largest difference", "equal to the bit"]]
        for task in dict.fromkeys(task for task, *_ in self.episodes):
            pairs = [(there, here) for name, _, there, here in self.episodes if name == task]
            means = [f"{sum(side) / len(pairs):.6f}" for side in zip(*pairs, strict=True)]
            apart = max(abs(there - here) for there, here in pairs)
            same = sum(there == here for there, here in pairs)
            rows.append([task, str(len(pairs)), *means, f"{apart:.1e}", str(same)])
        lines = [f"there: {self.ran}; here: evaluate", *aligned(rows)]
        return "\n".join([*lines, f"{self.speed:,.0f} actions/s of one core in a batch of 16"])


def verify(
    folder: str | os.PathLike[str],
    agent: str = "",
    tasks: str | Sequence[str] = "all",
    seed: int = REPORTED.start,
    batches: Sequence[int] = BATCHES,
    client: str = "",
    say: Callable[[str], None] = lambda line: None,
    workers: int = 0,
) -> Verification:
    """Play a submission with the competition's client, or without it by the same contract, and compare.

    Args:
        folder: of `export_agent`.
        agent: its agent, where it is no longer what the manifest names.
        tasks: of the competition.
        seed: of the first episode of each task; the others count up.
        batches: robots of each batch.
        client: Python of an environment with the client; "" takes that of `make sai` where it is there,
            "none" does without.
        say: gets a line about what is done.
        workers: processes of `evaluate`; 0 takes one a core, and one is quickest for a few episodes.

    Raises:
        InputError: files that were changed, or a wrong request; nothing has run.
        SimulationError: the client failed.
    """
    chosen = tasks_named(list(tasks) if not isinstance(tasks, str) else tasks)
    outside = [task.name for task in chosen if not task.in_competition]
    if outside:
        raise InputError(
            f"{outside[0]} came; expected tasks of the competition: {', '.join(COMPETITION)}; try all"
        )
    batches = [_BATCH.number("--batches", size, "try 1 2 7") for size in batches] or list(BATCHES)
    seed_range(seed, sum(batches))
    python = _client_python(client)
    policy, _ = checked_submission(folder, agent)
    folder = Path(folder).resolve()
    if python:
        say(f"the competition's client of {client or CLIENT_PYTHON.parents[1].name} plays:")
        there = _play_with_client(python, folder, chosen, seed, batches)
    else:
        say("no environment with the competition's client (make sai): the strict harness plays:")
        there = play_batches(folder, chosen, seed, batches, say)
    result = evaluate(policy, [task.name for task in chosen], sum(batches), seed, workers=workers)
    here = {(episode.task, episode.seed): episode.score for episode in result.episodes}
    episodes = []
    for task, one_seed, score in there:
        mine = here[task, one_seed]
        assert mine is not None  # competition tasks have a score
        episodes.append((task, one_seed, score, mine))
    speed = actions_per_second(folder, chosen[0])
    ran = "competition's client" if python else "strict harness"
    return Verification(ran, tuple(episodes), speed)


def _client_python(client: str) -> str:
    if client == "none" or (not client and not CLIENT_PYTHON.is_file()):
        return ""
    python = client or str(CLIENT_PYTHON)
    if not os.access(python, os.X_OK):
        raise InputError(
            f"--client got {client!r}; expected the Python of an environment with sai-rl; try make sai"
        )
    return os.path.abspath(python)


def _play_with_client(
    python: str, folder: Path, tasks: Sequence[Task], seed: int, batches: Sequence[int]
) -> list[tuple[str, int, float]]:
    """Start the client's script in its own environment, away from the user's home."""
    listed = [
        {"name": task.name, "gym_id": task.gym_id, "weights": dict(OFFICIAL_WEIGHTS[task.name])}
        for task in tasks
    ]
    job = {
        "tasks": listed,
        "model": str(folder / "model.pt"),
        "preprocessor": str(folder / "preprocessor.py"),
        "action_function": str(folder / "action_function.py"),
        "seed": seed,
        "batches": list(batches),
    }
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch, name) for name in ("job.json", "result.json", "errors.txt")]
        paths[0].write_text(json.dumps(job), encoding="utf-8")
        # The client writes its settings into the home folder, and asks before it runs an evaluation function.
        settings = {"HOME": scratch, "AUTO_APPROVE_CUSTOM_EVAL": "true", "OMP_NUM_THREADS": "1"}
        script = str(Path(__file__).with_name("client.py"))
        with open(paths[2], "w", encoding="utf-8") as errors:
            done = subprocess.run(
                [python, script, str(paths[0]), str(paths[1])],
                cwd=scratch,
                env={**os.environ, **settings, "PYTHONPATH": ""},
                stdout=sys.stdout if sys.stdout else None,
                stderr=errors,
            )
        if done.returncode or not paths[1].is_file():
            lines = [line for line in paths[2].read_text(encoding="utf-8").splitlines() if line.strip()]
            last = one_line(lines[-1] if lines else f"exit code {done.returncode}", 300)
            raise SimulationError(
                f"the competition's client failed: {last}; expected scores; try make sai again"
            )
        found = json.loads(paths[1].read_text(encoding="utf-8"))
    return [(entry["task"], entry["seed"], entry["score"]) for entry in found]
