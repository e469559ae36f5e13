"""Days that both policies played in the simulator, as `quell evaluate` writes them, paired.

D = days; an array of (2, D) has the challenger's row first. One simulated day counts as one incident.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qnet.bad_input import BadInput

from .decisions import Floats, Ints

NO_RUNBOOKS = frozenset({"wait", "page"})  # of `choices`: nothing to consent to
AGAIN = "write the days again with `quell evaluate`, both policies on the same days"
NEEDED: Mapping[str, Any] = {
    "world": int,
    "day": int,
    "family": str,
    "policy": str,
    "choices": list,
}
COUNTS = ("actions", "harmful", "pages")


@dataclass(frozen=True)
class Days:
    """Each day under both policies."""

    world: Ints  # (D,) sealed worlds: the clusters
    family: NDArray[np.str_]  # (D,) of the day's first fault
    hours: Floats  # (2, D) cost, in hours of severity-1 impact
    actions: Floats  # (2, D) executed
    harmful: Floats  # (2, D) of those, harmful in truth
    pages: Floats  # (2, D)
    runbooks: Mapping[str, frozenset[str]]  # what either policy executed on the days of a family

    def only(self, rows: NDArray[np.bool_]) -> "Days":
        """Those days alone."""
        pairs = {name: getattr(self, name)[:, rows] for name in ("hours", *COUNTS)}
        return Days(self.world[rows], self.family[rows], runbooks=self.runbooks, **pairs)


def read_days(file: Path, challenger: str, champion: str) -> Days:
    """Reads JSON lines. Raises BadInput for a line that is no day, and for a day that only one of the two played."""
    played: dict[str, dict[tuple[int, int, str], dict[str, Any]]] = {challenger: {}, champion: {}}
    for number, row in _rows(file):
        if row["policy"] not in played:
            continue
        key = (row["world"], row["day"], row["family"])
        if key in played[row["policy"]]:
            raise BadInput(f"{file}:{number}: {row['policy']} played day {row['day']} of world {row['world']} twice")
        played[row["policy"]][key] = row
    ours, theirs = played[challenger], played[champion]
    if challenger == champion or not ours:
        raise BadInput(f"{file}: holds no day of {challenger} beside {champion}; {AGAIN}")
    alone = sorted(ours.keys() ^ theirs.keys())
    if alone:
        world, day, family = alone[0]
        raise BadInput(f"{file}: only one policy played day {day} of world {world} ({family}); {AGAIN}")
    return days_of([(ours[key], theirs[key]) for key in sorted(ours)])


def days_of(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Days:
    """Pairs of judged days: the challenger's and the champion's of the same day."""
    both = list(pairs)
    runbooks: dict[str, set[str]] = {}
    for pair in both:
        for row in pair:
            runbooks.setdefault(row["family"], set()).update(set(row["choices"]) - NO_RUNBOOKS)
    counted = {
        name: np.array([[pair[place][name] for pair in both] for place in (0, 1)], dtype=np.float64)
        for name in ("hours", *COUNTS)
    }
    return Days(
        world=np.array([pair[0]["world"] for pair in both], dtype=np.int64),
        family=np.array([pair[0]["family"] for pair in both], dtype=np.str_),
        runbooks={family: frozenset(names) for family, names in runbooks.items()},
        **counted,
    )


def _rows(file: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as cause:
        raise BadInput(f"{file}: cannot be read ({cause.strerror}); {AGAIN}") from cause
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as cause:
            raise BadInput(f"{file}:{number}: is not JSON ({cause}); {AGAIN}") from cause
        wrong = _wrong(row)
        if wrong:
            raise BadInput(f"{file}:{number}: {wrong}; {AGAIN}")
        yield number, row


def _wrong(row: object) -> str:
    """What makes this no judged day; "" where it is one."""
    if not isinstance(row, dict):
        return "is no object"
    for name, kind in NEEDED.items():
        value = row.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"{name} is {value!r}"
    for name in ("hours", *COUNTS):
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not (0 <= value < float("inf")):
            return f"{name} is {value!r}, not a number of 0 or more"
    return "" if row["harmful"] <= row["actions"] else "has more harmful actions than actions"
