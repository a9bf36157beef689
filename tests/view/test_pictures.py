"""Frames, videos, field maps and widgets, with and without OpenGL and ffmpeg."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import imageio.v2 as imageio
import numpy as np
import pytest

from soccer_lib import view
from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course import figures
from soccer_lib.course.figures import widgets
from soccer_lib.envs.make import get_state, make_env
from soccer_lib.errors import InputError, ResourceError
from soccer_lib.evaluation import trajectory
from soccer_lib.evaluation.trajectory import BALL, TRUNK
from soccer_lib.layout import AGENT, RAW
from soccer_lib.policies import load_policy
from soccer_lib.tasks import TASKS
from soccer_lib.view import opengl, scene, video

ROOT = Path(__file__).resolve().parents[2]
WAVE = [np.full(12, 0.1 * np.sin(k / 20), np.float32) for k in range(100)]
needs_opengl = pytest.mark.skipif(opengl.opengl_backend() is None, reason=opengl.why())


@pytest.fixture(scope="module")
def trajectories() -> dict[str, trajectory.Trajectory]:
    return {task: trajectory.trace_episode(make_env(task), WAVE, seed=1) for task in TASKS}


@pytest.fixture
def no_opengl(monkeypatch):
    monkeypatch.setattr(opengl, "_probe", lambda: (None, "no OpenGL: taken away by the test"))


def pixels(frame: np.ndarray, colour: tuple[float, ...], within: int = 60) -> int:
    """How many pixels are near a colour."""
    return int((np.abs(frame.astype(int) - np.array(colour)).max(axis=-1) < within).sum())


# trajectories


def test_rows_come_every_20_ms_whatever_the_control(trajectories):
    torque = trajectories["goalie_penalty_kick"]
    assert np.allclose(torque.time, np.arange(10) * 0.02) and len(torque.rewards) == 100
    joint = trajectory.trace_episode(make_env("penalty_kick", control="joint"), [np.zeros(12)] * 7, seed=1)
    assert np.allclose(joint.time, np.arange(7) * 0.02) and len(joint.rewards) == 7
    assert joint.torque.shape == joint.joint_pos.shape == (7, 12) and joint.report is None


def test_a_trajectory_holds_what_the_environment_says():
    env = make_env("goalie_penalty_kick")
    env.reset(seed=0)
    rewards = [env.step(action)[1] for action in WAVE]
    joint_pos = env.unwrapped.joint_pos.copy()
    traced = trajectory.trace_episode(
        env, [*WAVE, WAVE[0]], seed=0
    )  # the row at 0.2 s is read before step 101
    assert traced.rewards[:100].tolist() == [float(reward) for reward in rewards]
    assert np.array_equal(traced.joint_pos[10], joint_pos) and len(traced.time) == 11
    assert np.allclose(traced.robot[0, :2], (-6.83, 0), atol=0.1) and abs(traced.robot[0, 2]) > 3.1
    assert np.allclose(traced.ball[0], (-8.77, 0, 0.11))
    weighted = sum(traced.weights[name] * values for name, values in traced.terms.items())
    assert np.allclose(weighted, traced.rewards, rtol=1e-5)


def test_recording_changes_no_bit_of_the_simulation():
    plain, traced = make_env("obstacle_penalty_kick"), make_env("obstacle_penalty_kick")
    plain.reset(seed=3)
    for action in WAVE:
        plain.step(action)
    trajectory.trace_episode(traced, WAVE, seed=3)
    assert_same(get_state(plain), get_state(traced))
    assert traced.unwrapped.tape is None


def assert_same(left, right):
    if isinstance(left, dict):
        assert list(left) == list(right)
        for key in set(left) - {"random"}:  # the robot's own generator is never seeded, nor used
            assert_same(left[key], right[key])
    elif isinstance(left, np.ndarray):
        assert left.tobytes() == right.tobytes()
    else:
        assert left == right or left is right


def test_an_episode_ends_with_its_outcome_and_who_cannot_act_is_named():
    fallen = trajectory.trace_episode(make_env("kick_to_target"), load_policy("zero"), seed=0)
    assert fallen.events[-1] == (fallen.time[-1], "fall") and fallen.report["outcome"] == "fall"
    assert (
        trajectory.trace_episode(make_env("penalty_kick"), load_policy("zero"), seconds=0.1).time[-1] < 0.11
    )
    with pytest.raises(InputError, match="cannot act"):
        trajectory.trace_episode(make_env("penalty_kick"), "stand")


def test_a_touch_is_an_event():
    env = make_env("kick_to_target")
    recorder = trajectory.Recorder(env)
    recorder.reset(seed=0)
    env.unwrapped.data.joint("env:ball").qvel[:3] = (2.0, 0.0, 0.0)
    for action in WAVE:
        recorder.step(action)
    assert [what for _, what in recorder.trajectory().events] == ["touch"]


# OpenGL


def probe(**environment: str) -> str:
    """What a fresh interpreter, which has imported mujoco before, answers and does."""
    code = (
        "import mujoco; from soccer_lib.view import opengl, draw_env; from soccer_lib import make_env;"
        "print(opengl.opengl_backend(), '|', opengl.why());"
        "opengl.opengl_backend() and print(draw_env(make_env('penalty_kick')).shape)"
    )
    cleared = {key: value for key, value in os.environ.items() if key not in ("MUJOCO_GL", "SOCCER_OPENGL")}
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**cleared, **paths, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_opengl
def test_a_back_end_is_found_after_mujoco_was_imported():
    assert probe().splitlines()[1] == "(360, 640, 3)"


def test_a_choice_of_the_user_is_respected():
    assert probe(MUJOCO_GL="off").startswith("None | no OpenGL: MUJOCO_GL=off is set; unset it")


def test_every_candidate_is_tried_and_the_answer_names_a_cure(monkeypatch):
    tried = []
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(opengl, "_can_draw", lambda name: tried.append(name))
    name, reason = opengl._probe.__wrapped__()
    assert name is None and tuple(tried) == opengl.CANDIDATES and "apt install libegl1" in reason


def test_children_do_not_probe_again(monkeypatch):
    monkeypatch.setattr(opengl, "_can_draw", lambda name: pytest.fail("probed"))
    monkeypatch.setattr(opengl, "_use", lambda name: name)
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("SOCCER_OPENGL", "osmesa")
    assert opengl._probe.__wrapped__() == ("osmesa", "")


# frames


@needs_opengl
@pytest.mark.parametrize("task", TASKS)
def test_light_frames_show_robot_ball_goal_and_opponents(task, trajectories):
    traced = trajectories[task]
    with view.SceneRenderer(traced, (320, 180)) as drawn:
        frames = {
            name: drawn.draw(traced.geom_xpos[-1], traced.geom_xmat[-1], name)
            for name in ("follow", "side", "goal")
        }
    assert all(frame.shape == (180, 320, 3) for frame in frames.values())
    assert pixels(frames["follow"], (20, 20, 230)) > 100  # the shirt
    assert pixels(frames["side"], (240, 240, 240), 20) > 30  # ball and lines
    if task == "goalie_penalty_kick":
        assert pixels(frames["follow"], (225, 155, 0)) > 300
    if task == "obstacle_penalty_kick":
        assert pixels(frames["follow"], (200, 85, 0)) > 300
    if traced.target is not None:
        assert pixels(frames["goal"], (225, 220, 90)) > 50


@needs_opengl
@pytest.mark.parametrize("light", [True, False])
def test_drawing_changes_no_bit_of_the_simulation(light):
    plain, drawn = make_env("obstacle_penalty_kick"), make_env("obstacle_penalty_kick")
    model, names = drawn.unwrapped.model, ("geom_rgba", "geom_group", "geom_size", "geom_pos", "site_pos")
    plain.reset(seed=3)
    drawn.reset(seed=3)
    before = {name: getattr(model, name).copy() for name in names}
    for step, action in enumerate(WAVE[:40]):
        plain.step(action)
        drawn.step(action)
        if step % 20 == 0:
            view.draw_env(drawn, size=(64, 36), light=light)
    assert_same(get_state(plain), get_state(drawn))
    assert all(np.array_equal(getattr(model, name), value) for name, value in before.items())


def test_the_stand_in_is_light(trajectories):
    traced = trajectories["obstacle_penalty_kick"]
    small = scene.stand_in(traced)
    assert small.nmeshface == 0 and traced.model.nmeshface > 200_000
    parts, centres = scene.drawn_geoms(traced.model)
    names = {traced.model.geom(int(part)).name for part in parts}
    assert {BALL, "defender_geom0", "left_post_south", TRUNK} <= names and len(centres) == len(parts)


@needs_opengl
def test_bad_sizes_and_cameras_are_named(trajectories):
    traced = trajectories["penalty_kick"]
    with pytest.raises(InputError, match="expected at most"):
        view.SceneRenderer(traced, (99_999, 180))
    with view.SceneRenderer(traced, (64, 36)) as renderer:
        with pytest.raises(InputError, match="did you mean 'follow'"):
            renderer.draw(traced.geom_xpos[0], traced.geom_xmat[0], "folow")


def test_without_opengl_a_frame_is_refused_and_a_map_offered(no_opengl, trajectories):
    with pytest.raises(ResourceError, match="taken away by the test; field maps"):
        view.SceneRenderer(trajectories["penalty_kick"])


# videos


@needs_opengl
def test_a_video_is_a_real_mp4_in_real_time(tmp_path):
    path = view.record_episode(
        make_env("kick_to_target"), load_policy("stand"), tmp_path / "a.mp4", seconds=0.4
    )
    with imageio.get_reader(path) as reader:
        assert reader.count_frames() == 10 and reader.get_data(9).shape == (180, 320, 3)
        about = reader.get_meta_data()
    assert about["codec"] == "h264" and about["fps"] == 25 and about["pix_fmt"].startswith("yuv420p")
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]
    html = view.show_video(path).data
    assert html.startswith("<video") and "data:video/mp4;base64," in html


def test_without_opengl_the_video_is_a_map_and_says_so(no_opengl, tmp_path, capsys):
    path = view.record_episode(
        make_env("goalie_penalty_kick"), load_policy("stand"), tmp_path / "a.mp4", seconds=0.2
    )
    assert "drawing a field map instead" in capsys.readouterr().out
    with imageio.get_reader(path) as reader:
        assert reader.count_frames() == 5 and reader.get_data(4).shape == (180, 320, 3)


def test_without_ffmpeg_it_is_a_gif_and_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(video, "has_ffmpeg", lambda: False)
    frames = [np.full((36, 64, 3), 40 * k, np.uint8) for k in range(5)]
    path = view.write_video(frames, tmp_path / "a.mp4")
    assert path == tmp_path / "a.gif" and "no ffmpeg" in capsys.readouterr().out
    assert len(imageio.mimread(path)) == 5 and "image/gif" in view.show_video(path).data


def test_ffmpeg_that_cannot_be_found_is_no_error(monkeypatch):
    import imageio_ffmpeg

    def missing() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)
    assert not video.has_ffmpeg()


@pytest.mark.parametrize("frames, name, says", [([], "a.mp4", "no pictures"), ([1], "a.avi", "not a video")])
def test_bad_videos_are_named(frames, name, says, tmp_path):
    with pytest.raises(InputError, match=says):
        view.write_video(frames, tmp_path / name)


# maps, tables, terms


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_map_without_opengl(task, trajectories, no_opengl, tmp_path):
    figure = view.plot_field(trajectories[task])
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"robot and its heading", "ball"} <= labels
    assert ("keeper" in labels) == (task == "goalie_penalty_kick")
    assert any(label.startswith("target") for label in labels) == (trajectories[task].target is not None)
    view.save_figure(figure, tmp_path / "map.png")
    frames = list(view.field_frames(trajectories[task], fps=25))
    assert len(frames) == 5 and frames[0].shape == (180, 320, 3) and np.ptp(frames[0]) > 200


def test_only_defenders_near_the_middle_are_drawn_solid(trajectories):
    figure = view.plot_field(trajectories["obstacle_penalty_kick"])
    lines = [line for line in figure.axes[0].lines if str(line.get_label()).startswith("defender")]
    assert len(lines) == 3
    for line in lines:
        assert (line.get_label() == "defender") == (abs(np.mean(line.get_ydata())) < 0.5)


def test_a_map_shows_one_moment_or_several_episodes(trajectories):
    figure = view.plot_fields(list(trajectories.values()), titles=list("abcde"), time=0.0)
    assert [axes.get_title("left") for axes in figure.axes] == list("abcde")
    with pytest.raises(InputError, match="no trajectories"):
        view.plot_fields([])


def test_a_state_can_be_drawn_as_it_is():
    env = make_env("kick_to_target")
    env.reset(seed=5)
    now = trajectory.snapshot(env)
    assert now.time.tolist() == [0.0] and now.rewards.size == 0
    assert view.plot_field(now).axes


def test_reward_terms_have_a_panel_each(trajectories):
    traced = trajectories["kick_to_target"]
    figure = figures.plot_reward_terms(traced)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == ["distance  x 5", "sum of the terms"]
    assert "0 all the time: offside, success" in figure.get_supxlabel()
    assert np.allclose(figure.axes[-1].lines[1].get_ydata(), traced.rewards, rtol=1e-5)
    with pytest.raises(InputError, match="no weighted terms"):
        figures.plot_reward_terms(traced, {"smile": 1.0})


def test_reward_terms_of_several_episodes_share_their_panels(trajectories):
    traced = trajectories["kick_to_target"]
    fallen = trajectory.trace_episode(make_env("kick_to_target"), load_policy("zero"), seed=0)
    figure = figures.plot_reward_terms({"wave": traced, "zero": fallen}, {"distance": 1.0, "success": 2.0})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["wave", "zero"]
    assert [axes.get_title("left") for axes in figure.axes] == ["distance  x 1", "sum of the terms"]
    assert np.array_equal(figure.axes[0].lines[3].get_ydata(), fallen.terms["distance"])
    with pytest.raises(InputError, match="expected one task"):
        figures.plot_reward_terms({"a": traced, "b": trajectories["penalty_kick"]})


def test_tables_are_drawn_from_the_layouts():
    for layout in (RAW["goalie_penalty_kick"], AGENT):
        lines = figures.layout_table(layout).data.splitlines()
        assert len(lines) == len(layout.fields) + 2 and all(line.count("|") == 6 for line in lines)
    assert "| 3 | left_knee_pitch | 65 | 0.4 | 200 | 5 |" in figures.joint_table().data


# widgets


class Commands(gym.ActionWrapper):
    """Takes commands of three numbers, without a walker."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.action_space = gym.spaces.Box(-1, 1, (3,), np.float32)

    def action(self, action: np.ndarray) -> np.ndarray:
        return 0.1 * np.tile(np.append(action, [0, 0, 0]), 2).astype(np.float32)


