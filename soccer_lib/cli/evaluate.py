"""The command `evaluate`: play, print the table, write the files."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Annotated, Literal

import tyro

from soccer_lib.errors import InputError
from soccer_lib.evaluation import evaluate
from soccer_lib.evaluation.record import record_bytes
from soccer_lib.policies import load_policy
from soccer_lib.policies.catalogue import policy_file
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.tasks import tasks_named
from soccer_lib.view.results import plot_results
from soccer_lib.view.style import check_picture_name, save_figure


@dataclasses.dataclass(frozen=True)
class EvaluateConfig:
    """Play episodes with one policy and score them as the competition does."""

    policy: Annotated[str, tyro.conf.arg(aliases=["--model"])]
    """Who plays: zero, random, stand, walk_at_ball, wander, striker (striker:clean), best, or a path."""
    tasks: tuple[str, ...] = ("all",)
    """Task names; all stands for the three of the competition."""
    episodes: int = 20
    """Episodes of each task."""
    seed: int = 10000
    """Seed of the first episode of each task; the others count up."""
    starts: Literal["official", "distinct"] = "official"
    """official: as in the competition; distinct: k = 0 to 19, gait phase k/20, or standing k x 0.02 s."""
    workers: int = 0
    """Worker processes; 0 takes one per core. The numbers do not depend on it."""
    fast: bool = True
    """Use the exact fast simulation; --no-fast steps the stock environment, which is 8 times slower."""
    deterministic: bool = True
    """Take the policy's likeliest action; --no-deterministic draws one."""
    randomise: str = ""
    """Ranges that each episode draws from, of body, motors, senses, actions and pushes, as for train: a TOML
    or JSON file, or JSON text; '{"action_noise": 0.05}' shakes every walking command."""
    record: str = ""
    """npz file for every torque; check it with: replay FILE --stock."""
    json: str = ""
    """JSON file for all figures and episodes."""
    plot: str = ""
    """Picture of the scores, .png, .svg or .pdf."""
    trust_code: bool = False
    """Let torch run a TorchScript policy as it is, with whatever its author put into it."""
    trust_pickle: bool = False
    """Normalise by the pickled VecNormalize beside the policy, with whatever its author put into it."""


def main(config: EvaluateConfig) -> None:
    """The command `evaluate`; the files are written before anything is printed.

    Raises:
        SoccerError: a wrong request, a failed episode, or a file that could not be written.
    """
    if config.plot:
        check_picture_name(config.plot)
    tasks = tasks_named(",".join(config.tasks))
    _spare_policy(config)
    size = record_bytes(tasks, config.episodes) if config.record else 0
    check_outputs([config.json, config.plot, config.record], size)
    result = evaluate(
        load_policy(config.policy, trust_code=config.trust_code, trust_pickle=config.trust_pickle),
        tasks,
        config.episodes,
        config.seed,
        config.starts,
        workers=config.workers,
        fast=config.fast,
        deterministic=config.deterministic,
        keep_torques=bool(config.record),
        randomise=config.randomise,
    )
    # Whoever reads the output may be gone, as in `evaluate ... | head`: the results must not go with them.
    words = [result.table()]
    if config.json:
        result.to_json(config.json)
        words.append(f"wrote {config.json}")
    if config.record:
        result.to_record(config.record)
        check = f"python -m soccer_lib replay {shlex.quote(config.record)} --stock"
        words.append(f"wrote {config.record}; check it with: {check}")
    if config.plot:
        save_figure(plot_results({result.policy: result}), config.plot)
        words.append(f"wrote {config.plot}")
    print("\n".join(words))


def _spare_policy(config: EvaluateConfig) -> None:
    """Refuse outputs that would replace the policy's file, or the JSON beside it."""
    path = Path(config.policy)
    weights = policy_file(path) if path.is_dir() else path
    own = [weights.resolve(), weights.with_suffix(".json").resolve()]
    for output in (config.json, config.record, config.plot):
        if output and Path(output).resolve() in own:
            raise InputError(
                f"{output} is a file of the policy {path}; expected another name; try result.json"
            )
