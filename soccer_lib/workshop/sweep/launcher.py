"""Who begins workers, and begins another one where one was killed: this process, or submitit."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn, Protocol

from soccer_lib.cli.main import PROG
from soccer_lib.cli.stages import typed_flags
from soccer_lib.errors import InputError, ResourceError, SimulationError, SoccerError, one_line
from soccer_lib.runs.files import resource_errors
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.worker import usable_cores
from soccer_lib.workshop.sweep.config import STORAGE, SweepConfig
from soccer_lib.workshop.sweep.worker import SweepWorker

MOST_LOST = 20
"""Workers that may be killed before the sweep gives up: something kills them all."""

_LEAVE = 60.0
"""How long workers have to save their trials when the sweep is stopped [s]."""

_ERRORS: dict[int, type[SoccerError]] = {2: InputError, 3: ResourceError, 4: SimulationError}
"""Exit code -> what a worker ended with."""


class WorkerJob(Protocol):
    """One worker that was begun."""

    name: str

    def outcome(self) -> str | None:
        """None while it works, "done", "killed", or the error that it ended with."""

    def stop(self) -> None:
        """Ask it to save its trial and leave."""

    def kill(self) -> None:
        """End it as it is."""


class Workforce:
    """The workers of a sweep.

    Args:
        config: of the sweep.
    """

    def __init__(self, config: SweepConfig) -> None:
        self.config = config
        self.jobs: list[WorkerJob] = []
        self.lost = 0
        self.failures: list[str] = []
        self._count = config.workers or usable_cores()
        make: type[Processes] | type[Submitted] = Processes if config.launcher == "processes" else Submitted
        self._launcher = make(config)

    def begin(self, most: int) -> None:
        """Begin workers, no more than there is to do."""
        self.failures = []
        self.jobs = [self._launcher.start() for _ in range(min(self._count, most))]

    def at_work(self) -> int:
        """Look after the workers and return how many there are; a killed one is replaced.

        Raises:
            SimulationError: workers are killed again and again.
        """
        for job in list(self.jobs):
            outcome = job.outcome()
            if outcome is None:
                continue
            self.jobs.remove(job)
            if outcome == "killed":
                self.lost += 1
                if self.lost > MOST_LOST:
                    raise SimulationError(
                        f"{self.lost} workers were killed; expected none; look for what ends them, such as "
                        "a lack of memory, and give the same command with fewer --workers"
                    )
                print_progress(f"{job.name} was killed; another one goes on with its trial")
                self.jobs.append(self._launcher.start())
            elif outcome != "done":
                print_progress(f"{job.name} ended: {outcome}")
                self.failures.append(outcome)
        return len(self.jobs)

    def fail(self) -> NoReturn:
        """Say why no worker is left.

        Raises:
            SoccerError: as the first of them did.
        """
        reason = self.failures[0]
        code = re.search(r"exit code (\d)", reason)
        raise _ERRORS.get(int(code[1]) if code else 4, SimulationError)(
            f"{reason}; expected workers that go on; mend that and give the same command: nothing is lost"
        )

    def stop(self) -> None:
        """Let all save their trials and leave."""
        for job in self.jobs:
            job.stop()
        end = time.monotonic() + _LEAVE
        while self.jobs and time.monotonic() < end:
            self.jobs = [job for job in self.jobs if job.outcome() is None]
            time.sleep(0.1)
        for job in self.jobs:  # it did not hear: its trial goes on from its checkpoint
            job.kill()


class Processes:
    """Workers as processes of this machine, each with a log in the study's folder."""

    def __init__(self, config: SweepConfig) -> None:
        self.config = config
        self._number = 0
        self._logs = config.folder / "workers"

    def start(self) -> LocalProcess:
        """Begin one."""
        with resource_errors(self._logs, "make the folder"):
            self._logs.mkdir(exist_ok=True)
        # Logs of earlier calls stay.
        while (log := self._logs / f"worker_{self._number:03d}.log").exists():
            self._number += 1
        words = ["sweep", "--worker", "--study", self.config.study, "--out", self.config.out]
        words += ["--heartbeat", str(self.config.heartbeat)]
        words += ["--keep-checkpoints"] if self.config.keep_checkpoints else []
        paths = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "PYTHONPATH": paths}
        if self.config.storage:
            environment[STORAGE] = self.config.storage
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "soccer_lib", *words],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=environment,
                # Ctrl-C reaches the sweep, which stops its workers once.
                start_new_session=True,
            )
        return LocalProcess(process, log)


