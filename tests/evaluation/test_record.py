"""Recorded episodes: replayed to the last digit, and refused when the file is not what it should be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.cli.main import main
from soccer_lib.errors import InputError
from soccer_lib.evaluation import EvaluationResult, evaluate, read_record, replay, replay_table
from soccer_lib.evaluation.episode import fingerprint_of
from soccer_lib.evaluation.replay import CLAIMS, ReplayedEpisode
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.runs import load_npz
from soccer_lib.scoring import official_components, official_score
from soccer_lib.sim import make_sim
from soccer_lib.tasks import TASKS
from tests.support.episodes import make_episode


@pytest.fixture(scope="module")
def result() -> EvaluationResult:
    """Two short episodes of each task from distinct starts."""
    return evaluate("random", list(TASKS), 2, starts="distinct", workers=1, keep_torques=True, progress=False)


@pytest.fixture(scope="module")
def record(result, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("record") / "r.npz"
    result.to_record(path)
    return path


def changed(record: Path, path: Path, torques: np.ndarray | None = None, **header) -> Path:
    """A copy of the record with other torques or other entries of its header."""
    content = load_npz(record)
    header = json.loads(str(content["header"])) | header
    np.savez(path, header=json.dumps(header), torques=content["torques"] if torques is None else torques)
    return path


def episodes_of(record: Path) -> list[dict]:
    return json.loads(str(load_npz(record)["header"]))["episodes"]


def test_a_record_holds_every_episode(result, record):
    episodes = read_record(record)
    assert len(episodes) == len(result.episodes)
    for stored, episode in zip(episodes, result.episodes, strict=True):
        assert replace(stored, torques=None) == replace(episode, torques=None)
        assert stored.torques.tobytes() == episode.torques.tobytes() and stored.torques.dtype == np.float32


@pytest.mark.golden
def test_the_stock_environment_gives_every_score_to_the_last_digit(record, result):
    replayed = replay(record, stock=True, workers=2, progress=False)
    assert all(episode.equal for episode in replayed)
    assert [episode.score for episode in replayed] == [episode.score for episode in result.episodes]
    assert replay_table(replayed).count("equal") == len(replayed)


def test_equal_means_score_terms_length_and_end_to_the_last_digit():
    recorded = make_episode("kick_to_target", 0.1, terms={"success": 0.0, "distance": 0.3}, length=50)
    judged = {name: getattr(recorded, name) for name in CLAIMS}
    same = ReplayedEpisode(recorded, 0.1, {"success": 0.0, "distance": 0.3}, 50, ended=True, judged=judged)
    assert same.equal
    for name, value in {"outcome": "success", "success": True, "fallen": False, "fingerprint": "b"}.items():
        claimed = replace(same, recorded=replace(recorded, **{name: value}))
        assert claimed.differences == [name], name
    for change in (
        {"score": float(np.nextafter(0.1, 1))},
        {"terms": {"success": 0.0, "distance": float(np.nextafter(0.3, 1))}},
        {"terms": {"success": 0.0}},
        {"length": 49},
        {"ended": False},
    ):
        assert not replace(same, **change).equal, change
    cut = replace(same, recorded=replace(recorded, outcome="unstable"), ended=False)
    assert cut.differences == ["outcome", "end"]  # a blow-up that nobody sees again is no excuse
    blown_up = replace(cut, judged=judged | {"outcome": "unstable"})
    assert blown_up.equal  # only the fast simulation ends an episode that blew up
    assert not replace(blown_up, length=49).equal


def test_the_command_compares(record, capsys):
    assert main(["replay", str(record), "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "All 10 episodes are equal to the last digit in the fast simulation." in out


def test_a_changed_torque_or_score_is_found(record, tmp_path, capsys):
    torques = load_npz(record)["torques"]
    torques[5, 0] = -torques[5, 0]
    episodes = episodes_of(record)
    episodes[3]["score"] = np.nextafter(episodes[3]["score"], 0)
    path = changed(record, tmp_path / "r.npz", torques, episodes=episodes)
    assert [index for index, e in enumerate(replay(path, workers=1, progress=False)) if not e.equal] == [0, 3]
    assert main(["replay", str(path), "--workers", "1"]) == 4
    captured = capsys.readouterr()
    assert captured.out.count("DIFFERS") == 2
    assert captured.err.startswith("error: 2 of 10 episodes differ") and captured.err.count("\n") == 1


def test_a_cut_episode_is_found(record, tmp_path):
    episodes = episodes_of(record)
    episodes[0]["length"] -= 1  # the second episode begins one torque early
    episodes[1]["length"] += 1
    path = changed(record, tmp_path / "r.npz", episodes=episodes)
    first, second, *others = replay(path, workers=1, progress=False)
    assert not first.equal and not second.equal and all(episode.equal for episode in others)


@pytest.mark.parametrize("stock", [False, True])
def test_an_episode_cut_at_its_best_step_is_no_score(record, tmp_path, stock):
    episodes = episodes_of(record)
    first = episodes[0]
    torques = load_npz(record)["torques"]
    kept = first["length"] - 10
    # A forger cuts the last steps, computes the score of the step before them, and blames the physics.
    sim = make_sim(first["task"])
    sim.reset(seed=first["seed"])
    for torque in torques[:kept]:
        *_, info = sim.step(torque)
    terms = {name: float(value) for name, value in info["reward_terms"].items()}
    forged = first | {"length": kept, "outcome": "unstable", "terms": terms, "score": None}
    if first["score"] is not None:
        forged |= {
            "score": official_score(first["task"], terms),
            "components": official_components(first["task"], terms),
        }
    forged["fingerprint"] = fingerprint_of(sim.start, torques[:kept])
    path = changed(record, tmp_path / "r.npz", torques[:kept], episodes=[forged])
    (replayed,) = replay(path, stock=stock, workers=1, progress=False)
    assert {"outcome", "end"} <= set(replayed.differences)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"task": "kick"}, "unknown task 'kick'"),
        ({"task": "LowerT1KickToTarget-v0"}, "LowerT1KickToTarget-v0, seed 10000"),
        ({"seed": -1}, "seed -1"),
        ({"length": 0}, "of 0 steps"),
        ({"length": 10**9}, "steps"),
        ({"length": "9"}, "unsupported operand"),
        ({"other": 1}, "unexpected keyword argument 'other'"),
    ],
)
def test_impossible_episodes_are_refused(record, tmp_path, entry, message):
    first, *others = episodes_of(record)
    path = changed(record, tmp_path / "r.npz", episodes=[first | entry, *others])
    with pytest.raises(InputError, match=f"holds no episodes that can be replayed .*{message}"):
        read_record(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": "other"}, "format 'other'"),
        ({"episodes": []}, "0 episodes"),
        ({"episodes": 1}, "iterable"),
    ],
)
def test_foreign_headers_are_refused(record, tmp_path, header, message, capsys):
    path = changed(record, tmp_path / "r.npz", **header)
    assert main(["replay", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.out == "" and message in captured.err


@pytest.mark.parametrize("value", [np.nan, -1000.0, np.nextafter(TORQUE_LIMIT[3], np.float32(1000))])
def test_impossible_torques_are_refused(record, tmp_path, value):
    torques = load_npz(record)["torques"]
    torques[3, 3] = value
    with pytest.raises(InputError, match="not finite or beyond the limits"):
        read_record(changed(record, tmp_path / "r.npz", torques))
    with pytest.raises(InputError, match="torques are float64"):
        read_record(changed(record, tmp_path / "r.npz", torques.astype(float)))


def test_damaged_and_missing_files_are_refused(record, tmp_path, capsys):
    whole = record.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "flipped").write_bytes(flipped)
    (tmp_path / "text").write_bytes(b"hello")
    np.savez(tmp_path / "foreign.npz", weights=np.zeros(3))
    for name in ("cut", "flipped", "text", "missing", "foreign.npz"):
        assert main(["replay", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_torques_that_were_not_kept_cannot_be_written(tmp_path):
    result = evaluate("zero", "penalty_kick", 1, workers=1, progress=False)
    with pytest.raises(InputError, match="keep_torques=True"):
        result.to_record(tmp_path / "r.npz")
