"""What is in the way of Genesis is said in one line, before anything is built."""

import sys
import types

import pytest

from soccer_lib.errors import InputError, ResourceError
from soccer_lib.genesis import engine
from soccer_lib.genesis.scene import ArmScene


def running(on: str) -> types.SimpleNamespace:
    return types.SimpleNamespace(_initialized=True, backend=on, cpu="cpu", gpu="gpu")


def test_where_genesis_is_missing_the_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(engine, "available", lambda: False)
    with pytest.raises(InputError, match="genesis-world is not installed.*make genesis"):
        engine.start()


def test_a_second_start_on_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(engine, "available", lambda: True)
    monkeypatch.setitem(sys.modules, "genesis", running(on="gpu"))
    with pytest.raises(InputError, match="runs on the GPU in this process and the CPU was asked for.*stop()"):
        engine.start()


def test_a_second_start_on_the_same_backend_is_the_first(monkeypatch):
    monkeypatch.setattr(engine, "available", lambda: True)
    monkeypatch.setitem(sys.modules, "genesis", running(on="cpu"))
    assert engine.start() is sys.modules["genesis"]


def test_without_a_gpu_one_is_refused_or_done_without_where_that_was_asked(monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="use_gpu=True and torch .* sees no GPU.*'auto'"):
        engine.choose_gpu(True)
    assert engine.choose_gpu("auto") is False
    assert capsys.readouterr().out == "no GPU here: the CPU simulates\n"
    assert engine.choose_gpu(False) is False
    assert engine.gpu_memory() is None


def test_a_gpu_is_a_choice_of_three():
    with pytest.raises(InputError, match="use_gpu got 'yes'"):
        engine.choose_gpu("yes")


def test_a_viewer_without_a_display_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match="there is no display.*--video"):
        engine.check_display()
    monkeypatch.setenv("DISPLAY", ":0")
    engine.check_display()


def test_a_cache_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="kernel cache .*file/genesis cannot be written.*XDG_CACHE_HOME"):
        for folder in engine.cache_folders():
            engine.check_cache(folder)


def test_a_cache_that_can_be_written_is_left_as_it_was(tmp_path):
    engine.check_cache(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []


@pytest.mark.parametrize("number", [0, -3, 1.5])
def test_a_number_of_arms_that_is_none_is_refused_before_genesis_is_asked(number, monkeypatch):
    monkeypatch.setattr(engine, "start", lambda *_: pytest.fail("Genesis was started"))
    with pytest.raises(InputError, match="n_envs got .*expected a whole number from 1"):
        ArmScene(number)
    with pytest.raises(InputError, match="unknown robot 'panda'"):
        ArmScene(1, robot="panda")
