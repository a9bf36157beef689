"""The striker's benchmark: official scores, trails of the very same episodes, success by start."""

import json
from itertools import islice

import numpy as np
import pytest
from PIL import Image

import soccer_lib as sl
from soccer_lib.comparison.starts import Bin
from soccer_lib.errors import InputError
from soccer_lib.evaluation.intervals import wilson
from soccer_lib.sim import opengl
from soccer_lib.view.style import save_frame
from soccer_lib.view.video import trajectory_frames
from soccer_lib.workshop.bench import striker as bench


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


def test_the_table_of_starts_by_hand():
    bins = [Bin("0 to 0.25", 2, wilson([True, False]))]
    table = bench.success_table({"goalie_penalty_kick": {"gait phase": bins}})
    assert (
        table.splitlines()[2].split() == "goalie penalty kick, gait phase 0 to 0.25 2 50% 9% to 91%".split()
    )


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
