"""A comparison as rows of text, for the terminal and for the report alike."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from soccer_lib.comparison.compare import AgentComparison
from soccer_lib.comparison.disturbances import NONE
from soccer_lib.comparison.failures import CAUSES
from soccer_lib.comparison.paired import BETTER, OPEN, TOO_FEW, WORSE, differences, sentence
from soccer_lib.comparison.player import PlayedEpisode
from soccer_lib.comparison.summaries import results_table
from soccer_lib.evaluation.result import aligned

Rows = list[list[str]]
"""A head and its rows, all of the same length."""

_PROG = "python -m soccer_lib"


def verdict_lines(comparison: AgentComparison, starts: str, agent: str | None = None) -> list[str]:
    """A sentence for each two agents, the better one first: on the sum, or on the only task.

    Args:
        comparison: whose.
        starts: kind of start.
        agent: only those about this one.
    """
    found = comparison.differences[starts]
    about = [pair for pair in found if agent is None or agent in pair]
    lines = [sentence(*pair, found[pair][-1]) for pair in about]
    verdicts = sum(found[pair][-1].verdict != TOO_FEW for pair in about)
    if verdicts > 1:
        words = "one in 20 is wrong by chance; check a narrow one on other seeds"
        lines.append(f"({verdicts} verdicts, each at 95%: {words})")
    return lines


def difference_rows(comparison: AgentComparison, starts: str) -> Rows:
    """First minus second agent in each task and in the sum."""
    table = comparison.differences[starts]
    scopes = [one.scope for one in next(iter(table.values()))]
    rows = [[f"{first} minus {second}", *map(str, found)] for (first, second), found in table.items()]
    return [["first minus second", *scopes], *rows]


def method_lines(comparison: AgentComparison, starts: str) -> list[str]:
    """Interquartile means of methods with several training seeds, and what their differences say."""
    lines = []
    for method in comparison.methods(starts):
        value, low, high = method.iqm
        interval = f" [{low:.2f}, {high:.2f}]" if len(method.runs) > 1 else ", one agent"
        runs = ", ".join(f"{score:.2f}" for score in method.runs)
        count = f"{len(method.runs)} runs" if len(method.runs) > 1 else "1 run"
        lines.append(f"{method.name}: interquartile mean {value:.2f}{interval}; {count}: {runs}")
    for first, second, (value, low, high), verdict in comparison.method_verdicts(starts):
        evidence = f"{value:+.2f} [{low:+.2f}, {high:+.2f}] between interquartile means"
        if verdict == TOO_FEW:
            lines.append(
                f"{first} and {second}: too few training seeds for a verdict ({value:+.2f}); expected 4 on "
                "each side, or 6 beside a single agent"
            )
        elif verdict == OPEN:
            lines.append(f"cannot tell {first} and {second} apart over training seeds: {evidence}")
        else:
            word = {BETTER: "better", WORSE: "worse"}[verdict]
            lines.append(f"{first} is {word} than {second} over training seeds: {evidence}")
    return lines


def failure_rows(comparison: AgentComparison, starts: str) -> Rows:
    """How often each agent failed, and why; causes that nobody had are left out."""
    failures = comparison.failures(starts)
    causes = [cause for cause in CAUSES if any(cause in found for found in failures.values())]
    rows = [["agent", "solved", *causes]]
    for agent, found in failures.items():
        played = len(comparison.of(agent, starts))
        failed = sum(map(len, found.values()))
        rows.append(
            [agent, f"{played - failed} of {played}", *(str(len(found.get(cause, ()))) for cause in causes)]
        )
    return rows


def failure_examples(comparison: AgentComparison, starts: str) -> list[tuple[str, str, PlayedEpisode, str]]:
    """Agent, cause, the first episode that failed so, and the command that films it."""
    return [
        (agent, cause, found[cause][0], film_command(comparison, agent, found[cause][0]))
        for agent, found in comparison.failures(starts).items()
        for cause in CAUSES
        if cause in found
    ]


def film_command(comparison: AgentComparison, agent: str, played: PlayedEpisode) -> str:
    """The command that plays an episode again and films it."""
    episode = played.episode
    place = f"--task {episode.task} --seed {episode.seed} --start {episode.start}"
    drawn = "" if comparison.settings["deterministic"] else " --no-deterministic"
    return f"{_PROG} film {shlex.quote(comparison.words[agent])} {place}{drawn} --video film.mp4"


def compare_command(comparison: AgentComparison) -> str:
    """The command that makes a comparison again."""
    settings = comparison.settings
    words = [*map(shlex.quote, comparison.words.values()), "--tasks", *settings["tasks"]]
    words += ["--episodes", str(settings["episodes"]), "--seed", str(settings["seed"])]
    words += ["--starts", *comparison.starts]
    if settings["robustness"]:
        words += ["--robustness", str(settings["robustness"])]
    words += [f"--no-{switch}" for switch in ("fast", "deterministic") if not settings[switch]]
    return f"{_PROG} compare {' '.join(words)}"


def start_rows(comparison: AgentComparison, starts: str) -> Rows:
    """Share of solved episodes in the ranges of what the start looks like, a column for each agent."""
    shares: dict[tuple[str, str, str], dict[str, str]] = {}
    for agent in comparison.agents:
        for task, numbers in comparison.success_by_start(agent, starts).items():
            for name, bins in numbers.items():
                for one in bins:
                    place = (task.replace("_", " "), name, one.label)
                    cell = f"{one.success.value:.0%} of {one.episodes}"
                    shares.setdefault(place, {})[agent] = cell
    rows = [["task, number of the start", "range", *comparison.agents]]
    for (task, name, label), cells in shares.items():
        rows.append([f"{task}, {name}", label, *(cells.get(agent, "-") for agent in comparison.agents)])
    return rows


def robustness_rows(comparison: AgentComparison) -> Rows:
    """What `ROBUSTNESS` says of each disturbance; a column for each agent."""
    rows = [["disturbance", *comparison.agents]]
    for disturbance, results in comparison.robustness.items():
        cells = []
        for name, result in results.items():
            solved = sum(episode.success for episode in result.episodes)
            cell = f"{result.summary['comp_total_sum']:.1f}, {solved} of {len(result.episodes)}"
            if disturbance != NONE:
                undisturbed = comparison.robustness[NONE][name].episodes
                cell += f"; {differences(result.episodes, undisturbed)[-1]}"
            cells.append(cell)
        rows.append([str(disturbance), *cells])
    return rows


ROBUSTNESS = (
    "sum of the scores, solved episodes, and the change that a disturbance makes to the same episodes"
)
"""What a cell of the table of disturbances holds."""


def starts_heading(comparison: AgentComparison, starts: str) -> str:
    """What a table is of: kind of start, episodes, seeds."""
    first = comparison.settings["seed"]
    count = comparison.settings["episodes"]
    return f"starts: {starts}; {count} episodes of each task, seeds {first} to {first + count - 1}"


def comparison_text(comparison: AgentComparison) -> str:
    """Everything for the terminal: for each kind of start scores, verdicts and failures; then robustness."""
    blocks = []
    for kind in comparison.starts:
        blocks.append(starts_heading(comparison, kind))
        blocks.append(results_table(comparison.results[kind]))
        blocks.append("\n".join(verdict_lines(comparison, kind)))
        methods = method_lines(comparison, kind)
        if methods:
            blocks.append("\n".join(methods))
        blocks.append(_lines(failure_rows(comparison, kind)))
        examples = [
            f"{agent}, {cause}: {example.episode.task}, seed {example.episode.seed}, start "
            f"{example.episode.start}: {command}"
            for agent, cause, example, command in failure_examples(comparison, kind)
        ]
        if examples:
            blocks.append("\n".join(["one example of each:", *examples]))
        blocks.append(_lines(start_rows(comparison, kind)))
    if comparison.robustness:
        blocks.append(f"under disturbances: {ROBUSTNESS}:")
        blocks.append(_lines(robustness_rows(comparison)))
    return "\n\n".join(blocks)


def _lines(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(aligned(rows))
