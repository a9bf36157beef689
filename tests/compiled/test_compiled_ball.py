"""The compiled ball tracker against the Python one: orientation, slow turns and spin, bit for bit."""

import numpy as np
import pytest

from soccer_lib.compiled import compiled_integrated
from soccer_lib.control.ball import SLOW, STILL, BallTracker

pytest.importorskip("numba")


def test_turns_are_integrated_bit_for_bit():
    plain, quick = BallTracker(), BallTracker()
    quick.integrated = compiled_integrated()
    rng = np.random.default_rng(0)
    kinds = set()
    for _ in range(400):
        n = int(rng.integers(1, 60))
        size = rng.choice([0.0, 0.5 * (STILL + SLOW), 0.02, 30.0])  # lies, drifts, rolls, spins
        kinds.add(size)
        quats = rng.normal(size=(n, 4))
        quats /= np.linalg.norm(quats, axis=1, keepdims=True)
        gyros = rng.normal(size=(n, 3)) * rng.choice([0.0, 1.0])
        velr = size * rng.normal(size=(n, 3))
        for tracker in (plain, quick):
            tracker.push(velr.astype(np.float32), quats.astype(np.float32), gyros.astype(np.float32))
            if n % 5 == 0:
                tracker.skip()
        mine, theirs = quick.get_state(), plain.get_state()
        assert repr(mine) == repr(theirs) and quick.offset == plain.offset and quick.spin == plain.spin
    assert len(kinds) == 4
