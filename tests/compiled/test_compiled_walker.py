"""The compiled walker against the Python one: every target and every number of its state."""

import copy
import pickle

import numpy as np
import pytest

from soccer_lib.compiled import compiled_walker
from soccer_lib.control import load_walker
from soccer_lib.control.gait import Gait, GaitParameters
from soccer_lib.control.walker import OwnWalker
from soccer_lib.layout import Sensed
from soccer_lib.sim import make_sim
from soccer_lib.sim.torque import pd_torque

pytest.importorskip("numba")


def readings(rng):
    """What a robot that sways, turns and stumbles would sense, in single precision."""
    quat = np.array([0.0, 0.0, rng.uniform(-1, 1), 1.0]) + 0.08 * rng.normal(size=4) * (rng.random() < 0.9)
    parts = (
        0.3 * rng.normal(size=12),
        2.0 * rng.normal(size=12),
        quat / np.linalg.norm(quat),
        0.5 * rng.normal(size=3),
        0.3 * rng.normal(size=3) * (rng.random() < 0.7),
    )
    return Sensed(*(part.astype(np.float32) for part in parts))


def assert_same(mine, theirs):
    """Compare two states, kinds and bits."""
    assert list(mine) == list(theirs)
    for name in mine:
        assert type(mine[name]) is type(theirs[name])
        assert np.asarray(mine[name]).tobytes() == np.asarray(theirs[name]).tobytes(), name


@pytest.mark.parametrize("network", [True, False])
def test_walks_stands_and_resumes_bit_for_bit(network):
    plain = load_walker("own")
    if not network:
        plain = OwnWalker(GaitParameters(), name="engine")
    quick = compiled_walker(plain)
    rng = np.random.default_rng(5)
    stood = 0
    for episode in range(12):
        phase = rng.random()
        for walker in (plain, quick):
            walker.reset(phase)
            if episode % 4 == 3:
                walker.resume(0.3)
        command = np.zeros(3)
        for tick in range(150):
            if tick % 30 == 0:
                command = rng.uniform((-0.4, -0.4, -1.0), (1.1, 0.4, 1.0)) * (rng.random() < 0.6)
            sensed = readings(rng)
            mine, theirs = quick.step(command, sensed), plain.step(command, sensed)
            assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes())
            assert_same(quick.get_state(), plain.get_state())
            stood += plain.gait.standing
    assert 50 < stood < 1700  # both were looked at


def test_a_state_moves_between_the_two():
    plain = load_walker("own")
    quick = compiled_walker(plain)
    rng = np.random.default_rng(0)
    for _ in range(40):
        plain.step(np.array([0.6, 0.0, 0.2]), readings(rng))
    quick.set_state(plain.get_state())
    sensed = readings(rng)
    assert quick.step(np.zeros(3), sensed).tobytes() == plain.step(np.zeros(3), sensed).tobytes()


def test_the_gait_shows_its_numbers_as_the_plain_one_does():
    plain, quick = load_walker("own").gait, compiled_walker(load_walker("own")).gait
    for name in vars(Gait(GaitParameters())):
        if name != "p":
            mine, theirs = getattr(quick, name), getattr(plain, name)
            assert (mine, type(mine)) == (theirs, type(theirs)), name
    quick.standing = False
    quick.feet = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    assert quick.standing is False and quick.feet[1] == [0.4, 0.5, 0.6]


def test_bad_commands_and_other_walkers_as_ever():
    quick = compiled_walker(load_walker("own"))
    with pytest.raises(Exception, match="finite numbers"):
        quick.step(np.array([np.nan, 0.0, 0.0]), readings(np.random.default_rng(0)))
    other = object()
    assert compiled_walker(other) is other


def test_each_walker_has_a_state_of_its_own():
    first, second = (compiled_walker(load_walker("own")) for _ in range(2))
    first.reset(0.25)
    assert (first.phase, second.phase) == (0.25, 0.0)


def pickled(walker):
    """The walker as another process would get it."""
    return pickle.loads(pickle.dumps(walker))


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, pickled])
def test_a_copy_walks_on_from_the_same_state_in_records_of_its_own(copied):
    walker = compiled_walker(load_walker("own"))
    rng = np.random.default_rng(1)
    for _ in range(30):
        walker.step(np.array([0.6, 0.0, 0.2]), readings(rng))
    before = walker.get_state()
    twin = copied(walker)
    assert_same(twin.get_state(), before)
    sensed = readings(rng)
    theirs = twin.step(np.zeros(3), sensed)
    assert_same(walker.get_state(), before)
    assert walker.step(np.zeros(3), sensed).tobytes() == theirs.tobytes()
    gait = copied(walker.gait)
    gait.time = 7.0
    assert gait.addresses[1:] != walker.gait.addresses[1:] and walker.gait.time != 7.0


def test_a_walker_that_steps_otherwise_is_left_alone():
    class Other(OwnWalker):
        pass

    other = Other(GaitParameters())
    assert compiled_walker(other) is other


def test_the_python_step_of_a_compiled_gait_is_refused():
    gait = compiled_walker(load_walker("own")).gait
    with pytest.raises(NotImplementedError, match="CompiledWalker"):
        gait.step([0.5, 0.0, 0.0], 0.0, 0.0, [0.0] * 3, [0.0] * 3, 0.0)


def test_a_compiled_walker_reads_the_sensors_of_a_simulation_itself():
    plain = load_walker("own")
    quick = compiled_walker(plain)
    sims = [make_sim("penalty_kick"), make_sim("kick_to_target")]
    for tick in range(12):
        sim = sims[tick // 4 % 2]  # and of another one when it is given that
        if tick % 4 == 0:
            sim.reset(seed=tick)
        mine, theirs = (walker.step_by(np.array([0.5, 0.1, 0.2]), sim.readings) for walker in (quick, plain))
        assert mine.tobytes() == theirs.tobytes()
        for _ in range(10):
            sim.advance(pd_torque(mine, sim.joint_pos, sim.joint_vel))
