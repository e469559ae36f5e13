"""What the members say on average, held against what was observed: monotone curves, each with an interval.

Rows are sorted by what was said and cut into bins of one size; neighbours that contradict the order are pooled
(pool-adjacent-violators, Ayer et al. 1955), and every block that is left is a knot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_KNOTS = 32
LEAST_ROWS = 50  # in a bin; a share of a half is then known to within 0.13, and better where bins are pooled
Z = 1.959964  # standard normal quantile of 97.5 %: two-sided 95 %
ECE_BINS = 15
DIGITS = 6  # of a knot: far finer than its interval


@dataclass(frozen=True)
class Curve:
    """A monotone map from what the members say on average to what was observed; linear between, constant outside."""

    raw: tuple[float, ...]  # knots, strictly rising
    mean: tuple[float, ...]  # never falling
    low: tuple[float, ...]  # pointwise two-sided 95 % interval of the mean
    high: tuple[float, ...]

    def of(self, raw: Floats) -> Floats:
        """(n,) the calibrated mean."""
        found: Floats = np.interp(raw, self.raw, self.mean)
        return found


@dataclass(frozen=True)
class Calibration:
    """One curve for each output that a person is told."""

    recover: Curve
    harm: Curve
    value: Curve


def calibrated_chance(raw: Floats, happened: Floats) -> Curve:
    """The curve of a probability: raw (n,) in 0..1, happened (n,) 0 or 1, or a chance of it; n of at least 1."""
    return _curve(raw, happened, wilson)


def calibrated_mean(raw: Floats, observed: Floats) -> Curve:
    """The curve of an expected return, at most 0; its interval is that of the mean, not of single outcomes."""
    return _curve(raw, observed, normal)


def wilson(values: Floats) -> tuple[float, float]:
    """95 % of a share (Wilson 1927): always holds the mean, and never leaves 0..1."""
    count, share = len(values), float(values.mean())
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * np.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def normal(values: Floats) -> tuple[float, float]:
    """95 % of the mean of returns, by its standard error; at most 0. One value alone says nothing beyond itself."""
    half = Z * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return float(values.mean()) - half, min(0.0, float(values.mean()) + half)


def calibration_error(said: Floats, happened: Floats) -> float:
    """Expected calibration error over 15 bins of equal width: mean |said - observed|, weighted by count (0..1)."""
    place = np.minimum((said * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    gaps = np.bincount(place, weights=said - happened, minlength=ECE_BINS)
    return float(np.abs(gaps).sum() / len(said))


def _curve(raw: Floats, observed: Floats, interval: Callable[[Floats], tuple[float, float]]) -> Curve:
    order = np.argsort(raw, kind="stable")
    bins = min(MOST_KNOTS, max(1, len(raw) // LEAST_ROWS))
    blocks = pooled(np.array_split(raw[order], bins), np.array_split(observed[order], bins))
    bounds = np.array([interval(seen) for _, seen in blocks])
    # A small block has a wide interval; who is said to be likelier to harm must not have a lower upper end for it.
    low = np.minimum.accumulate(bounds[::-1, 0])[::-1]
    high = np.maximum.accumulate(bounds[:, 1])
    return Curve(
        raw=tuple(round(float(said.mean()), DIGITS) for said, _ in blocks),
        mean=tuple(round(float(seen.mean()), DIGITS) for _, seen in blocks),
        low=tuple(round(float(one), DIGITS) for one in low),
        high=tuple(round(float(one), DIGITS) for one in high),
    )


def pooled(raw: list[Floats], observed: list[Floats]) -> list[tuple[Floats, Floats]]:
    """Neighbouring bins joined until what was observed never falls, and what was said rises by a digit at least."""
    blocks: list[tuple[Floats, Floats]] = []
    for one in zip(raw, observed, strict=True):
        block = one
        while blocks and _contradicts(blocks[-1], block):
            before = blocks.pop()
            block = np.concatenate([before[0], block[0]]), np.concatenate([before[1], block[1]])
        blocks.append(block)
    return blocks


def _contradicts(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> bool:
    rises = round(float(after[0].mean()), DIGITS) > round(float(before[0].mean()), DIGITS)
    return not rises or float(after[1].mean()) < float(before[1].mean())
