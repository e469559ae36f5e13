"""Progress of long work, for whoever waits at a terminal."""

import sys
from collections.abc import Iterator
from typing import Any, TextIO

from tqdm import tqdm


class Progress:
    """A bar on stderr: silent where nobody watches, and before two seconds have passed."""

    def __init__(self, stream: TextIO | None = None, *, silent: bool = False) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._silent = silent or not self._stream.isatty()
        self._bar: Any = None

    def over(self, total: int, what: str, *, start: int = 0) -> Iterator[int]:
        """Counts from `start` (where a run is resumed) to total - 1, with a bar that counts `what`."""
        self._bar = tqdm(
            total=total, initial=start, desc=what, file=self._stream, disable=self._silent, delay=2, leave=False
        )
        try:
            for number in range(start, total):
                yield number
                self._bar.update()
        finally:
            self._bar.close()
            self._bar = None

    def note(self, **facts: float | str) -> None:
        """Shows facts beside the bar, such as the loss; does nothing where there is none."""
        if self._bar is not None:
            self._bar.set_postfix(facts, refresh=False)


SILENT = Progress(silent=True)
