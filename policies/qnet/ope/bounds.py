"""How far a mean can be trusted, when incidents of one cluster (a storm, a shared resource) are not independent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ope.incidents import Floats

ALPHA = 0.05
RESAMPLES = 2_000  # the 5 % quantile then rests on 100 resamples
_CHUNK = 250  # resamples held at once: 250 x 20,000 clusters are 40 MB


@dataclass(frozen=True)
class Spread:
    """E means (E,), their standard errors by cluster (E,), and t (B, E): how resampled means deviate, in their own
    standard errors."""

    mean: Floats
    se: Floats
    t: Floats


def lower_bound(
    per_incident: ArrayLike,
    cluster_id: ArrayLike,
    *,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """One-sided: the mean is below it with probability about alpha.  mean - q_{1-alpha}(t*) se.

    per_incident (I,), cluster_id (I,) of the same incidents (`clusters_of`). -inf where nothing can be said: one
    cluster, or a value that is not a finite number. Source: bootstrap-t, Efron and Tibshirani 1993, section 12.5, over
    whole clusters (Field and Welsh 2007); second-order right under skew, where the percentile bootstrap is not.
    """
    return float(lower_bounds(np.asarray(per_incident)[:, None], cluster_id, alpha, resamples, seed)[0])


def upper_bound(
    per_incident: ArrayLike,
    cluster_id: ArrayLike,
    *,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """One-sided: the mean is above it with probability about alpha. As `lower_bound`, mirrored; +inf for nothing."""
    mirrored = -np.asarray(per_incident, dtype=np.float64)
    return -lower_bound(mirrored, cluster_id, alpha=alpha, resamples=resamples, seed=seed)


def interval(
    per_incident: ArrayLike,
    cluster_id: ArrayLike,
    *,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Two-sided: (lower, upper), each one-sided at alpha / 2."""
    return (
        lower_bound(per_incident, cluster_id, alpha=alpha / 2, resamples=resamples, seed=seed),
        upper_bound(per_incident, cluster_id, alpha=alpha / 2, resamples=resamples, seed=seed),
    )


