"""The striker: what it reads, what it chooses, and that it scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.kicks import PATTERNS, Kick, load_kicks, requested_kick
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.policies.striker import FLYING, KEEPER_RATE, POST, WORTH_A_MISS, Memory, Striker, StrikerView

SHOT = load_kicks()["shot"]
STANCE = SHOT.stance


def aim(aside: float) -> float:
    """Where on the goal line to aim so that a kick whose ball passes so far left wants no turn [m]."""
    return -STANCE[1] - (3.0 - STANCE[0] - 0.02) * np.tan(aside)


def scene(task=0, ball=(1.0, 0.0), keeper=(0.0, 0.0), target=(0.0, 0.0, 0.0), **entries) -> np.ndarray:
    """An `agent` observation: the robot stands on the x axis and looks at the south goal, 3 m ahead."""
    o = np.zeros(AGENT.size, np.float32)
    o[AGENT["ball_xpos_rel_robot"]] = *ball, -0.45
    o[AGENT["goal_team_0_rel_robot"]] = 3.0, 0.0, -0.56
    o[AGENT["goal_team_1_rel_robot"]] = -19.0, 0.0, -0.56
    o[AGENT["player_team"]] = 1.0, 0.0
    # The robot looks along -x of the world: the goal's left is the robot's right.
    o[AGENT["goalkeeper_team_0_xpos_rel_robot"]] = 3.0, -keeper[0], 0.0
    o[AGENT["goalkeeper_team_0_velp_rel_robot"]] = 0.0, -keeper[1], 0.0
    o[AGENT["target_xpos_rel_robot"]] = target
    o[AGENT["task_one_hot"]] = np.eye(3)[task]
    o[AGENT["time_left"]] = 0.8
    for name, value in entries.items():
        o[AGENT[name]] = value
    return o


def behind_ball(**arguments) -> np.ndarray:
    """The robot stands where the shot wants it."""
    return scene(ball=(STANCE[0] + 0.02, STANCE[1]), **arguments)


def test_it_reads_the_keeper_along_the_goal_line():
    seen = StrikerView(scene(keeper=(0.5, -1.0)))
    assert seen.keeper == pytest.approx(0.5) and seen.keeper_speed == pytest.approx(-1.0)
    assert seen.keeper_at(0.0) == pytest.approx(0.5)
    assert seen.keeper_at(0.5 * np.pi / KEEPER_RATE) == pytest.approx(-1.0 / KEEPER_RATE)
    assert seen.on_line(0.5) == pytest.approx((3.0, -0.5))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_it_aims_at_the_side_that_the_keeper_leaves(side):
    # The keeper stands still on one side, as far as its present place and speed tell, for a quarter period.
    striker, later = Striker(), -side
    o = scene(keeper=(later * np.cos(KEEPER_RATE * 1.85), later * KEEPER_RATE * np.sin(KEEPER_RATE * 1.85)))
    aimed, _ = striker._past_keeper(StrikerView(o), Memory())
    assert aimed == pytest.approx(side * POST)


def test_it_walks_first_and_asks_for_the_kick_behind_the_ball():
    striker = Striker(aim_y=0.0)
    action, memory = striker.predict(scene(ball=(1.5, 0.0)), striker.begin())
    assert requested_kick(action) is None and action[0] > 0.3 and memory.kicks == 0
    striker = Striker(aim_y=aim(SHOT.aside))
    action, memory = striker.predict(behind_ball(), striker.begin())
    assert action.tolist() == list(PATTERNS["shot"]) and memory.kicks == 1


def test_it_allows_for_where_the_ball_passes_before_it_asks(monkeypatch):
    """A right foot's ball passes 0.2 rad left of its aim: the robot faces 0.2 rad to the right of it."""
    kicks = load_kicks() | {"shot": replace(SHOT, aside=0.2)}
    for striker, asked in ((Striker(aim_y=aim(0.0)), None), (Striker(aim_y=aim(0.2)), "shot")):
        monkeypatch.setattr(striker, "_kicks", kicks)
        action, _ = striker.predict(behind_ball(), striker.begin())
        assert requested_kick(action) == asked


def test_it_waits_as_long_as_it_is_told():
    striker = Striker(aim_y=aim(SHOT.aside), wait=0.5)
    memory, asked = striker.begin(), []
    for _ in range(6):
        action, memory = striker.predict(behind_ball(), memory)
        asked.append(requested_kick(action))
    assert asked[:4] == [None] * 4 and asked[4] == "shot"


