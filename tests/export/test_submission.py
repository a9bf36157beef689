"""A submission is whole and small, and refused once anything in it is not what export makes: nothing runs."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.export.submission import checked_submission, contents, export_agent
from soccer_lib.policies import PolicySpec
from soccer_lib.policies.learned import LearnedPolicy, write_policy
from tests.export.exported import linear, small_agent


@pytest.fixture
def folder(tmp_path):
    export_agent("stand", tmp_path / "out")
    return tmp_path / "out"


def rewrite(folder, name, content):
    """Change a file and the manifest's hash of it, as somebody would who means harm."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_submission_says_what_is_in_it_and_its_manifest_has_every_hash(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    assert files.keys() == manifest["files"].keys() >= {"preprocessor.py", "action_function.py", "model.pt"}
    assert all(hashlib.sha256(files[name]).hexdigest() == told for name, told in manifest["files"].items())
    readme = files["README.md"].decode()
    assert all(f"`{name}`" in readme for name in files if name != "README.md")
    assert manifest["agent"] == "stand" and checked_submission(folder)[0].spec.name == "stand"


def test_the_striker_takes_less_than_10_mb(tmp_path):
    assert sum(export_agent("striker", tmp_path / "out").values()) < 10_000_000


def test_a_network_that_takes_more_is_refused():
    # 96 x 15,000 numbers of 4 bytes are 5.8 MB, and 4/3 of that in base64
    layers = [linear(15_000, 96), ("relu", {}), linear(3, 15_000, scale=0.0), ("tanh", {})]
    policy = LearnedPolicy(Network(layers), PolicySpec("large", "command", "agent"))
    with pytest.raises(InputError, match=r"large takes 8\.\d MB as a submission; expected at most 8 MB"):
        contents(policy, "large", largest=8_000_000)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="has 1 files already, such as mine.txt; expected a new or an empty"):
        export_agent("stand", tmp_path)
    with pytest.raises(InputError, match="mine.txt is a file; expected a folder"):
        export_agent("stand", tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_agent_leaves_nothing_behind(tmp_path):
    with pytest.raises(InputError, match="unknown policy 'standd'.*did you mean 'stand'"):
        export_agent("standd", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_changed_files_are_refused_with_and_without_a_changed_manifest(folder):
    harm = folder.parent / "harm"
    code = f"class Preprocessor:\n    open({str(harm)!r}, 'w')\n".encode()
    whole = (folder / "preprocessor.py").read_bytes()
    (folder / "preprocessor.py").write_bytes(code)
    with pytest.raises(InputError, match="preprocessor.py has sha256 .* export it again"):
        checked_submission(folder)
    rewrite(folder, "preprocessor.py", code)
    with pytest.raises(InputError, match="preprocessor.py is not what export makes of stand today"):
        checked_submission(folder)
    rewrite(folder, "preprocessor.py", whole)
    checked_submission(folder)
    (folder / "model.pt").unlink()
    with pytest.raises(InputError, match="model.pt has sha256 nothing"):
        checked_submission(folder)
    assert not harm.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "other"}, "is no manifest of a submission"),
        ({"agent": 5}, "is no manifest of a submission"),
        ({"agent": "zero"}, "preprocessor.py is not what export makes of zero today"),
        ({"name": 3}, "is no manifest of a submission"),
        ({"agent": "runs/gone"}, "was made from an agent that is not here .*; name it with --agent"),
        ({"files": []}, "expected a record with files"),
        ({"files": {"../evil.py": "00"}}, "names ../evil.py, which export does not write"),
    ],
)
def test_a_changed_manifest_is_refused_in_one_line(folder, change, words):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(InputError, match=words) as refusal:
        checked_submission(folder)
    assert "\n" not in str(refusal.value)


def test_the_agent_may_have_moved_and_its_name_is_in_no_code(tmp_path):
    odd = tmp_path / 'a"""b'
    write_policy(odd / "final_model.safetensors", small_agent())
    export_agent(str(odd), tmp_path / "out")
    odd.rename(tmp_path / "moved")
    with pytest.raises(InputError, match="that is not here"):
        checked_submission(tmp_path / "out")
    assert checked_submission(tmp_path / "out", str(tmp_path / "moved"))[0].spec.name == "moved"
    assert 'a"""b' not in (tmp_path / "out" / "preprocessor.py").read_text()
    assert "# a___b: a submission" in (tmp_path / "out" / "README.md").read_text()


def test_an_agent_that_learned_on_is_no_longer_that_of_the_submission(tmp_path):
    path = write_policy(tmp_path / "mine.safetensors", small_agent())
    export_agent(str(path), tmp_path / "out")
    checked_submission(tmp_path / "out")
    other = small_agent()
    other.network.layers[1][1]["bias"] += np.float32(0.5)
    write_policy(path, other)
    with pytest.raises(
        InputError, match="preprocessor.py is not what export makes of .*mine.safetensors today"
    ):
        checked_submission(tmp_path / "out")
