"""A study in its storage: trials that wait, are claimed by one worker each, are judged on their way, and end.

A trial is claimed by the lock of its run folder and by its state in the storage, which only one process can
turn from waiting to running. A worker that dies lets go of the lock, so the trial is taken over by the next
one that looks, with the same number, parameters and folder; PostgreSQL's workers look at the heartbeat too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import optuna
from optuna.trial import FrozenTrial, TrialState

from soccer_lib.errors import InputError, Terminated
from soccer_lib.runs.lock import FolderLock
from soccer_lib.workshop.sweep.plan import Plan, training_seed_of
from soccer_lib.workshop.sweep.search import distribution_of, pruner_of, sampler_of, suggest
from soccer_lib.workshop.sweep.space import Value
from soccer_lib.workshop.sweep.storage import Storage, patiently

_PLAN = "plan"
_BUDGET = "budget"
_LEAVING = 5.0
"""How long a worker that leaves waits for a storage that does not answer [s]."""

_in_hand: weakref.WeakValueDictionary[Path, TrialClaim] = weakref.WeakValueDictionary()
"""What this process works on, by run folder: its locks do not keep itself out."""

_MAXIMIZE = [optuna.study.StudyDirection.MAXIMIZE]
_Answer = TypeVar("_Answer")

OUTCOMES = {TrialState.COMPLETE: "done", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
"""How a trial ended, by Optuna's name for it."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """What is known of a trial.

    Attributes:
        number: of the trial; fresh runs of good ones have numbers behind all of them.
        state: waiting, running, done, pruned or failed.
        drawn: its parameters.
        value: official score; of a pruned one at its last rung.
        rungs: env steps or epochs -> official score on the way.
        notes: cpu_minutes, interval, scores of its runs, reason of a failure.
        fresh_of: number of the trial that this is a fresh run of, and which run.
    """

    number: int
    state: str
    drawn: dict[str, Value]
    value: float | None
    rungs: dict[int, float]
    notes: dict[str, Any]
    fresh_of: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """What it is called on the way."""
        if self.fresh_of is not None:
            return f"fresh run {self.number} of trial {self.fresh_of[0]}"
        return f"trial {self.number}"

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do for it."""
        return self.state in OUTCOMES.values()


@dataclasses.dataclass(frozen=True)
class TrialClaim:
    """A trial that belongs to this process for as long as this lives.

    Attributes:
        trial: the trial, with its parameters drawn.
        lock: of its run folder.
        trial_id: in the storage.
        taken_over: whether a worker before this one began it.
    """

    trial: Trial
    lock: FolderLock = dataclasses.field(repr=False)
    trial_id: int
    taken_over: bool


