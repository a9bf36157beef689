"""Tables of observations and joints, as notebooks show them."""

from __future__ import annotations

from soccer_lib.course import figures
from soccer_lib.layout import AGENT, RAW


def test_tables_are_drawn_from_the_layouts():
    for layout in (RAW["goalie_penalty_kick"], AGENT):
        lines = figures.layout_table(layout).data.splitlines()
        assert len(lines) == len(layout.fields) + 2 and all(line.count("|") == 6 for line in lines)
    assert "| 3 | left_knee_pitch | 65 | 0.4 | 200 | 5 |" in figures.joint_table().data
