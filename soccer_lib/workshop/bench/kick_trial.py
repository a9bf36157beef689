"""One measured kick: the striker's own approach in kick_to_target, the kick, and two seconds more.

A hard ball is off the field before the robot has come to rest or has fallen; the simulation then goes on
beyond the end of the episode.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import atan2, cos, degrees, sin
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.control.kicks import Kick
from soccer_lib.envs.make import make_env
from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.evaluation.play import play_episode
from soccer_lib.evaluation.trajectory import TRUNK, Trajectory, trace_episode
from soccer_lib.geometry import heading_of, turned
from soccer_lib.policies.striker import Memory, Striker, StrikerView
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import PHYSICS_DT

LINE = 2.2
"""Distance of the goal line from the ball in the penalty tasks [m]; direction and height are read there."""

STRUCK = 1.0
"""A ball faster than this, averaged over 20 ms, has been struck and not only nudged [m/s]."""

AFTER = 2.0
"""How long the robot is watched after the step of the kick, which ends with the swing or the episode [s]."""

AFTER_FALL = 0.6
"""How long the ball is followed once the robot has fallen [s]."""

TURN = 2.0
"""Most that an aim is off the line from the robot to the ball at the start [rad]."""

ROOM = 4.0
"""Way of the ball that an aim leaves free before the field's edge [m]."""

FILMED = (0.8, 1.2)
"""How long before and after the strike a video shows [s]."""

TOUCHED = 1.5
"""The official term robot_distance_ball once the ball was touched."""

PENALTY = "goalie_penalty_kick"

_TWENTY_MS = 10  # physics steps
_WAIT = np.zeros(3, np.float32)


@dataclass(frozen=True)
class KickJob:
    """One kick to play.

    Attributes:
        kick: its name.
        seed: of the start and of the aim.
        start: k for the gait phase k/20 at the reset.
        task: the task whose starts are drawn from the seed.
    """

    kick: str
    seed: int
    start: int
    task: str = "kick_to_target"

    @property
    def options(self) -> dict[str, float]:
        """Of the reset."""
        return {"gait_phase": self.start / N_STARTS}


@dataclass(frozen=True)
class KickResult:
    """What one kick came to; NaN for what did not happen.

    Attributes:
        job: what was played.
        fired: the kick was asked for in time, and granted.
        aborted: the robot gave up before the swing.
        fell: the trunk sank below 0.4 m between the trigger and `AFTER`.
        strike_s: from the trigger to the strike [s].
        launch_m_s: speed of the ball's centre, the largest mean over 20 ms.
        speed_m_s: horizontal speed of the centre from 1.1 m to 2.2 m away, flying or rolling.
        direction_deg: where the centre passed 2.2 m, left of the robot's heading at the trigger.
        height_m: of the centre there; 0.11 is on the ground.
        line_m_s: speed along the heading of the observed ball point there, spin included.
        score: official score of a penalty with this ball, were it a goal after one touch.
        path: the centre from the strike on every 20 ms: ahead, left of that heading, up from the ground [m].
            Shape: (n, 3); None where it was not struck.
        struck_at: simulated time of the strike [s].
    """

    job: KickJob
    fired: bool = False
    aborted: bool = False
    fell: bool = False
    strike_s: float = float("nan")
    launch_m_s: float = float("nan")
    speed_m_s: float = float("nan")
    direction_deg: float = float("nan")
    height_m: float = float("nan")
    line_m_s: float = float("nan")
    score: float = float("nan")
    path: np.ndarray | None = None
    struck_at: float = float("nan")


class Aimed(Striker):
    """The striker with kick and direction given: its approach, its patience, its moment.

    Args:
        kick: name of the kick.
        aim: direction of the ball, from the world's x axis [rad].
    """

    def __init__(self, kick: str, aim: float) -> None:
        super().__init__()
        self._kick = self._kicks[kick]
        self._aim = aim

    def _plan(self, scene: StrikerView, memory: Memory) -> tuple[Kick, tuple[float, float], bool, Memory]:
        x, y = turned(scene.x_axis, self._aim)
        target = (scene.ball[0] + LINE * x, scene.ball[1] + LINE * y)
        return self._kick, target, True, memory


