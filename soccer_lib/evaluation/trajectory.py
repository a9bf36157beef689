"""What happened in an episode, kept for pictures: where everything was and what was paid."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.play import play_episode
from soccer_lib.policies import Policy
from soccer_lib.sim import simulation_of
from soccer_lib.sim.penalty import ObstacleSim
from soccer_lib.sim.target import KickToTargetSim
from soccer_lib.tasks import PHYSICS_DT

Acting = Policy | Callable[[np.ndarray], np.ndarray] | Iterable[np.ndarray]
"""Who acts: a policy, a function of the observation, or the actions one after the other."""

TARGETS = {"goalarea_site": ObstacleSim.goal_radius, "target0": KickToTargetSim.target_radius}
"""Site of a task's target -> how near the ball has to come [m]."""

TRUNK = "robot_0:Trunk"
BALL = "ball"

_ROW_STEPS = 10
"""Physics steps between two rows."""

_MOVED = 0.02
"""How far the ball has to come from its place before somebody must have touched it [m]."""

_COLUMNS = ("time", "robot", "ball", "joint_pos", "torque", "geom_xpos", "geom_xmat")


@dataclass(frozen=True, repr=False, eq=False)
class Trajectory:
    """One episode, or a part of one.

    What moves has a row every 20 ms, whatever the control; what is paid has a row for each env step.

    Attributes:
        task: our name of the task.
        model: the MuJoCo model, for shapes and sizes only.
        goal: middle of the goal line that counts [m], Shape: (3,).
        target: point that the ball has to pass [m], Shape: (3,); None in tasks without one.
        target_radius: how near [m].
        time: since the reset [s], Shape: (n,).
        robot: x, y of the trunk [m] and its heading [rad], Shape: (n, 3).
        ball: true centre of the ball [m], Shape: (n, 3).
        joint_pos: [rad], Shape: (n, 12).
        torque: of the physics step that begins then [N m], Shape: (n, 12).
        geom_xpos: where every geom was [m], float32, Shape: (n, n_geoms, 3).
        geom_xmat: its axes, float32, Shape: (n, n_geoms, 9).
        step_time: end of each env step [s], Shape: (m,).
        rewards: Shape: (m,).
        terms: reward term, unweighted -> Shape: (m,).
        weights: reward term -> its weight in the stock environment's own reward.
        events: time [s] and what happened: touches, kicks, and how the episode ended.
        report: the episode report; None where the episode is not over.
    """

    task: str
    model: mujoco.MjModel
    goal: np.ndarray
    target: np.ndarray | None
    target_radius: float
    time: np.ndarray
    robot: np.ndarray
    ball: np.ndarray
    joint_pos: np.ndarray
    torque: np.ndarray
    geom_xpos: np.ndarray
    geom_xmat: np.ndarray
    step_time: np.ndarray
    rewards: np.ndarray
    terms: dict[str, np.ndarray]
    weights: dict[str, float]
    events: list[tuple[float, str]]
    report: dict[str, Any] | None

    def row(self, time: float) -> int:
        """The row nearest to a time [s]."""
        return int(np.abs(self.time - time).argmin())

    def rows(self, fps: float) -> list[int]:
        """The rows for `fps` pictures a second."""
        return [self.row(time) for time in np.arange(self.time[0], self.time[-1] + 0.5 / fps, 1 / fps)]

    def since(self, time: float) -> Trajectory:
        """What moved from a time on [s]."""
        row = self.row(time)
        return replace(self, **{name: getattr(self, name)[row:] for name in _COLUMNS})

    def path(self, geom: str) -> np.ndarray | None:
        """Where a geom was [m], Shape: (n, 3); None where the task has no geom of that name."""
        index = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_GEOM, geom)
        return None if index < 0 else self.geom_xpos[:, index]


