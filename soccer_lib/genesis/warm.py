"""Compile every kernel that the lessons use, so that they do not wait: python -m soccer_lib.genesis.warm."""

from __future__ import annotations

import sys
import time

import numpy as np

from soccer_lib.errors import SoccerError
from soccer_lib.genesis import engine
from soccer_lib.genesis.booster import GenesisBody, hold_pose
from soccer_lib.genesis.physics import HARD, draw_physics
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.runs.heartbeat import print_progress


def compile_kernels() -> None:
    """Build the arm and the robot and step each, with everything that is called on the way."""
    start = time.monotonic()
    print_progress(f"the arm: {engine.FIRST_BUILD}")
    arm = ArmScene(2)
    rows = np.arange(2)
    arm.set_physics(rows, [draw_physics(np.random.default_rng(row), HARD) for row in rows])
    arm.move(np.tile(arm.robot.home, (2, 1)))
    arm.reset(rows[:1], np.array([arm.robot.home]))
    arm.close()
    print_progress(f"the arm is done after {time.monotonic() - start:.0f} s; now the footballer")
    body = GenesisBody()
    hold_pose(body, 0.05)
    body.close()
    engine.stop()
    print_progress(f"all kernels are in {engine.cache_folders()[1]} after {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    try:
        compile_kernels()
    except SoccerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
