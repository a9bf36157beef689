"""Genesis in this process: whether it is here, one start, what it lacks, and the memory that it holds.

The only file that imports Genesis. It may be started once in a process: `start` may be called as often as one
likes with the same backend, and says in one line what is in the way of another one.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, Literal

from soccer_lib.errors import InputError, ResourceError, SimulationError, one_line
from soccer_lib.runs.heartbeat import print_progress

Gpu = bool | Literal["auto"]

FIRST_BUILD = "the first build on a machine compiles for minutes, later ones start within half a minute"

_REMEDY = "make it with: make genesis, and run .venv-genesis/bin/python -m soccer_lib"


def available() -> bool:
    """Whether Genesis is installed here."""
    return importlib.util.find_spec("genesis") is not None


def require() -> None:
    """Refuse where Genesis is not installed.

    Raises:
        InputError: it is not.
    """
    if not available():
        raise InputError(
            f"genesis-world is not installed in {Path(sys.prefix).name}; expected the environment of "
            f"Genesis; {_REMEDY} ..."
        )


def start(use_gpu: Gpu = False, seed: int = 0, show_viewer: bool = False) -> Any:
    """Start Genesis, unless it runs already on the same backend.

    Args:
        use_gpu: True asks for one, "auto" takes one where there is one and says what it took.
        seed: of Genesis' own random numbers; the environments have generators of their own.
        show_viewer: a window will be opened.

    Returns:
        The module `genesis`.

    Raises:
        InputError: not installed, started on another backend, no GPU or no display.
        ResourceError: the kernel caches cannot be written.
    """
    require()
    gpu = choose_gpu(use_gpu)
    if show_viewer:
        check_display()
    running = sys.modules.get("genesis")
    if running is not None and getattr(running, "_initialized", False):
        on_gpu = running.backend != running.cpu
        if on_gpu != gpu:
            raise InputError(
                f"Genesis runs on the {_name(on_gpu)} in this process and the {_name(gpu)} was asked for; "
                "expected one start in a process; call soccer_lib.genesis.stop() first, which ends all scenes"
            )
        return running
    for cache in cache_folders():
        check_cache(cache)
    # Two threads on small networks run 10 to 25 times slower than one.
    import torch

    torch.set_num_threads(1)
    # In a notebook its compiler would say so in a line, and print an empty text after every call of a kernel.
    os.environ.setdefault("QD_ENABLE_PYBUF", "0")
    if not compiled_before():
        print_progress(f"compiling Genesis' kernels: {FIRST_BUILD}")
    import genesis

    try:
        genesis.init(
            backend=genesis.gpu if gpu else genesis.cpu, seed=seed, logging_level="error", precision="32"
        )
    except Exception as error:
        raise SimulationError(
            f"Genesis does not start: {one_line(error, 200)}; expected a backend; try use_gpu=False"
        ) from error
    return genesis


def stop() -> None:
    """End all scenes, write the kernels to their cache and give memory back; `start` may follow."""
    running = sys.modules.get("genesis")
    if running is not None and getattr(running, "_initialized", False):
        running.destroy()
    release_memory()


def release_memory() -> None:
    """Give back what nothing refers to any more, on the GPU too."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def gpu_memory() -> dict[str, float] | None:
    """Memory of the GPU: used and total [GiB]; None where there is none."""
    import torch

    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return {"used": (total - free) / 2**30, "total": total / 2**30}


def choose_gpu(use_gpu: Gpu) -> bool:
    """Whether to take a GPU.

    Raises:
        InputError: one was asked for and there is none.
    """
    if use_gpu not in (True, False, "auto"):
        raise InputError(f"use_gpu got {use_gpu!r}; expected True, False or 'auto'; try 'auto'")
    if use_gpu is False:
        return False
    import torch

    there = bool(torch.cuda.is_available())
    if use_gpu is True and not there:
        raise InputError(
            f"use_gpu=True and torch {torch.__version__} sees no GPU; expected one with its driver and a "
            "CUDA build of torch; try use_gpu=False, or 'auto' (--device auto)"
        )
    if not there:
        print_progress("no GPU here: the CPU simulates")
    return there


def check_display() -> None:
    """Refuse a viewer where no window can be opened.

    Raises:
        InputError: no display.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise InputError(
            "show_viewer=True and there is no display (DISPLAY and WAYLAND_DISPLAY are not set); expected a "
            "desktop; leave it out and film instead: genesis demo --video demo.mp4"
        )


def cache_folders() -> list[Path]:
    """Where Genesis and its compiler keep kernels between runs."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kernels = Path(os.environ.get("QD_OFFLINE_CACHE_FILE_PATH") or home / "quadrants")
    return [Path(os.environ.get("GS_CACHE_FILE_PATH") or home / "genesis"), kernels]


def compiled_before() -> bool:
    """Whether there are kernels of an earlier run."""
    kernels = cache_folders()[1]
    return kernels.is_dir() and any(kernels.iterdir())


def check_cache(folder: Path) -> None:
    """Make a cache folder and refuse one that cannot be written.

    Without it every start would compile for minutes.

    Raises:
        ResourceError: it cannot be made or written.
    """
    probe = folder / f".probe.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ResourceError(
            f"the kernel cache {folder} cannot be written: {error.strerror}; expected a writable folder, or "
            "each start compiles for minutes; free it, or set XDG_CACHE_HOME to another folder"
        ) from error


def _name(gpu: bool) -> str:
    return "GPU" if gpu else "CPU"
