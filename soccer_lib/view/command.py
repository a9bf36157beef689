"""The command `evaluate`: play, print the table, write the files."""

from __future__ import annotations

from collections.abc import Callable

from soccer_lib.errors import SoccerError
from soccer_lib.evaluate import EvaluateConfig, EvaluationResult, evaluate
from soccer_lib.evaluate.outputs import check_outputs
from soccer_lib.evaluate.record import record_bytes
from soccer_lib.policies import load_policy
from soccer_lib.tasks import tasks_named
from soccer_lib.view.figures import check_picture_name, save_figure
from soccer_lib.view.results import plot_results


def run_evaluate(config: EvaluateConfig) -> None:
    """The command `evaluate`.

    Raises:
        SoccerError: the first file that could not be written; the table and the other files are there.
    """
    policy = load_policy(config.policy)
    if config.plot:
        check_picture_name(config.plot)
    size = record_bytes([task.name for task in tasks_named(config.tasks)], config.episodes)
    check_outputs(
        {"--record": config.record, "--json": config.json, "--plot": config.plot}, sizes={"--record": size}
    )
    result = evaluate(
        policy,
        config.tasks,
        config.episodes,
        config.seed,
        config.starts,
        workers=config.workers,
        fast=config.fast,
        deterministic=config.deterministic,
        keep_torques=bool(config.record),
    )
    print(result.table())
    _write(config, result)


def _write(config: EvaluateConfig, result: EvaluationResult) -> None:
    """Write what was asked for; a file that fails does not keep the others from being written."""
    writers: dict[str, Callable[[], None]] = {}
    if config.json:
        writers[config.json] = lambda: result.to_json(config.json)
    if config.plot:
        writers[config.plot] = lambda: _draw(config.plot, result)
    if config.record:
        writers[config.record] = lambda: result.to_record(config.record)
    failures: list[SoccerError] = []
    for path, write in writers.items():
        try:
            write()
        except SoccerError as error:
            failures.append(error)
            continue
        check = f"; check it with: python -m soccer_lib replay {path} --stock"
        print(f"wrote {path}{check if path == config.record else ''}")
    if failures:
        raise failures[0]


def _draw(path: str, result: EvaluationResult) -> None:
    save_figure(plot_results({result.policy: result}), path)
