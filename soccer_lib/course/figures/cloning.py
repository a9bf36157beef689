"""How clones learn and play: losses, answers where the expert kicks, drift, and the studies' curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.evaluation.result import aligned
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.tasks import COMPETITION
from soccer_lib.view.field import draw_pitch
from soccer_lib.view.style import (
    ACCENT,
    GREEN,
    INK,
    INTERVAL,
    ORANGE,
    PINK,
    QUIET,
    REFERENCE,
    name_rows,
    new_figure,
    styled,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (ACCENT, ORANGE, GREEN, PINK)
"""Of agents, in the order in which they come."""

_LOSSES = {"train": ("training", ACCENT), "val": ("validation", ORANGE)}
_AGREEMENT = {"recall": GREEN, "precision": PINK}


@styled
def plot_losses(epochs: Sequence[Mapping[str, float]], others: Sequence[Mapping[str, Any]] = ()) -> Figure:
    """Loss on training and validation data by epoch, and how the kicks agree.

    Args:
        epochs: lines of a run's `metrics.jsonl`, one round.
        others: entries of a study, which are drawn faintly behind.
    """
    figure = new_figure(9.6, 3.2)
    losses, kicks = figure.subplots(1, 2)
    numbers = [line["epoch"] for line in epochs]
    for part, (label, colour) in _LOSSES.items():
        for entry in others:
            curve = entry[f"{part}/loss"]
            losses.plot(range(1, len(curve) + 1), curve, color=colour, linewidth=0.9, alpha=0.55)
        curve = [line[f"{part}/loss"] for line in epochs]
        losses.plot(numbers, curve, color=colour, linewidth=2, label=label)
    for name, colour in _AGREEMENT.items():
        shares = [line[f"val/kick_{name}"] for line in epochs]
        # Without a kick on one side there is no share: a gap in the curve.
        curve = [np.nan if share is None else share for share in shares]
        kicks.plot(numbers, curve, color=colour, linewidth=2, label=name)
    losses.set_title("loss (faint: clones of the study)" if others else "loss")
    losses.set_yscale("log")
    kicks.set_title("kicks of the validation episodes")
    kicks.set_ylim(0, 1.03)
    for axes in (losses, kicks):
        axes.set_xlabel("epoch")
        axes.locator_params(axis="x", integer=True)
        axes.legend()
    return figure


@styled
def plot_kick_answers(answers: Mapping[str, np.ndarray], threshold: float) -> Figure:
    """How near to a kick the answers are where the expert kicks, a row for each agent.

    Args:
        answers: agent -> for each of the expert's kicks the smallest entry of the answer, in the signs of
            that kick: 1 is the kick itself. Shape: (n,).
        threshold: from where on it is a kick.
    """
    figure = new_figure(7.2, 0.9 + 0.8 * len(answers))
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    for row, values in enumerate(answers.values()):
        spread = row + rng.uniform(-0.25, 0.25, len(values))
        axes.plot(values, spread, ".", color=COLOURS[row], alpha=0.5, markersize=7)
        share = f"{np.mean(values > threshold):.0%} kick"
        axes.annotate(share, (1.06, row), va="center", color=INK, annotation_clip=False)
    axes.axvline(threshold, **REFERENCE)
    name_rows(axes, list(answers))
    axes.set(xlim=(-1.03, 1.03), ylim=(len(answers) - 0.5, -0.5))
    axes.set_xlabel("smallest entry of the answer, in the signs of the expert's kick")
    return figure


@styled
def plot_drift(
    paths: Mapping[str, Sequence[Trajectory]], errors: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """Where agents went on the field, and how far a clone's answers are off as time passes.

    Args:
        paths: agent -> episodes of one task.
        errors: whose states -> time of each sample [s], and squared error of the clone's answer there.
    """
    figure = new_figure(10.4, 3.8)
    field, error_by_time = figure.subplots(1, 2, width_ratios=(6, 5))
    _draw_paths(field, paths)
    _draw_errors(error_by_time, errors)
    return figure


def _draw_paths(axes: Axes, paths: Mapping[str, Sequence[Trajectory]]) -> None:
    draw_pitch(axes)
    for colour, (name, episodes) in zip(COLOURS, paths.items(), strict=False):
        for index, episode in enumerate(episodes):
            label = None if index else name
            axes.plot(*episode.robot[:, :2].T, color=colour, linewidth=1.6, alpha=0.8, zorder=5, label=label)
            axes.plot(*episode.robot[-1, :2], "o", color=colour, markersize=4, zorder=6)
    first = next(iter(paths.values()))[0]
    ball = first.ball[0, :2]
    axes.plot(*ball, "o", color="white", mec=INK, markersize=7, zorder=7, label="ball at the start")
    robots = [episode.robot[:, :2] for episodes in paths.values() for episode in episodes]
    places = np.concatenate([*robots, ball[None]])
    low = places.min(axis=0) - 0.4
    high = places.max(axis=0) + 0.4
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.legend(frameon=True)
    axes.set_title(f"{title_of(first.task)}: the robots' paths")


def _draw_errors(axes: Axes, errors: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Mean of the errors of each second, at its middle."""
    for colour, (name, (time, error)) in zip(COLOURS, errors.items(), strict=False):
        seconds = time.astype(int)
        with_samples = np.unique(seconds)
        means = [error[seconds == second].mean() for second in with_samples]
        axes.plot(with_samples + 0.5, means, "o-", color=colour, linewidth=2, markersize=4, label=name)
    axes.set_ylim(bottom=0)
    axes.set_title("squared error of the clone's command, mean by second")
    axes.set_xlabel("time in the episode [s]")
    axes.legend()


