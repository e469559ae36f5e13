"""A leak test on the log itself: what was shuffled must teach nothing. What comes later must not either: that is tested
where features are made, by recomputing the history features of every row from earlier rows (checks.json, `leaks`)."""

from dataclasses import dataclass

import numpy as np

from ope import Requirements, clusters_of, evaluable, lower_bound, restricted, wis

from .decisions import Logged
from .thresholds import Thresholds


@dataclass(frozen=True)
class Against:
    """How much better a model of shuffled returns is than cloning: a mean return, and its lower bound."""

    difference: float
    low: float
    incidents: int


def shuffled_returns(logged: Logged, thresholds: Thresholds, requirements: Requirements) -> Against | None:
    """Values the targets `shuffled` and `cloning` on this slice, both restricted to what the log can speak of; None
    where it cannot speak of them even so: there a weighted estimate flatters whoever does what was seldom tried.
    """
    decisions = logged.decisions
    part = (decisions.proposed, decisions.incident, decisions.step, decisions.cluster)
    both = [logged.targets[name] for name in ("shuffled", "cloning")]
    held = (*both, logged.targets["champion"], decisions.probability)
    if len(decisions.step) == 0 or np.isnan(np.stack(held)).any() or (decisions.proposed < 0).any():
        return None
    targets = [restricted(one, decisions.probability, logged.targets["champion"], thresholds.floor) for one in both]
    if not all(evaluable(one, decisions.probability, *part, requirements=requirements).evaluable for one in targets):
        return None
    outcomes = logged.outcomes()
    behaviour = decisions.at_proposal(decisions.probability)
    rows = (behaviour, decisions.incident, decisions.step, outcomes.discount)
    ours, theirs = (wis(outcomes.reward, decisions.at_proposal(one), *rows).per_incident for one in targets)
    clusters = clusters_of(decisions.incident, decisions.cluster)
    difference = ours - theirs
    bound = lower_bound(
        difference, clusters, alpha=1 - thresholds.level, resamples=thresholds.draws, seed=thresholds.seed
    )
    return Against(float(difference.mean()), bound, len(difference))
