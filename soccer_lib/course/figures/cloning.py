"""How clones learn and play: losses, what they say where the expert kicks, drift, and the studies' curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.evaluation.result import aligned
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.tasks import COMPETITION
from soccer_lib.view.field import draw_pitch
from soccer_lib.view.results import title_of
from soccer_lib.view.style import ACCENT, FAINT, GREEN, INK, ORANGE, PINK, QUIET, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (ACCENT, ORANGE, GREEN, PINK)
"""Of agents, in the order in which they come."""

_LOSSES = {"train": ACCENT, "val": ORANGE}


def plot_losses(epochs: Sequence[Mapping[str, float]], others: Sequence[Mapping[str, Any]] = ()) -> Figure:
    """Loss on training and validation data by epoch, and how the kicks agree.

    Args:
        epochs: lines of a run's `metrics.jsonl`, one round.
        others: entries of a study, which are drawn faintly behind.
    """
    figure = new_figure(9.6, 3.2)
    left, right = figure.subplots(1, 2)
    x = [line["epoch"] for line in epochs]
    for part, colour in _LOSSES.items():
        for entry in others:
            y = entry[f"{part}/loss"]
            left.plot(range(1, len(y) + 1), y, color=colour, linewidth=0.9, alpha=0.55)
        label = {"train": "training", "val": "validation"}[part]
        left.plot(x, [line[f"{part}/loss"] for line in epochs], color=colour, linewidth=2, label=label)
    for name, colour in (("recall", GREEN), ("precision", PINK)):
        y = [np.nan if line[f"val/kick_{name}"] is None else line[f"val/kick_{name}"] for line in epochs]
        right.plot(x, y, color=colour, linewidth=2, label=name)
    behind = " (faint: clones of the study)" if others else ""
    for axes, title in ((left, f"loss{behind}"), (right, "kicks of the validation episodes")):
        _prepare(axes, title, "epoch")
        axes.locator_params(axis="x", integer=True)
        axes.legend(frameon=False, fontsize=9, labelcolor=QUIET)
    left.set_yscale("log")
    right.set_ylim(0, 1.03)
    return figure


def plot_kick_answers(answers: Mapping[str, np.ndarray], threshold: float) -> Figure:
    """How near to a kick the answers are where the expert kicks, a row for each agent.

    Args:
        answers: agent -> for each of the expert's kicks the smallest entry of the answer, in the signs of
            that kick: 1 is the kick itself. Shape: (n,).
        threshold: from where on it is a kick.
    """
    figure = new_figure(7.2, 0.9 + 0.8 * len(answers))
    axes, rng = figure.subplots(), np.random.default_rng(0)
    _prepare(axes, "", "smallest entry of the answer, in the signs of the expert's kick")
    for row, values in enumerate(answers.values()):
        spread = row + rng.uniform(-0.25, 0.25, len(values))
        axes.plot(values, spread, ".", color=COLOURS[row], alpha=0.5, markersize=7)
        share = f"{np.mean(values > threshold):.0%} kick"
        axes.annotate(share, (1.06, row), va="center", fontsize=9, color=INK, annotation_clip=False)
    axes.axvline(threshold, color=QUIET, linewidth=1.1, linestyle=(0, (4, 2)))
    axes.set_yticks(range(len(answers)), list(answers), fontsize=10, color=INK)
    axes.set(xlim=(-1.03, 1.03), ylim=(len(answers) - 0.5, -0.5))
    return figure


def plot_drift(
    paths: Mapping[str, Sequence[Trajectory]], errors: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """Where agents went on the field, and how far a clone's answers are off as time passes.

    Args:
        paths: agent -> episodes of one task.
        errors: whose states -> time of each sample [s], and squared error of the clone's answer there.
    """
    figure = new_figure(10.4, 3.8)
    field, right = figure.subplots(1, 2, width_ratios=(6, 5))
    draw_pitch(field)
    for colour, (name, played) in zip(COLOURS, paths.items(), strict=False):
        for one in played:
            label = name if one is played[0] else None
            field.plot(*one.robot[:, :2].T, color=colour, linewidth=1.6, alpha=0.8, zorder=5, label=label)
            field.plot(*one.robot[-1, :2], "o", color=colour, markersize=4, zorder=6)
    ball = played[0].ball[0]
    field.plot(*ball[:2], "o", color="white", mec=INK, markersize=7, zorder=7, label="ball at the start")
    points = np.concatenate(
        [one.robot[:, :2] for group in paths.values() for one in group] + [ball[None, :2]]
    )
    low, high = points.min(axis=0) - 0.4, points.max(axis=0) + 0.4
    field.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    field.legend(fontsize=8, labelcolor=QUIET, framealpha=0.8)
    field.set_title(f"{title_of(played[0].task)}: the robots' ways", fontsize=10, color=INK, loc="left")
    _prepare(right, "squared error of the clone's command, mean by second", "time in the episode [s]")
    for colour, (name, (time, error)) in zip(COLOURS, errors.items(), strict=False):
        seconds = time.astype(int)
        there = np.unique(seconds)
        mean = [error[seconds == second].mean() for second in there]
        right.plot(there + 0.5, mean, "o-", color=colour, linewidth=2, markersize=4, label=name)
    right.set_ylim(bottom=0)
    right.legend(frameon=False, fontsize=9, labelcolor=QUIET)
    return figure


def plot_study(
    study: Mapping[str, Any], title: str, unit: str, live: Mapping[str, tuple[float, float]] | None = None
) -> Figure:
    """Scores of a study's clones: small dots, their mean with its 95% interval, the striker, what ran live.

    Args:
        study: content of a file of `study`.
        title: of the picture.
        unit: what its x is.
        live: name -> x and score of clones that were trained here.
    """
    figure = new_figure(7.2, 3.4)
    axes, groups = figure.subplots(), study["groups"]
    _prepare(axes, title, unit)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_ylabel("official score, sum of the tasks", fontsize=9, color=QUIET)
    axes.axhline(study["striker"]["score"], color=QUIET, linewidth=1.1, linestyle=(0, (4, 2)))
    axes.annotate(
        "striker", (1, study["striker"]["score"]), xycoords=("axes fraction", "data"), ha="right", va="bottom"
    )
    x, mean = ([group[name] for group in groups] for name in ("x", "mean"))
    axes.plot(x, mean, "o-", color=ACCENT, markersize=7, zorder=4, label="mean of the clones, 95% interval")
    for group in groups:
        low, high = (np.nan if end is None else end for end in group["ci95"])
        axes.plot([group["x"]] * 2, [low, high], color=ACCENT, linewidth=4, alpha=0.35, zorder=3)
    dots = [(entry["x"], entry["score"]) for entry in study["entries"]]
    axes.plot(*zip(*dots, strict=True), ".", color=QUIET, markersize=8, zorder=2, label="one clone")
    for colour, (name, place) in zip(COLOURS[1:], (live or {}).items(), strict=False):
        axes.plot(*place, "D", color=colour, markersize=8, zorder=5, label=name)
        dots.append(place)
    scores = [study["striker"]["score"], *(score for _, score in dots)]  # an interval may reach beyond
    axes.set(xticks=x, ylim=(min(scores) - 3, max(scores) + 4))
    axes.legend(fontsize=9, labelcolor=QUIET, edgecolor="none", framealpha=0.85)
    return figure


def study_table(study: Mapping[str, Any]) -> str:
    """Scores of a study's clones as aligned plain text: sum with its interval, and success by task."""
    rows = [["kind", "clones", "sum", "95% interval", *(f"{task}, success" for task in COMPETITION)]]
    for group in study["groups"]:
        mine = [entry for entry in study["entries"] if entry["x"] == group["x"]]
        ends = "-" if None in group["ci95"] else "{:.2f} to {:.2f}".format(*group["ci95"])
        rates = [f"{np.mean([entry[f'{task}/success_rate'] for entry in mine]):.0%}" for task in COMPETITION]
        rows.append([str(group["x"]), str(len(mine)), f"{group['mean']:.2f}", ends, *rates])
    return "\n".join(aligned(rows))


def _prepare(axes: Axes, title: str, xlabel: str) -> None:
    tidy(axes)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(xlabel, fontsize=9, color=QUIET)
