"""Checkpoints between rollouts: every so many env steps, at the end, and when the run is asked to stop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.errors import ResourceError, SoccerError
from soccer_lib.learn.candidates import Candidates
from soccer_lib.learn.checkpoints import TrainingState
from soccer_lib.learn.ppo import HeldPPO
from soccer_lib.runs.checkpoints import Checkpoint
from soccer_lib.runs.stop import StopRequest


class Checkpointing(BaseCallback):
    """Saves the run's state; the last of the callbacks, so that it holds what the others did.

    What PPO has collected of a rollout is not saved. The state before it is kept in memory instead, which a
    stop in its middle writes.

    Args:
        state: of the run.
        every: env steps from one checkpoint to the next; the first rollout end at or after counts.
        stop: ends the run once its state is saved.
        candidates: whose files are removed once no checkpoint needs them.
        checkpoint: what the run goes on from.

    Attributes:
        saved: step of the last checkpoint; None while there is none.
    """

    def __init__(
        self,
        state: TrainingState,
        every: int,
        stop: StopRequest,
        candidates: Candidates,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        super().__init__()
        self.state = state
        self.every = every
        self.stop = stop
        self.candidates = candidates
        self.saved = checkpoint.step if checkpoint is not None else None
        self._before_rollout: dict[str, Any] | None = None
        self._between = True
        self._leaving = False

    def _on_rollout_start(self) -> None:
        self._between = True
        due = self.num_timesteps // self.every > (self.saved or 0) // self.every
        keeps = isinstance(self.model, HeldPPO)
        if keeps or due or self.stop.came:
            self._before_rollout = self._captured()
        if due or self.stop.came:
            self.save()
        self._leaving = self.stop.came is not None

    def _on_step(self) -> bool:
        self._between = False
        if self.stop.came and self._before_rollout is not None:
            self.save()
            self._leaving = True
        return not self._leaving

    def _on_rollout_end(self) -> None:
        self._between = True

    def _on_training_end(self) -> None:
        if self._between and not self._leaving:
            self._before_rollout = self._captured()
            self.save()

    def _captured(self) -> dict[str, Any]:
        """The state, and the files that it names: an evaluation within the rollout may find better ones."""
        return {**self.state.capture(), "needs": self.candidates.needs()}

    @contextlib.contextmanager
    def saving_on_failure(self) -> Iterator[None]:
        """Let what fails inside leave the last sound state, where it is known, and name weights as a cause.

        What fails after the run was asked to stop is not told.

        Raises:
            SimulationError: weights are no finite numbers, in whatever words torch or an environment said so.
        """
        try:
            yield
        except ResourceError:
            raise
        except (SoccerError, ValueError):
            self.save()
            if self.stop.came:  # who stops a whole group of processes ends the workers too
                return
            self.state.check_finite()
            raise

    @property
    def last_words(self) -> str:
        """What a run that was stopped says at its end."""
        if self.saved is None:
            return "nothing was saved yet; the same command starts over"
        return f"saved at step {self.saved:,}; the same command goes on from there"

    def save(self) -> None:
        """Write the state before the present rollout, where it is known and was not written yet."""
        captured = self._before_rollout
        if captured is not None and captured["step"] != self.saved:
            self.state.save(captured)
            self.candidates.tidy(self.state.store.needed())
            self.saved = captured["step"]
        if not isinstance(self.model, HeldPPO):
            self._before_rollout = None  # one step later it is not what the environments are in
