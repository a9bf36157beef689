"""Driving the robot by hand: a drive, and what it says of itself."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.control.macro import REACH
from soccer_lib.course.sequence import checked_sequence
from soccer_lib.errors import InputError, known_name
from soccer_lib.evaluation.trajectory import BALL, TRUNK, Recorder, Trajectory
from soccer_lib.geometry import turned
from soccer_lib.runs import atomic_write_json
from soccer_lib.tasks import COMMAND_DT, PHYSICS_DT
from soccer_lib.view.field import plot_field
from soccer_lib.view.style import save_figure
from soccer_lib.view.video import trajectory_frames, write_video

AT_REST = 1.0
"""Play goes on after a kick until the robot has lain or stood still for so long [s]."""

STILL = 0.5
"""A robot whose joints all turn slower than this stands or lies still [rad/s]."""

LONGEST = 6.0
"""Play goes on for this long at most [s]."""

ENDS = {
    "blocked": "blocked: a goalkeeper or defender has the ball",
    "conceded": "the ball is in the own goal",
    "out_of_field": "the ball is out of the field",
    "fall": "fell",
    "lost": "the ball is lost",
    "time_limit": "the time is up",
    "unstable": "the simulation blew up",
}
"""How the drive says an episode's outcome; a success is a goal or a hit."""


