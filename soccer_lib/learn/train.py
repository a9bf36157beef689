"""Training, on one page: settings, environments, a model of Stable-Baselines3, callbacks, the best policy.

What an algorithm is stands in `algorithms`; what watches it in `callbacks`, one hook each; how the best
policy is chosen in `candidates`.
"""

from __future__ import annotations

import contextlib

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from soccer_lib.errors import InputError
from soccer_lib.learn.algorithms import MAKERS, policy_of, run_spec
from soccer_lib.learn.callbacks.episodes import EpisodeStatistics
from soccer_lib.learn.callbacks.evaluation import OfficialEvaluation
from soccer_lib.learn.callbacks.freeze import Freeze
from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.learn.callbacks.progress import Progress
from soccer_lib.learn.candidates import Candidates, save_model
from soccer_lib.learn.config import TrainConfig, check_choices
from soccer_lib.learn.environment import training_env
from soccer_lib.learn.prefill import prefill
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.policies import LearnedPolicy, Policy, load_policy, write_policy
from soccer_lib.runs import RunFolder
from soccer_lib.runs.heartbeat import print_progress

FINAL = "final_model"


def fill(model: BaseAlgorithm, config: TrainConfig) -> None:
    """Put demonstrations into the replay buffer, where the algorithm has one."""
    if not isinstance(model, OffPolicyAlgorithm):
        print_progress(f"{config.algo} has no replay buffer: --bc-replay-dataset is left out")
        return
    assert isinstance(model.replay_buffer, HeldReplayBuffer)
    count = prefill(model.replay_buffer, config)
    print_progress(f"{count:,} transitions of {config.bc_replay_dataset} are in the buffer")


def train(config: TrainConfig) -> Policy:
    """Train an agent into its run folder; a finished run is handed back as it is.

    Args:
        config: the settings; open ones are filled in.

    Returns:
        The policy that scored best on fresh episodes.

    Raises:
        InputError: settings that make no run, or a folder of other settings.
        SimulationError: an environment failed, or the loss is no longer a finite number.
    """
    config = config.resolved()
    check_choices(config)
    start = load_policy(config.bc_weights) if config.bc_weights else None
    if start is not None and not isinstance(start, LearnedPolicy):
        raise InputError(
            f"--bc-weights {config.bc_weights} is scripted; expected a learned policy; try a clone"
        )
    folder = RunFolder.open(config.save_dir, config, "train", ignore=("save_dir", "device", "workers"))
    if folder.is_done():
        print(f"{folder.path} is finished; choose another --save-dir to train again")
        return load_policy(folder.path)
    folder.set_status("running")
    (folder.path / "metrics.jsonl").unlink(missing_ok=True)  # an interrupted run starts over
    torch.set_num_threads(1)  # two threads on busy cores are slower than one

    spec = run_spec(config, folder.path.name)
    assert config.total_timesteps is not None and config.eval_freq is not None
    with contextlib.ExitStack() as stack:
        env = training_env(config)
        stack.callback(env.close)
        model = MAKERS[config.algo](config, env, start)
        model.set_logger(Logger(None, [RunMetrics(folder)]))
        candidates = Candidates(config, folder)
        evaluation = OfficialEvaluation(candidates, spec, config.eval_freq)
        evaluation.init_callback(model)
        if start is not None:
            evaluation.judge()  # what has to be beaten
        callbacks: list[BaseCallback] = [EpisodeStatistics(), evaluation]
        callbacks.append(Progress(folder, config.total_timesteps, candidates))
        if config.freeze_bc_layers:
            callbacks.append(Freeze(config.freeze_bc_layers, config.freeze_until_step))
        if config.bc_replay_dataset:
            fill(model, config)
        model.learn(config.total_timesteps, CallbackList(callbacks), config.log_interval)

        evaluation.judge()
        model.logger.dump(model.num_timesteps)
        save_model(folder.path / f"{FINAL}.zip", model)
        write_policy(
            folder.path / f"{FINAL}.safetensors", policy_of(model, spec, {"steps": model.num_timesteps})
        )

    best, figures = candidates.crown()
    folder.set_status("done", step=best.step, **figures)
    score = figures["comp_eval/C_overall"]
    print(f"{folder.path}: best at step {best.step:,}, official {score:.2f} on fresh episodes")
    return load_policy(folder.path)
