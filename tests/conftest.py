"""Fixtures that all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.clip_files import clip_arrays

ROOT = Path(__file__).resolve().parents[1]

DRAW = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco/>")
mujoco.Renderer(model, 8, 8).render()
"""


def _choose_renderer() -> None:
    """Without a display, take the first renderer that can draw; a choice of the user's stays.

    It has to be known before the first import of mujoco, and a wrong one breaks that import, hence a
    process of its own. Where none can draw nothing is set, and what draws fails with mujoco's error.
    """
    if sys.platform != "linux" or os.environ.get("DISPLAY") or "MUJOCO_GL" in os.environ:
        return
    for backend in ("egl", "osmesa"):
        environment = {**os.environ, "MUJOCO_GL": backend}
        if subprocess.run([sys.executable, "-c", DRAW], env=environment, capture_output=True).returncode == 0:
            os.environ["MUJOCO_GL"] = backend  # the workers of xdist inherit it
            return


_choose_renderer()


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory) -> Path:
    """Where whatever writes to the system's temporary folder goes while tests run, in their processes too."""
    folder = tmp_path_factory.mktemp("temporary")
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # chosen anew
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the shared real inputs; tests that want it are skipped where it is absent."""
    folder = Path(os.environ.get("SOCCER_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("no shared inputs: set SOCCER_SHARED to their folder")
    return folder


@pytest.fixture(scope="session")
def walker() -> str:
    """What to pass as `walker`; without the project's own, tests that want one are skipped."""
    which = os.environ.get("SOCCER_WALKER", "own")
    if which == "own" and not (ROOT / "data" / "walker" / "walker.npz").is_file():
        pytest.skip("no walker in data/walker: set SOCCER_WALKER to a walker file")
    return which


@pytest.fixture
def command():
    """Run `python -m soccer_lib ...` in a folder and return the finished process."""

    def run(*arguments: object, cwd: Path = ROOT, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        return subprocess.run(
            [sys.executable, "-m", "soccer_lib", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture
def clips(tmp_path) -> Path:
    """Three clips: stroll (0.75 m/s ahead), sidestep (0.3 m/s to the left), big_kick (3.1 m/s ahead)."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for name, velocity in {"stroll": (0.75, 0), "sidestep": (0, 0.3), "big_kick": (3.1, 0)}.items():
        np.savez(folder / f"{name}.npz", **clip_arrays(velocity))
    return folder


@pytest.fixture
def make_clip() -> Callable[..., dict[str, np.ndarray]]:
    """The arrays of one clip; see `clip_arrays`."""
    return clip_arrays


@pytest.fixture
def dataset(tmp_path) -> str:
    """Path of a dataset of the small expert, about one kick in 10 samples."""
    from soccer_lib.demos.files import write_dataset
    from tests.support.small_expert import demonstrations

    return str(write_dataset(tmp_path / "demos.npz", demonstrations(), {}))


@pytest.fixture
def no_opengl(monkeypatch) -> None:
    """A machine that cannot draw frames."""
    from soccer_lib.sim import opengl

    monkeypatch.setattr(opengl, "_probe", lambda: (None, "no OpenGL: taken away by the test"))
