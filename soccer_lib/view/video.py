"""Videos of episodes: drawn with OpenGL, or as a field map where there is none; written as MP4 or GIF."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.runs import atomic_write_bytes
from soccer_lib.sim.opengl import opengl_backend, why
from soccer_lib.view.field import field_frames
from soccer_lib.view.scene import SceneRenderer, Size
from soccer_lib.view.style import INK

AnyPath = str | os.PathLike[str]


def trajectory_frames(
    trajectory: Trajectory,
    *,
    fps: int = 25,
    size: Size = (320, 180),
    camera: str = "follow",
    light: bool = True,
) -> Iterator[np.ndarray]:
    """Pictures of an episode, `fps` a second, of `SceneRenderer`; without OpenGL a map, and it says so."""
    if opengl_backend() is None:
        print(f"{why()}; drawing a field map instead")
        yield from field_frames(trajectory, fps, size)
        return
    with SceneRenderer(trajectory, size, light) as renderer:
        for row in trajectory.rows(fps):
            yield renderer.draw(trajectory.geom_xpos[row], trajectory.geom_xmat[row], camera)


def write_video(frames: Iterable[np.ndarray], path: AnyPath, fps: int = 25) -> Path:
    """Write pictures as an MP4 (H.264) that browsers play, or as a GIF where ffmpeg is missing.

    Args:
        frames: uint8, Shape: (height, width, 3) each, all of one size.
        path: ends in .mp4 or .gif.
        fps: pictures a second.

    Returns:
        the file that was written: `path`, or it with the ending .gif where ffmpeg is missing.

    Raises:
        InputError: no pictures, or another ending.
        ResourceError: the disk is full or read-only.
    """
    check_video_name(path)
    path = Path(path)
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise InputError("no pictures came; expected at least one; check the episode's length")
    if path.suffix.lower() == ".mp4" and not has_ffmpeg():
        print(f"no ffmpeg: {path.name} becomes a GIF; for an MP4 try: pip install imageio-ffmpeg")
        path = path.with_suffix(".gif")
    encode = _mp4 if path.suffix.lower() == ".mp4" else _gif
    return atomic_write_bytes(path, encode(first, frames, fps))


def check_video_name(path: AnyPath) -> None:
    """Refuse a name whose ending is not a video format.

    Raises:
        InputError: it has another ending than .mp4 or .gif.
    """
    if Path(path).suffix.lower() not in (".mp4", ".gif"):
        raise InputError(f"{path} is not a video's name; expected one that ends in .mp4 or .gif; try a.mp4")


def captioned(frames: Iterable[np.ndarray], captions: Iterable[str]) -> Iterator[np.ndarray]:
    """Pictures with a line of text at the bottom, a caption for each of them."""
    from PIL import Image, ImageDraw, ImageFont

    for frame, caption in zip(frames, captions, strict=False):
        image = Image.fromarray(frame)
        font = ImageFont.load_default(max(10, image.width // 32))
        corner = (14, image.height - 34)
        ImageDraw.Draw(image).text(corner, caption, fill=INK, font=font, stroke_width=3, stroke_fill="white")
        yield np.asarray(image)


def beside(films: Iterable[Iterable[np.ndarray]]) -> Iterator[np.ndarray]:
    """Several films as one, from left to right; one that is over keeps its last picture.

    Args:
        films: pictures of the same height. Shape: (height, width, 3) each.
    """
    last: tuple[np.ndarray, ...] = ()
    for pictures in zip_longest(*films):
        last = tuple(old if new is None else new for new, old in zip_longest(pictures, last))
        yield np.concatenate(last, axis=1)


def has_ffmpeg() -> bool:
    """Whether MP4 can be written here."""
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return False
    return True


def _mp4(first: np.ndarray, others: Iterator[np.ndarray], fps: int) -> bytes:
    import imageio_ffmpeg

    height, width = first.shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "video.mp4")
        writer = imageio_ffmpeg.write_frames(
            name,
            (width, height),
            fps=fps,
            macro_block_size=2,  # H.264 needs even sides
            output_params=["-movflags", "+faststart"],  # with its index at the front a page plays it at once
        )
        writer.send(None)
        for frame in chain([first], others):
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        return Path(name).read_bytes()


def _gif(first: np.ndarray, others: Iterator[np.ndarray], fps: int) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(first).save(
        stream,
        format="GIF",
        save_all=True,
        append_images=map(Image.fromarray, others),
        duration=1000 / fps,  # of a picture [ms]
        loop=0,
    )
    return stream.getvalue()


def show_video(path: AnyPath, width: int = 640) -> Any:
    """The video for the last line of a notebook cell, `width` pixels wide; part of the page and its HTML."""
    from IPython.display import HTML

    data = base64.b64encode(Path(path).read_bytes()).decode()
    if Path(path).suffix.lower() == ".gif":
        return HTML(f'<img width="{width}" src="data:image/gif;base64,{data}">')
    attributes = f'width="{width}" controls loop autoplay muted playsinline'
    return HTML(f'<video {attributes}><source type="video/mp4" src="data:video/mp4;base64,{data}"></video>')
