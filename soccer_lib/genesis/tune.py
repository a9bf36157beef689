"""Tuning by Optuna: a study that prunes what falls behind and goes on where it was stopped."""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.errors import InputError
from soccer_lib.genesis.callbacks import success_rates
from soccer_lib.genesis.config import GenesisTrainConfig
from soccer_lib.genesis.train import Scenes, train_reach
from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import RunFolder, atomic_write_json
from soccer_lib.runs.heartbeat import print_progress

COMMAND = "genesis tune"
STORAGE = "study.db"
STUDY = "reach"

SPACE: dict[str, dict[str, tuple[Any, ...]]] = {
    "PPO": {
        "lr": (1e-5, 1e-2),
        "gamma": (0.8, 0.9, 0.95, 0.99),
        "n_steps": (16, 32, 64),
        "n_epochs": (2, 4, 8, 16),
        "net_arch": ("32,32", "64,64", "128,128"),
    },
    "SAC": {
        "lr": (1e-4, 1e-2),
        "gamma": (0.8, 0.9, 0.95, 0.99),
        "update_ratio": (0.125, 0.25, 0.5),
        "net_arch": ("32,32", "64,64", "128,128"),
    },
    "TD3": {
        "lr": (1e-4, 1e-2),
        "gamma": (0.8, 0.9, 0.95, 0.99),
        "update_ratio": (0.125, 0.25, 0.5),
        "action_noise_sigma": (0.05, 0.1, 0.2, 0.4),
        "net_arch": ("32,32", "64,64", "128,128"),
    },
}
"""Algorithm -> setting -> its choices; two numbers are the ends of a logarithmic range."""


@dataclass(frozen=True)
class GenesisTuneConfig:
    """Look for settings that learn to reach soonest; run again to continue."""

    save_dir: str = "runs/genesis/tune"
    """folder of the study [path]"""
    algorithm: Literal["PPO", "SAC", "TD3"] = "PPO"
    """learner, of Stable-Baselines3"""
    trials: Annotated[int, Range(1, 10_000, whole=True)] = 20
    """trials of the whole study, those of earlier calls included [count]"""
    total_timesteps: Annotated[int, Range(1, 10**9, whole=True)] = 60_000
    """env steps of a trial that is not pruned [count]"""
    eval_freq: Annotated[int, Range(1, 10**9, whole=True)] = 12_000
    """env steps from one comparison with the other trials to the next [count]"""
    eval_episodes: Annotated[int, Range(1, 1000, whole=True)] = 20
    """targets of a comparison [count]"""
    n_envs: Annotated[int | None, Range(1, 100_000, whole=True)] = None
    """arms in the scene; by default as in the preset [count]"""
    startup: Annotated[int, Range(1, 10_000, whole=True)] = 4
    """trials that are never pruned: they are what the others are compared with [count]"""
    seed: Annotated[int, Range(0, 80, whole=True)] = 0
    """of the sampler and of every trial's training"""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """where physics and networks run; auto takes a GPU where there is one"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        if self.eval_freq > self.total_timesteps:
            raise InputError(
                f"--eval-freq {self.eval_freq} is above --total-timesteps {self.total_timesteps}; expected "
                "at least one comparison in a trial; try a fifth of the steps"
            )

    def training(self, save_dir: str, **drawn: Any) -> GenesisTrainConfig:
        """The training of a trial, with the settings that were drawn for it."""
        return GenesisTrainConfig(
            save_dir=save_dir,
            algorithm=self.algorithm,
            seed=self.seed,
            device=self.device,
            total_timesteps=self.total_timesteps,
            n_envs=self.n_envs,
            eval_freq=self.eval_freq,
            eval_episodes=self.eval_episodes,
            episodes=self.eval_episodes,
            **drawn,
        )


class PruneBehind(BaseCallback):
    """Called after each evaluation: reports it to the trial and ends the run where the pruner says so.

    Args:
        trial: of Optuna.

    Attributes:
        pruned: whether the run was ended.
        value: mean of the success rates so far: who learns sooner has more.
    """

    def __init__(self, trial: Any) -> None:
        super().__init__()
        self.trial = trial
        self.pruned = False
        self.value = 0.0

    def _on_step(self) -> bool:
        # The writer of metrics holds what the evaluation has just logged.
        [metrics] = [form for form in self.logger.output_formats if isinstance(form, RunMetrics)]
        rates = [rate for _, rate in success_rates(metrics.lines)]
        self.value = sum(rates) / len(rates)
        self.trial.report(self.value, self.num_timesteps)
        self.pruned = bool(self.trial.should_prune())
        return not self.pruned


def draw_settings(trial: Any, algorithm: str) -> dict[str, Any]:
    """The settings of a trial."""
    chosen: dict[str, Any] = {}
    for name, choices in SPACE[algorithm].items():
        if name == "lr":
            chosen[name] = trial.suggest_float(name, *choices, log=True)
        else:
            chosen[name] = trial.suggest_categorical(name, choices)
    return chosen


def rule_pruner(rule: Callable[[float, list[float]], bool]) -> Any:
    """A pruner of Optuna by a rule of one's own.

    Args:
        rule: takes a trial's value and those of the others at the same step; True ends the trial.
    """
    import optuna

    class RulePruner(optuna.pruners.BasePruner):
        """Asks the rule at each evaluation."""

        def prune(self, study: Any, trial: Any) -> bool:
            """Whether the trial is ended."""
            step = trial.last_step
            if step is None:
                return False
            values = [
                other.intermediate_values[step]
                for other in study.get_trials(deepcopy=False)
                if other.number != trial.number and step in other.intermediate_values
            ]
            return bool(rule(trial.intermediate_values[step], values))

    return RulePruner()


def tune_reach(config: GenesisTuneConfig, scenes: Scenes | None = None, pruner: Any = None) -> Any:
    """Run trials until the study has as many as asked for.

    A trial that a kill cut short is told as failed and another takes its place.

    Args:
        config: the settings.
        scenes: shared with other runs; None makes scenes of this study's own.
        pruner: of Optuna; None takes the median of the trials before.

    Returns:
        Optuna's study.

    Raises:
        InputError: a folder of other settings, or Optuna is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError(
            "optuna is not installed here; expected it for a study; it comes with: make genesis"
        ) from None
    with contextlib.ExitStack() as stack:
        if scenes is None:
            scenes = Scenes()
            stack.callback(scenes.close)
        if not Path(config.save_dir).exists():
            # A new folder is made only once a scene stands: without one it would hold a trial that failed.
            shape = config.training("").resolved()
            scenes.arm(shape.n_envs or 1, shape.robot, shape.use_gpu, "train")
        folder = RunFolder.open(config.save_dir, config, COMMAND, ignore=("save_dir", "trials"))
        study = open_study(config, folder, pruner)
        finished = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        folder.set_status("running")
        while (done := len(study.get_trials(deepcopy=False, states=finished))) < config.trials:
            # A seed for each trial: with one for all, a study that goes on would draw its first trials again.
            seed = 1000 * config.seed + len(study.trials)
            study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=config.startup)
            study.optimize(functools.partial(train_trial, config, folder, scenes), n_trials=1)
            newest = study.get_trials(deepcopy=False)[-1]
            value = max(newest.intermediate_values.values(), default=0.0)
            print_progress(
                f"trial {done + 1}/{config.trials}: {newest.state.name.lower()}, {value:.2f}, {newest.params}"
            )
    best = {"value": study.best_value, "settings": study.best_params, **counts(study)}
    atomic_write_json(folder.path / "best.json", best)
    folder.set_status("done", **best)
    flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in study.best_params.items())
    print_progress(f"best: {study.best_value:.2f} with genesis train --algorithm {config.algorithm} {flags}")
    return study


