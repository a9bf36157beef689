"""The planted faults fit the code, and the runner that plants them judges rightly."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

RUNNER = Path(__file__).resolve().parents[1] / "faults" / "run.py"


@pytest.fixture(scope="module")
def runner():
    spec = importlib.util.spec_from_file_location("faults_runner", RUNNER)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_fault_fits_the_code(runner):
    """Where the code has moved on, its fault has to be written anew: it is about the law, not the line."""
    faults = runner.read_faults()
    wrong = list(runner.misfits_of(faults))
    assert not wrong, "\n".join(wrong)
    assert len({fault.name for fault in faults}) == len(faults) >= 45


def test_every_room_has_a_fault(runner):
    rooms = {"facts", "runs", "sim", "control", "wrappers", "envs", "policies", "evaluation", "demos"}
    rooms |= {"learn", "view", "cli", "workshop", "course"}
    assert rooms <= {fault.room for fault in runner.read_faults()}


@pytest.fixture
def tree(tmp_path) -> Path:
    """A project of one function with three tests: of its law, a golden one, and one that always fails."""
    for folder in ("soccer_lib/sim", "tests/sim"):
        (tmp_path / folder).mkdir(parents=True)
    for package in ("soccer_lib", "soccer_lib/sim"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "soccer_lib/sim/law.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n"
        'addopts = "-rfE --import-mode=importlib"\n'
        'markers = ["golden: committed"]\n'
    )
    (tmp_path / "tests/sim/test_law.py").write_text(
        "import pytest\n"
        "from soccer_lib.sim.law import double\n"
        "def test_always_fails(): assert False\n"
        "def test_law(): assert double(0) == 0\n"
        "@pytest.mark.golden\n"
        "def test_golden(): assert double(3) == 6\n"
    )
    return tmp_path


@pytest.fixture
def fault(runner):
    return runner.Fault("x", "soccer_lib/sim/law.py", "2 * x", "2 * x + 1", "doubles")


def test_a_fault_is_caught_by_a_test_that_passes_without_it(runner, tree, fault):
    verdict = runner.judge(fault, tree)
    assert verdict.caught_by == "tests/sim/test_law.py::test_law" and not verdict.missed
    assert (tree / fault.file).read_text() == "def double(x):\n    return 2 * x\n", "the fault is taken out"


def test_a_golden_test_catches_nothing(runner, tree, fault):
    verdict = runner.judge(replace(fault, after="x + x * x"), tree)
    assert not verdict.caught_by and verdict.missed == "all tests pass"
    assert "0 of 1 faults caught: 0%" in runner.table_of([verdict])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"before": "3 * x"}, "stands 0 times"),
        ({"before": "x"}, "stands 2 times"),
        ({"file": "soccer_lib/sim/lore.py"}, "does not exist"),
        ({"after": "2 *"}, "not Python any more"),
        ({"after": "2  *  x"}, "changes nothing"),
    ],
)
def test_a_fault_that_fits_no_longer_is_named(runner, tree, fault, change, message):
    with pytest.raises(runner.FaultError, match=f"^x: .*{message}"):
        replace(fault, **change).planted(tree)


def test_tests_of_the_module_run_first(runner, tree, fault):
    for name in ("test_a", "test_laws_sim", "test_law_more"):
        (tree / "tests/sim" / f"{name}.py").touch()
    named = replace(fault, tests=["tests/elsewhere.py"]).test_paths(tree)
    assert named[0] == "tests/elsewhere.py"
    assert {Path(path).name for path in named[1:4]} == {"test_law.py", "test_law_more.py", "test_laws_sim.py"}
    assert named[4:] == ["tests/sim/test_a.py"]
