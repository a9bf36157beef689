"""Made-up episodes whose figures are known."""

from __future__ import annotations

from typing import Any

from soccer_lib.evaluation import Episode
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import TASKS


def make_episode(task: str, score: float, fingerprint: str = "a", **changes: Any) -> Episode:
    """An episode that ended in a fall; the whole score is its first component."""
    components = dict.fromkeys(OFFICIAL_WEIGHTS[task], 0.0) if TASKS[task].in_competition else {}
    if components:
        components[next(iter(components))] = score
    values = {
        "task": task,
        "seed": 1,
        "start": 0,
        "score": score if components else None,
        "components": components,
        "terms": {"offside": 0.0},
        "length": 100,
        "outcome": "fall",
        "success": False,
        "fallen": True,
        "offside": False,
        "kicked": False,
        "episode_return": score,
        "fingerprint": fingerprint,
    }
    return Episode(**values | changes)
