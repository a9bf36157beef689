"""Controllers below the policy: the walker. Inference only, numpy, one robot at a time."""

from __future__ import annotations

import os
from pathlib import Path

from soccer_lib.control.walker import OwnWalker, Walker
from soccer_lib.errors import InputError, SoccerError
from soccer_lib.formats.arrays import kind_of
from soccer_lib.ranges import of_type
from soccer_lib.runs.files import load_npz, sha256_of, unreadable

__all__ = ["OwnWalker", "Walker", "load_walker"]


def load_walker(which: str | Path = "own", trust_code: bool = False) -> Walker:
    """Load a walker.

    Args:
        which: "own" (the project's), "hub" (the competition's policy from the model hub), or the path of a
            file: an npz of our training, or a Booster Gym policy as npz of layers, TorchScript or checkpoint.
        trust_code: let torch run the code in a TorchScript file of the user's as it is.

    Raises:
        InputError: a missing, damaged or unfitting file, or the hub cannot be reached.
    """
    from soccer_lib.control import foreign, weights

    of_type("walker", which, str | os.PathLike, "a name or a path", 'try "own"')
    if str(which) == "own":
        sha256 = weights.check_sha256(weights.OWN_FILE, required=True)
        return _own_walker(weights.OWN_FILE, "own", sha256)
    if str(which) == "hub":
        path = foreign.download_from_hub()
        sha256 = sha256_of(path)
        if sha256 != foreign.HUB_SHA256:
            raise InputError(
                f'walker="hub" fetched sha256 {sha256[:12]}...; expected {foreign.HUB_SHA256[:12]}...; '
                f'remove {path} and try again, or use walker="own"'
            )
        return foreign.ForeignWalker(foreign.torchscript_policy(path), "hub", sha256)
    return _walker_from_file(Path(which), trust_code)


def _own_walker(path: Path, name: str, sha256: str) -> OwnWalker:
    from soccer_lib.control.weights import own_parts

    parameters, network = own_parts(path, load_npz(path))
    return OwnWalker(parameters, network, name=name, sha256=sha256)


def _walker_from_file(path: Path, trust_code: bool) -> Walker:
    from soccer_lib.control import foreign, weights

    if not path.is_file():
        raise InputError(
            f'walker file {path} not found; expected "own", "hub" or a file; check the path, or take "own"'
        )
    try:
        kind = kind_of(path)
        if kind == "torchscript":
            policy = foreign.torchscript_policy(path, trust_code)
            return foreign.ForeignWalker(policy, str(path), sha256_of(path))
        arrays = load_npz(path) if kind == "npz" else weights.checkpoint_arrays(path, kind)
    except SoccerError:
        raise
    except Exception as error:  # a damaged file can raise nearly anything
        raise unreadable(path, error, "a walker: npz, TorchScript or a booster_gym checkpoint") from error
    if "gait" in arrays:
        return _own_walker(path, str(path), weights.check_sha256(path, required=False))
    policy = weights.walker_network(path, arrays, foreign.INPUTS, foreign.OUTPUTS)
    return foreign.ForeignWalker(policy, str(path), sha256_of(path))
