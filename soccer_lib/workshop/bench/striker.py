"""`bench striker`: official scores of the striker, where its balls went, and on which starts it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Literal

import gymnasium as gym
import numpy as np

from soccer_lib.comparison.starts import SPLITS, Bin, geometry_of, success_by, target_of
from soccer_lib.comparison.trail import Trail
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation import Episode, evaluate
from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.evaluation.intervals import Estimate, wilson
from soccer_lib.evaluation.play import Transition, env_for, play_episode
from soccer_lib.evaluation.result import aligned
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.policies import Policy, load_policy
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED
from soccer_lib.sim import SoccerSim, make_sim, simulation_of
from soccer_lib.tasks import PHYSICS_DT, tasks_named
from soccer_lib.view.scene import draw_env
from soccer_lib.view.style import check_picture_name, save_figure, save_frame, title_of
from soccer_lib.view.trails import plot_trails
from soccer_lib.view.video import captioned, check_video_name, trajectory_frames, write_video
from soccer_lib.workshop.bench.report import finish

FILMED = 3
"""Episodes in a video."""

PAST_LINE = 0.05
"""How long the still waits once the ball has passed the line [s]."""

WATCHED = 2.0
"""How long the robot is watched after its last kick, the episode's end or not [s]."""

_TWENTY_MS = 10  # physics steps
_WAIT = np.zeros(3, np.float32)


@dataclass(frozen=True)
class StrikerBenchConfig:
    """Play the striker with distinct starts, score it officially, and show where its balls went."""

    style: Literal["score", "clean"] = "score"
    """score shoots as hard as it can; clean stays upright"""
    episodes: int = 100
    """episodes of each task [count]"""
    seed: int = REPORTED.start
    """seed of the first episode of each task; the others follow"""
    tasks: str = "all"
    """tasks of the competition, comma-separated, or all"""
    workers: int = 0
    """worker processes; 0 takes one per core [count]"""
    json: str = ""
    """file for figures, episodes and success by start [path, empty: none]"""
    plot: str = ""
    """picture of trails and success [path ending in .png, .svg or .pdf, empty: none]"""
    video: str = ""
    """a video of each task, its name put before the ending [path ending in .mp4 or .gif, empty: none]"""
    still: str = ""
    """picture of the first goal or hit [path ending in .png, empty: none]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        for task in tasks_named(self.tasks):
            if task.name not in SPLITS:
                raise InputError(f"--tasks got {task.name}; expected {', '.join(SPLITS)}; try all")


class TrailReader:
    """Steps the simulation once more with an episode's torques and notes where the ball went."""

    def __init__(self) -> None:
        self._sims: dict[str, SoccerSim] = {}

    def __call__(self, episode: Episode) -> Trail:
        """Read the trail of one episode whose torques were kept."""
        if episode.task not in self._sims:
            self._sims[episode.task] = make_sim(episode.task)
        sim = self._sims[episode.task]
        sim.reset(seed=episode.seed)
        target = target_of(sim)
        geometry = geometry_of(sim, episode.start)
        ball = sim.data.geom("ball").xpos  # a view that follows the simulation
        rows = [ball.copy()]
        for step, torque in enumerate(episode.torques, start=1):
            sim.advance(torque)
            if step % _TWENTY_MS == 0 or step == episode.length:
                rows.append(ball.copy())
        return Trail(sim.outcome, np.array(rows), target, geometry)


