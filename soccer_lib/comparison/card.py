"""A model card: what an agent is, what it reaches, where it fails, in Markdown for a stranger."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from soccer_lib.comparison.compare import AgentComparison
from soccer_lib.comparison.disturbances import UNITS
from soccer_lib.comparison.failures import CAUSES
from soccer_lib.comparison.tables import (
    ROBUSTNESS,
    compare_command,
    failure_examples,
    robustness_rows,
    start_rows,
    starts_heading,
    verdict_lines,
)
from soccer_lib.errors import InputError, one_line
from soccer_lib.policies import BASELINES
from soccer_lib.runs import machine_record, version_record
from soccer_lib.runs.files import load_record
from soccer_lib.runs.folder import git_record
from soccer_lib.seeds import REPORTED

_CONTROLS = {
    "torque": "12 joint torques, 500 times a second",
    "joint": "12 joint targets, 50 times a second, followed by a PD",
    "command": "3 velocities for a walker, or a request for a kick",
}

_SETTINGS = ("preset", "algo", "dataset", "bc_weights", "tasks", "reward_profile", "total_timesteps", "seed")
"""Of a run that are told of its agent."""

_SCALE = """\
Scores are the official ones of the Booster Soccer Showdown. A robot that stands to the end has -0.99 in a
penalty task and about -0.28 in kick_to_target; a goal brings 1.9 points and 1.5 more for each m/s of the ball
at the line, a target that was hit 2."""

_LIMITS = """\
- Everything was measured in simulation (`sai-mujoco`), on tasks of the Booster Soccer Showdown; nothing is
  known of a real robot.
- The goalie task has one scene: no seed changes it, and only distinct starts differ.
- Intervals are of new episodes of this agent. Another training seed makes another agent.
- The official score pays for the speed of the ball at the goal line, without a limit, and for nothing that
  happens after the episode's end, such as a fall."""


def plain(text: object, limit: int = 300) -> str:
    """Text on one line in which no sign is taken for Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", one_line(text, limit))


def code(command: str) -> str:
    """A command between backticks, of which it can hold none itself."""
    return "`" + command.replace("`", "'") + "`"


def model_card(comparison: AgentComparison, agent: str) -> str:
    """The card of one agent of a comparison."""
    spec = comparison.agents[agent].spec
    lines = [f"# {plain(agent)}", ""]
    lines += _what_it_is(comparison, agent)
    lines += ["", _SCALE]
    for kind in comparison.starts:
        lines += ["", f"## Scores, {starts_heading(comparison, kind)}", "", *_scores(comparison, agent, kind)]
        lines += ["", *(f"- {plain(line)}" for line in verdict_lines(comparison, kind, agent))]
        lines += ["", "### Where it fails", "", *_failures(comparison, agent, kind)]
        rows = start_rows(comparison, kind)
        column = rows[0].index(agent, 2)
        lines += ["", "### Solved, by what the start looks like", ""]
        lines += _table([[row[0], row[1], row[column]] for row in rows])
    if comparison.robustness:
        rows = robustness_rows(comparison)
        column = rows[0].index(agent, 1)
        lines += ["", "## Under disturbances", "", f"In each cell: {ROBUSTNESS}.", ""]
        lines += _table([[row[0], row[column]] for row in rows])
        lines += ["", *(f"- {kind}: {meaning}" for kind, meaning in UNITS.items())]
    if spec.control == "command":
        note = "- Walker and kicks are not part of the agent; it was measured with the project's own."
        lines += ["", "## Limits", "", _LIMITS, note]
    else:
        lines += ["", "## Limits", "", _LIMITS]
    return "\n".join([*lines, "", "## How to get these figures again", "", *_again(comparison)]) + "\n"


def _what_it_is(comparison: AgentComparison, agent: str) -> list[str]:
    policy = comparison.agents[agent]
    spec = policy.spec
    record = getattr(policy, "record", None)
    if record:
        facts = "; ".join(_facts_of({**_making(comparison.run_folder(agent)), **record}))
        origin = f"learned; its files say: {plain(facts, 600)}"
    elif agent in BASELINES or spec.name.startswith("striker:"):
        origin = "scripted, part of the library; it learned nothing"
    else:
        origin = "not known: its file does not say"
    lines = {
        "origin": origin,
        "acts by": _CONTROLS[spec.control],
        "sees": f"observation `{spec.observation}`",
        "walker": f"{plain(spec.walker)}, sha256 {spec.walker_sha256}" if spec.walker_sha256 else spec.walker,
        "content": f"`{comparison.contents[agent]}` (hash of agent, walker, code, versions and settings)",
        "meant for": "comparing and learning in simulation; no other use was tried",
    }
    return [f"- {name}: {value}" for name, value in lines.items() if value]


def _making(run: Path | None) -> dict[str, Any]:
    """What the record of a run tells of how its agent was made."""
    if run:
        with contextlib.suppress(InputError):  # no config.json, or that of another program
            made = load_record(run / "config.json", "config")
            return {"command": made.get("command"), **{name: made["config"].get(name) for name in _SETTINGS}}
    return {}


def _facts_of(record: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """What a policy's file says of its making, entry by entry; lists of numbers say little."""
    for name, value in record.items():
        if value in (None, "") or "/" in name:  # a metric of the training says little to others
            continue
        if isinstance(value, Mapping):
            yield from _facts_of(value, f"{prefix}{name} ")
        elif isinstance(value, list | tuple):
            if value and all(isinstance(one, str) for one in value):
                yield f"{prefix}{name} {', '.join(value)}"
        else:
            yield f"{prefix}{name} {value:.4g}" if isinstance(value, float) else f"{prefix}{name} {value}"


