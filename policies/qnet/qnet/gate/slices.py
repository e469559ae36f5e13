"""Four slices by time, made of whole clusters: what was trained on never meets what is judged on."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .decisions import Decisions, Flags, Floats

SLICES = ("train", "tune", "calibrate", "test")


@dataclass(frozen=True)
class Slices:
    """Either shares of the clusters, in order of time, or windows [fromMs, toMs) of decisions; the other is None."""

    shares: tuple[float, ...] | None
    windows: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True)
class Sliced:
    """clusters (C,) by their first decision, and the slice of each; "" for one that lies in none, or in two."""

    clusters: np.ndarray[tuple[int, ...], np.dtype[np.str_]]
    slice_of: np.ndarray[tuple[int, ...], np.dtype[np.str_]]

    def named(self, name: str) -> frozenset[str]:
        """The clusters of a slice."""
        return frozenset(self.clusters[self.slice_of == name].tolist())

    def rows(self, decisions: Decisions, name: str) -> Flags:
        """(N,) which decisions are of a slice."""
        return np.isin(decisions.cluster, self.clusters[self.slice_of == name])


def sliced(decisions: Decisions, slices: Slices) -> Sliced:
    """Puts each cluster in the slice that has all of its decisions. One that straddles an edge is in none."""
    clusters, code = np.unique(decisions.cluster, return_inverse=True)
    first = np.full(len(clusters), np.inf)
    last = np.full(len(clusters), -np.inf)
    np.minimum.at(first, code, decisions.decided_at)
    np.maximum.at(last, code, decisions.decided_at)
    order = np.lexsort((clusters, first))
    clusters, first, last = clusters[order], first[order], last[order]
    windows = _windows(first, slices)
    slice_of = np.full(len(clusters), "", dtype=f"<U{max(map(len, SLICES))}")
    for name, (begin, end) in zip(SLICES, windows, strict=True):
        slice_of[(first >= begin) & (last < end)] = name
    return Sliced(clusters, slice_of)


def in_order(slices: Slices) -> str:
    """What is wrong with the windows; "" where train < tune < calibrate < test. Empty ones do not count."""
    edges = [(name, edge) for name, edge in zip(SLICES, slices.windows or (), strict=False) if edge[0] < edge[1]]
    for (name, (_, end)), (after, (begin, _)) in pairwise(edges):
        if begin < end:
            return f"the slice {after} begins before {name} has ended"
    return ""


def _windows(first: Floats, slices: Slices) -> tuple[tuple[float, float], ...]:
    """Windows in ms; shares are cut at the first decision of the cluster that begins the next slice."""
    if slices.windows is not None:
        return slices.windows
    upto = np.round(np.cumsum((0.0, *(slices.shares or ()))) * len(first)).astype(int)
    times = np.append(first, np.inf)[np.minimum(upto, len(first))]
    times[0], times[-1] = -np.inf, np.inf
    return tuple((float(begin), float(end)) for begin, end in pairwise(times))
