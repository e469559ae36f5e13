"""Importance sampling over whole incidents, divided by the sum of the weights: a little bias for much less spread."""

import numpy as np
from numpy.typing import ArrayLike

from ope.incidents import Estimate, weighted


def snips(
    rewards: ArrayLike,
    target_prob: ArrayLike,
    behaviour_prob: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    *,
    clip: float | None = None,
) -> Estimate:
    """v = sum_i W_i G_i / sum_i W_i,  W_i the weight of the whole incident,  G_i = sum_t D_t r_t.

    Arguments as in `ips`. per_incident is linearised:  v + W_i (G_i - v) / mean(W),  whose mean is v. Where every
    weight is 0 no incident speaks of the target: value and per_incident are NaN. Source: Swaminathan and Joachims
    2015, "The self-normalized estimator for counterfactual learning", eq. 9; linearised by the delta method.
    """
    rows = weighted(rewards, target_prob, behaviour_prob, incident_id, step, discount, clip)
    weight, total = rows.weight[:, -1], rows.grid.sums(rows.reward)
    mean = float(weight.mean())
    if mean == 0:
        return Estimate(float("nan"), np.full(len(weight), np.nan), rows.grid.incidents)
    value = float((weight * total).mean()) / mean
    return Estimate(value, value + weight * (total - value) / mean, rows.grid.incidents)
