"""The inner loop compiled: many physics steps in one call, each judged by the rules of its task.

`run_steps` mirrors `SoccerSim.advance`, `pd_torque`, `SpinTrail.note` and the referees of `penalty`, `target`
and `keeper`, in their order and their precision; those stay the reference that tests compare with, and what
runs where numba is missing. It calls MuJoCo's own `mj_step` by its address, without the interpreter and
without its lock, so that several threads step at once.

Everything it reads and writes lies in three records, `SCENE`, `VERDICT` and `ROW`, and in MuJoCo's arrays,
whose addresses the scene has.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from soccer_lib.jit import compiled, exported
from soccer_lib.sim.trail import COUNT, GAP, STILL

GOALIE, OBSTACLE, PENALTY, TARGET, KEEPER = range(5)
"""Tasks, by the rules that judge them."""

RUNNING, OVER, UNDECIDED = range(3)
"""How a run ended: all steps taken; the episode is over; a limit was too near to tell, and the last step is
left to the Python rules."""

ROBOT, BLOCKERS = range(2)
"""Groups of geoms: rows of `SCENE.groups`."""

ADDRESSES = ("step", "jacobian", "model", "data")
ARRAYS = ("qpos", "qvel", "ctrl", "site_xpos", "xmat", "sensordata", "warnings")
BUFFERS = ("groups", "keeper_path", "notes", "marks", "tape", "rows", "jacobians", "velocities")

SCENE = np.dtype(
    [
        *((name, np.intp) for name in (*ADDRESSES, *ARRAYS, *BUFFERS)),
        *((f"n_{name}", np.intp) for name in ("qpos", "qvel", "sensordata", "geoms", "bodies", "sites")),
        ("task", np.intp),
        ("last_step", np.intp),  # the time limit
        ("blow_ups", np.intp, (6,)),  # MuJoCo's warnings that end an episode
        ("ball", np.intp),  # sites
        ("imu", np.intp),
        ("moving", np.intp),  # the site whose Jacobian a reward asks for, -1 for none
        ("ball_geom", np.intp),
        ("joint_pos", np.intp),  # first entries in qpos, qvel, ctrl
        ("joint_vel", np.intp),
        ("torque", np.intp),
        ("ball_vel", np.intp),
        ("keeper_pos", np.intp, (2,)),
        ("keeper_vel", np.intp, (2,)),
        ("trail_from", np.intp),  # bodies whose axes the ball's trail copies
        ("trail_to", np.intp),
        ("note_rows", np.intp),  # room in the trail, 0 without one
        ("note_width", np.intp),
        ("length", np.float64),  # half of the field [m]
        ("width", np.float64),
        ("height", np.float64),  # lowest trunk [m]
        ("reach_square", np.float64),  # of the robot [m2]
        ("radius", np.float64),  # of the target [m]
        ("blocker_x", np.float64),
        ("blocker_reach", np.float64),
        ("hold", np.float64),  # steps to keep a ball out
        ("still_square", np.float64),  # slower turns of the ball are not noted [rad2/s2]
        ("goal", np.float64, (3,)),  # the point that the ball has to reach [m]
        ("box", np.float64, (5,)),  # of the goal: low and high x, low and high y, top [m]
        ("ball_velocity", np.float64, (6,)),  # of a ball that moves by itself
        ("follows", np.intp),  # whether `target` is joint targets [rad] or the torques themselves [N m]
        ("target", np.float32, (12,)),
        ("kp", np.float32, (12,)),
        ("kd", np.float32, (12,)),
        ("limit", np.float32, (12,)),
    ],
    align=True,
)
"""What a run reads: where things are, and the numbers of the task's rules."""

VERDICT = np.dtype(
    [
        ("n_steps", np.int64),
        ("unstable", np.bool_),
        ("fallen", np.bool_),
        ("offside", np.bool_),
        ("success", np.bool_),
        ("blocked", np.bool_),
        ("conceded", np.bool_),
        ("touching", np.bool_),
        ("robot_contact", np.bool_),
        ("ball_hits", np.int64),
        ("time_after_contact", np.int64),
        ("target_distance", np.float64),
        ("ruling", np.int64),
        ("to_note", np.int64),  # the last step has still to be noted in the trail
    ],
    align=True,
)
"""What the referee has counted and seen, by the names that it has in the simulations."""

