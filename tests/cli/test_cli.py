"""The command line: one line for every wrong call, with the exit code that the contract names."""

from __future__ import annotations

import functools
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Literal

import pytest
import tyro

from soccer_lib.cli import main as cli
from soccer_lib.errors import InputError, ResourceError, SimulationError, Terminated
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.runs.pool import run_jobs


@dataclass(frozen=True)
class Config:
    """Settings of a made-up command."""

    file: Annotated[str, tyro.conf.Positional] = ""
    """A file."""
    save_dir: str = "runs/x"
    """A folder."""
    episodes: int = 20
    """Number of episodes."""
    rate: float = 0.5
    """A rate [1/s]."""
    preset: Literal["smoke", "fast"] = "fast"
    """A choice."""
    seeds: tuple[int, ...] = (0, 1)
    """Some seeds."""
    tasks: str = "all"
    """Some names, with commas."""
    quiet: bool = False
    """A switch that is off."""
    share: bool = True
    """A switch that is on."""
    json: str | None = None
    """A file to write."""
    extra: Annotated[
        tuple[tuple[str, str], ...], tyro.conf.arg(aliases=["-p"]), tyro.conf.UseAppendAction
    ] = ()
    """Pairs."""

    def __post_init__(self) -> None:
        """Check the range."""
        if self.episodes < 1:
            raise InputError(f"--episodes got {self.episodes}; expected at least 1; try 20")


@dataclass(frozen=True)
class Needs:
    """Settings with one that has no default."""

    file: str
    """A file."""
    names: list[str] = field(default_factory=list)
    """Some names."""


seen: list[Config] = []


def remember(config: Config) -> int | None:
    seen.append(config)
    errors = {"full": ResourceError, "broken": SimulationError, "stop": KeyboardInterrupt, "ram": MemoryError}
    if config.file in errors:
        raise errors[config.file]("what came; what was expected; what to try")
    return 7 if config.file == "seven" else None


@pytest.fixture
def main(monkeypatch, capsys):
    """Call the command line with made-up commands and return its code, output and errors."""
    monkeypatch.setitem(sys.modules, "made_up", sys.modules[__name__])
    table = {
        "play": ("made_up:Config:remember", "Play."),
        "bench env": ("made_up:Config:remember", "Measure."),
        "bench exact": ("made_up:Config:remember", "Compare."),
        "needs": ("made_up:Needs:remember", "Need."),
    }
    monkeypatch.setattr(cli, "COMMANDS", table)
    seen.clear()

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def test_flags_with_dashes_underscores_and_equals(main):
    for spelling in (["--save-dir", "a"], ["--save_dir", "a"], ["--save-dir=a"], ["--save_dir=a"]):
        assert main("play", *spelling)[0] == 0
        assert seen[-1].save_dir == "a"


def test_lists_pairs_and_texts_with_commas(main):
    pairs = ["--extra", "x", "1,2", "-p", "y", "z"]
    assert main("play", "--seeds", "1", "2", "3", "--tasks", "a,b", *pairs)[0] == 0
    assert seen[-1].seeds == (1, 2, 3) and seen[-1].tasks == "a,b"
    assert seen[-1].extra == (("x", "1,2"), ("y", "z"))


def test_switches_positional_and_negative_numbers(main):
    assert main("play", "here.npz", "--quiet", "--no-share", "--rate", "-0.5")[0] == 0
    assert seen[-1].quiet and not seen[-1].share and seen[-1].rate == -0.5 and seen[-1].file == "here.npz"
    assert main("play", "--no-quiet", "--share")[0] == 0, "what is so by default may be said all the same"


