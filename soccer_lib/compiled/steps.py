"""The inner loop compiled: many physics steps in one call, each judged by the rules of its task.

`run_steps` mirrors `SoccerSim.advance`, `pd_torque`, `SpinTrail.note` and the referees of `penalty`, `target`
and `keeper`, in their order and their precision; those stay the reference that tests compare with, and what
runs where numba is missing. It calls MuJoCo's own `mj_step` by its address, without the interpreter and
without its lock, so that several threads step at once.

After `mj_step`, positions and velocities of joints are new; places of sites, contacts and sensors are those
that it computed before it moved anything. The stock environments judge by both as they are, and so does this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import carray, types

from soccer_lib.compiled.jit import compiled, exported
from soccer_lib.compiled.memory import bytes_at, call, doubles_at, ints_at, longs_at, singles_at
from soccer_lib.compiled.scene import (
    BLOCKERS,
    GOALIE,
    KEEPER,
    OBSTACLE,
    OVER,
    PENALTY,
    ROBOT,
    RUNNING,
    SCENE,
    TARGET,
    UNDECIDED,
    VERDICT,
)
from soccer_lib.compiled.sensing import keep, sense_acceleration
from soccer_lib.compiled.terms import appraise, read_scene
from soccer_lib.sim.trail import COUNT, GAP, STILL
from soccer_lib.tasks import WALKER_STEPS

NCON, CONTACT, CONTACT_SIZE, GEOM = 161576, 162368, 576, 532
"""Offsets of `ncon` and `contact` in mjData, size of an mjContact and offset of `geom` in it [bytes], in
MuJoCo 3.3.7, which `step_loop` asks for. The list of contacts lies elsewhere after every step: no array that
was bound once would find it.
"""


class Views(NamedTuple):
    """MuJoCo's arrays, as they lie in memory."""

    qpos: Any
    qvel: Any
    ctrl: Any
    sites: Any
    xmat: Any
    sensordata: Any
    warnings: Any


@compiled
def _touches(scene, group):
    """Whether the ball was in contact with a geom of the group in the last step."""
    groups = carray(bytes_at(scene.groups), (2, scene.n_geoms))
    contacts = longs_at(scene.data + CONTACT)[0]
    for contact in range(ints_at(scene.data + NCON)[0]):
        geoms = ints_at(contacts + contact * CONTACT_SIZE + GEOM)
        if geoms[0] == scene.ball_geom and groups[group, geoms[1]]:
            return True
        if geoms[1] == scene.ball_geom and groups[group, geoms[0]]:
            return True
    return False


@compiled
def _walk(scene):
    """Let the walker set the target."""
    function, constants, parameters, state, network = scene.walker
    call(function, (constants, parameters, state, network, 1))
    result = carray(singles_at(scene.walker_result), 12)
    for i in range(12):
        scene.target[i] = result[i]


@compiled
def _drive(scene, views):
    """Set the torques: the target itself, or those of a PD toward it, as `pd_torque`, in single precision."""
    for i in range(12):
        torque = scene.target[i]
        if scene.follows:
            torque -= np.float32(views.qpos[scene.joint_pos + i])
            torque *= scene.kp[i]
            torque -= scene.kd[i] * np.float32(views.qvel[scene.joint_vel + i])
            if torque < -scene.limit[i]:
                torque = -scene.limit[i]
            elif torque > scene.limit[i]:
                torque = scene.limit[i]
        views.ctrl[scene.torque + i] = torque


@compiled
def _move_scene(scene, views, n_steps):
    """Move what the task moves by itself before the physics step."""
    if scene.task == GOALIE:
        path = carray(doubles_at(scene.keeper_path), (scene.last_step, 2))
        row = min(n_steps, scene.last_step - 1)  # never beyond the array, whatever counter came in
        for k in range(2):
            views.qpos[scene.keeper_pos[k]] = path[row, 0]
            views.qvel[scene.keeper_vel[k]] = path[row, 1]
    elif scene.task == KEEPER:
        for i in range(6):
            views.qvel[scene.ball_vel + i] = scene.ball_velocity[i]


@compiled
def _in_box(box, x, y, z):
    """As `GoalBox.contains`."""
    return box[0] <= x <= box[1] and box[2] <= y < box[3] and z < box[4]


@compiled
def _robot_touches(scene, views, x, y):
    """Whether the robot touches the ball; far from it the contacts are not looked through."""
    dx = x - views.sites[scene.imu, 0]
    dy = y - views.sites[scene.imu, 1]
    return dx * dx + dy * dy < scene.reach_square and _touches(scene, ROBOT)


@compiled
def _distance(scene, x, y, z):
    """From the ball to the point that it has to reach [m]."""
    dx = x - scene.goal[0]
    dy = y - scene.goal[1]
    dz = z - scene.goal[2]
    return np.sqrt(dx * dx + dy * dy + dz * dz)


@compiled
def _judge_penalty(scene, views, verdict, x, y, off_field):
    """What the three penalty tasks share, as `PenaltySim._referee`."""
    verdict.offside = off_field and not verdict.success
    touching = _robot_touches(scene, views, x, y)
    if touching and not verdict.touching:
        verdict.ball_hits += 1
    verdict.touching = touching
    if scene.task != PENALTY:
        near = abs(x - scene.blocker_x) < scene.blocker_reach
        verdict.blocked = near and _touches(scene, BLOCKERS)


@compiled
def _judge_keeper(scene, views, verdict, x, y, off_field):
    """As `GoalKeeperSim._referee`."""
    verdict.offside = off_field and not verdict.conceded
    if not verdict.robot_contact:
        verdict.robot_contact = _robot_touches(scene, views, x, y)
    if verdict.robot_contact:
        verdict.time_after_contact += 1
    verdict.success = verdict.time_after_contact > scene.hold


