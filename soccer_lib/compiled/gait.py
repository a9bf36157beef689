"""The walker compiled: `OwnWalker.step`, bit for bit.

Mirrors `gait.Gait.step`, `leg.leg_angles`, `residual.TrunkState`, `features` and `unmirror`, and
`walker.combine`, in their order of floating-point operations; those stay the reference that tests compare
with. Two functions need care: Python's `hypot` is not the C library's, and a power with a constant exponent
would be multiplied out.

All numbers lie in three records: `CONSTANTS` of the modules that are mirrored (as an argument, so that no
cached code outlives a change of them), the gait's parameters, and the walker's state.
"""

from __future__ import annotations

import math
from math import acos, asin, atan2, cos, pi, sin

import numpy as np
from numba import carray, types

from soccer_lib.compiled.gait_state import CONSTANTS, PARAMETERS, STATE
from soccer_lib.compiled.hypot import hypot
from soccer_lib.compiled.jit import compiled, exported
from soccer_lib.compiled.memory import doubles_at
from soccer_lib.compiled.network import NETWORK, run_network


@compiled
def _clamp(value, low, high):
    return low if value < low else high if value > high else value


@compiled
def _trunk(quat, gyro, velocimeter):
    """As `TrunkState`: pitch, roll, velocity, up, yaw rate."""
    x, y, z, w = np.float64(quat[0]), np.float64(quat[1]), np.float64(quat[2]), np.float64(quat[3])
    pitch = asin(_clamp(2 * (w * y - z * x), -1.0, 1.0))
    roll = atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    cp, sp, cr, sr = cos(pitch), sin(pitch), cos(roll), sin(roll)
    u, v, s = np.float64(velocimeter[0]), np.float64(velocimeter[1]), np.float64(velocimeter[2])
    side = sr * v + cr * s
    velocity = (cp * u + sp * side, cr * v - sr * s, cp * side - sp * u)
    up = (-sp, sr * cp, cr * cp)
    spin = (np.float64(gyro[0]), np.float64(gyro[1]), np.float64(gyro[2]))
    yaw_rate = up[0] * spin[0] + up[1] * spin[1] + up[2] * spin[2]
    return pitch, roll, spin, velocity, up, yaw_rate


@compiled
def _leg_angles(fixed, q, x, y, z, pitch, roll, yaw, hip_y, last_hip_pitch):
    """As `leg_angles`, into six entries."""
    ct, st, cr, sr = cos(pitch), sin(pitch), cos(roll), sin(roll)
    cy, sy = cos(yaw), sin(yaw)
    srst, srct, crst, crct = sr * st, sr * ct, cr * st, cr * ct
    ux = -fixed.roll_drop * sin(last_hip_pitch) - (ct * x - st * z)
    uy = hip_y - (srst * x + cr * y + srct * z)
    uz = -fixed.roll_drop * cos(last_hip_pitch) - (crst * x - sr * y + crct * z)
    r00, r01, r02 = ct * cy, -ct * sy, -st
    r10, r11, r12 = srst * cy + cr * sy, -srst * sy + cr * cy, srct
    r20, r21, r22 = crst * cy - sr * sy, -crst * sy - sr * cy, crct
    a = r00 * ux + r10 * uy + r20 * uz
    b = r01 * ux + r11 * uy + r21 * uz
    c = r02 * ux + r12 * uy + r22 * uz
    ankle_roll = atan2(b, c)
    up = hypot(b, c) - fixed.ankle_drop
    reach = _clamp(hypot(a, up), fixed.reach[0], fixed.reach[1])
    inner = acos(_clamp((fixed.squares - reach * reach) / fixed.twice, -1.0, 1.0))
    knee = pi - inner + fixed.thigh_angle
    ankle_pitch = -atan2(a, up) - asin(_clamp(fixed.thigh * sin(inner) / reach, -1.0, 1.0))
    bend = knee + ankle_pitch
    cb, sb, ca, sa = cos(bend), sin(bend), cos(ankle_roll), sin(ankle_roll)
    h02 = -r00 * sb + r01 * sa * cb + r02 * ca * cb
    h12 = -r10 * sb + r11 * sa * cb + r12 * ca * cb
    h22 = -r20 * sb + r21 * sa * cb + r22 * ca * cb
    h10 = r10 * cb + r11 * sa * sb + r12 * ca * sb
    h11 = r11 * ca - r12 * sa
    q[0] = atan2(h02, h22)
    q[1] = -asin(_clamp(h12, -1.0, 1.0))
    q[2] = atan2(h10, h11)
    q[3] = knee
    q[4] = ankle_pitch
    q[5] = ankle_roll