def _scores(comparison: AgentComparison, agent: str, kind: str) -> list[str]:
    result = comparison.results[kind][agent]
    summary = result.summary
    rows = [["task", "official score", "95% interval", "solved", "falls", "episodes", "distinct"]]
    for task in result.tasks:
        interval = _interval(summary[f"{task}/comp_total_ci95"])
        shares = [f"{summary[f'{task}/{rate}_rate']:.0%}" for rate in ("success", "fall")]
        counts = [str(summary[f"{task}/{count}"]) for count in ("n_episodes", "n_distinct")]
        rows.append([task, f"{summary[f'{task}/comp_total']:.2f}", interval, *shares, *counts])
    interval = _interval(summary["comp_total_sum_ci95"])
    rows.append(["sum", f"{summary['comp_total_sum']:.2f}", interval, "", "", "", ""])
    seeds = range(comparison.settings["seed"], comparison.settings["seed"] + comparison.settings["episodes"])
    remark = []
    if seeds[0] not in REPORTED or seeds[-1] not in REPORTED:
        remark = ["", f"These seeds are not those of reported figures ({REPORTED[0]} to {REPORTED[-1]})."]
    return [*_table(rows), *remark]


def _interval(ends: Sequence[float]) -> str:
    return "nothing varies" if ends[0] == ends[1] else f"{ends[0]:.2f} to {ends[1]:.2f}"


def _failures(comparison: AgentComparison, agent: str, kind: str) -> list[str]:
    counts = comparison.failures(kind)[agent]
    if not counts:
        return ["In none of these episodes."]
    played_all = len(comparison.of(agent, kind))
    lines = []
    for name, cause, played, command in failure_examples(comparison, kind):
        if name == agent:
            place = f"{played.episode.task}, seed {played.episode.seed}, start {played.episode.start}"
            what = f"- {cause}, {len(counts[cause])} of {played_all}: {CAUSES[cause]}."
            lines.append(f"{what} Such as {place}: {code(command)}")
    return lines


def _again(comparison: AgentComparison) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in version_record().items())
    machine = ", ".join(f"{name} {value}" for name, value in machine_record().items())
    return [
        f"    {compare_command(comparison)}",
        "",
        f"Commit {git_record() or 'unknown'}; {versions}; {machine}. Scores do not depend on the machine's "
        "speed or on the number of workers.",
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *body = ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    return [head, "|" + "---|" * len(rows[0]), *body]
