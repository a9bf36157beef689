"""Checks of the exercises: each tests what has to hold of the learner's function and says what does not.

A check returns whether the function passed, so that a lesson goes on with it:
`split = my_split if checks.check_split(my_split) else solution_split`. An exercise that is not done yet (it
raises `NotImplementedError`) is said and stops nothing. A failed property is shown as input, expected, got.
"""

from soccer_lib.course.checks.cloning import check_clone_loss, check_dagger
from soccer_lib.course.checks.dataset import check_clip_commands, check_split
from soccer_lib.course.checks.environment import check_ball_offset, check_heading_frame
from soccer_lib.course.checks.evaluation import check_difference, check_interval, check_official_score
from soccer_lib.course.checks.finetuning import check_moved_target, check_smoothed, check_td_target
from soccer_lib.course.checks.guess import reveal
from soccer_lib.course.checks.reaching import (
    check_difficulty,
    check_prune,
    check_returns,
    check_tool_point,
)
from soccer_lib.course.checks.shaping import check_potential, check_shaping

__all__ = [
    "check_ball_offset",
    "check_clip_commands",
    "check_clone_loss",
    "check_dagger",
    "check_difference",
    "check_difficulty",
    "check_heading_frame",
    "check_interval",
    "check_moved_target",
    "check_official_score",
    "check_potential",
    "check_prune",
    "check_returns",
    "check_shaping",
    "check_smoothed",
    "check_split",
    "check_td_target",
    "check_tool_point",
    "reveal",
]