ROW = np.dtype(
    [
        ("ball", np.float64, (3,)),
        ("imu", np.float64, (3,)),
        ("ball_hits", np.int64),
        ("time_after_contact", np.int64),
        ("target_distance", np.float64),
        ("robot_contact", np.bool_),
    ],
    align=True,
)
"""What the stock reward of a step is computed from, besides a Jacobian and the velocities."""

_NCON, _CONTACT, _CONTACT_SIZE, _GEOM = 161576, 162368, 576, 532
"""Offsets in mjData and mjContact of MuJoCo 3.3.7 [bytes]; the binding checks them before the first step."""

_MARGIN = 1e-9
"""A distance nearer to its limit is left to the Python rules, whose norm may round otherwise [m]."""


class Views(NamedTuple):
    """MuJoCo's arrays, as they lie in memory."""

    qpos: Any
    qvel: Any
    ctrl: Any
    sites: Any
    xmat: Any
    sensordata: Any
    warnings: Any


def _pointer_to(kind: Any) -> Any:
    """A function that turns an address into a pointer."""
    pointer = types.CPointer(kind)

    @intrinsic
    def point(_context: Any, _address: Any) -> Any:
        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.intp), generate

    return point


_doubles = _pointer_to(types.float64)
_singles = _pointer_to(types.float32)
_ints = _pointer_to(types.int32)
_longs = _pointer_to(types.intp)
_bytes = _pointer_to(types.uint8)
_rows = _pointer_to(numba.from_dtype(ROW))


@intrinsic
def _call_step(_context: Any, function: Any, model: Any, data: Any) -> Any:
    """Call the C function `void function(model, data)` at an address."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [pointer, pointer])
        step = builder.inttoptr(arguments[0], signature.as_pointer())
        builder.call(step, [builder.inttoptr(address, pointer) for address in arguments[1:]])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(types.intp, types.intp, types.intp), generate


@intrinsic
def _call_jacobian(_context: Any, function: Any, model: Any, data: Any, linear: Any, site: Any) -> Any:
    """Call `void function(model, data, linear, NULL, site)` at an address."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [pointer] * 4 + [ir.IntType(32)])
        function = builder.inttoptr(arguments[0], signature.as_pointer())
        model, data, linear = (builder.inttoptr(address, pointer) for address in arguments[1:4])
        site = builder.trunc(arguments[4], ir.IntType(32))
        builder.call(function, [model, data, linear, ir.Constant(pointer, None), site])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(*[types.intp] * 5), generate


@compiled
def _touches(scene, group):
    """Whether the ball was in contact with a geom of the group in the last step."""
    groups = carray(_bytes(scene.groups), (2, scene.n_geoms))
    contacts = _longs(scene.data + _CONTACT)[0]
    for contact in range(_ints(scene.data + _NCON)[0]):
        geoms = _ints(contacts + contact * _CONTACT_SIZE + _GEOM)
        if geoms[0] == scene.ball_geom and groups[group, geoms[1]]:
            return True
        if geoms[1] == scene.ball_geom and groups[group, geoms[0]]:
            return True
    return False


@compiled
def _drive(scene, views):
    """Torques toward the joint targets, as `pd_torque`: single precision throughout."""
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
        path = carray(_doubles(scene.keeper_path), (scene.last_step, 2))
        for k in range(2):
            views.qpos[scene.keeper_pos[k]] = path[n_steps, 0]
            views.qvel[scene.keeper_vel[k]] = path[n_steps, 1]
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
            if abs(distance - scene.radius) < _MARGIN:
                return UNDECIDED
            verdict.success = distance < scene.radius
        else:
            verdict.success = _in_box(scene.box, x, y, z)
        _judge_penalty(scene, views, verdict, x, y, off_field)
    happened = verdict.success or verdict.offside or verdict.blocked or verdict.conceded
    return OVER if happened or verdict.fallen else RUNNING


