"""Challenger against champion on paired days: how much cost is gained and harm added, with one-sided bounds."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ope import lower_bounds

from .days import Days
from .decisions import Floats, Ints
from .thresholds import Thresholds

FEW_EVENTS = 10  # harmful actions of both together: below it no resampling shows how many there might have been


@dataclass(frozen=True)
class Side:
    """A difference and its two one-sided bounds, each false with probability 1 - level."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """gain: cost that the challenger spares, as a share of the champion's. harm: more harm per executed action."""

    incidents: int
    worlds: int
    gain: Side
    harm: Side
    champion_hours: float  # mean an incident
    challenger_pages: float  # mean an incident
    champion_pages: float


def compare(days: Days, weight: Floats, thresholds: Thresholds) -> Compared:
    """weight (D,): how much each day counts, as days of a family may be more or fewer than its share of the world.

    Bounds are those of the bootstrap over worlds (ope.bounds) on linearised ratios: for a ratio r = sum a / sum b the
    value of a day is r + (a - r b) / mean b.
    """
    ours, theirs = days.hours
    gain = _ratio(weight * (theirs - ours), weight * theirs)
    shares = [_ratio(weight * days.harmful[place], weight * days.actions[place]) for place in (0, 1)]
    harm = shares[0] - shares[1]
    columns = np.stack([gain, -gain, harm, -harm], axis=1)
    bounds = lower_bounds(columns, days.world, 1 - thresholds.level, thresholds.draws, thresholds.seed)
    harmed = Side(float(harm.mean()), float(bounds[2]), -float(bounds[3]))
    return Compared(
        incidents=len(days.world),
        worlds=len(np.unique(days.world)),
        gain=Side(float(gain.mean()), float(bounds[0]), -float(bounds[1])),
        harm=_widened(harmed, days, weight, thresholds.level),
        champion_hours=float(np.average(theirs, weights=weight)),
        challenger_pages=float(np.average(days.pages[0], weights=weight)),
        champion_pages=float(np.average(days.pages[1], weights=weight)),
    )


def weights_of(family: Ints, wanted: Floats) -> Floats:
    """(D,) with mean 1: each family, a place in `wanted`, counts as much in all as `wanted` has of it."""
    counts = np.bincount(family, minlength=len(wanted))
    there = np.where(counts > 0, wanted, 0.0)
    each: Floats = (there / there.sum() * len(family) / np.maximum(counts, 1))[family]
    return each


def _ratio(above: Floats, below: Floats) -> Floats:
    """(D,) values whose mean is sum above / sum below, and whose spread is that of the ratio.

    0 / 0 is 0: nothing was done and nothing came of it. More than nothing against nothing has no ratio: NaN.
    """
    total = float(below.mean())
    if total == 0:
        return np.full(len(below), 0.0 if not above.any() else np.nan)
    ratio = float(above.mean()) / total
    return ratio + (above - ratio * below) / total


def _widened(found: Side, days: Days, weight: Floats, level: float) -> Side:
    """With few harmful actions the bounds are not narrower than those of two shares of independent cases."""
    if days.harmful.sum() >= FEW_EVENTS or ((days.actions[0] == days.actions[1]).all() and _same(days.harmful)):
        return found
    counts = []
    for actions, harmful in zip(days.actions, days.harmful, strict=True):
        squares = float((weight**2 * actions).sum())
        size = float((weight * actions).sum()) ** 2 / squares if squares > 0 else 0.0
        share = float((weight * harmful).sum() / max((weight * actions).sum(), 1e-300))
        counts.append((share, size))
    low, high = difference_of_shares(counts[0], counts[1], float(stats.norm.ppf(level)))
    return Side(found.value, min(found.low, low), max(found.high, high))


def _same(pair: Floats) -> bool:
    return bool((pair[0] == pair[1]).all())


def difference_of_shares(ours: tuple[float, float], theirs: tuple[float, float], z: float) -> tuple[float, float]:
    """Bounds of the difference of two (share, of): Newcombe's hybrid score interval (1998, method 10)."""
    if min(ours[1], theirs[1]) <= 0:
        return -1.0, 1.0
    (p, _), (q, _) = ours, theirs
    (low, high), (other_low, other_high) = _wilson(*ours, z), _wilson(*theirs, z)
    down, up = np.hypot(p - low, other_high - q), np.hypot(high - p, q - other_low)
    return float(p - q - down), float(p - q + up)


def _wilson(share: float, of: float, z: float) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927)."""
    more = z * z / of
    half = z * np.sqrt(share * (1 - share) / of + more / of / 4)
    return float((share + more / 2 - half) / (1 + more)), float((share + more / 2 + half) / (1 + more))
