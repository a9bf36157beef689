"""Policies by name or by file."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from soccer_lib.control.weights import DATA
from soccer_lib.errors import InputError, one_line, unknown_name
from soccer_lib.policies.baselines import Random, Stand, WalkAtBall, Wander, Zero
from soccer_lib.policies.learned import FOLDER_FILES, check_walker, read_policy
from soccer_lib.policies.policy import Policy
from soccer_lib.policies.striker import Striker

BEST_FILE = DATA / "best" / "best.safetensors"
"""The best agent that the project has learned; a JSON of the same name tells how, and what it scores."""


def _best() -> Policy:
    policy = read_policy(BEST_FILE)
    policy.spec = dataclasses.replace(policy.spec, name="best")
    return policy


BASELINES: dict[str, Callable[[], Policy]] = {
    **{policy.spec.name: policy for policy in (Zero, Random, Stand, WalkAtBall, Wander, Striker)},
    "best": _best,
}
"""What can be loaded by name, in the order of tables."""


def load_policy(
    policy: Policy | str | os.PathLike[str],
    walker: str | os.PathLike[str] | None = None,
    **foreign: str | int,
) -> Policy:
    """Load a policy.

    Args:
        policy: one of `BASELINES` ("striker:clean" or "striker:score" names a style too), a run folder, or a
            file: our own policy (.safetensors), SB3 zip (by its parameters), TorchScript, ONNX, torch
            checkpoint, or a Flax tree as npz or msgpack. A policy itself is handed back.
        walker: what to walk with instead of the policy's own choice: "own", "hub" or a walker file.
        foreign: what a foreign file does not say itself: `observation`, `control`, `hold`, `activation`,
            `norm`, `output`, `only`, `normaliser`, `trust_code`, `trust_pickle` (see
            `policies.foreign.read.read_foreign`).

    Raises:
        InputError: there is no such policy, its file does not fit, or it has no use for a walker.
    """
    if not isinstance(policy, Policy):
        named = _baseline(policy)
        policy = _from_path(policy, foreign) if named is None else named
    if walker:
        if policy.spec.control != "command":
            raise InputError(
                f"walker {walker!r} came for {policy.spec.name}, which controls {policy.spec.control}; "
                "expected a policy that gives commands; try walk_at_ball"
            )
        policy = copy.copy(policy)
        name = os.fspath(walker) if isinstance(walker, os.PathLike) else walker
        policy.spec = dataclasses.replace(policy.spec, walker=name, walker_sha256=None)
    check_walker(policy.spec)
    return policy


def _baseline(name: str | os.PathLike[str]) -> Policy | None:
    """The baseline of that name."""
    if isinstance(name, str) and name in BASELINES:
        return BASELINES[name]()
    if isinstance(name, str) and name.startswith("striker:"):
        striker = Striker(name.partition(":")[2])  # type: ignore[arg-type]  # it checks the style
        striker.spec = dataclasses.replace(striker.spec, name=name)
        return striker
    return None


def _from_path(policy: str | os.PathLike[str], foreign: dict[str, str | int]) -> Policy:
    if not isinstance(policy, str | os.PathLike) or not policy or not os.path.exists(policy):
        names = [*BASELINES, "the path of a run folder or of a policy's file"]
        raise unknown_name("policy", one_line(policy, 80), names)
    path = Path(policy)
    if path.is_dir():
        path = policy_file(path)
    if path.suffix == ".safetensors":
        return read_policy(path)
    from soccer_lib.policies.foreign.read import read_foreign

    return read_foreign(path, foreign)


def policy_file(folder: Path) -> Path:
    """The file of a run folder that holds its policy.

    Raises:
        InputError: the run has none.
    """
    files = [folder / (name + ending) for ending in (".safetensors", ".zip") for name in FOLDER_FILES]
    found = [file for file in files if file.is_file()]
    if not found:
        expected = ", ".join(file.name for file in files)
        raise InputError(f"{folder} has no finished policy; expected one of {expected}; finish its run")
    return found[0]