@compiled
def _lost(views):
    """Whether a position or velocity is no number any more."""
    for value in views.qpos:
        if value != value:
            return True
    for value in views.qvel:
        if value != value:
            return True
    return False


@compiled
def _note(scene, views):
    """As `SpinTrail.note`; False where the rows have to be handed over first."""
    x = views.qvel[scene.ball_vel + 3]
    y = views.qvel[scene.ball_vel + 4]
    z = views.qvel[scene.ball_vel + 5]
    still = x * x + y * y + z * z < scene.still_square
    marks = carray(_longs(scene.marks), 3)
    if still and marks[STILL]:
        marks[GAP] = 1
        return True
    if marks[GAP] or marks[COUNT] == scene.note_rows:
        return False
    marks[STILL] = still
    row = carray(_doubles(scene.notes), (scene.note_rows, scene.note_width))[marks[COUNT]]
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
def _write_row(scene, views, verdict, k):
    """Keep what the stock reward of this step is computed from."""
    row = carray(_rows(scene.rows), k + 1)[k]
    for i in range(3):
        row.ball[i] = views.sites[scene.ball, i]
        row.imu[i] = views.sites[scene.imu, i]
    row.ball_hits = verdict.ball_hits
    row.time_after_contact = verdict.time_after_contact
    row.target_distance = verdict.target_distance
    row.robot_contact = verdict.robot_contact
    if scene.moving >= 0:
        linear = scene.jacobians + 8 * 3 * scene.n_qvel * k
        _call_jacobian(scene.jacobian, scene.model, scene.data, linear, scene.moving)
        velocities = carray(_doubles(scene.velocities), (k + 1, scene.n_qvel))
        for i in range(scene.n_qvel):
            velocities[k, i] = views.qvel[i]


@compiled
def _take_step(scene, views, verdict, tape_row):
    """One physics step, judged; returns the ruling."""
    _move_scene(scene, views, verdict.n_steps)
    _drive(scene, views)
    if scene.tape:
        tape = carray(_singles(scene.tape), (tape_row + 1, 12))
        for i in range(12):
            tape[tape_row, i] = views.ctrl[scene.torque + i]
    _call_step(scene.step, scene.model, scene.data)
    verdict.n_steps += 1
    for i in range(6):
        if views.warnings[scene.blow_ups[i]]:
            verdict.unstable = True
    ruling = _referee(scene, views, verdict)
    return OVER if ruling == RUNNING and _lost(views) else ruling


@exported(types.intp, SCENE, VERDICT, types.intp, types.intp)
def run_steps(scene_pointer, verdict_pointer, n_steps, first_row):
    """Take up to `n_steps` physics steps toward the scene's target.

    Args:
        scene_pointer: the `SCENE` of one simulation.
        verdict_pointer: its `VERDICT`; `ruling` and `to_note` say how the last step left it.
        n_steps: how many, at most.
        first_row: row of the first step in `tape` and `rows`.

    Returns:
        Steps taken.
    """
    scene = carray(scene_pointer, 1)[0]
    verdict = carray(verdict_pointer, 1)[0]
    views = Views(
        carray(_doubles(scene.qpos), scene.n_qpos),
        carray(_doubles(scene.qvel), scene.n_qvel),
        carray(_doubles(scene.ctrl), scene.torque + 12),
        carray(_doubles(scene.site_xpos), (scene.n_sites, 3)),
        carray(_doubles(scene.xmat), 9 * scene.n_bodies),
        carray(_doubles(scene.sensordata), scene.n_sensordata),
        carray(_ints(scene.warnings), 8),
    )
    for taken in range(n_steps):
        verdict.ruling = _take_step(scene, views, verdict, first_row + taken)
        if scene.rows:
            _write_row(scene, views, verdict, first_row + taken)
        verdict.to_note = scene.note_rows > 0 and not _note(scene, views)
        ended = verdict.n_steps >= scene.last_step or verdict.unstable
        if verdict.ruling != RUNNING or verdict.to_note or ended:
            return taken + 1
    return n_steps
