"""Tables of observations and joints, as notebooks show them."""

from __future__ import annotations

from soccer_lib.course import figures
from soccer_lib.course.figures.layouts import TASK_WORDS
from soccer_lib.envs.make import make_env
from soccer_lib.layout import AGENT, RAW
from soccer_lib.tasks import TASKS


def test_tables_are_drawn_from_the_layouts():
    for layout in (RAW["goalie_penalty_kick"], AGENT):
        lines = figures.layout_table(layout).data.splitlines()
        assert len(lines) == len(layout.fields) + 2 and all(line.count("|") == 6 for line in lines)
    assert "| 3 | left_knee_pitch | 65 | 0.4 | 200 | 5 |" in figures.joint_table().data


def rows(table) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.data.splitlines()[2:]]


def test_the_tasks_are_told_with_their_times_radii_and_weights():
    table = {row[0].strip("`"): row for row in rows(figures.task_table())}
    assert list(table) == list(TASKS) == list(TASK_WORDS)
    assert [row[2] for row in table.values()] == ["10 s", "10 s", "10 s", "2 s", "10 s"]
    assert (
        "within 0.3 m" in table["obstacle_penalty_kick"][4] and "within 0.4 m" in table["kick_to_target"][4]
    )
    goalie = table["goalie_penalty_kick"][5]
    assert "+1.5 a m/s of the ball at the line" in goalie and "+2.5 a goal" in goalie
    assert "-1.5 a fall" in goalie and goalie.endswith("-1 in any case")
    assert table["kick_to_target"][5].startswith("+2 a hit") and "fall" not in table["kick_to_target"][5]
    assert table["penalty_kick"][5] == table["goal_keeper"][5] == "not of the competition"


def test_a_command_of_1_is_told_in_metres_and_radians():
    walker = make_env("kick_to_target", control="command").get_wrapper_attr("walker")
    ahead, left, turn = rows(figures.command_table(walker))
    assert ahead[:2] == ["forward", "1.5 m/s"] and left[1] == "0.6 m/s" and turn[1] == "1.3 rad/s"
    low, high = walker.limits[0]
    assert ahead[2] == f"{low:g} to {high:g} m/s"
