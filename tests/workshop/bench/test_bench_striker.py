"""The striker's benchmark: official scores, trails of the very same episodes, success by start."""

import json
from itertools import islice

import numpy as np
import pytest
from PIL import Image

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.sim import make_sim, opengl
from soccer_lib.view.style import save_frame
from soccer_lib.view.video import trajectory_frames
from soccer_lib.workshop.bench import striker as bench
from soccer_lib.workshop.bench.trails import COLOURS, Bin, Trail, plot_trails


def trail(outcome="success", target=None, **geometry):
    return Trail(outcome, np.array([[0.0, 0.0, 0.11], [1.0, 0.5, 0.11]]), target, geometry)


def test_bins_by_hand():
    trails = [
        trail("success", **{"gait phase": 0.0}),
        trail("blocked", **{"gait phase": 0.2}),
        trail("success", **{"gait phase": 0.25}),
        trail("success", **{"gait phase": 0.95}),
    ]
    bins = bench.success_by("goalie_penalty_kick", trails)["gait phase"]
    assert [(b.label, b.episodes, b.success[0]) for b in bins] == [
        ("0 to 0.25", 2, 0.5),
        ("0.25 to 0.5", 1, 1.0),
        ("0.75 to 1", 1, 1.0),
    ]
    table = bench.success_table({"goalie_penalty_kick": {"gait phase": bins}})
    assert (
        table.splitlines()[2].split() == "goalie penalty kick, gait phase 0 to 0.25 2 50% 9% to 91%".split()
    )


def test_every_start_falls_into_a_bin():
    for task, numbers in bench.SPLITS.items():
        sim = make_sim(task)
        for seed in range(30):
            sim.reset(seed=seed)
            geometry = bench.geometry_of(sim, seed % 20)
            assert list(geometry) == list(numbers)
            assert all(edges[0] <= geometry[name] <= edges[-1] for name, edges in numbers.items())


def test_the_geometry_of_kick_to_target_by_complex_numbers():
    sim = make_sim("kick_to_target")
    sim.reset(seed=7)
    robot, ball, target = (
        complex(*place[:2])
        for place in (
            sim.data.body("robot_0:Trunk").xpos,
            sim.data.geom("ball").xpos,
            sim.data.site("target0").xpos,
        )
    )
    assert list(bench.geometry_of(sim, 0).values()) == pytest.approx(
        [abs(target - ball), abs(ball - robot), abs(np.degrees(np.angle((target - ball) / (ball - robot))))]
    )


