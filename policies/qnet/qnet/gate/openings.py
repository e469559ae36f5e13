"""Each opening of the test slice is a line in a file: who looks often enough finds what is not there."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ope import holm
from qnet.bad_input import BadInput

KEEP = "restore it from where it was last whole: it counts how often the test slice was looked at"


@dataclass(frozen=True)
class Opening:
    """One look at a test slice, identified by what it holds, who was judged, and by which thresholds."""

    test: str  # hex sha256 over the test slice's clusters
    challenger: str  # hex sha256 of the model, or the policy's name
    thresholds: str


@dataclass(frozen=True)
class Openings:
    """What was opened before, and the p-values that came of it."""

    before: tuple[Opening, ...]
    p_values: dict[tuple[str, str], float]  # of (test, challenger): that the challenger loses more than the margin


def test_hash(clusters: Sequence[str]) -> str:
    """Hex sha256 over the names of the clusters."""
    return hashlib.sha256("\n".join(sorted(clusters)).encode()).hexdigest()


def read_openings(file: Path) -> Openings:
    """Reads the file, which need not be there. Raises BadInput for a line that is none of ours."""
    before, p_values = [], {}
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            opening = Opening(str(row["test"]), str(row["challenger"]), str(row["thresholds"]))
            if row["kind"] == "opened":
                before.append(opening)
            else:
                p_values[opening.test, opening.challenger] = float(row["p"])
        except (ValueError, KeyError, TypeError) as cause:
            raise BadInput(f"{file}:{number}: is no opening ({cause!r}); {KEEP}") from cause
    return Openings(tuple(before), p_values)


def append(file: Path, kind: str, opening: Opening, **more: Any) -> None:
    """Writes one line at the end and flushes it. What is not written was not opened."""
    row = {"kind": kind, "at": datetime.now(UTC).isoformat(timespec="seconds"), **vars(opening), **more}
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")


def opened_before(openings: Openings, this: Opening) -> int:
    """How often the outcomes of this test slice were read before."""
    return sum(one.test == this.test for one in openings.before)


def stands(openings: Openings, this: Opening, p: float, alpha: float) -> tuple[bool, int]:
    """Whether p is small enough among those of every challenger that was judged on this test slice (Holm), and how
    many those are. One that was opened and has no p-value counts with 1."""
    others = {one.challenger for one in openings.before if one.test == this.test} - {this.challenger}
    values = [p, *(openings.p_values.get((this.test, name), 1.0) for name in sorted(others))]
    return bool(holm(np.array(values), alpha)[0]), len(values)
