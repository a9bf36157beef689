"""Videos: as fast as the episode, and playable without further tools."""

from __future__ import annotations

import base64

import imageio.v2 as imageio
import numpy as np
import pytest
from PIL import Image

from soccer_lib import view
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import trace_episode
from soccer_lib.policies import load_policy
from soccer_lib.view import video
from tests.support.made_up import made_up_trajectory
from tests.support.opengl import needs_opengl

GREYS = [np.full((36, 64, 3), 40 * k, np.uint8) for k in range(5)]


@pytest.mark.parametrize("fps", [10, 25])
def test_an_mp4_plays_at_its_rate(fps, tmp_path):
    path = view.write_video(GREYS, tmp_path / "a.mp4", fps)
    with imageio.get_reader(path) as reader:
        about = reader.get_meta_data()
        shades = [reader.get_data(k).mean() for k in range(reader.count_frames())]
    assert about["fps"] == fps and about["duration"] == pytest.approx(5 / fps, abs=0.02)
    assert about["codec"] == "h264" and about["pix_fmt"].startswith("yuv420p")
    assert shades == pytest.approx([0, 40, 80, 120, 160], abs=4)  # all of them, in their order
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_a_gif_plays_at_its_rate_and_again(tmp_path):
    path = view.write_video(GREYS, tmp_path / "a.gif", 10)
    with Image.open(path) as image:
        durations = []
        for k in range(image.n_frames):
            image.seek(k)
            durations.append(image.info["duration"])
        assert durations == [100] * 5 and image.info["loop"] == 0  # [ms]; for ever


def test_without_ffmpeg_it_is_a_gif_and_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(video, "has_ffmpeg", lambda: False)
    path = view.write_video(GREYS, tmp_path / "a.mp4")
    assert path == tmp_path / "a.gif" and "no ffmpeg" in capsys.readouterr().out
    assert len(imageio.mimread(path)) == 5


def test_ffmpeg_that_cannot_be_found_is_no_error(monkeypatch):
    import imageio_ffmpeg

    def missing() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)
    assert not video.has_ffmpeg()


@needs_opengl
@pytest.mark.parametrize(("fps", "frames"), [(25, 10), (50, 20)])
def test_an_episode_becomes_a_video_in_real_time(fps, frames, tmp_path):
    env = make_env("kick_to_target")
    episode = trace_episode(env, load_policy("stand"), seconds=0.4)
    path = view.write_video(view.trajectory_frames(episode, fps=fps), tmp_path / "a.mp4", fps)
    with imageio.get_reader(path) as reader:
        # The last row is at 0.38 s: 25 a second are due at 0, 0.04, ... 0.36 s.
        assert reader.count_frames() == frames and reader.get_data(frames - 1).shape == (180, 320, 3)
        assert reader.get_meta_data()["fps"] == fps


def test_without_opengl_the_video_is_a_map_and_says_so(no_opengl, tmp_path, capsys):
    env = make_env("goalie_penalty_kick")
    episode = trace_episode(env, load_policy("stand"), seconds=0.2)
    frames = view.trajectory_frames(episode, fps=10, size=(160, 90))
    path = view.write_video(frames, tmp_path / "a.mp4", 10)
    assert "drawing a field map instead" in capsys.readouterr().out
    with imageio.get_reader(path) as reader:
        assert reader.count_frames() == 3 and reader.get_data(2).shape == (90, 160, 3)
        assert reader.get_meta_data()["fps"] == 10


def test_a_second_of_an_episode_has_as_many_frames_as_asked_for(no_opengl):
    episode = made_up_trajectory(robot=np.zeros((101, 3)), time=np.arange(101) * 0.02)
    assert [len(list(view.trajectory_frames(episode, fps=fps))) for fps in (5, 25, 50)] == [11, 51, 101]


def test_a_caption_is_at_the_bottom_of_its_frame():
    frames = [np.zeros((100, 200, 3), np.uint8)] * 2
    plain, named = video.captioned(frames, ["", "robot"])
    assert not plain.any() and named.any(axis=(1, 2))[60:].any() and not named[:60].any()


def test_films_side_by_side_wait_for_the_longest():
    one, two = (np.full((4, 6, 3), shade, np.uint8) for shade in (1, 2))
    pictures = list(view.beside([[one], [two, one, two]]))
    assert [tuple(picture[0, ::6, 0]) for picture in pictures] == [(1, 2), (1, 1), (1, 2)]
    assert pictures[0].shape == (4, 12, 3)


def test_a_page_holds_the_video_itself(tmp_path):
    mp4 = view.write_video(GREYS, tmp_path / "a.mp4")
    html = view.show_video(mp4, width=320).data
    start = 'src="data:video/mp4;base64,'
    content = html[html.index(start) + len(start) :].partition('"')[0]
    assert html.startswith('<video width="320"') and base64.b64decode(content) == mp4.read_bytes()
    gif = view.write_video(GREYS, tmp_path / "a.gif")
    assert view.show_video(gif).data.startswith('<img width="640" src="data:image/gif;base64,')


@pytest.mark.parametrize(
    ("frames", "name", "says"), [([], "a.mp4", "no pictures"), ([1], "a.avi", "not a video")]
)
def test_bad_videos_are_named(frames, name, says, tmp_path):
    with pytest.raises(InputError, match=says):
        view.write_video(frames, tmp_path / name)
    assert not list(tmp_path.iterdir())
