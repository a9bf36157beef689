"""The wheel: used from another folder it has what acting needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRIED = """
import pathlib, soccer_lib
from soccer_lib import make_env
from soccer_lib.control import load_walker
env = make_env("kick_to_target", control="command", macro="strong_shot")
env.reset(seed=1)
env.step(env.action_space.sample() * 0)
print(pathlib.Path(soccer_lib.__file__).parents[1], load_walker().sha256)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build a wheel of a copy, install it into a folder, and call Python there from another one."""
    pytest.importorskip("setuptools", minversion="77", reason="no setuptools 77 to build a wheel with")
    folder = tmp_path_factory.mktemp("wheel")
    source, target, place = (folder / name for name in ("source", "target", "place"))
    place.mkdir()
    source.mkdir()
    for name in (
        "soccer_lib",
        "data",
        "pyproject.toml",
        "setup.py",
        "requirements.txt",
        "README.md",
        "LICENSE",
    ):
        (source / name).symlink_to(ROOT / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    # The build writes beside its sources, so the folder is a mere view of them.
    wheel = [*pip, "wheel", source, "--no-deps", "--no-build-isolation", "-w", folder]
    for command in (
        wheel,
        [*pip, "install", "--no-deps", "--no-index", "-f", folder, "-t", target, "soccer-lib"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def python(*arguments: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(target)}
        return subprocess.run(
            [sys.executable, *arguments], cwd=place, env=environment, capture_output=True, text=True
        )

    python.target = target
    return python


def test_a_wheel_acts_from_another_folder(installed, walker):
    done = installed("-c", TRIED)
    assert done.returncode == 0, done.stderr
    folder, sha256 = done.stdout.split()
    assert Path(folder) == installed.target and len(sha256) == 64
    flags = ("--policy", "striker", "--tasks", "kick_to_target", "--episodes", "1", "--workers", "1")
    played = installed("-m", "soccer_lib", "evaluate", *flags)
    assert played.returncode == 0 and "kick_to_target" in played.stdout, played.stderr
    shown = installed("-m", "soccer_lib", "inspect", "clips", "--files", "walk")
    assert shown.returncode == 0 and "walk" in shown.stdout, shown.stderr


def test_pages_find_their_templates(installed):
    written = "from soccer_lib.report import write_board; print(write_board([], 'board.html').read_text())"
    done = installed("-c", written)
    assert done.returncode == 0 and "<h1>Leaderboard</h1>" in done.stdout, done.stderr


def test_what_is_not_in_the_wheel_is_named(installed):
    done = installed("-m", "soccer_lib", "notebook", "06")
    assert done.returncode == 2 and "no notebook in" in done.stderr
