"""Worker processes: each holds one object and answers calls to it.

All processes of the library are these. A worker is spawned, because a forked MuJoCo or torch may hang; it
computes with one thread, since there is one a core; it ends with its parent, even where that was killed;
and it imports what its object needs and nothing else, which spares most of them torch and its 0.3 GB.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection, resource_tracker
from pathlib import Path
from types import ModuleType
from typing import Any

from soccer_lib.errors import InputError, SimulationError, SoccerError, one_line

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_MEMORY_EVENTS = (
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
    "/proc/vmstat",
)

_PATIENCE = 3.0
"""How long a worker may take to end before it is killed [s]."""


class Worker:
    """An object in a process of its own.

    `send` calls one of its methods and `receive` waits for what that returns, so that several workers
    compute at the same time.

    Attributes:
        name: how errors call it: its number, its process and what it is about.
        process: the process.
        limit: how long an answer may take [s]; None for ever.
        pipe: calls go out by it, answers come back.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        index: int = 0,
        *,
        remedy: str,
        about: str = "",
        passes: tuple[type[Exception], ...] = (),
        limit: float | None = None,
    ) -> None:
        """Start the process.

        Args:
            make: makes the object, in the worker; it has to pickle.
            index: the worker's number.
            remedy: what errors tell to try.
            about: what it is for, in a word or two.
            passes: exceptions of the object that the caller expects as they are.
            limit: how long an answer may take [s], after which it is suspended or stuck; None for ever.

        Raises:
            InputError: `make` does not pickle.
        """
        self._remedy = remedy
        self.limit = limit
        self._calls = 0
        self._killed_before = killed_for_memory()
        context = multiprocessing.get_context("spawn")
        with _settings_of_children():
            pickled = _pickled(make, remedy)
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(target=_serve, args=(theirs, pickled, passes), daemon=True)
            self.process.start()
            theirs.close()  # the worker alone holds it: its death ends the pipe
        self.name = f"worker {index} (pid {self.process.pid}{': ' if about else ''}{about})"

    def send(self, method: str, *arguments: Any) -> None:
        """Call a method; a worker that died is noticed where its answer is read."""
        self._calls += 1
        with contextlib.suppress(OSError):
            self.pipe.send((self._calls, method, arguments))

    def receive(self) -> Any:
        """Wait for the answer to the last call.

        Raises:
            SimulationError: the worker died, was silent beyond its limit, or the call failed; its traceback
                is in the error's notes. Errors of our own come as they are.
        """
        call = 0
        try:
            while call != self._calls:  # after an interrupt an older answer may still be waiting
                if not self.pipe.poll(self.limit):
                    raise self.silence()
                call, answer, failure, trace = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(_PATIENCE)
            reason = "; the system had no memory left" if killed_for_memory() > self._killed_before else ""
            raise SimulationError(
                f"{self.name} stopped with exit code {self.process.exitcode}{reason}; expected its answer; "
                f"{self._remedy}"
            ) from None
        if failure is None:
            return answer
        if isinstance(failure, str):
            failure = SimulationError(f"{self.name} failed: {failure}; expected its answer; {self._remedy}")
        failure.add_note(f"In {self.name}:\n{trace}")
        raise failure

    def stop(self) -> None:
        """Tell the process to end, in the middle of a call too."""
        self.pipe.close()
        self.process.terminate()

    def join(self) -> None:
        """Wait for the end, which not even a suspended process can put off."""
        self.process.join(_PATIENCE)
        self.process.kill()
        self.process.join()

    def silence(self) -> SimulationError:
        """The error for a worker that has not answered within its limit."""
        what = f"gave no answer for {self.limit:,g} s; expected one"
        return SimulationError(f"{self.name} {what}; {self._remedy}")

    @staticmethod
    def ready(workers: Sequence[Worker]) -> list[Worker]:
        """Wait until one of them has answered or died; returns those that have."""
        answered = connection.wait([worker.pipe for worker in workers], workers[0].limit)
        if not answered:
            raise workers[0].silence()
        return [worker for worker in workers if worker.pipe in answered]


class Here:
    """An object in this process, behind the calls of a `Worker`.

    Attributes:
        name: how descriptions call it.
        held: the object.
    """

    name = "this process"

    def __init__(self, make: Callable[[], Any]) -> None:
        self.held = make()

    def send(self, method: str, *arguments: Any) -> None:
        """Call a method; the work is done at once."""
        self._answer = getattr(self.held, method)(*arguments)

    def receive(self) -> Any:
        """The answer to the last call."""
        return self._answer

    def stop(self) -> None:
        """Close the object."""
        self.held.close()

    def join(self) -> None:
        """Nothing is left to wait for."""


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def killed_for_memory() -> int:
    """How many processes the system has killed for want of memory; 0 where it does not say.

    A container counts its own; without one all of the machine count.
    """
    for file in _MEMORY_EVENTS:
        with contextlib.suppress(OSError):
            match = re.search(r"^oom_kill (\d+)$", Path(file).read_text(encoding="ascii"), re.MULTILINE)
            if match:
                return int(match[1])
    return 0


def end(workers: Sequence[Worker | Here]) -> None:
    """End workers, all at the same time, whatever they are doing."""
    for worker in workers:
        worker.stop()
    for worker in workers:
        worker.join()


# -- in the worker -----------------------------------------------------------------------------------------


def _serve(pipe: connection.Connection, pickled: bytes, passes: tuple[type[Exception], ...]) -> None:
    """Life of a worker: answer calls until the parent ends it or is gone."""
    # Ctrl-C reaches the whole group; the parent ends us. A polite kill must not run the parent's handler.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    held: Any = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            call, method, arguments = pipe.recv()
            try:
                if held is None:
                    held = pickle.loads(pickled)()
                pipe.send((call, getattr(held, method)(*arguments), None, ""))
            except Exception as error:
                known = isinstance(error, (SoccerError, MemoryError, *passes))
                failure = error if known else f"{type(error).__name__}: {one_line(error, 200)}"
                pipe.send((call, None, failure, traceback.format_exc()))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


# -- before a worker starts ----------------------------------------------------------------------------------


def _pickled(make: Callable[[], Any], remedy: str) -> bytes:
    try:
        return pickle.dumps(make)
    except Exception as error:
        raise InputError(
            f"a policy or environment cannot be sent to a worker process ({one_line(error, 120)}); expected "
            f"one that pickles, of an importable module; {remedy}"
        ) from error


@contextlib.contextmanager
def _settings_of_children() -> Iterator[None]:
    """Processes started inside compute with one thread each and leave Ctrl-C to their parent.

    They do not run the caller's script again either, as spawned processes else do: a script without
    `if __name__ == "__main__"` works, and standard input may be the script.
    """
    before = dict(os.environ)
    main = sys.modules["__main__"]
    os.environ.update(_ONE_THREAD)
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        with _interrupt_later():
            yield
    finally:
        sys.modules["__main__"] = main
        for name in _ONE_THREAD:
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _interrupt_later() -> Iterator[None]:
    """A Ctrl-C inside is raised at the end; processes started inside never get one."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield  # elsewhere no Ctrl-C arrives
        return
    interrupts = []
    handler = signal.signal(signal.SIGINT, lambda *arguments: interrupts.append(arguments))
    resource_tracker.ensure_running()  # its start inside would end the blocking
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which children inherit
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, handler)
        if interrupts:
            signal.raise_signal(signal.SIGINT)
