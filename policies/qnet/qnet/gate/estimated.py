"""What came of it: the restricted challenger against the champion, doubly robust, weighted and clipped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np

from ope import clusters_of, cross_fitted, dr, wis
from ope.bounds import lower_bounds, p_value, spread_of
from ope.fqe import Linear, fqe_model

from .decisions import Decisions, Floats, Logged, Outcomes
from .stage import Stage, stage_of
from .thresholds import Thresholds
from .values import basis_of, ridge_of

NAMES = ("challenger", "champion")
Stands = Callable[[float], tuple[bool, int]]
"""Whether a p-value is small enough for the k-th challenger on this test slice, and k."""


@dataclass(frozen=True)
class Answer:
    """The stage, and what a later look at the same slice must know."""

    stage: Stage
    better: bool  # the cost bound excludes zero
    p: float | None  # of a loss of more than the margin; None where no reward was read


@dataclass(frozen=True)
class Asked:
    """The question after its diagnostics: who is compared, on which decisions."""

    logged: Logged
    deployed: Floats  # (N, K) the restricted challenger
    champion: Floats  # (N, K)


@dataclass(frozen=True)
class Valued:
    """(I,) what each incident adds to the mean return of both policies, paired."""

    ours: Floats
    theirs: Floats

    @property
    def gain(self) -> Floats:
        return self.ours - self.theirs

    def spare(self, margin: float) -> Floats:
        """(I,) whose mean is at least 0 where at most that share of the champion's cost is lost."""
        return self.ours - (1 + margin) * self.theirs


@dataclass(frozen=True)
class Bounds:
    """One-sided bounds of means over clusters, all of them from one set of resamples."""

    columns: dict[str, Floats]  # (I,) each
    clusters: Any  # (I,)
    thresholds: Thresholds

    @cached_property
    def _both(self) -> dict[str, tuple[float, float]]:
        asked, values = self.thresholds, np.stack(list(self.columns.values()), axis=1)
        mirrored = np.hstack([values, -values])
        found = lower_bounds(mirrored, self.clusters, 1 - asked.level, asked.draws, asked.seed)
        ups = -found[len(self.columns) :]
        return {name: (float(found[place]), float(ups[place])) for place, name in enumerate(self.columns)}

    def low(self, name: str) -> float:
        return self._both[name][0]

    def side(self, name: str) -> dict[str, float]:
        low, high = self._both[name]
        return {"value": float(self.columns[name].mean()), "low": low, "high": high}

    def p(self, name: str) -> float:
        asked = self.thresholds
        return p_value(self.columns[name], self.clusters, resamples=asked.draws, seed=asked.seed)

    def se(self, name: str) -> float:
        return float(spread_of(self.columns[name][:, None], self.clusters, 0, 0).se[0])

    def shown(self, name: str, stands: Stands) -> bool:
        """Whether the mean is shown to be at least 0, by the bound and by what is left to err for who comes k-th."""
        return self.low(name) >= 0 and (not self.columns[name].any() or stands(self.p(name))[0])


def estimated(
    asked: Asked, outcomes: Outcomes, thresholds: Thresholds, stands: Stands, figures: dict[str, Any]
) -> Answer:
    """Estimators that disagree, or a verdict that rests on a few weights, are no evidence: NOT EVALUABLE."""
    decisions = asked.logged.decisions
    bases = {name: basis_of(decisions, target) for name, target in _both(asked).items()}
    valued = _doubly_robust(asked, outcomes, bases, None)
    clipped = _doubly_robust(asked, outcomes, bases, thresholds.clip)
    weighted = _weighted(asked, outcomes)
    scale = abs(float(valued.theirs.mean())) or 1.0
    columns = {
        "gain": valued.gain / scale,
        "spare": valued.spare(thresholds.canary_margin) / scale,
        "clipped": clipped.spare(thresholds.canary_margin) / scale,
        "harm": _harm(asked, outcomes, bases).gain,
    }
    bounds = Bounds(columns, clusters_of(decisions.incident, decisions.cluster), thresholds)
    p, holds = bounds.p("spare"), bounds.shown("spare", stands)
    figures = figures | {
        "championReturn": float(valued.theirs.mean()),
        "gain": bounds.side("gain"),
        "gainWeighted": float(weighted.gain.mean()) / scale,
        "gainClipped": float(clipped.gain.mean()) / scale,
        "standardError": bounds.se("gain"),
        "p": p,
        "placeOnThisSlice": stands(p)[1],
        "harm": bounds.side("harm"),
    }
    unknown = _doubts(figures, thresholds)
    same = np.array_equal(columns["spare"], columns["clipped"])
    if not same and holds != bounds.shown("clipped", stands):
        unknown.append(f"clipping cumulative weights at {thresholds.clip:g} changes the verdict: a few decide it")
    refused = [] if holds else [_why_not(figures, thresholds)]
    if figures["harm"]["low"] > 0:
        refused.append(
            f"observed harm is higher: {100 * figures['harm']['value']:+.2f} points an incident "
            f"(bound {100 * figures['harm']['low']:+.2f})"
        )
    better = holds and not unknown and bounds.low("gain") > 0 and bounds.shown("gain", stands)
    return Answer(stage_of([] if unknown else refused, unknown, [scope_words(figures)], figures), better, p)


