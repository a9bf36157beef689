"""Red flags of a training run: what its metrics say is wrong, what the cause likely is, and what to try.

Everything here reads the lines of `metrics.jsonl`, while a run goes on or long after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

Lines = Sequence[Mapping[str, Any]]

FEW = 12
"""Values of a figure before which no trend is read into it."""

DISK_BYTES = 2**30
"""Free disk below which a run is warned."""


@dataclass(frozen=True)
class Sign:
    """One symptom.

    Attributes:
        name: how it is called.
        cause: the likely one.
        remedy: flags of `train` to try.
        state: what the metrics say where it shows, else None.
    """

    name: str
    cause: str
    remedy: str
    state: Callable[[Lines], str | None]


@dataclass(frozen=True)
class RedFlag:
    """A sign that shows, and the state that it shows in."""

    sign: Sign
    state: str

    def __str__(self) -> str:
        return f"{self.sign.name}: {self.state}; likely {self.sign.cause}; try {self.sign.remedy}"


def values_of(lines: Lines, name: str) -> list[float]:
    """A figure's values in the order of the run; what was no finite number is left out."""
    return [float(line[name]) for line in lines if isinstance(line.get(name), int | float)]


def _since_updates(lines: Lines) -> Lines:
    """From the first update on: what TD3 and SAC do before only fills their buffer, and faster."""
    return lines[next((i for i, line in enumerate(lines) if "train/critic_loss" in line), 0) :]


def _quarters(lines: Lines) -> list[float]:
    """Mean returns of the quarters of what there is; none while that is little."""
    returns = values_of(_since_updates(lines), "rollout/ep_rew_mean")
    if len(returns) < 2 * FEW:
        return []
    size = len(returns) // 4
    return [fmean(returns[begin : begin + size]) for begin in range(0, len(returns) - size + 1, size)]


def _flat_return(lines: Lines) -> str | None:
    means = _quarters(lines)
    met = [line[name] or 0.0 for line in lines[-FEW:] for name in line if name.startswith("rollout/success/")]
    if not means or means[-1] > means[0] + 0.1 or (met and fmean(met) > 0.1):
        return None
    return f"return {means[-1]:.2f} in the last quarter of what there is, {means[0]:.2f} in the first"


def _falling_return(lines: Lines) -> str | None:
    means = _quarters(lines)
    best = max(means, default=0.0)
    if not means or means[-1] >= best - max(1.0, 0.25 * abs(best)):
        return None
    return f"return {means[-1]:.2f} in the last quarter, {best:.2f} in the best one"


def _below_start(lines: Lines) -> str | None:
    scores = values_of(lines, "comp_eval/C_overall")
    started = any("train/kl_from_start" in line or "train/frozen_layers" in line for line in lines)
    if len(scores) < 2 or not started or scores[-1] >= scores[0] - 2.0:
        return None
    return f"official score {scores[-1]:.1f}, that of the start was {scores[0]:.1f}"


def _divergence(lines: Lines) -> str | None:
    steps = values_of(lines, "train/approx_kl")[-3:]
    if not steps or fmean(steps) <= 0.1:
        return None
    return f"an update moves the policy by a KL of {fmean(steps):.2f}"


def _kick_recall(lines: Lines) -> str | None:
    recall = values_of(lines, "train/kick_recall")[-3:]
    if not recall or fmean(recall) >= 0.9:
        return None
    return f"{fmean(recall):.0%} of the start's kicks are still chosen"


def _refused(lines: Lines) -> str | None:
    refused = values_of(lines, "rollout/refused")
    # From nothing kicks are tried everywhere at first.
    if len(refused) < 2 * FEW or fmean(refused[-FEW:]) <= 1.0:
        return None
    return f"{fmean(refused[-FEW:]):.1f} refused kicks an episode"


