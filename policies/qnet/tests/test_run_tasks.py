"""Tasks: what waits for what, and what fails loses nothing else."""

import time

import pytest

from qnet.experiment.run_tasks import Ended, Task, TaskFailed, run_command, run_tasks


def test_tasks_wait_for_those_before_them_and_the_others_go_on() -> None:
    said: list[str] = []

    def task(name: str, *after: str, fails: bool = False) -> Task:
        def work() -> str:
            if fails:
                raise TaskFailed("no")
            said.append(name)
            return "done"

        return Task(name, after, 1, work)

    ended = run_tasks([task("c", "b"), task("b", "a"), task("a", fails=True), task("d")], 1, None, lambda _: None)

    assert said == ["b", "c", "d"]
    assert ended == Ended({"a": "no"}, ())


def test_after_the_deadline_nothing_is_started_and_it_is_said_what() -> None:
    tasks = [Task("a", (), 1, lambda: "done"), Task("b", ("a",), 1, lambda: "done")]

    ended = run_tasks(tasks, 1, time.monotonic() - 1, lambda _: None)

    assert ended.not_started == ("a", "b")


def test_a_command_that_is_not_there_is_said() -> None:
    with pytest.raises(TaskFailed, match="could not be started"):
        run_command(["no-such-command"])
