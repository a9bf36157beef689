"""The command `inspect clips`: show what motion clips hold, and replay them."""

from __future__ import annotations

from dataclasses import dataclass

from soccer_lib.demos.clips import read_clips
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.view.clips import clip_frames, clips_table, plot_clip
from soccer_lib.view.style import check_picture_name, save_figure
from soccer_lib.view.video import write_video


@dataclass(frozen=True)
class InspectClipsConfig:
    """Show what motion clips hold, and replay them."""

    input_root: str = "data/clips"
    """Folder with the .npz files."""
    files: tuple[str, ...] = ()
    """Names or patterns of clips, such as running "*kick*"; all by default."""
    exclude_files: tuple[str, ...] = ()
    """Names or patterns to leave out."""
    video: str = ""
    """Video of the replay, .mp4 or .gif: one clip after the other."""
    plot: str = ""
    """Picture of poses and joints, .png, .svg or .pdf; several clips get one each, NAME_CLIP.png."""


def main(config: InspectClipsConfig) -> None:
    """Print a line for each clip, and write the pictures and the video that are wanted.

    Raises:
        SoccerError: no clips, a file that is not a clip, or an output that cannot be written.
    """
    if config.plot:
        check_picture_name(config.plot)
    check_outputs([config.video, config.plot])
    clips = read_clips(config.input_root, config.files, config.exclude_files, True, lenient=True)
    print(clips_table(clips))
    if config.plot:
        stem, dot, ending = config.plot.rpartition(".")
        for clip in clips:
            path = config.plot if len(clips) == 1 else f"{stem}_{clip.name}{dot}{ending}"
            save_figure(plot_clip(clip), path)
            print(f"wrote {path}")
    if config.video:
        frames = (frame for clip in clips for frame in clip_frames(clip))
        print(f"wrote {write_video(frames, config.video)}")
