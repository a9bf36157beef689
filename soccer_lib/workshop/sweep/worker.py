"""A worker: takes trials one after the other until none is left, and those of workers that died."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time

from soccer_lib.errors import InputError, ResourceError, SoccerError
from soccer_lib.runs import load_json
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.workshop.sweep.config import STORAGE, SweepConfig
from soccer_lib.workshop.sweep.storage import open_storage
from soccer_lib.workshop.sweep.study import Study, TrialClaim
from soccer_lib.workshop.sweep.trial import run_trial

MARK = "study.json"
"""File in the folder of a study with its mark, so that no other folder is taken for it."""

_POLL = 1.0
"""How often a worker without a trial looks whether there is one [s]."""

_FAILURES = 3
"""Trials that may fail in a row before a worker leaves: something else than their settings is wrong."""


class SweepWorker:
    """One process of a study; may be pickled, as what submitit starts.

    Args:
        config: of the study.
    """

    def __init__(self, config: SweepConfig) -> None:
        self.config = config
        self._claim: TrialClaim | None = None
        self._study: Study | None = None

    def __getstate__(self) -> dict[str, SweepConfig]:
        # Where there is an address, it may hold a password: the environment has it.
        return {"config": dataclasses.replace(self.config, storage="")}

    def __setstate__(self, state: dict[str, SweepConfig]) -> None:
        self.__init__(state["config"])  # type: ignore[misc]

    def __call__(self) -> None:
        """Work until no trial is left.

        Raises:
            InputError: no such study, or one of another version; trials that fail one after the other.
            ResourceError: a storage that stays silent, a full disk; the trial goes on elsewhere or later.
            KeyboardInterrupt, Terminated: the present trial is saved and waits.
        """
        study = self._study = joined(self.config)
        failures = 0
        while True:
            claim = self._claim = study.claim(may_begin=not out_of_budget(study))
            if claim is None:
                if not someone_works(study):
                    return
                time.sleep(_POLL)
                continue
            words = "goes on with" if claim.taken_over or claim.trial.rungs else "begins"
            print_progress(f"worker {os.getpid()} {words} {claim.trial.name}: {claim.trial.drawn}")
            try:
                with study.heartbeat(claim, self.config.heartbeat):
                    outcome = run_trial(study, claim, self.config.keep_checkpoints)
            except (KeyboardInterrupt, SystemExit, ResourceError):
                self.hand_back()
                if study.leaving:
                    sys.exit(requeue_code())
                raise
            print_progress(outcome)
            failures = failures + 1 if " failed" in outcome else 0
            if failures == _FAILURES:
                raise InputError(f"{failures} trials failed in a row, the last one so: {outcome}")
            self._claim = claim = None  # lets go of its folder

    def hand_back(self) -> None:
        """Let the present trial wait for another worker."""
        if self._claim is not None and self._study is not None:
            with contextlib.suppress(SoccerError):
                self._study.hand_back(self._claim)
            self._claim = None

    def leave(self) -> None:
        """End at the next moment at which the storage can be told."""
        if self._study is not None:
            self._study.leaving = True


def requeue_code() -> int:
    """Exit code by which submitit knows that a job of this machine is to be begun again."""
    from submitit.local.local import LOCAL_REQUEUE_RETURN_CODE

    return LOCAL_REQUEUE_RETURN_CODE


def joined(config: SweepConfig) -> Study:
    """The study that a worker works for.

    Raises:
        InputError: it is not there, of another version, or its folder is another one.
        ResourceError: its storage does not answer.
    """
    if not (config.folder / MARK).is_file():
        raise InputError(
            f"there is no study in {config.folder}; expected the folder that all workers see; begin it with: "
            f"sweep --study {config.study} --space FILE, or name it with --out"
        )
    storage = open_storage(config.storage or os.environ.get(STORAGE, ""), config.folder, config.heartbeat)
    study = Study(storage, config.study, config.folder)
    if load_json(config.folder / MARK).get("mark") != study.plan.mark:
        raise InputError(
            f"{config.folder} is not the folder of study {config.study} in the storage; expected the one "
            "that all workers see; name it with --out"
        )
    return study


def out_of_budget(study: Study) -> bool:
    """Whether trials have had the processor time that the study may take."""
    budget = study.budget()
    return bool(budget) and spent(study) >= budget


def spent(study: Study) -> float:
    """Processor time of all trials of the sweep so far [min]."""
    return sum(one.notes.get("cpu_minutes", 0.0) for one in study.trials() if one.fresh_of is None)


def someone_works(study: Study) -> bool:
    """Whether a trial runs that may have to be taken over."""
    return any(one.state == "running" for one in study.trials())
