"""The rolling ball: what the observed point does while the centre moves straight on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.sim import make_sim
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.style import INK, ORANGE, QUIET, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RollingBall:
    """A ball rolled along y, across the field, in the real environment.

    Attributes:
        time: [s]. Shape: (n,).
        point: the observed point, world axes [m]. Shape: (n, 3).
        centre: the ball's centre, world axes [m]. Shape: (n, 3).
        point_speed: speed of the observed point along y [m/s]. Shape: (n,).
    """

    time: np.ndarray
    point: np.ndarray
    centre: np.ndarray
    point_speed: np.ndarray


def trace_rolling_ball(speed: float = 2.0, seconds: float = 1.5) -> RollingBall:
    """Roll the ball of penalty_kick across the field and record both points at every physics step.

    Args:
        speed: of the ball's centre, already rolling [m/s].
        seconds: how long [s].
    """
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    joint, geom = sim.model.joint("env:ball"), sim.model.geom("ball").id
    velocity = int(joint.dofadr[0])
    radius = float(sim.model.geom_size[geom][0])
    # The free joint sits at the observed point: without slip that point rests when it is at the bottom.
    sim.data.qvel[velocity : velocity + 6] = [0, 0, 0, -speed / radius, 0, 0]
    rows = []
    for _ in range(round(seconds / PHYSICS_DT)):
        sim.advance(np.zeros(12))
        sim.readings.measure()
        rows.append((sim.readings.ball.copy(), sim.data.geom_xpos[geom].copy(), sim.readings.ball_velp[1]))
    points, centres, speeds = zip(*rows, strict=True)
    time = PHYSICS_DT * np.arange(1, len(rows) + 1)
    return RollingBall(time, np.array(points), np.array(centres), np.array(speeds))


def plot_rolling_ball(ball: RollingBall) -> Figure:
    """Path and speed of the observed point beside those of the centre."""
    figure = new_figure(9.5, 3.6)
    path, speed = figure.subplots(2, 1)
    y, point_y = ball.centre[:, 1], ball.point[:, 1]
    for axes, (x, centre), (point_x, point), label in (
        (path, (y, ball.centre[:, 2]), (point_y, ball.point[:, 2]), "height [m]"),
        (speed, (ball.time, np.gradient(y, ball.time)), (ball.time, ball.point_speed), "speed [m/s]"),
    ):
        tidy(axes)
        axes.plot(x, centre, color=INK, linewidth=1.6, label="centre")
        axes.plot(point_x, point, color=ORANGE, linewidth=1.6, label="observed point")
        axes.set_ylabel(label, fontsize=9, color=QUIET)
        axes.legend(frameon=False, fontsize=9, loc="upper right", ncols=2)
        axes.margins(y=0.35)
    path.set_xlabel("across the field [m]", fontsize=9, color=QUIET)
    speed.set_xlabel("time [s]", fontsize=9, color=QUIET)
    return figure
