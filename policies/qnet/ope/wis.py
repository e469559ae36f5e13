"""Weighted importance sampling, decision by decision: each step's rewards are averaged by that step's weights."""

import numpy as np
from numpy.typing import ArrayLike

from ope.incidents import Estimate, weighted


def wis(
    rewards: ArrayLike,
    target_prob: ArrayLike,
    behaviour_prob: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    *,
    clip: float | None = None,
) -> Estimate:
    """v = sum_t m_t,  m_t = sum_i rho_i,0:t D_i,t r_i,t / sum_i rho_i,0:t.

    Arguments as in `ips`. An incident that has ended goes on with its last weight and reward 0, so every step's
    average is over all incidents. per_incident is linearised:  v + sum_t rho_i,0:t (D_i,t r_i,t - m_t) / mean_i
    rho_i,0:t,  whose mean is v. Where all weights of a step are 0, value and per_incident are NaN. Source: Precup,
    Sutton and Singh 2000, per-decision weighted form; consistent version of Thomas 2015, "Safe reinforcement
    learning", section 3.10 (CWPDIS).
    """
    rows = weighted(rewards, target_prob, behaviour_prob, incident_id, step, discount, clip)
    mean = rows.weight.mean(axis=0)  # (T,)
    if bool((mean == 0).any()):
        return Estimate(float("nan"), np.full(len(rows.weight), np.nan), rows.grid.incidents)
    averages = (rows.weight * rows.reward).mean(axis=0) / mean  # (T,) m_t
    value = float(averages.sum())
    each = value + rows.grid.sums(rows.weight * (rows.reward - averages) / mean)
    return Estimate(value, each, rows.grid.incidents)
