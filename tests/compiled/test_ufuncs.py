"""numpy's inner loops, called by address, give the last bit of numpy itself."""

import ctypes

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from soccer_lib.compiled import step_loop, ufuncs  # noqa: E402 - needs numba
from soccer_lib.sim import make_sim  # noqa: E402

LOOP = step_loop(make_sim("penalty_kick"), None, sum_reward=False)


@numba.njit
def unary(scene, loop, values):
    results = np.empty_like(values)
    for i, value in enumerate(values):
        results[i] = ufuncs.unary(scene, loop, value)
    return results


@numba.njit
def unary_single(scene, loop, values):
    results = np.empty_like(values)
    for i, value in enumerate(values):
        results[i] = ufuncs.unary_single(scene, loop, value)
    return results


@numba.njit
def product(scene, rows, columns, a, b, result):
    ufuncs.product(scene, scene.matmul, 8, rows, columns, a, b, result)


@pytest.mark.parametrize("name", ["tanh", "tanh_single", "exp", "log1p"])
def test_functions_of_one_number(name):
    function, types = ufuncs.LOOPS[name]
    kind = np.float32 if types[0] == "f" else np.float64
    rng = np.random.default_rng(0)
    values = np.concatenate((rng.uniform(0, 25, 4000), 10 ** rng.uniform(-9, 1, 4000), [0.0, np.nan])).astype(
        kind
    )
    if name == "exp":
        values = -values
    found = (unary_single if kind is np.float32 else unary)(LOOP.scene, LOOP.scene[name], values)
    assert found.dtype == kind
    assert found.tobytes() == np.array([function(value) for value in values]).tobytes()


def test_the_logarithm_of_a_count_is_that_of_an_integer():
    counts = np.arange(1, 2000)
    found = unary(LOOP.scene, LOOP.scene["log1p"], counts.astype(float))
    assert found.tolist() == [np.log1p(count) for count in counts.tolist()]


@pytest.mark.parametrize(("rows", "columns"), [(1, 3), (3, 24), (3, 26)])
def test_products_are_those_of_dot(rows, columns):
    rng = np.random.default_rng(1)
    for number in range(3000):
        a = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < (0.4 if number % 2 else 1.0))
        b = rng.normal(size=columns) * 10 ** rng.uniform(-6, 2, columns)
        result = np.zeros(rows)
        product(LOOP.scene, rows, columns, *(array.ctypes.data for array in (a, b, result)))
        expected = a.dot(b) if rows > 1 else np.array([a[0].dot(b)])
        assert result.tobytes() == expected.tobytes()


def test_another_layout_of_numpys_objects_is_refused(monkeypatch):
    class Shifted(ctypes.Structure):
        _fields_ = [("more", ctypes.c_char * 4), *ufuncs._Ufunc._fields_]

    monkeypatch.setattr(ufuncs, "_Ufunc", Shifted)
    with pytest.raises(RuntimeError, match="compiled=False"):
        ufuncs.loop_of(np.tanh, "d->d")
