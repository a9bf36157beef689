"""The kicks' benchmark: what is measured is checked by hand, the approach in the real environment."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.sim import make_sim
from soccer_lib.workshop.bench import kick as bench
from soccer_lib.workshop.bench import kick_trial
from soccer_lib.workshop.bench.kick_trial import (
    Aimed,
    KickJob,
    KickResult,
    KickWatch,
    at_line,
    draw_aim,
    flight,
    in_heading,
    strike_row,
)
from soccer_lib.workshop.bench.kicking import BallPath, plot_kicks

TIME = np.arange(400) * 0.002


def test_a_straight_ball_by_hand():
    """5 m/s over the ground, 30 degrees to the left, rising with 1 m/s."""
    ahead, left = 5 * np.cos(np.pi / 6) * TIME, 5 * np.sin(np.pi / 6) * TIME
    figures = flight(np.stack([ahead, left, 0.11 + TIME], axis=1))
    assert figures["speed_m_s"] == pytest.approx(5)
    assert figures["launch_m_s"] == pytest.approx(np.hypot(5, 1))
    assert figures["direction_deg"] == pytest.approx(30)
    assert figures["height_m"] == pytest.approx(0.11 + 2.2 / 5)


def test_a_ball_that_slows_down_is_measured_on_the_second_half_of_its_way():
    way = np.where(TIME < 0.11, 10 * TIME, 1.1 + 4 * (TIME - 0.11))
    figures = flight(np.stack([way, 0 * way, 0 * way], axis=1))
    assert figures["launch_m_s"] == pytest.approx(10) and figures["speed_m_s"] == pytest.approx(4)


def test_a_ball_that_stops_short_has_neither_direction_nor_height():
    figures = flight(np.stack([np.minimum(5 * TIME, 2.0), 0 * TIME, 0 * TIME], axis=1))
    assert figures == {"launch_m_s": pytest.approx(5)}


def test_the_score_sees_the_point_on_the_turning_ball():
    # The point passes the line at 6 m/s while the centre has 5: 0.25 x 1.5 + 1.5 x 6 + 2.5 - 1 for a goal.
    ahead = np.where(TIME < 0.4, 5 * TIME, 2.0 + 6 * (TIME - 0.4))
    figures = at_line(np.stack([ahead, 0 * ahead, 0 * ahead], axis=1))
    assert figures == {"line_m_s": pytest.approx(6.0), "score": pytest.approx(10.875)}
    assert at_line(np.zeros((5, 3))) == {}


def test_a_nudge_is_no_strike():
    nudge, struck = 0.4 * np.maximum(TIME - 0.1, 0), 3 * np.maximum(TIME - 0.5, 0)
    zeros = 0 * TIME
    assert strike_row(np.stack([nudge, zeros, zeros], axis=1)) is None
    assert strike_row(np.stack([nudge + struck, zeros, zeros], axis=1)) == 250
    assert strike_row(np.zeros((5, 3))) is None


def test_points_in_a_heading_by_hand():
    points = np.array([[3.0, 4.0, 0.2], [3.0, 5.0, 0.2], [2.0, 4.0, 0.5]])
    seen = in_heading(points, points[0], np.pi / 2)  # the robot faces along y
    np.testing.assert_allclose(seen, [[0, 0, 0.2], [1, 0, 0.2], [0, 1, 0.5]], atol=1e-12)


def test_aims_repeat_and_leave_the_ball_room():
    sim, turns = make_sim("kick_to_target"), []
    for seed in range(20):
        sim.reset(seed=seed)
        aim = draw_aim(sim, seed)
        assert aim == draw_aim(sim, seed)
        ball, robot = sim.data.geom("ball").xpos[:2], sim.data.body("robot_0:Trunk").xpos[:2]
        x, y = ball + 4.0 * np.array([np.cos(aim), np.sin(aim)])
        assert abs(x) < 10.97 and abs(y) < 6.87
        turns.append(np.angle(np.exp(1j * aim) / complex(*(ball - robot))))
    assert np.abs(turns).max() < 2.0 and np.std(turns) > 0.5


def test_the_striker_is_sent_where_the_world_says():
    observation = np.zeros(96, np.float32)
    observation[AGENT["goal_team_0_rel_robot"]] = 0, 12, 0  # seen along y: it faces south's left
    observation[AGENT["goal_team_1_rel_robot"]] = 0, -10, 0
    observation[AGENT["ball_xpos_rel_robot"]] = 1.0, 0.5, -0.6
    aimed = Aimed("placed", np.pi / 2)  # world y; the world's x is the robot's -y, so world y is its x
    kick, aim, free, _ = aimed._plan(kick_trial.StrikerView(observation), aimed.begin())
    assert kick.name == "placed" and free and aim == pytest.approx((1.0 + 2.2, 0.5))


class Sim:
    """A simulation of nothing but its clock; the ball's place ahead is the number of the physics step."""

    def __init__(self):
        self.n_steps = 0
        self.fallen = False
        self.task = SimpleNamespace(max_steps=4000)
        self.ball = np.zeros(3)
        ball = SimpleNamespace(xpos=self.ball)
        self.data = SimpleNamespace(geom=lambda name: ball, body=lambda name: ball)
        self.heading = 0.0
        self.readings = SimpleNamespace(orientation=lambda: self.quat())

    def quat(self):
        return np.array([0.0, 0.0, np.sin(self.heading / 2), np.cos(self.heading / 2)])

    def step(self, watch, triggered=0, aborted=0):
        for _ in range(50):
            self.n_steps += 1
            self.ball[0] += 1.0
            watch.end_physics_step(np.zeros(12))
        watch.end_step({"macro_triggered": triggered, "macro_aborted_count": aborted})


