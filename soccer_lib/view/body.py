"""The robot's body drawn with matplotlib, an ellipse for each of its meshes: no OpenGL is needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from soccer_lib.evaluation.trajectory import TRUNK
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
    own = model.geom_bodyid[parts] >= model.body(TRUNK).id
    parts, centres = parts[own], centres[own]
    cos, sin = math.cos(turn), math.sin(turn)
    plane, depth = np.array([(cos, sin, 0), (0, 0, 1)]), geom_xpos[parts] @ (sin, -cos, 0)
    origin = plane[0] @ geom_xpos[parts[0]]
    for index in np.argsort(depth):
        part = parts[index]
        rotation = geom_xmat[part].reshape(3, 3)
        middle = plane @ (geom_xpos[part] + rotation @ centres[index]) - (origin, 0)
        outline = plane @ rotation * model.geom_aabb[part, 3:]
        squares, directions = np.linalg.eigh(outline @ outline.T)
        look = {"facecolor": model.geom_rgba[part], "edgecolor": INK, "linewidth": 0.5}
        angle = math.degrees(math.atan2(directions[1, 1], directions[0, 1]))
        axes.add_patch(Ellipse(middle, *(2 * np.sqrt(squares[::-1])), angle=angle, **look))
    axes.axhline(0, color=QUIET, linewidth=1)
    axes.axis("off")
    axes.set(aspect="equal", xlim=(-0.7, 0.7), ylim=(-0.05, 1.25))