@compiled
def _follow(fixed, p, state, wanted, velocity, yaw_rate):
    gains = (p.integral_vx, p.integral_vy, p.integral_yaw)
    measured = (velocity[0], velocity[1], yaw_rate)
    for i in range(3):
        most = fixed.ramp[i] * fixed.dt
        state.command[i] += _clamp(wanted[i] - state.command[i], -most, most)
        state.mean[i] += fixed.average_rate * (measured[i] - state.mean[i])
        if state.standing:
            state.integral[i] *= 0.9
        elif abs(wanted[i] - state.command[i]) < 1e-6:
            limit = fixed.integral_limit[i]
            error = state.command[i] - state.mean[i]
            state.integral[i] = _clamp(state.integral[i] + fixed.dt * gains[i] * error, -limit, limit)


@compiled
def _stand_or_walk(fixed, p, state, landed, lean_error, roll, velocity):
    command = state.command
    asked = command[0] != 0.0 or command[1] != 0.0 or command[2] != 0.0
    speed = hypot(velocity[0], velocity[1])
    if state.standing:
        pushed = speed > 0.4 or abs(lean_error) > 0.25 or abs(roll) > 0.12
        state.standing = not (landed and (asked or pushed))
        if not state.standing:
            missed = (state.phase + p.frequency * fixed.dt - 0.25 * p.double_support) % 0.5
            if missed < fixed.missed_lift_off:
                state.phase = (state.phase - missed - 1e-9) % 1.0
    elif not asked and (state.phase % 0.5) < p.frequency * fixed.dt:
        left, right = state.feet[0], state.feet[1]
        together = abs(left[0] - right[0]) < 0.06 and abs(left[2] - right[2]) < 0.15
        narrow = left[1] - right[1] < 2 * (fixed.hip_y + p.width) + 0.14
        calm = speed < 0.3 and hypot(state.mean[0], state.mean[1]) < 0.15
        quiet = abs(lean_error) < 0.15 and abs(roll) < 0.07
        state.standing = together and narrow and calm and quiet


@compiled
def _place_foot(fixed, p, state, k, side, tau, c, velocity, walk):
    foot = state.feet[k]
    if state.swinging[k]:
        half = 0.25 / p.frequency
        x = p.foot_forward + c[0] * half + p.place_vx * (velocity[0] - c[0])
        y = side * (fixed.hip_y + p.width) + c[1] * half + p.place_vy * (velocity[1] - c[1])
        land = (_clamp(x, -0.3, 0.3), _clamp(side * max(side * y, 0.075), -0.32, 0.32), c[2] * half)
        share = math.pow(tau, fixed.powers[1]) * (10 - 15 * tau + 6 * tau * tau)
        for i in range(3):
            foot[i] = state.lifted[k, i] + (land[i] - state.lifted[k, i]) * share
    else:
        x, y, yaw = foot[0], foot[1], foot[2]
        for i in range(3):
            state.lifted[k, i] = foot[i]
        if walk:
            vx = (1 - p.stance_vx) * c[0] + p.stance_vx * velocity[0]
            vy = (1 - p.stance_vy) * c[1] + p.stance_vy * velocity[1]
            foot[0] = x - fixed.dt * (vx - c[2] * y)
            foot[1] = y - fixed.dt * (vy + c[2] * x)
            foot[2] = yaw - fixed.dt * c[2]
    foot[0] = _clamp(foot[0], -0.33, 0.33)
    foot[1] = side * _clamp(side * foot[1], 0.06, 0.36)
    foot[2] = _clamp(foot[2], -0.6, 0.6)


