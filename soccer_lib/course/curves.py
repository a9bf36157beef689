"""The numbers of a committed study, and of differences between its kinds, paired by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from soccer_lib.errors import unknown_name
from soccer_lib.runs import load_json
from soccer_lib.tasks import COMPETITION


class Difference(NamedTuple):
    """A mean with its 95% interval.

    Attributes:
        mean: of the differences.
        low: end of the interval.
        high: the other end.
        count: pairs.
    """

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        """The numbers, and what may be said of them."""
        verdict = "more" if self.low > 0 else "fewer" if self.high < 0 else "not told apart"
        return f"{self.mean:+.1f} [{self.low:+.1f}, {self.high:+.1f}], {verdict}"


def values_by_seed(study: Mapping[str, Any], kind: Any, value: str = "score") -> dict[int, float]:
    """What the clones of one kind reached, by their seed.

    Args:
        study: content of a file of `study`.
        kind: its x.
        value: an entry of each clone.

    Raises:
        InputError: the study has no such kind.
    """
    known = [group["x"] for group in study["groups"]]
    if kind not in known:
        raise unknown_name("kind", kind, list(map(str, known)))
    return {entry["seed"]: entry[value] for entry in study["entries"] if entry["x"] == kind}


def paired_difference(more: Mapping[int, float], less: Mapping[int, float]) -> Difference:
    """Mean of `more` minus `less` over the seeds that both have, with Student's 95% interval.

    Clones of one seed start from the same weights and are scored on the same episodes: what the seed does to
    both of them falls out of the difference.

    Example:
        >>> paired_difference({0: 3.0, 1: 5.0, 2: 4.0}, {0: 1.0, 1: 3.0, 2: 2.0})
        Difference(mean=2.0, low=2.0, high=2.0, count=3)
    """
    gains = [more[seed] - less[seed] for seed in more if seed in less]
    mean = float(np.mean(gains))
    half = float(stats.t.ppf(0.975, len(gains) - 1) * stats.sem(gains)) if len(gains) > 1 else float("inf")
    return Difference(mean, mean - half, mean + half, len(gains))


def verdict(
    more: str, less: str, difference: Difference, unit: str = "points", pairs: str = "pairs of clones"
) -> str:
    """What a paired difference lets one say, as a sentence for a page.

    Args:
        more: name of what the difference counts as a gain, as the subject of the sentence.
        less: name of what it is compared with.
        difference: `more` minus `less`.
        unit: of what is compared, in the plural.
        pairs: what was paired.
    """
    interval = f"95% interval {difference.low:+,.1f} to {difference.high:+,.1f}, {difference.count} {pairs}"
    if difference.low <= 0 <= difference.high:
        return (
            f"**{more}** and **{less}** are not told apart: {difference.mean:+,.1f} {unit}, but the interval "
            f"includes 0 ({interval})."
        )
    word = "more" if difference.mean > 0 else "fewer"
    return f"**{more}**: {abs(difference.mean):,.1f} {unit} {word} than **{less}** ({interval})."


def training_verdicts(file: Path, figures: Mapping[str, str], reference: str) -> str:
    """What a study of training says of its kinds beside one of them; how to make it, where it is not there.

    Args:
        file: of `study training`, such as `rl_curriculum.json`.
        figures: an entry of each agent, such as "score" -> its unit, in the plural.
        reference: the kind that each other one is compared with.

    Returns:
        Sentences for a page, one for each figure and kind; runs that lack the figure are left out.
    """
    if not file.is_file():
        return _not_made(file)
    study = load_json(file)
    lines = []
    for figure, unit in figures.items():
        present = [entry for entry in study["entries"] if entry[figure] is not None]
        reached = {**study, "entries": present}
        for kind in (group["x"] for group in study["groups"] if group["x"] != reference):
            values = [values_by_seed(reached, name, figure) for name in (kind, reference)]
            lines.append(_training_verdict(kind, reference, values, figure, unit))
    settings = study["settings"]
    budget = f"{settings['seeds']} agents of each kind, {settings['timesteps']:,} commands for each of them"
    return "\n\n".join([f"{budget}:", *lines])


def _training_verdict(
    kind: str, reference: str, values: Sequence[Mapping[int, float]], figure: str, unit: str
) -> str:
    """One figure of one kind beside the reference, or that too few seeds have both."""
    label = "" if figure == "score" else f"{figure}: "
    if len(values[0].keys() & values[1].keys()) < 2:
        return f"{label}fewer than two seeds have one with both **{kind}** and **{reference}**."
    return label + verdict(kind, reference, paired_difference(*values), unit, "seeds")


def gains_over_clone(file: Path) -> str:
    """What agents of a study have more than the clone that they went on from, on the same episodes.

    Args:
        file: of `study training`, such as `rl_tuned.json`.

    Returns:
        Two sentences for a page for each kind, undisturbed and with noise on the walking commands; how to
        make the study, where it is not there.
    """
    if not file.is_file():
        return _not_made(file)
    study = load_json(file)
    lines = []
    for kind in (group["x"] for group in study["groups"]):
        agents = [entry for entry in study["entries"] if entry["x"] == kind]
        for shaken, where in (("", "undisturbed"), (", shaken", "with noise of 0.05 on walking commands")):
            gains = {agent["seed"]: agent["gain" + shaken] for agent in agents}
            mean = paired_difference(gains, dict.fromkeys(gains, 0.0))
            better = sum(agent[f"gain{shaken}, ci95"][0] > 0 for agent in agents)
            lines.append(
                f"**{kind}**, {where}: {mean.mean:+.1f} points over the {agents[0]['clone' + shaken]:.1f} of "
                f"the clone (95% interval {mean.low:+.1f} to {mean.high:+.1f}, {mean.count} agents, of which "
                f"{better} by themselves are better beyond doubt)."
            )
    return "\n\n".join(lines)


def _not_made(file: Path) -> str:
    name = file.stem.removeprefix("rl_")
    command = f"python -m soccer_lib study training --out data/curves --only {name}"
    return f"The study `{name}` has not been made yet; hours of CPU: `{command}`"


def chosen_scores(
    study: Mapping[str, Any], key: str, best: Callable[[Iterable[float]], float]
) -> dict[int, float]:
    """Score of each seed's clone at the epoch that a figure would choose.

    Args:
        study: content of `bc_epochs.json`.
        key: the figure, such as "val/loss".
        best: `min` or `max`; the later of two equal epochs is taken.
    """
    scores = {}
    for seed in {entry["seed"] for entry in study["entries"]}:
        epochs = [entry for entry in study["entries"] if entry["seed"] == seed]
        wanted = best(entry[key] for entry in epochs)
        scores[seed] = [entry["score"] for entry in epochs if entry[key] == wanted][-1]
    return scores


def unsure_epochs(study: Mapping[str, Any]) -> list[tuple[Any, int, int]]:
    """Where the lowest validation loss is that of a network which never kicks, though another epoch's does.

    Args:
        study: content of a file of `study`.

    Returns:
        x and seed of each such clone, and the epoch of its lowest loss.
    """
    found = []
    for entry in study["entries"]:
        losses = entry.get("val/loss")
        if not isinstance(losses, list):
            continue  # scored after chosen epochs, not after a whole training
        recalls = [recall or 0.0 for recall in entry["val/kick_recall"]]
        lowest = int(np.argmin(losses))
        if recalls[lowest] == 0 < max(recalls):
            found.append((entry["x"], entry["seed"], lowest + 1))
    return found


def study_figures(study: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a study by name, as claims of a lesson's prose refer to them.

    Returns:
        `striker`; for each kind its mean score under its own name, `KIND, low` and `KIND, high` (95%
        interval), `KIND, worst` and `KIND, best` clone, `KIND, TASK success` and `KIND, NAME` for the mean of
        whatever else its clones hold as a number; for each pair, a later kind first, `B - A`, `B - A, low`
        and `B - A, high`; `clones` of each kind and `episodes` of each task that one is scored on; of epochs
        also `by recall - by loss`, the difference that the choice of an epoch makes.
    """
    figures = {"striker": study["striker"]["score"]}
    for name in ("seeds", "episodes"):
        figures[{"seeds": "clones"}.get(name, name)] = study["settings"][name]
    kinds = [group["x"] for group in study["groups"]]
    for group in study["groups"]:
        kind = group["x"]
        clones = [entry for entry in study["entries"] if entry["x"] == kind]
        scores = [clone["score"] for clone in clones]
        figures |= {f"{kind}": group["mean"], f"{kind}, worst": min(scores), f"{kind}, best": max(scores)}
        figures |= _interval(f"{kind}", group["ci95"])
        for name in (key for key in clones[0] if all(isinstance(clone[key], float) for clone in clones)):
            task = name.partition("/")[0]
            label = f"{task} success" if task in COMPETITION and name.endswith("success_rate") else name
            figures[f"{kind}, {label}"] = float(np.mean([clone[name] for clone in clones]))
    for index, less in enumerate(kinds):
        for more in kinds[index + 1 :]:
            gain = paired_difference(values_by_seed(study, more), values_by_seed(study, less))
            figures[f"{more} - {less}"] = gain.mean
            figures |= _interval(f"{more} - {less}", [gain.low, gain.high])
    if isinstance(study["entries"][0].get("val/kick_recall"), float):
        by_recall = chosen_scores(study, "val/kick_recall", max)
        gain = paired_difference(by_recall, chosen_scores(study, "val/loss", min))
        figures["by recall - by loss"] = gain.mean
        figures |= _interval("by recall - by loss", [gain.low, gain.high])
    return figures


def _interval(name: str, ends: Sequence[float | None]) -> dict[str, float]:
    """Both ends, as far as there are any."""
    return {
        f"{name}, {end}": value for end, value in zip(("low", "high"), ends, strict=True) if value is not None
    }
