"""Frames next to each other."""

from __future__ import annotations

import numpy as np

from soccer_lib.course import figures
from tests.support.drawn import titles


def test_each_frame_has_its_title_three_in_a_row():
    frames = {name: np.full((4, 6, 3), 50 * k, np.uint8) for k, name in enumerate("abcd")}
    figure = figures.plot_frames(frames)
    assert titles(figure) == list("abcd")
    assert [int(axes.images[0].get_array()[0, 0, 0]) for axes in figure.axes] == [0, 50, 100, 150]
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (2, 3)


def test_films_stand_in_their_order_and_a_short_one_keeps_its_last_picture():
    dark = [np.full((100, 120, 3), shade, np.uint8) for shade in (0, 10)]
    light = [np.full((100, 120, 3), shade, np.uint8) for shade in (200, 210, 220)]
    frames = list(figures.side_by_side({"dark": dark, "light": light}))
    assert [frame.shape for frame in frames] == [(100, 240, 3)] * 3
    assert [(int(frame[0, 0, 0]), int(frame[0, 120, 0])) for frame in frames] == [
        (0, 200),
        (10, 210),
        (10, 220),
    ]
    assert (frames[0][60:, :120] > 100).any()  # its name


def test_maps_stand_below_their_films():
    films = {"a": [np.full((60, 80, 3), 5, np.uint8)], "b": [np.full((60, 80, 3), 6, np.uint8)]}
    maps = {"a": [np.full((20, 80, 3), 105, np.uint8)], "b": [np.full((20, 80, 3), 106, np.uint8)]}
    (frame,) = figures.side_by_side(films, maps)
    assert frame.shape == (80, 160, 3)
    assert [int(frame[row, column, 0]) for row in (0, 79) for column in (0, 159)] == [5, 6, 105, 106]