def scope_words(figures: Mapping[str, Any]) -> str:
    """Of which policy each stage speaks. figures: those of G4."""
    share = figures.get("servedAndRestrictedDiffer")
    apart = "in nobody knows how many" if share is None else f"in {share:.1%}"
    return (
        "G3 judged the challenger as it is served, G4 its restricted form, which leaves to the champion what the log "
        f"seldom shows: they differ {apart} of the decisions, and of the challenger's own choice there G4 says nothing"
    )


def _both(asked: Asked) -> dict[str, Floats]:
    return dict(zip(NAMES, (asked.deployed, asked.champion), strict=True))


def _doubly_robust(asked: Asked, outcomes: Outcomes, bases: dict[str, Linear], clip: float | None) -> Valued:
    decisions = asked.logged.decisions
    behaviour = decisions.at_proposal(decisions.probability)
    rows = (decisions.incident, decisions.step, outcomes.discount)
    each = {}
    for name, target in _both(asked).items():
        model = fqe_model(outcomes.reward, *rows, bases[name], ridge=ridge_of(decisions))
        q, v = cross_fitted(model, decisions.cluster)
        probability = decisions.at_proposal(target)
        each[name] = dr(outcomes.reward, probability, behaviour, *rows, q, v, clip=clip).per_incident
    return Valued(each["challenger"], each["champion"])


def _weighted(asked: Asked, outcomes: Outcomes) -> Valued:
    decisions: Decisions = asked.logged.decisions
    behaviour = decisions.at_proposal(decisions.probability)
    rows = (behaviour, decisions.incident, decisions.step, outcomes.discount)
    both = [wis(outcomes.reward, decisions.at_proposal(target), *rows).per_incident for target in _both(asked).values()]
    return Valued(*both)


def _harm(asked: Asked, outcomes: Outcomes, bases: dict[str, Linear]) -> Valued:
    """Observed harms an incident: as a return, where each counts 1 whenever it comes."""
    counted = Outcomes(outcomes.harmed.astype(np.float64), np.ones(len(outcomes.harmed)), outcomes.harmed)
    return _doubly_robust(asked, counted, bases, None)


def _doubts(figures: dict[str, Any], thresholds: Thresholds) -> list[str]:
    apart, se = abs(figures["gainWeighted"] - figures["gain"]["value"]), figures["standardError"]
    if apart <= thresholds.agree * se + 1e-12:
        return []
    return [
        f"the weighted estimate {figures['gainWeighted']:+.1%} lies more than {thresholds.agree:g} standard errors "
        f"({se:.1%}) from the doubly robust {figures['gain']['value']:+.1%}"
    ]


def _why_not(figures: dict[str, Any], thresholds: Thresholds) -> str:
    gain, margin = figures["gain"], thresholds.canary_margin
    found = f"{gain['value']:+.1%} of the champion's cost (bounds {gain['low']:+.1%} and {gain['high']:+.1%})"
    if not gain["value"] >= -margin:
        return f"the restricted policy is worse: {found}, at most {margin:.0%} may be lost"
    said = (
        f"the restricted policy is not shown to be no worse: {found}, a loss of more than {margin:.0%} is not excluded"
    )
    if gain["low"] >= -margin:
        return f"{said} by what is left to err for challenger number {figures['placeOnThisSlice']} on this slice"
    more = figures["incidents"] * ((gain["value"] - gain["low"]) / max(gain["value"] + margin, 1e-9)) ** 2
    counted = f"about {ceil(more):,} incidents like these would show it" if more < 1e9 else "no number of them may"
    return f"{said}; {counted}, here are {figures['incidents']:,}"
