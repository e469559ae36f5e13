"""Progress counts what it is told to count, and speaks only where somebody watches."""

import io

from qnet.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_resumed_run_counts_on_from_where_it_was() -> None:
    assert list(Progress(io.StringIO()).over(5, "passes", start=3)) == [3, 4]


def test_nothing_is_said_where_nobody_watches() -> None:
    stream = io.StringIO()

    list(Progress(stream).over(1000, "passes"))

    assert stream.getvalue() == ""


def test_work_of_less_than_two_seconds_says_nothing() -> None:
    stream = Terminal()

    list(Progress(stream).over(1000, "passes"))

    assert stream.getvalue() == ""