def test_it_leaves_a_rolling_ball_and_a_running_kick_alone():
    striker = Striker(aim_y=0.0)
    for entries in ({"ball_velp_rel_robot": (1.0, 0.0, 0.0)}, {"kick_active": 1.0}):
        action, _ = striker.predict(behind_ball(**entries), striker.begin())
        assert not action.any()


def kick(name="x", height=1.0, spread=0.1, line_speed=10.0) -> Kick:
    """A kick of which only the flight matters."""
    swing = np.zeros((1, 12)), np.ones(1), np.zeros(8), np.array([0.4, -0.1])
    return Kick(name, *swing, 0.0, line_speed, height, 0.5, line_speed, spread)


def test_a_ball_hits_as_often_as_a_normal_distribution_says():
    # The band of 0.25 m around the target is one standard deviation to either side, then one to five.
    assert Striker.hit_share(kick(height=1.0, spread=0.25), 1.0) == pytest.approx(0.6827, abs=1e-4)
    assert Striker.hit_share(kick(height=1.0, spread=0.125), 1.375) == pytest.approx(0.1587, abs=1e-4)


def test_a_faster_kick_may_miss_more_often():
    # 1 m/s is worth 1.5, a goal instead of offside 5.5: the faster kick may miss 27% more often, not all.
    sure, fast = kick(line_speed=10.0, spread=0.05), kick(line_speed=11.0, spread=0.25)
    assert Striker.expected_score(sure, 1.0) == pytest.approx(15.0 + 5.5, abs=0.01)
    assert Striker.expected_score(fast, 1.0) == pytest.approx(16.5 + 5.5 * 0.6827, abs=0.01)
    assert Striker.expected_score(fast, 1.5) < Striker.expected_score(kick(height=1.5), 1.5)


def test_a_safe_kick_goes_before_a_faster_one(monkeypatch):
    # 2 m/s more, worth 3, make up for 32% of misses, worth 1.7; still the safe kick is taken.
    sure, fast = kick("lob", spread=0.05), kick("drive", line_speed=12.0, spread=0.25)
    striker = Striker("clean")
    monkeypatch.setattr(striker, "_kicks", {"lob": sure, "drive": fast})
    seen = StrikerView(scene(task=1, target=(3.0, -0.39, 0.43), ball=(0.8, 0.0)))
    assert Striker.expected_score(fast, 1.0) > Striker.expected_score(sure, 1.0)
    assert striker._between_defenders(seen)[0] is sure
    # Where none is safe, the surest is taken, whatever its speed: 0.79 of hits against 0.68.
    striker._kicks["lob"] = surer = kick("lob", spread=0.2)
    assert striker._between_defenders(seen)[0] is surer


@pytest.mark.parametrize("style", ["score", "clean"])
@pytest.mark.parametrize("height", [0.64, 0.8, 0.95, 1.1, 1.25, 1.4, 1.58])
def test_every_target_has_a_kick_that_hits_it(style, height):
    o = scene(task=1, target=(3.0, -0.39, height - 0.57), ball=(0.8, 0.0))
    striker = Striker(style)
    chosen, aimed = striker._between_defenders(StrikerView(o))
    assert chosen.name in FLYING[style] and aimed == pytest.approx((3.0, -0.39))
    assert striker.hit_share(chosen, height) > WORTH_A_MISS


def test_a_clean_striker_uses_upright_kicks_only():
    clean = Striker("clean", aim_y=0.0)
    chosen, *_ = clean._plan(StrikerView(scene()), Memory())
    assert chosen.name == "drive"
    # A target that no upright kick reaches: the nearest solid defender gets the ball.
    o = scene(task=1, target=(3.0, 0.39, 2.5), defender_xpos=(3, 1.17, 0, 3, -0.39, 0, 3, -1.17, 0))
    chosen, aimed = Striker("clean")._between_defenders(StrikerView(o))
    assert chosen.name in FLYING["clean"] and aimed == pytest.approx((3.0, -0.39))


def test_a_style_or_wait_that_is_none_is_refused():
    with pytest.raises(InputError, match="style 'wild'"):
        Striker("wild")
    with pytest.raises(InputError, match="wait got -1"):
        Striker(wait=-1)


def test_it_scores_in_the_real_environment():
    result = sl.evaluate(
        "striker", tasks="goalie_penalty_kick", episodes=1, seed=5, workers=1, progress=False
    )
    episode = result.episodes[0]
    assert episode.success and episode.kicked and episode.score > 20


def test_an_observation_that_no_environment_gives_is_refused():
    with pytest.raises(InputError, match="both goals at one place"):
        StrikerView(np.zeros(96, np.float32))
