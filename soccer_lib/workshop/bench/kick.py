"""`bench kick`: speed, direction, height, falls and score of every kick, from real approaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from soccer_lib.control.kicks import load_kicks
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.evaluation.play import N_STARTS
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.runs.pool import run_jobs
from soccer_lib.view.style import check_picture_name, save_figure
from soccer_lib.view.video import captioned, check_video_name, trajectory_frames, write_video
from soccer_lib.workshop.bench.kick_trial import LINE, KickJob, KickPlayer, KickResult
from soccer_lib.workshop.bench.kicking import plot_kicks
from soccer_lib.workshop.bench.report import finish
from soccer_lib.workshop.bench.rows import format_rows, interval_of, share_interval

FPS = 25
"""Pictures a second in the video."""


@dataclass(frozen=True)
class KickBenchConfig:
    """Measure the kicks from real approaches in kick_to_target, through the command interface."""

    episodes: int = 100
    """approaches for each kick, the same ones for all [count]"""
    seed: int = 10_000
    """seed of the first start; the others follow"""
    kicks: str = "all"
    """names of kicks, comma-separated; all for every one that there is"""
    workers: int = 0
    """worker processes; 0 takes one a core [count]"""
    json: str = ""
    """file for the results [path, empty: none]"""
    plot: str = ""
    """picture of the balls' ways [path ending in .png, .svg or .pdf, empty: none]"""
    video: str = ""
    """video with one of each kick at half speed [path ending in .mp4 or .gif, empty: none]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.episodes < 1:
            raise InputError(f"--episodes got {self.episodes}; expected 1 or more; try 100")


def kicks_named(names: str) -> list[str]:
    """The kicks of "all" or of a comma-separated list.

    Raises:
        InputError: a name that is no kick's.
    """
    known = list(load_kicks())
    wanted = known if names == "all" else [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise unknown_name("kick", name, known)
    return list(dict.fromkeys(wanted))


def rows_of(results: list[KickResult]) -> dict[str, list[float]]:
    """Rows of the table of one kick: value, low and high end of the 95% interval."""
    fired = [r for r in results if r.fired]
    swung = [r for r in fired if not r.aborted]

    def all_of(name: str) -> list[float]:
        return [getattr(r, name) for r in swung]

    direction = all_of("direction_deg")
    return {
        "fired_share": share_interval([r.fired for r in results]),
        "aborted_share": share_interval([r.aborted for r in fired]),
        "struck_share": share_interval([r.strike_s == r.strike_s for r in swung]),
        "strike_s": interval_of(all_of("strike_s"), np.median),
        "launch_m_s": interval_of(all_of("launch_m_s"), np.median),
        "speed_m_s": interval_of(all_of("speed_m_s"), np.median),
        "direction_mean_deg": interval_of(direction),
        "direction_std_deg": interval_of(direction, np.std),
        "height_m": interval_of(all_of("height_m"), np.median),
        "line_m_s": interval_of(all_of("line_m_s")),
        "goal_score": interval_of(all_of("score")),
        "fall_share": share_interval([r.fell for r in fired]),
    }


def film(results: list[KickResult]) -> Iterator[np.ndarray]:
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
    print(format_rows(names, list(tables.values())), flush=True)
    listed = [replace(result, path=None) for result in results]
    finish(config, {"kicks": tables, "trials": listed})
    if config.plot:
        ways = {
            name: [(r.path, r.fell) for r in results if r.job.kick == name and r.path is not None]
            for name in names
        }
        save_figure(plot_kicks(ways, LINE), config.plot)
        print(f"wrote {config.plot}")
    if config.video:
        print(f"wrote {write_video(film(results), config.video, FPS)}")
