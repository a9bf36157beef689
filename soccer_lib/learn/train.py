"""Training, on one page: settings, environments, a model of Stable-Baselines3, callbacks, the best policy.

What an algorithm is stands in `algorithms`; what watches it in `callbacks`, one hook each; how the best
policy is chosen in `candidates`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import cast

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from soccer_lib.errors import InputError, SoccerError
from soccer_lib.learn.algorithms import MAKERS, run_spec
from soccer_lib.learn.callbacks.checkpoint import Checkpointing
from soccer_lib.learn.callbacks.episodes import EpisodeStatistics
from soccer_lib.learn.callbacks.evaluation import OfficialEvaluation, Watch
from soccer_lib.learn.callbacks.freeze import Freeze
from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.learn.callbacks.progress import Progress
from soccer_lib.learn.callbacks.watch import RedFlagWatch
from soccer_lib.learn.callbacks.writers import extra_writers
from soccer_lib.learn.candidates import Candidates, save_model
from soccer_lib.learn.checkpoints import MAY_DIFFER, Stateful, TrainingState, identity_of
from soccer_lib.learn.config import TrainConfig, check_choices, warn_of_choices
from soccer_lib.learn.environment import training_env
from soccer_lib.learn.hybrid import HybridPolicy
from soccer_lib.learn.legacy import LegacyCheckpoints, write_legacy
from soccer_lib.learn.prefill import prefill
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.learn.reward_audit import warn_of_reward
from soccer_lib.policies import LearnedPolicy, Policy, load_policy, write_policy
from soccer_lib.runs import RunFolder
from soccer_lib.runs.checkpoints import Checkpoint, Checkpoints
from soccer_lib.runs.files import load_record
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.stop import StopRequest

FINAL = "final_model"


def train(config: TrainConfig, watch: Watch | None = None) -> Policy:
    """Train an agent into its run folder, from its newest checkpoint on where there is one.

    A run that has its steps is handed back as it is.

    Args:
        config: the settings; open ones are filled in.
        watch: sees each official evaluation on the way, and may end the run.

    Returns:
        The policy that scored best on fresh episodes.

    Raises:
        InputError: settings that make no run, or a folder of other settings.
        ResourceError: the buffer does not fit into memory, or a file could not be written.
        SimulationError: an environment failed, or a weight is no longer a finite number.
        KeyboardInterrupt: Ctrl-C; the state is saved, and the same call goes on from it.
    """
    config = config.resolved()
    check_choices(config)
    start = start_policy(config)
    if start is not None and config.control == "command" and config.hold is None:
        config = dataclasses.replace(config, hold=start.spec.hold)
    warn_of_choices(config)
    if config.resume and not (Path(config.save_dir) / "config.json").is_file():
        raise InputError(f"--resume: no run in {config.save_dir}; expected one; name it with --save-dir")
    folder = RunFolder.open(config.save_dir, config, "train", ignore=MAY_DIFFER)
    total = config.total_timesteps or 0
    if total <= finished_steps(folder):
        print(f"{folder.path} is finished; choose another --save-dir, or more --total-timesteps")
        return load_policy(folder.path)
    torch.set_num_threads(1)  # two threads on busy cores are slower than one
    checkpoints = Checkpoints(folder.path, identity_of(config, start))
    checkpoint = checkpoints.newest()

    with contextlib.ExitStack() as stack:
        model = build(config, start, folder, stack, checkpoint)
        folder.set_status("running")
        metrics = RunMetrics(folder)
        model.set_logger(Logger(None, [metrics, *extra_writers(config, folder)]))
        candidates = Candidates(config, folder)
        spec = run_spec(config, folder.path.name)
        evaluation = OfficialEvaluation(
            candidates, spec, config.eval_freq or 0, config.kick_from or (0.5,), watch
        )
        evaluation.init_callback(model)
        red_flags = RedFlagWatch(metrics, candidates, config.on_red_flag)
        parts: dict[str, Stateful] = {"metrics": metrics, "candidates": candidates, "watch": red_flags}
        state = TrainingState(model, checkpoints, parts)
        if checkpoint is not None:
            state.restore(checkpoint)
            print_progress(f"{folder.path} goes on at step {checkpoint.step:,} of {total:,}")
        state.check_room(max(0, total - model.num_timesteps))
        if checkpoint is None:
            (folder.path / "metrics.jsonl").unlink(missing_ok=True)  # it was stopped before a checkpoint
            warn_of_reward(config)
            if start is not None:
                evaluation.judge(start)  # what has to be beaten

        stop = StopRequest()
        callbacks: list[BaseCallback] = [EpisodeStatistics(), evaluation]
        callbacks.append(Progress(folder, total, candidates.words))
        callbacks.append(red_flags)
        if config.freeze_bc_layers:
            callbacks.append(Freeze(config.freeze_bc_layers, config.freeze_until_step))
        if config.write_legacy:
            callbacks.append(LegacyCheckpoints(folder.path, config.algo, config.checkpoint_interval))
        checkpointing = Checkpointing(state, config.checkpoint_interval, stop, candidates, checkpoint)
        callbacks.append(checkpointing)
        with stop, checkpointing.saving_on_failure():
            model.learn(
                max(0, total - model.num_timesteps),
                CallbackList(callbacks),
                1 if config.algo == "ppo" else config.log_interval,  # PPO counts its rollouts itself
                reset_num_timesteps=checkpoint is None,
            )
        if stop.came:
            folder.set_status("stopped", step=checkpointing.saved)
        stop.leave(checkpointing.last_words)

        final = evaluation.judge()
        model.logger.dump(model.num_timesteps)
        save_model(folder.path / f"{FINAL}.zip", model)
        write_policy(folder.path / f"{FINAL}.safetensors", final)
        if config.write_legacy:
            write_legacy(folder.path, config.algo, model)

    # The highest score on the way is high by luck too: the best ones play fresh episodes.
    best, figures = candidates.crown()
    folder.set_status("done", step=best.step, total_timesteps=total, **figures)
    score = figures["comp_eval/C_overall"]
    print(f"{folder.path}: best at step {best.step:,}, official {score:.2f} on fresh episodes")
    return load_policy(folder.path)


def start_policy(config: TrainConfig) -> LearnedPolicy | None:
    """The policy that a run starts from.

    Raises:
        InputError: there is none, or it has no weights to learn on.
    """
    if not config.bc_weights:
        return None
    start = load_policy(config.bc_weights)
    if isinstance(start, LearnedPolicy):
        return start
    raise InputError(f"--bc-weights {config.bc_weights} is scripted; expected a learned policy; try a clone")


def finished_steps(folder: RunFolder) -> int:
    """Env steps that a run has had if it is done; 0 if it is not."""
    if not folder.is_done():
        return 0
    made_for = load_record(folder.path / "config.json", "config")["config"]["total_timesteps"]
    return load_record(folder.path / "status.json").get("total_timesteps", made_for)


def build(
    config: TrainConfig,
    start: LearnedPolicy | None,
    folder: RunFolder,
    stack: contextlib.ExitStack,
    checkpoint: Checkpoint | None,
) -> BaseAlgorithm:
    """Make environments and model; demonstrations go into the buffer where there is one.

    In a checkpoint's buffer they are already.

    Raises:
        SoccerError: as `train`; a folder that is new belongs to nobody then.
    """
    try:
        env = training_env(config)
        stack.callback(env.close)
        model = MAKERS[config.algo](config, env, start)
        env.seed(config.env_seed)  # SB3 gave them the run's own seed, which evaluations play
        if config.bc_replay_dataset and isinstance(model.policy, HybridPolicy):
            print_progress(f"{config.algo} has no replay buffer: --bc-replay-dataset is left out")
        elif config.bc_replay_dataset and checkpoint is None:
            count = prefill(cast(HeldReplayBuffer, cast(OffPolicyAlgorithm, model).replay_buffer), config)
            print_progress(f"{count:,} transitions of {config.bc_replay_dataset} are in the buffer")
    except SoccerError:
        if not folder.resumed:
            (folder.path / "config.json").unlink()
        raise
    return model
