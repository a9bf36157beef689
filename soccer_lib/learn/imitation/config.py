"""Settings of behaviour cloning: flags of `bc`, parameters of a notebook and record of the run in one."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, Literal

import tyro

from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation.hidden import AUTO
from soccer_lib.ranges import Range, check_fields
from soccer_lib.tasks import tasks_named

WIDTH = Range(8, 8192, whole=True)
"""Widths of hidden layers."""

MOST_WEIGHTS = 50_000_000
"""Weights between hidden layers that train in the memory of a usual machine, with AdamW's and the mean's."""

_COUNT = Range(1, 1_000_000, whole=True)


def check_widths(name: str, text: str) -> list[int]:
    """Hidden widths as numbers.

    Raises:
        InputError: it is no list of them, or of more weights than a machine trains.
    """
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", text.replace(" ", "")):
        raise InputError(f"{name} got {text!r}; expected widths with commas; try 512,256,128,64")
    widths = [WIDTH.number(name, int(width)) for width in text.split(",")]
    weights = sum(before * after for before, after in zip(widths, widths[1:], strict=False))
    if weights > MOST_WEIGHTS:
        raise InputError(
            f"{name} {text} has {weights:,} weights; expected at most {MOST_WEIGHTS:,}; try 512,256,128,64"
        )
    return widths


@dataclasses.dataclass(frozen=True)
class CloningConfig:
    """How a clone learns from samples."""

    dataset: tuple[str, ...]
    """npz files made by the command `dataset`; several are joined [path]"""
    out: str = "runs/clone"
    """run folder: policy, metrics, progress [path]"""
    validation_share: Annotated[float, Range(0, 0.99, above=True)] = 0.15
    """share of the episodes or clips that is held out; whole ones, never single samples"""
    net_arch: str = "512,256,128,64"
    """widths of the hidden layers"""
    epochs: Annotated[int, _COUNT] = 200
    """passes over the data, at most [count]"""
    patience: Annotated[int, _COUNT] = 60
    """epochs without a lower validation loss after which training stops [count]"""
    batch_size: Annotated[int, Range(2, 1_000_000, whole=True)] = 256
    """samples in a gradient step [count]"""
    lr: Annotated[float, Range(0, 10, above=True), tyro.conf.arg(aliases=["--learning-rate"])] = 1e-3
    """initial learning rate of AdamW; it falls to 0 along a cosine"""
    weight_decay: Annotated[float, Range(0, 100)] = 0.1
    """weight decay of AdamW"""
    averaging: Annotated[float, Range(0, 0.99999)] = 0.999
    """how much of the running mean of the weights is kept at each step; this mean is validated and saved"""
    kick_balance: Annotated[float, Range(0, 2)] = 0.5
    """each kick is weighted by (samples / samples with this kick) to this power; 0 weights all alike"""
    kick_units: bool = True
    """learn kicks by units of their own; without them commands are regressed alone, kicks among them"""
    hide: tuple[str, ...] = (AUTO,)
    """fields of the observation that the clone cannot see; an empty list hides nothing; auto hides joints,
    inertial sensors and the last command where commands are cloned"""
    mirror: bool = True
    """learn from the robot's mirror image too; needs the observation full, robot or agent"""
    seed: Annotated[int, Range(0, 2**32 - 1, whole=True)] = 0
    """seed of the split, the initial weights and the batches"""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """where to train"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        for name in set(self.hide) - {AUTO}:
            AGENT[name]  # raises for a name that no observation has
        check_widths("net_arch", self.net_arch)


@dataclasses.dataclass(frozen=True)
class BCConfig(CloningConfig):
    """Clone demonstrations; with --dagger-rounds an expert corrects the clone in the states it gets into."""

    out: str = "runs/bc"
    """run folder: policy, metrics, progress [path]"""
    validation: str = ""
    """dataset to validate on; without one, part of --dataset is held out [path]"""
    dagger_rounds: Annotated[int, Range(0, 100, whole=True)] = 0
    """rounds of DAgger: the clone plays, the expert labels, a new clone learns from everything [count]"""
    dagger_episodes: Annotated[int, Range(1, 1000, whole=True)] = 30
    """episodes of each task in a round [count]"""
    expert: str = "striker"
    """policy that labels in the rounds of DAgger"""
    tasks: tuple[str, ...] = ("all",)
    """tasks played in a round of DAgger; all stands for the three of the competition"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        super().__post_init__()
        tasks_named(",".join(self.tasks))
