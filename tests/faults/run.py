"""`make faults`: plant one-line faults in copies of the code and see whether tests catch them.

Each fault of `faults.toml` is planted alone, in a copy of the tree, and the tests that mirror its file are
run until the first one fails. Golden tests (marked so) do not count: they say that something changed, not
what law was broken. A fault is caught by a test that fails with it and passes without it.

Exit codes: 0 enough are caught, 1 too few, 2 a fault no longer fits the code or the tests cannot be run.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).with_name("faults.toml")

ENOUGH = 0.9
"""Share of the faults that tests have to catch."""

TIME_LIMIT = 240
"""Longest run of the tests for one fault [s]; a fault that makes them hang is missed."""

WORKERS = 2

FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::.*?)(?: - .*)?$", flags=re.M)


class FaultError(Exception):
    """A fault that does not fit the code, or tests that cannot be run: one line that names it."""


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes:
        name: what is wrong, in a few words.
        file: which file, from the root of the project.
        before: text that stands there exactly once.
        after: what takes its place.
        law: what does not hold any more, and who says so.
        tests: where it may be caught besides the mirrored tests; these run first.
    """

    name: str
    file: str
    before: str
    after: str
    law: str
    tests: list[str] = field(default_factory=list)

    @property
    def room(self) -> str:
        """First folder inside the package; "facts" for its modules at the top."""
        parts = self.file.split("/")
        return parts[1] if len(parts) > 2 else "facts"

    def planted(self, root: Path = ROOT) -> str:
        """The text of the file with the fault in it.

        Raises:
            FaultError: the file or the text is not there, or there twice, or the result is not Python.
        """
        path = root / self.file
        if not path.is_file():
            raise FaultError(f"{self.name}: {self.file} does not exist; expected the file; find it anew")
        text = path.read_text(encoding="utf-8")
        if (times := text.count(self.before)) != 1:
            raise FaultError(
                f"{self.name}: {self.before!r} stands {times} times in {self.file}; expected once; "
                "write it anew"
            )
        changed = text.replace(self.before, self.after)
        try:
            ast.parse(changed)
        except SyntaxError as error:
            raise FaultError(
                f"{self.name}: not Python any more ({error}); expected a fault that runs"
            ) from None
        if ast.dump(ast.parse(changed)) == ast.dump(ast.parse(text)):
            raise FaultError(f"{self.name}: changes nothing; expected another meaning")
        return changed

    def test_paths(self, root: Path = ROOT) -> list[str]:
        """Named tests first, then the tests that mirror the file: of its module, then of its folder."""
        inside = Path(self.file).relative_to("soccer_lib")
        folder = root / "tests" / inside.parent
        while not folder.is_dir():
            folder = folder.parent
        pattern = "test_*.py" if folder == root / "tests" else "**/test_*.py"
        files = sorted(folder.glob(pattern))
        files.sort(key=lambda path: (inside.stem not in path.stem, "laws" not in path.stem))
        mirrored = [path.relative_to(root).as_posix() for path in files]
        return [*self.tests, *(path for path in mirrored if path not in self.tests)]


@dataclass(frozen=True)
class Verdict:
    """What became of a fault: the test that caught it, or why it counts as missed."""

    fault: Fault
    caught_by: str
    missed: str
    seconds: float


def read_faults(path: Path = FAULTS) -> list[Fault]:
    """Read the list.

    Raises:
        FaultError: an unknown key, or one that is missing.
    """
    try:
        return [Fault(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]]
    except TypeError as error:
        raise FaultError(f"{path.name}: {error}; expected name, file, before, after, law, tests") from None


def misfits_of(faults: Sequence[Fault]) -> Iterator[str]:
    """Say which faults no longer fit the code, a line each."""
    for fault in faults:
        try:
            fault.planted()
        except FaultError as error:
            yield str(error)


