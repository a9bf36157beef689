"""Where things stand in MuJoCo's arrays: names looked up once, before the first step."""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import numpy as np

from soccer_lib.errors import InputError

BLOW_UPS = [
    int(getattr(mujoco.mjtWarning, f"mjWARN_{name}"))
    for name in ("CONTACTFULL", "CNSTRFULL", "BADQPOS", "BADQVEL", "BADQACC", "BADCTRL")
]
"""MuJoCo warnings after which the physics of an episode cannot be trusted; indices of its counters."""


def sensor_entries(model: mujoco.MjModel) -> dict[str, slice | np.ndarray]:
    """Entries of `sensordata` behind the sensor fields of the stock info.

    Returns:
        field name -> entries; the quaternion is turned from MuJoCo's w x y z to the stock x y z w.
    """
    entries: dict[str, slice | np.ndarray] = {}
    for field, name in (
        ("robot_accelerometer", "robot_0:accelerometer"),
        ("robot_gyro", "robot_0:torso_gyro"),
        ("robot_velocimeter", "robot_0:torso_vel"),
    ):
        start = int(model.sensor(name).adr[0])
        entries[field] = slice(start, start + 3)
    quat = int(model.sensor("robot_0:torso_quat").adr[0])
    entries["robot_quat"] = np.array([quat + 1, quat + 2, quat + 3, quat])
    return entries


def slice_of(indices: Iterable[int]) -> slice:
    """A run of indices as a slice; names that are not consecutive would break the observation order."""
    indices = [int(index) for index in indices]
    if indices != list(range(indices[0], indices[0] + len(indices))):
        raise InputError(
            f"entries {indices} are not consecutive; expected one run; install sai-mujoco 0.1.30"
        )
    return slice(indices[0], indices[0] + len(indices))


def reach_of_robot(model: mujoco.MjModel, robot_geoms: frozenset[int]) -> float:
    """Upper bound of the distance from the trunk's IMU to the robot's farthest point [m]."""
    root = int(model.body("robot_0:Trunk").id)

    def from_root(body: int) -> float:
        return (
            0.0
            if body == root
            else float(np.linalg.norm(model.body_pos[body])) + from_root(model.body_parentid[body])
        )

    imu = float(np.linalg.norm(model.site("robot_0:imu").pos))
    return imu + max(
        from_root(int(model.geom_bodyid[geom]))
        + float(np.linalg.norm(model.geom_pos[geom]) + model.geom_rbound[geom])
        for geom in robot_geoms
    )
