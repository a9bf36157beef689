"""Datasets in the format of Minari (Farama; HDF5), an optional extra: `pip install minari==0.5.4 h5py`.

The folder is named like a Minari dataset, such as `striker-v0`, and holds `data/`: with its parent as
`MINARI_DATASETS_PATH`, `minari.load_dataset("striker-v0")` reads it. Held steps are in the infos (0 for the
reset); what else a dataset knows is in its metadata under `soccer_lib`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.demos.dataset import Dataset, dataset_of
from soccer_lib.errors import InputError, one_line
from soccer_lib.runs.files import resource_errors

_COLUMNS = {
    "actions": "actions",
    "rewards": "rewards",
    "terminated": "terminations",
    "truncated": "truncations",
}
"""Our name -> Minari's."""

_ABOUT = ("control", "observation_layout", "rate_hz", "source", "tasks", "seeds", "scores", "success")


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Refuse a folder that cannot be written in Minari's format, before hours of work.

    Raises:
        InputError: no minari, the folder is there already, or Minari would not take its name.
    """
    try:
        from minari.dataset.minari_dataset import parse_dataset_id

        parse_dataset_id(Path(folder).name)
    except ImportError as error:
        raise _no_minari(error) from None
    except (ValueError, TypeError):
        raise InputError(f"{folder} is not a Minari name; expected one like striker-v0; rename it") from None
    if Path(folder).exists():
        raise InputError(f"{folder} is there already; expected a new folder; raise its version")


def _no_minari(error: ImportError) -> InputError:
    return InputError(f"{one_line(error)}; expected minari and h5py; pip install minari==0.5.4 h5py")


def write_minari(folder: str | os.PathLike[str], dataset: Dataset) -> Path:
    """Write a played dataset; the folder is whole or absent.

    Raises:
        InputError: as `check_folder`, or a dataset without transitions.
        ResourceError: the disk is full or read-only.
    """
    check_folder(folder)
    if not dataset.has_transitions:
        raise InputError("this dataset has no transitions; expected them for Minari; play one with --from")
    import minari
    from minari.data_collector.episode_buffer import EpisodeBuffer
    from minari.dataset.minari_storage import MinariStorage

    def buffer(number: int) -> EpisodeBuffer:
        episode = dataset.take(dataset.episode_id == number)
        last_observation = episode.column("next_observations")[-1:]
        return EpisodeBuffer(
            seed=int(episode.column("seeds")[0]),
            observations=np.concatenate((episode.observations, last_observation)),
            infos={"held_steps": np.append(0, episode.column("held_steps"))},
            **{theirs: episode.column(ours) for ours, theirs in _COLUMNS.items()},
        )

    folder = Path(folder)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    observation = gym.spaces.Box(-np.inf, np.inf, dataset.observations.shape[1:], np.float32)
    action = gym.spaces.Box(-1, 1, dataset.actions.shape[1:], np.float32)
    about = {name: np.asarray(getattr(dataset, name)).tolist() for name in _ABOUT}
    with resource_errors(folder, "write"):
        try:
            (temporary / "data").mkdir(parents=True)
            storage = MinariStorage.new(temporary / "data", observation, action)
            storage.update_metadata(
                {"dataset_id": folder.name, "minari_version": minari.__version__, "soccer_lib": about}
            )
            storage.update_episodes(map(buffer, range(len(dataset.source))))
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def read_minari(folder: str | os.PathLike[str]) -> Dataset:
    """Read a dataset of `write_minari`.

    Raises:
        InputError: no minari, or a missing, damaged or foreign dataset.
    """
    try:
        from minari.dataset.minari_storage import MinariStorage

        storage = MinariStorage.read(Path(folder) / "data")
        about: dict[str, Any] = storage.metadata["soccer_lib"]
        episodes = list(storage.get_episodes(range(storage.total_episodes)))
        arrays = {ours: np.concatenate([e[theirs] for e in episodes]) for ours, theirs in _COLUMNS.items()}
        arrays["observations"] = np.concatenate([e["observations"][:-1] for e in episodes])
        arrays["next_observations"] = np.concatenate([e["observations"][1:] for e in episodes])
        arrays["held_steps"] = np.concatenate([e["infos"]["held_steps"][1:] for e in episodes])
        arrays["episode_id"] = np.repeat(range(len(episodes)), [len(e["actions"]) for e in episodes])
    except ImportError as error:
        raise _no_minari(error) from None
    except Exception as error:  # a damaged HDF5 file can raise nearly anything
        raise InputError(
            f"cannot read {folder}: {one_line(error, 200) or type(error).__name__}; expected what dataset "
            "--minari wrote; check the path or make it again"
        ) from error
    return dataset_of(about | arrays, folder)
