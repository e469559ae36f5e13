"""Each opening of the test slice is a line in a file: who looks often enough finds what is not there."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import pi
from pathlib import Path
from typing import Any

from qnet.bad_input import BadInput

KEEP = "restore it from where it was last whole: it counts how often the test slice was looked at"


@dataclass(frozen=True)
class Opening:
    """One look at a test slice, identified by what it holds, who was judged, and by which thresholds."""

    test: str  # hex sha256 over the test slice's clusters
    challenger: str  # hex sha256 of the whole policy, or its name where it has no model
    thresholds: str
    clusters: frozenset[str] = frozenset()  # of the test slice

    def meets(self, other: "Opening") -> bool:
        """Whether both look at some of the same clusters: a slice that is cut otherwise hides no look."""
        return self.test == other.test or not self.clusters.isdisjoint(other.clusters)


@dataclass(frozen=True)
class Openings:
    """What was opened before, in that order."""

    before: tuple[Opening, ...]


def test_hash(clusters: Sequence[str]) -> str:
    """Hex sha256 over the names of the clusters."""
    return hashlib.sha256("\n".join(sorted(clusters)).encode()).hexdigest()


def read_openings(file: Path) -> Openings:
    """Reads the file, which need not be there. Raises BadInput for a line that is none of ours."""
    before = []
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            slice_of, who = str(row["test"]), str(row["challenger"])
            opening = Opening(slice_of, who, str(row["thresholds"]), _clusters(row))
            if row["kind"] == "opened":
                before.append(opening)
        except (ValueError, KeyError, TypeError) as cause:
            raise BadInput(f"{file}:{number}: is no opening ({cause!r}); {KEEP}") from cause
    return Openings(tuple(before))


def append(file: Path, kind: str, opening: Opening, **more: Any) -> None:
    """Writes one line at the end. What is not written was not opened. Raises BadInput where it cannot."""
    row = {"kind": kind, "at": datetime.now(UTC).isoformat(timespec="seconds"), **vars(opening), **more}
    row["clusters"] = sorted(opening.clusters) if kind == "opened" else []
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
    except OSError as cause:
        raise BadInput(
            f"{file}: cannot be written ({cause.strerror}); make the log's folder writable: each look is kept there"
        ) from cause


def _clusters(row: dict[str, Any]) -> frozenset[str]:
    return frozenset(map(str, row.get("clusters", [])))


def opened_before(openings: Openings, this: Opening) -> int:
    """How often outcomes of this test slice, or of a part of it, were read before."""
    return sum(one.meets(this) for one in openings.before)


def stands(openings: Openings, this: Opening, p: float, alpha: float) -> tuple[bool, int]:
    """Whether p is small enough for the k-th challenger that was opened on this test slice, and k, from 1.

    It may err with 6 alpha / (pi^2 k^2), which adds up to alpha over all that will ever come (1/k^2 adds up to pi^2/6).
    Why spending, and not Holm's order over all p-values: there a later challenger's p-value changes what an earlier one
    would have been told, and a verdict is final when it is given. Judged again, a challenger keeps its k.
    """
    met = [one.challenger for one in openings.before if one.meets(this)]
    place = [*dict.fromkeys(met), this.challenger].index(this.challenger) + 1
    return p <= 6 * alpha / (pi * place) ** 2, place
