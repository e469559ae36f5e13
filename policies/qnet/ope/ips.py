"""Importance sampling, decision by decision: unbiased wherever the log could have done what the target does."""

from numpy.typing import ArrayLike

from ope.incidents import Estimate, weighted


def ips(
    rewards: ArrayLike,
    target_prob: ArrayLike,
    behaviour_prob: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    *,
    clip: float | None = None,
) -> Estimate:
    """Mean over incidents of  sum_t D_t rho_0:t r_t,  rho_0:t = prod_{u<=t} target_u / behaviour_u.

    All (N,), in any order; probabilities are those of the proposed action; discount leads from a row to the next
    and D_t is the product of those before t. clip: cumulative weights above it count as it. Raises ValueError on
    rows that cannot be. Source: Precup, Sutton and Singh 2000, "Eligibility traces for off-policy policy
    evaluation", per-decision importance sampling (section 3).
    """
    rows = weighted(rewards, target_prob, behaviour_prob, incident_id, step, discount, clip)
    each = rows.grid.sums(rows.weight * rows.reward)
    return Estimate(float(each.mean()), each, rows.grid.incidents)
