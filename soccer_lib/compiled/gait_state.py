"""The numbers of the walker as records: constants of the modules that are mirrored, parameters, state."""

from __future__ import annotations

import dataclasses

import numpy as np

from soccer_lib.control import gait, leg, residual, walker
from soccer_lib.tasks import WALKER_DT

PARAMETERS = np.dtype([(field.name, np.float64) for field in dataclasses.fields(gait.GaitParameters)])
"""`GaitParameters`."""

STATE = np.dtype(
    [
        ("time", np.float64),
        ("phase", np.float64),
        ("standing", np.bool_),
        ("ready", np.uint8, (2,)),
        ("swinging", np.uint8, (2,)),
        ("command", np.float64, (3,)),
        ("mean", np.float64, (3,)),
        ("integral", np.float64, (3,)),
        ("start_pose", np.float64, (12,)),
        ("feet", np.float64, (2, 3)),
        ("lifted", np.float64, (2, 3)),
        ("hip_pitch", np.float64, (2,)),
        ("action", np.float64, (12,)),  # the network's last output, as applied
        ("wanted", np.float64, (3,)),  # what is asked for
        ("sensed", np.float32, (34,)),  # `Sensed` in one row
        ("joints", np.intp),  # addresses of what it is read from: positions, velocities, sensors
        ("speeds", np.intp),
        ("sensors", np.intp),
        ("attitude", np.intp, (10,)),  # entries of the sensors
        ("targets", np.float64, (12,)),  # of the engine [rad]
        ("row", np.float32, (residual.FEATURE_COUNT,)),  # the network's input
        ("output", np.float32, (12,)),  # the network's output
        ("result", np.float32, (12,)),  # joint targets of both together [rad]
    ],
    align=True,
)
"""The state of `Gait` and `OwnWalker` by its names there, then what goes in and comes out."""

_CONSTANTS = {
    "dt": WALKER_DT,
    "landing": gait.LANDING,
    "missed_lift_off": gait.MISSED_LIFT_OFF,
    "average_rate": gait.AVERAGE_RATE,
    "hip_y": leg.HIP_Y,
    "roll_drop": leg.ROLL_DROP,
    "ankle_drop": leg.ANKLE_DROP,
    "thigh": leg.THIGH,
    "thigh_angle": leg.THIGH_ANGLE,
    "squares": leg.SQUARES,
    "twice": leg.TWICE,
    "action_limit": residual.ACTION_LIMIT,
    "residual_scale": residual.RESIDUAL_SCALE,
    "reach": leg.REACH,
    "ramp": gait.RAMP,
    "integral_limit": gait.INTEGRAL_LIMIT,
    "low": (leg.LEFT_LOW, leg.RIGHT_LOW),
    "high": (leg.LEFT_HIGH, leg.RIGHT_HIGH),
    "target_low": walker.TARGET_LOW,
    "target_high": walker.TARGET_HIGH,
    "leg_sign": residual.LEG_SIGN,
    "pose": residual.POSE,
    "powers": (2.0, 3.0),
}
CONSTANTS = np.zeros(1, [(name, np.float64, np.shape(value)) for name, value in _CONSTANTS.items()])
for _name, _value in _CONSTANTS.items():
    CONSTANTS[_name] = _value
