"""Arms for tests: stand-ins that need no simulator, and scenes of Genesis where it is installed."""

from __future__ import annotations

import pytest

from soccer_lib.genesis import engine
from tests.support.arms import StandInArm

LEFT_OUT = "genesis-world is not installed here: make genesis-test runs this"


@pytest.fixture
def stand_in(monkeypatch) -> None:
    """Every scene that the library builds is a stand-in."""
    for module in ("train", "evaluate", "demo", "vec", "envs"):
        monkeypatch.setattr(f"soccer_lib.genesis.{module}.ArmScene", StandInArm)


@pytest.fixture(scope="session")
def genesis() -> None:
    """Skip where Genesis is not installed."""
    if not engine.available():
        pytest.skip(LEFT_OUT)
