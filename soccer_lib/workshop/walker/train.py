"""`walker train`: from hand-set gait numbers to the walker in data/walker, in one resumable run."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soccer_lib.control.gait import GaitParameters
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.errors import InputError
from soccer_lib.workshop.walker.crew import CollectJob, Crew, PractiseJob, ScoreJob
from soccer_lib.workshop.walker.files import TrainingFolder


@dataclass(frozen=True)
class WalkerTrainConfig:
    """Train the walker: CMA-ES on the gait engine, then PPO on a residual network. Run again to continue."""

    save_dir: str = "runs/walker"
    """folder of the run: checkpoints, curve, progress, and the finished walker [path]"""
    out: str = ""
    """second folder for walker.npz, walker.json, curve.json, such as data/walker [path, empty: none]"""
    seed: int = 0
    """seed of the search, the network and its training"""
    workers: int = 2
    """worker processes [count]"""
    generations: int = 16
    """generations of the gait search [count]"""
    population: int = 24
    """candidates in a generation [count]"""
    scenarios: int = 20
    """command sequences of 8 s for each candidate [count]"""
    sigma: float = 0.4
    """initial step size of the gait search [search units]"""
    total_steps: int = 8_000_000
    """walker steps of 20 ms to train the residual network for [count]"""
    robots: int = 64
    """robots that train in each worker [count]"""
    rollout: int = 32
    """steps of each robot between two updates [20 ms]"""
    learning_rate: float = 5e-4
    """initial learning rate of the network; it is then adapted to the measured divergence"""
    strongest_push: float = 0.7
    """strongest push in the second half of the training [m/s]"""
    checkpoint_interval: int = 25
    """updates between two checkpoints [count]"""
    log_interval: float = 5.0
    """time between two progress lines [s]"""


def train_walker(config: WalkerTrainConfig) -> Path:
    """Train, or go on where a killed run stopped.

    Returns:
        The file of the finished walker.

    Raises:
        InputError: settings out of range, or a run folder of other settings.
        SimulationError: a worker died.
    """
    _check(config)
    folder = TrainingFolder(Path(config.save_dir), config)
    crew = Crew(config.workers)
    try:
        parameters = search_gait(config, folder, crew)
        arrays = practise(config, folder, crew, parameters)
    finally:
        crew.close()
    return folder.finish(arrays, Path(config.out) if config.out else None)


def _check(config: WalkerTrainConfig) -> None:
    lowest = {"workers": 1, "generations": 1, "population": 4, "scenarios": 1, "robots": 1, "rollout": 2}
    for name, least in {**lowest, "total_steps": 0, "checkpoint_interval": 1, "seed": 0}.items():
        if getattr(config, name) < least:
            raise InputError(
                f"{name} {getattr(config, name)}; expected at least {least}; leave it out for the default"
            )


def search_gait(config: WalkerTrainConfig, folder: TrainingFolder, crew: Crew) -> GaitParameters:
    """First stage: CMA-ES over the gait engine's numbers."""
    from soccer_lib.workshop.walker.gait_search import GaitSearch, parameters_at

    search = GaitSearch(config.population, config.sigma, config.seed)
    search.replay(folder.gait_scores())
    while (generation := len(search.scores)) < config.generations:
        candidates = search.ask()
        jobs = [
            ScoreJob(parameters_at(c), 1000 * config.seed + generation, config.scenarios) for c in candidates
        ]
        scores = np.array(crew.map(jobs))
        search.tell(candidates, scores)
        folder.save_gait(np.array(search.scores), search.mean)
        entry = {"generation": generation + 1, "mean": float(scores.mean()), "best": float(scores.max())}
        folder.log("gait", entry, (generation + 1) / config.generations)
    return search.mean


def practise(
    config: WalkerTrainConfig, folder: TrainingFolder, crew: Crew, parameters: GaitParameters
) -> dict[str, np.ndarray]:
    """Second stage: PPO on the residual network. Returns the arrays of the finished walker."""
    from soccer_lib.workshop.walker.ppo import Batch, Learner

    learner = Learner(FEATURE_COUNT, 12, config.seed, config.learning_rate)
    update, per_update = 0, config.workers * config.robots * config.rollout
    checkpoint = folder.checkpoint()
    if checkpoint is not None:
        update = int(checkpoint.pop("update"))
        learner.restore(checkpoint)
    updates = -(-config.total_steps // per_update)
    for worker in range(len(crew)):
        crew.send(worker, PractiseJob(parameters, config.robots, (config.seed, worker, update)))
    for worker in range(len(crew)):
        crew.receive(worker)

    def ask(progress: float) -> None:
        push = config.strongest_push * min(1.0, 0.25 + 1.5 * progress)
        job = CollectJob(learner.network.arrays(), config.rollout, push)
        for worker in range(len(crew)):
            crew.send(worker, job)

    reports: list[dict] = []
    rewards: list[float] = []
    if update < updates:
        ask(update / updates)
    spoken = time.monotonic()
    while update < updates:
        answers = [crew.receive(worker) for worker in range(len(crew))]
        update += 1
        if update < updates:
            ask(update / updates)  # the workers go on while the learner learns
        batch = Batch.join([Batch(**arrays) for arrays, _ in answers])
        measures = learner.update(batch, update / updates)
        reports += [report for _, report in answers]
        rewards.append(float(batch.rewards.mean()))
        last = update == updates
        if last or update % config.checkpoint_interval == 0:
            folder.save_checkpoint({**learner.state(), "update": np.array(update)})
        if last or time.monotonic() - spoken > config.log_interval:
            spoken = time.monotonic()
            entry = {"steps": update * per_update, **practice_summary(reports, rewards), **measures}
            folder.log("residual", {**entry, "learning_rate": learner.learning_rate}, update / updates)
            reports, rewards = [], []
    return walker_arrays(parameters, learner.network.arrays())


def practice_summary(reports: list[dict], rewards: list[float]) -> dict[str, float | None]:
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
    from soccer_lib.workshop.walker.forward import numpy_layers

    arrays = {"gait": parameters.vector()}
    for i, (weight, bias) in enumerate(numpy_layers(network, "actor")):
        arrays[f"layer{i}_weight"], arrays[f"layer{i}_bias"] = weight, bias
    return arrays


def main(config: WalkerTrainConfig) -> None:
    """Run the command and print where the walker lies."""
    path = train_walker(config)
    record = json.loads(path.with_suffix(".json").read_text())
    print(
        f"walker: {path}  sha256 {record['sha256'][:12]}  trained in {record['minutes']:.1f} min", flush=True
    )
