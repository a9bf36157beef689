"""Rendered frames: what is in them, where the cameras stand, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib import view
from soccer_lib.envs.make import get_state, make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import BALL, TRUNK, snapshot
from soccer_lib.tasks import TASKS
from soccer_lib.view import scene
from tests.support.made_up import made_up_trajectory
from tests.support.opengl import needs_opengl
from tests.support.states import assert_same

WAVE = [np.full(12, 0.1 * np.sin(k / 20), np.float32) for k in range(40)]
SHIRT = (20, 20, 230)


@pytest.fixture(scope="module")
def states():
    envs = {task: make_env(task) for task in TASKS}
    for env in envs.values():
        env.reset(seed=1)
    return {task: snapshot(env) for task, env in envs.items()}


def pixels(frame: np.ndarray, colour: tuple[float, ...], within: int = 60) -> np.ndarray:
    """Row and column of each pixel that is near a colour."""
    return np.argwhere(np.abs(frame.astype(int) - np.array(colour)).max(axis=-1) < within)


@needs_opengl
@pytest.mark.parametrize("task", TASKS)
def test_light_frames_show_robot_ball_goal_and_opponents(task, states):
    state = states[task]
    with view.SceneRenderer(state, (320, 180)) as renderer:
        poses = state.geom_xpos[0], state.geom_xmat[0]
        frames = {name: renderer.draw(*poses, name) for name in ("follow", "side", "goal")}
    assert all(frame.shape == (180, 320, 3) for frame in frames.values())
    assert len(pixels(frames["follow"], SHIRT)) > 100
    assert len(pixels(frames["side"], (240, 240, 240), 20)) > 30  # ball and lines
    if task == "goalie_penalty_kick":
        assert len(pixels(frames["follow"], (225, 155, 0))) > 300
    if task == "obstacle_penalty_kick":
        assert len(pixels(frames["follow"], (200, 85, 0))) > 300
    if state.target is not None:
        assert len(pixels(frames["goal"], (225, 220, 90))) > 50


@needs_opengl
@pytest.mark.parametrize(("camera", "axis", "sign"), [("side", 1, 1), ("follow", 0, -1)])
def test_ahead_is_to_the_right_from_the_side_and_up_from_behind(states, camera, axis, sign):
    state = states["penalty_kick"]
    ball = state.model.geom(BALL).id

    def ball_in_picture(x: float) -> np.ndarray:
        """Row and column of a ball that lies there: what differs from a picture without it."""
        places = state.geom_xpos[0].copy()
        places[ball, 0] = x
        with_ball = renderer.draw(places, state.geom_xmat[0], camera)
        places[ball, 2] = -50
        without = renderer.draw(places, state.geom_xmat[0], camera)
        return np.argwhere((with_ball != without).any(axis=-1)).mean(axis=0)

    with view.SceneRenderer(state, (320, 180)) as renderer:
        # The robot stands at x = -6.8 and looks along -x.
        near = ball_in_picture(-7.4)
        far = ball_in_picture(-7.8)
    assert sign * (far - near)[axis] > 5


@needs_opengl
@pytest.mark.parametrize("light", [True, False])
def test_drawing_changes_no_bit_of_the_simulation(light):
    plain = make_env("obstacle_penalty_kick")
    drawn = make_env("obstacle_penalty_kick")
    model = drawn.unwrapped.model
    names = ("geom_rgba", "geom_group", "geom_size", "geom_pos", "site_pos")
    plain.reset(seed=3)
    drawn.reset(seed=3)
    before = {name: getattr(model, name).copy() for name in names}
    for step, action in enumerate(WAVE):
        plain.step(action)
        drawn.step(action)
        if step % 20 == 0:
            view.draw_env(drawn, size=(64, 36), light=light)
    assert_same(get_state(plain), get_state(drawn))
    assert all(np.array_equal(getattr(model, name), value) for name, value in before.items())


def test_the_stand_in_is_light(states):
    state = states["obstacle_penalty_kick"]
    small = scene.stand_in(state)
    assert small.nmeshface == 0 and state.model.nmeshface > 200_000
    parts, centres = scene.drawn_geoms(state.model)
    names = {state.model.geom(int(part)).name for part in parts}
    assert {BALL, "defender_geom0", "left_post_south", TRUNK} <= names and len(centres) == len(parts)
    # Its geoms come in that order, two shadows, the grass; a mesh is as large as it was.
    trunk = parts.tolist().index(state.model.geom(TRUNK).id)
    assert np.allclose(small.geom_size[trunk], state.model.geom_aabb[parts[trunk], 3:])
    assert small.geom_size[len(parts) : len(parts) + 2, 0].tolist() == [0.2, 0.1]


def camera_of(name, robot=(0.0, 0.0), goal=(10.0, 0.0), ball=(2.0, 0.0), target=None):
    """Looks at; distance; azimuth and elevation, of a robot that started at the origin."""
    episode = made_up_trajectory(ball=[(*ball, 0.1)], goal=np.array((*goal, 0)))
    renderer = scene.SceneRenderer.__new__(scene.SceneRenderer)  # a camera needs no OpenGL
    renderer._aim = np.array(goal if target is None else target)
    target = None if target is None else np.array((*target, 0.0))
    renderer._ahead = scene._direction_of_play(made_up_trajectory(ball=[(*ball, 0.1)], target=target))
    camera = renderer._camera(name, np.array(robot))
    assert episode.goal[2] == 0 and camera.lookat[2] == 0.5
    return [*camera.lookat[:2], camera.distance, camera.azimuth, camera.elevation]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("follow", [1.2, 0, 3.6, -14, -20]),  # 1.2 m ahead, seen from behind
        ("side", [0.6, 0, 3.0, 90, -10]),  # looks to the robot's left
        ("goal", [5, 0, 3.4 + 5, 180 - 55, -18]),  # halfway to the goal, 10 m away
        ("shot", [5, 0, 2.2 + 10, 180 + 235, -14]),
    ],
)
def test_where_the_cameras_stand(name, expected):
    assert camera_of(name) == pytest.approx(expected)


def test_cameras_turn_with_the_play():
    # The ball to the left: all of it turns by 90 degrees.
    assert camera_of("follow", ball=(0, 2)) == pytest.approx([0, 1.2, 3.6, 76, -20])
    assert camera_of("side", ball=(0, 2)) == pytest.approx([0, 0.6, 3.0, 180, -10])
    # Ball ahead, target to the left: between them.
    half = 1.2 * np.sqrt(0.5)
    assert camera_of("follow", target=(0, 5)) == pytest.approx([half, half, 3.6, 45 - 14, -20])
    # The follower goes with the robot.
    assert camera_of("follow", robot=(3, 1)) == pytest.approx([4.2, 1, 3.6, -14, -20])


@needs_opengl
def test_bad_sizes_and_cameras_are_named(states):
    state = states["penalty_kick"]
    for size in ((99_999, 180), (0, 180)):
        with pytest.raises(InputError, match="expected at most"):
            view.SceneRenderer(state, size)
    with view.SceneRenderer(state, (64, 36)) as renderer:
        with pytest.raises(InputError, match="did you mean 'follow'"):
            renderer.draw(state.geom_xpos[0], state.geom_xmat[0], "folow")