@styled
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
    live = live or {}
    groups = study["groups"]
    striker = study["striker"]["score"]
    figure = new_figure(7.2, 3.4)
    axes = figure.subplots()
    axes.axhline(striker, **REFERENCE)
    axes.annotate("striker", (1.01, striker), xycoords=("axes fraction", "data"), va="center")
    kinds = [group["x"] for group in groups]
    means = [group["mean"] for group in groups]
    label = "mean of the clones, 95% interval"
    axes.plot(kinds, means, "o-", color=ACCENT, markersize=7, zorder=4, label=label)
    for group in groups:
        if None not in group["ci95"]:  # one clone has no interval
            axes.plot([group["x"]] * 2, group["ci95"], **INTERVAL)
    clones = [entry["x"] for entry in study["entries"]]
    scores = [entry["score"] for entry in study["entries"]]
    axes.plot(clones, scores, ".", color=QUIET, markersize=8, zorder=2, label="one clone")
    for colour, (name, (x, score)) in zip(COLOURS[1:], live.items(), strict=False):
        axes.plot(x, score, "D", color=colour, markersize=8, zorder=5, label=name)
        scores.append(score)
    # An interval may reach beyond the picture.
    axes.set(xticks=kinds, ylim=(min(striker, *scores) - 3, max(striker, *scores) + 4))
    axes.grid(axis="y")
    axes.set_title(title)
    axes.set(xlabel=unit, ylabel="official score, sum of the tasks")
    axes.legend(frameon=True)
    return figure


def study_table(study: Mapping[str, Any]) -> str:
    """Scores of a study's clones as aligned plain text: sum with its interval, and success by task."""
    rows = [["kind", "clones", "sum", "95% interval", *(f"{task}, success" for task in COMPETITION)]]
    for group in study["groups"]:
        clones = [entry for entry in study["entries"] if entry["x"] == group["x"]]
        low, high = group["ci95"]
        interval = "-" if low is None else f"{low:.2f} to {high:.2f}"
        rates = [np.mean([clone[f"{task}/success_rate"] for clone in clones]) for task in COMPETITION]
        successes = [f"{rate:.0%}" for rate in rates]
        rows.append([str(group["x"]), str(len(clones)), f"{group['mean']:.2f}", interval, *successes])
    return "\n".join(aligned(rows))
