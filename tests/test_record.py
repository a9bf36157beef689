"""Recorded episodes: replayed to the last digit, and refused when the file is not what it should be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.cli import main
from soccer_lib.errors import InputError
from soccer_lib.evaluate import EvaluationResult, evaluate, read_record, replay, replay_table
from soccer_lib.runs import load_npz
from soccer_lib.tasks import TASKS


@pytest.fixture(scope="module")
def result() -> EvaluationResult:
    """Two short episodes of each task from distinct starts."""
    return evaluate("random", list(TASKS), 2, starts="distinct", workers=1, keep_torques=True, progress=False)


@pytest.fixture(scope="module")
def record(result, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("record") / "r.npz"
    result.to_record(path)
    return path


def changed(record: Path, path: Path, **arrays) -> Path:
    """A copy of the record with some arrays replaced; None leaves one out."""
    content = load_npz(record) | arrays
    np.savez(path, **{name: array for name, array in content.items() if array is not None})
    return path


def test_a_record_holds_every_episode(result, record):
    episodes = read_record(record)
    assert len(episodes) == len(result.episodes)
    for stored, episode in zip(episodes, result.episodes, strict=True):
        assert (stored.task, stored.seed, stored.start, stored.team) == (
            episode.task,
            episode.seed,
            episode.start,
            episode.team,
        )
        assert stored.score == episode.score and stored.terms == episode.terms
        assert stored.torques.tobytes() == episode.torques.tobytes() and stored.torques.dtype == np.float32


@pytest.mark.parametrize(("stock", "workers"), [(False, 1), (True, 2)])
def test_a_replay_is_equal_to_the_last_digit(record, result, stock, workers):
    replayed = replay(record, stock=stock, workers=workers, progress=False)
    assert all(episode.equal for episode in replayed)
    assert [episode.score for episode in replayed] == [episode.score for episode in result.episodes]
    assert replay_table(replayed).count("equal") == len(replayed)


def test_the_command_compares_and_writes_json(record, tmp_path, capsys):
    assert main(["replay", str(record), "--workers", "1", "--json", str(tmp_path / "out.json")]) == 0
    out = capsys.readouterr().out
    assert "All 10 episodes are equal to the last digit in the fast simulation." in out
    made = json.loads((tmp_path / "out.json").read_text())
    assert made["engine"] == "fast" and made["n_equal"] == made["n_episodes"] == 10
    assert made["episodes"][0]["recorded"] == made["episodes"][0]["replayed"]


def test_a_changed_torque_or_score_is_found(record, tmp_path, capsys):
    content = load_npz(record)
    torques = content["torques"].copy()
    torques[5, 0] = -torques[5, 0]
    scores = content["scores"].copy()
    scores[3] = np.nextafter(scores[3], 0)
    path = changed(record, tmp_path / "r.npz", torques=torques, scores=scores)
    assert [index for index, e in enumerate(replay(path, workers=1, progress=False)) if not e.equal] == [0, 3]
    assert main(["replay", str(path), "--workers", "1"]) == 4
    captured = capsys.readouterr()
    assert captured.out.count("DIFFERS") == 2
    assert captured.err.startswith("error: 2 of 10 episodes differ") and captured.err.count("\n") == 1


def test_a_cut_episode_is_found(record, tmp_path):
    content = load_npz(record)
    offsets = content["offsets"].copy()
    offsets[1] -= 1  # the second episode begins one torque early
    path = changed(record, tmp_path / "r.npz", offsets=offsets)
    first, second, *others = replay(path, workers=1, progress=False)
    assert not first.equal and not second.equal and all(episode.equal for episode in others)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"torques": None}, "no array 'torques'"),
        ({"format": np.array("other")}, "format 'other'"),
        ({"version": np.array(99)}, "version 99; expected 1"),
        ({"version": np.array([1, 1])}, "version"),
        ({"tasks": np.array(["kick"] * 10)}, "unknown task 'kick'"),
        ({"seeds": np.arange(9)}, "array 'seeds'"),
        ({"seeds": -np.arange(10)}, "seed -1"),
        ({"teams": np.full(10, 5)}, "unknown team"),
        ({"scores": np.array(["x"] * 10)}, "array 'scores'"),
        ({"terms": np.array(["{"] * 10)}, "terms"),
        ({"offsets": np.zeros(11, np.int64)}, "offsets"),
        ({"torques": np.zeros((4, 12))}, "torques are float64"),
    ],
)
def test_impossible_contents_are_refused(record, tmp_path, arrays, message, capsys):
    path = changed(record, tmp_path / "r.npz", **arrays)
    with pytest.raises(InputError, match=message):
        read_record(path)
    assert main(["replay", str(path), "--json", str(tmp_path / "out.json")]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.out == "" and not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("value", [np.nan, 1000.0])
def test_impossible_torques_are_refused(record, tmp_path, value):
    torques = load_npz(record)["torques"].copy()
    torques[3, 3] = value
    with pytest.raises(InputError, match="not finite or beyond the limits"):
        read_record(changed(record, tmp_path / "r.npz", torques=torques))


def test_damaged_and_missing_files_are_refused(record, tmp_path, capsys):
    whole = record.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    for name, content in {
        "cut": whole[: len(whole) // 2],
        "flipped": bytes(flipped),
        "text": b"hello",
    }.items():
        (tmp_path / name).write_bytes(content)
    for name in ("cut", "flipped", "text", "missing"):
        assert main(["replay", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_replay_does_not_overwrite_its_record(record, capsys):
    before = record.read_bytes()
    assert main(["replay", str(record), "--json", str(record)]) == 2
    assert "is also the record" in capsys.readouterr().err and record.read_bytes() == before


def test_torques_that_were_not_kept_cannot_be_written(tmp_path):
    result = evaluate("zero", "penalty_kick", 1, workers=1, progress=False)
    with pytest.raises(InputError, match="keep_torques=True"):
        result.to_record(tmp_path / "r.npz")
