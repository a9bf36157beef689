"""`walker train`: from hand-set gait numbers to the walker in data/walker, in one resumable run."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from soccer_lib.control.gait import GaitParameters
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.runs.pool import Pool
from soccer_lib.runs.worker import Worker, end
from soccer_lib.workshop.walker.files import TrainingFolder
from soccer_lib.workshop.walker.forward import numpy_layers
from soccer_lib.workshop.walker.gait_search import GaitJob, GaitSearch, GaitTrial, parameters_at
from soccer_lib.workshop.walker.rollout import Rollouts

if TYPE_CHECKING:
    from soccer_lib.workshop.walker.ppo import Learner

REMEDY = "run the same command to go on"
"""What errors of workers tell to try."""


@dataclass(frozen=True)
class WalkerTrainConfig:
    """Train the walker: CMA-ES on the gait engine, then PPO on a residual network. Run again to continue."""

    save_dir: str = "runs/walker"
    """folder of the run: checkpoints, curve, progress, and the finished walker [path]"""
    out: str = ""
    """second folder for walker.npz, walker.json, curve.json, such as data/walker [path, empty: none]"""
    seed: Annotated[int, Range(0, 2**32 - 2, whole=True)] = 0
    """seed of the search, the network and its training"""
    workers: Annotated[int, Range(1, 256, whole=True)] = 2
    """worker processes [count]"""
    generations: Annotated[int, Range(1, 100_000, whole=True)] = 16
    """generations of the gait search [count]"""
    population: Annotated[int, Range(4, 10_000, whole=True)] = 24
    """candidates in a generation [count]"""
    scenarios: Annotated[int, Range(1, 10_000, whole=True)] = 20
    """command sequences of 8 s for each candidate [count]"""
    sigma: Annotated[float, Range(0, 10, above=True)] = 0.4
    """initial step size of the gait search [search units]"""
    total_steps: Annotated[int, Range(0, 10**12, whole=True)] = 8_000_000
    """walker steps of 20 ms to train the residual network for [count]"""
    robots: Annotated[int, Range(1, 10_000, whole=True)] = 64
    """robots that train in each worker [count]"""
    rollout: Annotated[int, Range(2, 10_000, whole=True)] = 32
    """steps of each robot between two updates [20 ms]"""
    learning_rate: Annotated[float, Range(0, 1, above=True)] = 5e-4
    """initial learning rate of the network; it is then adapted to the measured divergence"""
    strongest_push: Annotated[float, Range(0, 100)] = 0.7
    """strongest push in the second half of the training [m/s]"""
    checkpoint_interval: Annotated[int, Range(1, 10**9, whole=True)] = 25
    """updates between two checkpoints [count]"""
    log_interval: Annotated[float, Range(0, 10**6)] = 5.0
    """time between two progress lines [s]"""


def train_walker(config: WalkerTrainConfig) -> Path:
    """Train, or go on where a killed run stopped.

    Returns:
        The file of the finished walker.

    Raises:
        InputError: settings out of range, or a run folder of other settings.
        SimulationError: a worker died.
    """
    check_fields(config)
    with TrainingFolder(Path(config.save_dir), config) as folder:
        check_outputs([Path(config.out) / name for name in folder.published if config.out])
        parameters = search_gait(config, folder)
        arrays = practise(config, folder, parameters)
        return folder.finish(arrays, Path(config.out) if config.out else None)


def search_gait(config: WalkerTrainConfig, folder: TrainingFolder) -> GaitParameters:
    """First stage: CMA-ES over the gait engine's numbers."""
    search = GaitSearch(config.population, config.sigma, config.seed)
    search.replay(folder.gait_scores())
    if len(search.scores) < config.generations:
        with Pool(GaitTrial, config.workers, remedy=REMEDY) as pool:
            _search_on(config, folder, search, pool)
    return search.mean


def _search_on(config: WalkerTrainConfig, folder: TrainingFolder, search: GaitSearch, pool: Pool) -> None:
    for generation in range(len(search.scores), config.generations):
        candidates = search.ask()
        # A generation shares its scenarios, so that no candidate is lucky.
        seed = 1000 * config.seed + generation
        jobs = [GaitJob(parameters_at(point), seed, config.scenarios) for point in candidates]
        scores = np.array(pool.map(jobs))
        search.tell(candidates, scores)
        folder.save_gait(np.array(search.scores), search.mean)
        entry = {"generation": generation + 1, "mean": float(scores.mean()), "best": float(scores.max())}
        folder.log("gait", entry, (generation + 1) / config.generations)


