"""What a file is by its first bytes, so that a refusal can say more than that it cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

# First bytes -> what it is, and what to try.
_SIGNATURES: dict[bytes, tuple[str, str]] = {
    b"version https://git-lfs": ("a Git LFS pointer, not the file itself", "run: git lfs pull"),
    b"\x89HDF": ("an HDF5 file", "read it with h5py and save its arrays with numpy.savez"),
    b"\x93NUMPY": ("a single array (.npy)", "save it by its name: numpy.savez(FILE, qpos=...)"),
    b"\x80": ("a Python pickle, which is code", "save arrays with numpy.savez, or a state_dict()"),
    b"\x1f\x8b": ("a gzip file", "unpack it first"),
    b"MATLAB 5.0": ("a MATLAB file", "read it with scipy.io.loadmat and save with numpy.savez"),
    b"<!DOCTYPE": ("a web page", "download the raw file instead"),
    b"<html": ("a web page", "download the raw file instead"),
}


def signature_of(path: str | os.PathLike[str]) -> tuple[str, str] | None:
    """What a file is and what to try, where its first bytes are known."""
    if not Path(path).is_file():
        return None
    with open(path, "rb") as stream:
        head = stream.read(32).lstrip()
    if not head:
        return "empty", "check the path or make it again"
    return next((found for start, found in _SIGNATURES.items() if head.startswith(start)), None)
