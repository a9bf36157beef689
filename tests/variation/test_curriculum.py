"""Levels: read, refused, climbed by success."""

from __future__ import annotations

import pytest

from soccer_lib.errors import InputError
from soccer_lib.variation import read_curriculum
from soccer_lib.variation.curriculum import Ladder

LEVELS = [{"start_distance": [0.5, 0.8]}, {"start_distance": 1.5}, {}]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, ["no levels", "[[levels]]"]),
        ({"levels": []}, ["no levels"]),
        ({"levels": {"mass": 1}}, ["no levels"]),
        ({"levels": [1]}, ["tables of ranges"]),
        ({"levels": LEVELS, "upp": 0.5}, ["'upp'", "did you mean 'up'?"]),
        ({"levels": [{"start_distanc": 1}]}, ["level 1", "'start_distanc'"]),
        ({"levels": [{}, {"start_distance": [2, 1]}]}, ["level 2", "lower end first"]),
        ({"levels": LEVELS, "up": 1.5}, ["up got 1.5"]),
        ({"levels": LEVELS, "up": 0.2, "down": 0.6}, ["down below up"]),
        ({"levels": LEVELS, "window": 0}, ["window got 0"]),
        ({"levels": LEVELS, "window": "ten"}, ["window got 'ten'"]),
    ],
)
def test_bad_curricula_are_refused_in_a_line(table, words):
    with pytest.raises(InputError) as error:
        read_curriculum(table)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_a_file_is_read_like_its_table(tmp_path):
    file = tmp_path / "levels.toml"
    file.write_text("up = 0.6\n[[levels]]\nstart_distance = [0.5, 0.8]\n[[levels]]\n")
    assert read_curriculum(str(file)) == read_curriculum({"up": 0.6, "levels": [LEVELS[0], {}]})


def climbed(successes: list[bool], **rules) -> list[int]:
    ladder = Ladder(read_curriculum({"levels": LEVELS, "window": 4, **rules}))
    levels = []
    for success in successes:
        ladder.note(success)
        levels.append(ladder.level)
    return levels


def test_the_next_level_begins_with_three_of_four_and_counts_anew():
    """0.7 of 4 are 2.8; after a climb four more episodes are needed; the last level stays."""
    assert climbed([True, True, False, True]) == [0, 0, 0, 1]
    assert climbed([True] * 16) == [0] * 3 + [1] * 4 + [2] * 9
    assert climbed([True, False, True, False, True, True]) == [0, 0, 0, 0, 0, 1]  # F T T T: a sliding window


def test_a_level_is_left_downwards_only_where_that_is_asked_for():
    fall = [True] * 4 + [False] * 4
    assert climbed(fall)[-1] == 1
    assert climbed(fall, down=0.2)[-1] == 0
    assert climbed([False] * 8, down=0.2)[-1] == 0, "there is none below the first"


def test_a_ladder_goes_on_from_its_state():
    one = Ladder(read_curriculum({"levels": LEVELS, "window": 4}))
    for _ in range(7):
        one.note(True)
    other = Ladder(one.curriculum)
    other.set_state(one.get_state())
    for ladder in (one, other):
        ladder.note(True)
    assert (one.level, one.get_state()) == (2, other.get_state())
    with pytest.raises(InputError, match="level got 3"):
        other.set_state({"level": 3, "successes": []})
