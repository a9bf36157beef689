"""`train` and `inspect run` as they are called."""

from __future__ import annotations

import pytest

from soccer_lib.cli.main import main
from soccer_lib.runs import RunFolder

TINY = (
    "--tasks kick_to_target --n-envs 2 --n-steps 8 --n_epochs 1 --batch-size 16 --net-arch 8,8 "
    "--timesteps 16 --workers 0 --eval-freq 0 --eval-seeds 0 --eval-episodes 1 --final-episodes 1"
).split()


def test_a_run_and_a_look_at_it(tmp_path, capsys, walker):
    folder = tmp_path / "run"
    assert main(["train", "--preset", "scratch", "--save_dir", str(folder), *TINY]) == 0
    assert "best at step 16" in capsys.readouterr().out
    assert main(["inspect", "run", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "train, done" in printed and "16/16 steps (100%)" in printed and "no red flags" in printed
    assert "comp_eval/C_overall" in printed


def test_a_look_at_a_sick_run_ends_with_1(tmp_path, capsys):
    folder = RunFolder.open(tmp_path / "sick", {}, "train")
    for step in range(5):
        folder.append_metrics({"step": step, "train/approx_kl": 0.5})
    assert main(["inspect", "run", str(folder.path)]) == 1
    assert "red flag: large updates" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--algo", "tdd3"], "td3"),
        (["train", "--preset", "finetune"], "--bc-weights"),
        (["train", "--freeze-bc-layers", "2"], "--bc-weights"),
        (["train", "--bc-replay-fraction", "1.5"], "--bc-replay-fraction"),
        (["train", "--buffer-size", "999999999"], "--buffer-size"),
        (["train", "--algo", "ppo", "--ent-coef", "auto"], "--ent-coef"),
        (["train", "--learning-rat", "1"], "learning"),
        (["inspect", "run", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) in (2, 3)
    error = capsys.readouterr().err.strip()
    assert words in error and len(error.splitlines()) == 1


def test_a_run_that_could_not_begin_leaves_its_folder_free(capsys, tmp_path):
    flags = ["train", "--save-dir", str(tmp_path / "r"), "--workers", "0"]
    assert main([*flags, "--n-envs", "2"]) == 2  # fewer than tasks
    assert "n_envs" in capsys.readouterr().err and not (tmp_path / "r" / "config.json").exists()
