"""`bench train`: how much faster a training run learns and simulates than the plain script.

The plain script is what everybody starts with: SB3's TD3 on one stock environment, torques at 500 Hz, one
update a step. Everything runs in this process on one thread and is timed in its CPU seconds, so that other
work on the machine does not count; on a quiet core they are seconds. The parts take turns, round by round.
"""

from __future__ import annotations

import dataclasses
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import gymnasium as gym
import sai_mujoco  # noqa: F401 - registers the stock environments
import torch
from stable_baselines3 import TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from torch.optim.optimizer import register_optimizer_step_post_hook

from soccer_lib.envs import make_env
from soccer_lib.learn.algorithms import MAKERS, run_spec, start_actor
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.environment import training_env
from soccer_lib.policies import LearnedPolicy
from soccer_lib.ranges import Range, check_fields
from soccer_lib.tasks import PHYSICS_DT, TASKS
from soccer_lib.workshop.bench.report import LiveTable, finish

NET_ARCH = (512, 256, 128, 64)
WARM_UP = 300
"""Env steps of the plain scripts before they learn [count]; a longer one would time no updates."""


@dataclasses.dataclass(frozen=True)
class TrainBenchConfig:
    """Time training runs beside the plain script: simulated seconds and updates for each CPU second."""

    seconds: Annotated[float, Range(0.1, 3600)] = 10.0
    """CPU seconds of each part in each round [s]"""
    rounds: Annotated[int, Range(1, 100, whole=True)] = 3
    """rounds in which the parts take turns; their medians count [count]"""
    task: str = "goalie_penalty_kick"
    """task of the plain scripts; presets train on all three"""
    json: str = ""
    """file for the result; nothing is written without it"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)


class Clock(BaseCallback):
    """Ends a run after so many CPU seconds, between two rollouts; counts what was simulated in them.

    PPO learns after each rollout: one that was cut short would count simulation without its updates.

    Attributes:
        limit: [CPU s].
        physics_steps: of all environments.
    """

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit
        self.physics_steps = 0

    def _on_training_start(self) -> None:
        self.begun = time.process_time()
        self._over = False

    def _on_rollout_start(self) -> None:
        self._over = time.process_time() - self.begun >= self.limit

    def _on_step(self) -> bool:
        # The stock environment has no word for it: one step is one physics step.
        self.physics_steps += sum(info.get("held_steps", 1) for info in self.locals["infos"])
        return not self._over


@dataclasses.dataclass
class Part:
    """A run that is timed a piece at a time.

    Attributes:
        model: what learns.
        simulated: simulated seconds for each CPU second, of each round.
        updates: gradient steps for each CPU second, of each round.
        ratio: gradient steps for each env step, in the last round.
    """

    model: BaseAlgorithm
    simulated: list[float] = dataclasses.field(default_factory=list)
    updates: list[float] = dataclasses.field(default_factory=list)
    ratio: float = 0.0

    def go_on(self, seconds: float) -> None:
        """Learn for some CPU seconds."""
        clock = Clock(seconds)
        counted = _CountedSteps()
        steps = self.model.num_timesteps
        with counted:
            self.model.learn(10**9, clock, log_interval=None, reset_num_timesteps=False)
        spent = time.process_time() - clock.begun
        self.simulated.append(clock.physics_steps * PHYSICS_DT / spent)
        self.updates.append(counted.steps / spent)
        self.ratio = counted.steps / max(1, self.model.num_timesteps - steps)


class _CountedSteps:
    """Counts steps of all Adam optimisers inside the block, the dearest part of an update."""

    def __enter__(self) -> _CountedSteps:
        self.steps = 0
        self._handle = register_optimizer_step_post_hook(self._note)
        return self

    def __exit__(self, *_: Any) -> None:
        self._handle.remove()

    def _note(self, *_: Any) -> None:
        self.steps += 1


def plain_script(env: gym.Env) -> BaseAlgorithm:
    """SB3's TD3 as it comes, with the course's networks."""
    return TD3(
        "MlpPolicy",
        env,
        batch_size=256,
        learning_starts=WARM_UP,
        policy_kwargs={"net_arch": list(NET_ARCH)},
        device="cpu",
        seed=0,
    )


def preset_run(name: str, algo: str = "", **settings: Any) -> BaseAlgorithm:
    """A run of `train` with a preset, from a new actor where the preset wants one to start from."""
    given = {"preset": name, "algo": algo, "bc_weights": "new" if name == "finetune" else ""}
    config = TrainConfig(**{**given, "workers": 0, "device": "cpu", **settings}).resolved()
    start = None
    if name == "finetune":
        new = dataclasses.replace(config, net_arch=",".join(map(str, NET_ARCH)), kick_share=0.05)
        actor = start_actor(new, None)
        start = LearnedPolicy(
            actor.network(), run_spec(config, "new"), record={"kicks": actor.kicks.tolist()}
        )
    return MAKERS[config.algo](config, training_env(config), start)


def main(config: TrainBenchConfig) -> None:
    """Time all parts in turns, print the figures, write the JSON."""
    torch.set_num_threads(1)
    one = {"tasks": (config.task,), "n_envs": 1, "learning_starts": WARM_UP, "update_ratio": 1.0}
    makers: dict[str, Callable[[], BaseAlgorithm]] = {
        "plain script": lambda: plain_script(gym.make(TASKS[config.task].gym_id)),
        "scratch": lambda: preset_run("scratch"),
        "finetune": lambda: preset_run("finetune"),
        "plain TD3 at command": lambda: plain_script(
            make_env(config.task, control="command", observation="agent", reward="shaped", info="terms")
        ),
        "train --algo td3, alike": lambda: preset_run("deep", "td3", **one),
        "the same, bfloat16": lambda: preset_run("deep", "td3", precision="bfloat16", **one),
    }
    parts: dict[str, Part] = {}
    for name, make in makers.items():
        parts[name] = Part(make())
        parts[name].model.set_logger(Logger(None, []))
    for _ in range(config.rounds):
        for part in parts.values():
            part.go_on(config.seconds)
    for part in parts.values():
        environment = part.model.get_env()
        assert environment is not None
        environment.close()
    result = training_figures(parts)
    table = LiveTable({"figure": 60, "value": 10})
    for name, value in result.items():
        table.row([name, f"{value:.3g}"])
    finish(config, result)


def training_figures(parts: dict[str, Part]) -> dict[str, float]:
    """Medians of each part, how they compare, and the most memory that this process had [GiB]."""
    result: dict[str, float] = {}
    for name, part in parts.items():
        result[f"{name}/simulated_per_cpu_second"] = statistics.median(part.simulated)
        result[f"{name}/optimiser_steps_per_cpu_second"] = statistics.median(part.updates)
        result[f"{name}/optimiser_steps_per_env_step"] = part.ratio
    plain = statistics.median(parts["plain script"].simulated)
    for name in ("scratch", "finetune"):
        result[f"{name}/times_the_plain_script"] = statistics.median(parts[name].simulated) / plain
    # Round by round: what the machine did beside it was the same.
    theirs = parts["plain TD3 at command"].updates
    for figure, name in (("alike", "train --algo td3, alike"), ("bfloat16", "the same, bfloat16")):
        pairs = [a / b for a, b in zip(parts[name].updates, theirs, strict=True)]
        result[f"{figure}/times_the_updates"] = statistics.median(pairs)
    unit = 2**30 if sys.platform == "darwin" else 2**20
    result["memory_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return result
