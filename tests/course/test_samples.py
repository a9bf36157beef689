"""Pictures of datasets and clips, and what is shown where nobody can move a slider."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course import figures
from soccer_lib.course.figures import widgets
from soccer_lib.course.figures.browse import ClipView, EpisodeSamples
from soccer_lib.course.figures.widgets import screen_png
from soccer_lib.demos.builder import build_dataset
from soccer_lib.demos.clips import read_clips
from soccer_lib.demos.config import ClipDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.view.style import ACCENT, ORANGE, RED
from tests.support.drawn import colour_of, legend_colours, lines, points, titles


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


def test_only_the_patterns_of_kicks_ask_for_one(dataset):
    assert figures.asks_for_kick(dataset).tolist() == [False] * 4 + [True] + [False] * 4 + [True]
    loud = dataclasses.replace(dataset, actions=np.ones((10, 3)))  # no kick has these signs
    assert not figures.asks_for_kick(loud).any()
    with pytest.raises(InputError, match="--level command"):
        figures.asks_for_kick(dataclasses.replace(dataset, control="joint", actions=np.zeros((10, 12))))


def test_balls_are_drawn_from_above_and_counted(dataset):
    figure = figures.plot_balls({"mine": dataset}, near=0.6)
    drawn = points(figure.axes[0])
    # Left of the robot is x, ahead of it y. One in two is within 0.6 m: four, two of which kick.
    assert titles(figure) == ["mine\nball within 0.6 m: 50% kick"]
    assert drawn["asks for a kick"] == [[0, 0.3]] * 2
    assert drawn["walks"] == [[0.5, 1]] * 3 + [[0, 0.3]] + [[0.5, 1]] * 3 + [[0, 0.3]]
    assert drawn["robot, looking up"] == [[0, 0]]
    assert figure.axes[0].xaxis_inverted()  # left is left
    bottom, top = figure.axes[0].get_ylim()
    assert bottom < top
    (circle,) = figure.axes[0].patches
    assert circle.get_radius() == 0.6 and figure.axes[0].get_aspect() == 1
    far = figures.plot_balls({"far": dataset.take(np.arange(10) % 5 < 3)})
    assert titles(far) == ["far\nball within 0.6 m: no samples"]


def test_kicks_and_walks_have_the_colours_of_the_legend(dataset):
    balls = figures.plot_balls({"mine": dataset})
    colours = legend_colours(balls.legends[0])
    assert (colours["asks for a kick"], colours["walks"]) == (RED, ACCENT)
    drawn = lines(balls.axes[0])
    assert (drawn["asks for a kick"].get_color(), drawn["walks"].get_color()) == (RED, ACCENT)


def test_labels_are_counted_apart(dataset):
    figure = figures.plot_labels(dataset)
    assert titles(figure) == ["forward", "sideways", "turn"]
    assert legend_colours(figure.legends[0]) == {"asks for a kick: 2": RED, "walks: 8": ACCENT}
    for axes, walking in zip(figure.axes, (0.5, -0.5, 0.1), strict=True):
        kicks, walks = axes.containers
        assert {colour_of(bar) for bar in kicks} == {RED} and {colour_of(bar) for bar in walks} == {ACCENT}
        # Kicks are at both ends: the shot is (1, -1, 1), the placed kick the other way round.
        heights = np.array([bar.get_height() for bar in kicks])
        assert heights[[0, -1]].tolist() == [1, 1] and heights.sum() == 2
        (full,) = (bar for bar in walks if bar.get_height() > 0)
        assert full.get_height() == 8 and full.get_x() <= walking <= full.get_x() + full.get_width()


def test_a_split_is_a_strip_an_episode(dataset):
    train = np.arange(10) % 5 < 3
    train[5:] = True
    figure = figures.plot_splits(dataset, {"by frame": train})
    assert titles(figure) == ["by frame"]
    colours = legend_colours(figure.legends[0])
    assert colours == {"training": ACCENT, "validation": ORANGE}
    strips = [
        (strip.get_lineoffset(), to_hex(strip.get_color()), list(strip.get_positions()))
        for strip in figure.axes[0].collections
    ]
    assert strips == [
        (0, ACCENT, [0, 1, 2]),
        (0, ORANGE, [3, 4]),
        (1, ACCENT, [0, 1, 2, 3, 4]),
        (1, ORANGE, []),
    ]


def test_episodes_of_a_split_are_spread_over_all(dataset):
    figure = figures.plot_splits(dataset, {"all": np.ones(10, bool)}, episodes=1)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0"]


def test_a_sample_shows_what_was_seen_and_done(dataset):
    seen, done = figures.sample_figure(dataset, 3).axes
    drawn = points(seen)
    assert drawn["robot"] == [[0, 0]] and drawn["ball"] == [[0, 0.3]] and "keeper" not in drawn
    assert drawn["goal line"] == [[1.6, 3], [-1.6, 3]]
    assert points(figures.sample_figure(dataset, 0).axes[0])["ball"] == [[-0.5, 1]]  # to the left
    assert done.get_title(loc="left") == "0.75 m/s ahead, -0.30 m/s to the left, turn 0.13 rad/s"
    steps = points(done)
    assert steps["forward"] == [[k, 0.5] for k in (1, 2, 3, 4)] + [[5, 1]]
    assert steps["sideways"][-1] == [5, -1] and done.lines[-1].get_xdata()[0] == 4
    assert list(legend_colours(done.get_legend())) == ["forward", "sideways", "turn"]
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
    seen = points(figures.sample_figure(made, 0).axes[0])
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
    monkeypatch.setattr(widgets, "show", shown.append)
    figures.clip_scrubber(read_clips(clips), interactive=False)
    figures.dataset_browser(dataset, interactive=False)
    said = capsys.readouterr().out
    assert said.count("no sliders") == 2 and "big_kick, where its joints are fastest" in said
    assert len(shown) == 4 and all(image.data.startswith(b"\x89PNG") for image in shown)


def test_scrubber_and_browser_have_a_menu_and_a_slider(clips, dataset, monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "show", shown.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    figures.dataset_browser(dataset)
    controls, image = shown[-1].children
    menu, slider = controls.children[0].children
    assert menu.options == ("0: expert/a/1", "1: expert/b/2")
    assert bytes(image.value) == EpisodeSamples(dataset, 0).png(0)
    menu.value, slider.value = "1: expert/b/2", 0.5
    assert bytes(image.value) == EpisodeSamples(dataset, 1).png(2)
    figures.clip_scrubber(read_clips(clips))
    controls, image = shown[-1].children
    menu, slider = controls.children[0].children
    assert menu.options == ("big_kick", "sidestep", "stroll")
    menu.value, slider.value = "stroll", 0.5
    clip = read_clips(clips)[2]
    assert bytes(image.value) == ClipView(clip).png(clip.seconds / 2)


def test_a_moment_does_not_depend_on_those_before(clips, dataset):
    samples = EpisodeSamples(dataset, 1)
    first = samples.png(0)
    assert samples.png(4) != first == samples.png(0)
    view = ClipView(read_clips(clips)[0])
    early = view.png(0.0)
    assert view.png(0.06) != early == view.png(0.0)


def test_a_sample_in_motion_is_the_figure(dataset):
    """What moves is drawn where the figure has it: titles, axes and all."""
    samples = EpisodeSamples(dataset, 1)
    samples.png(0)
    moving = np.asarray(Image.open(io.BytesIO(samples.png(4)))).astype(int)
    whole = np.asarray(Image.open(io.BytesIO(screen_png(samples.figure))))[..., :3].astype(int)
    assert (np.abs(moving - whole).max(axis=-1) > 60).mean() < 0.002


def test_a_legend_lies_over_no_action(dataset):
    loud = dataclasses.replace(dataset, actions=np.tile((1.0, -1.0, 1.0), (10, 1)))
    done = figures.sample_figure(loud, 0).axes[1]
    done.figure.draw_without_rendering()
    bottom = done.get_legend().get_window_extent().y0
    assert bottom > done.transData.transform((0, 1.0))[1]


def test_counts_are_written_as_numbers(dataset):
    figure = figures.plot_labels(dataset)
    figure.draw_without_rendering()
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels(which="both")]
    assert "1" in ticks and not any("$" in tick for tick in ticks)