class Study:
    """A study that is there.

    Args:
        storage: that it lies in.
        name: of the study.
        folder: of its runs.

    Attributes:
        leaving: this process was told to end; it tells the storage nothing more of its trial.

    Raises:
        InputError: the storage has none of that name, or one of another version of the project.
    """

    def __init__(self, storage: Storage, name: str, folder: Path) -> None:
        self.storage = storage
        self.folder = folder
        self.leaving = False
        try:
            self.study_id: int = self._ask(lambda: storage.get_study_id_from_name(name))
        except KeyError:
            raise InputError(
                f"there is no study {name} in the storage; expected one; begin it with: sweep --study {name} "
                "--space FILE"
            ) from None
        self.plan = Plan.from_record(name, self.attributes().get(_PLAN))

    @classmethod
    def begin(cls, storage: Storage, plan: Plan, folder: Path) -> Study:
        """Make a study, or open it where it was made by the same plan.

        Raises:
            InputError: one of that name was made by another plan.
        """
        names = patiently(lambda: [study.study_name for study in storage.get_all_studies()], storage)
        if plan.name not in names:
            study_id = patiently(lambda: storage.create_new_study(_MAXIMIZE, plan.name), storage)
        else:
            study_id = patiently(lambda: storage.get_study_id_from_name(plan.name), storage)
        known = patiently(lambda: storage.get_study_user_attrs(study_id), storage).get(_PLAN)
        if known is not None:  # a kill may have come before it had one
            there = Plan.from_record(plan.name, known)
            if there.mark != plan.mark:
                raise InputError(
                    f"study {plan.name} in the storage is not that of {folder}; expected its own folder, "
                    "which all machines see; name it with --out, or give --study another name"
                )
        record = plan.to_record()
        patiently(lambda: storage.set_study_user_attr(study_id, _PLAN, record), storage)
        return cls(storage, plan.name, folder)

    def _ask(self, ask: Callable[[], _Answer]) -> _Answer:
        return patiently(ask, self.storage)

    def attributes(self) -> dict[str, Any]:
        """What is noted with the study."""
        return self._ask(lambda: self.storage.get_study_user_attrs(self.study_id))

    def budget(self) -> float:
        """Processor time of all trials, after which none begins [min]; 0 for any."""
        return self.attributes().get(_BUDGET, 0.0)

    def set_budget(self, minutes: float) -> None:
        """Change it, for workers that are there too."""
        self._ask(lambda: self.storage.set_study_user_attr(self.study_id, _BUDGET, minutes))

    def trials(self) -> list[Trial]:
        """All trials by their number, fresh runs too."""
        frozen = self._ask(lambda: self.storage.get_all_trials(self.study_id, deepcopy=False))
        return [_trial(one) for one in sorted(frozen, key=lambda one: one.number)]

    def add(self, count: int) -> None:
        """Let so many trials of the sweep wait, those that are there counted."""
        there = sum(one.fresh_of is None for one in self.trials())
        for _ in range(count - there):
            self._add(optuna.create_trial(state=TrialState.WAITING))

    def add_fresh(self, trial: Trial, run: int) -> None:
        """Let a fresh run of a trial wait, where it is not there yet."""
        if (trial.number, run) not in {one.fresh_of for one in self.trials()}:
            distributions = {one.name: distribution_of(one) for one in self.plan.space.parameters}
            notes = {"fresh_of": [trial.number, run]}
            params = {name: trial.drawn[name] for name in distributions}
            self._add(
                optuna.create_trial(
                    state=TrialState.WAITING, params=params, distributions=distributions, user_attrs=notes
                )
            )

    def _add(self, template: FrozenTrial) -> None:
        self._ask(lambda: self.storage.create_new_trial(self.study_id, template))

    def folder_of(self, trial: Trial, run: int = 0) -> Path:
        """The run folder of one of a trial's runs; `compare` takes those that end alike as one method."""
        number = trial.number
        kind = "trial"
        if trial.fresh_of is not None:
            number, run = trial.fresh_of
            kind = "fresh"
        return self.folder / f"{kind}_{number:04d}_seed{training_seed_of(self.plan, run)}"

    def claim(self, may_begin: bool = True) -> TrialClaim | None:
        """Take a trial whose worker died, else the next one that waits.

        Args:
            may_begin: whether trials of the sweep may begin; those that ran may always go on.
        """
        frozen = self._ask(lambda: self.storage.get_all_trials(self.study_id, deepcopy=False))
        silent = self._ask(lambda: self.storage.silent(self.study_id))
        for one in sorted(frozen, key=lambda one: (one.state != TrialState.RUNNING, one.number)):
            taken_over = one.state == TrialState.RUNNING
            if one.state.is_finished():
                continue
            trial = _trial(one)
            trial_id = self._ask(lambda number=one.number: self._id_of(number))
            if taken_over and silent is not None and trial_id not in silent:
                continue
            if not taken_over and not may_begin and trial.fresh_of is None and not trial.drawn:
                continue
            folder = self.folder_of(trial)
            lock = None if folder in _in_hand else _lock(folder)
            if lock is None:
                continue
            claim = TrialClaim(trial, lock, trial_id, taken_over)
            if self._ask(lambda claim=claim: self._take(claim)):
                drawn = self._ask(lambda claim=claim: self._drawn(claim))
                _in_hand[folder] = claim = dataclasses.replace(claim, trial=drawn)
                return claim
        return None

    def _id_of(self, number: int) -> int:
        return self.storage.get_trial_id_from_study_id_trial_number(self.study_id, number)

    def _take(self, claim: TrialClaim) -> bool:
        """Turn the trial's state; False where another worker was faster."""
        state = self.storage.get_trial(claim.trial_id).state
        if claim.taken_over:
            if state == TrialState.RUNNING:
                self.storage.beat(claim.trial_id)
            return state == TrialState.RUNNING
        if state != TrialState.WAITING:
            return False
        self.storage.beat(claim.trial_id)  # before: one that runs without a heartbeat would never be missed
        return self.storage.set_trial_state_values(claim.trial_id, TrialState.RUNNING)

    def _drawn(self, claim: TrialClaim) -> Trial:
        """The trial with its parameters, which are drawn where it has none yet."""
        open_trial = self._open(claim)
        for one in self.plan.space.parameters:
            suggest(open_trial, one)
        return _trial(self.storage.get_trial(claim.trial_id))

    def _open(self, claim: TrialClaim) -> optuna.Trial:
        """Optuna's side of a claimed trial."""
        plan = self.plan
        study = optuna.Study(plan.name, self.storage, sampler_of(plan, claim.trial.number), pruner_of(plan))
        return optuna.Trial(study, claim.trial_id)

    def judge(self, claim: TrialClaim, step: int, score: float, notes: Mapping[str, Any]) -> bool:
        """Note the score of a trial at a rung; returns whether it should end there."""

        def report() -> bool:
            trial = self._open(claim)
            if step not in self.storage.get_trial(claim.trial_id).intermediate_values:
                trial.report(score, step)
            for name, note in notes.items():
                self.storage.set_trial_user_attr(claim.trial_id, name, note)
            return trial.should_prune()

        self._stay()
        return self._ask(report) and claim.trial.fresh_of is None

    def end(self, claim: TrialClaim, outcome: str, value: float | None, notes: Mapping[str, Any]) -> None:
        """Note how a trial ended."""
        state = {name: state for state, name in OUTCOMES.items()}[outcome]

        def tell() -> None:
            if self.storage.get_trial(claim.trial_id).state.is_finished():
                return  # it was told before an answer was lost
            for name, note in notes.items():
                self.storage.set_trial_user_attr(claim.trial_id, name, note)
            values = None if value is None else [value]
            self.storage.set_trial_state_values(claim.trial_id, state, values)

        self._stay()
        self._ask(tell)

    def _stay(self) -> None:
        # What is played may have taken the exit that came with the signal for a failure of its own.
        if self.leaving:
            raise Terminated

    def hand_back(self, claim: TrialClaim) -> None:
        """Let a claimed trial wait for another worker, which goes on where this one was."""

        def wait() -> None:
            if self.storage.get_trial(claim.trial_id).state == TrialState.RUNNING:
                self.storage.set_trial_state_values(claim.trial_id, TrialState.WAITING)

        _in_hand.pop(self.folder_of(claim.trial), None)
        patiently(wait, self.storage, _LEAVING)  # where it is away, lock and heartbeat tell the others

    @contextlib.contextmanager
    def heartbeat(self, claim: TrialClaim, every: float) -> Iterator[None]:
        """Say every so many seconds that this worker lives."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(every):
                with contextlib.suppress(Exception):  # the main thread finds out what is wrong
                    self.storage.beat(claim.trial_id)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _trial(frozen: FrozenTrial) -> Trial:
    notes = dict(frozen.user_attrs)
    fresh_of = notes.pop("fresh_of", None)
    state = OUTCOMES.get(frozen.state, "running" if frozen.state == TrialState.RUNNING else "waiting")
    value = frozen.values[0] if frozen.values else None
    rungs = dict(sorted(frozen.intermediate_values.items()))
    fresh = tuple(fresh_of) if fresh_of else None
    return Trial(frozen.number, state, dict(frozen.params), value, rungs, notes, fresh)


def _lock(folder: Path) -> FolderLock | None:
    """The lock of a run folder; None where a living process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(InputError):
        return FolderLock.take(folder)
    return None
