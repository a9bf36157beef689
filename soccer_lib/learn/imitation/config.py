"""Settings of behaviour cloning: flags of `bc`, parameters of a notebook and record of the run in one."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, Literal

import tyro

from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation.hidden import AUTO

_LEAST = {
    "epochs": 1,
    "patience": 1,
    "batch_size": 2,
    "dagger_rounds": 0,
    "dagger_episodes": 1,
    "seed": 0,
}


@dataclasses.dataclass(frozen=True)
class BCConfig:
    """Clone demonstrations; with --dagger-rounds an expert corrects the clone in the states it gets into."""

    dataset: tuple[str, ...]
    """npz files made by the command `dataset`; several are joined [path]"""
    out: str = "runs/bc"
    """run folder: policy, metrics, progress [path]"""
    validation: str = ""
    """dataset to validate on; without one, part of --dataset is held out [path]"""
    validation_share: float = 0.15
    """share of the episodes or clips that is held out; whole ones, never single samples"""
    net_arch: str = "512,256,128,64"
    """widths of the hidden layers"""
    epochs: int = 200
    """passes over the data, at most [count]"""
    patience: int = 60
    """epochs without a lower validation loss after which training stops [count]"""
    batch_size: int = 256
    """samples in a gradient step [count]"""
    lr: Annotated[float, tyro.conf.arg(aliases=["--learning-rate"])] = 1e-3
    """initial learning rate of AdamW; it falls to 0 along a cosine"""
    weight_decay: float = 0.1
    """weight decay of AdamW"""
    averaging: float = 0.999
    """how much of the running mean of the weights is kept at each step; this mean is validated and saved"""
    kick_balance: float = 0.5
    """each kick is weighted by (samples / samples with this kick) to this power; 0 weights all alike"""
    hide: tuple[str, ...] = (AUTO,)
    """fields of the observation that the clone cannot see; an empty list hides nothing; auto hides joints,
    inertial sensors and the last command where commands are cloned"""
    mirror: bool = True
    """learn from the robot's mirror image too; needs the observation full, robot or agent"""
    seed: int = 0
    """seed of the split, the initial weights and the batches"""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """where to train"""
    dagger_rounds: int = 0
    """rounds of DAgger: the clone plays, the expert labels, a new clone learns from everything [count]"""
    dagger_episodes: int = 30
    """episodes of each task in a round [count]"""
    expert: str = "striker"
    """policy that labels in the rounds of DAgger"""
    tasks: tuple[str, ...] = ("all",)
    """tasks played in a round of DAgger; all stands for the three of the competition"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise InputError(f"{name} got {getattr(self, name)}; expected {least} or more")
        for name in set(self.hide) - {AUTO}:
            AGENT[name]  # raises for a name that no observation has
        if not self.lr > 0 or not self.weight_decay >= 0 or not 0 <= self.averaging < 1:
            raise InputError(
                f"lr {self.lr}, weight_decay {self.weight_decay} and averaging {self.averaging} came; "
                "expected above 0, 0 or more, and from 0 to below 1"
            )
        if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", self.net_arch.replace(" ", "")):
            raise InputError(
                f"net_arch got {self.net_arch!r}; expected widths with commas; try 512,256,128,64"
            )