def _exploding(name: str) -> Callable[[Lines], str | None]:
    def state(lines: Lines) -> str | None:
        losses = [abs(value) for value in values_of(lines, name)]
        if len(losses) < FEW:
            return None
        usual = median(losses[:-3])
        last = fmean(losses[-3:])
        return f"{name} {last:.3g}, usual {usual:.3g}" if last > 20 * usual + 1.0 else None

    return state


def _saturated(lines: Lines) -> str | None:
    shares = values_of(lines, "rollout/saturated")[-3:]
    if not shares or fmean(shares) <= 0.5:
        return None
    return f"{fmean(shares):.0%} of all entries of walking actions are at their bounds"


def _not_finite(lines: Lines) -> str | None:
    names = sorted({name for line in lines[-3:] for name, value in line.items() if value is None})
    return f"{', '.join(names[:3])} no finite number" if names else None


def _slow(lines: Lines) -> str | None:
    timed = _since_updates(lines)
    clock = [(line["step"], line["minutes"]) for line in timed if "step" in line and "minutes" in line]
    pairs = zip(clock, clock[1:], strict=False)
    rates = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in pairs if b[1] > a[1] and b[0] > a[0]]
    if len(rates) < FEW:
        return None
    usual = median(rates)
    last = fmean(rates[-3:])
    return f"{last / 60:.0f} steps/s, usual {usual / 60:.0f}" if last < 0.3 * usual else None


SIGNS: tuple[Sign, ...] = (
    Sign(
        "flat return",
        "exploration that never meets a reward",
        "--kick-share 0.15 --reward-profile guided, or another --seed",
        _flat_return,
    ),
    Sign(
        "falling return",
        "steps that are too large",
        "--lr at a third of what it is, or --preset finetune for a clone",
        _falling_return,
    ),
    Sign(
        "below its start",
        "noise or steps that a clone does not stand",
        "--anchor 0.2 --lr 1e-5 --action-noise-sigma 0.03",
        _below_start,
    ),
    Sign("large updates", "too many passes at this rate", "--lr 1e-4 --n-epochs 5", _divergence),
    Sign(
        "forgotten kicks",
        "an actor that moves before its critic knows what kicks are worth",
        "--critic-first 0.8 --anchor 0.2",
        _kick_recall,
    ),
    Sign(
        "refused kicks",
        "kicks asked for out of reach, which hold the last walking command",
        "--kick-share 0.02, or more --total-timesteps",
        _refused,
    ),
    Sign(
        "exploding critic",
        "rewards of very different size, or targets that chase themselves",
        "--reward-scale, --critic-lr 1e-4, --tau 0.001",
        _exploding("train/critic_loss"),
    ),
    Sign(
        "exploding actor",
        "a critic that is wrong about actions nobody took",
        "--anchor, --policy-delay 4, --lr 1e-5",
        _exploding("train/actor_loss"),
    ),
    Sign(
        "saturated actions",
        "an actor pushed against its bounds, where it has no gradient",
        "--action-noise-sigma 0.3 --lr 1e-4",
        _saturated,
    ),
    Sign(
        "values that are not finite",
        "an observation, reward or weight that is NaN",
        "--lr 1e-4, and look at the dump of the guard",
        _not_finite,
    ),
    Sign("slow run", "another program on the same cores", "fewer --workers, or wait for it", _slow),
)
"""Every sign, in the order in which they are told."""

DISK = Sign("full disk", "snapshots and logs", "free some space, or --eval-freq 100000", lambda lines: None)


def red_flags(lines: Lines, folder: Path | None = None) -> list[RedFlag]:
    """The signs that show.

    Args:
        lines: of `metrics.jsonl`.
        folder: whose disk is looked at; None for none.
    """
    flags = []
    for sign in SIGNS:
        state = sign.state(lines)
        if state:
            flags.append(RedFlag(sign, state))
    if folder is not None:
        free = shutil.disk_usage(folder).free
        if free < DISK_BYTES:
            flags.append(RedFlag(DISK, f"{free / 2**20:.0f} MiB are free"))
    return flags
