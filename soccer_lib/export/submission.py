"""A submission: the files that the competition's client takes, and the manifest that tells of them."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from pathlib import Path

from soccer_lib.errors import InputError, one_line
from soccer_lib.export.model import model_files
from soccer_lib.export.pilot import TORQUE_UNIT
from soccer_lib.export.preprocessor import recipe_of
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.policies import Policy, load_policy
from soccer_lib.runs import atomic_write_bytes, atomic_write_json, version_record
from soccer_lib.runs.files import MANIFEST, load_record, resource_errors
from soccer_lib.runs.outputs import check_outputs

KIND = "soccer_lib submission"

LARGEST = 10_000_000
"""Most that the files may take together [bytes]."""

_AGAIN = "expected an untouched submission; export it again"

OPTIONAL = ("model.onnx",)
"""Files that are there only where a package to write them was installed."""

_ACTION_FUNCTION = '''def action_function(policy):
    """Torques [N m] from what the model answers. Shape: (n, 12)."""
    return policy * np.array({unit}, dtype=np.float32)
'''

_README = """# {name}: a submission for the Booster Soccer Showdown

Made from an agent of the Booster Soccer Workbook by

    python -m soccer_lib export --agent {agent} --out DIR

| file | what it is |
|---|---|
| `preprocessor.py` | {preprocessor} |
| `model.pt`{onnx} | {model} |
| `action_function.py` | {action} |
| `manifest.json` | the agent, the versions, and a hash of every file |

{about}

Submit it with the competition's client (package `sai-rl`, which `make sai` has put into `.venv-sai`), in this
folder; the client takes your account's key from the variable `SAI_API_KEY`:

    from sai_rl import SAIClient

    client = SAIClient(comp_id="THE COMPETITION'S ID")
    client.submit_model(
        "{name}",
        "model.pt",
        preprocessor_class="preprocessor.py",
        action_function="action_function.py",
    )

Hand the files over by their names, as here: of a class the client would read its own lines and no others.

Check it first, where the workbook lies; this plays the same episodes with the client and with `evaluate`:

    python -m soccer_lib export --verify DIR
"""

_BY_COMMANDS = {
    "preprocessor": "the whole agent: observation, network or rules, walker, kicks and PD, with all numbers",
    "model": "the identity on twelve numbers: an agent with a walker has a memory, a model has none",
    "action": "twelve numbers to torques",
    "about": """The preprocessor answers each observation with twelve torques. They are in units of the powers
of two next above their limits (64, 64, 32, 128, 32, 16 N m): a share of 45 N m comes back with another last
bit, these do not. The action function multiplies. Each robot of a batch has a memory of its own, forgotten
when all its joints are exactly at rest at 0, which is so at a reset only. The task is told by `task_index`,
and without it by the observation's width.""",
}

_BY_MODEL = {
    "preprocessor": "what the agent sees, from the stock observation and info",
    "model": "its network",
    "action": "what the model answers to torques",
    "about": """The network runs in torch there and in numpy here, which take sums in another order: an agent
that falls or touches the ball can score otherwise in the last digits.""",
}


def contents(policy: Policy, agent: str, name: str = "", largest: int = LARGEST) -> dict[str, bytes]:
    """The files of a submission without its manifest.

    Args:
        policy: who is exported.
        agent: what `load_policy` was told, for the README.
        name: what the README calls it; "" for the policy's own name.
        largest: most that the files may take together [bytes].

    Raises:
        InputError: the policy cannot be exported, or takes too much room.
    """
    recipe = recipe_of(policy)
    models = model_files(recipe.network, recipe.control, recipe.name)
    shares = recipe.network is not None and recipe.control == "torque"
    unit = (TORQUE_LIMIT if shares else TORQUE_UNIT).astype(int).tolist()
    words = _BY_MODEL if recipe.network is not None else _BY_COMMANDS
    onnx = ", `model.onnx`" if len(models) > 1 else ""
    title = re.sub(r"[^\w .:+-]", "_", name or recipe.name)
    readme = _README.format(name=title, agent=shlex.quote(agent), onnx=onnx, **words)
    texts = {
        "preprocessor.py": recipe.text(),
        "action_function.py": _ACTION_FUNCTION.format(unit=unit),
        "README.md": readme,
    }
    files = {name: text.encode() for name, text in texts.items()} | models
    size = sum(map(len, files.values()))
    if size > largest:
        raise InputError(
            f"{recipe.name} takes {size / 1e6:.1f} MB as a submission; expected at most "
            f"{largest / 1e6:.0f} MB; train a smaller network"
        )
    return files


def export_agent(agent: str, folder: str | os.PathLike[str]) -> dict[str, int]:
    """Write a submission.

    Args:
        agent: what `load_policy` takes.
        folder: where to; a new folder or an empty one.

    Returns:
        file name -> size [bytes].

    Raises:
        InputError: an unknown agent, one that cannot be exported, or a folder with something in it.
        ResourceError: the disk is full or the folder cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; expected a folder for the submission; choose another name")
    with resource_errors(folder, "look into"):
        present = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if present:
        raise InputError(
            f"{folder} has {len(present)} files already, such as {present[0]}; expected a new or an empty "
            "folder; choose another, or remove it"
        )
    policy = load_policy(agent)
    files = contents(policy, agent)
    check_outputs([folder / name for name in (*files, MANIFEST)], LARGEST)
    for name, content in files.items():
        atomic_write_bytes(folder / name, content)
    manifest = {
        "kind": KIND,
        "agent": agent,
        "name": policy.spec.name,
        "control": policy.spec.control,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "versions": version_record(),
    }
    atomic_write_json(folder / MANIFEST, manifest)  # last: without it a folder is no submission
    return {name: len(content) for name, content in files.items()}


def checked_submission(folder: str | os.PathLike[str], agent: str = "") -> tuple[Policy, dict[str, str]]:
    """The agent of a submission whose files are what this library makes of it; nothing runs until then.

    Args:
        folder: of `export_agent`.
        agent: what to load instead of what the manifest names.

    Returns:
        the policy, and the manifest's hashes.

    Raises:
        InputError: no submission, a manifest of other files, or files that were not made from the agent.
    """
    folder = Path(folder)
    manifest = load_record(folder / MANIFEST, "files")
    if manifest.get("kind") != KIND or not all(isinstance(manifest.get(k), str) for k in ("agent", "name")):
        raise InputError(f"{folder / MANIFEST} is no manifest of a submission; {_AGAIN}")
    try:
        policy = load_policy(agent or manifest["agent"])
    except InputError as error:
        raise InputError(
            f"{folder} was made from an agent that is not here ({one_line(error, 200)}); expected it, to "
            "compare; name it with --agent"
        ) from error
    expected = contents(policy, manifest["agent"], manifest["name"])
    for name, told in manifest["files"].items():
        if name not in expected and name not in OPTIONAL:
            raise InputError(
                f"{folder / MANIFEST} names {one_line(name, 60)}, which export does not write; {_AGAIN}"
            )
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "nothing"
        if found != told:
            raise InputError(
                f"{path} has sha256 {found[:12]}, its manifest says {one_line(told, 12)}; {_AGAIN}"
            )
    for name, content in expected.items():
        path = folder / name
        if (name not in OPTIONAL or path.exists()) and (not path.is_file() or path.read_bytes() != content):
            raise InputError(
                f"{path} is not what export makes of {agent or manifest['agent']} today; {_AGAIN}"
            )
    return policy, manifest["files"]
