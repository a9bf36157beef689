"""Files under the names that older scripts look for, beside the run's own: `train --write-legacy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.learn.candidates import save_model
from soccer_lib.learn.hybrid import HybridPolicy
from soccer_lib.runs.files import atomic_write


def write_legacy(folder: Path, algo: str, model: BaseAlgorithm) -> list[Path]:
    """Write `<algo>_final_model.zip`, `.pt` (three state dicts), and `vecnormalize.pkl` where there is one.

    Returns:
        What was written.
    """
    zipped = folder / f"{algo}_final_model.zip"
    save_model(zipped, model)
    weights = folder / f"{algo}_final_model.pt"
    atomic_write(weights, lambda stream: torch.save(state_dicts(model), stream))
    written = [zipped, weights]
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        pickled = folder / "vecnormalize.pkl"
        normaliser.save(str(pickled))
        written.append(pickled)
    return written


def state_dicts(model: BaseAlgorithm) -> dict[str, dict[str, Any]]:
    """Weights of the whole policy, of the actor and of the critic."""
    policy = model.policy
    actor, critic = "actor", "critic"
    if isinstance(policy, HybridPolicy):
        actor, critic = "decisions", "value_net"
    return {
        "policy_state_dict": policy.state_dict(),
        "actor_state_dict": policy.get_submodule(actor).state_dict(),
        "critic_state_dict": policy.get_submodule(critic).state_dict(),
    }


class LegacyCheckpoints(BaseCallback):
    """Writes `checkpoints/<algo>_checkpoint_N_steps.zip` every so many env steps.

    Args:
        folder: of the run.
        algo: in the files' names.
        every: env steps from one to the next.
    """

    def __init__(self, folder: Path, algo: str, every: int) -> None:
        super().__init__()
        self.folder = folder / "checkpoints"
        self.algo = algo
        self.every = every

    def _on_training_start(self) -> None:
        self._last = self.num_timesteps // self.every

    def _on_step(self) -> bool:
        if self.num_timesteps // self.every > self._last:
            self._last = self.num_timesteps // self.every
            # The step that was asked for is in the name, not the one that several environments overshot to.
            name = f"{self.algo}_checkpoint_{self._last * self.every}_steps.zip"
            save_model(self.folder / name, self.model)
        return True
