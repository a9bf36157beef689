"""`inspect env` prints what an environment is made of."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("observation", "entries"), [("raw", "36 to 38"), ("full", "86 to 88")])
def test_layers_table_and_terms_are_printed(command, observation, entries):
    done = command("inspect", "env", "--task", "kick_to_target", "--observation", observation)
    assert done.returncode == 0, done.stderr
    assert "KickToTargetSim" in done.stdout and entries in done.stdout
    assert "reward terms: offside 0.000" in done.stdout


def test_a_wrong_name_is_one_line(command):
    done = command("inspect", "env", "--control", "torqe")
    assert done.returncode == 2 and "'torqe'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
