"""Doubly robust: a model of the values, corrected by importance weights wherever the log shows it wrong."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ope.incidents import Estimate, Floats, column, weighted

Rows = NDArray[np.int64]  # places among the N rows
QModel = Callable[[Rows, Rows], tuple[ArrayLike, ArrayLike]]
"""(rows to fit on, rows to answer for) -> (q_logged, v_target), one value for each row to answer for."""


def dr(
    rewards: ArrayLike,
    target_prob: ArrayLike,
    behaviour_prob: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    q_logged: ArrayLike,
    v_target: ArrayLike,
    *,
    clip: float | None = None,
) -> Estimate:
    """Mean over incidents of  sum_t D_t [ rho_0:t-1 V(s_t) + rho_0:t (r_t - Q(s_t, a_t)) ].

    First six and clip as in `ips`. q_logged (N,): Q of the proposed action; v_target (N,): sum_a target(a) Q(s, a)
    over the row's candidates. Both must come from a model that has not seen the row's cluster (`cross_fitted`); any
    model at all leaves the value unbiased, a good one makes its spread small. Raises ValueError on rows that cannot
    be. Source: Jiang and Li 2016, "Doubly robust off-policy value evaluation", eq. 10, unrolled as in Thomas and
    Brunskill 2016, eq. 3; cross-fitting: Chernozhukov et al. 2018, definition 3.1.
    """
    rows = weighted(rewards, target_prob, behaviour_prob, incident_id, step, discount, clip)
    count = len(rows.grid.incident)
    q = rows.discount * rows.grid.spread(column(q_logged, "q_logged", count), 0.0)
    v = rows.discount * rows.grid.spread(column(v_target, "v_target", count), 0.0)
    each = rows.grid.sums(rows.before * v + rows.weight * (rows.reward - q))
    return Estimate(float(each.mean()), each, rows.grid.incidents)


def folds_of(cluster_id: ArrayLike, folds: int = 2, seed: int = 0) -> NDArray[np.int64]:
    """(N,) fold 0..folds-1 of each row: whole clusters, dealt evenly. Raises ValueError if there are fewer."""
    clusters, place = np.unique(np.asarray(cluster_id), return_inverse=True)
    if folds < 2 or len(clusters) < folds:
        raise ValueError(f"{len(clusters)} clusters cannot be dealt into {folds} folds")
    return (np.random.default_rng(seed).permutation(len(clusters)) % folds)[place]


def cross_fitted(model: QModel, cluster_id: ArrayLike, folds: int = 2, seed: int = 0) -> tuple[Floats, Floats]:
    """(q_logged, v_target), both (N,): each row's from the model fitted on the clusters of all other folds."""
    fold = folds_of(cluster_id, folds, seed)
    q, v = np.empty(len(fold)), np.empty(len(fold))
    for one in range(folds):
        held = np.flatnonzero(fold == one)
        q[held], v[held] = model(np.flatnonzero(fold != one), held)
    return q, v
