"""Any agents on the same episodes, and all that follows from them."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from soccer_lib.comparison.disturbances import NONE, ROBUSTNESS_EPISODES, Disturbance, disturbance_grid
from soccer_lib.comparison.families import (
    estimated_iqm,
    families_of,
    iqm_difference,
    short_names,
)
from soccer_lib.comparison.paired import ScoreDifference, differences
from soccer_lib.comparison.player import CompareJob, ComparePlayer, PlayedEpisode, read_played
from soccer_lib.comparison.starts import Bin, success_by
from soccer_lib.comparison.trail import Trail
from soccer_lib.demos.collect import content_of
from soccer_lib.errors import InputError, known_name
from soccer_lib.evaluation import EvaluationResult
from soccer_lib.evaluation.episode import EPISODE_LIMIT, N_STARTS
from soccer_lib.evaluation.evaluator import STARTS
from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.policies import Policy, load_policy
from soccer_lib.ranges import Range
from soccer_lib.runs import version_record
from soccer_lib.runs.folder import git_record
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED, seed_range
from soccer_lib.tasks import COMPETITION, Task, tasks_named


@dataclass(frozen=True)
class MethodScore:
    """One line of a comparison of methods: the runs of several training seeds, or an agent by itself.

    Attributes:
        name: of the method.
        runs: sum of the official scores, of each run.
        iqm: their interquartile mean, with its interval over the runs.
    """

    name: str
    runs: tuple[float, ...]
    iqm: Estimate


@dataclass(frozen=True)
class AgentComparison:
    """Agents on the same episodes.

    Attributes:
        agents: name -> its policy, in the order in which they came.
        words: name -> what `load_policy` made it of, for commands; a policy's own name where it came as one.
        contents: name -> hash of all that decides what it does.
        settings: what was asked for.
        episodes: episodes of each kind of start: task, seed, start.
        played: job -> what became of it.
        seconds: wall-clock time [s].
    """

    agents: dict[str, Policy]
    words: dict[str, str]
    contents: dict[str, str]
    settings: dict[str, Any]
    episodes: dict[str, list[tuple[str, int, int]]]
    played: dict[CompareJob, PlayedEpisode]
    seconds: float

    @property
    def tasks(self) -> list[str]:
        """The tasks that were played, in order."""
        return self.settings["tasks"]

    @property
    def starts(self) -> list[str]:
        """The kinds of starts, which are reported apart."""
        return list(self.episodes)

    def of(
        self, agent: str, starts: str, disturbance: Disturbance = NONE, limit: int | None = None
    ) -> list[PlayedEpisode]:
        """Episodes of one agent, in the order of tasks and seeds; `limit` takes the first of each task."""
        return [
            self.played[CompareJob(*place, agent, disturbance)]
            for place in _first_of_each_task(self.episodes[starts], limit)
        ]

    def run_folder(self, agent: str) -> Path | None:
        """The folder of the run that an agent comes from."""
        path = Path(self.words[agent])
        if path.is_file():
            return path.parent
        return path if path.is_dir() else None

    def result(self, agent: str, starts: str) -> EvaluationResult:
        """The undisturbed episodes as `evaluate` would give them."""
        episodes = tuple(played.episode for played in self.of(agent, starts))
        spec = dataclasses.asdict(self.agents[agent].spec)
        return EvaluationResult(agent, episodes, {**self.settings, "starts": starts, **spec})

    @cached_property
    def results(self) -> dict[str, dict[str, EvaluationResult]]:
        """Kind of start -> agent -> its evaluation."""
        return {kind: {name: self.result(name, kind) for name in self.agents} for kind in self.starts}

    @cached_property
    def differences(self) -> dict[str, dict[tuple[str, str], list[ScoreDifference]]]:
        """Kind of start -> two agents, the better one by its sum first -> their differences."""
        found: dict[str, dict[tuple[str, str], list[ScoreDifference]]] = {}
        for kind, results in self.results.items():
            ranked = sorted(results, key=lambda name: -results[name].summary["comp_total_sum"])  # noqa: B023
            found[kind] = {
                (first, second): differences(results[first].episodes, results[second].episodes)
                for first, second in combinations(ranked, 2)
            }
        return found

    def failures(self, starts: str) -> dict[str, dict[str, list[PlayedEpisode]]]:
        """Agent -> cause of failure -> its episodes."""
        found: dict[str, dict[str, list[PlayedEpisode]]] = {}
        for name in self.agents:
            causes: dict[str, list[PlayedEpisode]] = {}
            for played in self.of(name, starts):
                if played.cause:
                    causes.setdefault(played.cause, []).append(played)
            found[name] = causes
        return found

    def trails(self, agent: str, starts: str) -> dict[str, list[Trail]]:
        """Task -> where robot and ball went in an agent's episodes."""
        trails: dict[str, list[Trail]] = {task: [] for task in self.tasks}
        for played in self.of(agent, starts):
            trails[played.episode.task].append(played.trail)
        return trails

    def success_by_start(self, agent: str, starts: str) -> dict[str, dict[str, list[Bin]]]:
        """Task -> number of the start -> share of successes in its ranges."""
        return {task: success_by(task, trails) for task, trails in self.trails(agent, starts).items()}

    def methods(self, starts: str) -> list[MethodScore]:
        """Methods with several training seeds, and every other agent by itself; empty without the former."""
        families = families_of(list(self.agents))
        if not families:
            return []
        members = {name for family in families.values() for name in family}
        groups = families | {name: [name] for name in self.agents if name not in members}
        scores = []
        for method, names in groups.items():
            runs = tuple(self.results[starts][name].summary["comp_total_sum"] for name in names)
            iqm = estimated_iqm(runs) if len(runs) > 1 else Estimate(runs[0], float("nan"), float("nan"))
            scores.append(MethodScore(method, runs, iqm))
        return sorted(scores, key=lambda score: -score.iqm.value)

    def method_verdicts(self, starts: str) -> list[tuple[str, str, Estimate, str]]:
        """First and second method, difference of interquartile means, verdict on the first."""
        return [
            (first.name, second.name, *iqm_difference(first.runs, second.runs))
            for first, second in combinations(self.methods(starts), 2)
            if max(len(first.runs), len(second.runs)) > 1
        ]

    @cached_property
    def robustness(self) -> dict[Disturbance, dict[str, EvaluationResult]]:
        """Disturbance, none first -> agent -> its evaluation, on the same episodes; empty if unasked."""
        limit = self.settings["robustness"]
        if not limit:
            return {}
        kind = self.starts[-1]
        found: dict[Disturbance, dict[str, EvaluationResult]] = {}
        for disturbance in [NONE, *disturbance_grid()]:
            found[disturbance] = {
                name: EvaluationResult(
                    name, tuple(p.episode for p in self.of(name, kind, disturbance, limit))
                )
                for name in self.agents
            }
        return found


