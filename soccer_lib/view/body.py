"""The robot's body drawn with matplotlib, an ellipse for each of its meshes: no OpenGL is needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from soccer_lib.evaluation.trajectory import TRUNK, Trajectory
from soccer_lib.view.scene import drawn_geoms
from soccer_lib.view.style import INK, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_body(
    axes: Axes, model: mujoco.MjModel, geom_xpos: np.ndarray, geom_xmat: np.ndarray, turn: float = 0.0
) -> None:
    """Draw the robot from its right side, as it stands along x, or from another side.

    Args:
        axes: to draw on.
        model: the simulation's model.
        geom_xpos: where every geom is [m], Shape: (n_geoms, 3).
        geom_xmat: its axes, Shape: (n_geoms, 9).
        turn: what points to the right of the picture, an angle from the world's x axis [rad].
    """
    from matplotlib.patches import Ellipse

    parts, centres = drawn_geoms(model)
    of_robot = model.geom_bodyid[parts] >= model.body(TRUNK).id
    parts = parts[of_robot]
    centres = centres[of_robot]
    cos = math.cos(turn)
    sin = math.sin(turn)
    plane = np.array([(cos, sin, 0), (0, 0, 1)])  # right and up in the picture
    nearness = geom_xpos[parts] @ (sin, -cos, 0)
    origin = plane[0] @ geom_xpos[parts[0]]
    for index in np.argsort(nearness):
        part = parts[index]
        rotation = geom_xmat[part].reshape(3, 3)
        centre = plane @ (geom_xpos[part] + rotation @ centres[index]) - (origin, 0)
        # An ellipsoid's shadow on a plane is an ellipse: its axes are the principal ones of the projection.
        projection = plane @ rotation * model.geom_aabb[part, 3:]
        squares, directions = np.linalg.eigh(projection @ projection.T)
        width, height = 2 * np.sqrt(squares[::-1])
        angle = math.degrees(math.atan2(directions[1, 1], directions[0, 1]))
        colour = model.geom_rgba[part]
        axes.add_patch(
            Ellipse(centre, width, height, angle=angle, facecolor=colour, edgecolor=INK, linewidth=0.5)
        )
    axes.axhline(0, color=QUIET, linewidth=1)
    axes.axis("off")
    axes.set(aspect="equal", xlim=(-0.7, 0.7), ylim=(-0.05, 1.25))


def draw_pose(axes: Axes, trajectory: Trajectory, row: int) -> None:
    """Draw the robot of one row of a trajectory from its right."""
    heading = trajectory.robot[row, 2]
    draw_body(axes, trajectory.model, trajectory.geom_xpos[row], trajectory.geom_xmat[row], heading)
