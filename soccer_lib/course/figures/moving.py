"""A figure of which little moves: what stands still is drawn once, so that a slider is answered at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.view.style import styled

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

SCREEN_DPI = 96
"""Of pictures that answer a slider."""


class MovingPicture:
    """PNGs of a figure, in each of which only what moves is drawn anew.

    Args:
        figure: with all that it ever holds.
        move: brings it to a moment and returns what moves, always the same, from the bottom up.
    """

    def __init__(self, figure: Figure, move: Callable[[Any], Sequence[Artist]]) -> None:
        self.figure = figure
        self._move = move
        self._still: Any = None

    @styled
    def png(self, moment: Any) -> bytes:
        """The figure at a moment, as `move` takes it."""
        from PIL import Image

        if self._still is None:
            self._draw_still(self._move(moment))
        moved = self._move(moment)  # once more: limits of axes hang on the places that they have got now
        canvas = self.figure.canvas
        canvas.restore_region(self._still)
        for artist in moved:
            self.figure.draw_artist(artist)
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def _draw_still(self, moved: Sequence[Artist]) -> None:
        """Draw and keep what never moves."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(self.figure)
        self.figure.set_dpi(SCREEN_DPI)
        # Laid out with all that there is: what is hidden gets no room.
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")
        for artist in moved:
            artist.set_visible(False)
        canvas.draw()
        self._still = canvas.copy_from_bbox(self.figure.bbox)
        for artist in moved:
            artist.set_visible(True)