class KickWatch:
    """Follows a kick: when it was granted, when the robot fell, and where the ball is at every physics step.

    Attributes:
        end: physics step up to which the trial is worth playing.
        trigger: physics step at which the kick was granted; None before.
        heading: of the robot then [rad].
        aborted: the robot gave up before the swing.
        fell: the robot fell.
    """

    def __init__(self, sim: SoccerSim) -> None:
        self._sim = sim
        self._ball = sim.data.geom("ball").xpos
        self._point = sim.data.body("soccer_ball").xpos
        self._centres: list[np.ndarray] = []
        self._points: list[np.ndarray] = []
        self.end = sim.task.max_steps
        self.trigger: int | None = None
        self.heading = 0.0
        self.aborted = False
        self.fell = False

    def begin_episode(self, observation: np.ndarray) -> None:
        """Note where the ball lies after the reset."""
        self._centres = [self._ball.copy()]
        self._points = [self._point.copy()]
        self.begin_step()

    def begin_step(self) -> None:
        """Note how things stand before the next env step."""
        self._begun = self._sim.n_steps
        self._heading = heading_of(self._sim.readings.orientation())

    def end_physics_step(self, torque: np.ndarray) -> None:
        """Note where the ball is."""
        self._centres.append(self._ball.copy())
        self._points.append(self._point.copy())

    def centres_since_trigger(self) -> np.ndarray:
        """The ball's centre before each physics step since the kick was granted [m]. Shape: (n, 3)."""
        return np.array(self._centres[self.trigger : -1])

    def points_since_trigger(self) -> np.ndarray:
        """The ball point that observations and the score show, likewise [m]. Shape: (n, 3)."""
        return np.array(self._points[self.trigger : -1])

    def end_step(self, info: dict[str, Any]) -> None:
        """Note what an env step came to."""
        sim = self._sim
        if info["macro_triggered"] and self.trigger is None:
            self.trigger = self._begun
            self.heading = self._heading
            self.aborted = bool(info["macro_aborted_count"])
            self.end = sim.n_steps + round(AFTER / PHYSICS_DT)
        if sim.fallen and not self.fell:
            self.fell = True
            self.end = min(self.end, sim.n_steps + round(AFTER_FALL / PHYSICS_DT))
        self.begin_step()

    @property
    def done(self) -> bool:
        """Whether nothing more is to be seen."""
        return self._sim.n_steps >= self.end


class KickPlayer:
    """Plays kicks; keeps its environment."""

    def __call__(self, job: KickJob) -> KickResult:
        """Play one kick and measure it."""
        sim = self.env.unwrapped
        policy = self._aimed(job)
        watch = KickWatch(sim)
        sim.on_step.append(watch.end_physics_step)
        try:
            play_episode(
                self.env,
                policy,
                seed=job.seed,
                options=job.options,
                on_reset=watch.begin_episode,
                on_step=lambda step: watch.end_step(step.info),
                stop=lambda: watch.done,
            )
            sim.plays_on = True  # the ball rolls on after the episode's end
            while watch.trigger is not None and not watch.done:
                watch.end_step(self.env.step(_WAIT)[-1])
        finally:
            sim.on_step.remove(watch.end_physics_step)
        if watch.trigger is None:
            return KickResult(job)
        result = KickResult(job, fired=True, aborted=watch.aborted, fell=watch.fell)
        centre = watch.centres_since_trigger()
        struck = strike_row(centre)
        if struck is None or watch.aborted:
            return result
        path = in_heading(centre[struck:], centre[0], watch.heading)
        points = in_heading(watch.points_since_trigger()[struck:], centre[0], watch.heading)
        return replace(
            result,
            path=path[::_TWENTY_MS],
            strike_s=struck * PHYSICS_DT,
            struck_at=(watch.trigger + struck) * PHYSICS_DT,
            **flight(path),
            **at_line(points),
        )

    def _aimed(self, job: KickJob) -> Aimed:
        """Who plays; the aim depends on the start, which the seed draws."""
        self.env.reset(seed=job.seed)
        return Aimed(job.kick, draw_aim(self.env.unwrapped, job.seed))

    def film(self, result: KickResult) -> Trajectory:
        """The last steps before a strike and what came of it, played again."""
        job = result.job
        policy = self._aimed(job)
        seconds = result.struck_at + FILMED[1]
        played = trace_episode(self.env, policy, seed=job.seed, options=job.options, seconds=seconds)
        # Without the target the cameras look from the robot to the ball.
        return replace(played.since(result.struck_at - FILMED[0]), target=None)

    @cached_property
    def env(self) -> gym.Env:
        """The environment, made by whoever plays first."""
        return make_env(KickJob.task, control="command", observation="agent", info="terms")