def open_study(config: GenesisTuneConfig, folder: RunFolder, pruner: Any) -> Any:
    """Optuna's study in a folder, new or as it was left; trials that a kill cut short are told as failed."""
    import optuna

    # A warning of Optuna's is the traceback of what ends the study, which is told in one line.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=f"sqlite:///{folder.path / STORAGE}",
        study_name=STUDY,
        direction="maximize",
        load_if_exists=True,
        pruner=pruner or optuna.pruners.MedianPruner(n_startup_trials=config.startup, n_warmup_steps=0),
    )
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def train_trial(config: GenesisTuneConfig, folder: RunFolder, scenes: Scenes, trial: Any) -> float:
    """Train with the settings of a trial; the value is what `PruneBehind` made of it."""
    import optuna

    run = folder.path / f"trial_{trial.number:03d}"
    shutil.rmtree(run, ignore_errors=True)
    watch = PruneBehind(trial)
    train_reach(config.training(str(run), **draw_settings(trial, config.algorithm)), scenes, watch)
    if watch.pruned:
        raise optuna.TrialPruned()
    return watch.value


def counts(study: Any) -> dict[str, int]:
    """How many trials there are of each state."""
    names = [trial.state.name.lower() for trial in study.get_trials(deepcopy=False)]
    return {name: names.count(name) for name in sorted(set(names))}


def trial_rows(study: Any) -> list[dict[str, Any]]:
    """The trials as `figures.plot_trials` draws them."""
    return [
        {
            "values": dict(trial.intermediate_values),
            "pruned": trial.state.name == "PRUNED",
            "settings": dict(trial.params),
        }
        for trial in study.get_trials(deepcopy=False)
    ]


def main(config: GenesisTuneConfig) -> None:
    """Run the command."""
    tune_reach(config)
