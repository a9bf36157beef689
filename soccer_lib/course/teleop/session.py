"""Episodes that a hand plays: paced by the clock, shown while they go on, kept when they are over."""

from __future__ import annotations

import dataclasses
import io
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from soccer_lib.control.macro import Macro
from soccer_lib.course.teleop.controls import Controls
from soccer_lib.demos.collect import Collector
from soccer_lib.demos.dataset import Dataset, join
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError
from soccer_lib.evaluation.episode import Episode, EpisodeJob, fingerprint_of
from soccer_lib.evaluation.play import Transition
from soccer_lib.evaluation.player import finished_episode
from soccer_lib.evaluation.record import read_record, write_record
from soccer_lib.evaluation.trajectory import snapshot
from soccer_lib.layout import AGENT
from soccer_lib.policies import Policy, PolicySpec
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.scene import SceneRenderer, Size

DATASET = "drives.npz"
RECORD = "drives_record.npz"

FRAME_STEPS = 20
"""Physics steps from one picture to the next: 25 a second."""

LATE = 0.15
"""Where the clock is so far ahead, the robot's time goes on from now instead of running after it [s]."""

AGAIN = 0.5
"""What a page shows that waits is sent again after this time, for a page that comes later [s]."""

QUALITY = 80
"""Of the JPEG pictures."""

Send = Callable[[bytes | dict[str, Any]], None]
"""Takes a picture (JPEG) or a state to the page."""


class GaveUp(Exception):
    """The episode is left without being kept."""


@dataclasses.dataclass
class Pace:
    """How well the clock was kept.

    Attributes:
        commands: that were given.
        late: how many of them came more than `LATE` after their time.
        busy: processor time between two of them, in all threads [s].
        shown, skipped: pictures that were drawn, and that were left out because they were late.
    """

    commands: int = 0
    late: int = 0
    busy: float = 0.0
    shown: int = 0
    skipped: int = 0

    def line(self) -> str:
        """The figures in a line."""
        if not self.commands:
            return "no commands"
        return (
            f"{self.commands} commands, {self.late} of them late, {1000 * self.busy / self.commands:.0f} ms "
            f"of processor time for each; {self.shown} pictures, {self.skipped} skipped"
        )


class Driver(Policy):
    """A hand at the page, as the agent of an episode: it sees pictures, and its command is asked for in time.

    Args:
        controls: what the hand says.
        send: takes pictures and states to the page.
        size: of the pictures [pixels].

    Attributes:
        pace: how well the clock was kept, over all episodes.
    """

    spec = PolicySpec("you", control="command", observation="agent", walker="own")

    def __init__(self, controls: Controls, send: Send, size: Size) -> None:
        self.controls = controls
        self.send = send
        self.size = size
        self.pace = Pace()
        self._poses: list[tuple[float, np.ndarray, np.ndarray]] = []
        self._renderer: SceneRenderer | None = None
        self._began = 0.0

    def watch(self, env: Any) -> None:
        """Note the poses of this environment from now on."""
        self.env = env
        self.sim = cast(SoccerSim, env.unwrapped)
        self.sim.on_step.append(self._after_physics_step)

    def _after_physics_step(self, torque: np.ndarray) -> None:
        if self.sim.n_steps % FRAME_STEPS == 0 or self.sim.terminated:
            data = self.sim.data
            self._poses.append((self.sim.sim_time, data.geom_xpos.copy(), data.geom_xmat.copy()))

    def begin(self, seed: int | None = None) -> Any:
        """Show the start, and wait for the hand: the time of the episode begins with the first key."""
        self.close()
        self._renderer = SceneRenderer(snapshot(self.env), self.size)
        self._poses = []
        data = self.sim.data
        shown = -math.inf
        while not self.controls.moved():
            self._leave_where_asked()
            if time.monotonic() - shown > AGAIN:
                shown = time.monotonic()
                self._draw(data.geom_xpos, data.geom_xmat)
                self.send({"event": "ready", "task": self.sim.task.name, "seed": seed})
            self.controls.wait(AGAIN)
        self._began = time.monotonic()
        self._busy = time.process_time()
        return True  # without a state every command would begin an episode

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Show what came of the last command while its time passes, then ask for the next."""
        self.show()
        self._leave_where_asked()
        if not self.controls.connected:
            self._pause()
        ahead, left, _ = observation[AGENT["ball_xpos_rel_robot"]].tolist()
        reach = Macro.allowed((ahead, left))
        self.send({"event": "drive", "time": self.sim.sim_time, "ball": [ahead, left], "reach": reach})
        now = time.process_time()
        self.pace.busy += now - self._busy
        self._busy = now
        self.pace.commands += 1
        return self.controls.command(), state

    def show(self) -> None:
        """Draw the noted poses, each at its time."""
        poses = self._poses
        self._poses = []
        for number, (sim_time, places, axes) in enumerate(poses):
            wait = self._began + sim_time - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            elif wait < -FRAME_STEPS * PHYSICS_DT and number < len(poses) - 1:
                self.pace.skipped += 1
                continue
            self._draw(places, axes)
        behind = time.monotonic() - self._began - self.sim.sim_time
        if behind > LATE:
            self.pace.late += 1
            self._began += behind

    def _draw(self, places: np.ndarray, axes: np.ndarray) -> None:
        from PIL import Image

        assert self._renderer is not None
        stream = io.BytesIO()
        Image.fromarray(self._renderer.draw(places, axes)).save(stream, "JPEG", quality=QUALITY)
        self.send(stream.getvalue())
        self.pace.shown += 1

    def _pause(self) -> None:
        """Let the robot's time stand while nobody is there."""
        stopped = time.monotonic()
        while not self.controls.connected:
            self.controls.wait(AGAIN)
            self._leave_where_asked()
        self._began += time.monotonic() - stopped

    def _leave_where_asked(self) -> None:
        if self.controls.closed:
            raise GaveUp("stop")
        word = self.controls.word()
        if word in ("next", "again", "stop"):
            raise GaveUp(word)

    def close(self) -> None:
        """Free what draws."""
        if self._renderer:
            self._renderer.close()
            self._renderer = None