def p_value(
    per_incident: ArrayLike,
    cluster_id: ArrayLike,
    *,
    at_most: float = 0.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """One-sided p of "the mean is at most `at_most`":  (1 + #{t* >= (mean - at_most) / se}) / (1 + B); 1 for nothing.

    Small where `lower_bound` lies above `at_most`. Source: Davison and Hinkley 1997, eq. 4.11.
    """
    spread = spread_of(np.asarray(per_incident, dtype=np.float64)[:, None], cluster_id, resamples, seed)
    if not np.isfinite(spread.se[0]):
        return 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = (spread.mean[0] - at_most) / spread.se[0]
    if np.isnan(observed):  # no spread, and exactly at the border
        return 1.0
    return float((1 + (spread.t[:, 0] >= observed).sum()) / (1 + len(spread.t)))


def lower_bounds(
    per_incident: ArrayLike, cluster_id: ArrayLike, alpha: float = ALPHA, resamples: int = RESAMPLES, seed: int = 0
) -> Floats:
    """`lower_bound` of E columns at once: per_incident (I, E), all over the same resamples. Returns (E,)."""
    spread = spread_of(np.asarray(per_incident, dtype=np.float64), cluster_id, resamples, seed)
    quantile = np.quantile(spread.t, 1 - alpha, axis=0, method="higher")
    with np.errstate(invalid="ignore"):
        bound = np.where(spread.se == 0, spread.mean, spread.mean - quantile * spread.se)
    return np.where(np.isfinite(spread.se) & ~np.isnan(bound), bound, -np.inf)


def spread_of(per_incident: Floats, cluster_id: ArrayLike, resamples: int, seed: int) -> Spread:
    """The cluster bootstrap itself: (I, E) values, clusters drawn whole and with replacement, B times.

    A mean of clusters of unequal size is a ratio, sum of s / sum of n; its variance is that of s - mean n by cluster:
    C / (C - 1) sum_c (s_c - mean n_c)^2 / (sum n)^2. Columns with a value that is not finite, and fewer than two
    clusters, have se = inf and t = 0. Raises ValueError if lengths differ.
    """
    clusters, place = np.unique(np.asarray(cluster_id), return_inverse=True)
    if per_incident.ndim != 2 or len(per_incident) != len(place) or len(place) == 0:
        raise ValueError(f"per_incident {per_incident.shape} and cluster_id ({len(place)},) must be of one length")
    usable = np.isfinite(per_incident).all(axis=0)
    values = np.where(usable, per_incident, 0.0)
    centre = values.mean(axis=0)  # taken out first: sums of squares then lose no digits
    columns = values.shape[1]
    sums = np.empty((len(clusters), columns))
    for column in range(columns):
        sums[:, column] = np.bincount(place, values[:, column] - centre[column], minlength=len(clusters))
    size = np.bincount(place).astype(np.float64)
    parts = np.hstack([sums, sums**2, sums * size[:, None], size[:, None], size[:, None] ** 2])
    deviation, se = _mean_and_se(np.ones((1, len(clusters))), parts, columns)
    constant = np.ptp(values, axis=0) == 0
    se = np.where(constant, 0.0, se[0])
    t = np.zeros((resamples, columns))
    random = np.random.default_rng(seed)
    for start in range(0, resamples, _CHUNK):
        counts = _counts(random, min(_CHUNK, resamples - start), len(clusters))
        means, errors = _mean_and_se(counts, parts, columns)
        with np.errstate(divide="ignore", invalid="ignore"):
            t[start : start + len(counts)] = (means - deviation) / errors
    t[:, constant] = 0.0
    t[np.isnan(t)] = 0.0
    unknown = ~usable | (len(clusters) < 2)
    t[:, unknown] = 0.0
    return Spread(centre + deviation[0], np.where(unknown, np.inf, se), t)


def empirical_bernstein(
    per_incident: ArrayLike, cluster_id: ArrayLike, low: float, high: float, *, alpha: float = ALPHA
) -> float:
    """One-sided lower bound that holds at any size, for values in a declared range [low, high]:

    mean - sqrt(2 V ln(2 / alpha) / C) - 7 range ln(2 / alpha) / (3 (C - 1)),  V the sample variance over C clusters
    of a cluster's sum times C / I. Source: Maurer and Pontil 2009, theorem 4, scaled from [0, 1]. -inf with one
    cluster. Raises ValueError if a value lies outside the declared range: declare it from what can happen (rewards
    capped, weights clipped), never from what did.
    """
    values = np.asarray(per_incident, dtype=np.float64)
    if not bool(((values >= low) & (values <= high)).all()):
        raise ValueError(f"a value lies outside the declared range {low} to {high}")
    clusters, place = np.unique(np.asarray(cluster_id), return_inverse=True)
    count = len(clusters)
    if count < 2:
        return float("-inf")
    scale = count / len(values)
    sums = scale * np.bincount(place, values)
    size = scale * np.bincount(place)
    width = float((size * high).max() - (size * low).min())
    log = float(np.log(2 / alpha))
    return float(sums.mean() - np.sqrt(2 * sums.var(ddof=1) * log / count) - 7 * width * log / (3 * (count - 1)))


def holm(p_values: ArrayLike, alpha: float = ALPHA) -> NDArray[np.bool_]:
    """Which of M hypotheses are rejected, all at a family-wise error of alpha: the k-th smallest p must be at most
    alpha / (M - k + 1), and so must all smaller ones be. Source: Holm 1979."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    holds = p[order] <= alpha / (len(p) - np.arange(len(p)))
    rejected = np.zeros(len(p), dtype=np.bool_)
    rejected[order] = np.logical_and.accumulate(holds)
    return rejected


def _counts(random: np.random.Generator, resamples: int, clusters: int) -> Floats:
    """(B, C): how often each resample drew each cluster."""
    drawn = random.integers(0, clusters, size=(resamples, clusters)) + clusters * np.arange(resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=resamples * clusters)
    return counts.reshape(resamples, clusters).astype(np.float64)


def _mean_and_se(counts: Floats, parts: Floats, columns: int) -> tuple[Floats, Floats]:
    """(B, E) ratio means and their standard errors, from sums that each resample weighs by its counts (B, C)."""
    total = counts @ parts
    sums, squares, crossed = (total[:, one * columns : (one + 1) * columns] for one in range(3))
    size, size_squares = total[:, -2:-1], total[:, -1:]
    mean = sums / size
    clusters = counts.shape[1]
    residual = np.maximum(squares - 2 * mean * crossed + mean**2 * size_squares, 0.0)
    return mean, np.sqrt(clusters / max(clusters - 1, 1) * residual) / size
