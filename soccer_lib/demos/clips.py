"""Folders of motion clips: which of them are read, and where the public ones come from."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.formats.clip import Clip, read_clip
from soccer_lib.runs import atomic_write_bytes

CLIPS_REPOSITORY = "SaiResearch/booster_dataset"
CLIPS_FOLDER = "soccer/booster_lower_t1"


def read_clips(
    input_root: str | os.PathLike[str],
    files: Sequence[str] = (),
    exclude_files: Sequence[str] = (),
    strict_files: bool = False,
    lenient: bool = False,
) -> list[Clip]:
    """Read the clips of a folder in the order of their names.

    Args:
        input_root: the folder.
        files: names or patterns such as `*kick*`, with or without .npz; none stands for all.
        exclude_files: names or patterns that are left out.
        strict_files: refuse a pattern that fits nothing; else a line says so and it is passed over.
        lenient: read clips whose velocities do not fit their motion too, and say so in their `reading`.

    Raises:
        InputError: no folder, nothing left to read, a pattern that fits nothing, or a damaged file.
    """
    files = ",".join(files).split(",") if files else []
    exclude_files = ",".join(exclude_files).split(",") if exclude_files else []
    root = Path(input_root)
    known = {path.stem: path for path in sorted(root.glob("*.npz"))}
    if not known:
        what = "has no .npz files" if root.is_dir() else "is not a folder"
        raise InputError(f"{root} {what}; expected motion clips; try --input-root FOLDER, or dataset --fetch")
    for pattern in (*files, *exclude_files):
        if not fitting(known, [pattern]):
            if strict_files:
                raise unknown_name("clip", pattern, known)
            print(f"no clip in {root} fits {pattern!r}: passed over")
    chosen = (fitting(known, files) if files else set(known)) - fitting(known, exclude_files)
    if not chosen:
        raise unknown_name("clip", ", ".join(files) or "nothing but excluded ones", known)
    return [read_clip(path, lenient=lenient) for name, path in known.items() if name in chosen]


def fitting(names: Iterable[str], patterns: Sequence[str]) -> set[str]:
    """The names that fit one of the patterns."""
    plain = [pattern.removesuffix(".npz") for pattern in patterns]
    return {name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in plain)}


def fetch_clips(input_root: str | os.PathLike[str]) -> list[Path]:
    """Fetch the public clips from the model hub, or from its local cache, into a folder.

    Raises:
        InputError: no huggingface_hub, no network, or the hub has no clips there.
        ResourceError: the folder cannot be written.
    """
    where = f"{CLIPS_FOLDER} of data set {CLIPS_REPOSITORY}"
    instead = "name a folder of clips with --input-root"
    try:
        from huggingface_hub import snapshot_download

        cache = snapshot_download(
            CLIPS_REPOSITORY, repo_type="dataset", allow_patterns=f"{CLIPS_FOLDER}/*.npz"
        )
    except ImportError:
        raise InputError(
            f"--fetch needs huggingface_hub; expected it installed; pip install huggingface_hub, or {instead}"
        ) from None
    except Exception as error:  # the client raises many kinds, from its own and from its network library
        raise InputError(
            f"--fetch could not get {where} ({type(error).__name__}); expected a network; connect to one, or "
            f"{instead}"
        ) from None
    found = sorted(Path(cache, CLIPS_FOLDER).glob("*.npz"))
    if not found:
        raise InputError(f"--fetch found no clips in {where}; expected .npz files; {instead}")
    for path in found:
        read_clip(path)
    return [atomic_write_bytes(Path(input_root) / path.name, path.read_bytes()) for path in found]