@compiled
def _referee(scene, views, verdict):
    """Judge the last step as the task's `_referee` does: `RUNNING`, `OVER` or `UNDECIDED`."""
    x = views.sites[scene.ball, 0]
    y = views.sites[scene.ball, 1]
    z = views.sites[scene.ball, 2]
    off_field = x < -scene.length or x > scene.length or y < -scene.width or y > scene.width
    verdict.fallen = not scene.height < views.sites[scene.imu, 2]
    if scene.task == TARGET:
        verdict.target_distance = _distance(scene, x, y, z)
        verdict.success = verdict.target_distance < scene.radius
        verdict.offside = off_field
    elif scene.task == KEEPER:
        verdict.conceded = _in_box(scene.box, x, y, z)
        _judge_keeper(scene, views, verdict, x, y, off_field)
    else:
        if scene.task == OBSTACLE:
            distance = _distance(scene, x, y, z)
            if abs(distance - scene.radius) < scene.margin:
                return UNDECIDED
            verdict.success = distance < scene.radius
        else:
            verdict.success = _in_box(scene.box, x, y, z)
        _judge_penalty(scene, views, verdict, x, y, off_field)
    happened = verdict.success or verdict.offside or verdict.blocked or verdict.conceded
    return OVER if happened or verdict.fallen else RUNNING


@compiled
def _lost(views):
    """Whether a position or velocity is no longer a number."""
    for value in views.qpos:
        if value != value:
            return True
    for value in views.qvel:
        if value != value:
            return True
    return False


@compiled
def _note(scene, views):
    """As `SpinTrail.note`; False where Python code has to hand the rows over first, and then notes."""
    x = views.qvel[scene.ball_vel + 3]
    y = views.qvel[scene.ball_vel + 4]
    z = views.qvel[scene.ball_vel + 5]
    still = x * x + y * y + z * z < scene.still_square
    marks = carray(longs_at(scene.marks), 3)
    if still and marks[STILL]:
        marks[GAP] = 1
        return True
    if marks[GAP] or marks[COUNT] == scene.note_rows:
        return False
    marks[STILL] = still
    row = carray(doubles_at(scene.notes), (scene.note_rows, scene.note_width))[marks[COUNT]]
    column = 0
    for entry in range(9 * scene.trail_from, 9 * scene.trail_to):
        row[column] = views.xmat[entry]
        column += 1
    for value in views.qvel:
        row[column] = value
        column += 1
    for value in views.sensordata:
        row[column] = value
        column += 1
    marks[COUNT] += 1
    return True


@compiled
def _take_step(scene, views, verdict, tape_row, seen):
    """One physics step, judged; returns the ruling. Its acceleration is `seen` only if it ends a call."""
    if scene.walks and verdict.n_steps % WALKER_STEPS == 0:
        _walk(scene)
    _move_scene(scene, views, verdict.n_steps)
    _drive(scene, views)
    if scene.tape:
        tape = carray(singles_at(scene.tape), (tape_row + 1, 12))
        for i in range(12):
            tape[tape_row, i] = views.ctrl[scene.torque + i]
    if not seen:
        keep(scene, False)
        sense_acceleration(scene, False)
    call(scene.step, (scene.model, scene.data))
    sense_acceleration(scene, True)
    verdict.n_steps += 1
    for i in range(6):
        if views.warnings[scene.blow_ups[i], 0]:
            verdict.unstable = True
    ruling = _referee(scene, views, verdict)
    # Of a step that Python judges anew, `SoccerSim.judge` finds out itself whether the state is lost.
    if ruling == RUNNING and _lost(views):
        ruling = OVER
    if not seen and (ruling != RUNNING or verdict.unstable):
        keep(scene, True)
        call(scene.step, (scene.model, scene.data))
    return ruling


@exported(types.intp, SCENE, VERDICT, types.intp)
def run_steps(scene_pointer, verdict_pointer, n_steps):
    """Take up to `n_steps` physics steps toward the scene's target.

    Args:
        scene_pointer: the `SCENE` of one simulation.
        verdict_pointer: its `VERDICT`; `ruling` and `to_note` say how the last step left it.
        n_steps: how many, at most; a tape has to have room for them.

    Returns:
        Steps taken.
    """
    scene = carray(scene_pointer, 1)[0]
    verdict = carray(verdict_pointer, 1)[0]
    views = Views(
        carray(doubles_at(scene.qpos), scene.n_qpos),
        carray(doubles_at(scene.qvel), scene.n_qvel),
        carray(doubles_at(scene.ctrl), scene.torque + 12),
        carray(doubles_at(scene.site_xpos), (scene.n_sites, 3)),
        carray(doubles_at(scene.xmat), 9 * scene.n_bodies),
        carray(doubles_at(scene.sensordata), scene.n_sensordata),
        carray(ints_at(scene.warnings), (8, 2)),
    )
    for taken in range(n_steps):
        seen = taken == n_steps - 1 or verdict.n_steps + 1 >= scene.last_step
        verdict.ruling = _take_step(scene, views, verdict, taken, seen)
        if scene.pays and verdict.ruling != UNDECIDED:
            verdict.reward += appraise(scene, views, verdict)
        verdict.to_note = scene.note_rows > 0 and not _note(scene, views)
        ended = verdict.n_steps >= scene.last_step or verdict.unstable
        if verdict.ruling != RUNNING or verdict.to_note or ended:
            n_steps = taken + 1
            break
    if not scene.pays:
        appraise(scene, views, verdict)
    read_scene(scene)
    return n_steps
