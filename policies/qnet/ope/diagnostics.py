"""What a log can say about a target, from probabilities alone: no reward is read here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ope.bounds import ALPHA, spread_of
from ope.incidents import Floats, clusters_of, cumulative_weights, grid_of
from ope.restricted import totals

POWER = 0.8


@dataclass(frozen=True)
class Diagnostics:
    """overlap: how much of the target the log could have followed to an incident's end (0..1): mean over incidents of
    the product, over their decisions, of the target's probability on candidates that the log could have drawn.
    mean_cumulative_weight: mean over incidents of the weight of the whole incident; 1 where the log supports the
    target (Precup et al. 2000), far below where it does not; its standard error is by cluster (inf: one cluster).
    ess: Kish's effective number of incidents, (sum W)^2 / sum W^2; ess_share: of all incidents. ess_of_error: the
    effective number behind the standard error, (sum W^2)^2 / sum W^4: small where a few incidents decide. explored:
    share of rows whose proposal was really drawn, no candidate having probability 1. draw_deviation: by how many
    standard deviations the log's most probable candidates were proposed more often (or less, negative) than logged; 0
    where nothing was drawn. smallest_detectable_difference: in the unit of return_sd. incidents, clusters: how many.
    """

    overlap: float
    mean_cumulative_weight: float
    mean_cumulative_weight_se: float
    ess: float
    ess_share: float
    ess_of_error: float
    explored: float
    draw_deviation: float
    smallest_detectable_difference: float
    incidents: int
    clusters: int


def diagnose(
    target: Floats,
    logged: Floats,
    proposed: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    cluster_id: ArrayLike,
    *,
    return_sd: float = 1.0,
    alpha: float = ALPHA,
) -> Diagnostics:
    """target, logged (N, K) distributions padded with 0; the rest (N,). proposed: the drawn candidate's index.

    return_sd: standard deviation of an incident's return as known *before* this log's rewards are read (an earlier
    slice). Raises ValueError where a proposal was logged with probability 0.
    """
    rows = np.arange(len(logged))
    drawn = np.asarray(proposed, dtype=np.int64)
    grid = grid_of(incident_id, step)
    weight = cumulative_weights(grid, target[rows, drawn], logged[rows, drawn])[:, -1]
    clusters = clusters_of(incident_id, cluster_id)
    effective = ess(weight)
    return Diagnostics(
        overlap=float(grid.spread(totals(np.where(logged > 0, target, 0.0)), 1.0).prod(axis=1).mean()),
        mean_cumulative_weight=float(weight.mean()),
        mean_cumulative_weight_se=float(spread_of(weight[:, None], clusters, 0, 0).se[0]),
        ess=effective,
        ess_share=effective / len(weight),
        ess_of_error=ess(weight**2),
        explored=float((logged.max(axis=1) < 1 - 1e-9).mean()),
        draw_deviation=_draw_deviation(logged, drawn),
        smallest_detectable_difference=smallest_detectable_difference(effective, return_sd, alpha),
        incidents=len(weight),
        clusters=len(np.unique(clusters)),
    )


def ess(weight: ArrayLike) -> float:
    """(sum W)^2 / sum W^2, 0 if all are 0. Source: Kish 1965; Owen 2013, "Monte Carlo theory, methods and examples",
    section 9.3, where the same of the squared weights is the effective number behind the estimated variance."""
    array = np.asarray(weight, dtype=np.float64)
    squares = float((array**2).sum())
    return float(array.sum()) ** 2 / squares if squares > 0 else 0.0


def smallest_detectable_difference(
    effective: float, return_sd: float, alpha: float = ALPHA, power: float = POWER
) -> float:
    """(z_{1-alpha} + z_{power}) sd / sqrt(ESS): a difference this large is found by a one-sided test with `power`.

    Same unit as return_sd; inf if ESS is 0. Source: the normal sample-size formula (Cohen 1988, section 2), with the
    effective number of incidents for the number of incidents.
    """
    if effective <= 0:
        return float("inf")
    return float((stats.norm.ppf(1 - alpha) + stats.norm.ppf(power)) * return_sd / np.sqrt(effective))


def _draw_deviation(logged: Floats, proposed: NDArray[np.int64]) -> float:
    """z of how many rows proposed a most probable candidate, against the sum of those candidates' probabilities.

    A log that claims to draw and does not, or draws otherwise than it says, deviates by far. Rows whose candidates
    are all equally probable, or of which one is certain, say nothing.
    """
    surest = logged >= logged.max(axis=1, keepdims=True) - 1e-12
    chance = np.minimum(totals(np.where(surest, logged, 0.0)), 1.0)
    hits = surest[np.arange(len(logged)), proposed]
    variance = float((chance * (1 - chance)).sum())
    return float((hits - chance).sum()) / float(np.sqrt(variance)) if variance > 1e-9 else 0.0