@compiled
def _gait_step(fixed, p, state, wanted, pitch, roll, gyro, velocity, yaw_rate, targets):
    landed = state.time >= fixed.landing - 1e-9
    state.time += fixed.dt
    _follow(fixed, p, state, wanted if landed else (0.0, 0.0, 0.0), velocity, yaw_rate)
    lean_error = pitch - p.lean
    _stand_or_walk(fixed, p, state, landed, lean_error, roll, velocity)
    walk = not state.standing
    if walk:
        state.phase = (state.phase + p.frequency * fixed.dt) % 1.0
    c = (
        p.scale_vx * (state.command[0] + state.integral[0]),
        p.scale_vy * (state.command[1] + state.integral[1]),
        p.scale_yaw * (state.command[2] + state.integral[2]),
    )
    rest = p.double_support
    xs = (state.phase, (state.phase - 0.5) % 1.0)
    taus = np.zeros(2)
    for k in range(2):
        if xs[k] < 0.5:
            taus[k] = _clamp((2 * xs[k] - 0.5 * rest) / (1 - rest), 0.0, 1.0)
    for k in range(2):
        flying = 0.0 < taus[k] < 1.0
        state.ready[k] = walk and (state.ready[k] or not flying)
        state.swinging[k] = flying and state.ready[k]
    for k in range(2):
        side = 1.0 - 2.0 * k
        x, tau, swing = xs[k], taus[k], state.swinging[k]
        _place_foot(fixed, p, state, k, side, tau, c, velocity, walk)
        foot = state.feet[k]
        lift = (
            p.lift * 16 * math.pow(tau, fixed.powers[0]) * math.pow(1 - tau, fixed.powers[0])
            if swing
            else 0.0
        )
        level = p.swing_level if swing else 0.0
        q = targets[6 * k : 6 * k + 6]
        _leg_angles(
            fixed, q, foot[0], foot[1], lift - p.height, p.lean + level * lean_error, level * roll, foot[2],
            side * fixed.hip_y, state.hip_pitch[k],
        )  # fmt: skip
        state.hip_pitch[k] = q[0]
        if not swing:
            q[0] += p.hip_pitch * lean_error + p.hip_pitch_rate * gyro[1]
            q[1] += p.hip_roll * roll + p.hip_roll_rate * gyro[0]
            q[4] += p.ankle_pitch * lean_error + p.ankle_pitch_rate * gyro[1]
            q[5] += p.ankle_roll * roll + p.ankle_roll_rate * gyro[0]
            if walk and x >= 0.5 and state.ready[1 - k]:
                q[1] += side * p.hip_roll_lift * sin(2 * pi * (x - 0.5))
        for i in range(6):
            q[i] = _clamp(q[i], fixed.low[k, i], fixed.high[k, i])
    fade = _landing(fixed, state)
    if fade > 0.0:
        for i in range(12):
            targets[i] = fade * state.start_pose[i] + (1 - fade) * targets[i]


@compiled
def _landing(fixed, state):
    return 1.0 - _clamp(state.time / (0.6 * fixed.landing), 0.0, 1.0)


@compiled
def _mirror_joint(fixed, values, flip, i):
    """Entry i of 12 joint values, or of their mirror image."""
    return fixed.leg_sign[i % 6] * values[(i + 6) % 12] if flip else values[i]


