"""`bc`: behaviour cloning and DAgger (Ross et al. 2011), from datasets to a policy in a run folder."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import torch
import tyro
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import DatasetConfig
from soccer_lib.demos.dataset import Dataset, join, read_dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.hidden import AUTO, hidden_entries
from soccer_lib.learn.imitation.kicks import kick_agreement, kick_labels, kick_patterns
from soccer_lib.learn.imitation.mirror import mirrored
from soccer_lib.policies import LearnedPolicy, Policy, PolicySpec, load_policy, write_policy
from soccer_lib.policies.learned import walker_sha256
from soccer_lib.runs import Heartbeat, RunFolder
from soccer_lib.tasks import PHYSICS_DT

Collect = Callable[[Policy, int], Dataset]
"""Lets a policy play and returns what an expert would have done; the number is the round, from 1."""

FIRST_SEED = 200_000
"""Of the episodes that a clone plays for its expert; each round has its own thousand."""

POLICY_FILE = "final_model.safetensors"


@dataclasses.dataclass(frozen=True)
class BCConfig:
    """Clone demonstrations, and with --dagger-rounds also what an expert says to the clone's own states."""

    dataset: tuple[str, ...]
    """npz files of the command dataset; several are joined [path]"""
    out: str = "runs/bc"
    """run folder: policy, metrics, progress [path]"""
    validation: str = ""
    """dataset to validate on; empty: a share of the episodes or clips of --dataset [path]"""
    validation_share: float = 0.15
    """that share, of episodes and never of samples"""
    net_arch: str = "512,256,128,64"
    """hidden widths"""
    epochs: int = 200
    """passes over the data, at most [count]"""
    patience: int = 60
    """epochs without a lower validation loss before it stops [count]"""
    batch_size: int = 256
    """samples in a step [count]"""
    lr: Annotated[float, tyro.conf.arg(aliases=["--learning-rate"])] = 1e-3
    """first step size of AdamW; it falls to 0 along a cosine"""
    weight_decay: float = 0.1
    """of AdamW"""
    averaging: float = 0.999
    """share that the mean of the weights keeps at each step; the mean is what is validated and kept"""
    kick_balance: float = 0.5
    """weight of a kick: (walking samples / kicks) to this power; 0 as any sample, 1 as all walking ones"""
    hide: tuple[str, ...] = (AUTO,)
    """fields of the observation to hide, none without a name; auto: joints, inertial sensors and the last
    command where commands are cloned"""
    mirror: bool = True
    """learn from the robot's mirror image too; needs an observation of full, robot or agent"""
    seed: int = 0
    """of the split, the weights and the batches"""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """where to train"""
    dagger_rounds: int = 0
    """rounds in which the clone plays, the expert labels, and a new clone is trained on all [count]"""
    dagger_episodes: int = 30
    """episodes of each task in a round [count]"""
    expert: str = "striker"
    """who labels"""
    tasks: tuple[str, ...] = ("all",)
    """what is played in a round: task names; all stands for the three of the competition"""

    def __post_init__(self) -> None:
        """Check the numbers."""
        least = {
            "epochs": 1,
            "patience": 1,
            "batch_size": 2,
            "dagger_rounds": 0,
            "dagger_episodes": 1,
            "seed": 0,
        }
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise InputError(f"{name} got {getattr(self, name)}; expected {lowest} or more")
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


def bc(config: BCConfig, collect: Collect | None = None) -> LearnedPolicy:
    """Clone datasets into the run folder `config.out`; a finished run is handed back as it is.

    Args:
        config: the settings.
        collect: plays a round of DAgger; by default `config.expert` labels what is played in `config.tasks`.

    Raises:
        InputError: a bad setting, datasets that do not fit, or a folder of other settings.
    """
    data = join([read_dataset(path) for path in config.dataset])
    share, seed = 1 - config.validation_share, config.seed
    parts = (data, read_dataset(config.validation)) if config.validation else data.split(share, seed)
    folder = RunFolder.open(config.out, config, "bc", ignore=("out", "device"))
    file = folder.path / POLICY_FILE
    if file.is_file():
        print(f"{file} is finished; choose another --out to train again")
        return load_policy(file)
    (folder.path / "metrics.jsonl").unlink(missing_ok=True)  # an interrupted run starts over
    policy, best = clone(*parts, config, folder)
    for number in range(1, config.dagger_rounds + 1):
        labelled = (collect or _labelled(config, folder))(policy, number).split(share, seed)
        parts = [join(pair) for pair in zip(parts, labelled, strict=True)]
        policy, best = clone(*parts, config, folder, number)
    write_policy(file, policy)
    folder.set_status("done", **best)
    print(f"{file}: " + ", ".join(f"{name} {value:.3g}" for name, value in best.items()))
    return policy


def main(config: BCConfig) -> None:
    """Run the command."""
    bc(config)


