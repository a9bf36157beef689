"""The inner loop compiled: many physics steps in one call, each judged by the rules of its task.

`run_steps` mirrors `SoccerSim.advance`, `pd_torque`, `SpinTrail.note` and the referees of `penalty`, `target`
and `keeper`, in their order and their precision; those stay the reference that tests compare with, and what
runs where numba is missing. It calls MuJoCo's own `mj_step` by its address, without the interpreter and
without its lock, so that several threads step at once. No fast-math: nothing is fused or reordered.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

GOALIE, OBSTACLE, PENALTY, TARGET, KEEPER = range(5)
"""Tasks, by the rules that judge them."""

RUNNING, OVER, UNDECIDED = range(3)
"""How a run ended: all steps taken, the episode over, or a limit too near to tell: the last step is judged
in Python."""

STEPS, SUCCESS, OFFSIDE, BLOCKED, FALLEN, CONCEDED, UNSTABLE, TOUCHING, HITS, CONTACT, HELD = range(11)
"""Entries of `Scene.counters`: physics steps, what the referee saw, touches, the goalkeeper's contact."""

TASK, BALL, IMU, BALL_GEOM, JOINT_POS, JOINT_VEL, CTRL, BALL_VEL, LAST_STEP = range(9)
"""Entries of `Scene.places`: the task, sites and geom, first entries in qpos, qvel and ctrl, time limit."""

KEEPER_POS, KEEPER_VEL, TRAIL_FROM, TRAIL_TO = 9, 11, 13, 14
"""More of them: the two keepers' entries in qpos and qvel; rows of xmat that the ball's trail copies."""

LENGTH, WIDTH, HEIGHT, REACH, RADIUS, BLOCKER_X, BLOCKER_REACH, HOLD, STILL = range(9)
"""Entries of `Scene.numbers`: half of the field [m], lowest trunk [m], squared reach of the robot [m2], radius
of the target [m], place and reach of the blockers [m], steps to hold a ball, squared slow spin."""

BOX = 9
"""The first of five more: the goal's box, low and high x, low and high y, top [m]."""

_NCON, _TIME, _CONTACT, _CONTACT_SIZE, _GEOM = 161576, 161616, 162368, 576, 532
"""Offsets in mjData and mjContact of MuJoCo 3.3.7 [bytes]; `fits` checks them before the first step."""

_MARGIN = 1e-9
"""A distance nearer to its limit is left to the Python rules, whose norm may round otherwise [m]."""


class Scene(NamedTuple):
    """What the loop reads and writes: views of MuJoCo's arrays, and the numbers of a task's rules."""

    addresses: np.ndarray  # of mj_step, mjModel and mjData
    qpos: np.ndarray
    qvel: np.ndarray
    ctrl: np.ndarray
    site_xpos: np.ndarray
    xmat: np.ndarray
    sensordata: np.ndarray
    warnings: np.ndarray  # MuJoCo's counts
    blow_ups: np.ndarray  # which of them end an episode
    places: np.ndarray
    numbers: np.ndarray
    groups: np.ndarray  # geoms of the robot, geoms that block. Shape: (2, n_geoms)
    goal: np.ndarray  # the point that the ball has to reach [m]
    ball_velocity: np.ndarray  # of a ball that moves by itself. Shape: (6,)
    keeper_path: np.ndarray  # time [s], place [m], speed [m/s] of each step. Shape: (n, 3)
    counters: np.ndarray
    distance: np.ndarray  # ball to target [m]. Shape: (1,)
    notes: np.ndarray  # of the ball's trail. Shape: (rows, width)
    trail: np.ndarray  # whether it is kept, rows noted, whether the ball lay still, whether rows were left out


