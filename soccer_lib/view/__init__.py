"""Pictures, videos, widgets and tables; the only room that draws."""

from soccer_lib.view.audit import audit_table, plot_audit
from soccer_lib.view.browse import clip_figure, clip_scrubber, dataset_browser, sample_figure
from soccer_lib.view.clips import clip_figures, clip_frames, clips_table, plot_clip
from soccer_lib.view.cloning import plot_drift, plot_kick_answers, plot_losses, plot_study, study_table
from soccer_lib.view.components import plot_components
from soccer_lib.view.field import field_frames, plot_field, plot_fields
from soccer_lib.view.figures import picture, save_figure
from soccer_lib.view.layouts import joint_table, layout_table
from soccer_lib.view.opengl import opengl_backend, why
from soccer_lib.view.results import plot_results
from soccer_lib.view.rolling import plot_rolling_ball, trace_rolling_ball
from soccer_lib.view.samples import asks_for_kick, ball_of, plot_balls, plot_labels, plot_splits
from soccer_lib.view.scene import Scene, draw_env, plot_frames
from soccer_lib.view.table import results_table
from soccer_lib.view.terms import plot_reward_terms
from soccer_lib.view.trajectory import Recorder, Trajectory, snapshot, trace_episode
from soccer_lib.view.video import record_episode, show_video, side_by_side, trajectory_frames, write_video
from soccer_lib.view.widgets import (
    drive,
    drive_sequence,
    episode_figure,
    episode_scrubber,
    joint_pose_explorer,
    pose_figure,
)

__all__ = [
    "Recorder",
    "Scene",
    "Trajectory",
    "asks_for_kick",
    "audit_table",
    "ball_of",
    "clip_figure",
    "clip_figures",
    "clip_frames",
    "clip_scrubber",
    "clips_table",
    "dataset_browser",
    "draw_env",
    "drive",
    "drive_sequence",
    "episode_figure",
    "episode_scrubber",
    "field_frames",
    "joint_pose_explorer",
    "joint_table",
    "layout_table",
    "opengl_backend",
    "picture",
    "plot_audit",
    "plot_balls",
    "plot_clip",
    "plot_components",
    "plot_drift",
    "plot_field",
    "plot_fields",
    "plot_frames",
    "plot_kick_answers",
    "plot_labels",
    "plot_losses",
    "plot_results",
    "plot_reward_terms",
    "plot_rolling_ball",
    "plot_splits",
    "plot_study",
    "pose_figure",
    "record_episode",
    "results_table",
    "sample_figure",
    "save_figure",
    "show_video",
    "side_by_side",
    "snapshot",
    "study_table",
    "trace_episode",
    "trace_rolling_ball",
    "trajectory_frames",
    "why",
    "write_video",
]
