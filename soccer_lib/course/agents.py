"""The agents that lessons have trained, wherever they were run: by hand, one by one, or as a course."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from soccer_lib.runs.folder import CHECKOUT

TRAINED = "final_model.json"
"""What a finished training leaves in its run folder."""


def trained_agents(folder: Path, root: Path = CHECKOUT) -> dict[str, Path]:
    """Name of the run folder -> its path, for all agents that the lessons of one place have trained.

    The place is the one that a lesson's own output is in; where nothing has been trained there, it is the one
    of the newest agent among `runs/by_hand`, `runs/course/PRESET` and `runs/notebook/NAME/PRESET`.

    Args:
        folder: of the lesson's own output.
        root: of the checkout.
    """
    here = _agents_in(folder.parent)
    if here:
        return here
    places = [_agents_in(place) for place in _places(root)]
    return max(filter(None, places), key=_newest, default={})


def _places(root: Path) -> Iterator[Path]:
    """Folders whose subfolders are outputs of lessons."""
    runs = root / "runs"
    yield runs / "by_hand"
    yield from sorted(runs.glob("course/*/"))
    yield from sorted(runs.glob("notebook/*/*/"))


def _agents_in(place: Path) -> dict[str, Path]:
    """Seen from the working directory, as a notebook prints it."""
    folders = [file.parent for file in sorted(place.glob(f"*/*/{TRAINED}"))]
    return {folder.name: Path(os.path.relpath(folder)) for folder in folders}


def _newest(agents: dict[str, Path]) -> float:
    return max((folder / TRAINED).stat().st_mtime for folder in agents.values())
