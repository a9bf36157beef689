"""The audit of a reward as a table and as a picture."""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from statistics import mean
from typing import TYPE_CHECKING

from soccer_lib.evaluation.audit import DISCOUNTED, REVERSED, RIGHT, Audit, Pair
from soccer_lib.evaluation.result import aligned
from soccer_lib.view import style
from soccer_lib.view.style import title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LISTED = 8
"""Kinds of pair that the table names for each task and verdict."""


def means_of(audit: Audit, task: str) -> dict[str, tuple[float, float, float]]:
    """Behaviour -> means over the starts of official score, end [s] and discounted return; best first."""
    groups = defaultdict(list)
    for played in audit.played:
        if played.task == task:
            groups[played.behaviour].append((played.score, played.time, played.paid))
    means = {name: tuple(map(mean, zip(*rows, strict=True))) for name, rows in groups.items()}
    return dict(sorted(means.items(), key=lambda item: -item[1][0]))


def named_pairs(audit: Audit, task: str, verdict: str) -> dict[tuple[str, str], list[Pair]]:
    """Pairs of a verdict by their behaviours, the better one first; the most frequent ones first."""
    groups = defaultdict(list)
    for pair in audit.pairs[task]:
        if pair.verdict == verdict:
            groups[pair.better.behaviour, pair.worse.behaviour].append(pair)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def audit_table(audit: Audit) -> str:
    """For each task behaviours with score and return, and the reversed pairs by name; the verdict last."""
    lines = [", ".join(f"{name} {value}" for name, value in audit.settings.items())]
    for task in audit.pairs:
        rows = [[task, "official score", "end [s]", "return", "outcomes"]]
        for name, (score, time, discounted) in means_of(audit, task).items():
            counts = Counter(p.outcome for p in audit.played if (p.task, p.behaviour) == (task, name))
            outcomes = ", ".join(f"{outcome} {count}" for outcome, count in counts.most_common())
            rows.append([name, f"{score:.2f}", f"{time:.1f}", f"{discounted:.4g}", outcomes])
        lines += ["", *aligned(rows), _counted(audit, task)]
        for verdict in (REVERSED, DISCOUNTED):
            sentences = [_sentence(verdict, pairs) for pairs in named_pairs(audit, task, verdict).values()]
            lines += sentences[:LISTED]
            if len(sentences) > LISTED:
                lines.append(f"  {verdict}: {len(sentences) - LISTED} more, all in --json")
    verdict = "passed" if audit.passed else "FAILED: who trains on it learns what pays, not what scores"
    return "\n".join([*lines, "", f"audit of reward '{audit.settings['reward']}' {verdict}"])


def _counted(audit: Audit, task: str) -> str:
    count = Counter(pair.verdict for pair in audit.pairs[task])
    compared = count[RIGHT] + count[REVERSED]
    discounted = f"; {count[DISCOUNTED]} more reversed by discount" if count[DISCOUNTED] else ""
    return f"{count[REVERSED]} of {compared} pairs reversed{discounted}"


def _sentence(verdict: str, pairs: list[Pair]) -> str:
    """Pairs of the same two behaviours as one line, with the figures of the clearest."""
    clearest = max(pairs, key=lambda pair: pair.better.score - pair.worse.score)
    worse, better = (
        f"'{p.behaviour}' (score {p.score:.2f}, end {p.time:.1f} s, return {p.paid:.4g})"
        for p in (clearest.worse, clearest.better)
    )
    return f"  {verdict} at {len(pairs)} starts: {worse} is paid more than {better}"


@style.styled
def plot_audit(audit: Audit) -> Figure:
    """Two rankings of the behaviours side by side: by official score and by what the reward pays.

    Red behaviours are paid more than one that scores at least 1 more and ends within 3 s.

    Args:
        audit: of `audit_reward`.
    """
    figure = style.new_figure(5.2 * len(audit.pairs), 4.8)
    panels = figure.subplots(1, len(audit.pairs), squeeze=False)[0]
    for axes, task in zip(panels, audit.pairs, strict=True):
        _draw_task(axes, audit, task)
    verdict = "passed" if audit.passed else "FAILED"
    reward = audit.settings["reward"]
    style.write_heading(figure, f"audit of '{reward}' at gamma {audit.settings['gamma']}: {verdict}")
    legend = "red: paid more than a behaviour that scores at least 1 more and ends within 3 s"
    words = f"means over {audit.settings['starts']} starts   ({legend})"
    figure.supxlabel(textwrap.fill(words, 60 * len(audit.pairs)))
    return figure


def _draw_task(axes: Axes, audit: Audit, task: str) -> None:
    """A line for each behaviour, from its rank by score at the left to its rank by return at the right."""
    means = means_of(audit, task)
    by_return = sorted(means, key=lambda name: -means[name][2])
    overpaid = {worse for _, worse in named_pairs(audit, task, REVERSED)}
    axes.set_title(f"{title_of(task)}\n{_counted(audit, task)}")
    for left, (name, (score, _, discounted)) in enumerate(means.items()):
        right = by_return.index(name)
        if name in overpaid:
            axes.plot([0, 1], [left, right], "o-", color=style.RED, linewidth=2.2, markersize=5, zorder=3)
        else:
            axes.plot([0, 1], [left, right], "o-", color=style.QUIET, linewidth=1.2, markersize=5, zorder=2)
        colour = style.RED if name in overpaid else style.INK
        axes.text(-0.05, left, f"{name}  {style.signed(score)}", ha="right", va="center", color=colour)
        total = style.signed(discounted) if abs(discounted) < 1000 else f"{discounted:,.0f}"
        axes.text(1.05, right, total, ha="left", va="center", color=colour)
    for x, name in enumerate(("official score", "discounted return")):
        axes.text(x, -0.8, name, ha="center", va="center")
        axes.axvline(x, color=style.FAINT, linewidth=0.8, zorder=1)
    axes.set_xlim(-1.1, 1.45)
    axes.set_ylim(len(means) - 0.4, -1.2)  # the best on top
    axes.axis("off")