class LocalProcess:
    """A worker of this machine."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        self.name = log.stem

    def outcome(self) -> str | None:
        """See `WorkerJob`."""
        code = self.process.poll()
        if code is None:
            return None
        if code in (0, 130, 143):
            return "done"
        if code < 0:
            return "killed"
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.startswith("error: ")]
        reason = told[-1].removeprefix("error: ") if told else one_line(" ".join(lines[-1:]), 200)
        return f"{reason} (exit code {code}, see {self.log})"

    def stop(self) -> None:
        """See `WorkerJob`."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """See `WorkerJob`."""
        self.process.kill()


class Submitted:
    """Workers as jobs of submitit; it pickles what it starts into the study's folder and reads there."""

    def __init__(self, config: SweepConfig) -> None:
        self.config = config
        with tempfile.TemporaryDirectory() as folder:
            self._executor(Path(folder))  # what is wrong is told before the study's folder is made

    def _executor(self, folder: Path) -> Any:
        """What submits, with its files in a folder.

        Raises:
            InputError: submitit is not installed, there is no Slurm, or parameters that it does not know.
        """
        config = self.config
        try:
            import submitit
        except ImportError:
            raise InputError(
                f"--launcher {config.launcher} came and submitit is not installed; expected it; try: pip "
                "install submitit"
            ) from None
        try:
            executor = submitit.AutoExecutor(folder / "jobs", config.launcher)
            executor.update_parameters(**self._parameters())
        except RuntimeError:
            raise InputError(
                "--launcher slurm came and there is no srun; expected a machine that submits to Slurm; try "
                "--launcher local"
            ) from None
        except (NameError, AssertionError) as error:
            raise InputError(
                f"--slurm {config.slurm!r}: {one_line(error, 300)}; expected parameters of submitit; mend it"
            ) from None
        return executor

    def _parameters(self) -> dict[str, Any]:
        """What each job asks for: a core and a day, where nothing else is said."""
        chosen: dict[str, Any] = {
            "cpus_per_task": 1,
            "timeout_min": 24 * 60,
            "name": f"sweep_{self.config.study}",
        }
        for name, words in typed_flags(self.config.slurm).items():
            value = " ".join(words)
            chosen[name] = int(value) if value.isdigit() else value
        return chosen

    def start(self) -> SubmittedJob:
        """Submit one."""
        if self.config.storage:
            os.environ[STORAGE] = self.config.storage  # not in the file that submitit pickles
        worker = SubmittedWorker(self.config)
        try:
            return SubmittedJob(self._executor(self.config.folder).submit(worker))
        except Exception as error:  # sbatch refused it, or there is no room
            raise ResourceError(
                f"could not submit a worker: {one_line(error, 300)}; expected a job; mend --slurm "
                f"{self.config.slurm!r}, or look at {PROG} sweep --help"
            ) from None


class SubmittedWorker(SweepWorker):
    """A worker that is begun again, by the same job, when it is preempted or its time is up."""

    def checkpoint(self, *arguments: Any) -> Any:
        """What submitit calls in its signal handler; the storage must not be touched there."""
        import submitit

        self.leave()
        return submitit.helpers.DelayedSubmission(SubmittedWorker(self.config))


class SubmittedJob:
    """A job of submitit."""

    def __init__(self, job: Any) -> None:
        self.job = job
        self.name = f"job {job.job_id}"

    def outcome(self) -> str | None:
        """See `WorkerJob`."""
        if not self.job.done():
            return None
        if not self.job.paths.result_pickle.exists():
            return "killed"
        error = self.job.exception()
        if error is None:
            return "done"
        last = str(error).strip().splitlines()[-1:]
        return f"{one_line(' '.join(last), 300)} (see {self.job.paths.stderr})"

    def stop(self) -> None:
        """See `WorkerJob`."""
        self.job.cancel(check=False)

    kill = stop
