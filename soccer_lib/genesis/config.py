"""Settings of a training with Genesis, and the presets that fill in what no flag says."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from soccer_lib.errors import InputError, known_name
from soccer_lib.genesis.physics import LEVELS
from soccer_lib.genesis.task import STAGES, ReachSettings, difficulty_curriculum
from soccer_lib.genesis.terms import read_profile
from soccer_lib.ranges import Range, check_fields
from soccer_lib.seeds import training_seeds

SEED_BASE = 1_000
"""First seed of training; the run's own seed is added a hundredfold, so that runs share no target."""

ALGORITHMS = ("PPO", "SAC", "TD3")

GPU_OF_DEVICE: dict[str, bool | Literal["auto"]] = {"cpu": False, "cuda": True, "auto": "auto"}
"""--device -> what `engine.start` takes."""

_COUNT = Range(1, 10**9, whole=True)
_SEVERAL = Range(2, 10**9, whole=True)

_NUMBER = r"\d*\.?\d+(e-?\d+)?"

# Off-policy learners pay by the update, not by the step: few arms, one update for several steps.
_BATCHED_OFF_POLICY: dict[str, Any] = {
    "n_envs": 16,
    # A part of the targets is reached after 24,000, and by one seed of each all of them after these.
    "total_timesteps": 80_000,
    "lr": 1e-3,
    "batch_size": 256,
    "buffer_size": 100_000,
    "learning_starts": 1_600,
    "update_ratio": 0.25,
    "gamma": 0.95,
    "net_arch": "64,64",
    "normalize": False,
}

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    # One arm, and the settings that the guides print; they are SB3's defaults with a longer run.
    "guide": {
        "PPO": {
            "n_envs": 1,
            "total_timesteps": 200_000,
            "lr": 3e-4,
            "n_steps": 2048,
            "batch_size": 64,
            "n_epochs": 10,
            "gamma": 0.99,
            "ent_coef": "0.0",
            "net_arch": "64,64",
            "normalize": False,
        },
        "SAC": {
            "n_envs": 1,
            "total_timesteps": 100_000,
            "lr": 3e-4,
            "batch_size": 256,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "update_ratio": 1.0,
            "gamma": 0.99,
            "ent_coef": "auto",
            "net_arch": "256,256",
            "normalize": False,
        },
        "TD3": {
            "n_envs": 1,
            "total_timesteps": 100_000,
            "lr": 1e-3,
            "batch_size": 256,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "update_ratio": 1.0,
            "action_noise_sigma": 0.1,
            "gamma": 0.99,
            "net_arch": "400,300",
            "normalize": False,
        },
    },
    # Many arms in one scene: a rollout is full after 32 steps of each.
    "batched": {
        "PPO": {
            "n_envs": 64,
            # Five seeds reached every evaluation target after 40,000 to 60,000.
            "total_timesteps": 100_000,
            "lr": 1e-3,
            "n_steps": 32,
            "batch_size": 512,
            "n_epochs": 8,
            "gamma": 0.95,
            "ent_coef": "0.0",
            "net_arch": "64,64",
            "normalize": True,
        },
        "SAC": {**_BATCHED_OFF_POLICY, "ent_coef": "auto"},
        "TD3": {**_BATCHED_OFF_POLICY, "action_noise_sigma": 0.2},
    },
}
"""Preset -> algorithm -> its settings, by the name of the flag."""