def draw_aim(sim: SoccerSim, seed: int) -> float:
    """A direction up to `TURN` off the robot's line to the ball, with `ROOM` for it [rad, world axes]."""
    ball = sim.data.geom("ball").xpos
    robot = sim.data.body(TRUNK).xpos
    ahead = atan2(ball[1] - robot[1], ball[0] - robot[0])
    rng = np.random.default_rng([seed, 5])
    while True:
        aim = ahead + rng.uniform(-TURN, TURN)
        if not sim.off_field(ball[0] + ROOM * cos(aim), ball[1] + ROOM * sin(aim)):
            return aim


def in_heading(centre: np.ndarray, origin: np.ndarray, heading: float) -> np.ndarray:
    """World points as ahead and left of a heading, from an origin on the ground below. Shape: (n, 3)."""
    x, y = (centre[:, :2] - origin[:2]).T
    ahead = cos(heading) * x + sin(heading) * y
    left = cos(heading) * y - sin(heading) * x
    return np.stack([ahead, left, centre[:, 2]], axis=1)


def strike_row(centre: np.ndarray) -> int | None:
    """The row at which the ball is struck; None where it never is. Rows every 2 ms, Shape: (n, 3)."""
    moved = np.linalg.norm(centre[_TWENTY_MS:] - centre[:-_TWENTY_MS], axis=1)
    fast = moved > STRUCK * _TWENTY_MS * PHYSICS_DT
    if not fast.any():
        return None
    # Somewhere in these 20 ms it is struck: where its single steps become fast.
    first = int(fast.argmax())
    steps = np.linalg.norm(np.diff(centre[first : first + _TWENTY_MS + 1], axis=0), axis=1)
    return first + int((steps > STRUCK * PHYSICS_DT).argmax())


def flight(path: np.ndarray) -> dict[str, float]:
    """Speeds, direction and height of a struck ball.

    Args:
        path: its centre every 2 ms: ahead, left, up from the ground [m]. Shape: (n, 3).

    Returns:
        What `KickResult` calls so; only `launch_m_s` where the ball did not come as far as `LINE`.
    """
    moved = np.linalg.norm(path[_TWENTY_MS:] - path[:-_TWENTY_MS], axis=1)
    figures = {"launch_m_s": float(moved.max(initial=0.0)) / (_TWENTY_MS * PHYSICS_DT)}
    way = np.hypot(*path[:, :2].T)
    if way.max() < LINE:
        return figures
    # Rows up to the first beyond the line; places between rows are interpolated.
    last = int((way >= LINE).argmax()) + 1
    half, line = np.interp([LINE / 2, LINE], way[:last], np.arange(last))
    ahead, left, up = (float(np.interp(line, np.arange(last), column[:last])) for column in path.T)
    figures["speed_m_s"] = float(LINE / 2 / ((line - half) * PHYSICS_DT))
    figures["direction_deg"] = degrees(atan2(left, ahead))
    figures["height_m"] = up
    return figures


def at_line(points: np.ndarray) -> dict[str, float]:
    """What the score sees of a ball at the goal line, `LINE` ahead.

    Args:
        points: the observed ball point every 2 ms: ahead, left, up [m]. Shape: (n, 3).

    Returns:
        What `KickResult` calls so; empty where the point did not come as far.
    """
    beyond = points[:, 0] >= LINE
    if not beyond.any():
        return {}
    row = max(int(beyond.argmax()), 1)
    speed = float(points[row, 0] - points[row - 1, 0]) / PHYSICS_DT
    terms = {"robot_distance_ball": TOUCHED, "ball_vel_twd_goal": speed, "goal_scored": 1.0, "steps": 1.0}
    return {"line_m_s": speed, "score": sum(OFFICIAL_WEIGHTS[PENALTY][name] * x for name, x in terms.items())}
