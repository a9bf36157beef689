"""Which OpenGL can draw without a screen: found out in another process, because a wrong one can crash."""

from __future__ import annotations

import functools
import importlib
import os
import subprocess
import sys

from soccer_lib.errors import ResourceError

CANDIDATES = ("egl", "osmesa", "glfw") if sys.platform == "linux" else ("glfw",)
"""What `MUJOCO_GL` can name, in the order in which it is tried."""

_FOUND = "SOCCER_OPENGL"
_DRAW = """
import mujoco
with mujoco.Renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), 8, 8) as renderer:
    renderer.render()
"""


def opengl_backend() -> str | None:
    """The OpenGL that can draw here; probed once, also for child processes.

    A `MUJOCO_GL` that is set already is the only one tried. The answer is set as `MUJOCO_GL`, and mujoco
    is told where it was imported before.

    Returns:
        "egl", "osmesa" or "glfw"; None where none works, and `why` says what is missing.
    """
    return _probe()[0]


def why() -> str:
    """Why there is no OpenGL, in one line; empty where there is one."""
    return _probe()[1]


def need_opengl() -> None:
    """Go on only where something can draw.

    Raises:
        ResourceError: nothing can; the message says what to install.
    """
    if opengl_backend() is None:
        raise ResourceError(f"{why()}; field maps (view.plot_field) need no OpenGL")


@functools.cache
def _probe() -> tuple[str | None, str]:
    chosen = os.environ.get("MUJOCO_GL", "").strip().lower()
    known = os.environ.get(_FOUND)
    if chosen and known == chosen:
        return _use(chosen), ""
    if chosen and chosen not in CANDIDATES:
        return None, f"no OpenGL: MUJOCO_GL={chosen} is set; unset it or set one of {', '.join(CANDIDATES)}"
    for name in [chosen] if chosen else CANDIDATES:
        if _can_draw(name):
            return _use(name), ""
    if chosen:
        return None, f"no OpenGL: MUJOCO_GL={chosen} cannot draw here; unset it, so that others are tried"
    return None, "no OpenGL can draw here; on Debian or Ubuntu try: apt install libegl1 libgl1 libosmesa6"


def _can_draw(name: str) -> bool:
    environment = {**os.environ, "MUJOCO_GL": name}
    try:
        done = subprocess.run([sys.executable, "-c", _DRAW], env=environment, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _use(name: str) -> str:
    os.environ["MUJOCO_GL"] = os.environ[_FOUND] = name
    if sys.platform == "linux":
        # mujoco reads MUJOCO_GL when it is imported; its Renderer looks this name up when it is made.
        import mujoco.gl_context

        mujoco.gl_context.GLContext = importlib.import_module(f"mujoco.{name}").GLContext
    return name