def _loader(bits: Any, kind: Any) -> Any:
    """A function that reads a number at an address."""

    @intrinsic
    def load(_context: Any, address: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            return builder.load(builder.inttoptr(arguments[0], bits.as_pointer()))

        return kind(types.intp), generate

    return load


_read_int = _loader(ir.IntType(32), types.int32)
_read_address = _loader(ir.IntType(64), types.intp)
_read_double = _loader(ir.DoubleType(), types.float64)


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


_compiled = functools.partial(numba.njit, cache=True, nogil=True, error_model="numpy")


@_compiled()
def contact_count(data: int) -> int:
    """Number of contacts that an mjData at an address holds."""
    return _read_int(data + _NCON)


@_compiled()
def contact_geom(data: int, contact: int, side: int) -> int:
    """One of the two geoms of a contact."""
    return _read_int(_read_address(data + _CONTACT) + contact * _CONTACT_SIZE + _GEOM + 4 * side)


@_compiled()
def clock(data: int) -> float:
    """Time of an mjData [s]."""
    return _read_double(data + _TIME)


@_compiled()
def _touches(scene, group):
    """Whether the ball was in contact with a geom of the group in the last step."""
    ball = scene.places[BALL_GEOM]
    data = scene.addresses[2]
    for contact in range(contact_count(data)):
        first = contact_geom(data, contact, 0)
        second = contact_geom(data, contact, 1)
        if first == ball and scene.groups[group, second]:
            return True
        if second == ball and scene.groups[group, first]:
            return True
    return False


@_compiled()
def _drive(scene, target, kp, kd, limit):
    """Torques toward joint targets, as `pd_torque`: single precision throughout."""
    joint_pos = scene.places[JOINT_POS]
    joint_vel = scene.places[JOINT_VEL]
    for i in range(12):
        torque = target[i] - np.float32(scene.qpos[joint_pos + i])
        torque *= kp[i]
        torque -= kd[i] * np.float32(scene.qvel[joint_vel + i])
        if torque < -limit[i]:
            torque = -limit[i]
        elif torque > limit[i]:
            torque = limit[i]
        scene.ctrl[scene.places[CTRL] + i] = torque


@_compiled()
def _move_scene(scene):
    """Move what the task moves by itself before the physics step."""
    task = scene.places[TASK]
    if task == GOALIE:
        row = scene.keeper_path[scene.counters[STEPS]]
        for k in range(2):
            scene.qpos[scene.places[KEEPER_POS + k]] = row[1]
            scene.qvel[scene.places[KEEPER_VEL + k]] = row[2]
    elif task == KEEPER:
        for i in range(6):
            scene.qvel[scene.places[BALL_VEL] + i] = scene.ball_velocity[i]


@_compiled()
def _in_box(numbers, x, y, z):
    """As `GoalBox.contains`."""
    deep = numbers[BOX] <= x <= numbers[BOX + 1]
    return deep and numbers[BOX + 2] <= y < numbers[BOX + 3] and z < numbers[BOX + 4]


@_compiled()
def _robot_touches(scene, x, y):
    """Whether the robot touches the ball; far from it the contacts are not looked through."""
    imu = scene.site_xpos[scene.places[IMU]]
    dx = x - imu[0]
    dy = y - imu[1]
    return dx * dx + dy * dy < scene.numbers[REACH] and _touches(scene, 0)


@_compiled()
def _referee(scene):
    """Judge the last step as the task's `_referee` does: `RUNNING`, `OVER` or `UNDECIDED`."""
    task = scene.places[TASK]
    numbers = scene.numbers
    counters = scene.counters
    ball = scene.site_xpos[scene.places[BALL]]
    x, y, z = ball[0], ball[1], ball[2]
    off_field = x < -numbers[LENGTH] or x > numbers[LENGTH] or y < -numbers[WIDTH] or y > numbers[WIDTH]
    counters[FALLEN] = not numbers[HEIGHT] < scene.site_xpos[scene.places[IMU], 2]
    if task == TARGET or task == OBSTACLE:
        dx = x - scene.goal[0]
        dy = y - scene.goal[1]
        dz = z - scene.goal[2]
        distance = np.sqrt(dx * dx + dy * dy + dz * dz)
        if task == OBSTACLE and abs(distance - numbers[RADIUS]) < _MARGIN:
            return UNDECIDED
        scene.distance[0] = distance
        counters[SUCCESS] = distance < numbers[RADIUS]
    elif task == KEEPER:
        counters[CONCEDED] = _in_box(numbers, x, y, z)
    else:
        counters[SUCCESS] = _in_box(numbers, x, y, z)
    if task == TARGET:
        counters[OFFSIDE] = off_field
    elif task == KEEPER:
        counters[OFFSIDE] = off_field and not counters[CONCEDED]
        if not counters[CONTACT]:
            counters[CONTACT] = _robot_touches(scene, x, y)
        counters[HELD] += counters[CONTACT]
        counters[SUCCESS] = counters[HELD] > numbers[HOLD]
    else:
        counters[OFFSIDE] = off_field and not counters[SUCCESS]
        touching = _robot_touches(scene, x, y)
        if touching and not counters[TOUCHING]:
            counters[HITS] += 1
        counters[TOUCHING] = touching
        if task != PENALTY:
            near = abs(x - numbers[BLOCKER_X]) < numbers[BLOCKER_REACH]
            counters[BLOCKED] = near and _touches(scene, 1)
    happened = counters[SUCCESS] or counters[OFFSIDE] or counters[BLOCKED] or counters[CONCEDED]
    return OVER if happened or counters[FALLEN] else RUNNING


@_compiled()
def _lost(scene):
    """Whether a position or velocity is no number any more."""
    total = 0.0
    for value in scene.qpos:
        total += value * value
    if total < np.inf:
        return False
    return np.isnan(scene.qpos).any() or np.isnan(scene.qvel).any()


@_compiled()
def _note(scene):
    """As `SpinTrail.note`; False where the rows have to be handed over first."""
    spin = scene.qvel[scene.places[BALL_VEL] + 3 : scene.places[BALL_VEL] + 6]
    still = spin[0] * spin[0] + spin[1] * spin[1] + spin[2] * spin[2] < scene.numbers[STILL]
    trail = scene.trail
    if still and trail[2]:
        trail[3] = 1
        return True
    if trail[3] or trail[1] == len(scene.notes):
        return False
    trail[2] = still
    row = scene.notes[trail[1]]
    column = 0
    for body in range(scene.places[TRAIL_FROM], scene.places[TRAIL_TO]):
        for value in scene.xmat[body]:
            row[column] = value
            column += 1
    for value in scene.qvel:
        row[column] = value
        column += 1
    for value in scene.sensordata:
        row[column] = value
        column += 1
    trail[1] += 1
    return True


@_compiled()
def run_steps(scene, target, kp, kd, limit, n_steps, tape):
    """Take up to `n_steps` physics steps toward joint targets.

    Args:
        scene: of one simulation.
        target: joint targets [rad], float32; an empty `kp` takes it for torques [N m]. Shape: (12,).
        kp, kd: gains of the PD, float32. Shape: (12,).
        limit: largest torques, float32. Shape: (12,).
        n_steps: how many, at most.
        tape: receives the torques of each step, float32. Shape: (n_steps or 0, 12).

    Returns:
        Steps taken; how the last one left the episode; whether it still has to be noted in the trail.
    """
    counters = scene.counters
    for taken in range(1, n_steps + 1):
        _move_scene(scene)
        if len(kp):
            _drive(scene, target, kp, kd, limit)
        else:
            for i in range(12):
                scene.ctrl[scene.places[CTRL] + i] = target[i]
        if len(tape):
            for i in range(12):
                tape[taken - 1, i] = scene.ctrl[scene.places[CTRL] + i]
        _call_step(scene.addresses[0], scene.addresses[1], scene.addresses[2])
        counters[STEPS] += 1
        for warning in scene.blow_ups:
            if scene.warnings[warning]:
                counters[UNSTABLE] = 1
        verdict = _referee(scene)
        if verdict == RUNNING and _lost(scene):
            verdict = OVER
        to_note = scene.trail[0] and not _note(scene)
        out_of_time = counters[STEPS] >= scene.places[LAST_STEP] or counters[UNSTABLE]
        if verdict != RUNNING or to_note or out_of_time:
            return taken, verdict, bool(to_note)
    return n_steps, RUNNING, False
