"""The days that were played: what each policy cost and did on each, laid out so that policies can be paired.

C = clusters (a world of a seed), D = days of a world, M = recoveries. What a policy did not play is NaN.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qnet.experiment.asked import BadRun
from qnet.experiment.statistics import Floats, Ints

# What a row of `quell evaluate` counts on a day, under the names that it gives them.
COUNTED = ("hours", "impactMinutes", "actions", "harmful", "withoutUplift", "pages", "incidents")
# What newer rows have too, the parts of `hours` among it.
COSTS = tuple(f"hours-{part}" for part in ("impact", "handover", "action", "harm", "recurrence"))
RECOVERED = "recovered"
# Decisions where a policy proposed nothing, harm as rows show it, questions to people, what limits of harm kept out.
ALSO_COUNTED = ("abstained", "observedHarmful", "asks", "refusedByPeople", "excluded", "tooHarmful")
KEPT = (*COUNTED, RECOVERED, *ALSO_COUNTED, *COSTS)


@dataclass(frozen=True)
class Recoveries:
    """How long each incident that recovered took to."""

    minutes: Floats  # (M,)
    cluster: Ints  # (M,)


@dataclass(frozen=True)
class Played:
    """All days of all seeds."""

    strata: Ints  # (C,) the seed of each cluster
    held_out: npt.NDArray[np.bool_]  # (C, D) the day's fault is of a family that no log has
    days: Mapping[str, Mapping[str, Floats]]  # policy -> what is counted -> (C, D)
    recoveries: Mapping[str, Recoveries] = field(default_factory=dict)

    def of(self, policy: str, counted: str) -> Floats:
        """(C, D); all NaN for a policy that never played, or rows that do not say it."""
        found = self.days.get(policy, {}).get(counted)
        return np.full(self.held_out.shape, np.nan) if found is None else found


def read_played(files: Mapping[int, Sequence[Path]]) -> Played:
    """Reads the rows of each seed's files. Raises BadRun for a row that is none, naming file and line."""
    rows = [(seed, row) for seed, parts in files.items() for part in parts for row in _rows(part)]
    clusters = {key: place for place, key in enumerate(sorted({(seed, row["world"]) for seed, row in rows}))}
    day_count = 1 + max((row["day"] for _, row in rows), default=-1)
    shape = (len(clusters), day_count)
    held_out = np.zeros(shape, dtype=np.bool_)
    days: dict[str, dict[str, Floats]] = {}
    minutes: dict[str, list[float]] = {}
    cluster_of: dict[str, list[int]] = {}
    for seed, row in rows:
        policy, cluster, day = row["policy"], clusters[seed, row["world"]], row["day"]
        held_out[cluster, day] = row["heldOut"]
        counted = days.setdefault(policy, {name: np.full(shape, np.nan) for name in KEPT})
        for name, value in _counted(row).items():
            counted[name][cluster, day] = value
        minutes.setdefault(policy, []).extend(row["minutesToRecover"])
        cluster_of.setdefault(policy, []).extend([cluster] * len(row["minutesToRecover"]))
    recoveries = {
        policy: Recoveries(np.array(minutes[policy], dtype=np.float64), np.array(cluster_of[policy], dtype=np.int64))
        for policy in days
    }
    return Played(np.array([seed for seed, _ in clusters], dtype=np.int64), held_out, days, recoveries)


def _counted(row: dict[str, Any]) -> dict[str, float]:
    """What a row counts. A day has recovered when each of its incidents did, by itself or by somebody's action."""
    said = {name: row[name] for name in COUNTED}
    said[RECOVERED] = float(len(row["minutesToRecover"]) >= row["incidents"])
    said |= {name: row[name] for name in ALSO_COUNTED if name in row}
    return said | {f"hours-{part}": hours for part, hours in row.get("costs", {}).items() if f"hours-{part}" in COSTS}


def _rows(file: Path) -> list[dict[str, Any]]:
    rows = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                missing = [name for name in _NEEDED if name not in row]
            except (ValueError, TypeError) as error:
                raise BadRun(f"{file}:{number}: no row of played days ({error}); {_AGAIN}") from error
            if missing:
                raise BadRun(f"{file}:{number}: lacks {', '.join(missing)}; {_AGAIN}")
            rows.append(row)
    return rows


_NEEDED = ("world", "day", "policy", "heldOut", "minutesToRecover", *COUNTED)
_AGAIN = "delete the file and run the table again"