@compiled
def _write_row(fixed, state, spin, v, up):
    """As `residual.features`."""
    flip = state.phase >= 0.5
    m = -1.0 if flip else 1.0
    row = state.row
    left = state.feet[1 if flip else 0]
    right = state.feet[0 if flip else 1]
    c = state.command
    mean = state.mean
    turn = 4 * pi * state.phase
    row[0] = -3 * up[0]
    row[1] = -3 * m * up[1]
    row[2] = 3 * (up[2] - 1)
    row[3] = 0.3 * m * spin[0]
    row[4] = 0.3 * spin[1]
    row[5] = 0.3 * m * spin[2]
    row[6] = v[0]
    row[7] = m * v[1]
    row[8] = v[2]
    row[9] = 2 * (mean[0] - c[0])
    row[10] = 2 * m * (mean[1] - c[1])
    row[11] = m * (mean[2] - c[2])
    row[12] = 1.5 * c[0]
    row[13] = 2 * m * c[1]
    row[14] = m * c[2]
    row[15] = cos(turn)
    row[16] = sin(turn)
    row[17] = state.standing
    row[18] = _landing(fixed, state)
    row[19] = 4 * left[0]
    row[20] = 4 * (m * left[1] - fixed.hip_y)
    row[21] = m * left[2]
    row[22] = 4 * right[0]
    row[23] = 4 * (m * right[1] + fixed.hip_y)
    row[24] = m * right[2]
    for i in range(12):
        row[25 + i] = 2 * (_mirror_joint(fixed, state.sensed[:12], flip, i) - fixed.pose[i % 6])
        row[37 + i] = 0.08 * _mirror_joint(fixed, state.sensed[12:24], flip, i)
        row[49 + i] = _mirror_joint(fixed, state.action, flip, i)


@compiled
def _add_residual(fixed, state):
    """The network's correction, un-mirrored, on the engine's targets."""
    flip = state.phase >= 0.5
    limited = np.zeros(12)
    for i in range(12):
        limited[i] = _clamp(np.float64(state.output[i]), -fixed.action_limit, fixed.action_limit)
    for i in range(12):
        state.action[i] = _mirror_joint(fixed, limited, flip, i)
        total = state.targets[i] + fixed.residual_scale * state.action[i]
        state.result[i] = min(max(total, fixed.target_low[i]), fixed.target_high[i])


@compiled
def _sense(state):
    """As `Readings.sense`."""
    joints = carray(doubles_at(state.joints), 12)
    speeds = carray(doubles_at(state.speeds), 12)
    sensors = carray(doubles_at(state.sensors), 1)  # as many as there are: nothing checks the bounds
    for i in range(12):
        state.sensed[i] = joints[i]
        state.sensed[12 + i] = speeds[i]
    for i in range(10):
        state.sensed[24 + i] = sensors[state.attitude[i]]


@exported(types.void, CONSTANTS.dtype, PARAMETERS, STATE, NETWORK, types.intp)
def step_walker(constants, parameters, walker_state, network, senses):
    """One walker step: engine, network, and both together.

    Args:
        constants: `CONSTANTS`.
        parameters: `PARAMETERS` of the gait.
        walker_state: `STATE`; is advanced by 20 ms.
        network: `NETWORK`; without layers the targets are the engine's.
        senses: whether `sensed` has to be read first.
    """
    fixed = carray(constants, 1)[0]
    p = carray(parameters, 1)[0]
    state = carray(walker_state, 1)[0]
    net = carray(network, 1)[0]
    sensed = state.sensed
    if senses:
        _sense(state)
    pitch, roll, spin, v, up, yaw_rate = _trunk(sensed[24:28], sensed[28:31], sensed[31:34])
    wanted = (state.wanted[0], state.wanted[1], state.wanted[2])
    _gait_step(fixed, p, state, wanted, pitch, roll, spin, v, yaw_rate, state.targets)
    if net.n_layers:
        _write_row(fixed, state, spin, v, up)
        run_network(net)
        _add_residual(fixed, state)
    else:
        for i in range(12):
            state.result[i] = state.targets[i]
