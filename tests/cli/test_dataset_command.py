"""`dataset` and `inspect clips` as they are called."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from soccer_lib.cli.main import main
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset
from soccer_lib.runs import load_json


def test_clips_to_a_split_dataset_with_a_report(clips, tmp_path, capsys):
    output, report = tmp_path / "out" / "clips.npz", tmp_path / "report.json"
    flags = [
        "--input-root",
        clips,
        "--output",
        output,
        "--report",
        report,
        "--enable_sentinels",
        "--split",
        "0.7",
    ]
    assert main(["dataset", *map(str, flags)]) == 0
    parts = [read_dataset(tmp_path / "out" / f"clips_{part}.npz") for part in ("train", "val")]
    assert sorted(name for part in parts for name in part.source) == ["big_kick", "sidestep", "stroll"]
    assert sum(map(len, parts)) == 33 and sum(part.sentinels.sum() for part in parts) == 3
    assert sorted(path.name for path in output.parent.iterdir()) == [
        "clips_train.json",
        "clips_train.npz",
        "clips_val.json",
        "clips_val.npz",
    ]
    entry = load_json(report)["figures"][0]
    assert (entry["clip"], entry["sentinels"], entry["clipped"]) == ("big_kick", 3, 11)
    printed = capsys.readouterr().out
    assert "100 Hz by its frequency" in printed and "clips_train.npz: 22 samples of 2 episodes" in printed


def test_a_policy_to_a_dataset(tmp_path, capsys):
    output = tmp_path / "zero.npz"
    flags = [
        "--from",
        "zero",
        "--tasks",
        "kick_to_target",
        "--episodes",
        "2",
        "--workers",
        "1",
        "--output",
        str(output),
    ]
    assert main(["dataset", *flags]) == 0
    data = read_dataset(output)
    assert len(data.source) == 2 and data.has_transitions and data.control == "torque"
    assert load_json(tmp_path / "zero.json")["settings"]["from_policy"] == "zero"
    assert "zero plays: 2/2 episodes" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["zero.json", "zero.npz"]


def test_figures_are_those_of_each_task(tmp_path, monkeypatch):
    commands = np.array([[1, -1, 1], [0.5, 0, 0], [1, 1, 1], [-1, 1, -1], [1, -1, 1], [0, 0.5, 0]])
    played = Dataset(
        "command",
        "robot",
        10.0,
        np.zeros((6, 89)),
        commands,
        np.array([0, 0, 1, 2, 2, 2]),
        np.array(["a", "b", "c"]),
        tasks=np.array(["kick_to_target", "kick_to_target", "goalie_penalty_kick"]),
        seeds=np.array([1000, 1001, 1000]),
        scores=np.array([2.0, -0.5, 3.0]),
        success=np.array([True, False, True]),
    )
    monkeypatch.setattr("soccer_lib.cli.dataset.collect_dataset", lambda config: played)
    flags = ["--from", "zero", "--output", str(tmp_path / "a.npz"), "--report", str(tmp_path / "a.txt")]
    assert main(["dataset", *flags]) == 0
    kick, goalie = load_json(tmp_path / "a.txt")["figures"]
    # (1, 1, 1) has the signs of no kick.
    expected = {
        "task": "kick_to_target",
        "episodes": 2,
        "samples": 3,
        "success": 0.5,
        "score": 0.75,
        "kicks": 1,
    }
    assert {name: kick[name] for name in expected} == expected
    assert kick["mean"] == pytest.approx([2.5 / 3, 0, 2 / 3])
    assert (goalie["samples"], goalie["success"], goalie["score"], goalie["kicks"]) == (3, 1.0, 3.0, 2)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "pickled", "nan", "narrow"])
def test_bad_clips_end_in_one_line_and_no_file(clips, tmp_path, capsys, make_clip, damage):
    path, content = clips / "bad.npz", make_clip((1, 0))
    if damage == "nan":
        content["qpos"][3, 8] = np.nan
    if damage == "narrow":
        content["qpos"] = content["qpos"][:, :15]
    if damage == "pickled":
        content["qpos"] = np.array([None], dtype=object)
    np.savez(path, **content)
    whole = bytearray(path.read_bytes())
    if damage == "flipped":
        whole[len(whole) // 2] ^= 4
    path.write_bytes(whole[:-100] if damage == "truncated" else whole)
    output = tmp_path / "out" / "clips.npz"
    assert main(["dataset", "--input-root", str(clips), "--output", str(output)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "bad.npz" in error and "expected" in error
    assert not list(output.parent.iterdir())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--output", "a.npz", "--input-root", "nowhere"], "nowhere is not a folder"),
        ([], "--output is missing"),
        (["--output", "a.txt", "--from", "zero", "--episodes", "1"], "ends in .npz"),
        (["--output", "a.npz", "--from", "nobody"], "unknown policy"),
        (["--output", "a.npz", "--from", "zero", "--seed", "12000"], "figures are reported from"),
        (["--output", "a.npz", "--sentinel-pattern", "1,1,1", "--input-root", "CLIPS"], "--sentinel-pattern"),
        (["--output", "a.npz", "--context-mode", "near"], "--context-mode"),
        (["--output", "a.npz", "--episodes", "3"], "--episodes came for another kind of dataset"),
        (["--output", "a.npz", "--from", "zero", "--stride", "3"], "expected it for motion clips"),
        (["--fetch", "--from", "zero"], "--fetch came for another kind"),
        (["--output", "a.npz", "--minari", "two words"], "inari"),  # its name, or that it is not installed
    ],
)
def test_bad_requests(flags, words, clips, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["dataset", *(str(clips) if flag == "CLIPS" else flag for flag in flags)]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not list(tmp_path.glob("a.*"))


def test_fetching_without_a_network_says_what_to_do(tmp_path, capsys, monkeypatch):
    def offline(*arguments, **more):
        raise ConnectionError("no route")

    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(snapshot_download=offline))
    assert main(["dataset", "--fetch", "--input-root", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "SaiResearch/booster_dataset" in error and "--input-root" in error and error.count("\n") == 1


def test_fetched_clips_are_checked_and_copied(clips, tmp_path, capsys, monkeypatch):
    cache = tmp_path / "cache" / "soccer"
    cache.mkdir(parents=True)
    (cache / "booster_lower_t1").symlink_to(clips)
    asked = {}

    def download(repository, **more):
        asked.update(more, repository=repository)
        return str(cache.parent)

    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(snapshot_download=download))
    assert main(["dataset", "--fetch", "--input-root", str(tmp_path / "mine")]) == 0
    assert asked["repo_type"] == "dataset" and asked["repository"] == "SaiResearch/booster_dataset"
    assert sorted(path.stem for path in (tmp_path / "mine").iterdir()) == ["big_kick", "sidestep", "stroll"]
    (clips / "bad.npz").write_bytes(b"nothing")
    assert main(["dataset", "--fetch", "--input-root", str(tmp_path / "second")]) == 2
    assert not (tmp_path / "second").exists()


def test_inspecting_clips(clips, tmp_path, capsys):
    assert main(["inspect", "clips", "--input-root", str(clips), "--files", "stroll", "big_kick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:4] == ["big_kick", "0.11", "0.31", "travelling"]
    assert lines[3].split()[:4] == ["stroll", "0.11", "0.08", "in"]
    assert "100 Hz by its frequency" in "\n".join(lines)
    assert main(["inspect", "clips", "--input-root", str(clips), "--files", "strol"]) == 2
    assert "did you mean 'stroll'" in capsys.readouterr().err


def test_a_picture_of_a_clip(clips, tmp_path, capsys):
    picture = tmp_path / "stroll.png"
    assert (
        main(["inspect", "clips", "--input-root", str(clips), "--files", "stroll", "--plot", str(picture)])
        == 0
    )
    assert picture.read_bytes()[:4] == b"\x89PNG"