class Recorder(gym.Wrapper):
    """Lets an environment be played through it and keeps the `Trajectory`.

    It reads the simulation between physics steps and changes nothing in it. Where the simulation's `plays_on`
    lets steps follow the episode's end, they add rows; rewards, events and report stay those of the episode.

    Attributes:
        sim: the simulation; after a reset another one where there are several tasks.
        over: whether the episode has ended.
        report: the episode report; None before the end.
        info: of the last env step.
        events: as in `Trajectory`, in the order in which they were noticed.
    """

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.start()

    def start(self) -> None:
        """Begin with the state as it is."""
        self.sim = simulation_of(self.env)
        self.over = False
        self.report: dict[str, Any] | None = None
        self.info: dict[str, Any] = {}
        self.events: list[tuple[float, str]] = []
        self._rows: list[tuple] = []
        self._coming: tuple | None = None  # a row that waits for the torque of the next physics step
        self._steps: list[tuple[float, float, dict[str, Any]]] = []
        self._touches = 0
        self._ball_at_rest = self.sim.data.geom(BALL).xpos.copy()
        self._keep(self._state(), np.zeros(12))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode, and begin anew with it."""
        observation, info = self.env.reset(seed=seed, options=options)
        self.start()
        return observation, info

    def step(self, action: np.ndarray):
        """Take one env step; `over` then says whether the episode has ended."""
        self.sim.on_step.append(self._after_physics_step)
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
        finally:
            self.sim.on_step.remove(self._after_physics_step)
        self.info = info
        if self.over:  # play goes on after the end: bodies move, nothing is paid or judged any more
            return observation, reward, terminated, truncated, info
        self.over = terminated or truncated
        self.report = info.get("episode_report")
        self._steps.append((info["sim_time"], float(reward), info["reward_terms"]))
        if info.get("macro_triggered"):
            begun = info["sim_time"] - info["held_steps"] * PHYSICS_DT  # the step is as long as the kick
            self.events.append((begun, info["macro_name"]))
        if self.over:
            self._keep(self._state(), self.sim.ctrl)
            self.events.append((info["sim_time"], self.sim.outcome.replace("_", " ")))
        return observation, reward, terminated, truncated, info

    def _after_physics_step(self, torque: np.ndarray) -> None:
        if self._coming:
            self._keep(self._coming, torque)
        # The last step of an episode has a row of its own, whenever it comes.
        over = (self.sim.terminated or self.sim.truncated) and not self.over
        full = self.sim.n_steps % _ROW_STEPS == 0
        self._coming = self._state() if full and not over else None

    def _keep(self, state: tuple, torque: np.ndarray) -> None:
        """Keep a row: a state, and the torque that was applied in it."""
        time, robot, ball, joint_pos, *poses = state
        self._rows.append((time, robot, ball, joint_pos, np.array(torque), *poses))

    def _state(self) -> tuple:
        """Where everything is; a first touch becomes an event."""
        sim = self.sim
        trunk = sim.data.body(TRUNK)
        heading = math.atan2(trunk.xmat[3], trunk.xmat[0])
        ball = sim.data.geom(BALL).xpos.copy()
        # Where a task counts no touches, the first one is when the ball leaves its place.
        moved = math.dist(ball[:2], self._ball_at_rest[:2]) > _MOVED
        touches = getattr(sim, "ball_hits", getattr(sim, "robot_contact", moved))
        if touches > self._touches and not self.over:
            self._touches = touches
            self.events.append((sim.sim_time, "touch"))
        return (
            sim.sim_time,
            (*trunk.xpos[:2], heading),
            ball,
            sim.joint_pos.copy(),
            sim.data.geom_xpos.astype(np.float32),
            sim.data.geom_xmat.astype(np.float32),
        )

    def trajectory(self) -> Trajectory:
        """What has been played since the start."""
        sim = self.sim
        columns = map(np.array, zip(*self._rows, strict=True))
        sites = [
            name for name in TARGETS if mujoco.mj_name2id(sim.model, mujoco.mjtObj.mjOBJ_SITE, name) >= 0
        ]
        terms = self._steps[0][2] if self._steps else ()
        return Trajectory(
            task=sim.task.name,
            model=sim.model,
            goal=sim.data.site("goal_post_north" if sim.team else "goal_post_south").xpos.copy(),
            target=sim.data.site(sites[0]).xpos.copy() if sites else None,
            target_radius=TARGETS[sites[0]] if sites else 0.0,
            **dict(zip(_COLUMNS, columns, strict=True)),
            step_time=np.array([step[0] for step in self._steps]),
            rewards=np.array([step[1] for step in self._steps], dtype=float),
            terms={name: np.array([step[2][name] for step in self._steps], dtype=float) for name in terms},
            weights=dict(sim.stock.reward_config),
            events=sorted(self.events, key=lambda event: event[0]),
            report=self.report,
        )


def snapshot(env: gym.Env) -> Trajectory:
    """The environment as it is now: a trajectory of one row."""
    return Recorder(env).trajectory()


def trace_episode(
    env: gym.Env,
    acting: Acting,
    *,
    seed: int | None = None,
    options: dict[str, Any] | None = None,
    seconds: float = math.inf,
    deterministic: bool = True,
) -> Trajectory:
    """Play an episode and keep what pictures need.

    Args:
        env: of `make_env`.
        acting: a policy made for this environment, a function observation -> action, or actions in order.
        seed: of the reset and of the policy.
        options: of the reset.
        seconds: stop after so much simulated time [s].
        deterministic: passed to `policy.predict`.

    Raises:
        InputError: `acting` is none of these, or an action does not fit the environment.
    """
    actor = _actor(acting)
    recorder = Recorder(env)
    if seconds <= 0:
        recorder.reset(seed=seed, options=options)
        return recorder.trajectory()
    with contextlib.suppress(_NoMoreActions):
        play_episode(
            recorder,
            actor,
            seed=seed,
            options=options,
            deterministic=deterministic,
            stop=lambda: recorder.sim.sim_time >= seconds,
        )
    return recorder.trajectory()


class _NoMoreActions(Exception):
    """A list of actions has come to its end before the episode did."""


class _Scripted(Policy):
    """Acts as a function of the observation says."""

    def __init__(self, function: Callable[[np.ndarray], np.ndarray]) -> None:
        self._function = function

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        return self._function(observation), state


def _actor(acting: Acting) -> Policy:
    if isinstance(acting, Policy):
        return acting
    if callable(acting):
        return _Scripted(acting)
    if isinstance(acting, Iterable) and not isinstance(acting, str):
        actions = iter(acting)

        def next_action(observation: np.ndarray) -> np.ndarray:
            for action in actions:
                return action
            raise _NoMoreActions

        return _Scripted(next_action)
    raise InputError(
        f"{acting!r} cannot act; expected a policy, a function observation -> action or a list of actions; "
        "try load_policy('stand')"
    )
