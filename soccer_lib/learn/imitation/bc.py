"""Behaviour cloning and DAgger (Ross et al. 2011), from datasets to a policy in a run folder.

A clone learns two things from each sample (losses.py): the walking command by regression, and whether to
kick by classification, because the mean of a walking command and a kick is neither.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset, join
from soccer_lib.demos.files import read_dataset
from soccer_lib.errors import InputError, one_line
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.checkpoints import CloningCheckpoints
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.imitation.hidden import hidden_entries
from soccer_lib.learn.imitation.kicks import kick_patterns
from soccer_lib.learn.imitation.losses import Samples, clone_loss, kick_weight, validate
from soccer_lib.learn.imitation.mirror import mirror_image
from soccer_lib.policies import LearnedPolicy, Policy, PolicySpec, load_policy, write_policy
from soccer_lib.policies.learned import check_walker, read_policy, walker_sha256
from soccer_lib.runs import Heartbeat, RunFolder
from soccer_lib.runs.files import sha256_of_arrays, to_plain
from soccer_lib.seeds import DAGGER_SEED
from soccer_lib.tasks import PHYSICS_DT

Collect = Callable[[Policy, int], Dataset]
"""Lets a policy play and returns what an expert would have done; the number is the round, from 1."""

Loss = Callable[[torch.Tensor, torch.Tensor, Samples, torch.Tensor], torch.Tensor]
"""What is minimised: commands and logits of the clone, what the expert did, and how much kicks count."""

Watch = Callable[[dict[str, Any], Actor], None]
"""Sees the figures of each epoch, and the running mean of the weights that they belong to."""

POLICY_FILE = "final_model.safetensors"


def bc(
    config: BCConfig,
    collect: Collect | None = None,
    loss: Loss | None = None,
    watch: Watch | None = None,
    *,
    sees_all: bool = True,
) -> LearnedPolicy:
    """Clone datasets into the run folder `config.out`; a finished run is handed back as it is.

    Args:
        config: the settings.
        collect: plays a round of DAgger; by default `config.expert` labels what is played in `config.tasks`.
        loss: is minimised instead of `clone_loss`; what is validated, and chosen by, stays the same.
        watch: called after each epoch; what it raises ends the run there.
        sees_all: whether `watch` has to see a run from its first epoch. Without that a run that was killed
            goes on from its checkpoint.

    Raises:
        InputError: a bad setting, datasets that do not fit, or a folder of other settings.
    """
    share = 1 - config.validation_share
    train = join([read_dataset(path) for path in config.dataset])
    if config.validation:
        validation = read_dataset(config.validation)
        shared = np.isin(validation.source, train.source)
        if shared.any():
            print(
                f"{shared.sum()} of {len(shared)} episodes or parts of --validation {config.validation} come "
                "from what is trained on: its loss does not tell how the clone does on what it has not seen"
            )
    else:
        train, validation = train.split(share, config.seed)
    check_learning(config, train, validation)
    content = [sha256_of_arrays(data.arrays()) for data in (train, validation)]
    settings = {**to_plain(config), "dataset_sha256": content, "loss": (loss or clone_loss).__name__}
    folder = RunFolder.open(config.out, settings, "bc", ignore=("out", "device"))
    file = folder.path / POLICY_FILE
    if folder.is_done() and file.is_file():  # a kill may have come before its JSON was written
        print(f"{file} is finished; choose another --out to train again")
        policy = read_policy(file)
        check_walker(policy.spec)
        return policy
    folder.set_status("running")
    # Who collects or watches sees a run from its beginning.
    checkpoints = CloningCheckpoints(folder, used=collect is None and (watch is None or not sees_all))
    play = collect or functools.partial(_play, config, folder)

    best: dict[str, Any] = {}
    for round_number in range(config.dagger_rounds + 1):
        if round_number:
            # The clone plays, so that the expert is asked about the states that the clone itself gets into.
            train_labels, validation_labels = play(policy, round_number).split(share, config.seed)
            # The next clone starts anew and learns from everything so far: the aggregated dataset.
            train = join([train, train_labels])
            validation = join([validation, validation_labels])
        round_file = folder.path / f"round_{round_number}.safetensors"
        if round_number < checkpoints.round:
            policy = LearnedPolicy(read_policy(round_file).network, clone_spec(folder.path.name, train))
            continue
        policy, best = clone(train, validation, config, checkpoints, round_number, loss, watch)
        if round_number < config.dagger_rounds:
            write_policy(round_file, policy)

    write_policy(file, policy)
    folder.set_status("done", **best)
    checkpoints.remove()
    print(f"{file}: " + ", ".join(f"{name} {value:.3g}" for name, value in best.items()))
    return policy


def check_learning(config: BCConfig, train: Dataset, validation: Dataset) -> None:
    """Check what settings do not say alone, before anything is written.

    Raises:
        InputError: a device that is not there, an unknown expert or one of another control, fields to hide,
            a mirror image or kicks that these data or this network do not have.
    """
    try:
        torch.zeros(1, device="cpu" if config.device == "auto" else config.device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"--device {config.device}: {one_line(error, 120)}; expected one that this machine has; try cpu"
        ) from None
    expert = load_policy(config.expert).spec
    if config.dagger_rounds and expert.control != train.control:
        raise InputError(
            f"--expert {expert.name} gives {expert.control}, the dataset holds {train.control}; expected the "
            "same; name another expert"
        )
    join([train, validation])
    if config.mirror:
        mirror_image(train)
    widths = [int(width) for width in config.net_arch.split(",")]
    Actor(train.observations[:2], widths, _patterns(train, config), hidden_entries(config.hide, train))


def _patterns(data: Dataset, config: BCConfig) -> np.ndarray:
    """The kicks in a dataset of commands that get a unit of their own."""
    if data.control == "command" and config.kick_units:
        return kick_patterns(data.actions)
    return np.zeros((0, data.actions.shape[1]), np.float32)


def _play(config: BCConfig, folder: RunFolder, policy: Policy, round_number: int) -> Dataset:
    """A round of DAgger; episodes that were played before an interruption are kept."""
    settings = PlayedDatasetConfig(
        output=str(folder.path / f"dagger_{round_number}.npz"),
        from_policy=policy.spec.name,
        label_with=config.expert,
        tasks=config.tasks,
        episodes=config.dagger_episodes,
        seed=DAGGER_SEED + 1000 * round_number,
        resume=True,
    )
    return collect_dataset(settings, policy)


def clone(
    train: Dataset,
    validation: Dataset,
    config: BCConfig,
    checkpoints: CloningCheckpoints,
    round_number: int = 0,
    loss: Loss | None = None,
    watch: Watch | None = None,
) -> tuple[LearnedPolicy, dict[str, Any]]:
    """Train one clone and keep its best epoch.

    Returns:
        The policy, and the figures of its epoch.

    Raises:
        InputError: `net_arch` is too narrow for the kicks, or the loss is no longer a finite number.
        KeyboardInterrupt, Terminated: a signal came; the last epoch is saved.
    """
    folder = checkpoints.folder
    torch.manual_seed(config.seed)
    torch.set_num_threads(1)  # two threads on busy cores are slower than one
    device = config.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"

    # What is learnt by heart shows on as much as is held out; on all of it, it took a third of the time.
    shown = some_episodes(train, len(validation.source))
    # The robot's left and right are alike, so each sample teaches two.
    if config.mirror:
        train = join([train, mirror_image(train)])
    patterns = _patterns(train, config)
    samples = Samples.of(train, patterns, device)
    held_in = Samples.of(shown, patterns, device)
    held_out = Samples.of(validation, patterns, device)
    weight = kick_weight(samples.kicks, config.kick_balance, samples.weights)

    widths = [int(width) for width in config.net_arch.split(",")]
    net = Actor(train.observations, widths, patterns, hidden_entries(config.hide, train)).to(device)
    mean_net = AveragedModel(net, avg_fn=functools.partial(_running_mean, config.averaging))
    optimiser = torch.optim.AdamW(net.parameters(), config.lr, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs)

    label = f"round {round_number}" if config.dagger_rounds else "bc"
    heartbeat = Heartbeat(folder.path / "progress.txt", config.epochs, "epochs", label)
    best_net = copy.deepcopy(net)
    parts = {"net": net, "mean": mean_net, "best_net": best_net, "optimiser": optimiser, "schedule": schedule}
    done, best = checkpoints.restore(round_number, parts)
    with checkpoints.stopping():
        for epoch in range(done + 1, config.epochs + 1):
            if epoch - 1 - best["epoch"] >= config.patience:
                break
            # Every sample once, in an order that is drawn anew. Drawn on the CPU: the same on every device.
            for rows in torch.randperm(len(train)).to(device).split(config.batch_size):
                batch = samples.batch(rows)
                commands, logits = net(batch.observations)
                cost = (loss or clone_loss)(commands, logits, batch, weight)
                optimiser.zero_grad()
                cost.backward()
                optimiser.step()
                # Where one step ends is luck: with this mean, seeds gave 37 to 39 points instead of 21 to 36.
                mean_net.update_parameters(net)
            schedule.step()

            figures: dict[str, Any] = {"round": round_number, "epoch": epoch}
            figures |= validate(mean_net, held_in, shown.episode_id, "train")
            figures |= validate(mean_net, held_out, validation.episode_id, "val")
            if not np.isfinite(figures["train/loss"] + figures["val/loss"]):
                raise InputError(
                    f"the loss is {figures['train/loss']} in epoch {epoch}; expected a finite number; try a "
                    "smaller --lr"
                )
            folder.append_metrics(figures)
            if watch:
                watch(figures, cast(Actor, mean_net.module))
            heartbeat.update(
                epoch, f"train {figures['train/loss']:.4f}, validation {figures['val/loss']:.4f}"
            )
            # Later epochs know the demonstrations by heart: what does best on held-out ones is kept.
            if _merit(figures) > _merit(best):
                best = figures
                best_net.load_state_dict(mean_net.module.state_dict())
            checkpoints.save(figures, best, parts)

    record = {"kicks": patterns, "datasets": config.dataset, "best": best}
    unsquashed = best_net.unsquashed(samples.observations)
    return LearnedPolicy(best_net.network(), clone_spec(folder.path.name, train), unsquashed, record), best


def _merit(figures: dict[str, Any]) -> tuple[bool, float]:
    """What an epoch is kept by: a lower validation loss, but first of all that it finds kicks.

    Unsure of everything, the first epochs of some clones had the lowest loss of all: these never kicked.
    """
    return figures["val/kick_recall"] > 0, -figures["val/loss"]


def some_episodes(data: Dataset, count: int) -> Dataset:
    """So many episodes of a dataset, evenly spaced; all where it has no more."""
    chosen = np.linspace(0, len(data.source) - 1, min(count, len(data.source))).round()
    return data.take(np.isin(data.episode_id, chosen))


def _running_mean(
    averaging: float, mean: torch.Tensor, weights: torch.Tensor, steps: torch.Tensor | int
) -> torch.Tensor:
    """The mean of the weights after one more step."""
    # It follows fast at first, so that a short run is not left with its initial weights.
    keep = min(averaging, (1 + float(steps)) / (10 + float(steps)))
    return weights.lerp(mean, keep)


def clone_spec(name: str, data: Dataset) -> PolicySpec:
    """The environment that a clone of this data acts in."""
    if data.control != "command":
        return PolicySpec(name, data.control, data.observation_layout)
    hold = round(1 / (PHYSICS_DT * data.rate_hz))
    return PolicySpec(name, data.control, data.observation_layout, hold, "own", walker_sha256("own"))
