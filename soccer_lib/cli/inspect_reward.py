"""The command `inspect reward`: play the audit of a reward, print its table, write the files."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from soccer_lib.evaluation.audit import DISCOUNTED, REVERSED, Audit, audit_reward
from soccer_lib.runs import atomic_write_json, version_record
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.tasks import COMMAND_STEPS
from soccer_lib.view.audit import audit_table, named_pairs, plot_audit
from soccer_lib.view.style import check_picture_name, save_figure
from soccer_lib.wrappers.rewards import read_weights


@dataclass(frozen=True)
class InspectRewardConfig:
    """Audit a reward before training: does it rank scripted behaviours as the official score does?"""

    profile: str = "shaped"
    """env, competition, competition-dense, pressure_shot, tight or shaped."""
    reward_weights: str = ""
    """Weights over those of the profile: name=weight,... or a TOML or JSON file."""
    tasks: tuple[str, ...] = ("all",)
    """Tasks of the competition; all stands for the three."""
    starts: int = 10
    """Starts for each behaviour."""
    seed: int = 0
    """Seed of the first start."""
    control: str = "command"
    """Control interface of the run, whose env steps --gamma discounts: command, joint or torque."""
    hold: int = COMMAND_STEPS
    """Physics steps of one command [2 ms each]."""
    gamma: float | None = None
    """Discount of one env step; by default 0.99 for command, 0.998 for joint, 0.9998 for torque."""
    workers: int = 0
    """Worker processes; 0 takes one per core. The numbers do not depend on it."""
    json: str = ""
    """JSON file for verdict, pairs and episodes."""
    plot: str = ""
    """Picture of both rankings, .png, .svg or .pdf."""


def main(config: InspectRewardConfig) -> int:
    """Print the table, write the files; the exit code is 1 where the audit fails.

    Raises:
        SoccerError: a wrong request, a failed episode, or a file that could not be written.
    """
    if config.plot:
        check_picture_name(config.plot)
    check_outputs([config.json, config.plot])
    audit = audit_reward(
        config.profile,
        read_weights(config.reward_weights),
        ",".join(config.tasks),
        config.starts,
        config.seed,
        control=config.control,
        hold=config.hold,
        gamma=config.gamma,
        workers=config.workers,
    )
    print(audit_table(audit))
    if config.json:
        write_audit(audit, config.json)
        print(f"wrote {config.json}")
    if config.plot:
        save_figure(plot_audit(audit), config.plot)
        print(f"wrote {config.plot}")
    return 0 if audit.passed else 1


def write_audit(audit: Audit, path: str | os.PathLike[str]) -> None:
    """Write verdict, reversed pairs and episodes as JSON; the file is whole or absent.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for task, pairs in audit.pairs.items():
        tasks[task] = {"verdicts": Counter(pair.verdict for pair in pairs)}
        for verdict in (REVERSED, DISCOUNTED):
            tasks[task][verdict] = [
                {"worse": worse, "better": better, "starts": [pair.better.start for pair in group]}
                for (better, worse), group in named_pairs(audit, task, verdict).items()
            ]
    record = {
        "passed": audit.passed,
        "settings": audit.settings,
        "versions": version_record(),
        "tasks": tasks,
        "episodes": [asdict(episode) for episode in audit.played],
    }
    atomic_write_json(path, record)
