"""Reading what a matplotlib figure draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.text import Text


def titles(figure: Any) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def words(figure: Any) -> list[str]:
    """Every text of a figure."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def lines(axes: Axes) -> dict[str, Line2D]:
    """Label -> line."""
    return {line.get_label(): line for line in axes.lines}


def points(axes: Axes) -> dict[str, list[list[float]]]:
    """Label -> x and y of each point of that line."""
    return {label: np.round(line.get_xydata(), 6).tolist() for label, line in lines(axes).items()}


def intervals(axes: Axes) -> list[list[list[float]]]:
    """Both ends, x and y, of the thick bars that stand for intervals."""
    return [line.get_xydata().tolist() for line in axes.lines if line.get_linewidth() == 4]


def colour_of(artist: Any) -> str:
    """A line's colour or a patch's face."""
    return to_hex(artist.get_color() if isinstance(artist, Line2D) else artist.get_facecolor())


def legend_colours(legend: Any) -> dict[str, str]:
    """What the legend says -> its colour."""
    texts = [text.get_text() for text in legend.get_texts()]
    return dict(zip(texts, map(colour_of, legend.legend_handles), strict=True))
