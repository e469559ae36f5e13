"""May this log be asked about this target at all? Answered from probabilities, before a reward is read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ope.diagnostics import Diagnostics, diagnose
from ope.incidents import Floats
from ope.restricted import distributions


@dataclass(frozen=True)
class Requirements:
    """What a log must show; a miss makes a target NOT EVALUABLE, never passed. The first four are the promotion
    gate's; the others close ways in which those four look green on a log that says too little."""

    overlap: float = 0.99  # least share of the target that the log could have followed to an incident's end
    weight_errors: float = 3.0  # most standard errors between the mean cumulative weight and 1
    ess: float = 300.0  # least effective number of incidents
    ess_share: float = 0.3  # least share of incidents that it is
    ess_of_error: float = 300.0  # least effective number of incidents behind the standard error: a change in a rare
    # situation leaves `ess` large while a dozen incidents decide, and bounds are then false too often (coverage.md)
    explored: float = 0.05  # least share of rows whose proposal was drawn: on the rest the target is the log's own
    draw_errors: float = 4.0  # most deviations between the draws and the logged probabilities
    clusters: int = 30  # fewest clusters: with less a bootstrap over clusters is too narrow (Cameron et al. 2008)


@dataclass(frozen=True)
class Evaluability:
    """The answer, why not in plain words (empty if evaluable), and the figures behind it (`Diagnostics`), NaN where
    the log has no probabilities. smallest_detectable_difference is in the unit of return_sd."""

    evaluable: bool
    reasons: list[str]
    overlap: float
    mean_cumulative_weight: float
    mean_cumulative_weight_se: float
    ess: float
    ess_share: float
    smallest_detectable_difference: float
    ess_of_error: float = float("nan")
    explored: float = float("nan")
    draw_deviation: float = float("nan")


def evaluable(
    target: ArrayLike,
    logged: ArrayLike | None,
    proposed: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    cluster_id: ArrayLike,
    *,
    return_sd: float = 1.0,
    requirements: Requirements | None = None,
) -> Evaluability:
    """N = rows, K = most candidates. target (N, K): what would be deployed (`restricted`), from `quell score`.

    logged (N, K): the distribution each proposal was drawn from by a policy of ours; None, or a row of NaN, where no
    policy of ours drew it: never evaluable, whatever probabilities could be estimated from the log itself. Both padded
    with 0. proposed (N,): index of the drawn candidate. incident_id, step, cluster_id (N,). return_sd: standard
    deviation of a return from an earlier slice; 1 gives the difference in standard deviations. Raises ValueError where
    the arrays do not fit together or a target row is no distribution.
    """
    asked = requirements or Requirements()
    wanted = distributions(target, "target")
    drawn_from = _complete(logged, wanted.shape)
    if isinstance(drawn_from, str):
        return _unknown([drawn_from])
    drawn = np.asarray(proposed, dtype=np.int64)
    if drawn.shape != (len(wanted),) or bool((drawn < 0).any() or (drawn >= wanted.shape[1]).any()):
        raise ValueError(f"proposed must be the index of a candidate, 0 to {wanted.shape[1] - 1}, in each row")
    impossible = int((drawn_from[np.arange(len(drawn)), drawn] <= 0).sum())
    if impossible:
        return _unknown([f"{impossible} proposals were logged with probability 0: the log contradicts itself"])
    found = diagnose(wanted, drawn_from, drawn, incident_id, step, cluster_id, return_sd=return_sd)
    reasons = reasons_against(found, asked)
    return Evaluability(
        evaluable=not reasons,
        reasons=reasons,
        overlap=found.overlap,
        mean_cumulative_weight=found.mean_cumulative_weight,
        mean_cumulative_weight_se=found.mean_cumulative_weight_se,
        ess=found.ess,
        ess_share=found.ess_share,
        smallest_detectable_difference=found.smallest_detectable_difference,
        ess_of_error=found.ess_of_error,
        explored=found.explored,
        draw_deviation=found.draw_deviation,
    )


def reasons_against(found: Diagnostics, asked: Requirements) -> list[str]:
    """Every miss, in plain words with its figure; empty if there is none."""
    gap = abs(found.mean_cumulative_weight - 1)
    near_one = gap <= asked.weight_errors * found.mean_cumulative_weight_se + 1e-9
    checks = [
        (
            found.explored >= asked.explored,
            f"exploration was off: {found.explored:.1%} of the proposals were drawn, {asked.explored:.0%} are needed; "
            "the log shows only what the acting policy does",
        ),
        (
            found.overlap >= asked.overlap,
            f"overlap {found.overlap:.3f}, {asked.overlap} is needed: the target wants what the log could not propose",
        ),
        (
            near_one and np.isfinite(found.mean_cumulative_weight_se),
            f"mean cumulative weight {found.mean_cumulative_weight:.3f} +- {found.mean_cumulative_weight_se:.3f} is "
            f"not within {asked.weight_errors:g} standard errors of 1: the log does not support the target",
        ),
        (
            found.ess >= asked.ess,
            f"{found.ess:.0f} effective incidents of {found.incidents}, {asked.ess:.0f} are needed",
        ),
        (
            found.ess_share >= asked.ess_share,
            f"{found.ess_share:.1%} of the incidents are effective, {asked.ess_share:.0%} are needed: a few weigh all",
        ),
        (
            found.ess_of_error >= asked.ess_of_error,
            f"{found.ess_of_error:.0f} effective incidents stand behind the standard error, {asked.ess_of_error:.0f} "
            "are needed: a few decide",
        ),
        (
            abs(found.draw_deviation) <= asked.draw_errors,
            f"the proposals deviate from their logged probabilities by {found.draw_deviation:.1f} standard deviations",
        ),
        (
            found.clusters >= asked.clusters,
            f"{found.clusters} clusters of incidents, {asked.clusters} are needed for a bound",
        ),
    ]
    return [reason for holds, reason in checks if not holds]


def _complete(logged: ArrayLike | None, shape: tuple[int, ...]) -> Floats | str:
    """The logged distributions (N, K), or why there are none."""
    if logged is None:
        return "no probabilities were logged: a policy of ours drew none of these proposals"
    array = np.asarray(logged, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"logged {array.shape} and target {shape} must be alike")
    missing = int(np.isnan(array).any(axis=1).sum())
    if missing:
        return f"{missing} of {len(array)} rows have no logged probabilities: a policy of ours did not draw them"
    return distributions(array, "logged")


def _unknown(reasons: list[str]) -> Evaluability:
    nan = float("nan")
    return Evaluability(False, reasons, nan, nan, nan, nan, nan, nan)
