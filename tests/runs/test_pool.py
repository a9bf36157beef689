"""Worker processes and the pool: order, turns, deaths, signals, and what a worker inherits."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from soccer_lib.errors import InputError, SimulationError
from soccer_lib.runs.pool import Pool, run_jobs
from soccer_lib.runs.worker import Here, Worker, end
from tests.support.jobs import Job, Player

ROOT = Path(__file__).resolve().parents[2]
REMEDY = "try something else"


@pytest.fixture
def worker():
    worker = Worker(Player, 3, about="kicks", remedy=REMEDY)
    yield worker
    end([worker])


def ask(worker, do, seed=0):
    worker.send("__call__", Job(seed, do))
    return worker.receive()


# -- jobs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs(workers):
    seeds = [5, 3, 9, 3, 1]
    assert run_jobs(Player(), [Job(seed) for seed in seeds], workers) == seeds


def test_a_free_worker_takes_the_next_job_while_the_other_is_busy(tmp_path):
    """The first job ends only after the last one: the second worker has to do all the others."""
    flag = str(tmp_path / "flag")
    jobs = [Job(0, "wait_for_the_last", flag), Job(1), Job(2), Job(3), Job(4, "write", flag)]
    with Pool(Player, 2, remedy=REMEDY) as pool:
        order = [number for number, _ in pool.hand_out(jobs)]
        assert order[:3] == [1, 2, 3] and sorted(order[3:]) == [0, 4]  # the last two end together
        assert pool.map([Job(7), Job(8)]) == [7, 8]


def test_from_both_ends_each_worker_keeps_to_its_own_end():
    jobs = [Job(seed, "who") for seed in range(8)]
    with Pool(Player, 2, remedy=REMEDY) as pool:
        answers = dict(pool.hand_out(jobs, both_ends=True))
    numbers = {
        pid: [number for number in range(8) if answers[number][0] == pid] for pid, _ in answers.values()
    }
    first, last = (numbers[answers[number][0]] for number in (0, 7))
    assert first == list(range(len(first))) and last == list(range(len(first), 8)) and last


def test_each_worker_has_a_player_of_its_own_and_keeps_it():
    answers = run_jobs(Player(), [Job(seed, "who") for seed in range(6)], 2)
    for pid, jobs in Counter(pid for pid, _ in answers).items():
        assert pid != os.getpid()
        assert [count for other, count in answers if other == pid] == list(range(1, jobs + 1))


def test_one_worker_is_this_process_and_there_are_no_more_than_jobs():
    player = Player()
    assert run_jobs(player, [Job(0, "who"), Job(1, "who")], 1) == [(os.getpid(), 1), (os.getpid(), 2)]
    assert run_jobs(player, [Job(0, "who")], 8) == [(os.getpid(), 3)]
    assert run_jobs(player, [], 2) == []


def test_progress_is_said_with_a_label_only(capsys):
    run_jobs(Player(), [Job(0), Job(1)], 1, "audit", unit="trials")
    assert capsys.readouterr().out == "audit: 2/2 trials (100%), took 0:00:00\n"
    run_jobs(Player(), [Job(0)], 1)
    assert capsys.readouterr().out == ""


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(InputError, match="workers got -1; expected 0 .one a core. or more; try 0"):
        run_jobs(Player(), [Job(0)], -1)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_fails_is_named_and_keeps_its_traceback(workers):
    message = "kick_to_target, seed 41 failed: KeyError: 'no ball'; expected a finished episode"
    with pytest.raises(SimulationError, match=message) as caught:
        run_jobs(Player(), [Job(40), Job(41, "fail")], workers)
    if workers == 1:
        assert isinstance(caught.value.__cause__, KeyError)
    else:
        [note] = caught.value.__notes__
        assert note.startswith("In worker ") and "in fail\n" in note
    with pytest.raises(InputError) as caught:
        run_jobs(Player(), [Job(40), Job(41, "refuse")], workers)
    assert str(caught.value) == "a; b; c"  # an error of ours stays as it is


def test_a_dead_worker_is_named():
    message = r"worker [01] \(pid \d+\) stopped with exit code 7; expected its answer; try workers=1"
    with pytest.raises(SimulationError, match=message):
        run_jobs(Player(), [Job(0, "die"), Job(1, "sleep")], 2)  # and the sleeper does not hold up the end


def test_what_does_not_pickle_is_refused():
    player = Player()
    player.secret = lambda: None
    with pytest.raises(InputError, match="cannot be sent to a worker process .*; try workers=1"):
        run_jobs(player, [Job(0), Job(1)], 2)


# -- one worker ----------------------------------------------------------------------------------------


def test_a_worker_computes_with_one_thread_and_without_what_it_does_not_need(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    main = sys.modules["__main__"]
    worker = Worker(Player, remedy=REMEDY)
    try:
        assert ask(worker, "surroundings") == {"loaded": [], "threads": ["1", "1"]}
    finally:
        end([worker])
    assert dict(os.environ) == before and sys.modules["__main__"] is main


def test_ctrl_c_reaches_the_whole_group_and_leaves_the_end_to_the_parent():
    started = [Worker(Player, remedy=REMEDY)]
    thread = threading.Thread(target=lambda: started.append(Worker(Player, remedy=REMEDY)))
    thread.start()  # signals can be blocked from the main thread only
    thread.join()
    try:
        for worker in started:
            ask(worker, "name")
            os.kill(worker.process.pid, signal.SIGINT)
            assert ask(worker, "name", 5) == 5
    finally:
        end(started)


def test_an_answer_to_an_older_call_is_passed_over(worker):
    worker.send("__call__", Job(1))  # its answer is never read, as after an interrupt
    worker.send("__call__", Job(2))
    assert worker.receive() == 2


def test_failures_are_told_in_words_with_the_name_of_the_worker(worker):
    name = f"worker 3 (pid {worker.process.pid}: kicks)"
    with pytest.raises(SimulationError) as caught:
        ask(worker, "fail")
    assert str(caught.value) == f"{name} failed: KeyError: 'no ball'; expected its answer; {REMEDY}"
    [note] = caught.value.__notes__
    assert note.startswith(f"In {name}:\n") and "in fail\n" in note
    with pytest.raises(SimulationError, match="AttributeError"):
        ask(worker, "lack")
    assert ask(worker, "name", 4) == 4  # and it goes on
    os.kill(worker.process.pid, signal.SIGKILL)
    with pytest.raises(SimulationError) as caught:
        ask(worker, "name")
    assert str(caught.value) == f"{name} stopped with exit code -9; expected its answer; {REMEDY}"


def test_an_exception_can_be_asked_for_as_it_is():
    worker = Worker(Player, remedy=REMEDY, passes=(AttributeError,))
    try:
        with pytest.raises(AttributeError, match="nothing of that name"):
            ask(worker, "lack")
    finally:
        end([worker])


def test_a_worker_that_cannot_make_its_object_says_why():
    worker = Worker(functools.partial(Player, fails_at_birth=True), remedy=REMEDY)
    try:
        with pytest.raises(SimulationError, match="failed: OSError: no such scene"):
            ask(worker, "name")
    finally:
        end([worker])


def test_not_even_a_suspended_worker_holds_up_the_end(worker):
    ask(worker, "name")
    os.kill(worker.process.pid, signal.SIGSTOP)
    end([worker])
    assert not worker.process.is_alive()


def test_a_suspended_worker_is_given_up_after_its_limit():
    worker = Worker(Player, remedy=REMEDY, limit=60)
    try:
        ask(worker, "name")
        worker.limit = 0.2
        os.kill(worker.process.pid, signal.SIGSTOP)
        with pytest.raises(SimulationError, match="gave no answer for 0.2 s"):
            ask(worker, "name")
        worker.send("name")
        with pytest.raises(SimulationError, match="gave no answer for 0.2 s"):
            Worker.ready([worker])
    finally:
        end([worker])


class Leaves:
    """A policy of somebody's that ends the program."""

    def __call__(self, job: Job) -> None:
        sys.exit(0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_player_that_leaves_is_an_error(workers):
    with pytest.raises(SimulationError, match=r"seed 3 failed: SystemExit|stopped with exit code 0"):
        run_jobs(Leaves(), [Job(3, "who"), Job(3, "who")], workers)


def test_the_same_calls_work_in_this_process():
    here = Here(Player)
    here.send("__call__", Job(0, "who"))
    assert here.receive() == (os.getpid(), 1)
    end([here])
    assert here.held.count == -1  # closed


# -- the caller's process --------------------------------------------------------------------------------

SCRIPT = """
import sys
from soccer_lib.runs.pool import run_jobs
from tests.support.jobs import Job, Player
print("the script runs", flush=True)
print(*{pid for pid, _ in run_jobs(Player(), [Job(0, "who"), Job(1, "who")], 2)} or "none", flush=True)
run_jobs(Player(), [Job(0, "sleep"), Job(1, "sleep")], 2)
"""


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads child processes from /proc")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_a_script_from_standard_input_in_the_middle_of_a_job(kind):
    process = subprocess.Popen(
        [sys.executable, "-"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    process.stdin.write(SCRIPT)
    process.stdin.close()
    assert process.stdout.readline() == "the script runs\n"
    assert len(process.stdout.readline().split()) >= 1  # the first workers have worked, and no script again
    until = time.monotonic() + 60
    sleepers: list[int] = []
    while len(sleepers) < 2 and time.monotonic() < until:
        sleepers = [pid for pid in children(process.pid) if "spawn_main" in command_line(pid)]
        time.sleep(0.02)
    assert len(sleepers) == 2
    os.killpg(process.pid, kind) if kind == signal.SIGINT else process.send_signal(kind)
    assert process.wait(timeout=60) != 0
    while any(map(lives, sleepers)) and time.monotonic() < until:
        time.sleep(0.02)
    left = [pid for pid in sleepers if lives(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left and process.stdout.read() == ""


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_a_job_in_this_process_is_woken_after_its_limit():
    before = signal.getsignal(signal.SIGALRM)

    def sleeps(job):
        time.sleep(60 if job.seed else 0)
        return job.seed

    with pytest.raises(SimulationError, match="seed 1 failed: TimeoutError: not done after 0.3 s"):
        run_jobs(sleeps, [Job(0, ""), Job(1, "")], workers=1, limit=0.3)
    assert signal.getsignal(signal.SIGALRM) is before and signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
