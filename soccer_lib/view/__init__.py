"""Shared drawing: style, field, scene, results, video."""

from soccer_lib.comparison.summaries import results_table
from soccer_lib.sim.opengl import opengl_backend, why
from soccer_lib.view.audit import audit_table, plot_audit
from soccer_lib.view.clips import clip_facts, clip_frames, clips_table, plot_clip
from soccer_lib.view.curves import plot_curves
from soccer_lib.view.field import field_frames, plot_field, plot_fields
from soccer_lib.view.page import show_page
from soccer_lib.view.results import plot_results
from soccer_lib.view.scene import SceneRenderer, draw_env
from soccer_lib.view.style import picture, save_figure
from soccer_lib.view.video import beside, show_video, trajectory_frames, write_video

__all__ = [
    "SceneRenderer",
    "audit_table",
    "clip_facts",
    "clip_frames",
    "clips_table",
    "draw_env",
    "field_frames",
    "opengl_backend",
    "picture",
    "plot_audit",
    "plot_clip",
    "plot_curves",
    "plot_field",
    "plot_fields",
    "plot_results",
    "results_table",
    "save_figure",
    "show_page",
    "show_video",
    "beside",
    "trajectory_frames",
    "why",
    "write_video",
]
