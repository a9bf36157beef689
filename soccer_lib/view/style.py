"""How all figures look, how they are saved and shown. matplotlib is imported when the first one is drawn."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from soccer_lib.errors import InputError
from soccer_lib.runs import atomic_write_bytes

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
DPI = 150

INK = "#1a1a1a"
QUIET = "#6b6b6b"
FAINT = "#d9d9d9"
ACCENT = "#0072b2"

SKY, GREEN, YELLOW = "#56b4e9", "#009e73", "#f0e442"
ORANGE, RED, PINK, GREY = "#e69f00", "#d55e00", "#cc79a7", "#999999"
"""With ACCENT: colours that colour-blind readers can tell apart (Okabe and Ito, 2008)."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure that belongs to no window, `width` x `height` inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def tidy(axes: Axes) -> None:
    """Leave only what helps reading: no box, a light grid along x, quiet ticks."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, colors=QUIET, labelsize=9)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def signed(value: float) -> str:
    """Two decimals with the minus sign that the axes use."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def write_value(axes: Axes, value: float, row: int, height: int) -> None:
    """Write a value above or below its mark [points], on white so that no line runs through it."""
    axes.annotate(
        signed(value),
        (value, row),
        xytext=(0, height),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=9,
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        zorder=6,
    )


def image_bytes(figure: Figure, suffix: str = ".png") -> bytes:
    """The figure as a file's contents."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix.removeprefix("."), dpi=DPI)
    return buffer.getvalue()


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure; the file is whole or absent.

    Raises:
        InputError: the name has another ending than .png, .svg or .pdf.
        ResourceError: the disk is full or read-only.
    """
    check_picture_name(path)
    atomic_write_bytes(path, image_bytes(figure, os.path.splitext(path)[1].lower()))


def save_frame(frame: np.ndarray, path: str | os.PathLike[str]) -> None:
    """Write a drawn picture, uint8, Shape: (height, width, 3), as PNG; see `save_figure`."""
    from PIL import Image

    check_picture_name(path, (".png",))
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, format="PNG", optimize=True)
    atomic_write_bytes(path, buffer.getvalue())


def check_picture_name(path: str | os.PathLike[str], formats: Sequence[str] = FORMATS) -> None:
    """Refuse a name whose ending is no picture format."""
    if os.path.splitext(path)[1].lower() not in formats:
        endings = ", ".join(formats)
        raise InputError(f"{path} is no picture's name; expected one that ends in {endings}; try a.png")


def picture(figure: Figure, path: str | os.PathLike[str] | None = None) -> Any:
    """The figure for the last line of a notebook cell; with a `path`, which ends in .png, also a file.

    Raises:
        InputError: the path has another ending.
        ResourceError: the disk is full or read-only.
    """
    from IPython.display import Image

    if path is not None:
        check_picture_name(path, (".png",))
    shown = Image(data=image_bytes(figure), width=int(figure.get_figwidth() * 96))
    if path is not None:
        atomic_write_bytes(path, shown.data)
    return shown
