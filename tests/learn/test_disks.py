"""Disks that are really full, small or read-only: a run says what it needs and goes on once it is there."""

from __future__ import annotations

import dataclasses
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from soccer_lib.cli.main import main
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.train import train
from soccer_lib.runs.folder import CHECKOUT
from tests.learn.test_resume import Killed, finished, kill_at
from tests.learn.test_resume_killed import flags
from tests.learn.tiny import TINY

JUDGED = dataclasses.replace(TINY, eval_freq=16)
"""Three rollouts, after each of which a policy and a model are written beside the checkpoint."""

MOUNTS = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
"""Begins a command whose mounts nobody else sees."""

RUN = f"{sys.executable} -m soccer_lib train"


@pytest.fixture(scope="module")
def begun(tmp_path_factory, walker) -> Path:
    """A run of `JUDGED` that was killed behind its checkpoint of step 32."""
    folder = tmp_path_factory.mktemp("begun") / "r"
    begin(dataclasses.replace(JUDGED, save_dir=str(folder)))
    return folder


def begin(config: TrainConfig) -> None:
    """Let a run come to its step 40."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, 40)
        train(config)


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file in a folder."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("config", "limit", "words"),
    [
        # Before the first step 64 KiB are written on trial.
        (JUDGED, 60_000, r"could not write \S+/checkpoint: File too large; expected room for 0\.1 MiB, and"),
        (JUDGED, 69_000, r"could not write \S+/step_000000048\.zip: .*expected room for 0\.1 MiB, and"),
        # Nothing is judged before the end: the checkpoint is the first large file, of 70 kB its state.
        (TINY, 66_000, r"checkpoint of step 48 needs 0\.1 MiB and .* step 32 is as it was: free some"),
    ],
)
def test_a_limit_to_the_size_of_files_ends_a_run_which_goes_on_without_it(
    config, limit, words, tmp_path, capsys
):
    alone = dataclasses.replace(config, save_dir=str(tmp_path / "alone"))
    train(alone)
    limited = dataclasses.replace(config, save_dir=str(tmp_path / "limited"))
    begin(limited)
    checkpoint = tmp_path / "limited" / "checkpoints" / "ckpt_000000032"
    before = contents(checkpoint)
    typed_words = ["train", *flags(limited)]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        code = main(typed_words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    said = capsys.readouterr().err
    assert code == 3 and said.count("\n") == 1
    assert re.search(words, said) and re.search(r"\d\.\d MiB (are )?free", said), said
    assert contents(checkpoint) == before
    assert main(typed_words) == 0
    assert finished(tmp_path / "limited") == finished(tmp_path / "alone")


def mounted(script: str, *words: object, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run a shell script with mounts of its own; skips where the system allows none."""
    if shutil.which("unshare") is None or subprocess.run([*MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("this system lets no test mount a disk of its own")
    return subprocess.run(
        [*MOUNTS, "sh", "-c", script, "sh", *map(str, words)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def typed(config: TrainConfig) -> str:
    return " ".join([RUN, *flags(config)])


def test_a_disk_that_fills_up_on_the_way_ends_a_run_which_goes_on_once_there_is_room(tmp_path):
    config = dataclasses.replace(TINY, total_timesteps=400)
    train(dataclasses.replace(config, save_dir=str(tmp_path / "alone")))
    folder = tmp_path / "disk" / "r"
    folder.parent.mkdir()
    script = """
        mount -t tmpfs -o size=4m none "$1" || exit 9
        $2 & run=$!
        until ls "$1"/r/checkpoints/ckpt_* > /dev/null 2>&1; do sleep 0.02; done
        cat /dev/zero > "$1"/filler 2> /dev/null
        wait $run; echo "code $?"
        rm "$1"/filler
        $2; echo "code $?"
        sha256sum "$1"/r/final_model.safetensors "$3"/final_model.safetensors
    """
    done = mounted(
        script, folder.parent, typed(dataclasses.replace(config, save_dir=str(folder))), tmp_path / "alone"
    )
    assert re.findall(r"^code \d+$", done.stdout, re.MULTILINE) == ["code 3", "code 0"], done.stderr
    said = done.stderr.splitlines()[0]
    assert said.startswith("error: ") and re.search(r"0\.0 MiB (are )?free", said) and "expected room" in said
    ours, theirs = re.findall(r"^([0-9a-f]{64}) ", done.stdout, re.MULTILINE)
    assert ours == theirs


def test_a_disk_that_is_too_small_is_refused_before_the_first_step(tmp_path):
    # 20,000 transitions of 796 bytes take 15 MiB, however many more the buffer could hold.
    config = dataclasses.replace(
        TINY,
        preset="",
        algo="td3",
        total_timesteps=20_000,
        n_epochs=None,
        save_dir=str(tmp_path / "r"),
    )
    done = mounted(f'mount -t tmpfs -o size=4m none "$1" && exec {typed(config)}', tmp_path)
    assert done.returncode == 3 and done.stderr.count("\n") == 1, done.stderr
    assert re.search(
        r"up to 15 MiB will be written and the disk has [34] MiB free; expected room", done.stderr
    )


def test_a_read_only_folder_is_refused_and_stays_as_it_is(begun, tmp_path):
    folder = Path(shutil.copytree(begun, tmp_path / "r"))
    before = contents(folder)
    for path in (folder, tmp_path / "new"):  # one that is to go on, and one that is to begin
        words = typed(dataclasses.replace(JUDGED, save_dir=str(path)))
        done = mounted(f'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec {words}', tmp_path)
        assert done.returncode == 3 and done.stderr.count("\n") == 1, done.stderr
        assert str(path) in done.stderr and "Read-only file system" in done.stderr
    assert contents(folder) == before
