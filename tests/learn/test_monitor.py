"""Red flags: each is staged on purpose, and a healthy run shows none."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from soccer_lib.learn.callbacks.watch import RedFlagWatch
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.monitor import DISK, SIGNS, red_flags
from tests.conftest import ROOT


def healthy(count: int = 48) -> list[dict]:
    return [
        {
            "step": 1000 * i,
            "minutes": 0.1 * i,
            "rollout/ep_rew_mean": 0.5 * i,
            "rollout/refused": 0.2,
            "rollout/saturated": 0.1,
            "comp_eval/C_overall": 30.0 + 0.1 * i,
            "train/approx_kl": 0.01,
            "train/kl_from_start": 0.01,
            "train/kick_recall": 0.97,
            "train/critic_loss": 0.5,
            "train/actor_loss": -0.01,
        }
        for i in range(count)
    ]


def staged(name: str, change) -> list[dict]:
    """A run that was healthy until its last quarter."""
    lines = healthy()
    for i in range(36, 48):
        lines[i] = {**lines[i], name: change(i)}
    return lines


STAGED = {
    "flat return": [{**line, "rollout/ep_rew_mean": 1.0} for line in healthy()],
    "falling return": staged("rollout/ep_rew_mean", lambda i: 5.0),
    "below its start": staged("comp_eval/C_overall", lambda i: 27.0),
    "large updates": staged("train/approx_kl", lambda i: 0.2),
    "forgotten kicks": staged("train/kick_recall", lambda i: 0.6),
    "refused kicks": staged("rollout/refused", lambda i: 3.0),
    "exploding critic": staged("train/critic_loss", lambda i: 100.0),
    "exploding actor": staged("train/actor_loss", lambda i: -50.0),
    "saturated actions": staged("rollout/saturated", lambda i: 0.8),
    "values that are not finite": staged("train/loss", lambda i: None),
    "slow run": staged("minutes", lambda i: 3.6 + 10.0 * (i - 36)),
}


def test_a_healthy_run_shows_no_flag():
    assert red_flags(healthy()) == [] and red_flags([]) == [] and red_flags(healthy(2)) == []


NOT_FINITE = "values that are not finite"


def test_what_a_buffer_is_filled_with_is_no_training_and_a_plateau_with_goals_is_not_flat():
    """TD3 from a clone: many times as fast and no better, until its updates begin."""
    filling = [
        {"step": 100 * i, "minutes": 0.001 * i, "rollout/ep_rew_mean": 12.0, "rollout/refused": 0.0}
        for i in range(60)
    ]
    begun = [{**line, "step": 6_000 + line["step"], "minutes": 0.06 + line["minutes"]} for line in healthy()]
    assert red_flags([*filling, *begun[:4]]) == [] and red_flags([*filling, *begun]) == []
    plateau = [{**line, "rollout/ep_rew_mean": 12.0} for line in healthy()]
    assert [flag.sign.name for flag in red_flags(plateau)] == ["flat return"]
    for rate, named in ((0.02, ["flat return"]), (0.6, []), (None, ["flat return", NOT_FINITE])):
        scoring = [{**line, "rollout/success/goalie_penalty_kick": rate} for line in plateau]
        assert [flag.sign.name for flag in red_flags(scoring)] == named
    one_bad_episode = [*healthy()[:-1], {**healthy()[-1], "rollout/refused": 9.0}]
    assert red_flags(one_bad_episode) == []


@pytest.mark.parametrize("name", [sign.name for sign in SIGNS])
def test_every_sign_shows_where_it_is_staged_and_alone(name):
    flags = red_flags(STAGED[name])
    assert [flag.sign.name for flag in flags] == [name]
    text = str(flags[0])
    assert text.startswith(f"{name}: ") and "; likely " in text and "; try " in text


def test_a_full_disk_is_seen(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=5 * 2**20))
    assert [str(flag).split(";")[0] for flag in red_flags([], tmp_path)] == ["full disk: 5 MiB are free"]


def test_the_readme_names_every_sign_with_its_cause_and_remedy():
    rows = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "|" in line]
    for sign in (*SIGNS, DISK):
        [row] = [row for row in rows if row.startswith(f"| {sign.name} |")]
        assert [cell.strip(" `") for cell in row.split("|")[2:4]] == [sign.cause, sign.remedy]


def test_every_remedy_names_flags_that_exist():
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    named = [name for sign in (*SIGNS, DISK) for name in re.findall(r"--([a-z-]+)", sign.remedy)]
    assert len(named) >= len(SIGNS) and {name.replace("-", "_") for name in named} <= fields


class Model:
    num_timesteps = 5
    device = "cpu"

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def set_parameters(self, path: str, device: str) -> None:
        self.loaded.append(path)


def watch(answer: str, judged: list) -> RedFlagWatch:
    metrics = SimpleNamespace(lines=STAGED["large updates"], folder=SimpleNamespace(path=Path(".")))
    callback = RedFlagWatch(metrics, SimpleNamespace(judged=judged), answer)
    callback.model = Model()
    callback.num_timesteps = 5
    return callback


def test_what_a_flag_does(capsys):
    judged = [SimpleNamespace(step=1, score=2.0, file=Path("a.safetensors"))]
    judged.append(SimpleNamespace(step=2, score=1.0, file=Path("b.safetensors")))
    expected = {"say": (True, []), "stop": (False, []), "roll-back": (True, ["a.zip"])}
    for answer, (goes_on, loaded) in expected.items():
        callback = watch(answer, judged)
        callback._on_rollout_start()
        assert callback._on_step() is goes_on and callback.model.loaded == loaded
        assert capsys.readouterr().out.count("red flag at step 5: large updates") == 1
        callback.metrics.lines = [*callback.metrics.lines]  # nothing new: nothing is told again
        callback._on_rollout_start()
        assert capsys.readouterr().out == ""


def test_a_roll_back_without_an_evaluation_goes_on(capsys):
    callback = watch("roll-back", [])
    callback._on_rollout_start()
    assert callback._on_step() and callback.model.loaded == []
    assert "nothing was evaluated yet" in capsys.readouterr().out