def _labelled(config: BCConfig, folder: RunFolder) -> Collect:
    """What an expert says to the states that a clone comes to; rounds that were played are kept."""

    def play(policy: Policy, round_number: int) -> Dataset:
        wanted = DatasetConfig(
            output=str(folder.path / f"dagger_{round_number}.npz"),
            from_policy=policy.spec.name,
            label_with=config.expert,
            tasks=config.tasks,
            episodes=config.dagger_episodes,
            seed=FIRST_SEED + 1000 * round_number,
            resume=True,
        )
        return collect_dataset(wanted, policy)

    return play


def clone(
    train: Dataset, validation: Dataset, config: BCConfig, folder: RunFolder, round_number: int = 0
) -> tuple[LearnedPolicy, dict[str, Any]]:
    """Train one clone and keep its best epoch.

    Returns:
        The policy, and the figures of its epoch.

    Raises:
        InputError: `net_arch` is too narrow for the kicks, or the loss is no finite number any more.
    """
    if config.mirror:
        train = join([train, mirrored(train)])
    torch.manual_seed(config.seed)
    torch.set_num_threads(1)  # two threads on busy cores are slower than one
    device = config.device if config.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    kicks = kick_patterns(train.actions) if train.control == "command" else np.zeros((0, 12), np.float32)
    widths = [int(width) for width in config.net_arch.split(",")]
    net = Actor(train.observations, widths, kicks, hidden_entries(config.hide, train)).to(device)

    def tensors(data: Dataset) -> list[torch.Tensor]:
        arrays = data.observations, data.actions, kick_labels(data.actions, kicks).astype(np.float32)
        return [torch.from_numpy(array).to(device) for array in arrays]

    rows, held_out = tensors(train), tensors(validation)
    asked = rows[2].sum(0).clamp(min=1)
    weight = (len(train) / asked) ** config.kick_balance

    def errors(net: torch.nn.Module, tensors: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Squared errors of the walking commands, and logits of the kicks."""
        commands, logits = net(tensors[0])
        walks = 1 - tensors[2].sum(1, keepdim=True)
        return (walks * (commands - tensors[1]) ** 2).mean(), logits

    @torch.no_grad()
    def figures(data: Dataset, tensors: list[torch.Tensor], name: str) -> dict[str, float]:
        """Squared errors of walking commands and of the kicks' probabilities, and how the kicks agree."""
        walk, logits = errors(mean, tensors)
        kick = ((logits.sigmoid() - tensors[2]) ** 2).sum() / len(data)
        agreement = kick_agreement((logits > 0).cpu().numpy(), tensors[2].cpu().numpy() > 0, data.episode_id)
        own = {"loss": float(walk + kick), "walk_loss": float(walk), "kick_loss": float(kick), **agreement}
        return {f"{name}/{key}": value for key, value in own.items()}

    mean = AveragedModel(net, avg_fn=functools.partial(_follow, config.averaging))
    optimiser = torch.optim.AdamW(net.parameters(), config.lr, weight_decay=config.weight_decay)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs)
    label = f"round {round_number}" if config.dagger_rounds else "bc"
    beat = Heartbeat(folder.path / "progress.txt", config.epochs, "epochs", label)
    best: dict[str, Any] = {"val/loss": np.inf}
    for epoch in range(1, config.epochs + 1):
        for index in torch.randperm(len(train)).to(device).split(config.batch_size):
            batch = [tensor[index] for tensor in rows]
            loss, logits = errors(net, batch)
            loss = loss + functional.binary_cross_entropy_with_logits(logits, batch[2], pos_weight=weight)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            mean.update_parameters(net)
        cosine.step()
        now = {"round": round_number, "epoch": epoch, **figures(train, rows, "train")}
        now |= figures(validation, held_out, "val")
        if not np.isfinite(now["train/loss"]):
            raise InputError(
                f"loss is {now['train/loss']} in epoch {epoch}; expected a finite one; try a smaller --lr"
            )
        folder.append_metrics(now)
        beat.update(epoch, f"train {now['train/loss']:.4f}, validation {now['val/loss']:.4f}")
        if now["val/loss"] < best["val/loss"]:
            best, weights = now, {name: value.clone() for name, value in mean.module.state_dict().items()}
        if epoch - best["epoch"] >= config.patience:
            break
    net.load_state_dict(weights)
    walker = "own" if train.control == "command" else None
    spec = PolicySpec(
        folder.path.name,
        train.control,
        train.observation_layout,
        round(1 / (PHYSICS_DT * train.rate_hz)) if walker else None,
        walker,
        walker_sha256(walker),
    )
    record = {"kicks": kicks, "datasets": config.dataset, "best": best}
    return LearnedPolicy(net.network(), spec, net.unsquashed(rows[0]), record), best


def _follow(
    averaging: float, mean: torch.Tensor, weights: torch.Tensor, steps: torch.Tensor | int
) -> torch.Tensor:
    """The mean after one more step; it follows fast at first, so that short runs do not keep their start."""
    return weights.lerp(mean, min(averaging, (1 + float(steps)) / (10 + float(steps))))