class Drive:
    """A drive: walk and kick from here on, in an episode that goes on with every call.

    Args:
        env: of `make_env(task, control="command")`.
        seed: of the start.

    Attributes:
        sequence: what was driven: forward, sideways, turn, each in [-1, 1], and for how long [s].
        said: what happened, a line each, the time since the start before it.

    Raises:
        InputError: the environment takes no commands.
    """

    def __init__(self, env: gym.Env, seed: int | None = None) -> None:
        if env.action_space.shape != (3,):
            raise InputError(
                f"actions have shape {env.action_space.shape}; expected a command, (3,); "
                "use make_env(task, control='command')"
            )
        self._recorder = Recorder(env)
        self.seed = seed
        self.start_again()

    def start_again(self) -> None:
        """Begin a new drive from the same start."""
        self._recorder.reset(seed=self.seed)
        self._recorder.sim.plays_on = False
        self.sequence: list[tuple[float, float, float, float]] = []
        self.said: list[str] = []
        self._fell = False
        self._counts = {"macro_refused_count": 0, "macro_aborted_count": 0}

    @property
    def time(self) -> float:
        """Since the start [s]."""
        return self._recorder.sim.sim_time

    @property
    def over(self) -> bool:
        """Whether the episode has ended; what is driven then changes nothing."""
        return self._recorder.over

    def trajectory(self) -> Trajectory:
        """The drive so far."""
        return self._recorder.trajectory()

    def hold(self, command: Sequence[float], seconds: float) -> None:
        """Hold a command, in [-1, 1]; play goes on after a kick and after the episode's end.

        Raises:
            InputError: the command is not three finite numbers.
        """
        if self.over:
            self._say("nothing moves: this episode is over; start again")
            return
        kicks = self._kicks()
        self._play(command, seconds)
        if self.over or self._kicks() > kicks:
            self._play_on()

    def _kicks(self) -> int:
        return sum(event in PATTERNS for _, event in self._recorder.events)

    def kick(self, name: str) -> None:
        """Ask for a kick.

        Raises:
            InputError: no kick has that name.
        """
        known_name("kick", name, PATTERNS)
        self.hold(PATTERNS[name], COMMAND_DT)

    def _play(self, command: Sequence[float], seconds: float) -> None:
        start = self.time
        while not self.over and self.time < start + seconds - PHYSICS_DT / 2:
            self._step(command)
        # A kick lasts longer than it is asked for: by hand it would be held just as long.
        self.sequence.append((*map(float, command), seconds))

    def _play_on(self) -> None:
        """Stand, or lie, until nothing happens any more."""
        recorder = self._recorder
        start = self.time
        changed = start  # when the robot moved last, or fell
        was_over = self.over
        while self.time < min(changed + AT_REST, start + LONGEST):
            if self.over:
                recorder.sim.plays_on = True  # the body falls on, the ball flies on
            stood = not recorder.sim.fallen
            self._step((0.0, 0.0, 0.0))
            if stood and np.abs(recorder.sim.joint_vel).max() > STILL:
                changed = self.time
        recorder.sim.plays_on = False
        if not was_over:
            self.sequence.append((0.0, 0.0, 0.0, round(self.time - start, 3)))

    def _step(self, command: Sequence[float]) -> None:
        """One env step, and what there is to say of it."""
        recorder = self._recorder
        was_over = self.over
        events = len(recorder.events)
        recorder.step(np.array(command, dtype=np.float32))
        info = recorder.info
        for time, event in sorted(recorder.events[events:]):
            if event in PATTERNS:
                self._say(f"{event}: the robot lines up", time)
            elif event == "touch":
                self._say("the ball is touched", time)
        for count, before in self._counts.items():
            if info.get(count, 0) > before:
                self._say(self._why_no_kick(command, count))
                self._counts[count] = info[count]
        if recorder.sim.fallen and not self._fell:
            self._fell = True
            self._say("fell")
        if self.over and not was_over:
            self._say_end()

    def _why_no_kick(self, command: Sequence[float], count: str) -> str:
        signs = tuple(np.sign(command))
        name = next((name for name, pattern in PATTERNS.items() if pattern == signs), "the kick")
        if count == "macro_aborted_count":
            kicked = self._recorder.info
            return f"{kicked['macro_name']}: given up after {kicked['held_steps'] * PHYSICS_DT:.0f} s"
        if self._recorder.info["macro_active"]:
            return f"{name}: refused, the last kick is not over"
        ahead, left = self._ball()
        distance = math.hypot(ahead, left)
        side = "left" if left > 0 else "right"
        angle = abs(math.degrees(math.atan2(left, ahead)))
        wanted = f"it has to be within {REACH[0]:g} m and {math.degrees(REACH[1]):.0f} degrees"
        return (
            f"{name}: refused, the ball is {distance:.2f} m away, {angle:.0f} degrees to the {side}; {wanted}"
        )

    def _ball(self) -> tuple[float, float]:
        """The ball's centre ahead of the robot and to its left [m]."""
        data = self._recorder.sim.data
        trunk = data.body(TRUNK)
        x, y, _ = data.geom(BALL).xpos - trunk.xpos
        return turned((float(x), float(y)), -math.atan2(trunk.xmat[3], trunk.xmat[0]))

    def _say_end(self) -> None:
        report = self._recorder.report or {}
        outcome = self._recorder.sim.outcome
        if outcome == "success":
            self._say("goal" if "target" not in report["task"] else "the ball is in the target")
        elif outcome != "fall":  # a fall has been said
            self._say(ENDS[outcome])
        if "score" in report:
            self._say(f"the episode is over: official score {report['score']:.2f}")

    def _say(self, sentence: str, time: float | None = None) -> None:
        self.said.append(f"{self.time if time is None else time:4.1f} s  {sentence}")

    def save(self, folder: str | os.PathLike[str], name: str = "drive") -> list[Path]:
        """Write the drive: its commands to drive it again, its field map, its film.

        Returns:
            The files: `name`.json, .png, and .mp4 or .gif.

        Raises:
            ResourceError: the disk is full or read-only.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        trajectory = self.trajectory()
        report = trajectory.report or {}
        about = {"task": trajectory.task, "seed": self.seed, "sequence": self.sequence, "said": self.said}
        files = [folder / f"{name}.json", folder / f"{name}.png"]
        atomic_write_json(files[0], {**about, "score": report.get("score")})
        save_figure(plot_field(trajectory), files[1])
        return [*files, write_video(trajectory_frames(trajectory), folder / f"{name}.mp4")]


def drive_sequence(env: gym.Env, sequence: Sequence[Sequence[float]], seed: int | None = None) -> Trajectory:
    """Drive the robot from a new start: (forward, sideways, turn, seconds), the first three in [-1, 1].

    Raises:
        InputError: the environment takes no commands, or a row of the sequence is not four numbers.
    """
    return drive_by(env, sequence, seed).trajectory()


def drive_by(env: gym.Env, sequence: Sequence[Sequence[float]], seed: int | None = None) -> Drive:
    """The same, as a `Drive` that can go on and says what happened."""
    rows = checked_sequence(sequence)
    driver = Drive(env, seed)
    for *command, seconds in rows:
        if driver.over:
            break
        driver.hold(command, seconds)
    return driver
