"""The stock reward terms in compiled code, and what is read off the scene for them.

Mirrors `terms` and `reward` of the simulations and `Readings.look`. What numpy rounds in its own way, dot
products among it, numpy computes here too (see `ufuncs`).
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import carray, types

from soccer_lib.compiled.jit import compiled, exported
from soccer_lib.compiled.memory import call, doubles_at, longs_at, singles_at
from soccer_lib.compiled.scene import GOALIE, KEEPER, OBSTACLE, SCENE, TARGET
from soccer_lib.compiled.ufuncs import ROOM, VALUES, dot, product, unary, unary_single


@compiled
def _site_velocity(scene, site):
    """Linear velocity of a site: its Jacobian times the generalised velocities."""
    jacobian = scene.scratch + ROOM
    place = scene.scratch + VALUES
    call(scene.jacobian, (scene.model, scene.data, jacobian, 0, site))
    product(scene, scene.matmul, 8, 3, scene.n_qvel, jacobian, scene.qvel, place)
    velocity = carray(doubles_at(place), 3)
    return velocity[0], velocity[1], velocity[2]


@compiled
def _norm(scene, x, y, z):
    """As `sim.goal.norm`."""
    return sqrt(dot(scene, x, y, z, x, y, z))


@compiled
def _closeness(scene, x, y, z):
    """From 0 far away to 1 at the point, in single precision."""
    return np.float32(1.0) - unary_single(scene, scene.tanh_single, np.float32(_norm(scene, x, y, z)))


@compiled
def _nearness(scene, x, y, z):
    """The same in double precision."""
    return 1.0 - unary(scene, scene.tanh, _norm(scene, x, y, z))


@compiled
def _penalty_terms(scene, views, verdict):
    """As `terms` of the penalty tasks."""
    terms = verdict.terms
    ball = views.sites[scene.ball]
    imu = views.sites[scene.imu]
    hits = verdict.ball_hits
    if hits:
        terms[0] = 1.5
    else:
        terms[0] = _closeness(scene, imu[0] - ball[0], imu[1] - ball[1], imu[2] - ball[2])
    x, y, z = _site_velocity(scene, scene.ball)
    normal = scene.goal_normal
    terms[1] = -dot(scene, x, y, z, normal[0], normal[1], normal[2])
    terms[2] = verdict.offside
    terms[3] = unary(scene, scene.log1p, float(hits - 1)) if hits > 1 else 0.0
    terms[4] = verdict.fallen
    terms[5] = verdict.success
    terms[6] = verdict.blocked
    if scene.task == OBSTACLE:
        goal = scene.goal
        terms[7] = _nearness(scene, goal[0] - ball[0], goal[1] - ball[1], goal[2] - ball[2])


@compiled
def _target_terms(scene, views, verdict):
    """As `KickToTargetSim.terms`."""
    ball = views.sites[scene.ball]
    imu = views.sites[scene.imu]
    verdict.terms[0] = verdict.offside
    verdict.terms[1] = verdict.success
    verdict.terms[2] = unary(scene, scene.exp, -verdict.target_distance)
    verdict.terms[3] = _nearness(scene, ball[0] - imu[0], ball[1] - imu[1], ball[2] - imu[2])


@compiled
def _keeper_terms(scene, views, verdict):
    """As `GoalKeeperSim.terms`."""
    terms = verdict.terms
    terms[0] = 1.0
    terms[1] = 2.0
    if not verdict.robot_contact:
        ball = views.sites[scene.ball]
        imu = views.sites[scene.imu]
        x = ball[0] - imu[0]
        y = ball[1] - imu[1]
        z = ball[2] - imu[2]
        terms[0] = _closeness(scene, x, y, z)
        u, v, w = _site_velocity(scene, scene.imu)
        terms[1] = dot(scene, u, v, w, x, y, z)
    terms[2] = verdict.conceded
    terms[3] = min(15.0, max(0.5, verdict.time_after_contact * 0.5))


@compiled
def appraise(scene, views, verdict):
    """Fill the terms of the last step; returns its stock reward, which is single precision."""
    if scene.task == TARGET:
        _target_terms(scene, views, verdict)
    elif scene.task == KEEPER:
        _keeper_terms(scene, views, verdict)
    else:
        _penalty_terms(scene, views, verdict)
    total = np.float32(0.0)
    for i in range(scene.n_weights):
        value = verdict.terms[i]
        if value != 0.0:
            # Where numpy multiplies in single precision, double holds the product exactly: the same rounding.
            total += np.float32(scene.weights[i] * value)
    return total


@compiled
def _measure(scene):
    """Linear and angular velocity of ball and IMU."""
    size = 8 * 3 * scene.n_qvel
    for k in range(2):
        site = scene.imu if k else scene.ball
        linear = scene.scratch + ROOM
        call(scene.jacobian, (scene.model, scene.data, linear, linear + size, site))
        for part in range(2):
            result = scene.velocities + 24 * (2 * k + part)
            jacobian = linear + part * size
            product(scene, scene.matmul, 8, 3, scene.n_qvel, jacobian, scene.qvel, result)


@compiled
def _see(scene, seen, qvel, sites):
    """As `Readings.look`: entries of `layout.INFO_FIELDS`."""
    ball_velp, ball_velr, velp, velr = carray(doubles_at(scene.velocities), (4, 3))
    sensors = carray(doubles_at(scene.sensordata), scene.n_sensordata)
    for k in range(9):
        seen[k] = sensors[scene.inertial[k]]
    ends = carray(longs_at(scene.ends), 8)
    origins = carray(longs_at(scene.origins), 8)
    for number in range(8):
        first = (9, 12, 15, 18, 21, 32, 38, 44)[number]
        for k in range(3):
            seen[first + k] = sites[ends[number], k] - sites[origins[number], k]
    team = carray(longs_at(scene.team_one_hot), 2)
    seen[30] = team[0]
    seen[31] = team[1]
    defenders = carray(doubles_at(scene.defender_xpos), 9)  # read for the obstacle task alone
    for k in range(3):
        seen[24 + k] = ball_velp[k] - velp[k]
        seen[27 + k] = ball_velr[k] - velr[k]
        for keeper in range(2):
            speed = velp[k]
            if scene.task == GOALIE:
                speed = qvel[scene.keeper_vel[keeper]] if k == 1 else 0.0
            seen[35 + 6 * keeper + k] = speed - velp[k]
        still = scene.task == OBSTACLE or scene.task == TARGET
        seen[47 + k] = (0.0 if still else velp[k]) - velp[k]
    for k in range(9):
        seen[50 + k] = defenders[k] if scene.task == OBSTACLE else sites[scene.imu, k % 3]


@compiled
def read_scene(scene):
    """Fill `velocities`, `seen` and `raw` of the readings."""
    qpos = carray(doubles_at(scene.qpos), scene.n_qpos)
    qvel = carray(doubles_at(scene.qvel), scene.n_qvel)
    sites = carray(doubles_at(scene.site_xpos), (scene.n_sites, 3))
    seen = carray(doubles_at(scene.seen), 59)
    raw = carray(singles_at(scene.raw), 24 + scene.n_raw_entries)
    _measure(scene)
    _see(scene, seen, qvel, sites)
    for i in range(12):
        raw[i] = qpos[scene.joint_pos + i]
        raw[12 + i] = qvel[scene.joint_vel + i]
    entries = carray(longs_at(scene.raw_entries), scene.n_raw_entries)
    for i in range(scene.n_raw_entries):
        raw[24 + i] = seen[entries[i]]


@exported(types.void, SCENE)
def look(scene_pointer):
    """As `Readings.look`.

    Args:
        scene_pointer: the `SCENE` of one simulation.
    """
    read_scene(carray(scene_pointer, 1)[0])