def compare_agents(
    agents: Sequence[Policy | str | os.PathLike[str]],
    tasks: str | Task | Sequence[str | Task] = "all",
    episodes: int = 20,
    seed: int = REPORTED.start,
    starts: str | Sequence[str] = "official",
    *,
    robustness: int = 0,
    workers: int = 0,
    fast: bool = True,
    deterministic: bool = True,
    folder: str | os.PathLike[str] | None = None,
    progress: bool = True,
    trust_code: bool = False,
) -> AgentComparison:
    """Let several agents play the same episodes.

    Args:
        agents: policies, or what `load_policy` takes; those whose names differ by a seed at the end, such as
            `td3/seed0` and `td3/seed1`, are runs of one method.
        tasks: some of the competition's.
        episodes: of each task and kind of start.
        seed: of the first episode of each task; the next ones count up.
        starts: "official", "distinct", or both, which are reported apart (see `evaluate`).
        robustness: episodes of each task under each disturbance (see `disturbances.GRID`); they are the first
            ones of the last kind of start.
        workers: processes; 0 takes one a core. The numbers do not depend on it.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
        folder: where each episode is kept, so that a comparison that was stopped goes on; None for nowhere.
        progress: print a line every few seconds.
        trust_code: let torch run TorchScript agents as they are.

    Raises:
        InputError: fewer than two agents, an unknown name, a bad number, or a damaged episode in the folder.
        SimulationError: an episode or a worker failed.
    """
    began = time.monotonic()
    kinds = list(dict.fromkeys([starts] if isinstance(starts, str) else starts))
    policies, words = _loaded(agents, trust_code)
    names = _checked_tasks(tasks)
    seeds = seed_range(seed, Range(1, 100_000, whole=True).number("episodes", episodes, "try 20"))
    robustness = ROBUSTNESS_EPISODES.number("robustness", robustness, "try 5")
    if not kinds:
        raise InputError("no kind of starts came; expected official, distinct or both; try official")
    for kind in kinds:
        known_name("starts", kind, STARTS)
    if robustness > len(seeds):
        raise InputError(
            f"robustness got {robustness}; expected at most the {len(seeds)} episodes of each task; try "
            f"{min(5, len(seeds))}"
        )
    places = {
        kind: [
            (task, one_seed, number % N_STARTS if kind == "distinct" else 0)
            for task in names
            for number, one_seed in enumerate(seeds)
        ]
        for kind in kinds
    }
    settings = {
        "tasks": names,
        "episodes": len(seeds),
        "seed": seed,
        "robustness": robustness,
        "fast": fast,
        "deterministic": deterministic,
    }
    contents = {name: _content(policy, fast, deterministic) for name, policy in policies.items()}
    player = ComparePlayer(policies, contents, Path(folder) if folder else None, fast, deterministic)
    jobs = _jobs(list(policies), places, robustness)
    if any(type(policy).__module__ == "__main__" for policy in policies.values()):
        workers = 1  # a class typed into a notebook cannot be imported by another process
    played = _play(player, jobs, workers, progress)
    return AgentComparison(policies, words, contents, settings, places, played, time.monotonic() - began)


