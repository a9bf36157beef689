"""Pictures of datasets and clips, and what is shown where nobody can move a slider."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib import view
from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course import figures
from soccer_lib.course.figures import widgets
from soccer_lib.demos.builder import build_dataset
from soccer_lib.demos.clips import read_clips
from soccer_lib.demos.config import ClipDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT


@pytest.fixture
def dataset() -> Dataset:
    """Two episodes of five samples; the ball is 1 m ahead, then 0.3 m; the last sample of each kicks."""
    observations = np.zeros((10, AGENT.size))
    observations[:, AGENT["ball_xpos_rel_robot"]] = (1, 0.5, -0.5)
    observations[3::5, AGENT["ball_xpos_rel_robot"]] = (0.3, 0, -0.5)
    observations[4::5, AGENT["ball_xpos_rel_robot"]] = (0.3, 0, -0.5)
    observations[:, AGENT["goal_team_0_rel_robot"]] = (3, 0, -0.6)
    observations[:, AGENT["goal_team_1_rel_robot"]] = (-19, 0, -0.6)
    actions = np.tile((0.5, -0.5, 0.1), (10, 1))
    actions[4], actions[9] = PATTERNS["shot"], PATTERNS["placed"]
    return Dataset(
        control="command",
        observation_layout="agent",
        rate_hz=10,
        observations=observations,
        actions=actions,
        episode_id=np.repeat((0, 1), 5),
        source=["expert/a/1", "expert/b/2"],
        scores=[2.5, -1.0],
    )


def titles(figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def marks(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_only_the_patterns_of_kicks_ask_for_one(dataset):
    assert figures.asks_for_kick(dataset).tolist() == [False] * 4 + [True] + [False] * 4 + [True]
    loud = dataclasses.replace(dataset, actions=np.ones((10, 3)))  # no kick has these signs
    assert not figures.asks_for_kick(loud).any()
    with pytest.raises(InputError, match="--level command"):
        figures.asks_for_kick(dataclasses.replace(dataset, control="joint", actions=np.zeros((10, 12))))


def test_balls_are_drawn_from_above_and_counted(dataset):
    figure = figures.plot_balls({"mine": dataset}, near=0.6)
    drawn = marks(figure.axes[0])
    assert titles(figure) == ["mine\nball within 0.6 m: 50% kick"]
    assert np.allclose(drawn["asks for a kick"], [(0, 0.3)] * 2) and len(drawn["walks"]) == 8
    assert np.allclose(drawn["walks"][0], (0.5, 1))
    assert figure.axes[0].xaxis_inverted()  # left is left
    far = figures.plot_balls({"far": dataset.take(np.arange(10) % 5 < 3)})
    assert titles(far) == ["far\nball within 0.6 m: no samples"]


def test_labels_are_counted_apart(dataset):
    figure = figures.plot_labels(dataset)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["asks for a kick: 2", "walks: 8"]
    assert [sum(bar.get_height() for bar in bars) for bars in figure.axes[0].containers] == [2, 8]


def test_a_split_is_a_strip_an_episode(dataset):
    train = np.arange(10) < 5
    figure = figures.plot_splits(dataset, {"by episode": train})
    strips = [strip.get_positions() for strip in figure.axes[0].collections]
    assert [list(strip) for strip in strips] == [[0, 1, 2, 3, 4], [], [], [0, 1, 2, 3, 4]]


def test_a_sample_shows_what_was_seen_and_done(dataset):
    seen, done = figures.sample_figure(dataset, 3).axes
    assert np.allclose(marks(seen)["ball"], [(0, 0.3)]) and "keeper" not in marks(seen)
    assert np.allclose(marks(seen)["goal line"], [(1.6, 3), (-1.6, 3)])
    assert done.get_title(loc="left") == "0.75 m/s ahead, -0.30 m/s to the left, turn 0.13 rad/s"
    figure = figures.sample_figure(dataset, 9)
    assert titles(figure)[1] == "asks for a kick: placed"
    assert figure.get_suptitle() == "expert/b/2, score -1.00: sample 5 of 5"
    with pytest.raises(InputError, match="heading frame"):
        full = {"observation_layout": "full", "observations": dataset.observations[:, :89]}
        figures.sample_figure(dataclasses.replace(dataset, **full), 0)


def test_datasets_of_clips_can_be_looked_at(clips):
    made, _ = build_dataset(
        ClipDatasetConfig(input_root=str(clips), enable_sentinels=True, task_mode="obstacle")
    )
    assert figures.asks_for_kick(made).sum() == made.sentinels.sum() == 3
    seen = marks(figures.sample_figure(made, 0).axes[0])
    assert len(seen["defenders"]) == 3 and "target" in seen and "keeper" not in seen
    joints, _ = build_dataset(ClipDatasetConfig(input_root=str(clips), level="joint"))
    assert len(figures.sample_figure(joints, 0).axes[1].lines) == 13


def test_a_moment_of_a_clip_is_marked_in_every_joint(clips):
    clip = read_clips(clips)[0]
    body, *joints = figures.clip_figure(clip, 0.06).axes
    assert body.get_title() == "big_kick, 0.06 s" and len(joints) == 12
    assert all(panel.lines[-1].get_xdata()[0] == pytest.approx(0.06) for panel in joints)


def test_scrubber_and_browser_show_fixed_moments(clips, dataset, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(widgets, "_display", shown.append)
    figures.clip_scrubber(read_clips(clips), interactive=False)
    figures.dataset_browser(dataset, interactive=False)
    said = capsys.readouterr().out
    assert said.count("no sliders") == 2 and "big_kick, where its joints are fastest" in said
    assert len(shown) == 4 and all(image.data.startswith(b"\x89PNG") for image in shown)


def test_scrubber_and_browser_have_a_menu_and_a_slider(clips, dataset, monkeypatch):
    shown, drawn = [], []
    monkeypatch.setattr(widgets, "_display", shown.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    monkeypatch.setattr(
        "soccer_lib.course.figures.browse.sample_figure", lambda data, row: drawn.append(row) or figure
    )
    figure = figures.sample_figure(dataset, 0)
    figures.dataset_browser(dataset)
    browser = next(thing for thing in shown if hasattr(thing, "children"))
    menu, slider, *_ = browser.children
    assert menu.options == ("0: expert/a/1", "1: expert/b/2")
    menu.value, slider.value = "1: expert/b/2", 0.5
    browser.update()
    assert drawn[-1] == 7
    figures.clip_scrubber(read_clips(clips))
    scrubber = [thing for thing in shown if hasattr(thing, "children")][-1]
    assert scrubber.children[0].options == ("big_kick", "sidestep", "stroll")


def test_a_shown_picture_can_be_kept(dataset, tmp_path):
    figure = figures.plot_labels(dataset)
    shown = view.picture(figure, tmp_path / "labels.png")
    assert (tmp_path / "labels.png").read_bytes() == shown.data
    with pytest.raises(InputError, match=r"labels\.svg"):
        view.picture(figure, tmp_path / "labels.svg")
