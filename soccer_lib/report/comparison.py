"""The report of a comparison: one page with all tables, pictures and short videos inside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from soccer_lib.comparison.compare import AgentComparison
from soccer_lib.comparison.disturbances import UNITS
from soccer_lib.comparison.failures import CAUSES
from soccer_lib.comparison.player import PlayedEpisode
from soccer_lib.comparison.summaries import score_rows
from soccer_lib.comparison.tables import (
    ROBUSTNESS,
    compare_command,
    difference_rows,
    failure_examples,
    failure_rows,
    method_lines,
    robustness_rows,
    start_rows,
    starts_heading,
    verdict_lines,
)
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.policies.catalogue import policy_file
from soccer_lib.report.pages import embedded, write_page_of
from soccer_lib.runs import machine_record, version_record
from soccer_lib.runs.files import sha256_of
from soccer_lib.runs.folder import git_record, metrics_of
from soccer_lib.runs.heartbeat import Heartbeat
from soccer_lib.view.curves import plot_curves
from soccer_lib.view.field import plot_field
from soccer_lib.view.film import trace_job
from soccer_lib.view.results import plot_results
from soccer_lib.view.style import image_bytes
from soccer_lib.view.trails import plot_trails
from soccer_lib.view.video import trajectory_frames, write_video

REPORT = "report.html"

FPS = 12
"""Pictures a second of the videos: half of a film's, for half of its time to draw."""

SIZE = (400, 226)
"""Of the videos [pixels]."""


def write_report(
    comparison: AgentComparison, folder: str | os.PathLike[str], films: int = 8, progress: bool = True
) -> Path:
    """Write `report.html`: it needs no other file and no network.

    Args:
        comparison: whose.
        folder: where to.
        films: failures that are shown as map and video; the others as a line.
        progress: print a line every few seconds.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    chosen = _to_film(comparison, films)
    beat = Heartbeat(None, max(len(chosen), 1), "failures", "films" if progress else "")
    shown = {}
    for number, (kind, agent, played) in enumerate(chosen, start=1):
        shown[kind, agent, played.cause] = _filmed(comparison, agent, played)
        if progress:
            beat.update(number)
    parts = [_part(comparison, kind, shown) for kind in comparison.starts]
    return write_page_of(
        "report.html",
        Path(folder) / REPORT,
        title=f"Comparison of {', '.join(comparison.agents)}",
        parts=parts,
        robustness=robustness_rows(comparison) if comparison.robustness else None,
        disturbances=UNITS,
        cell=ROBUSTNESS,
        curves=dict(_curves(comparison)),
        causes=CAUSES,
        agents=_agent_rows(comparison),
        command=compare_command(comparison),
        settings=comparison.settings,
        versions=version_record(),
        machine=machine_record(),
        git=git_record() or "unknown",
        seconds=comparison.seconds,
    )


def _to_film(comparison: AgentComparison, films: int) -> list[tuple[str, str, PlayedEpisode]]:
    """Examples to show: one of each agent in turn, so that none takes all."""
    queues: dict[tuple[str, str], list[tuple[str, str, PlayedEpisode]]] = {}
    for kind in comparison.starts:
        for agent, _, played, _ in failure_examples(comparison, kind):
            queues.setdefault((kind, agent), []).append((kind, agent, played))
    in_turn = [one for turn in zip_longest(*queues.values()) for one in turn if one]
    return in_turn[:films]


def _filmed(comparison: AgentComparison, agent: str, played: PlayedEpisode) -> dict[str, str]:
    """An episode as a map and as a video, or as a moving picture where there is no ffmpeg."""
    episode = played.episode
    job = EpisodeJob(episode.task, episode.seed, episode.start)
    trajectory = trace_job(comparison.agents[agent], job, comparison.settings["deterministic"])
    frames = trajectory_frames(trajectory, fps=FPS, size=SIZE)
    with tempfile.TemporaryDirectory() as place:
        file = write_video(frames, Path(place) / "film.mp4", FPS)
        content = file.read_bytes()
    address = embedded(content, "video/mp4" if file.suffix == ".mp4" else "image/gif")
    field_map = embedded(image_bytes(plot_field(trajectory)), "image/png")
    return {"map": field_map, "video" if file.suffix == ".mp4" else "film": address}


def _part(
    comparison: AgentComparison, kind: str, shown: dict[tuple[str, str, str | None], dict[str, str]]
) -> dict[str, Any]:
    """What the page says of one kind of start."""
    counts = comparison.failures(kind)
    nothing = {"map": "", "video": "", "film": ""}
    examples = []
    for agent, cause, played, command in failure_examples(comparison, kind):
        episode = played.episode
        score = f"{episode.score:.2f}" if episode.score is not None else "none"
        place = f"Here {episode.task}, seed {episode.seed}, start {episode.start}, score {score}:"
        played_all = len(comparison.of(agent, kind))
        facts = {
            "agent": agent,
            "cause": cause,
            "count": len(counts[agent][cause]),
            "played": played_all,
        }
        pictures = nothing | shown.get((kind, agent, cause), {})
        examples.append({**facts, "place": place, "command": command, **pictures})
    return {
        "heading": starts_heading(comparison, kind).capitalize(),
        "verdicts": verdict_lines(comparison, kind),
        "methods": method_lines(comparison, kind),
        "scores": score_rows(comparison.results[kind]),
        "picture": embedded(image_bytes(plot_results(comparison.results[kind])), "image/png"),
        "differences": difference_rows(comparison, kind),
        "failures": failure_rows(comparison, kind),
        "examples": examples,
        "maps": {agent: _map(comparison, kind, agent) for agent in comparison.agents},
        "geometry": start_rows(comparison, kind),
    }


def _map(comparison: AgentComparison, kind: str, agent: str) -> str:
    """Where the balls of all episodes of an agent went."""
    trails = comparison.trails(agent, kind)
    figure = plot_trails(trails, comparison.success_by_start(agent, kind))
    return embedded(image_bytes(figure), "image/png")


def _curves(comparison: AgentComparison) -> Iterator[tuple[str, str]]:
    """Agents that are runs with metrics, each with its curves."""
    for agent in comparison.agents:
        folder = comparison.run_folder(agent)
        figure = plot_curves(metrics_of(folder)) if folder else None
        if figure is not None:
            yield agent, embedded(image_bytes(figure), "image/png")


def _agent_rows(comparison: AgentComparison) -> list[list[str]]:
    rows = [["agent", "control", "observation", "walker", "content", "sha256 of its file"]]
    for name, policy in comparison.agents.items():
        spec = policy.spec
        walker = Path(spec.walker).name if spec.walker else "-"
        rows.append([name, spec.control, spec.observation, walker, comparison.contents[name]])
        rows[-1].append(_file_hash(comparison, name))
    return rows


def _file_hash(comparison: AgentComparison, agent: str) -> str:
    path = Path(comparison.words[agent])
    if path.is_dir():
        path = policy_file(path)
    return sha256_of(path) if path.is_file() else "-"
