"""The rolling ball: what the observed point does while the centre moves straight on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.sim import make_sim
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.style import ACCENT, INK, ORANGE, new_figure, styled

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
        spin: angular velocity of the ball, world axes [rad/s]. Shape: (n, 3).
    """

    time: np.ndarray
    point: np.ndarray
    centre: np.ndarray
    point_speed: np.ndarray
    spin: np.ndarray


def trace_rolling_ball(speed: float = 2.0, seconds: float = 1.5) -> RollingBall:
    """Roll the ball of penalty_kick across the field and record both points at every physics step.

    Args:
        speed: of the ball's centre, already rolling [m/s].
        seconds: how long [s].
    """
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    velocity = int(sim.model.joint("env:ball").dofadr[0])
    geom = sim.model.geom("ball").id
    radius = float(sim.model.geom_size[geom][0])
    # The free joint sits at the observed point: without slip that point rests when it is at the bottom.
    sim.data.qvel[velocity : velocity + 6] = [0, 0, 0, -speed / radius, 0, 0]
    points = []
    centres = []
    point_speeds = []
    spins = []
    for _ in range(round(seconds / PHYSICS_DT)):
        sim.advance(np.zeros(12))
        sim.readings.measure()
        points.append(sim.data.site("ball").xpos.copy())
        centres.append(sim.data.geom_xpos[geom].copy())
        point_speeds.append(sim.readings.ball_velp[1])
        spins.append(sim.readings.ball_velr.copy())
    time = PHYSICS_DT * np.arange(1, len(points) + 1)
    return RollingBall(time, np.array(points), np.array(centres), np.array(point_speeds), np.array(spins))


@styled
def plot_rolling_ball(ball: RollingBall, tracked: tuple[np.ndarray, np.ndarray] | None = None) -> Figure:
    """Path and speed of the observed point beside those of the centre.

    Args:
        ball: of `trace_rolling_ball`.
        tracked: times [s], Shape: (k,), and the centre that somebody worked out then, world axes [m],
            Shape: (k, 3); drawn over the true one.
    """
    figure = new_figure(9.5, 3.8)
    path, speed = figure.subplots(2, 1)
    path.plot(ball.centre[:, 1], ball.centre[:, 2], color=INK, label="centre")
    path.plot(ball.point[:, 1], ball.point[:, 2], color=ORANGE, label="observed point")
    if tracked is not None:
        _, places = tracked
        path.plot(places[:, 1], places[:, 2], "o", color=ACCENT, markersize=4, label="your centre")
    path.set(xlabel="y, across the field [m]", ylabel="height [m]")
    speed.plot(ball.time, np.gradient(ball.centre[:, 1], ball.time), color=INK)
    speed.plot(ball.time, ball.point_speed, color=ORANGE)
    speed.set(xlabel="time [s]", ylabel="speed along y [m/s]")
    figure.legend(loc="outside upper right", ncols=3)
    return figure
