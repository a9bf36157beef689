"""How all figures look, how they are saved and shown. matplotlib is imported when the first one is drawn."""

from __future__ import annotations

import functools
import io
import math
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from soccer_lib.errors import InputError
from soccer_lib.runs import atomic_write_bytes

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Rectangle

FORMATS = (".png", ".svg", ".pdf")

INK = "#1a1a1a"
QUIET = "#6b6b6b"
FAINT = "#d9d9d9"
ACCENT = "#0072b2"

SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
ORANGE = "#e69f00"
RED = "#d55e00"
PINK = "#cc79a7"
GREY = "#999999"
"""With ACCENT: colours that colour-blind readers can tell apart (Okabe and Ito, 2008)."""

STYLE = {
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.titlesize": 11,
    "figure.labelsize": 9,
    "savefig.dpi": 150,
    "font.size": 9,
    "text.color": QUIET,
    "axes.titlesize": 10,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": QUIET,
    # Only what helps reading: no box, no ticks, a light grid along x.
    "axes.edgecolor": FAINT,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.labelcolor": QUIET,
    # Of the legends that lie over data and ask for a frame.
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    # Names are drawn as they are: those of files may look like formulas.
    "text.parse_math": False,
    # A bar ends where its interval does.
    "lines.solid_capstyle": "butt",
}
"""matplotlib's settings for every figure of the house; a drawing says only where it departs from them."""

INTERVAL = {"color": ACCENT, "linewidth": 4, "alpha": 0.45, "zorder": 3}
"""The line of a 95% interval."""

REFERENCE = {"color": QUIET, "linewidth": 1.1, "linestyle": (0, (4, 2))}
"""A line to compare with: a known result, a threshold, a place."""

_Arguments = ParamSpec("_Arguments")
_Drawn = TypeVar("_Drawn")


def styled(draw: Callable[_Arguments, _Drawn]) -> Callable[_Arguments, _Drawn]:
    """Decorate a function that makes a figure, so that it is made in `STYLE`; the caller's stays as it is."""

    @functools.wraps(draw)
    def draw_in_style(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Drawn:
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return draw_in_style


def new_figure(width: float, height: float) -> Figure:
    """An empty figure that belongs to no window, `width` x `height` inches; to be called in `styled`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def legend_line(**looks: Any) -> Line2D:
    """A line that is only in a legend, for many that are drawn alike."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **looks)


def legend_patch(**looks: Any) -> Patch:
    """A patch that is only in a legend, for many that are drawn alike."""
    from matplotlib.patches import Patch

    return Patch(**looks)


def turned_box(
    centre: tuple[float, float], size: tuple[float, float], turn: float, **looks: Any
) -> Rectangle:
    """A rectangle around a place, turned to the left [rad], for `axes.add_patch`."""
    from matplotlib.patches import Rectangle

    corner = (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    return Rectangle(corner, *size, angle=math.degrees(turn), rotation_point="center", **looks)


def write_heading(figure: Figure | SubFigure, text: str) -> None:
    """Write what all panels have in common above them, at the left."""
    figure.suptitle(text, x=0.01, ha="left", color=INK)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name rows 0, 1, 2, ... of the y axis."""
    axes.set_yticks(range(len(names)), names, color=INK, fontsize=10)


def number_plainly(axis: Axis) -> None:
    """Label a logarithmic axis with decimals instead of powers, which would be formulas."""
    from matplotlib.ticker import LogFormatter

    class Decimals(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axis.set_major_formatter(Decimals())
    axis.set_minor_formatter(Decimals())


def title_of(name: str) -> str:
    """A task's or an outcome's name as a title."""
    return name.replace("_", " ")


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
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        zorder=6,
    )


@styled  # ticks are made when a figure is drawn, not before
def image_bytes(figure: Figure, suffix: str = ".png") -> bytes:
    """The figure as a file's contents."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix.removeprefix("."))
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
    """Refuse a name whose ending is not a picture format.

    Raises:
        InputError: it has another ending than one of `formats`.
    """
    if os.path.splitext(path)[1].lower() not in formats:
        endings = ", ".join(formats)
        raise InputError(f"{path} is not a picture's name; expected one that ends in {endings}; try a.png")


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
