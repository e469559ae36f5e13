"""G1: in which order challengers are worth a gate. It promotes nothing, and a model of values has its own bias."""

from dataclasses import asdict, dataclass

import numpy as np

from ope import Estimate, clusters_of
from ope.bounds import interval
from ope.fqe import fqe

from .decisions import Decisions, Floats, Logged
from .stage import Stage, stage_of
from .thresholds import Thresholds
from .values import basis_of, ridge_of


@dataclass(frozen=True)
class Ranked:
    """A challenger's mean return an incident by fitted Q evaluation, with a 95 % interval over clusters."""

    name: str
    value: float
    low: float
    high: float


def ranking_stage(tune: Logged, names: tuple[str, ...], thresholds: Thresholds) -> Stage:
    """names: keys of tune.targets, on the tune slice: the test slice stays closed for this.

    Calibration: the same method asked for the value of what was logged, against the mean return that was observed.
    """
    decisions = tune.decisions
    usable = [name for name in names if not np.isnan(tune.targets[name]).any()]
    if len(decisions.step) == 0 or not usable or (decisions.proposed < 0).any():
        return stage_of([], notes=["no challenger was ranked: the tune slice has nothing to rank them by"])
    if len(np.unique(decisions.cluster)) < 2:
        return stage_of([], notes=["no challenger was ranked: the tune slice has fewer than two clusters"])
    ranked = sorted((_ranked(tune, name, thresholds) for name in usable), key=lambda one: -one.value)
    itself = np.zeros_like(tune.targets[usable[0]])
    itself[np.arange(len(itself)), decisions.proposed] = 1.0
    logged = _valued(tune, itself)
    observed = _returns(decisions, tune)
    figures = {
        "ranked": [asdict(one) for one in ranked],
        "calibration": {"predicted": logged.value, "observed": float(observed.mean())},
    }
    first = ranked[0]
    notes = [f"{first.name} ranks first of {len(ranked)} with {first.value:.3f} an incident; a rank promotes nothing"]
    return stage_of([], notes=notes, figures=figures)


def _ranked(tune: Logged, name: str, thresholds: Thresholds) -> Ranked:
    found = _valued(tune, tune.targets[name])
    clusters = clusters_of(tune.decisions.incident, tune.decisions.cluster)
    low, high = interval(found.per_incident, clusters, resamples=thresholds.rank_draws, seed=thresholds.seed)
    return Ranked(name, found.value, low, high)


def _valued(tune: Logged, target: Floats) -> Estimate:
    outcomes, decisions = tune.outcomes(), tune.decisions
    rows = (decisions.incident, decisions.step, outcomes.discount)
    return fqe(outcomes.reward, *rows, basis_of(decisions, target), ridge=ridge_of(decisions))


def _returns(decisions: Decisions, tune: Logged) -> Floats:
    """(I,) discounted sum of what came of each incident."""
    outcomes = tune.outcomes()
    factor = np.ones(len(decisions.step))
    for level in range(1, int(decisions.step.max()) + 1):
        rows = np.flatnonzero(decisions.step == level)
        factor[rows] = factor[rows - 1] * outcomes.discount[rows - 1]
    summed: Floats = np.bincount(np.cumsum(decisions.step == 0) - 1, outcomes.reward * factor).astype(np.float64)
    return summed
