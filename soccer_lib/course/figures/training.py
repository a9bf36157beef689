"""A training run as curves that grow while it learns, and the pictures of what its critics believe."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.course.figures.widgets import has_sliders, show
from soccer_lib.course.live import Lines, TrainingProcess, follow, is_running
from soccer_lib.runs.folder import metrics_of
from soccer_lib.tasks import COMPETITION
from soccer_lib.view.style import (
    ACCENT,
    GREEN,
    INK,
    ORANGE,
    PINK,
    QUIET,
    RED,
    REFERENCE,
    new_figure,
    number_plainly,
    picture,
    styled,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TASK_COLOURS = dict(zip(COMPETITION, (ACCENT, ORANGE, GREEN), strict=True))

LARGE_UPDATE = 0.1
"""Divergence of one update from which on `inspect run` shows a red flag."""


@styled
def plot_run(lines: Lines, marks: Sequence[float] = ()) -> Figure:
    """Scores, kicks and the size of updates of a training run by its env steps.

    Args:
        lines: of its `metrics.jsonl`.
        marks: env steps at which something happened.
    """
    figure = new_figure(11, 3.4)
    scores, kicks, updates = figure.subplots(1, 3)
    for task, colour in TASK_COLOURS.items():
        _draw(scores, lines, f"rollout/score/{task}", colour, title_of(task))
    steps, values = series(lines, "comp_eval/C_overall")
    scores.plot(steps, values, "D", color=INK, markersize=7, label="sum, without exploration")
    scores.set_title("official score while exploring")
    _draw(kicks, lines, "rollout/kicks", PINK, "kicks")
    _draw(kicks, lines, "rollout/refused", QUIET, "refused")
    kicks.set_title("kicks in an episode")
    size = "train/approx_kl" if len(series(lines, "train/approx_kl")[0]) else "train/critic_loss"
    _draw(updates, lines, size, RED, "")
    updates.set_title("size of an update (KL)" if size.endswith("kl") else "loss of the critics")
    if size.endswith("kl"):
        updates.axhline(LARGE_UPDATE, **REFERENCE)
    if np.any(series(lines, size)[1] > 0):
        updates.set_yscale("log")
        number_plainly(updates.yaxis)
    for axes in (scores, kicks, updates):
        for mark in marks:
            axes.axvline(mark, **REFERENCE)
        axes.grid(axis="y")
        axes.set_xlabel("env steps")
    handles = [*scores.get_legend_handles_labels()[0], *kicks.get_legend_handles_labels()[0]]
    if handles:
        figure.legend(
            handles, [handle.get_label() for handle in handles], loc="outside lower center", ncols=3
        )
    return figure


def series(lines: Lines, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values of one figure of a run, where it has a value. Shapes: (n,) of both."""
    found = [(line["step"], line[name]) for line in lines if line.get(name) is not None and "step" in line]
    steps, values = np.array(found, float).reshape(-1, 2).T
    return steps, values


def _draw(axes: Axes, lines: Lines, name: str, colour: str, label: str) -> None:
    steps, values = series(lines, name)
    if len(steps):
        axes.plot(steps, values, "o-", color=colour, markersize=3, linewidth=1.6, label=label)


def watch_run(
    run: TrainingProcess | str | os.PathLike[str],
    interactive: bool = True,
    until: Callable[[Lines], bool] | None = None,
    marks: Sequence[float] = (),
) -> Lines:
    """Draw a run again and again in one place until it ends; interrupting the cell ends the watching.

    Args:
        run: a process that trains, or the folder of a run, wherever that goes on.
        interactive: False waits, and draws once at the end.
        until: called with the lines so far; True ends the watching.
        marks: env steps to mark.

    Returns:
        The lines of its metrics.
    """
    process = run if isinstance(run, TrainingProcess) else None
    folder = process.folder if process else Path(run)  # type: ignore[arg-type]
    live = has_sliders(interactive)
    place: list[Any] = []

    def draw(lines: Lines) -> None:
        drawn = picture(plot_run(lines, marks))
        if not place:
            place.append(_display(drawn))
        else:
            place[0].update(drawn)

    def goes_on() -> bool:
        return process.goes_on() if process else interactive and is_running(folder)

    try:
        lines = follow(folder, draw if live else lambda lines: None, goes_on, until)
    except KeyboardInterrupt:
        lines = metrics_of(folder)
        print("no longer watched")
    if not live:
        show(picture(plot_run(lines, marks)))
    return lines


def _display(thing: Any) -> Any:
    """Show a thing at a place whose content can be changed."""
    from IPython.display import display

    return display(thing, display_id=True)


@styled
def plot_estimates(curves: Mapping[str, np.ndarray], truth: float) -> Figure:
    """What critics believe while they learn: mean of the seeds as a line, all of them as a band.

    Args:
        curves: kind of target -> what follows the best action, before each update. Shape: (updates, seeds).
        truth: the true value.
    """
    figure = new_figure(7.2, 3.4)
    axes = figure.subplots()
    axes.axhline(truth, **REFERENCE)
    axes.annotate("true value", (1.01, truth), xycoords=("axes fraction", "data"), va="center")
    for colour, (name, values) in zip((ORANGE, ACCENT, GREEN), curves.items(), strict=False):
        updates = np.arange(1, len(values) + 1)
        axes.fill_between(
            updates, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.18, linewidth=0
        )
        axes.plot(updates, values.mean(axis=1), color=colour, linewidth=2, label=name)
    axes.set_title("what critics expect to follow (band: all seeds)")
    axes.set(xlabel="updates", ylabel="estimate")
    axes.grid(axis="y")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


@styled
def plot_smoothing(actions: np.ndarray, values: np.ndarray, smoothed: np.ndarray) -> Figure:
    """A critic over one entry of the action, as it is and as a mean around each action; dots: its best ones.

    Args:
        actions: Shape: (n,).
        values: the critic's. Shape: (n,).
        smoothed: mean of its values at noisy actions. Shape: (n,).
    """
    figure = new_figure(7.2, 3.2)
    axes = figure.subplots()
    for name, curve, colour in (("critic", values, ORANGE), ("mean over the noise", smoothed, ACCENT)):
        best = int(np.argmax(curve))
        axes.plot(actions, curve, color=colour, linewidth=2, label=name)
        axes.plot(actions[best], curve[best], "o", color=colour, markersize=9)
    axes.set_title("where an actor would go: the highest point")
    axes.set(xlabel="action", ylabel="estimated value")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
