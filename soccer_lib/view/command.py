"""The command `evaluate`: play, print the table, write the files."""

from __future__ import annotations

from soccer_lib.evaluate import EvaluateConfig, evaluate
from soccer_lib.evaluate.outputs import check_outputs
from soccer_lib.evaluate.record import record_bytes
from soccer_lib.tasks import tasks_named
from soccer_lib.view.figures import check_picture_name, save_figure
from soccer_lib.view.results import plot_results


def run_evaluate(config: EvaluateConfig) -> None:
    """The command `evaluate`; the table is printed and the small files are written first.

    Raises:
        SoccerError: a wrong request, a failed episode, or a file that could not be written.
    """
    if config.plot:
        check_picture_name(config.plot)
    tasks = tasks_named(",".join(config.tasks))
    size = record_bytes(tasks, config.episodes) if config.record else 0
    check_outputs([config.json, config.plot, config.record], size)
    result = evaluate(
        config.policy,
        tasks,
        config.episodes,
        config.seed,
        config.starts,
        workers=config.workers,
        fast=config.fast,
        deterministic=config.deterministic,
        keep_torques=bool(config.record),
    )
    print(result.table())
    if config.json:
        result.to_json(config.json)
        print(f"wrote {config.json}")
    if config.plot:
        save_figure(plot_results({result.policy: result}), config.plot)
        print(f"wrote {config.plot}")
    if config.record:
        result.to_record(config.record)
        print(f"wrote {config.record}; check it with: python -m soccer_lib replay {config.record} --stock")
