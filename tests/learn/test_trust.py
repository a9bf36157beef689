"""Files that carry code, wherever a run reads one: refused in a line, and nothing in them is run."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.cli.main import main
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.train import train
from soccer_lib.runs.files import sha256_of
from tests.learn.test_resume import Killed, kill_at
from tests.learn.test_resume_killed import flags
from tests.learn.tiny import TINY

OFF_POLICY = dataclasses.replace(
    TINY, preset="", algo="td3", n_epochs=None, buffer_size=100, learning_starts=8, normalize_obs=True
)


class Trap:
    """Whoever unpickles it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.fixture
def mark(tmp_path) -> Path:
    """The file that a trap would leave."""
    return tmp_path / "mark"


@pytest.fixture(scope="module")
def begun(tmp_path_factory, walker) -> TrainConfig:
    """A run of TD3 that was killed behind its checkpoint of step 32."""
    config = dataclasses.replace(OFF_POLICY, save_dir=str(tmp_path_factory.mktemp("begun") / "r"))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, 40)
        train(config)
    return config


def npz_with(trap: Trap, like: Path | None = None) -> bytes:
    """An npz in which an array, the first of another file's, is a pickle."""
    arrays = dict(np.load(like)) if like is not None else {"mean": np.zeros(2), "var": np.ones(2)}
    arrays[next(iter(arrays))] = np.array([trap], dtype=object)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def sb3_zip(trap: Trap) -> bytes:
    """A zip of SB3 with a trap wherever SB3 itself unpickles something."""
    serialised = base64.b64encode(pickle.dumps(trap)).decode()
    data = {name: {":type:": "x", ":serialized:": serialised} for name in ("policy_class", "action_space")}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data", json.dumps(data))
        for name in ("policy.pth", "pytorch_variables.pth"):
            archive.writestr(name, pickle.dumps(trap))
        archive.writestr("_stable_baselines3_version", "2.9.2")
    return stream.getvalue()


def test_the_traps_are_armed(mark, tmp_path):
    pickle.loads(pickle.dumps(Trap(mark)))
    assert mark.exists()
    mark.unlink()
    (tmp_path / "x.npz").write_bytes(npz_with(Trap(mark)))
    with np.load(tmp_path / "x.npz", allow_pickle=True) as arrays:
        assert arrays["mean"] is not None
    assert mark.exists()


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "checkpoints/ckpt_000000032/state.npz",
        "checkpoints/ckpt_000000032/optimisers.npz",
        "checkpoints/ckpt_000000032/model.safetensors",
        "replay/shard_000000008_000000016.npz",
    ],
)
def test_a_file_of_a_run_that_carries_code_is_refused(name, begun, mark, tmp_path, capsys):
    folder = Path(shutil.copytree(begun.save_dir, tmp_path / "r"))
    file = folder / name
    assert file.is_file()
    file.write_bytes(npz_with(Trap(mark), file) if file.suffix == ".npz" else pickle.dumps(Trap(mark)))
    for manifest in folder.glob("checkpoints/*/manifest.json"):  # whoever plants it mends the hashes too
        record = json.loads(manifest.read_text())
        record["files"] = {one: sha256_of(manifest.parent / one) for one in record["files"]}
        record["needs"] = {one: sha and sha256_of(folder / one) for one, sha in record["needs"].items()}
        manifest.write_text(json.dumps(record))
    assert main(["train", *flags(dataclasses.replace(begun, save_dir=str(folder)))]) == 2
    said = capsys.readouterr().err
    assert file.name in said and said.count("\n") == 1 and said.count(";") >= 2, said
    assert not mark.exists()


def test_a_manifest_that_carries_code_is_passed_over(begun, mark, tmp_path, capsys):
    folder = Path(shutil.copytree(begun.save_dir, tmp_path / "r"))
    (folder / "checkpoints" / "ckpt_000000032" / "manifest.json").write_bytes(pickle.dumps(Trap(mark)))
    assert main(["train", *flags(dataclasses.replace(begun, save_dir=str(folder)))]) == 0
    printed = capsys.readouterr().out
    assert "passed over" in printed and "goes on at step 16" in printed and not mark.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.zip", ["evaluate", "--policy", "FILE"]),
        ("model.zip", ["convert", "FILE", "out.safetensors"]),
        ("model.zip", ["train", "--preset", "finetune", "--bc-weights", "FILE", "--save-dir", "new"]),
        ("numbers.npz", ["train", "--vecnormalize-path", "FILE", "--save-dir", "new"]),
        ("numbers.pkl", ["train", "--vecnormalize-path", "FILE", "--save-dir", "new"]),
        ("demos.npz", ["train", "--bc-replay-dataset", "FILE", "--save-dir", "new"]),
        ("demos.npz", ["bc", "--dataset", "FILE", "--out", "new"]),
        ("episodes.npz", ["replay", "FILE"]),
        ("weights.toml", ["train", "--reward-weights", "FILE", "--save-dir", "new"]),
        ("levels.json", ["train", "--curriculum", "FILE", "--save-dir", "new"]),
        ("ranges.json", ["train", "--randomise", "FILE", "--save-dir", "new"]),
        ("recipe.toml", ["stages", "FILE", "--save-dir", "new"]),
    ],
)  # fmt: skip
def test_a_file_that_carries_code_is_refused_by_every_command(
    name, words, mark, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    trap = Trap(mark)
    contents = {
        ".zip": sb3_zip(trap),
        ".npz": npz_with(trap),
        ".pkl": pickle.dumps(trap),
        ".json": pickle.dumps(trap),
        ".toml": f'score = __import__("os").mkdir("{mark}")'.encode(),
    }
    Path(name).write_bytes(contents[Path(name).suffix])
    before = set(tmp_path.iterdir())
    assert main([name if word == "FILE" else word for word in words]) == 2
    said = capsys.readouterr().err
    assert name in said and said.count("\n") == 1 and said.count(";") >= 2, said
    assert not mark.exists() and not list(Path().glob("**/*safetensors"))
    assert not [path for path in set(tmp_path.iterdir()) - before if list(path.glob("config.json"))]
