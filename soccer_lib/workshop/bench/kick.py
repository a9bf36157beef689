"""`bench kick`: speed, direction, height, falls and score of every kick, from real approaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from soccer_lib.control.kicks import load_kicks
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.evaluation.intervals import Estimate, bootstrap_of, wilson
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED
from soccer_lib.view.style import check_picture_name, save_figure
from soccer_lib.view.video import captioned, check_video_name, trajectory_frames, write_video
from soccer_lib.workshop.bench.kick_trial import LINE, KickJob, KickPlayer, KickResult
from soccer_lib.workshop.bench.kicking import BallPath, plot_kicks
from soccer_lib.workshop.bench.report import estimate_table, finish

FPS = 25
"""Pictures a second in the video."""


@dataclass(frozen=True)
class KickBenchConfig:
    """Measure the kicks from real approaches in kick_to_target, through the command interface."""

    episodes: int = 100
    """approaches for each kick, the same for all kicks [count]"""
    seed: int = REPORTED.start
    """seed of the first start; the others follow"""
    kicks: str = "all"
    """names of kicks, comma-separated, or all"""
    workers: int = 0
    """worker processes; 0 takes one per core [count]"""
    json: str = ""
    """file for the results [path, empty: none]"""
    plot: str = ""
    """picture of the balls' paths [path ending in .png, .svg or .pdf, empty: none]"""
    video: str = ""
    """video with one of each kick at half speed [path ending in .mp4 or .gif, empty: none]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.episodes < 1:
            raise InputError(f"--episodes got {self.episodes}; expected 1 or more; try 100")


def kicks_named(names: str) -> list[str]:
    """The kicks of "all" or of a comma-separated list.

    Raises:
        InputError: a name that no kick has.
    """
    known = list(load_kicks())
    wanted = known if names == "all" else [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise unknown_name("kick", name, known)
    return list(dict.fromkeys(wanted))


def rows_of(results: list[KickResult]) -> dict[str, Estimate]:
    """Rows of the table of one kick."""
    fired = [r for r in results if r.fired]
    swung = [r for r in fired if not r.aborted]

    def measured(name: str) -> list[float]:
        return [getattr(r, name) for r in swung]

    direction = measured("direction_deg")
    return {
        "fired_share": wilson([r.fired for r in results]),
        "aborted_share": wilson([r.aborted for r in fired]),
        "struck_share": wilson(np.isfinite(measured("strike_s"))),
        "strike_s": bootstrap_of(measured("strike_s"), np.median),
        "launch_m_s": bootstrap_of(measured("launch_m_s"), np.median),
        "speed_m_s": bootstrap_of(measured("speed_m_s"), np.median),
        "direction_mean_deg": bootstrap_of(direction),
        "direction_std_deg": bootstrap_of(direction, np.std),
        "height_m": bootstrap_of(measured("height_m"), np.median),
        "line_m_s": bootstrap_of(measured("line_m_s")),
        "goal_score": bootstrap_of(measured("score")),
        "fall_share": wilson([r.fell for r in fired]),
    }


def film_kicks(results: list[KickResult]) -> Iterator[np.ndarray]:
    """Pictures of the first struck ball of each kick at half speed, with captions."""
    player = KickPlayer()
    for name in dict.fromkeys(result.job.kick for result in results):
        result = next((r for r in results if r.job.kick == name and r.path is not None), None)
        if result is not None:
            text = f"{name}: {result.speed_m_s:.1f} m/s, {result.height_m:.1f} m high at {LINE} m; half speed"
            frames = trajectory_frames(player.film(result), fps=2 * FPS, size=(640, 360))
            yield from captioned(frames, repeat(text))


def main(config: KickBenchConfig) -> None:
    """Play all kicks, print the table; write JSON, picture and video where asked."""
    if config.plot:
        check_picture_name(config.plot)
    if config.video:
        check_video_name(config.video)
    check_outputs([config.json, config.plot, config.video])
    names = kicks_named(config.kicks)
    seeds = range(config.seed, config.seed + config.episodes)
    jobs = [KickJob(name, seed, index % N_STARTS) for name in names for index, seed in enumerate(seeds)]
    results = run_jobs(KickPlayer(), jobs, config.workers, "bench kick")
    tables = {name: rows_of([r for r in results if r.job.kick == name]) for name in names}
    print(estimate_table(names, list(tables.values())), flush=True)
    # The paths are for the picture: in the JSON they would outweigh everything else.
    finish(config, {"kicks": tables, "trials": [replace(result, path=None) for result in results]})
    if config.plot:
        balls = {
            name: [BallPath(r.path, r.fell) for r in results if r.job.kick == name and r.path is not None]
            for name in names
        }
        save_figure(plot_kicks(balls, LINE), config.plot)
        print(f"wrote {config.plot}")
    if config.video:
        print(f"wrote {write_video(film_kicks(results), config.video, FPS)}")
