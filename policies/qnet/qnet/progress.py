"""Progress of long work, for whoever waits at a terminal."""

import sys
from collections.abc import Iterator
from typing import TextIO

from tqdm import tqdm


class Progress:
    """A bar on stderr: silent where nobody watches, and before two seconds have passed."""

    def __init__(self, stream: TextIO | None = None, *, silent: bool = False) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._silent = silent or not self._stream.isatty()

    def over(self, total: int, what: str, *, start: int = 0) -> Iterator[int]:
        """Counts from `start` (where a run is resumed) to total - 1, with a bar that counts `what`."""
        with tqdm(
            total=total, initial=start, desc=what, file=self._stream, disable=self._silent, delay=2, leave=False
        ) as bar:
            for number in range(start, total):
                yield number
                bar.update()


SILENT = Progress(silent=True)
