"""`bench exact`: is the fast simulation the stock environment, bit for bit?

Both are reset with the same seed, the ball of both is put to the same place and both are driven with the
same torques; every field that a step returns is compared: observation, reward, every reward term,
terminated, truncated and every entry of info, type and bits. Places and torques are chosen so that every
way an episode can end is seen. The Python rules take the first half of
the steps and the compiled loop the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from soccer_lib.compiled import step_loop
from soccer_lib.errors import InputError
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.sim import SoccerSim, make_sim
from soccer_lib.tasks import TASKS, tasks_named
from soccer_lib.workshop.bench.report import LiveTable, finish


@dataclass(frozen=True)
class ExactBenchConfig:
    """Compare the fast simulation with the stock environment, field by field and bit for bit."""

    tasks: str = ",".join(TASKS)
    """Tasks, comma-separated, or all for the three of the competition."""
    steps: int = 20_000
    """Physics steps to compare per task and team [2 ms each]."""
    seed: int = 0
    """Seed of the first episode; later ones count up."""
    json: str = ""
    """File for the result; nothing is written without it."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.steps < 1:
            raise InputError(f"--steps got {self.steps}; expected 1 or more; try 20000")


@dataclass
class Comparison:
    """What one task and team showed.

    Attributes:
        steps: physics steps compared.
        mismatches: field name -> steps in which it differed.
        outcomes: how often episodes ended in each way; "cut" for those stopped by the step budget.
        touches: steps with a ball touch.
        compiled: steps that the compiled loop took.
    """

    steps: int = 0
    compiled: int = 0
    mismatches: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    touches: int = 0


