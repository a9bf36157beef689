"""Policies by name."""

from __future__ import annotations

import copy
import dataclasses
import os

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.policies.baselines import Random, Stand, WalkAtBall, Zero
from soccer_lib.policies.policy import Policy
from soccer_lib.policies.striker import Striker

BASELINES: dict[str, type[Policy]] = {
    policy.spec.name: policy for policy in (Zero, Random, Stand, WalkAtBall, Striker)
}
"""What can be loaded by name, in the order of tables."""


def load_policy(policy: Policy | str | os.PathLike[str], walker: str | None = None) -> Policy:
    """Load a policy.

    Args:
        policy: one of `BASELINES`; "striker:clean" and "striker:score" name a style too. A policy itself is
            handed back.
        walker: what to walk with instead of the policy's own choice: "own", "hub" or a walker file.

    Raises:
        InputError: there is no policy of that name, or it has no use for a walker.
    """
    if isinstance(policy, str) and policy.startswith("striker:"):
        name, policy = policy, Striker(policy.partition(":")[2])
        policy.spec = dataclasses.replace(policy.spec, name=name)
    if not isinstance(policy, Policy):
        if policy not in BASELINES:
            raise unknown_name("policy", str(policy), BASELINES)
        policy = BASELINES[policy]()
    if walker:
        if policy.spec.control != "command":
            raise InputError(
                f"walker {walker!r} came for {policy.spec.name}, which controls {policy.spec.control}; "
                "expected a policy that gives commands; try walk_at_ball"
            )
        policy = copy.copy(policy)
        policy.spec = dataclasses.replace(policy.spec, walker=walker)
    return policy
