"""There and here are compared episode by episode, and the report says which of the two judges ran."""

from __future__ import annotations

import pytest

from soccer_lib.errors import InputError
from soccer_lib.export.submission import export_agent
from soccer_lib.export.verify import CLIENT_PYTHON, Verification, verify


@pytest.fixture(scope="module")
def falls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("submissions") / "zero"
    export_agent("zero", folder)
    return folder


def test_the_strict_harness_scores_what_evaluate_scores(falls):
    said = []
    found = verify(falls, tasks="kick_to_target", seed=11, batches=(1, 2, 1), client="none", say=said.append)
    assert found.ran == "strict harness" and "strict harness" in said[0]
    assert [episode[:2] for episode in found.episodes] == [
        ("kick_to_target", seed) for seed in (11, 12, 13, 14)
    ]
    assert found.largest == 0.0
    assert found.speed > 0
    assert "there: strict harness; here: evaluate" in found.table()


def test_the_competition_s_client_scores_what_evaluate_scores(falls):
    if not CLIENT_PYTHON.is_file():
        pytest.skip("no .venv-sai: make sai")
    found = verify(falls, tasks="kick_to_target", seed=11, batches=(1, 2))
    assert found.ran == "competition's client"
    assert len(found.episodes) == 3 and found.largest == 0.0


def test_the_table_says_the_largest_difference_of_each_task():
    episodes = (("a", 1, 1.0, 1.5), ("a", 2, 2.0, 2.0), ("b", 1, 3.0, 2.75))
    found = Verification("strict harness", episodes, 4321.0)
    assert found.largest == 0.5
    lines = found.table().splitlines()
    assert lines[3].split() == ["a", "2", "1.500000", "1.750000", "5.0e-01", "1"]
    assert lines[4].split() == ["b", "1", "3.000000", "2.750000", "2.5e-01", "0"]
    assert lines[5].startswith("4,321 actions/s")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"tasks": "penalty_kick"}, "penalty_kick came; expected tasks of the competition"),
        ({"batches": (0,)}, "--batches got 0; expected a whole number from 1"),
        (
            {"client": "gone/python"},
            "--client got 'gone/python'; expected the Python of an environment with sai-rl",
        ),
        ({"seed": -1}, "seed got -1"),
    ],
)
def test_a_wrong_request_is_refused_in_one_line(falls, request_, words):
    with pytest.raises(InputError, match=words) as refusal:
        verify(falls, **request_)
    assert "\n" not in str(refusal.value)