def _loaded(
    agents: Sequence[Policy | str | os.PathLike[str]], trust_code: bool
) -> tuple[dict[str, Policy], dict[str, str]]:
    if len(agents) < 2:
        raise InputError(f"{len(agents)} agents came; expected two or more; try stand striker")
    words = [agent.spec.name if isinstance(agent, Policy) else os.fspath(agent) for agent in agents]
    names = short_names(words)
    trust: dict[str, Any] = {"trust_code": True} if trust_code else {}
    policies = {name: load_policy(agent, **trust) for name, agent in zip(names, agents, strict=True)}
    return policies, dict(zip(names, words, strict=True))


def _checked_tasks(tasks: str | Task | Sequence[str | Task]) -> list[str]:
    names = [task.name for task in tasks_named(tasks)]
    for name in names:
        known_name("task with an official score", name, COMPETITION)
    return names


def _first_of_each_task(
    places: Sequence[tuple[str, int, int]], limit: int | None
) -> list[tuple[str, int, int]]:
    """The first places of each task; None for all of them."""
    tasks = dict.fromkeys(task for task, _, _ in places)
    return [place for task in tasks for place in [one for one in places if one[0] == task][:limit]]


def _jobs(
    agents: Sequence[str], places: dict[str, list[tuple[str, int, int]]], robustness: int
) -> list[CompareJob]:
    """All episodes, each once; those of one environment follow one another."""
    jobs = [CompareJob(*place, agent) for agent in agents for of_kind in places.values() for place in of_kind]
    if robustness:
        few = _first_of_each_task(places[list(places)[-1]], robustness)
        jobs += [
            CompareJob(*place, agent, disturbance)
            for disturbance in disturbance_grid()
            for agent in agents
            for place in few
        ]
    return list(dict.fromkeys(jobs))


def _content(policy: Policy, fast: bool, deterministic: bool) -> str:
    """A short hash of what decides an episode besides its seed: agent, walker, code, versions, settings."""
    try:
        code = inspect.getsource(type(policy))
    except (OSError, TypeError):  # typed in where no source is kept
        code = ""
    plain = {name: value for name, value in vars(policy).items() if isinstance(value, str | float | int)}
    parts = [content_of(policy), code, plain, version_record(), git_record(), fast, deterministic]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _play(
    player: ComparePlayer, jobs: Sequence[CompareJob], workers: int, progress: bool
) -> dict[CompareJob, PlayedEpisode]:
    """Play what is not in the folder yet."""
    there = {}
    if player.folder:
        there = {job: read_played(player.file(job)) for job in jobs if player.file(job).is_file()}
    waiting = [job for job in jobs if job not in there]
    if progress and there:
        print_progress(f"{len(there)} of {len(jobs)} episodes are there already")
    label = "compare" if progress else ""
    played = run_jobs(player, waiting, workers, label, limit=EPISODE_LIMIT) if waiting else []
    found = there | dict(zip(waiting, played, strict=True))
    return {job: found[job] for job in jobs}