@pytest.fixture
def watched():
    sim = Sim()
    watch = KickWatch(sim)
    watch.begin_episode(np.zeros(96))
    return sim, watch


def test_a_kick_is_measured_from_the_step_in_which_it_was_granted(watched):
    sim, watch = watched
    sim.heading = 0.3
    sim.step(watch)
    sim.heading = 0.5
    watch.begin_step()
    sim.step(watch, triggered=1)
    sim.heading = 0.9
    sim.step(watch, triggered=1)  # of a second kick nothing is noted
    assert watch.trigger == 50 and watch.heading == pytest.approx(0.5) and not watch.aborted
    assert watch.end == 100 + 1000, "2 s from the end of its step"
    centres = watch.centres_since_trigger()
    # Before physics step 50, where it lay after 50 steps, up to the one before the last.
    np.testing.assert_array_equal(centres[:, 0], np.arange(50, 150))


def test_a_fall_shortens_the_trial_and_never_lengthens_it(watched):
    sim, watch = watched
    sim.step(watch, triggered=1, aborted=1)
    sim.fallen = True
    sim.step(watch)
    assert watch.aborted and watch.fell and watch.end == 100 + 300 and not watch.done
    late = Sim()
    watch = KickWatch(late)
    watch.begin_episode(np.zeros(96))
    late.step(watch, triggered=1)
    for _ in range(19):
        late.step(watch)
    late.fallen = True
    late.step(watch)
    assert watch.end == 50 + 1000 and watch.done


def test_rows_by_hand():
    job = KickJob("shot", 1, 0)
    hit = {"fired": True, "strike_s": 1.0, "launch_m_s": 9.0, "height_m": 0.2, "path": np.zeros((2, 3))}
    results = [
        KickResult(job),
        KickResult(job, fired=True, aborted=True),
        KickResult(job, fired=True, fell=True),  # it swung and missed
        KickResult(job, **hit, speed_m_s=4.0, direction_deg=1.0),
        KickResult(job, **hit, speed_m_s=6.0, direction_deg=-3.0, fell=True),
    ]
    rows = {name: row[0] for name, row in bench.rows_of(results).items()}
    assert rows["fired_share"] == 0.8 and rows["aborted_share"] == 0.25
    assert rows["struck_share"] == pytest.approx(2 / 3) and rows["fall_share"] == 0.5
    assert rows["speed_m_s"] == 5.0 and rows["height_m"] == 0.2 and rows["strike_s"] == 1.0
    assert rows["direction_mean_deg"] == -1.0 and rows["direction_std_deg"] == 2.0
    nothing = bench.rows_of([KickResult(job)])
    assert nothing["fired_share"][0] == 0 and np.isnan(nothing["speed_m_s"]).all()


def test_a_tiny_bench_measures_draws_and_films(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(kick_trial, "FILMED", (0.1, 0.1))
    files = {"json": "k.json", "plot": "k.png", "video": "k.gif"}
    files = {flag: str(tmp_path / name) for flag, name in files.items()}
    config = bench.KickBenchConfig(episodes=1, seed=150, kicks="placed", workers=1, **files)
    bench.main(config)
    written = json.loads((tmp_path / "k.json").read_text())
    rows, (trial,) = written["kicks"]["placed"], written["trials"]
    assert trial["fired"] and not trial["aborted"] and trial["job"]["seed"] == 150
    assert 2.0 < rows["speed_m_s"][0] <= rows["launch_m_s"][0] < 10.0
    assert abs(rows["direction_mean_deg"][0]) < 20 and 0.1 < rows["height_m"][0] < 0.6
    assert 0.4 < rows["strike_s"][0] < 7.0
    with Image.open(files["video"]) as video:
        assert video.size == (640, 360) and 4 <= video.n_frames <= 40  # to the end of the swing
    with Image.open(files["plot"]) as plot:
        assert plot.width > 400
    assert "fall_share" in capsys.readouterr().out


def test_the_picture_shows_every_ball_from_the_side_and_from_above():
    centre = np.array([[0.0, 0.0, 0.11], [2.0, 0.1, 0.5], [9.0, 0.5, 0.2]])
    figure = plot_kicks({"shot": [BallPath(centre, True), BallPath(centre, False)], "placed": []}, 2.2)
    side, nothing, above, _ = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["shot, 2 balls", "placed, 0 balls"]
    marks = {text.get_text(): line.get_color() for text, line in legend_of(figure)}
    assert list(marks) == ["robot stayed up", "robot fell"] and len(set(marks.values())) == 2
    for axes, second in ((side, [0.11, 0.5]), (above, [0.0, 0.1])):
        balls = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_alpha()]
        assert [line.get_color() for line in balls] == [marks["robot fell"], marks["robot stayed up"]]
        for line in balls:  # the last point is far beyond the edge
            np.testing.assert_allclose(line.get_xydata(), np.stack([[0.0, 2.0], second], axis=1))
    for axes in (side, nothing, above):
        assert [2.2, 2.2] in [list(line.get_xdata()) for line in axes.lines], "where all is measured"


def legend_of(figure):
    return zip(figure.legends[0].texts, figure.legends[0].get_lines(), strict=True)


def test_bad_settings_are_one_clear_line():
    with pytest.raises(InputError, match="--episodes got 0; expected 1 or more"):
        bench.KickBenchConfig(episodes=0)
    with pytest.raises(InputError, match="unknown kick 'place'; expected one of: .*placed.*did you mean"):
        bench.main(bench.KickBenchConfig(kicks="shot,place"))
    for flag, name in (("plot", "a.jpg"), ("video", "a.avi")):
        with pytest.raises(InputError, match=f"{name} is not .* expected one that ends in"):
            bench.main(dataclasses.replace(bench.KickBenchConfig(), **{flag: name}))