def copy_tree(target: Path) -> None:
    """Copy what is or will be committed."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run_tests(tree: Path, paths: Sequence[str], limit: float = TIME_LIMIT) -> tuple[int | None, str]:
    """Run tests of a tree up to the first failure; the exit code is None when they took too long."""
    shared = os.environ.get("SOCCER_SHARED") or str(ROOT.parent / "shared")
    # Compiled files are told apart by second and size: a fault of the same length might not be seen.
    environment = {**os.environ, "SOCCER_SHARED": shared, "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = str(tree)
    options = ["-x", "-q", "--tb=no", "-m", "not golden", "-p", "no:cacheprovider"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *paths],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output = process.communicate(timeout=limit)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, output


def judge(fault: Fault, tree: Path) -> Verdict:
    """Plant a fault in a tree, run the tests, and take it out again.

    A test that fails without the fault too is left out, and the others are run once more.
    """
    begun = time.monotonic()
    path = tree / fault.file
    sound = path.read_text(encoding="utf-8")
    planted = fault.planted(tree)
    paths = fault.test_paths(tree)
    options: list[str] = []
    caught_by, missed = "", ""
    while not caught_by and not missed:
        try:
            path.write_text(planted, encoding="utf-8")
            code, output = run_tests(tree, [*options, *paths])
        finally:
            path.write_text(sound, encoding="utf-8")
        failed = FAILED.search(output)
        if code is None:
            missed = f"no verdict after {TIME_LIMIT} s"
        elif code == 0:
            missed = "all tests pass"
        elif code != 1 or not failed:
            missed = f"tests cannot be run (exit code {code}): {output[-300:]}"
        elif run_tests(tree, [failed[1]])[0] == 0:
            caught_by = failed[1]
        else:
            options += ["--deselect", failed[1]]
    return Verdict(fault, caught_by, missed, time.monotonic() - begun)


def judge_all(faults: Sequence[Fault]) -> list[Verdict]:
    """Judge all faults, each worker in a copy of its own; a line for each as it is done."""
    trees: queue.Queue[Path] = queue.Queue()
    verdicts = []

    def work(fault: Fault) -> Verdict:
        tree = trees.get()
        try:
            return judge(fault, tree)
        finally:
            trees.put(tree)

    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        for number in range(WORKERS):
            tree = Path(folder, str(number))
            copy_tree(tree)
            trees.put(tree)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            waiting = [pool.submit(work, fault) for fault in faults]
            try:
                for done in concurrent.futures.as_completed(waiting):
                    verdict = done.result()
                    verdicts.append(verdict)
                    word = "caught" if verdict.caught_by else "MISSED"
                    name = f"{verdict.fault.room}: {verdict.fault.name}"
                    print(f"{len(verdicts)}/{len(faults)} {word} {name}, {verdict.seconds:.0f} s", flush=True)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    return verdicts


def table_of(verdicts: Sequence[Verdict]) -> str:
    """A line for each fault, by room: what caught it; the missed ones with their law at the end."""
    ordered = sorted(verdicts, key=lambda verdict: (verdict.fault.room, verdict.fault.name))
    lines = []
    for verdict in ordered:
        result = verdict.caught_by or f"MISSED: {verdict.missed}"
        lines.append(f"{verdict.fault.room:<11} {verdict.fault.name:<58} {result}")
    for verdict in ordered:
        if not verdict.caught_by:
            lines += [
                "",
                f"missed in {verdict.fault.file}: {verdict.fault.name}",
                f"  law: {verdict.fault.law}",
            ]
    caught = sum(bool(verdict.caught_by) for verdict in verdicts)
    share = caught / max(len(verdicts), 1)
    return "\n".join([*lines, "", f"{caught} of {len(verdicts)} faults caught: {share:.0%}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only faults whose room, name or file holds one of these")
    parser.add_argument("--check", action="store_true", help="only see that every fault fits the code")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    try:
        faults = [
            fault
            for fault in read_faults()
            if not options.words
            or any(word in f"{fault.room} {fault.name} {fault.file}" for word in options.words)
        ]
        misfits = list(misfits_of(faults))
        if misfits:
            raise FaultError("\nerror: ".join(misfits))
        if options.check:
            print(f"{len(faults)} faults fit the code")
            return 0
        verdicts = judge_all(faults)
    except FaultError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"\n{table_of(verdicts)}, in {(time.monotonic() - begun) / 60:.0f} minutes")
    return 0 if sum(bool(verdict.caught_by) for verdict in verdicts) >= ENOUGH * len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
