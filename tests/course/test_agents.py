"""Agents of lessons: those of one's own place first, else the newest wherever a lesson was run."""

from __future__ import annotations

import os
from pathlib import Path

from soccer_lib.course.agents import TRAINED, trained_agents


def train(place: Path, name: str, age: float = 0.0) -> Path:
    folder = place / "03_bc_training" / name
    folder.mkdir(parents=True)
    (folder / TRAINED).write_text("{}")
    os.utime(folder / TRAINED, (1e9 - age, 1e9 - age))
    return folder


def found(folder: Path, root: Path) -> dict[str, Path]:
    return {name: path.resolve() for name, path in trained_agents(folder, root).items()}


def test_agents_beside_a_lesson_come_first(tmp_path):
    course = tmp_path / "runs" / "course" / "fast"
    clone = train(course, "clone", age=1000)
    corrected = train(course, "corrected", age=1000)
    train(tmp_path / "runs" / "by_hand", "clone")
    assert found(course / "06_evaluation", tmp_path) == {"clone": clone, "corrected": corrected}


def test_else_the_newest_place_counts(tmp_path):
    lesson = tmp_path / "runs" / "notebook" / "06_evaluation" / "fast" / "06_evaluation"
    assert found(lesson, tmp_path) == {}
    old = train(tmp_path / "runs" / "course" / "fast", "clone", age=100)
    assert found(lesson, tmp_path) == {"clone": old}
    alone = train(tmp_path / "runs" / "notebook" / "03_bc_training" / "full", "clone", age=50)
    assert found(lesson, tmp_path) == {"clone": alone}
    by_hand = train(tmp_path / "runs" / "by_hand", "corrected", age=10)
    # One place as a whole: a clone of another run is not mixed in.
    assert found(lesson, tmp_path) == {"corrected": by_hand}


def test_a_run_that_is_not_finished_is_none(tmp_path):
    (tmp_path / "runs" / "by_hand" / "03_bc_training" / "clone").mkdir(parents=True)
    assert trained_agents(tmp_path / "elsewhere" / "06", tmp_path) == {}
