"""numpy's inner loops, called by address, give the last bit of numpy itself."""

import ctypes

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from soccer_lib.compiled import ufuncs  # noqa: E402 - needs numba
from soccer_lib.compiled.memory import call_product, call_unary  # noqa: E402

LOOPS = {name: ufuncs.loop_of(*loop) for name, loop in ufuncs.LOOPS.items()}


@numba.njit
def unary(loop, values):
    results = np.empty_like(values)
    for i, value in enumerate(values):
        results[i] = call_unary(loop, value)
    return results


@numba.njit
def product(loop, rows, columns, a, b, result):
    call_product(loop, rows, columns, a, b, result)


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
    found = unary(LOOPS[name], values)
    assert found.dtype == kind
    assert found.tobytes() == np.array([function(value) for value in values]).tobytes()


def test_the_logarithm_of_a_count_is_that_of_an_integer():
    counts = np.arange(1, 2000)
    found = unary(LOOPS["log1p"], counts.astype(float))
    assert found.tolist() == [np.log1p(count) for count in counts.tolist()]


@pytest.mark.parametrize(("rows", "columns"), [(1, 3), (3, 24), (3, 26)])
def test_products_are_those_of_dot(rows, columns):
    rng = np.random.default_rng(1)
    for number in range(3000):
        a = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < (0.4 if number % 2 else 1.0))
        b = rng.normal(size=columns) * 10 ** rng.uniform(-6, 2, columns)
        result = np.zeros(rows)
        product(LOOPS["matmul"], rows, columns, *(array.ctypes.data for array in (a, b, result)))
        expected = a.dot(b) if rows > 1 else np.array([a[0].dot(b)])
        assert result.tobytes() == expected.tobytes()


def test_another_layout_of_numpys_objects_is_refused(monkeypatch):
    class Shifted(ctypes.Structure):
        _fields_ = [("more", ctypes.c_char * 4), *ufuncs._Ufunc._fields_]

    monkeypatch.setattr(ufuncs, "_Ufunc", Shifted)
    with pytest.raises(RuntimeError, match="compiled=False"):
        ufuncs.loop_of(np.tanh, "d->d")
