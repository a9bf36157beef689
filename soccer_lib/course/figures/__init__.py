"""The pictures, tables and widgets of the lessons."""

from soccer_lib.course.figures.browse import clip_figure, clip_scrubber, dataset_browser, sample_figure
from soccer_lib.course.figures.browser import episode_browser
from soccer_lib.course.figures.cloning import plot_kick_answers, plot_losses, plot_study, study_table
from soccer_lib.course.figures.components import plot_components
from soccer_lib.course.figures.diagrams import draw_dagger, draw_decision, draw_kick_unit
from soccer_lib.course.figures.drift import plot_drift, plot_epochs
from soccer_lib.course.figures.drive import drive_by, drive_sequence
from soccer_lib.course.figures.frames import plot_frames, side_by_side
from soccer_lib.course.figures.layouts import command_table, joint_table, layout_table, task_table
from soccer_lib.course.figures.moments import episode_figure
from soccer_lib.course.figures.overview import plot_control_stack, plot_loop
from soccer_lib.course.figures.panel import drive
from soccer_lib.course.figures.resampling import plot_resampling
from soccer_lib.course.figures.rolling import plot_rolling_ball, trace_rolling_ball
from soccer_lib.course.figures.samples import asks_for_kick, ball_of, plot_balls, plot_labels, plot_splits
from soccer_lib.course.figures.shaping import explore_weights, plot_pay, weigh_recordings
from soccer_lib.course.figures.terms import plot_reward_terms
from soccer_lib.course.figures.training import plot_estimates, plot_run, plot_smoothing, series, watch_run
from soccer_lib.course.figures.widgets import episode_scrubber, explore, joint_pose_explorer, pose_figure

__all__ = [
    "asks_for_kick",
    "ball_of",
    "clip_figure",
    "clip_scrubber",
    "command_table",
    "dataset_browser",
    "draw_dagger",
    "draw_decision",
    "draw_kick_unit",
    "drive",
    "drive_by",
    "drive_sequence",
    "episode_browser",
    "episode_figure",
    "episode_scrubber",
    "explore",
    "explore_weights",
    "joint_pose_explorer",
    "joint_table",
    "layout_table",
    "plot_balls",
    "plot_components",
    "plot_control_stack",
    "plot_drift",
    "plot_epochs",
    "plot_estimates",
    "plot_frames",
    "plot_kick_answers",
    "plot_labels",
    "plot_loop",
    "plot_losses",
    "plot_resampling",
    "plot_pay",
    "plot_reward_terms",
    "plot_rolling_ball",
    "plot_run",
    "plot_smoothing",
    "plot_splits",
    "plot_study",
    "pose_figure",
    "sample_figure",
    "series",
    "side_by_side",
    "study_table",
    "task_table",
    "trace_rolling_ball",
    "watch_run",
    "weigh_recordings",
]
