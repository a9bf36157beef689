"""What is no number, or another run's: a training stops and its good checkpoints stay."""

from __future__ import annotations

import dataclasses
import signal

import numpy as np
import pytest

from soccer_lib.cli.main import main
from soccer_lib.errors import InputError, SimulationError, SoccerError
from soccer_lib.learn.callbacks.evaluation import OfficialEvaluation
from soccer_lib.learn.train import train
from soccer_lib.wrappers import guard
from tests.learn.test_resume import finished
from tests.learn.test_resume_killed import break_at, flags, newest
from tests.learn.tiny import TINY

OFF_POLICY = {"preset": "", "buffer_size": 100, "learning_starts": 8, "n_epochs": None}


@pytest.mark.parametrize("algo", ["ppo", "td3", "sac"])
@pytest.mark.parametrize(("part", "words"), [(0, "observation[3]"), (1, "reward is nan")])
def test_what_is_no_number_stops_a_run_and_is_dumped_into_its_folder(
    algo, part, words, tmp_path, monkeypatch
):
    settings = OFF_POLICY if algo != "ppo" else {}
    config = dataclasses.replace(TINY, **settings, algo=algo, save_dir=str(tmp_path / "r"))

    def break_environment(model) -> None:
        layer = model.get_env().venv.members[0].held.envs[0]
        while not isinstance(layer, guard.Guard):
            layer = layer.env
        step = layer.env.step

        def broken(action):
            result = list(step(action))
            result[part] = np.array(result[part], float)
            result[part].flat[3 if part == 0 else 0] = np.nan
            return tuple(result)

        layer.env.step = broken

    with monkeypatch.context() as patch:
        break_at(patch, 40, break_environment)
        with pytest.raises(SimulationError) as stopped:
            train(config)
    assert words in str(stopped.value)
    (dump,) = (tmp_path / "r").glob("guard-kick_to_target-*.npz")
    assert dump.name in str(stopped.value) and len(np.load(dump)["rewards"]) > 1
    assert newest(tmp_path / "r") == "ckpt_000000032"


def test_an_action_that_is_no_number_stops_a_run(tmp_path, monkeypatch):
    config = dataclasses.replace(TINY, save_dir=str(tmp_path / "r"))

    def break_actions(model) -> None:
        act = model.get_env().venv.step_async
        model.get_env().venv.step_async = lambda actions: act(np.full_like(actions, np.nan))

    with monkeypatch.context() as patch:
        break_at(patch, 40, break_actions)
        with pytest.raises(InputError, match=r"action\[0\].* is nan"):
            train(config)
    assert list((tmp_path / "r").glob("guard-kick_to_target-*.npz"))
    assert newest(tmp_path / "r") == "ckpt_000000032"


def test_a_folder_that_cannot_be_written_is_refused_before_the_first_step(tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    assert main(["train", *flags(dataclasses.replace(TINY, save_dir=str(tmp_path / "file" / "r")))]) == 3
    assert "expected a writable place" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [{"algo": "td3", "preset": ""}, {"observation": "robot"}, {"tasks": ("all",), "n_envs": 3},
     {"normalize_obs": True}],
)  # fmt: skip
def test_a_run_of_other_settings_is_refused_with_both_named(change, finished_run):
    with pytest.raises(SoccerError) as refused:
        train(dataclasses.replace(finished_run, **change))
    words = str(refused.value)
    assert "was made with" in words and "this run has" in words


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory, walker):
    """A run that is done."""
    config = dataclasses.replace(TINY, save_dir=str(tmp_path_factory.mktemp("finished") / "r"))
    train(config)
    return config


def test_a_polite_kill_in_the_closing_evaluation_loses_nothing(tmp_path, monkeypatch, capsys):
    alone = dataclasses.replace(TINY, save_dir=str(tmp_path / "alone"))
    train(alone)
    killed = dataclasses.replace(TINY, save_dir=str(tmp_path / "killed"))
    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(OfficialEvaluation, "judge", lambda *_: signal.raise_signal(signal.SIGTERM))
        try:
            assert main(["train", *flags(killed)]) == 143
        finally:
            signal.signal(signal.SIGTERM, before)
    assert "error: SIGTERM; the same command goes on from the last checkpoint" in capsys.readouterr().err
    train(killed)
    assert finished(tmp_path / "killed") == finished(tmp_path / "alone")
