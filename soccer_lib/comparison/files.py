"""What a comparison leaves in its folder: figures, a result file of each agent, a card of each agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.comparison.card import model_card
from soccer_lib.comparison.compare import AgentComparison
from soccer_lib.comparison.tables import failure_examples
from soccer_lib.runs import machine_record, version_record
from soccer_lib.runs.files import atomic_write_json, atomic_write_text
from soccer_lib.runs.folder import git_record


def comparison_record(comparison: AgentComparison) -> dict[str, Any]:
    """All figures of a comparison for a JSON file, without the single episodes."""
    kinds = {}
    for kind in comparison.starts:
        kinds[kind] = {
            "summaries": {
                name: _without_episodes(result.summary) for name, result in comparison.results[kind].items()
            },
            "differences": [
                {"first": first, "second": second, **vars(one)}
                for (first, second), found in comparison.differences[kind].items()
                for one in found
            ],
            "methods": comparison.methods(kind),
            "failures": _failures(comparison, kind),
            "success_by_start": {name: comparison.success_by_start(name, kind) for name in comparison.agents},
        }
    return {
        "settings": comparison.settings,
        "agents": {
            name: {"content": comparison.contents[name], "spec": policy.spec}
            for name, policy in comparison.agents.items()
        },
        "starts": kinds,
        "robustness": {
            str(disturbance): {name: _without_episodes(result.summary) for name, result in results.items()}
            for disturbance, results in comparison.robustness.items()
        },
        "seconds": round(comparison.seconds, 3),
        "versions": version_record(),
        "git": git_record(),
        "machine": machine_record(),
    }


def _without_episodes(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in summary.items() if key != "episodes"}


def _failures(comparison: AgentComparison, kind: str) -> dict[str, dict[str, Any]]:
    """Agent -> cause -> how often, and one example."""
    counts = comparison.failures(kind)
    found: dict[str, dict[str, Any]] = {name: {} for name in comparison.agents}
    for agent, cause, played, command in failure_examples(comparison, kind):
        episode = played.episode
        example = {name: getattr(episode, name) for name in ("task", "seed", "start", "score")}
        found[agent][cause] = {"count": len(counts[agent][cause]), "example": example, "film": command}
    return found


def file_name(agent: str) -> str:
    """A file's name for an agent, whatever it is called."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", agent).strip("._") or "agent"


def write_comparison(comparison: AgentComparison, folder: Path) -> list[Path]:
    """Write `compare.json`, `results/AGENT.STARTS.json` and `cards/AGENT.md`; returns their paths.

    The results are what `evaluate --json` writes, so that a leaderboard finds them.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    files = [atomic_write_json(folder / "compare.json", comparison_record(comparison))]
    for kind, results in comparison.results.items():
        for name, result in results.items():
            file = folder / "results" / f"{file_name(name)}.{kind}.json"
            result.to_json(file)
            files.append(file)
    for name in comparison.agents:
        card = model_card(comparison, name)
        files.append(atomic_write_text(folder / "cards" / f"{file_name(name)}.md", card))
    return files
