"""What a log can prove about a policy that did not write it: estimates, bounds, and when there is no answer.

Arrays in, numbers out; nothing here reads a file, a model or a probability of its own making. Rows are decisions: N of
them, in any order, with rewards, target_prob, behaviour_prob (both of the proposed action), incident_id, step (0, 1,
2, ... within an incident), discount (exp(-beta minutes) to the next row) and cluster_id, each (N,); whole
distributions are (N, K), padded with 0.

The order of use:

    deployed = restricted(target, logged, champion)                                   # (N, K)
    answer = evaluable(deployed, logged, proposed, incident_id, step, cluster_id)     # before a reward is read
    estimate = dr(rewards, target_prob, behaviour_prob, incident_id, step, discount, q_logged, v_target)
    bound = lower_bound(estimate.per_incident - champion.per_incident, clusters_of(incident_id, cluster_id))

Numpy and scipy.stats alone. `python -m ope.coverage` measures how often the bounds are false where the truth is known.
"""

from ope.bounds import empirical_bernstein, holm, interval, lower_bound, lower_bounds, p_value, upper_bound
from ope.diagnostics import Diagnostics, diagnose, ess, smallest_detectable_difference
from ope.dr import cross_fitted, dr, folds_of
from ope.evaluable import Evaluability, Requirements, evaluable
from ope.fqe import Linear, Tabular, fqe, fqe_model
from ope.incidents import Estimate, clusters_of
from ope.ips import ips
from ope.restricted import restricted
from ope.snips import snips
from ope.wis import wis

__all__ = [
    "Diagnostics",
    "Estimate",
    "Evaluability",
    "Linear",
    "Requirements",
    "Tabular",
    "clusters_of",
    "cross_fitted",
    "diagnose",
    "dr",
    "empirical_bernstein",
    "ess",
    "evaluable",
    "folds_of",
    "fqe",
    "fqe_model",
    "holm",
    "interval",
    "ips",
    "lower_bound",
    "lower_bounds",
    "p_value",
    "restricted",
    "smallest_detectable_difference",
    "snips",
    "upper_bound",
    "wis",
]