class Drives:
    """What was driven: a dataset, and a record that anyone can replay; both are whole on disk at any time.

    Args:
        folder: theirs; what lies there already is added to.

    Raises:
        InputError: files there that are not ours, or that do not belong together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.episodes: list[Episode] = []
        self.parts: list[Dataset] = []
        if (folder / DATASET).is_file():
            data = read_dataset(folder / DATASET)
            self.parts = [data.take(data.episode_id == number) for number in range(len(data.source))]
            # The record is written first: where a kill came between the two files it has one episode more, or
            # one less, which was thrown away.
            self.episodes = read_record(folder / RECORD)[: len(self.parts)]
            if len(self.episodes) == len(self.parts) - 1:
                self.parts.pop()
            seeds = [episode.seed for episode in self.episodes]
            if seeds != [part.column("seeds")[0] for part in self.parts]:
                raise InputError(
                    f"{folder / RECORD} holds other episodes than {DATASET}; expected the same; choose "
                    "another --out"
                )

    def keep(self, data: Dataset, episode: Episode) -> None:
        """Add an episode."""
        self.parts.append(data)
        self.episodes.append(episode)
        self._write()

    def discard(self) -> None:
        """Take the last one back."""
        self.parts.pop()
        self.episodes.pop()
        self._write()

    def _write(self) -> None:
        if not self.parts:
            for name in (DATASET, RECORD):
                (self.folder / name).unlink(missing_ok=True)
            return
        write_record(self.folder / RECORD, self.episodes, Driver.spec.name)
        write_dataset(self.folder / DATASET, join(self.parts), {"command": "teleop"})


def drive_by_hand(driver: Driver, drives: Drives, jobs: list[EpisodeJob]) -> None:
    """Let a hand play episodes until it has enough; runs in a thread of its own, beside the server's.

    Args:
        driver: the hand.
        drives: keep what it drives.
        jobs: the starts, one after the other; then from the first again.
    """
    last: list[Transition] = []
    collector = Collector(driver, None, Driver.spec.observation, False, watch=last.append)
    watched: set[str] = set()
    number = len(drives.episodes)
    word: str | None = "again"
    try:
        while word != "stop":
            job = jobs[number % len(jobs)]
            env = collector.env(job.task)
            if job.task not in watched:
                driver.watch(env)
                watched.add(job.task)
            driver.env = env
            driver.sim = cast(SoccerSim, env.unwrapped)
            driver.sim.tape = bytearray()
            try:
                data = collector.play(job)
                driver.show()
                torques = driver.sim.taped
                fingerprint = fingerprint_of(driver.sim.start, torques)
                episode = finished_episode(job, last[-1].info, fingerprint, torques)
                drives.keep(data, episode)
                word = _ask(driver, drives, episode)
            except GaveUp as leave:
                word = str(leave)
            last.clear()
            number += word == "next"
    finally:
        driver.close()


def _ask(driver: Driver, drives: Drives, episode: Episode) -> str:
    """Say how it ended, and what is wanted next."""
    kept = True
    while not driver.controls.closed:
        driver.send(
            {
                "event": "over",
                "outcome": episode.outcome.replace("_", " "),
                "success": episode.success,
                "score": episode.score,
                "kept": kept,
                "episodes": len(drives.episodes),
                "pace": driver.pace.line(),
            }
        )
        word = driver.controls.word()
        if word == "discard" and kept:
            drives.discard()
            kept = False
        elif word in ("next", "again", "stop"):
            return word
        driver.controls.wait(AGAIN)
    return "stop"
