"""`bench exact`: is the fast simulation the stock environment, bit for bit?

Both are reset with the same seed, put into the same scene and driven with the same torques; every field
that a step returns is compared: observation, reward, every reward term, terminated, truncated and every
entry of info, type and bits. Scenes are chosen so that every way an episode can end is seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.sim import SoccerSim, make_sim
from soccer_lib.tasks import TASKS, tasks_named
from soccer_lib.workshop.bench.report import finish


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
    """

    steps: int = 0
    mismatches: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    touches: int = 0


def identical(left: Any, right: Any) -> bool:
    """Whether two values have the same bits; a Python number may stand for numpy's scalar of its value."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        left, right = np.asarray(left), np.asarray(right)
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    return np.float64(left).tobytes() == np.float64(right).tobytes()


def differing_fields(fast: tuple, stock: tuple) -> list[str]:
    """Names of the fields in which two step results differ."""
    names = ("observation", "reward", "terminated", "truncated")
    wrong = [name for name, a, b in zip(names, fast, stock, strict=False) if not identical(a, b)]
    fast_info, stock_info = dict(fast[4]), dict(stock[4])
    fast_terms, stock_terms = fast_info.pop("reward_terms", {}), stock_info.pop("reward_terms", {})
    for prefix, a, b in (("info", fast_info, stock_info), ("term", fast_terms, stock_terms)):
        if list(a) != list(b):
            wrong.append(f"{prefix} names")
        wrong += [f"{prefix} {name}" for name in a.keys() & b.keys() if not identical(a[name], b[name])]
    return wrong


# -- scenes: put the ball where something happens --------------------------------------------------------


def _put_ball(sim: SoccerSim, position: np.ndarray, velocity: np.ndarray) -> None:
    joint = sim.model.joint("env:ball")
    qpos, qvel = int(joint.qposadr[0]), int(joint.dofadr[0])
    sim.data.qpos[qpos : qpos + 3] = position
    sim.data.qvel[qvel : qvel + 3] = velocity


def _ball(sim: SoccerSim) -> np.ndarray:
    address = int(sim.model.joint("env:ball").qposadr[0])
    return sim.data.qpos[address : address + 3].copy()


def _goal(sim: SoccerSim) -> np.ndarray:
    name = sim.stock.parameters_dict["team_parameters"][sim.stock.current_team]["goal"]["name"]
    return sim.data.site(name).xpos.copy()


def as_reset(sim: SoccerSim) -> None:
    """Leave the scene as the reset made it."""


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
    kp, kd = np.full(12, 200.0), np.full(12, 5.0)
    torque = kp * -sim.joint_pos - kd * sim.joint_vel
    return np.clip(torque, -TORQUE_LIMIT, TORQUE_LIMIT).astype(np.float32)


def _random(sim: SoccerSim, rng: np.random.Generator) -> np.ndarray:
    return (rng.uniform(-1, 1, 12) * TORQUE_LIMIT).astype(np.float32)


def _saturating(sim: SoccerSim, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 80, 12)


Scene = Callable[[SoccerSim], None]
Driver = Callable[[SoccerSim, np.random.Generator], np.ndarray]

PLAYS: tuple[tuple[Scene, Driver], ...] = (
    (as_reset, _random),
    (at_goal, _standing),
    (at_keeper, _standing),
    (off_field, _standing),
    (at_feet, _standing),
    (at_feet, _random),
    (as_reset, _saturating),
    (as_reset, _standing),
)
"""Scene and driver of each episode, in turn."""


def compare(task: str, team: int, steps: int, seed: int = 0) -> Comparison:
    """Drive the fast and the stock simulation side by side.

    Args:
        task: our name.
        team: 0 or 1.
        steps: physics steps to compare.
        seed: of the first episode.
    """
    fast, stock = make_sim(task, team=team), make_sim(task, fast=False, team=team)
    result = Comparison()
    while result.steps < steps:
        scene, driver = PLAYS[seed % len(PLAYS)]
        _compare_episode(fast, stock.stock_limited, (scene, driver, seed), result, steps)
        seed += 1
    return result


def _compare_episode(
    fast: SoccerSim, stock: gym.Env, play: tuple[Scene, Driver, int], result: Comparison, budget: int
) -> None:
    scene, driver, seed = play
    rng = np.random.default_rng(seed)
    fast_start, stock_start = fast.reset(seed=seed), stock.reset(seed=seed)
    for name in differing_fields(
        (fast_start[0], 0, 0, 0, fast_start[1]), (stock_start[0], 0, 0, 0, stock_start[1])
    ):
        result.mismatches[f"reset {name}"] += 1
    scene(fast)
    _copy_scene(fast, stock)
    over = False
    while not over and result.steps < budget:
        torque = driver(fast, rng)
        fast_step, stock_step = fast.step(torque), stock.step(torque)
        result.mismatches.update(differing_fields(fast_step, stock_step))
        result.touches += bool(fast.touches(frozenset(fast.stock.robot_geom_ids)))
        result.steps += 1
        over = fast_step[2] or fast_step[3] or stock_step[2] or stock_step[3]
    result.outcomes[fast.outcome if over else "cut"] += 1


def _copy_scene(fast: SoccerSim, stock: gym.Env) -> None:
    data = stock.unwrapped.sim.data._data
    data.qpos[:], data.qvel[:] = fast.data.qpos, fast.data.qvel


def main(config: ExactBenchConfig) -> int:
    """Compare all tasks for both teams, print the table, write the JSON; 4 where a bit differs."""
    rows: dict[str, Any] = {}
    print(f"{'task':<24}{'team':>5}{'steps':>8}{'mismatches':>12}{'touches':>9}  ends")
    for task in tasks_named(config.tasks):
        for team in (0, 1):
            found = compare(task.name, team, config.steps, config.seed)
            wrong = sum(found.mismatches.values())
            ends = ", ".join(f"{name} {count}" for name, count in sorted(found.outcomes.items()))
            print(
                f"{task.name:<24}{team:>5}{found.steps:>8}{wrong:>12}{found.touches:>9}  {ends}", flush=True
            )
            rows[f"{task.name}/team_{team}"] = {
                "steps": found.steps,
                "mismatches": dict(found.mismatches),
                "outcomes": dict(found.outcomes),
                "touches": found.touches,
            }
    total = sum(sum(row["mismatches"].values()) for row in rows.values())
    print(f"{total} mismatches in {sum(row['steps'] for row in rows.values())} steps")
    finish(config, {"mismatches": total, "tasks": rows})
    return 4 if total else 0
