"""Long work in small tasks: what waits for what, several at once, and one that fails loses no other."""

import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

LAST_LINES = 8  # of what a failed command said: enough for the error, without its whole life
AT_ONCE = 1.0  # seconds: what ended sooner had been done before, and says nothing about the pace


class TaskFailed(Exception):
    """A task could not be done. The message says what was tried and what came of it."""


@dataclass(frozen=True)
class Task:
    """A piece of work. `run` does nothing where a run before this one has done it, and says what it did."""

    name: str
    after: tuple[str, ...]  # names of the tasks that come first, however they end
    seconds: float  # roughly, on one core
    run: Callable[[], str]


@dataclass(frozen=True)
class Ended:
    """How the tasks ended: what failed and why, and what was never started for lack of time."""

    failed: dict[str, str]
    not_started: tuple[str, ...]


def run_tasks(tasks: Sequence[Task], jobs: int, deadline: float | None, say: Callable[[str], None]) -> Ended:
    """Runs the tasks, up to `jobs` at once, each after those it waits for, the first of the list first.

    After `deadline` (of time.monotonic) nothing is started; what runs is waited for. Says a line for each that ended.
    """
    left, ended, failed = list(tasks), set[str](), dict[str, str]()
    running: dict[Future[tuple[str, float]], Task] = {}
    clock = _Clock(tasks, jobs)
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            may_start = deadline is None or time.monotonic() < deadline
            while may_start and len(running) < jobs and (task := _next(left, ended)) is not None:
                left.remove(task)
                running[pool.submit(_timed, task)] = task
            if not running:
                return Ended(failed, tuple(task.name for task in left))
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                ended.add(task.name)
                error = future.exception()
                if error is None:
                    said, seconds = future.result()
                    clock.ended(task, seconds)
                else:
                    failed[task.name] = f"{error}" or repr(error)
                    said = f"FAILED: {failed[task.name]}"
                    clock.ended(task, 0)
                say(f"[{len(ended)}/{len(tasks)}] {task.name}: {said}; about {clock.minutes_left():.0f} min left")


def _next(left: Sequence[Task], ended: set[str]) -> Task | None:
    return next((task for task in left if ended.issuperset(task.after)), None)


def _timed(task: Task) -> tuple[str, float]:
    began = time.monotonic()
    said = task.run()
    return said, time.monotonic() - began


class _Clock:
    """Says how long it will go on, from how long the tasks before took against what was thought."""

    def __init__(self, tasks: Sequence[Task], jobs: int) -> None:
        self._left = sum(task.seconds for task in tasks)
        self._thought = self._took = 0.0
        self._jobs = jobs

    def ended(self, task: Task, seconds: float) -> None:
        self._left -= task.seconds
        if seconds > AT_ONCE:
            self._thought += task.seconds
            self._took += seconds

    def minutes_left(self) -> float:
        pace = self._took / self._thought if self._thought else 1.0
        return max(0, self._left) * pace / self._jobs / 60


def run_command(command: Sequence[str], given: str = "") -> str:
    """Runs a command, writes `given` to it, returns its stdout. Raises TaskFailed with its last lines if it fails."""
    try:
        done = subprocess.run(command, input=given, text=True, capture_output=True, check=False)
    except OSError as error:
        raise TaskFailed(f"`{' '.join(command)}` could not be started: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-LAST_LINES:]
        raise TaskFailed(f"`{' '.join(command)}` ended with {done.returncode}:\n  " + "\n  ".join(said))
    return done.stdout