class RolloutWorkers:
    """Worker processes that each move a group of robots, all with the same network at the same time."""

    def __init__(self, config: WalkerTrainConfig, parameters: GaitParameters) -> None:
        self._config = config
        self._workers: list[Worker] = []
        for index in range(config.workers):
            seed = (config.seed, index, 0)
            make = functools.partial(Rollouts, parameters, config.robots, seed)
            self._workers.append(Worker(make, index, remedy=REMEDY))

    def start(self, network: dict[str, np.ndarray], progress: float) -> None:
        """Let all collect the next batch; the pushes grow until half of the training is done."""
        push = self._config.strongest_push * min(1.0, 0.25 + 1.5 * progress)
        for worker in self._workers:
            worker.send("collect", network, self._config.rollout, push)

    def receive(self) -> tuple[list[dict[str, np.ndarray]], list[dict[str, Any]]]:
        """Wait for the arrays of all batches and the reports on them.

        Raises:
            SimulationError: a worker died or failed.
        """
        answers = [worker.receive() for worker in self._workers]
        batches, reports = zip(*answers, strict=True)
        return list(batches), list(reports)

    def get_state(self) -> list[dict[str, Any]]:
        """The state of each worker's robots, between two batches."""
        for worker in self._workers:
            worker.send("get_state")
        return [worker.receive() for worker in self._workers]

    def set_state(self, states: list[dict[str, Any]]) -> None:
        """Continue from a `get_state`."""
        for worker, state in zip(self._workers, states, strict=True):
            worker.send("set_state", state)
        for worker in self._workers:
            worker.receive()

    def close(self) -> None:
        """End the workers."""
        end(self._workers)


def practise(
    config: WalkerTrainConfig, folder: TrainingFolder, parameters: GaitParameters
) -> dict[str, np.ndarray]:
    """Second stage: PPO on the residual network. Returns the arrays of the finished walker."""
    from soccer_lib.workshop.walker.ppo import Learner  # torch, which no worker needs

    learner = Learner(FEATURE_COUNT, 12, config.seed, config.learning_rate)
    update = 0
    network = learner.network.arrays()
    checkpoint = folder.checkpoint()
    if checkpoint is not None:
        update = checkpoint["update"]
        network = checkpoint["network"]
        learner.restore(checkpoint["learner"])
    if update < _updates(config):
        with contextlib.closing(RolloutWorkers(config, parameters)) as workers:
            if checkpoint is not None:
                workers.set_state(checkpoint["workers"])
            workers.start(network, update / _updates(config))
            _practise_on(config, folder, learner, workers, update)
    return walker_arrays(parameters, learner.network.arrays())


def _steps_per_update(config: WalkerTrainConfig) -> int:
    return config.workers * config.robots * config.rollout


def _updates(config: WalkerTrainConfig) -> int:
    """How many updates reach at least `total_steps`."""
    return math.ceil(config.total_steps / _steps_per_update(config))


def _practise_on(
    config: WalkerTrainConfig, folder: TrainingFolder, learner: Learner, workers: RolloutWorkers, update: int
) -> None:
    """Learn from batch to batch; the workers collect the next one already."""
    from soccer_lib.workshop.walker.ppo import Batch

    updates = _updates(config)
    reports: list[dict[str, Any]] = []
    rewards: list[float] = []
    last_log = time.monotonic()
    while update < updates:
        batches, new_reports = workers.receive()
        update += 1
        progress = update / updates
        last = update == updates
        due = last or update % config.checkpoint_interval == 0
        network = learner.network.arrays()
        # With these two a run that is taken up again collects the batch that is under way once more.
        states = workers.get_state() if due else []
        if not last:
            # The workers go on with the network as it is while the learner learns from this batch.
            workers.start(network, progress)
        batch = Batch.join([Batch(**arrays) for arrays in batches])
        measures = learner.update(batch, progress)
        reports += new_reports
        rewards.append(float(batch.rewards.mean()))
        if due:
            state = {"update": update, "learner": learner.state(), "network": network, "workers": states}
            folder.save_checkpoint(state)
        if last or time.monotonic() - last_log > config.log_interval:
            last_log = time.monotonic()
            entry = {
                "steps": update * _steps_per_update(config),
                **practice_summary(reports, rewards),
                **measures,
                "learning_rate": learner.learning_rate,
            }
            folder.log("residual", entry, progress)
            reports.clear()
            rewards.clear()


def practice_summary(reports: list[dict[str, Any]], rewards: list[float]) -> dict[str, float | None]:
    """Share of falls, episode length [s] and tracking errors (root mean square) of some batches."""
    episodes = [episode for report in reports for episode in report["episodes"]]
    squared = sum(report["squared_error"] for report in reports)
    count = max(sum(report["count"] for report in reports), 1)
    ex, ey, turn = np.sqrt(squared / count).tolist()
    return {
        "reward": float(np.mean(rewards)),
        "falls": float(np.mean([fell for _, fell in episodes])) if episodes else None,
        "episode_s": float(np.mean([length for length, _ in episodes])) if episodes else None,
        "error_vx": ex,
        "error_vy": ey,
        "error_yaw_rate": turn,
    }


def walker_arrays(parameters: GaitParameters, network: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Content of a walker file."""
    arrays = {"gait": parameters.vector()}
    for i, (weight, bias) in enumerate(numpy_layers(network, "actor")):
        arrays[f"layer{i}_weight"] = weight
        arrays[f"layer{i}_bias"] = bias
    return arrays


def main(config: WalkerTrainConfig) -> None:
    """Run the command and print where the walker lies."""
    path = train_walker(config)
    record = json.loads(path.with_suffix(".json").read_text())
    print(
        f"walker: {path}  sha256 {record['sha256'][:12]}  trained in {record['minutes']:.1f} min", flush=True
    )
