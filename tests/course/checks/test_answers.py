"""What a check makes of functions that do not answer as wanted: one clear sentence each."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest
import torch

from soccer_lib.course.checks import check_dagger, reveal
from soccer_lib.course.checks import cloning as cloning_checks
from soccer_lib.course.checks.answers import Answers, CheckFault, WrongAnswer
from soccer_lib.course.checks.judge import example, judge
from soccer_lib.course.checks.wording import shown
from soccer_lib.errors import InputError

ROW = np.arange(3.0)
DOUBLE = [example("twice the row", (ROW,), 2 * ROW)]


def verdict(function, capsys, properties=DOUBLE, limit=10.0):
    passed = judge(function, properties, limit)
    return passed, capsys.readouterr().out


@pytest.mark.parametrize(
    "function",
    [
        lambda row: 2 * row,
        lambda row: [0, 2, 4],
        lambda row: (0.0, np.float32(2), np.int64(4)),
        lambda row: range(0, 5, 2),
        lambda row: torch.tensor([0.0, 2.0, 4.0], requires_grad=True),
    ],
)
def test_arrays_lists_tuples_and_tensors_are_answers(function, capsys):
    assert verdict(function, capsys) == (True, "correct: 1 of 1 properties hold\n")


def test_a_number_may_come_in_an_array_of_one():
    assert Answers(lambda: np.array([[2.5]]))() == 2.5
    assert Answers(lambda: 2)(shape=(1,)).tolist() == [2]


def raising(row):
    return row[7]


def asking_to_leave(row):
    raise SystemExit


def returning_nothing(row):
    2 * row


def generating(row):
    yield from 2 * row


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (returning_nothing, "None: is a `return` missing?"),
        (generating, "a generator: a function with `yield` waits to be asked; collect its values"),
        (lambda row: (2 * x for x in row), "a generator, which gives its values one by one; put list(...)"),
        (lambda row: 2 * row + 0j, "which is no array of real numbers"),
        (lambda row: np.array(["0", "2", "4"]), "which is no array of real numbers"),
        (lambda row: map(float, 2 * row), "a map, which gives its values one by one"),
        (lambda row: (2 * row)[:2], "shape (2,): [0, 2]"),
        (lambda row: np.outer(row, row), "shape (3, 3): [["),
        (lambda row: "0 2 4", "'0 2 4', a str"),
        (lambda row: {0: 0, 1: 2, 2: 4}, "a dict"),
        (lambda row: [0, [2, 4]], "which is no array of real numbers"),
        (lambda row: np.array, "a function (builtin_function_or_method); call it"),
        (lambda row: 3 * row, "[0, 3, 6]"),
        (lambda row: 2 * row * np.nan, "[nan, nan, nan]"),
        (raising, "IndexError: index 7 is out of bounds for axis 0 with size 3"),
        (asking_to_leave, "SystemExit"),
        (lambda: 2, "takes 0 positional arguments but 1 was given"),
        (lambda row: np.multiply(row, 2, out=row), "row changed by the function"),
    ],
)
def test_one_sentence_for_each_wrong_answer(function, got, capsys):
    passed, printed = verdict(function, capsys)
    assert not passed
    first, given, expected, last = printed.splitlines()
    assert first == "not yet: twice the row  (0 of 1 properties hold)"
    assert given.split()[0] == "input" and "[0, 1, 2]" in given
    assert expected.split()[0] == "expected" and ("[0, 2, 4]" in expected or "shape (3,)" in expected)
    assert last.split()[0] == "got" and got in last


def test_a_mask_is_of_bool(capsys):
    properties = [example("above one", (ROW,), ROW > 1)]
    assert verdict(lambda row: [False, False, True], capsys, properties)[0]
    passed, printed = verdict(lambda row: (row > 1).astype(int), capsys, properties)
    assert not passed and "[0, 0, 1] of type int64; a comparison such as a < b gives bool" in printed


def test_what_is_not_done_is_said_and_what_is_no_function(capsys):
    def undone(row):
        raise NotImplementedError

    assert verdict(undone, capsys) == (False, "not done yet; the lesson goes on with its own answer\n")
    assert verdict(3, capsys)[1] == "not yet: got 3, which is no function; write it as def ...: return ...\n"


def endless(row):
    while True:
        pass


def endless_and_deaf(row):
    while True:
        try:
            time.sleep(0.01)
        except:  # noqa: E722  (this is what learners write)
            pass


@pytest.mark.parametrize("function", [endless, lambda row: time.sleep(60)])
def test_a_loop_without_end_is_interrupted(function, capsys):
    before = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    passed, printed = verdict(function, capsys, limit=0.2)
    assert not passed and "no answer within 0.2 s of this check; does a loop in it never end?" in printed
    assert time.monotonic() - start < 5
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_all_calls_of_a_check_share_the_time(capsys):
    slow = [example(f"call {number}", (ROW,), 2 * ROW) for number in range(100)]

    def sleeping(row):
        time.sleep(0.02)
        return 2 * row

    passed, printed = verdict(sleeping, capsys, slow, limit=0.3)
    assert not passed and "no answer within 0.3 s" in printed


def test_beside_the_main_thread_a_function_is_called_without_a_limit():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(Answers(lambda row: row)(ROW, shape=(3,))))
    thread.start()
    thread.join()
    assert seen[0].tolist() == [0, 1, 2]


def test_ctrl_c_is_the_users():
    def interrupted(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(interrupted, DOUBLE)


def test_an_error_of_the_check_is_not_blamed_on_the_learner(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        judge(lambda row: 2 * row, [("a broken property", lambda answers: 1 / 0)])
    monkeypatch.setattr(cloning_checks._Stage, "play", lambda stage, clone: 1 / 0)
    with pytest.raises(CheckFault, match="of the check failed"):
        check_dagger(lambda fit, play, label, demonstrations, rounds: play(fit(demonstrations)))


def test_the_argument_stays_as_it_was():
    row = ROW.copy()
    with pytest.raises(WrongAnswer):
        Answers(lambda row: row.fill(0))(row)
    assert row.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([-0.0, 1 / 3, 2]), "[0, 0.333, 2]"),
        (np.float64(0.5), "0.5"),
        (3, "3"),
        (torch.tensor([1.0, 2.0]), "[1, 2]"),
        ({"a": np.float32(0.25)}, "{'a': 0.25}"),
        (np.arange(40), "[0, 1, 2, ..., 37, 38, 39] of shape (40,)"),
        (len, "len"),
    ],
)
def test_values_are_short(value, text):
    assert shown(value) == text


def test_a_prediction_is_set_beside_the_result():
    assert reveal("kicks found", 0.871, 0.5, "%") == "kicks found: 87%; you predicted 50%"
    assert reveal("distance", 2.0, None, "m") == "distance: 2 m (no prediction was written down)"
    with pytest.raises(InputError, match="the prediction is 'half'; expected a number or None; try 0.871"):
        reveal("kicks found", 0.871, "half")
