"""Which rows of a log count, in which order, and which decision follows which."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from .bad_input import BadEpisodes
from .log_files import Log

Ints = NDArray[np.int64]
DAMAGED = "part of the log is missing or doubled: write it again, and read a folder only once"


@dataclass(frozen=True)
class Stream:
    """N decisions in the order of time, cluster after cluster."""

    rows: Ints  # (N,) row of the log
    step: Ints  # (N,) which decision of its incident, from 0
    follows: Ints  # (N,) the next decision of the incident; -1 = it ended; an open one points at itself
    cluster: Ints  # (N,) 0.. in order of first appearance


def stream_of(log: Log, first: int | None) -> Stream:
    """The newest version of every decision, of the `first` so many clusters or of all.

    Raises BadEpisodes where an incident is split over files, has a gap or a repeat, or there are too few clusters.
    """
    _check_split(log)
    kept = _newest(log)
    kept = kept[np.lexsort((log.numbers("step")[kept], log.codes("incident_id")[kept]))]
    _check_chains(log, kept)
    rank = _cluster_rank(log, kept)  # (kept,)
    clusters = int(rank.max()) + 1
    if first is not None and not 0 < first <= clusters:
        raise BadEpisodes(f"the first {first} clusters are asked for, the log has {clusters}; ask for 1 to {clusters}")
    within = rank < (clusters if first is None else first)
    kept, rank = kept[within], rank[within]
    step = log.numbers("step")[kept].astype(np.int64)
    follows = _follows(log, kept, step)
    order = np.lexsort((kept, step, log.numbers("decided_at")[kept], rank))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    follows = np.where(follows < 0, -1, place[follows])
    return Stream(rows=kept[order], step=step[order], follows=follows[order], cluster=rank[order])


def _check_split(log: Log) -> None:
    """Late outcomes are new versions and may come in a later file; the first ones there of an incident are in one."""
    decision = log.codes("decision_id")
    order = np.lexsort((log.numbers("row_version"), decision))
    first = np.sort(order[np.append(True, np.diff(decision[order]) != 0)])  # lowest version of each decision
    incident, file = log.codes("incident_id")[first], log.file_of()[first]
    order = np.lexsort((first, incident))
    torn = (np.diff(incident[order]) == 0) & (np.diff(file[order]) != 0)
    _refuse(log, first[order[1:][torn]], "its incident began in another file", DAMAGED)


def _newest(log: Log) -> Ints:
    """The row of each decision's highest version."""
    decision, version = log.codes("decision_id"), log.numbers("row_version")
    order = np.lexsort((version, decision))
    same = np.diff(decision[order]) == 0
    _refuse(
        log, order[1:][same & (np.diff(version[order]) == 0)], "this version of the decision is there twice", DAMAGED
    )
    newest: Ints = order[np.append(~same, True)]
    return newest


def _check_chains(log: Log, kept: Ints) -> None:
    """`kept` is sorted by incident and step."""
    incident, step = log.codes("incident_id")[kept], log.numbers("step")[kept]
    begins = np.append(True, np.diff(incident) != 0)
    starts = np.flatnonzero(begins)
    wanted = np.arange(len(kept)) - np.repeat(starts, np.diff(np.append(starts, len(kept))))
    _refuse(log, kept[step != wanted], "the steps of its incident have a gap or a repeat before it", DAMAGED)
    later = ~begins[1:]
    back = np.diff(log.numbers("decided_at")[kept]) < 0
    _refuse(log, kept[1:][later & back], "it was decided before the step that it follows", DAMAGED)
    moved = np.diff(log.codes("cluster_id")[kept]) != 0
    _refuse(log, kept[1:][later & moved], "its incident began in another cluster", DAMAGED)
    ended = pc.not_equal(log.column("end"), "none").to_numpy(zero_copy_only=False)[kept]
    last = np.append(begins[1:], True)
    _refuse(log, kept[ended & ~last], "the incident ended here, yet another step follows", DAMAGED)
    _refuse(log, kept[last & ~ended], "the incident did not end here, yet no step follows", DAMAGED)


def _cluster_rank(log: Log, kept: Ints) -> Ints:
    """(kept,) clusters numbered by their earliest decision."""
    by_time = np.lexsort((kept, log.numbers("decided_at")[kept]))
    _, appears, code = np.unique(log.codes("cluster_id")[kept][by_time], return_index=True, return_inverse=True)
    number = np.empty_like(appears)
    number[np.argsort(appears)] = np.arange(len(appears))
    rank = np.empty(len(kept), dtype=np.int64)
    rank[by_time] = number[code]
    return rank


def _follows(log: Log, kept: Ints, step: Ints) -> Ints:
    """(kept,) place in `kept` of the next decision; kept is sorted by incident and step, and holds whole incidents."""
    here = np.arange(len(kept))
    goes_on = np.append(step[1:] > 0, False)
    is_open = pc.equal(log.column("end"), "open").to_numpy(zero_copy_only=False)[kept]
    return np.where(goes_on, here + 1, np.where(is_open, here, -1))


def _refuse(log: Log, rows: Ints, rule: str, remedy: str) -> None:
    wrong = np.zeros(log.rows.num_rows, dtype=bool)
    wrong[rows] = True
    log.refuse(wrong, rule, remedy)
