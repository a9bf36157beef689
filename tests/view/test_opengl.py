"""Which OpenGL draws: found in another process, named where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from soccer_lib import view
from soccer_lib.errors import ResourceError
from soccer_lib.view import opengl
from tests.support.made_up import made_up_trajectory
from tests.support.opengl import needs_opengl

ROOT = Path(__file__).resolve().parents[2]


def probe(**environment: str) -> str:
    """What a fresh interpreter, which has imported mujoco before, answers and does."""
    code = (
        "import mujoco; from soccer_lib.view import opengl, draw_env; from soccer_lib import make_env;"
        "print(opengl.opengl_backend(), '|', opengl.why());"
        "opengl.opengl_backend() and print(draw_env(make_env('penalty_kick')).shape)"
    )
    cleared = {key: value for key, value in os.environ.items() if key not in ("MUJOCO_GL", "SOCCER_OPENGL")}
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**cleared, **paths, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_opengl
def test_a_back_end_is_found_after_mujoco_was_imported():
    assert probe().splitlines()[1] == "(360, 640, 3)"


def test_a_choice_of_the_user_is_respected():
    assert probe(MUJOCO_GL="off").startswith("None | no OpenGL: MUJOCO_GL=off is set; unset it")


def test_every_candidate_is_tried_and_the_answer_names_a_cure(monkeypatch):
    tried = []
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(opengl, "_can_draw", lambda name: tried.append(name))
    name, reason = opengl._probe.__wrapped__()
    assert name is None and tuple(tried) == opengl.CANDIDATES and "apt install libegl1" in reason


def test_children_do_not_probe_again(monkeypatch):
    monkeypatch.setattr(opengl, "_can_draw", lambda name: pytest.fail("probed"))
    monkeypatch.setattr(opengl, "_use", lambda name: name)
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("SOCCER_OPENGL", "osmesa")
    assert opengl._probe.__wrapped__() == ("osmesa", "")


def test_without_opengl_a_frame_is_refused_and_a_map_offered(no_opengl):
    with pytest.raises(ResourceError, match="taken away by the test; field maps"):
        view.SceneRenderer(made_up_trajectory())
