"""One style for every figure, whatever the caller's own settings are."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from soccer_lib import view
from soccer_lib.errors import InputError
from soccer_lib.tasks import COMPETITION
from soccer_lib.view import style
from tests.support.made_up import made_up_summary

LIBRARY = Path(__file__).resolve().parents[2] / "soccer_lib"
FOREIGN = {
    "font.size": 20,
    "text.color": "red",
    "axes.grid": False,
    "axes.titlelocation": "right",
    "xtick.major.size": 9,
    "xtick.labelsize": 20,
    "savefig.dpi": 50,
}


def scores():
    return view.plot_results({"agent": made_up_summary({COMPETITION[0]: (1.0, 0.5, 2.0)})})


def test_a_figure_does_not_depend_on_the_settings_of_the_caller():
    ours = style.image_bytes(scores())
    with matplotlib.rc_context(FOREIGN):
        assert style.image_bytes(scores()) == ours


def test_the_settings_of_the_caller_stay():
    before = dict(matplotlib.rcParams)
    style.image_bytes(scores())
    assert dict(matplotlib.rcParams) == before


def calls(node: ast.AST) -> set[str]:
    functions = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    return {getattr(function, "id", getattr(function, "attr", "")) for function in functions}


def test_every_function_that_makes_a_figure_makes_it_in_the_style():
    plain = []
    makers = 0
    for path in LIBRARY.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "new_figure" in calls(node):
                makers += 1
                if "styled" not in {ast.unparse(mark).split(".")[-1] for mark in node.decorator_list}:
                    plain.append(f"{path.relative_to(LIBRARY)}: {node.name}")
    assert makers > 15 and not plain


def test_two_decimals_and_the_minus_sign_of_the_axes():
    assert [style.signed(value) for value in (-0.987, 0.0, 12.345)] == ["\u22120.99", "0.00", "12.35"]


def test_a_figure_is_written_in_the_format_of_its_name(tmp_path):
    figure = scores()
    for name, start in (
        ("a.png", b"\x89PNG"),
        ("a.PNG", b"\x89PNG"),
        ("a.svg", b"<?xml"),
        ("a.pdf", b"%PDF"),
    ):
        view.save_figure(figure, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    with pytest.raises(InputError, match=r"a.txt is not a picture's name; .* ends in .png, .svg, .pdf"):
        view.save_figure(figure, tmp_path / "a.txt")


def test_a_frame_is_written_as_it_is(tmp_path):
    from PIL import Image

    frame = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    style.save_frame(frame, tmp_path / "a.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), frame)
    with pytest.raises(InputError, match="ends in .png; try"):
        style.save_frame(frame, tmp_path / "a.svg")


def test_a_shown_picture_is_as_wide_as_its_figure_and_can_be_kept(tmp_path):
    figure = scores()
    shown = view.picture(figure, tmp_path / "scores.png")
    assert shown.width == int(96 * figure.get_figwidth()) and shown.data.startswith(b"\x89PNG")
    assert (tmp_path / "scores.png").read_bytes() == shown.data
    with pytest.raises(InputError, match=r"scores\.svg"):
        view.picture(figure, tmp_path / "scores.svg")


def test_nothing_is_drawn_before_it_is_asked_for():
    code = "import sys, soccer_lib.cli.evaluate; sys.exit(bool({'matplotlib', 'IPython'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=LIBRARY.parent).returncode == 0
