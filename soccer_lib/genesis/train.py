"""Training an arm, on one page: scene, model of Stable-Baselines3, callbacks, held-out targets."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, EvalCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecMonitor

from soccer_lib.genesis.agents import (
    BEST,
    COMMAND,
    FINAL,
    agent_file,
    load_parameters,
    make_model,
    normaliser_file,
    read_settings_of,
    save_agent,
    with_normaliser,
)
from soccer_lib.genesis.callbacks import EpisodeLog, KeepBest, StopAtSuccess, state_words
from soccer_lib.genesis.config import GenesisTrainConfig
from soccer_lib.genesis.evaluate import ReachResult, act_of, per_episode, play_targets
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.genesis.targets import held_out_targets, sample_target
from soccer_lib.genesis.task import ReachSettings
from soccer_lib.genesis.vec import ReachVecEnv
from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.learn.callbacks.progress import Progress
from soccer_lib.runs import RunFolder, atomic_write_json
from soccer_lib.runs.files import load_record
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.seeds import REPORTED, TUNING

RESULT = "result.json"


@dataclasses.dataclass
class Scenes:
    """Scenes that several runs of one process share: each takes seconds to build.

    Attributes:
        made: number of arms, robot and GPU -> scene.
    """

    made: dict[tuple[Any, ...], Any] = dataclasses.field(default_factory=dict)

    def arm(self, n_envs: int, robot: str, use_gpu: Any, role: str) -> Any:
        """A scene of so many arms; those of training and of evaluation (`role`) are not the same."""
        key = (n_envs, robot, use_gpu, role)
        if key not in self.made:
            self.made[key] = ArmScene(n_envs, robot, use_gpu)
        return self.made[key]

    def close(self) -> None:
        """End them all."""
        for arm in self.made.values():
            arm.close()
        self.made.clear()


def train_reach(
    config: GenesisTrainConfig,
    scenes: Scenes | None = None,
    watch: BaseCallback | None = None,
    task: ReachSettings | None = None,
) -> dict[str, Any]:
    """Train an agent into its run folder and let it reach for held-out targets.

    A run takes minutes: one that was stopped starts over, one that is done is handed back as it is.

    Args:
        config: the settings; open ones are filled in.
        scenes: shared with other runs; None makes scenes of this run's own.
        watch: called after each evaluation too; it may end the run.
        task: to train on, in place of what the settings make; None for that.

    Returns:
        The figures of `result.json`.

    Raises:
        InputError: settings that make no run, or a folder of other settings.
        SimulationError: Genesis failed.
    """
    config = config.resolved()
    start = Path(config.start_from) if config.start_from else None
    start_file = agent_file(start) if start and read_settings_of(start) else None
    # A folder that is there is looked at before scenes are built, a new one is made only once they stand.
    folder = open_run(config) if Path(config.save_dir).exists() else None
    if folder is not None and folder.is_done():
        print_progress(f"{folder.path} is finished; choose another --save-dir to train again")
        return load_record(folder.path / RESULT)
    with contextlib.ExitStack() as stack:
        if scenes is None:
            scenes = Scenes()
            stack.callback(scenes.close)
        arm = scenes.arm(config.n_envs or 1, config.robot, config.use_gpu, "train")
        judges = scenes.arm(config.eval_episodes, config.robot, config.use_gpu, "judge")
        folder = folder or open_run(config)
        for stale in ("metrics.jsonl", f"{BEST}.zip", f"{FINAL}.zip"):
            (folder.path / stale).unlink(missing_ok=True)
        folder.set_status("running")
        began = time.monotonic()
        computed = time.process_time()  # of this run alone: a process may train several

        env = with_normaliser(
            VecMonitor(ReachVecEnv(arm, task or config.task(), config.env_seed)), config, training=True
        )
        model = make_model(config, env)
        env.seed(config.env_seed)  # SB3 gave it the run's own seed
        if start_file is not None:
            load_parameters(start_file, model)
        metrics = RunMetrics(folder)
        model.set_logger(Logger(None, [metrics]))
        watching = CallbackList(callbacks(config, folder, metrics, judges, watch))
        model.learn(config.total_timesteps or 0, watching)
        minutes = (time.monotonic() - began) / 60
        cpu_minutes = (time.process_time() - computed) / 60
        save_agent(folder.path, FINAL, model)
        if not (folder.path / f"{BEST}.zip").is_file():
            keep_as_best(folder.path)

        load_parameters(agent_file(folder.path), model)
        result = examine(config, model, judges)
        figures = result.summary() | {
            "steps": int(model.num_timesteps),
            "minutes": minutes,
            "cpu_minutes": cpu_minutes,
        }
        atomic_write_json(folder.path / RESULT, figures | {"episodes": per_episode(result)})
        folder.set_status("done", **figures)
    print_progress(f"{folder.path}: {result.words()}")
    return figures


def open_run(config: GenesisTrainConfig) -> RunFolder:
    """The run folder of these settings."""
    return RunFolder.open(config.save_dir, config, COMMAND, ignore=("save_dir",))


def callbacks(
    config: GenesisTrainConfig,
    folder: RunFolder,
    metrics: RunMetrics,
    judges: Any,
    watch: BaseCallback | None,
) -> list[BaseCallback]:
    """What watches the run: the heartbeat, the episodes, and evaluations on targets of the tuning seeds."""
    progress = Progress(folder, config.total_timesteps or 1, lambda: state_words(metrics))
    chain: list[BaseCallback] = [EpisodeLog(), progress]
    if not config.eval_freq:
        return chain
    fixed = ReachVecEnv(judges, ReachSettings(config.stage, config.task().weights), TUNING.start)
    rngs = [np.random.default_rng(TUNING.start + number) for number in range(config.eval_episodes)]
    fixed.aim(np.array([sample_target(rng) for rng in rngs]))
    after = [StopAtSuccess(metrics, config.stop_at)] if config.stop_at else []
    if watch is not None:
        after.append(watch)
    chain.append(
        EvalCallback(
            with_normaliser(VecMonitor(fixed), config, training=False),
            callback_on_new_best=KeepBest(folder, BEST),
            callback_after_eval=CallbackList(after) if after else None,
            n_eval_episodes=config.eval_episodes,
            # SB3 counts calls, each of which is a step of every arm.
            eval_freq=max(1, config.eval_freq // (config.n_envs or 1)),
            verbose=0,
        )
    )
    return chain


def examine(config: GenesisTrainConfig, model: Any, judges: Any) -> ReachResult:
    """Held-out targets, by the model as it is."""
    settings = ReachSettings(config.stage)
    env = with_normaliser(ReachVecEnv(judges, settings, REPORTED.start), config, training=False)
    own = model.get_vec_normalize_env()
    if own is not None:
        env.obs_rms = own.obs_rms
    return play_targets(env, act_of(model), held_out_targets(config.episodes))


def keep_as_best(run: Path) -> None:
    """Without evaluations on the way the last model is the best one."""
    for source in (normaliser_file(run / f"{FINAL}.zip"), run / f"{FINAL}.zip"):
        if source.is_file():
            shutil.copyfile(source, source.with_name(source.name.replace(FINAL, BEST)))


def main(config: GenesisTrainConfig) -> None:
    """Run the command."""
    train_reach(config)
