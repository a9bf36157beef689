"""Drawn frames next to each other: still ones in a figure, films in one film."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.view.style import new_figure, styled
from soccer_lib.view.video import beside, captioned

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def plot_frames(frames: Mapping[str, np.ndarray]) -> Figure:
    """Pictures with their titles, three in a row.

    Args:
        frames: title -> picture, uint8, Shape: (height, width, 3).
    """
    columns = min(3, len(frames))
    rows = math.ceil(len(frames) / columns)
    figure = new_figure(4.2 * columns, 2.7 * rows)
    for index, (title, frame) in enumerate(frames.items()):
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.imshow(frame)
        axes.axis("off")
        axes.set_title(title)
    return figure


def side_by_side(
    films: Mapping[str, Iterable[np.ndarray]], maps: Mapping[str, Iterable[np.ndarray]] | None = None
) -> Iterator[np.ndarray]:
    """Films of one size next to each other, named; one that ends early keeps its last picture.

    Args:
        films: name -> its pictures, uint8, Shape: (height, width, 3) each.
        maps: name -> pictures to show below them, such as the field from above; as many and as wide.
    """
    named = [captioned(frames, repeat(name)) for name, frames in films.items()]
    if maps:
        pairs = [zip(film, field, strict=True) for film, field in zip(named, maps.values(), strict=True)]
        named = [map(np.vstack, pair) for pair in pairs]
    yield from beside(named)
