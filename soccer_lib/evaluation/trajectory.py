"""What happened in an episode, kept for pictures: where everything was and what was paid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.geometry import heading_of_axes
from soccer_lib.policies import Policy
from soccer_lib.sim import SoccerSim
from soccer_lib.sim.penalty import ObstacleSim
from soccer_lib.sim.target import KickToTargetSim
from soccer_lib.tasks import PHYSICS_DT, WALKER_STEPS

Acting = Policy | Callable[[np.ndarray], np.ndarray] | Iterable[np.ndarray]
"""Who acts: a policy, a function of the observation, or the actions one after the other."""

TARGETS = {"goalarea_site": ObstacleSim.goal_radius, "target0": KickToTargetSim.target_radius}
"""Site of a task's target -> how near the ball has to come [m]."""

TRUNK, BALL = "robot_0:Trunk", "ball"
_MOVED = 0.02
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


class Recorder:
    """Plays an environment step by step and keeps its `Trajectory`.

    It reads the simulation between physics steps and changes nothing in it.
    """

    def __init__(self, env: gym.Env) -> None:
        self.env = env
        self.start()

    def start(self) -> None:
        """Begin with the state as it is."""
        self.sim: SoccerSim = self.env.unwrapped  # another one after a reset, where there are several tasks
        self.over, self.report, self.info = False, None, {}
        self.events: list[tuple[float, str]] = []
        self._rows: list[dict[str, Any]] = []
        self._steps: list[tuple[float, float, dict[str, Any]]] = []
        self._hits, self._place = 0, self.sim.data.geom(BALL).xpos.copy()
        self._waiting: dict[str, Any] | None = None
        self._keep(self._row(), np.zeros(12))

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> np.ndarray:
        """Start an episode; returns the observation."""
        observation, _ = self.env.reset(seed=seed, options=options)
        self.start()
        return observation

    def step(self, action: np.ndarray) -> np.ndarray:
        """Take one env step; `over` then says whether the episode has ended. Returns the observation."""
        self.sim.on_step.append(self._note)
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
        finally:
            self.sim.on_step.remove(self._note)
        self.info = info
        self._steps.append((info["sim_time"], reward, info["reward_terms"]))
        if info.get("macro_triggered"):
            begun = info["sim_time"] - info["held_steps"] * PHYSICS_DT  # the step is as long as the kick
            self.events.append((begun, info["macro_name"]))
        self.over, self.report = terminated or truncated, info.get("episode_report")
        if self.over:
            self._keep(self._row(), self.sim.ctrl)
            self.events.append((info["sim_time"], self.sim.outcome.replace("_", " ")))
        return observation

    def _note(self, torque: np.ndarray) -> None:
        """Called after each physics step. A row waits for the torque of the step that begins with it."""
        if self._waiting is not None:
            self._keep(self._waiting, torque)
            self._waiting = None
        if self.sim.n_steps % WALKER_STEPS == 0:
            self._waiting = self._row()

    def _row(self) -> dict[str, Any]:
        """Where everything is now."""
        sim, data = self.sim, self.sim.data
        trunk, ball = data.body(TRUNK), data.geom(BALL).xpos.copy()
        # Where a task counts no touches, the first one is when the ball leaves its place.
        moved = math.dist(ball[:2], self._place[:2]) > _MOVED
        return {
            "time": sim.sim_time,
            "robot": (*trunk.xpos[:2], heading_of_axes(trunk.xmat)),
            "ball": ball,
            "joint_pos": sim.joint_pos.copy(),
            "geom_xpos": data.geom_xpos.astype(np.float32),
            "geom_xmat": data.geom_xmat.astype(np.float32),
            "touches": getattr(sim, "ball_hits", getattr(sim, "robot_contact", moved)),
        }

    def _keep(self, row: dict[str, Any], torque: np.ndarray) -> None:
        self._rows.append({**row, "torque": np.array(torque)})
        if row["touches"] > self._hits:
            self._hits = row["touches"]
            self.events.append((row["time"], "touch"))

    def trajectory(self) -> Trajectory:
        """What has been played since the start."""
        sim, model = self.sim, self.sim.model
        sites = [name for name in TARGETS if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, name) >= 0]
        names = self._steps[0][2] if self._steps else ()
        return Trajectory(
            task=sim.task.name,
            model=model,
            goal=sim.data.site("goal_post_north" if sim.team else "goal_post_south").xpos.copy(),
            target=sim.data.site(sites[0]).xpos.copy() if sites else None,
            target_radius=TARGETS[sites[0]] if sites else 0.0,
            **{name: np.array([row[name] for row in self._rows]) for name in _COLUMNS},
            step_time=np.array([step[0] for step in self._steps]),
            rewards=np.array([step[1] for step in self._steps], dtype=float),
            terms={name: np.array([step[2][name] for step in self._steps], dtype=float) for name in names},
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
) -> Trajectory:
    """Play an episode and keep what pictures need.

    Args:
        env: of `make_env`.
        acting: a policy made for this environment, a function observation -> action, or actions in order.
        seed: of the reset and of the policy.
        options: of the reset.
        seconds: stop after so much simulated time [s].

    Raises:
        InputError: `acting` is none of these, or an action does not fit the environment.
    """
    recorder, act = Recorder(env), _actor(acting, seed)
    observation = recorder.reset(seed, options)
    while not recorder.over and recorder.sim.sim_time < seconds:
        action = act(observation)
        if action is None:
            break
        observation = recorder.step(action)
    return recorder.trajectory()


def _actor(acting: Acting, seed: int | None) -> Callable[[np.ndarray], np.ndarray | None]:
    """A function of the observation; it returns None when there are no more actions."""
    if isinstance(acting, Policy):
        state = acting.begin(seed)

        def act(observation: np.ndarray) -> np.ndarray:
            nonlocal state
            action, state = acting.predict(observation, state)
            return action

        return act
    if callable(acting):
        return acting
    if isinstance(acting, Iterable) and not isinstance(acting, str):
        actions = iter(acting)
        return lambda observation: next(actions, None)
    raise InputError(
        f"{acting!r} cannot act; expected a policy, a function observation -> action or a list of actions; "
        "try load_policy('stand')"
    )
