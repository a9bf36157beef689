"""Files of recorded episodes: task, seed, start, score and every torque, so that anyone can check.

The npz file holds `header` (JSON: format, policy, versions, the list of episodes) and `torques` (all
episodes one after the other). JSON writes the shortest digits that give the same number back.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Sequence

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.evaluation.episode import Episode
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.runs import atomic_write_npz, load_npz, version_record
from soccer_lib.tasks import Task, task_named

FORMAT = "soccer_lib torques 1"


def record_bytes(tasks: Iterable[Task], episodes: int) -> int:
    """The most that a record of so many episodes of each task can take on disk [bytes]."""
    return sum(task.max_steps for task in tasks) * episodes * 12 * 4 + 100_000


def write_record(path: str | os.PathLike[str], episodes: Sequence[Episode], policy: str) -> None:
    """Write episodes with their torques; the file is whole or absent.

    Args:
        path: the npz file.
        episodes: played with their torques kept.
        policy: name of the policy, for the reader of the file.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    listed = [dataclasses.asdict(dataclasses.replace(episode, torques=None)) for episode in episodes]
    header = {"format": FORMAT, "policy": policy, "versions": version_record(), "episodes": listed}
    torques = np.concatenate([episode.torques for episode in episodes])
    atomic_write_npz(path, {"header": json.dumps(header), "torques": torques})


def read_record(path: str | os.PathLike[str]) -> list[Episode]:
    """Read a file of recorded episodes and check all of it.

    Raises:
        InputError: missing, damaged or foreign file, one of another format, or impossible contents.
    """
    arrays = load_npz(path, required=("header", "torques"))
    try:
        return _episodes(json.loads(str(arrays["header"])), arrays["torques"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{os.fspath(path)} holds no episodes that can be replayed ({one_line(error, 200)}); expected "
            "what evaluate --record wrote; write it again"
        ) from error


def _episodes(header: dict, torques: np.ndarray) -> list[Episode]:
    if header["format"] != FORMAT:
        raise ValueError(f"format {header['format']!r} instead of {FORMAT!r}")
    if torques.dtype != np.float32 or torques.shape[1:] != (12,):
        raise ValueError(f"torques are {torques.dtype} of shape {torques.shape}")
    if not (np.abs(torques) <= TORQUE_LIMIT).all():  # NaN compares false
        raise ValueError("torques are not finite or beyond the limits")
    episodes = []
    end = 0
    for entry in header["episodes"]:
        begin = end
        end = begin + entry["length"]
        episode = Episode(**entry | {"torques": torques[begin:end]})
        if task_named(episode.task).name != episode.task or episode.seed < 0 or episode.length < 1:
            raise ValueError(f"{episode.task}, seed {episode.seed} of {episode.length} steps")
        episodes.append(episode)
    if not episodes or end != len(torques):
        raise ValueError(f"{len(torques)} torques for {len(episodes)} episodes of {end} steps")
    return episodes