@dataclass(frozen=True)
class GenesisTrainConfig:
    """Train an arm of Genesis to reach targets; what is left open comes from the preset."""

    save_dir: str = "runs/genesis/reach"
    """folder of the run [path]"""
    algorithm: Literal["PPO", "SAC", "TD3"] = "PPO"
    """learner, of Stable-Baselines3"""
    preset: Literal["batched", "guide"] = "batched"
    """batched: many arms in one scene; guide: one arm, with the settings that most guides print"""
    seed: Annotated[int, Range(0, 80, whole=True)] = 0
    """seed of network, noise and targets"""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """where physics and networks run; auto takes a GPU where there is one"""
    stage: str = "reach"
    """what success is: posture, reach or hold"""
    start_from: str = ""
    """go on from the agent of this run, such as of the stage before [path]"""
    reward: str = "shaped"
    """profile (shaped, distance, progress, sparse), or weights: distance=1,success=5"""
    difficulty: Annotated[float, Range(0.1, 1)] = 1.0
    """share of the way to the box at which targets lie"""
    curriculum: bool = False
    """begin at difficulty 0.1 and raise it with success, to 1"""
    physics: str = "none"
    """what differs between episodes: none, mild, hard"""
    robot: str = "franka"
    """which arm"""
    total_timesteps: Annotated[int | None, _COUNT] = None
    """env steps of the run, over all arms [count]"""
    n_envs: Annotated[int | None, Range(1, 100_000, whole=True)] = None
    """arms in the scene [count]"""
    lr: Annotated[float | None, Range(0, 1, above=True)] = None
    """learning rate"""
    n_steps: Annotated[int | None, _SEVERAL] = None
    """PPO: steps of each arm in a rollout [count]"""
    batch_size: Annotated[int | None, _SEVERAL] = None
    """samples of a gradient step [count]"""
    n_epochs: Annotated[int | None, _COUNT] = None
    """PPO: passes over a rollout [count]"""
    gamma: Annotated[float | None, Range(0, 1, above=True)] = None
    """discount of an env step"""
    ent_coef: str | None = None
    """PPO, SAC: weight of the entropy; auto with SAC"""
    net_arch: str | None = None
    """widths of the hidden layers"""
    buffer_size: Annotated[int | None, _COUNT] = None
    """SAC, TD3: transitions that are kept [count]"""
    learning_starts: Annotated[int | None, Range(0, 10**9, whole=True)] = None
    """SAC, TD3: env steps before the first update [count]"""
    update_ratio: Annotated[float | None, Range(0, 64, above=True)] = None
    """SAC, TD3: gradient steps for each env step"""
    action_noise_sigma: Annotated[float | None, Range(0, 10)] = None
    """TD3: spread of the noise on actions"""
    normalize: bool | None = None
    """observations by their running mean and spread, which evaluations use too"""
    eval_freq: Annotated[int, Range(0, 10**9, whole=True)] = 20_000
    """env steps between two evaluations; 0 evaluates only at the end [count]"""
    eval_episodes: Annotated[int, Range(1, 1000, whole=True)] = 20
    """targets of an evaluation on the way, none of them held out [count]"""
    stop_at: Annotated[float, Range(0, 1)] = 0.0
    """end the run once this share of an evaluation succeeds; 0 for never"""
    episodes: Annotated[int, Range(1, 10_000, whole=True)] = 100
    """held-out targets of the result [count]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        known_name("stage", self.stage, STAGES)
        known_name("level of --physics", self.physics, LEVELS)
        read_profile(self.reward)
        training_seeds(self.env_seed, 1)
        if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", self.net_arch or "64"):
            raise InputError(f"--net-arch got {self.net_arch!r}; expected widths with commas; try 64,64")
        auto = self.algorithm == "SAC"
        if not re.fullmatch(f"auto|{_NUMBER}" if auto else _NUMBER, self.ent_coef or "0"):
            allowed = "a number or auto" if auto else "a number"
            raise InputError(f"--ent-coef got {self.ent_coef!r}; expected {allowed}; try 0.01")

    @property
    def env_seed(self) -> int:
        """Seed of targets, starts and physics."""
        return SEED_BASE + 100 * self.seed

    @property
    def widths(self) -> list[int]:
        """Hidden widths as numbers."""
        return [int(width) for width in (self.net_arch or "64,64").split(",")]

    @property
    def use_gpu(self) -> bool | Literal["auto"]:
        """As `engine.start` takes it."""
        return GPU_OF_DEVICE[self.device]

    def resolved(self) -> GenesisTrainConfig:
        """The same, every open setting filled in by the preset."""
        chosen = PRESETS[self.preset][self.algorithm]
        missing = {name: value for name, value in chosen.items() if getattr(self, name) is None}
        return dataclasses.replace(self, **missing)

    def task(self) -> ReachSettings:
        """What the training task is."""
        return ReachSettings(
            self.stage,
            read_profile(self.reward),
            self.difficulty,
            difficulty_curriculum() if self.curriculum else None,
            LEVELS[self.physics],
        )
