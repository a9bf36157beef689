"""`bench runbook`: a runbook that is killed at random moments, beside the same one left alone.

Both are the real command in a process of its own, in two folders of one depth, so that the same words name
the same paths. Every second kill ends the runbook alone, and its step goes on without it; the others end
both, as a power cut does. All outputs have to hash alike at the end. With --folder the bench itself goes on
where it was stopped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from soccer_lib.errors import SimulationError
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import RunFolder, atomic_write_json
from soccer_lib.runs.files import load_json, load_record
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.workshop.bench.report import LiveTable, finish
from soccer_lib.workshop.runbook.process import last_lines
from soccer_lib.workshop.runbook.read import read_runbook
from soccer_lib.workshop.runbook.records import OUTPUTS, RECORDS

_PLACES = ("alone", "killed")
_KILLS = "kills.json"
"""What was running at each kill so far."""


@dataclasses.dataclass(frozen=True)
class RunbookBenchConfig:
    """Kill a runbook at random moments; the exit code is 1 where it leaves other files than undisturbed.

    It is 1 too where the runbook was done before the last kill.
    """

    runbook: Annotated[str, tyro.conf.Positional] = "smoke"
    """preset, or a TOML or JSON file"""
    set: Annotated[tuple[tuple[str, str], ...], tyro.conf.UseAppendAction] = ()
    """a setting of the runbook and its value: --set episodes 20"""
    kills: Annotated[int, Range(1, 1000, whole=True)] = 3
    """kills [count]"""
    seed: Annotated[int, Range(0, 10**6, whole=True)] = 0
    """seed of the moments"""
    folder: str = ""
    """folder for both, for a bench that can be stopped and goes on; without it they are removed at the end
    [path]"""
    json: str = ""
    """file for the result; nothing is written without it"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)


class RunningBook:
    """A runbook in a process that can be killed.

    Args:
        config: of the bench.
        place: working directory.
    """

    def __init__(self, config: RunbookBenchConfig, place: Path) -> None:
        source = str(Path(config.runbook).resolve()) if Path(config.runbook).is_file() else config.runbook
        flag = [source] if Path(source).is_file() else ["--preset", source]
        changes = [word for pair in config.set for word in ("--set", *pair)]
        self.command = [sys.executable, "-m", "soccer_lib", "runbook", "run", *flag, *changes]
        self.place = place
        self.folder = place / read_runbook(source, changes=config.set).folder
        self.log = place / "runbook.log"
        place.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start it, or let it go on; where the bench is stopped it is told, and saves what it has."""
        paths = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
        with open(self.log, "ab") as stream:
            process = subprocess.Popen(
                self.command,
                cwd=self.place,
                env={**os.environ, "PYTHONPATH": paths},
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        except BaseException:
            process.terminate()
            process.wait()
            raise

    def finish(self) -> dict[str, str]:
        """Let it come to its end; returns the hash of every output.

        Raises:
            SimulationError: it ended with another exit code than 0.
        """
        with self.running() as process:
            process.wait()
        if process.returncode:
            raise SimulationError(
                f"the runbook in {self.place} ended with exit code {process.returncode}: "
                f"{last_lines(self.log)[-1:]}; expected 0; run the command by hand"
            )
        return load_record(self.folder / OUTPUTS)

    def minutes(self) -> float:
        """Time that its steps took [min of the clock]."""
        return sum(record["minutes"] for record in load_record(self.folder / RECORDS).values())

    def kill(self, process: subprocess.Popen[bytes], with_step: bool) -> str:
        """Kill the runbook, and its step too or not; returns what was running."""
        process.kill()
        process.wait()
        records = load_record(self.folder / RECORDS) if (self.folder / RECORDS).is_file() else {}
        for name, record in records.items():
            if record["status"] == "running":
                if with_step and record["pid"]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(record["pid"], signal.SIGKILL)
                return name
        return "between steps"


def main(config: RunbookBenchConfig) -> int:
    """Run it undisturbed, then killed, and compare.

    Raises:
        InputError: the folder belongs to something else.
        SimulationError: a run failed.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with contextlib.ExitStack() as stack:
        place = Path(config.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="runbook-")))
        settings = dataclasses.asdict(config)
        run = RunFolder.open(place, settings, "bench runbook", ignore=("folder", "json"))
        result = judge_runbook(config, run.path.resolve())
    finish(config, result)
    return int(bool(result["different"]) or len(result["kills"]) < config.kills)


def judge_runbook(config: RunbookBenchConfig, place: Path) -> dict[str, Any]:
    """Both runs, and what differs between them."""
    alone, killed = (RunningBook(config, place / name) for name in _PLACES)
    expected = alone.finish()  # one that is done has nothing to do
    minutes = alone.minutes()
    print(f"alone: {minutes:.1f} min, all outputs {expected['all'][:16]}", flush=True)
    kills = kill_it(config, killed, 60 * minutes)
    found = killed.finish()
    different = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    print(f"killed {len(kills)} times: all outputs {found['all'][:16]}, {len(different)} differ {different}")
    return {
        "kills": kills,
        "minutes_alone": minutes,
        "minutes_killed": killed.minutes(),
        "outputs": len(expected) - 1,
        "different": different,
        "all": found["all"],
    }


def kill_it(config: RunbookBenchConfig, book: RunningBook, seconds: float) -> list[str]:
    """Kill a runbook on its way; returns what was running each time, in earlier calls of the bench too.

    Args:
        config: of the bench.
        book: what is killed.
        seconds: that it takes undisturbed; kills are spread over them.
    """
    file = book.place / _KILLS
    kills: list[str] = load_json(file) if file.is_file() else []
    # Not up to its end, which may come sooner where the machine has less to do by now.
    moments = np.sort(np.random.default_rng(config.seed).uniform(0, 0.7 * seconds, config.kills))
    waits = np.diff(moments, prepend=0)
    table = LiveTable({"kill": 6, "after [s]": 11, "of": 12}, "step")
    for number in range(len(kills), config.kills):
        with book.running() as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(waits[number])
                print(f"it came to its end before kill {number + 1}: try another --seed and --folder")
                break
            with_step = number % 2 == 0
            kills.append(book.kill(process, with_step))
            atomic_write_json(file, kills)
        row = [str(number + 1), f"{waits[number]:.1f}", "both" if with_step else "runbook"]
        table.row(row, kills[-1])
    return kills