def test_a_trail_is_that_of_the_evaluated_episode():
    result = sl.evaluate("walk_at_ball", "goalie_penalty_kick", 1, keep_torques=True, progress=False)
    (episode,) = result.episodes
    seen = bench.TrailReader()(episode)
    assert seen.outcome == episode.outcome and seen.target is None
    assert seen.ball[0] == pytest.approx((-8.77, 0, 0.11), abs=1e-6)
    assert len(seen.ball) == 1 + -(-episode.length // 10)
    assert np.linalg.norm(seen.ball[-1] - seen.ball[0]) > 0.1  # it was touched


@pytest.mark.parametrize(("style", "falls"), [("score", True), ("clean", False)])
def test_falls_are_watched_for_after_the_goal(style, falls):
    """Seed 100: the shot ends on the robot's back, once the ball is in; after `drive` it stands."""
    policy = sl.load_policy(f"striker:{style}")
    (episode,) = sl.evaluate(policy, "goalie_penalty_kick", 1, seed=100, progress=False).episodes
    assert episode.success and not episode.fallen
    assert bench.FallWatch(policy)(episode) is falls


def test_who_never_kicks_is_not_counted():
    policy = sl.load_policy("walk_at_ball")
    (episode,) = sl.evaluate(policy, "goalie_penalty_kick", 1, progress=False).episodes
    assert bench.FallWatch(policy)(episode) is None


def test_a_tiny_bench_scores_draws_and_films(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "FILMED", 1)
    monkeypatch.setattr(
        bench, "trajectory_frames", lambda *a, **look: islice(trajectory_frames(*a, **look), 9)
    )
    files = {"json": "s.json", "plot": "s.png", "video": "s.gif"}
    if opengl.opengl_backend():
        files["still"] = "goal.png"
    files = {flag: str(tmp_path / name) for flag, name in files.items()}
    bench.main(bench.StrikerBenchConfig(episodes=1, tasks="goalie_penalty_kick", workers=1, **files))
    written = json.loads((tmp_path / "s.json").read_text())
    official = sl.evaluate("striker", "goalie_penalty_kick", 1, starts="distinct", progress=False).summary
    assert written["goalie_penalty_kick/comp_total"] == official["goalie_penalty_kick/comp_total"]
    assert written["policy"] == "striker:score" and written["config"]["style"] == "score"
    (one,) = written["success_by_start"]["goalie_penalty_kick"]["gait phase"]
    assert one["label"] == "0 to 0.25" and one["episodes"] == 1
    with Image.open(tmp_path / "s_goalie_penalty_kick.gif") as video:
        assert video.size == (640, 360) and video.n_frames == 9
    with Image.open(files["plot"]) as plot:
        assert plot.width > 500
    out = capsys.readouterr().out
    assert "policy: striker:score" in out and "95% interval" in out
    share = written["falls_after_kicks"]["goalie_penalty_kick"]
    assert share[0] in (0.0, 1.0) and f"{share[0]:.0f} of 1 fall within 2 s of the last kick" in out
    if "still" in files and official["goalie_penalty_kick/success_rate"]:
        with Image.open(files["still"]) as still:
            assert still.size == (832, 416)
    elif "still" in files:
        assert "no success, so no still" in out


def test_the_picture_has_a_field_and_shares_for_each_task():
    target = np.array([2.0, 1.0, 0.0])
    trails = {
        "kick_to_target": [trail(target=target), trail("fall", target=target)],
        "goalie_penalty_kick": [trail("lost")],
    }
    numbers = {"turn [deg]": [Bin("0 to 45", 2, Estimate(0.5, 0.1, 0.9))]}
    figure = plot_trails(trails, dict.fromkeys(trails, numbers))
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == [
        "kick to target, 2 episodes",
        "goalie penalty kick, 1 episodes",
    ]
    labels = [text.get_text() for text in figure.axes[2].get_yticklabels()]
    assert labels == ["turn [deg]", "0 to 45  "]
    assert [text.get_text() for text in figure.legends[0].texts] == ["success 1", "fall 1", "lost 1"]


def test_trails_are_drawn_as_they_went_failures_on_top_of_successes():
    """What is drawn later lies on top."""
    target = np.array([2.0, 1.0, 0.0])
    fall = trail("fall", target=target)
    fall.ball[1] = (3.0, -0.5, 0.11)
    played = [fall, trail("success"), trail("blocked"), trail("success")]
    figure = plot_trails({"goalie_penalty_kick": played}, {"goalie_penalty_kick": {}})
    paths = [line for line in figure.axes[0].lines if line.get_zorder() == 5]
    assert [line.get_color() for line in paths] == [
        COLOURS[outcome] for outcome in ("success", "success", "fall", "blocked")
    ]
    np.testing.assert_array_equal(paths[0].get_xydata(), [[0.0, 0.0], [1.0, 0.5]])
    np.testing.assert_array_equal(paths[2].get_xydata(), [[0.0, 0.0], [3.0, -0.5]])
    marks = [line.get_xydata().tolist() for line in figure.axes[0].lines if line.get_zorder() in (4, 6)]
    assert marks.count([[0.0, 0.0]]) == 4 and marks.count([[3.0, -0.5]]) == 1, "start and end of each"
    assert marks.count([[2.0, 1.0]]) == 1, "the target of the one that had it"


def test_success_is_drawn_with_the_whole_of_its_interval():
    bins = [Bin("0 to 45", 12, Estimate(0.5, 0.2, 0.9)), Bin("45 to 90", 3, Estimate(0.25, 0.0, 0.7))]
    figure = plot_trails({"kick_to_target": []}, {"kick_to_target": {"turn [deg]": bins}})
    panel = figure.axes[1]
    drawn = [line.get_xydata().tolist() for line in panel.lines]
    # Rows are counted from the name of the number downwards; the interval lies behind its value.
    assert drawn == [[[0.2, 1], [0.9, 1]], [[0.5, 1]], [[0.0, 2], [0.7, 2]], [[0.25, 2]]]
    assert [(text.get_text(), text.xy[1]) for text in panel.texts] == [("12", 1), ("3", 2)]
    bottom, top = panel.get_ylim()
    assert bottom > top, "the first row is on top"


def test_bad_settings_are_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="--tasks got penalty_kick; expected goalie_penalty_kick,"):
        bench.StrikerBenchConfig(tasks="penalty_kick")
    with pytest.raises(InputError, match="episodes got 0"):
        bench.main(bench.StrikerBenchConfig(episodes=0))
    for flag, name in (("plot", "a.jpg"), ("video", "a.avi"), ("still", "a.svg")):
        with pytest.raises(InputError, match=f"{name} is not .* expected one that ends in"):
            bench.main(bench.StrikerBenchConfig(**{flag: name}))
    with pytest.raises(InputError, match=r"a.jpg is not a picture's name; expected one that ends in .png"):
        save_frame(np.zeros((2, 2, 3), np.uint8), "a.jpg")
