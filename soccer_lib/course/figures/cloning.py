"""How clones learn and play: losses, answers where the expert kicks, and the studies' curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.course.figures.drift import COLOURS
from soccer_lib.evaluation.result import aligned
from soccer_lib.tasks import COMPETITION
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
    number_plainly,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    number_plainly(losses.yaxis)
    kicks.set_title("kicks of the validation episodes")
    kicks.set_ylim(0, 1.03)
    for axes in (losses, kicks):
        axes.set_xlabel("epoch")
        axes.locator_params(axis="x", integer=True)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)  # below, not over the data
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
    figure = new_figure(7.2, 3.7)
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
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
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