class FallWatch:
    """Plays an episode once more and looks whether the robot still stands a while after its last kick.

    Args:
        policy: who played.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._envs: dict[str, gym.Env] = {}

    def __call__(self, episode: Episode) -> bool | None:
        """Whether the robot fell up to `WATCHED` after its last kick; None where it never kicked."""
        task = episode.task
        if task not in self._envs:
            self._envs[task] = env_for(self._policy.spec, task)
        env = self._envs[task]
        sim = simulation_of(env)
        kicked_at = None

        def note(step: Transition) -> None:
            nonlocal kicked_at
            if step.info["macro_triggered"]:
                kicked_at = sim.n_steps  # a step that fires a kick ends with the swing

        sim.plays_on = False
        options = {"gait_phase": episode.start / N_STARTS}
        play_episode(env, self._policy, seed=episode.seed, options=options, on_step=note)
        if kicked_at is None:
            return None
        sim.plays_on = True
        while sim.n_steps < kicked_at + WATCHED / PHYSICS_DT and not sim.fallen:
            env.step(_WAIT)
        return bool(sim.fallen)


def falls_after_kicks(policy: Policy, episodes: Sequence[Episode], workers: int) -> dict[str, Estimate]:
    """Share of the episodes with a kick after whose last one the robot fell, by task."""
    fallen = run_jobs(FallWatch(policy), episodes, workers, "falls after kicks")
    by_task: dict[str, list[bool]] = {}
    for episode, fell in zip(episodes, fallen, strict=True):
        if fell is not None:
            by_task.setdefault(episode.task, []).append(fell)
    shares = {task: wilson(falls) for task, falls in by_task.items()}
    for task, (share, low, high) in shares.items():
        n = len(by_task[task])
        print(
            f"{title_of(task)}: {round(share * n)} of {n} fall within {WATCHED:g} s of the last kick", end=""
        )
        print(f" [{low:.0%}, {high:.0%}]")
    return shares


def play_again(policy: Policy, episode: Episode) -> tuple[gym.Env, Trajectory]:
    """The same episode in an environment that can be looked at, and its trajectory."""
    env = make_env(episode.task, control="command", observation="agent", info="terms")
    options = {"gait_phase": episode.start / N_STARTS}
    return env, trace_episode(env, policy, seed=episode.seed, options=options)


def film_episodes(policy: Policy, episodes: Sequence[Episode]) -> Iterator[np.ndarray]:
    """Pictures of episodes one after the other, with captions."""
    for episode in episodes:
        frames = trajectory_frames(play_again(policy, episode)[1], size=(640, 360))
        outcome = title_of(episode.outcome)
        yield from captioned(frames, repeat(f"seed {episode.seed}: {outcome}, score {episode.score:.2f}"))


def write_still(policy: Policy, episodes: Sequence[Episode], path: str) -> None:
    """Write the picture of the first success, the ball a little past the line; without one say so."""
    episode = next((episode for episode in episodes if episode.success), None)
    if episode is None:
        print("no success, so no still")
        return
    env, _ = play_again(policy, episode)
    simulation_of(env).plays_on = True
    for _ in range(round(PAST_LINE / PHYSICS_DT)):
        env.step(_WAIT)  # a physics step each: the episode is over
    save_frame(draw_env(env, "shot", (832, 416), light=False), path)
    print(f"wrote {path}")


def success_table(success: dict[str, dict[str, list[Bin]]]) -> str:
    """Success by start geometry as aligned plain text; task -> number of the start -> bins."""
    rows = [["task, number of the start", "range", "episodes", "success", "95% interval"]]
    for task, numbers in success.items():
        for name, bins in numbers.items():
            for start in bins:
                value, low, high = start.success
                shares = [f"{value:.0%}", f"{low:.0%} to {high:.0%}"]
                rows.append([f"{task.replace('_', ' ')}, {name}", start.label, str(start.episodes), *shares])
    return "\n".join(aligned(rows))


def main(config: StrikerBenchConfig) -> None:
    """Play, print both tables; write JSON, picture, videos and still where asked."""
    if config.plot:
        check_picture_name(config.plot)
    if config.still:
        check_picture_name(config.still, (".png",))
    tasks = [task.name for task in tasks_named(config.tasks)]
    videos = {}
    if config.video:
        check_video_name(config.video)
        base = Path(config.video)
        videos = {task: base.with_name(f"{base.stem}_{task}{base.suffix}") for task in tasks}
    check_outputs([config.json, config.plot, config.still, *videos.values()])
    policy = load_policy(f"striker:{config.style}")
    result = evaluate(
        policy,
        tasks,
        config.episodes,
        config.seed,
        starts="distinct",
        workers=config.workers,
        keep_torques=True,
    )
    print(result.table(), flush=True)
    trails: dict[str, list[Trail]] = {task: [] for task in tasks}
    read = run_jobs(TrailReader(), result.episodes, config.workers, "ball trails")
    for trail, episode in zip(read, result.episodes, strict=True):
        trails[episode.task].append(trail)
    success = {task: success_by(task, trails[task]) for task in tasks}
    print(success_table(success), flush=True)
    falls = falls_after_kicks(policy, result.episodes, config.workers)
    found = {"policy": result.policy, "success_by_start": success, "falls_after_kicks": falls}
    finish(config, {**result.summary, **found})
    if config.plot:
        save_figure(plot_trails(trails, success), config.plot)
        print(f"wrote {config.plot}")
    for task, path in videos.items():
        episodes = [episode for episode in result.episodes if episode.task == task][:FILMED]
        print(f"wrote {write_video(film_episodes(policy, episodes), path)}")
    if config.still:
        write_still(policy, result.episodes, config.still)
