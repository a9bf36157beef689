"""A user's reward weights before a run: what their audit says, in one line."""

from __future__ import annotations

from soccer_lib.evaluation.audit import REVERSED, audit_reward
from soccer_lib.learn.config import TrainConfig
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.seeds import TRAINING
from soccer_lib.tasks import COMMAND_STEPS, tasks_named
from soccer_lib.wrappers.rewards import read_weights

STARTS = 1
"""Starts of each behaviour and task: 26 episodes, 7 seconds of CPU."""


def warn_of_reward(config: TrainConfig) -> None:
    """Print what is wrong with a run's reward, if anything is (see `reward_warning`)."""
    if warning := reward_warning(config):
        print_progress(warning)


def reward_warning(config: TrainConfig) -> str | None:
    """What is wrong with the ranking of a run's reward; None where nothing was found or none is audited.

    Args:
        config: of the run, resolved. Without weights of its own the profile was audited before, and tasks
            without an official score have no ranking to compare with.

    Raises:
        SimulationError: an episode failed.
    """
    tasks = [task.name for task in tasks_named(",".join(config.tasks)) if task.in_competition]
    if not (config.reward_weights and tasks):
        return None
    audit = audit_reward(
        config.reward_profile,
        read_weights(config.reward_weights),
        tasks,
        STARTS,
        TRAINING[0].start,
        control=config.control,
        hold=config.hold or COMMAND_STEPS,
        gamma=config.gamma,
        workers=1 if config.workers == 0 else 0,
    )
    if audit.passed:
        return None
    pairs = [pair for pairs in audit.pairs.values() for pair in pairs if pair.verdict == REVERSED]
    if not pairs:
        return "--reward-weights: the audit had no pairs to compare; the run goes on"
    better, worse = max(pairs, key=lambda pair: pair.better.score - pair.worse.score)
    return (
        f"--reward-weights: the audit fails: on {worse.task} '{worse.behaviour}' ({worse.score:.2f} points) "
        f"is paid {worse.paid:.4g} and '{better.behaviour}' ({better.score:.2f}) {better.paid:.4g}; "
        "inspect reward shows all; the run goes on"
    )
