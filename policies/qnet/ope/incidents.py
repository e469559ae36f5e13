"""Rows become incidents: one grid of incidents by steps, on which every estimator is a few array operations.

N = logged rows (decisions), I = incidents, T = most decisions of one incident. Rows may come in any order.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ids = NDArray[Any]  # whole numbers or strings


@dataclass(frozen=True)
class Estimate:
    """A policy's mean return an incident, and what each incident adds to it.

    per_incident (I,): its mean is `value`, and its spread is that of the value: what a bootstrap resamples. For ratio
    estimators these are linearised (influence) values. incidents (I,): their ids, sorted; two estimates from the same
    rows are paired by place.
    """

    value: float
    per_incident: Floats
    incidents: Ids


@dataclass(frozen=True)
class Grid:
    """Where each of N rows stands: incident (N,) is a place in incidents (I,), step (N,) a column below `steps`."""

    incidents: Ids
    incident: NDArray[np.int64]
    step: NDArray[np.int64]
    steps: int

    def sums(self, grid: Floats) -> Floats:
        """(I,) row sums of (I, T); as a product, several times faster than a sum along short rows."""
        totals: Floats = grid @ np.ones(self.steps)
        return totals

    def spread(self, values: Floats, fill: float) -> Floats:
        """(N,) to (I, T); past an incident's end stands `fill`."""
        grid = np.full((len(self.incidents), self.steps), fill)
        grid[self.incident, self.step] = values
        return grid


@dataclass(frozen=True)
class Weighted:
    """What the estimators share, all but `grid` (I, T), past an incident's end as if it went on earning nothing.

    reward: discounted to the incident's start, D_t r_t with D_t = product of the discounts before t. discount: D_t.
    weight: rho_0:t = product over u <= t of target / behaviour; keeps its last value past the end. before: rho_0:t-1.
    """

    grid: Grid
    reward: Floats
    discount: Floats
    weight: Floats
    before: Floats


def grid_of(incident_id: ArrayLike, step: ArrayLike) -> Grid:
    """Sorts rows into incidents. Raises ValueError where an incident's steps are not 0, 1, 2, ... once each."""
    ids, steps = np.asarray(incident_id), np.asarray(step, dtype=np.int64)
    if ids.ndim != 1 or ids.shape != steps.shape or len(ids) == 0:
        raise ValueError(f"incident_id {ids.shape} and step {steps.shape} must be two equally long, non-empty columns")
    if bool((ids[1:] < ids[:-1]).any()):
        incidents, incident = np.unique(ids, return_inverse=True)
    else:  # already in order: no sorting
        opens = np.concatenate([[True], ids[1:] != ids[:-1]])
        incidents, incident = ids[opens], opens.cumsum() - 1
    counts = np.bincount(incident)
    most = int(counts.max())
    outside = (steps < 0) | (steps >= counts[incident])
    taken = np.bincount(incident * most + np.where(outside, 0, steps), minlength=len(counts) * most)
    wrong = outside | (taken[incident * most + np.where(outside, 0, steps)] > 1)
    if bool(wrong.any()):
        raise ValueError(f"incident {ids[wrong][0]}: its steps must be 0, 1, 2, ... each once")
    return Grid(incidents, incident.astype(np.int64), steps, most)


def cumulative_weights(grid: Grid, target_prob: ArrayLike, behaviour_prob: ArrayLike) -> Floats:
    """(I, T): product over steps <= t of target / behaviour, of the proposed actions; its last value past the end.

    Raises ValueError for a behaviour outside (0, 1] (what was drawn had a chance) or a target outside [0, 1].
    """
    target = column(target_prob, "target_prob", len(grid.incident))
    behaviour = column(behaviour_prob, "behaviour_prob", len(grid.incident))
    if bool((behaviour <= 0).any() or (behaviour > 1 + 1e-9).any()):
        raise ValueError("behaviour_prob must be above 0 and at most 1: what was drawn had a chance of being drawn")
    if bool((target < 0).any() or (target > 1 + 1e-9).any()):
        raise ValueError("target_prob must be between 0 and 1")
    return np.cumprod(grid.spread(target / behaviour, 1.0), axis=1, dtype=np.float64)


def weighted(
    rewards: ArrayLike,
    target_prob: ArrayLike,
    behaviour_prob: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    clip: float | None = None,
) -> Weighted:
    """Checks N rows and lays them out. clip: cumulative weights above it count as it (biased; null = never).

    discount (N,): exp(-beta minutes) from a row to the next, in (0, 1]. Raises ValueError on what cannot be.
    """
    grid = grid_of(incident_id, step)
    rows = len(grid.incident)
    factors = column(discount, "discount", rows)
    if bool((factors <= 0).any() or (factors > 1).any()):
        raise ValueError("discount must be above 0 and at most 1")
    weight = cumulative_weights(grid, target_prob, behaviour_prob)
    if clip is not None:
        weight = np.minimum(weight, clip)
    ones = np.ones((len(grid.incidents), 1))
    until = np.hstack([ones, np.cumprod(grid.spread(factors, 1.0), axis=1)[:, :-1]])
    reward = until * grid.spread(column(rewards, "rewards", rows), 0.0)
    return Weighted(grid, reward, until, weight, np.hstack([ones, weight[:, :-1]]))


def clusters_of(incident_id: ArrayLike, cluster_id: ArrayLike) -> Ids:
    """Rows' clusters (N,) to those of the sorted incidents (I,). Raises ValueError if an incident lies in two."""
    ids, clusters = np.asarray(incident_id), np.asarray(cluster_id)
    if ids.shape != clusters.shape:
        raise ValueError(f"incident_id {ids.shape} and cluster_id {clusters.shape} must be equally long")
    _, first, incident = np.unique(ids, return_index=True, return_inverse=True)
    found: Ids = clusters[first]
    if bool((found[incident] != clusters).any()):
        raise ValueError(f"incident {ids[found[incident] != clusters][0]} lies in two clusters")
    return found


def column(values: ArrayLike, name: str, rows: int) -> Floats:
    """As float64 (N,). Raises ValueError if it is not that long or holds NaN or infinity."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (rows,):
        raise ValueError(f"{name} has shape {array.shape}; one value for each of {rows} rows is needed")
    if not bool(np.isfinite(array).all()):
        raise ValueError(f"{name} holds a value that is not a finite number")
    return array
