"""Checks of lesson 01: right functions in several wordings pass, typical mistakes are told their property."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from soccer_lib.control.ball import BallTracker
from soccer_lib.course import checks
from soccer_lib.geometry import heading_of
from tests.support.exercises import accepts, rejects


def turned_by(yaw, vector):
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([cos * vector[0] + sin * vector[1], cos * vector[1] - sin * vector[0], vector[2]])


def in_heading_frame(vector, quat):
    return turned_by(heading_of(quat), vector)


def by_a_matrix(vector, quat):
    yaw = Rotation.from_quat(quat).as_euler("ZYX")[0]
    matrix = [[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]]
    return (np.array(matrix) @ vector).tolist()  # a list


def by_complex_numbers(vector, quat):
    x, y, z, w = quat
    yaw = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    turned = complex(vector[0], vector[1]) * np.exp(-1j * yaw)
    return turned.real, turned.imag, vector[2]  # a tuple


def turned_by_arcsine(vector, quat):
    x, y, z, w = quat
    return turned_by(np.arcsin(np.clip(2 * (w * z + x * y), -1, 1)), vector)


def by_the_x_axis(vector, quat):
    ahead = Rotation.from_quat(quat).as_matrix()[:, 0]
    ahead = ahead[:2] / np.hypot(*ahead[:2])
    left = np.array([-ahead[1], ahead[0]])
    return np.array([ahead @ vector[:2], left @ vector[:2], vector[2]])


def in_polar_coordinates(vector, quat):
    angle = np.arctan2(vector[1], vector[0]) - Rotation.from_quat(quat).as_euler("xyz")[2]
    distance = np.hypot(vector[0], vector[1])
    return [distance * np.cos(angle), distance * np.sin(angle), vector[2]]


def by_the_twist(vector, quat):
    """The quaternion's turn about z: not the heading of a robot that leans ahead and aside."""
    return turned_by(2 * np.arctan2(quat[2], quat[3]), vector)


def by_the_y_axis(vector, quat):
    left = Rotation.from_quat(quat).apply([0, 1, 0])
    return turned_by(np.arctan2(-left[0], left[1]), vector)


def in_degrees(vector, quat):
    return turned_by(np.degrees(heading_of(quat)), vector)


def higher_when_turned(vector, quat):
    # Right at multiples of a quarter turn.
    return in_heading_frame(vector, quat) * (1, 1, np.cos(4 * heading_of(quat)))


@pytest.mark.parametrize(
    "function", [in_heading_frame, by_a_matrix, by_complex_numbers, by_the_x_axis, in_polar_coordinates]
)
def test_heading_frame_accepts(function, capsys):
    accepts(checks.check_heading_frame, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("changes nothing", lambda vector, quat: 2 * vector),
        ("changes nothing", lambda vector, quat: Rotation.from_quat(np.roll(quat, 1)).apply(vector)),
        ("facing along y", lambda vector, quat: turned_by(-heading_of(quat), vector)),
        ("facing backwards", turned_by_arcsine),
        ("the height stays", higher_when_turned),
        ("leaning forward", lambda vector, quat: Rotation.from_quat(quat).apply(vector, inverse=True)),
        ("leaning to the side", by_the_twist),
        ("leaning to the side", by_the_y_axis),
        ("facing along y", in_degrees),
        ("changes nothing", lambda vector, quat: turned_by(heading_of(quat), vector) * (1, 1, 0)),
    ],
)
def test_heading_frame_rejects(words, function, capsys):
    rejects(checks.check_heading_frame, function, words, capsys)


def tracked_offset(spins):
    tracker = BallTracker()
    for spin in [*spins, np.zeros(3)]:  # the tracker waits for the step after the last one
        tracker.push(spin, np.array([0, 0, 0, 1.0]), np.zeros(3))
    return tracker.offset


def turned_backwards(spins):
    """Turn the vector itself, the oldest spin first."""
    vector = np.array([0, 0, 0.11])
    for spin in spins:
        vector = Rotation.from_rotvec(0.002 * spin).apply(vector)
    return vector


def by_matrices(spins):
    matrix = np.eye(3)
    for spin in spins:
        matrix = Rotation.from_rotvec(0.002 * spin).as_matrix() @ matrix
    return matrix[:, 2] * 0.11


def by_rodrigues(spins):
    vector = np.array([0, 0, 0.11])
    for spin in 0.002 * np.asarray(spins):
        angle = np.linalg.norm(spin)
        axis = spin / max(angle, 1e-12)
        along = axis * (axis @ vector) * (1 - np.cos(angle))
        vector = vector * np.cos(angle) + np.cross(axis, vector) * np.sin(angle) + along
    return vector.tolist()


def in_axes_of_the_ball(spins):
    turned = Rotation.identity()
    for spin in spins:
        turned = turned * Rotation.from_rotvec(0.002 * spin)
    return turned.apply([0, 0, 0.11])


def by_small_steps(spins):
    vector = np.array([0, 0, 0.11])
    for spin in spins:
        vector = vector + 0.002 * np.cross(spin, vector)  # grows with every step
    return vector


def offset_of_added_angles(spins):
    return Rotation.from_rotvec(0.002 * spins.sum(axis=0)).apply([0, 0, 0.11])


def offset_of_at_most_a_quarter(spins):
    vector = 0.002 * spins.sum(axis=0)
    share = min(1, np.pi / 2 / max(np.linalg.norm(vector), 1e-9))
    return Rotation.from_rotvec(share * vector).apply([0, 0, 0.11])


@pytest.mark.parametrize("function", [tracked_offset, turned_backwards, by_matrices, by_rodrigues])
def test_ball_offset_accepts(function, capsys):
    accepts(checks.check_ball_offset, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("has not turned", lambda spins: np.zeros(3)),
        ("has not turned", lambda spins: turned_backwards(spins) * 100),  # centimetres
        ("a quarter turn", lambda spins: np.array([0, 0, 0.11])),
        ("four quarter turns", offset_of_at_most_a_quarter),
        ("adding angles up", offset_of_added_angles),
        ("adding angles up", in_axes_of_the_ball),
        ("a quarter turn", by_small_steps),
        ("a quarter turn", lambda spins: tracked_offset(spins[1:])),
        ("adding angles up", lambda spins: tracked_offset(spins[::-1])),
    ],
)
def test_ball_offset_rejects(words, function, capsys):
    rejects(checks.check_ball_offset, function, words, capsys)