def test_commands_of_two_words(main):
    assert main("bench", "env", "--episodes", "3")[0] == 0 and seen[-1].episodes == 3
    code, out, _ = main("bench", "--help")
    assert code == 0 and "bench exact" in out and "play" not in out
    code, out, _ = main("--help")
    assert code == 0 and "bench exact" in out and "play" in out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["unknown command ''", "play, bench env", "--help"]),
        (["plya"], ["unknown command 'plya'", "play, bench env", "did you mean 'play'?"]),
        (["bench"], ["unknown command 'bench'", "bench env, bench exact"]),
        (["bench", "evn"], ["unknown command 'bench evn'", "did you mean 'bench env'?"]),
        (["play", "--episods", "3"], ["'--episods'", "--save-dir, ", "did you mean '--episodes'?"]),
        (["play", "--zzz=3"], ["'--zzz=3'", "try python -m soccer_lib play --help"]),
        (["play", "--episodes", "x"], ["--episodes: ", "'x'", "expected INT", "--help"]),
        (["play", "--rate", "fast"], ["--rate: ", "'fast'", "expected FLOAT"]),
        (["play", "--seeds", "1", "x"], ["--seeds: ", "'x'", "expected [INT"]),
        (["play", "--preset", "fats"], ["'fats'", "--preset", "expected one of: smoke, fast", "'fast'?"]),
        (["play", "--episodes"], ["--episodes lacks a value", "expected INT"]),
        (["play", "-p", "name"], ["-p/--extra lacks a value", "expected STR STR"]),
        (["play", "a", "b"], ["unknown argument 'b'", "--help"]),
        (["play", "--episodes", "0"], ["--episodes got 0; expected at least 1; try 20"]),
        (["needs"], ["--file is missing", "--help"]),
        (["needs", "--fiel", "x"], ["unknown argument '--fiel'", "did you mean '--file'?"]),
    ],
)
def test_a_wrong_call_is_one_line(main, arguments, parts):
    code, out, err = main(*arguments)
    assert code == 2 and not out and not seen
    assert err.startswith("error: ") and err.count("\n") == 1, err
    assert not set(err) & set("│╭╰─"), err
    for part in parts:
        assert part in err, err


@pytest.mark.parametrize(
    ("kind", "code"), [("full", 3), ("broken", 4), ("ram", 3), ("stop", 130), ("seven", 7)]
)
def test_exit_codes(main, kind, code):
    result, _, err = main("play", kind)
    assert result == code and err.count("\n") == (kind != "seven")


def test_a_polite_kill_in_the_middle_of_an_episode_ends_the_program(main, monkeypatch):
    """A policy that leaves is an error of the policy's; SIGTERM is not."""
    before = signal.getsignal(signal.SIGTERM)
    job = SimpleNamespace(task="goalie_penalty_kick", seed=3)
    kills = functools.partial(run_jobs, lambda job: signal.raise_signal(signal.SIGTERM), [job])
    monkeypatch.setattr(sys.modules["made_up"], "remember", lambda config: kills())
    try:
        code, _, error = main("play", "any")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert code == 143 and error == "error: SIGTERM; run the same command again to continue or start over\n"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_registered_command_shows_its_flags(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([*name.split(), "--help"])
    assert not stop.value.code and f"{cli.PROG} {name}" in capsys.readouterr().out


def test_as_a_process(command, tmp_path):
    done = command("notebook", "--presett", "smoke", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: unknown argument '--presett'") and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_list_of_commands_imports_nothing_heavy():
    code = (
        "import sys; from soccer_lib.cli.main import main; main(['--help']);"
        "heavy = {'numpy', 'torch', 'mujoco', 'tyro'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "code", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "SIGTERM")]
)
def test_an_interrupt_while_a_package_loads_is_an_interrupt(name, code, word, tmp_path, monkeypatch, capsys):
    """numpy and torch, interrupted while they load, raise an ImportError instead."""
    (tmp_path / f"slow_{name}.py").write_text(
        "import os, signal\n"
        "try:\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "except BaseException as error:\n"
        "    raise ImportError('initialization failed') from error\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli.COMMANDS, "slow", (f"slow_{name}:Config:main", ""))
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert cli.main(["slow"]) == code
        with pytest.raises((KeyboardInterrupt, Terminated)):
            signal.raise_signal(getattr(signal, name))  # it works again
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().err == (
        f"error: {word}; run the same command again to continue or start over\n"
    )


@pytest.mark.parametrize(
    ("before", "early", "late"),
    [("default_int_handler", "SIG_DFL", "default_int_handler"), ("SIG_IGN", "SIG_IGN", "SIG_IGN")],
)
def test_ctrl_c_is_quiet_until_the_command_line_can_answer(before, early, late):
    script = (
        "import signal\n"
        f"signal.signal(signal.SIGINT, signal.{before})\n"
        "import soccer_lib.__main__ as entry\n"
        f"assert signal.getsignal(signal.SIGINT) is signal.{early}\n"
        "entry.main(['--help'])\n"
        f"assert signal.getsignal(signal.SIGINT) is signal.{late}\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
