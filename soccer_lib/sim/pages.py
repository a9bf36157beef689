"""Memory that the models of a task share: all but a few pages of them are the same meshes and pictures.

A MuJoCo model of the field takes 65 MiB, of which a reset writes a few hundred bytes. Pages that equal those
of the task's first model become the system's copies on write of these: every environment keeps a model of its
own, and 32 of them take little more memory than one.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import weakref

import mujoco
import numpy as np

_MAP_FIXED = 0x10
"""Of Linux; Python's `mmap` does not name it."""

SHORTEST = 64
"""Fewer equal pages in a row are not worth a mapping of their own."""


class Pages:
    """Pages of a task's first model, in a file that lies in memory for as long as anything is made of it.

    Args:
        pages: of that model, as they lie in memory; they are the first to be replaced.
            Shape: (n, page size), uint8.
    """

    def __init__(self, pages: np.ndarray) -> None:
        self._file = os.memfd_create("mujoco-model")
        weakref.finalize(self, os.close, self._file)
        with open(self._file, "wb", closefd=False) as file:
            file.write(pages.data)
        memory = mmap.mmap(self._file, pages.nbytes, access=mmap.ACCESS_READ)
        self._content = np.frombuffer(memory, np.uint8).reshape(pages.shape)
        self._map(pages, 0, len(pages))

    def replace(self, pages: np.ndarray) -> None:
        """Map the file's pages in the place of equal ones; who writes to one gets it back as its own.

        Args:
            pages: of another model. Shape: (n, page size), uint8.

        Raises:
            MemoryError: the system refuses the mapping.
        """
        equal = (pages == self._content).all(axis=1)
        edges = np.flatnonzero(np.diff(equal, prepend=False, append=False))
        for first, end in edges.reshape(-1, 2).tolist():
            if end - first >= SHORTEST:
                self._map(pages, first, end)

    def _map(self, pages: np.ndarray, first: int, end: int) -> None:
        address = pages[first:].ctypes.data
        size = (end - first) * mmap.PAGESIZE
        library = ctypes.CDLL(None)
        library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_ssize_t]
        library.mmap.restype = ctypes.c_void_p
        access = mmap.PROT_READ | mmap.PROT_WRITE
        kind = mmap.MAP_PRIVATE | _MAP_FIXED
        if library.mmap(address, size, access, kind, self._file, first * mmap.PAGESIZE) != address:
            raise MemoryError("no room for a MuJoCo model")


_first_models: weakref.WeakValueDictionary[tuple, Pages] = weakref.WeakValueDictionary()
"""Task, place within a page and number of pages -> the pages of the first model that had them."""


def share_pages(model: mujoco.MjModel, task: str) -> Pages | None:
    """Let a model share its pages with the others of its task in this process; no number changes.

    Args:
        model: as it was made; nobody else may write to it meanwhile.
        task: name of the task.

    Returns:
        The pages, to be kept as long as the model; None where nothing is done: on a system other than Linux,
        or where a file in memory may not be that large.
    """
    if not hasattr(os, "memfd_create"):
        return None
    address, pages = _pages_of(model)
    key = task, address % mmap.PAGESIZE, len(pages)
    shared = _first_models.get(key)
    if shared is None:
        # A limit to the size of files (ulimit -f) holds for those in memory too: models then share nothing.
        with contextlib.suppress(OSError):
            shared = _first_models[key] = Pages(pages)
    else:
        shared.replace(pages)
    return shared


def _pages_of(model: mujoco.MjModel) -> tuple[int, np.ndarray]:
    """Where the one block starts in which a model keeps its arrays, and the whole pages in it."""
    attributes = [getattr(model, name) for name in dir(model) if not name.startswith("_")]
    arrays = [value for value in attributes if isinstance(value, np.ndarray) and value.size]
    start = min(array.ctypes.data for array in arrays)
    end = max(array.ctypes.data + array.nbytes for array in arrays)
    if end - start > model.nbuffer:
        raise AssertionError(f"arrays over {end - start} bytes; expected one block of {model.nbuffer}")
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    count = (end - first) // mmap.PAGESIZE
    block = (ctypes.c_uint8 * (count * mmap.PAGESIZE)).from_address(first)
    return start, np.ctypeslib.as_array(block).reshape(count, mmap.PAGESIZE)
