"""The exact fast simulation: the stock environments' physics without their Python overhead."""

from __future__ import annotations

import gymnasium as gym

from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.keeper import GoalKeeperSim
from soccer_lib.sim.penalty import GoalieSim, ObstacleSim, PenaltySim
from soccer_lib.sim.reference import StockSim
from soccer_lib.sim.stock import make_stock
from soccer_lib.sim.target import KickToTargetSim
from soccer_lib.sim.trail import SpinTrail
from soccer_lib.tasks import Task, task_named

__all__ = ["SoccerSim", "SpinTrail", "StockSim", "make_sim", "make_stock", "simulation_of"]


def simulation_of(env: gym.Env) -> SoccerSim:
    """The simulation below all layers; of several tasks the one in play."""
    sim = env.unwrapped
    assert isinstance(sim, SoccerSim)
    return sim


RULES: dict[str, type[SoccerSim]] = {
    "goalie_penalty_kick": GoalieSim,
    "obstacle_penalty_kick": ObstacleSim,
    "kick_to_target": KickToTargetSim,
    "penalty_kick": PenaltySim,
    "goal_keeper": GoalKeeperSim,
}
"""Which class simulates which task."""


def make_sim(
    task: str | Task, *, fast: bool = True, team: int = 0, render_mode: str | None = None, **size: int
) -> SoccerSim:
    """Build the simulation of a task.

    Args:
        task: our name or the gym id.
        fast: the exact fast step; False steps the stock environment itself, about eight times slower.
        team: 0 kicks at the south goal, 1 at the north goal, -1 draws one at each reset.
        render_mode: None or "rgb_array".
        size: `width` and `height` of the picture [pixels].
    """
    task = task_named(task)
    cls = RULES[task.name] if fast else StockSim
    return cls(task, team=team, render_mode=render_mode, **size)
