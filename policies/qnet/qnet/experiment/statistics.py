"""Intervals by the bootstrap over worlds within seeds: every number of the table that has a plus or minus.

B = draws, C = clusters (a world of a seed), N = values. A draw is a weight for each cluster: how often it was drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL = 0.95
Z = 1.959964  # the normal quantile of LEVEL, both sides
QUARTILES = (0.25, 0.75)


@dataclass(frozen=True)
class Interval:
    """A number and its 95 % interval; NaN where nothing was measured."""

    value: float
    low: float
    high: float


def draws(strata: Ints, count: int, seed: int) -> Floats:
    """Draws clusters with replacement, within each stratum as many as it has.

    strata (C,): the seed that each cluster belongs to. Returns (1 + count, C); the first row is the data as they are.
    """
    generator = np.random.default_rng(seed)
    weights = np.ones((1 + count, len(strata)))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        weights[1:, members] = generator.multinomial(len(members), np.full(len(members), 1 / len(members)), size=count)
    return weights


def interval(values: Floats) -> Interval:
    """The interval of percentiles of (1 + B,) values, the first of which is that of the data as they are."""
    drawn = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or len(drawn) == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values[0]), float(low), float(high))


def ratio(weights: Floats, above: Floats, below: Floats) -> Floats:
    """Sum over sum in each draw: a mean, where `below` counts. above, below (C,). Returns (1 + B,), NaN for 0 / 0."""
    return _divided(weights @ above, weights @ below)


def trimmed_mean(weights: Floats, cluster: Ints, values: Floats, low: float, high: float) -> Floats:
    """Mean of the values between two quantiles, in each draw: (1/4, 3/4) is the interquartile mean.

    cluster, values (N,). A value on an edge counts with the part of it that lies within. Returns (1 + B,).
    """
    order = np.argsort(values, kind="stable")
    each = weights[:, cluster[order]]  # (1 + B, N)
    upto = np.cumsum(each, axis=1)
    total = upto[:, -1:] if len(values) else np.zeros((len(weights), 1))
    inside = np.clip(np.minimum(upto, high * total) - np.maximum(upto - each, low * total), 0, None)
    return _divided(inside @ values[order], inside.sum(axis=1))


def quantile(weights: Floats, cluster: Ints, values: Floats, at: float) -> Floats:
    """The least value that `at` of the weight does not exceed, in each draw. cluster, values (N,). Returns (1 + B,)."""
    if len(values) == 0:
        return np.full(len(weights), np.nan)
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[:, cluster[order]], axis=1)
    # A draw may leave out every cluster that has a value.
    place = np.argmax(upto >= at * upto[:, -1:] - 1e-9, axis=1)
    return np.where(upto[:, -1] > 0, values[order][place], np.nan)


def wilson(happened: float, of: float) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927)."""
    share, more = happened / of, Z * Z / of
    half = Z * np.sqrt(share * (1 - share) / of + more / of / 4)
    return float((share + more / 2 - half) / (1 + more)), float((share + more / 2 + half) / (1 + more))


def share_difference(ours: tuple[float, float], theirs: tuple[float, float]) -> Interval:
    """Difference of two shares, each (happened, of): Newcombe's hybrid score interval (1998, method 10).

    It counts each case as independent, and stays honest where nothing happened: no case of 20 is no proof of none.
    """
    if min(ours[1], theirs[1]) <= 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    (p, q), (low, high), (other_low, other_high) = (
        (ours[0] / ours[1], theirs[0] / theirs[1]),
        wilson(*ours),
        wilson(*theirs),
    )
    return Interval(
        p - q,
        float(p - q - np.hypot(p - low, other_high - q)),
        float(p - q + np.hypot(high - p, q - other_low)),
    )


def _divided(above: Floats, below: Floats) -> Floats:
    shares = np.full(len(below), np.nan)
    np.divide(above, below, out=shares, where=below != 0)
    return shares
