"""The command `teleop`: drive the robot in a browser, and keep what was driven."""

from __future__ import annotations

import dataclasses
import webbrowser
from pathlib import Path
from typing import Annotated

from soccer_lib.errors import Terminated
from soccer_lib.ranges import Range, check_fields
from soccer_lib.seeds import training_seeds
from soccer_lib.tasks import tasks_named


@dataclasses.dataclass(frozen=True)
class TeleopConfig:
    """Drive the robot in a browser on this machine; what was driven becomes a dataset that can be cloned."""

    out: str = "runs/teleop"
    """folder: drives.npz (a dataset), drives_record.npz (for replay); a later call adds to it [path]"""
    tasks: tuple[str, ...] = ("goalie_penalty_kick",)
    """tasks to drive in turn; all stands for the three of the competition"""
    seed: Annotated[int, Range(0, 2**31 - 2, whole=True)] = 3000
    """seed of the first start; the others count up"""
    starts: Annotated[int, Range(1, 1000, whole=True)] = 20
    """starts of each task, after which they come again [count]"""
    port: Annotated[int, Range(0, 65_535, whole=True)] = 0
    """port on 127.0.0.1; 0 takes any that is free"""
    size: tuple[int, int] = (640, 360)
    """width and height of the pictures [pixels]; smaller ones cost less"""
    browser: bool = False
    """open the page in the system's browser"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        tasks_named(",".join(self.tasks))
        training_seeds(self.seed, self.starts)
        for side in self.size:
            Range(64, 4096, whole=True).number("--size", side, "try 640 360")


def main(config: TeleopConfig) -> None:
    """Serve the page until the driver stops.

    Raises:
        SoccerError: nothing can draw, the port or the folder is taken, or a file could not be written.
    """
    from soccer_lib.course.teleop.controls import Controls
    from soccer_lib.course.teleop.server import Server
    from soccer_lib.course.teleop.session import DATASET, RECORD, Driver, Drives, drive_by_hand
    from soccer_lib.evaluation.episode import EpisodeJob
    from soccer_lib.runs import RunFolder
    from soccer_lib.sim.opengl import need_opengl

    need_opengl()
    folder = RunFolder.open(config.out, {}, "teleop")
    drives = Drives(folder.path)
    controls = Controls()
    server = Server(controls, config.port)
    driver = Driver(controls, server.send, config.size)
    tasks = tasks_named(",".join(config.tasks))
    jobs = [
        EpisodeJob(task.name, seed) for seed in training_seeds(config.seed, config.starts) for task in tasks
    ]
    print(
        f"Open {server.url} in a browser on this machine. Ctrl-C, or stop on the page, ends it.", flush=True
    )
    if config.browser:
        webbrowser.open(server.url)
    try:
        server.run(lambda: drive_by_hand(driver, drives, jobs))
    except (KeyboardInterrupt, Terminated) as stop:
        raise type(stop)(f"{len(drives.episodes)} episodes are kept in {folder.path}") from None
    print(f"{driver.pace.line()}; {len(drives.episodes)} episodes are kept")
    if drives.episodes:
        dataset = Path(config.out) / DATASET
        print(
            f"clone yourself: python -m soccer_lib bc --dataset {dataset} --out runs/me\n"
            f"replay yourself: python -m soccer_lib replay {Path(config.out) / RECORD} --stock"
        )
