"""Where a study lies: a journal in a file, or PostgreSQL. All that the project asks of Optuna's storages.

Neither holds a pickle: the journal is lines of JSON, of which Optuna keeps snapshots only in Redis, and the
tables hold JSON. The one sampler that pickles its state into a study, CMA-ES, is not offered.
"""

from __future__ import annotations

import fcntl
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import optuna
import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from soccer_lib.errors import InputError, ResourceError, one_line
from soccer_lib.runs.files import resource_errors
from soccer_lib.runs.heartbeat import print_progress

JOURNAL = "journal.jsonl"
"""The file of a study without --storage, in its folder."""

PATIENCE = 600.0
"""How long a worker waits for a storage that answered before [s]."""

_CONNECT = 10
"""How long a first connection may take [s]."""

_Answer = TypeVar("_Answer")
_UNREACHABLE = (StorageInternalError, sqlalchemy.exc.SQLAlchemyError)


class JournalLock:
    """Lets one process at a time write; a lock of the operating system, which ends with its process.

    Optuna's own locks are files that stay where a process was killed, and others wait half a minute for them.
    What a kill or a full disk left of a line is removed before the next one is written: a reader would stop
    there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: Any = None

    def acquire(self) -> bool:
        """Wait for the lock, take it and mend the file's end."""
        self._held = open(self.path.with_suffix(".lock"), "a", encoding="utf-8")
        fcntl.flock(self._held, fcntl.LOCK_EX)
        with open(self.path, "rb+") as stream:
            # Only the last byte: a thousand trials make megabytes, and each of their lines takes the lock.
            stream.seek(max(0, self.path.stat().st_size - 1))
            if stream.read() not in (b"", b"\n"):
                stream.seek(0)
                content = stream.read()
                stream.truncate(content.rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        """Let others write."""
        self._held.close()


class Journal(JournalStorage):
    """A study in a file, for workers that see one file system."""

    def beat(self, trial_id: int) -> None:
        """Nothing: the lock in a trial's folder says whether its worker lives."""

    def silent(self, study_id: int) -> list[int] | None:
        """None: every trial that runs may have lost its worker."""


class Database(RDBStorage):
    """A study in PostgreSQL, for workers on many machines."""

    def beat(self, trial_id: int) -> None:
        """Say that the worker of a trial lives."""
        self.record_heartbeat(trial_id)

    def silent(self, study_id: int) -> list[int] | None:
        """Trials that run and whose worker was not heard of for the grace period."""
        return self._get_stale_trial_ids(study_id)


Storage = Journal | Database


def open_storage(url: str, folder: Path, heartbeat: int) -> Storage:
    """Open the storage of a study.

    Args:
        url: of a PostgreSQL database; empty for a journal in the folder.
        folder: of the study.
        heartbeat: how often a worker says that it lives [s]; silent for six times as long, it counts as dead.

    Raises:
        InputError: an address of another kind, or a journal that holds something else.
        ResourceError: the database does not answer, or the file system has no locks.
    """
    if url:
        return _database(url, heartbeat)
    path = folder / JOURNAL
    with resource_errors(path, "lock"):
        path.touch()
        lock = JournalLock(path)
        lock.acquire()
        lock.release()
    try:
        return Journal(JournalFileBackend(str(path), lock))  # type: ignore[arg-type]  # it acquires and releases
    except OSError:
        raise
    except Exception as error:  # whatever its lines make of Optuna's replay
        reason = one_line(f"{type(error).__name__}: {error}", 120)
        raise InputError(
            f"cannot read {path}: {reason}; expected the journal of a study; restore it, or give --study "
            "another name"
        ) from None


def without_password(url: str) -> str:
    """An address without its password."""
    return sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)


def _database(url: str, heartbeat: int) -> Database:
    try:
        address = sqlalchemy.engine.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        address = None
    kinds = ("postgresql", "postgresql+psycopg")
    if address is None or address.drivername not in kinds:
        raise InputError(
            f"--storage got {one_line(url.partition(':')[0], 40)}:...; expected postgresql://USER@HOST/NAME; "
            "leave it out for a journal in the study's folder"
        )
    full = address.set(drivername=kinds[1]).render_as_string(hide_password=False)
    connection = {} if "connect_timeout" in address.query else {"connect_timeout": _CONNECT}
    try:
        with warnings.catch_warnings():  # Optuna calls its heartbeat experimental; the version is pinned
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return Database(
                full,
                engine_kwargs={"pool_pre_ping": True, "connect_args": connection},
                heartbeat_interval=heartbeat,
                grace_period=6 * heartbeat,
            )
    except ImportError:
        raise InputError(
            "--storage postgresql came and psycopg is not installed; expected it; try: pip install "
            "'psycopg[binary]'"
        ) from None
    except _UNREACHABLE as error:
        raise ResourceError(_unreachable(without_password(url), error)) from None


def _unreachable(where: str, error: Exception) -> str:
    cause = getattr(error, "orig", None) or error.__cause__ or error
    reason = one_line(str(cause).partition("\n")[0], 200)
    return one_line(
        f"could not reach --storage {where}: {reason}; expected a PostgreSQL that answers; start it and give "
        "the same command: nothing is lost",
        600,
    )


def patiently(ask: Callable[[], _Answer], storage: Storage, patience: float = PATIENCE) -> _Answer:
    """Ask a storage something, again and again while it does not answer.

    Args:
        ask: may be called several times.
        storage: what is asked.
        patience: how long it may be silent [s].

    Raises:
        ResourceError: it stayed silent, or the disk of a journal is full.
    """
    began = time.monotonic()
    told = False
    while True:
        try:
            return ask()
        except _UNREACHABLE as error:
            where = without_password(storage.url) if isinstance(storage, Database) else JOURNAL
            if time.monotonic() - began > patience:
                raise ResourceError(_unreachable(where, error)) from None
            if not told:
                print_progress(f"{where} does not answer; waiting up to {patience / 60:.0f} minutes for it")
                told = True
            time.sleep(min(5.0, patience / 10))
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ResourceError(
                f"could not write the study's {JOURNAL}: {reason}; expected room; free some disk space and "
                "give the same command"
            ) from None
