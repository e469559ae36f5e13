"""Simulated logs: one folder a stream, grown as long as its longest reader needs it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qnet.experiment.plan import Log
from qnet.experiment.run_tasks import TaskFailed, run_command


def simulate(log: Log, folder: Path, quell: Sequence[str]) -> str:
    """Writes the log with `quell simulate`, which goes on where it was stopped. Raises TaskFailed where it cannot."""
    command = [
        *(*quell, "simulate", "--incidents", str(log.days), "--seed", str(log.seed), "--out", str(folder)),
        *("--split", "train", "--behaviour", "oncall", "--confounding", log.confounding),
        *(("--broken", str(log.broken)) if log.broken else ()),
    ]
    before = days_in(folder)
    try:
        run_command(command)
    except TaskFailed as error:
        if before == 0:
            raise
        raise TaskFailed(f"{error}\nIf the simulator has changed, delete {folder}: it is simulated again") from error
    return f"{log.days - min(before, log.days)} days simulated"


def days_in(folder: Path) -> int:
    """So many days lie in the folder."""
    found = _listed(folder)
    return 0 if found is None else int(found["incidents"])


def hash_of_first(folder: Path, days: int) -> str:
    """Hash of the files that hold the first so many days. Raises TaskFailed where they are not all there."""
    found = _listed(folder)
    if found is None or found["incidents"] < days:
        raise TaskFailed(f"{folder}: has no log of {days} days; see why `quell simulate` did not write it")
    hashes, held = [], 0
    for part in found["parts"]:
        if held >= days:
            break
        hashes.append(part["sha256"])
        held += part["incidents"]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _listed(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / "simulation.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found