@pytest.fixture
def commanded() -> gym.Env:
    return Commands(make_env("kick_to_target", control="joint"))


def test_a_sequence_of_commands_is_driven(commanded):
    traced = figures.drive_sequence(commanded, [(1, 0, 0, 0.1), (0, 0, 1, 0.2)], seed=2)
    assert np.isclose(traced.step_time[-1], 0.3) and len(traced.rewards) == 15
    with pytest.raises(InputError, match="control='command'"):
        figures.drive(make_env("kick_to_target"))


def test_widgets_show_fixed_pictures_without_a_front_end(
    commanded, trajectories, no_opengl, monkeypatch, capsys
):
    shown = []
    monkeypatch.setattr(widgets, "_display", shown.append)
    figures.episode_scrubber(trajectories["goalie_penalty_kick"])
    figures.joint_pose_explorer(commanded, interactive=False)
    figures.drive(commanded, interactive=False)
    assert len(shown) == 9 and all(image.data.startswith(b"\x89PNG") for image in shown)
    assert capsys.readouterr().out.count("no sliders") == 3


def test_sliders_redraw(commanded, trajectories, no_opengl, monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "_display", shown.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    figures.episode_scrubber(trajectories["goalie_penalty_kick"])
    figures.joint_pose_explorer(commanded)
    figures.drive(commanded)
    scrubber, pose, driver = (thing for thing in shown if hasattr(thing, "children"))
    scrubber.children[0].value = 0.1
    scrubber.update()
    driver.update()  # what its button does
    assert [child.description for child in pose.children[:2]] == ["left_hip_pitch", "left_hip_roll"]
    assert {"forward", "sideways", "turn", "kick", "play"} <= {
        getattr(child, "description", "") for child in driver.children
    }


def test_the_choice_of_kicks_kicks_or_says_why_not(no_opengl, monkeypatch, capsys):
    shown, recorders, driver_of = [], [], widgets._driver

    def kept(*given):
        recorders.append(driver_of(*given))
        return recorders[-1]

    monkeypatch.setattr(widgets, "_display", shown.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    monkeypatch.setattr(
        widgets, "_driver", lambda *given: recorders.append(driver_of(*given)) or recorders[-1]
    )
    figures.drive(make_env("kick_to_target", control="command"), seed=6)
    driver, (recorder,) = shown[0], recorders
    choice = {child.description: child for child in driver.children if hasattr(child, "description")}
    assert choice["kick"].options == (widgets.NO_KICK, *PATTERNS)
    choice["kick"].value = "placed"
    driver.update()
    said = driver.out.outputs[0]["text"] if driver.out.outputs else capsys.readouterr().out
    assert "placed: refused" in said and not recorder.info["macro_triggered"]
    choice["kick"].value, choice["forward"].value = widgets.NO_KICK, 0.5
    for _ in range(3):
        driver.update()
    choice["kick"].value = "placed"
    driver.update()
    assert recorder.info["macro_triggered"] and recorder.info["macro_name"] == "placed"


def test_without_a_front_end_the_robot_walks_to_the_ball_and_kicks_it(no_opengl):
    tour = figures.drive_sequence(make_env("kick_to_target", control="command"), widgets.TOUR, seed=10_000)
    assert [event for _, event in tour.events][:2] == ["placed", "touch"] and not tour.report
    assert np.hypot(*(tour.ball[-1] - tour.ball[0])[:2]) > 0.3


def test_a_pose_is_kinematics_only(commanded):
    commanded.reset(seed=0)
    before = get_state(commanded)
    figure = figures.pose_figure(commanded, widgets.POSES["squat"])
    assert_same(before, get_state(commanded))
    head = {
        name: figures.pose_figure(commanded, pose).axes[0].patches for name, pose in widgets.POSES.items()
    }
    tops = {name: max(patch.get_center()[1] for patch in patches) for name, patches in head.items()}
    assert tops["straight"] > tops["default pose"] > tops["squat"] and len(figure.axes) == 2


@needs_opengl
def test_a_moment_has_a_map_and_a_frame(trajectories):
    figure = figures.episode_figure(trajectories["obstacle_penalty_kick"], 0.1)
    assert figure.axes[1].images[0].get_array().shape == (300, 300, 3)