def identical(left: Any, right: Any) -> bool:
    """Whether two values have the same bits; a Python number may stand for numpy's scalar of its value."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        left = np.asarray(left)
        right = np.asarray(right)
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    return np.float64(left).tobytes() == np.float64(right).tobytes()


def differing_fields(fast: tuple, stock: tuple) -> list[str]:
    """Names of the fields in which two step results differ."""
    names = ("observation", "reward", "terminated", "truncated")
    wrong = [name for name, a, b in zip(names, fast, stock, strict=False) if not identical(a, b)]
    fast_info = dict(fast[4])
    stock_info = dict(stock[4])
    fast_terms = fast_info.pop("reward_terms", {})
    stock_terms = stock_info.pop("reward_terms", {})
    for prefix, a, b in (("info", fast_info, stock_info), ("term", fast_terms, stock_terms)):
        if list(a) != list(b):
            wrong.append(f"{prefix} names")
        wrong += [f"{prefix} {name}" for name in a.keys() & b.keys() if not identical(a[name], b[name])]
    return wrong


# -- placements: put the ball where something happens ----------------------------------------------------


def _put_ball(sim: SoccerSim, position: np.ndarray, velocity: np.ndarray) -> None:
    ball = sim.data.joint("env:ball")
    ball.qpos[:3] = position
    ball.qvel[:3] = velocity


def _ball(sim: SoccerSim) -> np.ndarray:
    return sim.data.joint("env:ball").qpos[:3].copy()


def _goal(sim: SoccerSim) -> np.ndarray:
    name = sim.stock.parameters_dict["team_parameters"][sim.stock.current_team]["goal"]["name"]
    return sim.data.site(name).xpos.copy()


def as_reset(sim: SoccerSim) -> None:
    """Leave everything as the reset made it."""


def at_goal(sim: SoccerSim) -> None:
    """A shot that scores: past the keeper, through the point in the air, or over the target."""
    if sim.task.name == "kick_to_target":
        _put_ball(sim, sim.stock.goal_pos + [0.8, 0.0, 0.0], np.array([-3.0, 0.0, 0.0]))
        return
    if sim.task.name == "obstacle_penalty_kick":
        target = sim.data.site(sim.stock.goal_site).xpos.copy()
        _put_ball(sim, target + [0.9, 0.0, 0.0], np.array([-6.0, 0.0, 1.0]))
        return
    goal = _goal(sim)
    _put_ball(sim, _ball(sim), 3.0 * (goal + [0.0, -1.1, 0.0] - _ball(sim)))


def at_keeper(sim: SoccerSim) -> None:
    """A shot into the keeper's path or at a defender; toward the goal's middle where there is neither."""
    if sim.task.name == "obstacle_penalty_kick":
        # Only defenders in the two inner places are solid: MuJoCo's collision tree keeps the places that
        # they had when the model was compiled, and the reset moves the outer ones out of it.
        defenders = [sim.data.geom(f"defender_geom{index}").xpos for index in range(3)]
        blocker = min(defenders, key=lambda xpos: abs(xpos[1]))
    elif sim.task.name == "goalie_penalty_kick":
        blocker = sim.data.geom("goalkeeper_team_0_geom").xpos + [0.0, 0.3, 0.0]
    else:
        blocker = _goal(sim)
    height = blocker[2] if sim.task.name == "obstacle_penalty_kick" else _ball(sim)[2]
    _put_ball(sim, np.array([blocker[0] + 0.9, blocker[1], height]), np.array([-5.0, 0.0, 1.0]))


def off_field(sim: SoccerSim) -> None:
    """A ball that rolls over the side line."""
    ball = _ball(sim)
    _put_ball(sim, np.array([ball[0], 6.0, ball[2]]), np.array([0.0, 3.0, 0.0]))


def at_feet(sim: SoccerSim) -> None:
    """A ball that rolls against the robot."""
    trunk = sim.data.body("robot_0:Trunk")
    ahead = trunk.xmat.reshape(3, 3)[:, 0].copy()
    position = trunk.xpos + 0.45 * ahead
    _put_ball(sim, np.array([position[0], position[1] + 0.1, _ball(sim)[2]]), -1.5 * ahead)


# -- drivers: what the legs do ---------------------------------------------------------------------------


def _standing(sim: SoccerSim, rng: np.random.Generator) -> np.ndarray:
    torque = 200.0 * -sim.joint_pos - 5.0 * sim.joint_vel
    return np.clip(torque, -TORQUE_LIMIT, TORQUE_LIMIT).astype(np.float32)


def _random(sim: SoccerSim, rng: np.random.Generator) -> np.ndarray:
    return (rng.uniform(-1, 1, 12) * TORQUE_LIMIT).astype(np.float32)


def _saturating(sim: SoccerSim, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 80, 12)


Placement = Callable[[SoccerSim], None]
Driver = Callable[[SoccerSim, np.random.Generator], np.ndarray]

PLAYS: tuple[tuple[Placement, Driver], ...] = (
    (as_reset, _random),
    (at_goal, _standing),
    (at_keeper, _standing),
    (off_field, _standing),
    (at_feet, _standing),
    (at_feet, _random),
    (as_reset, _saturating),
    (as_reset, _standing),
)
"""Where the ball is put and what drives the legs, for each episode in turn."""


def compare(task: str, team: int, steps: int, seed: int = 0) -> Comparison:
    """Drive the fast and the stock simulation side by side.

    Args:
        task: our name.
        team: 0 or 1.
        steps: physics steps to compare.
        seed: of the first episode.
    """
    fast = make_sim(task, team=team)
    stock = make_sim(task, fast=False, team=team)
    quick: _Compiled | None = None
    result = Comparison()
    while result.steps < steps:
        place, driver = PLAYS[seed % len(PLAYS)]
        _compare_reset(fast, stock, seed, result)
        place(fast)
        stock.data.qpos[:] = fast.data.qpos
        stock.data.qvel[:] = fast.data.qvel
        if not quick and result.steps >= steps / 2:
            quick = _Compiled(fast)  # only now, because it reads the scene in the simulation's place
        rng = np.random.default_rng(seed)
        _compare_steps(fast, stock, driver, rng, result, steps, quick if quick and quick.loop else None)
        seed += 1
    return result


class _Compiled:
    """The fast simulation, stepped by the compiled loop."""

    def __init__(self, sim: SoccerSim) -> None:
        self._sim = sim
        self.loop = step_loop(sim, None, sum_reward=True)

    def step(self, torque: np.ndarray) -> tuple:
        """As `SoccerSim.step`."""
        sim = self._sim
        assert self.loop is not None
        self.loop.run(sim.admit(torque), 1)
        info = {**sim.info(), "reward_terms": self.loop.terms()}
        return sim.observation(), np.float32(self.loop.reward()), sim.terminated, sim.truncated, info


def _compare_reset(fast: SoccerSim, stock: SoccerSim, seed: int, result: Comparison) -> None:
    fast_observation, fast_info = fast.reset(seed=seed)
    stock_observation, stock_info = stock.stock_limited.reset(seed=seed)
    fast_start = (fast_observation, 0, 0, 0, fast_info)
    stock_start = (stock_observation, 0, 0, 0, stock_info)
    result.mismatches.update(f"reset {name}" for name in differing_fields(fast_start, stock_start))


def _compare_steps(
    fast: SoccerSim,
    stock: SoccerSim,
    driver: Driver,
    rng: np.random.Generator,
    result: Comparison,
    budget: int,
    quick: _Compiled | None,
) -> None:
    """Step both until either episode is over or `budget` steps have been compared in all."""
    over = False
    while not over and result.steps < budget:
        torque = driver(fast, rng)
        if quick:
            torque = torque.astype(np.float32)  # as an action has them
            result.compiled += 1
        fast_step = (quick or fast).step(torque)
        # The stock environment itself, without anything of ours between.
        stock_step = stock.stock_limited.step(torque)
        result.mismatches.update(differing_fields(fast_step, stock_step))
        result.touches += fast.touches(fast.robot_geoms)
        result.steps += 1
        over = fast_step[2] or fast_step[3] or stock_step[2] or stock_step[3]
    result.outcomes[fast.outcome if over else "cut"] += 1


def main(config: ExactBenchConfig) -> int:
    """Compare all tasks for both teams, print the table, write the JSON; 4 where a bit differs."""
    rows: dict[str, Any] = {}
    columns = {"task": 24, "team": 5, "steps": 8, "compiled": 9, "mismatches": 12, "touches": 9}
    table = LiveTable(columns, note="ends")
    for task in tasks_named(config.tasks):
        for team in (0, 1):
            found = compare(task.name, team, config.steps, config.seed)
            ends = ", ".join(f"{name} {count}" for name, count in sorted(found.outcomes.items()))
            counts = (team, found.steps, found.compiled, found.mismatches.total(), found.touches)
            table.row([task.name, *map(str, counts)], ends)
            rows[f"{task.name}/team_{team}"] = {
                "steps": found.steps,
                "compiled": found.compiled,
                "mismatches": dict(found.mismatches),
                "outcomes": dict(found.outcomes),
                "touches": found.touches,
            }
    total = sum(sum(row["mismatches"].values()) for row in rows.values())
    print(f"{total} mismatches in {sum(row['steps'] for row in rows.values())} steps")
    finish(config, {"mismatches": total, "tasks": rows})
    return 4 if total else 0
