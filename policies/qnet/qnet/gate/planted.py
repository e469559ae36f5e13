"""Faults planted one at a time in a case that would pass: the gate must say what it found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .judge import Case, Judgement, judge
from .stage import Verdict
from .trial_policies import improved
from .trial_world import CLEAN, Sizes, Truth, case_of

LEAK_INCIDENTS = 60_000  # a quarter of them tells a gain of two in a hundred


@dataclass(frozen=True)
class Planted:
    """A fault, the verdict, and the reason that names it."""

    fault: str
    verdict: Verdict
    reason: str


def planted(truth: Truth, seed: int, sizes: Sizes) -> list[Planted]:
    """Nothing planted first, then each fault alone."""
    clean = case_of(truth, truth.champion, seed, sizes)
    changed: dict[str, Case] = {
        "nothing": clean,
        "history features of one row are others when recomputed": _checked(clean, "leaks", differing=1, example="d-7"),
        "a model of shuffled returns that does as well as one of true returns": _learnt_from_shuffled(
            truth, seed, sizes
        ),
        "one cluster of the test slice was trained on": replace(clean, trained_on=_last_cluster(clean)),
        "parity lost: 0.0002 on one row": _checked(clean, "parity", worst=2e-4),
        "one forbidden action in golden replay": _checked(clean, "golden", forbiddenAutos=1),
        "one scene in which the order of candidates matters": _checked(clean, "permutation", failures=1),
        "one scene in which a refused candidate matters": _checked(clean, "mask", failures=1),
        "an altered manifest, or an altered model": _checked(clean, "model", refused="its sha256 is another"),
        "a log without exploration": case_of(truth, truth.champion, seed, sizes, logger=truth.champion),
        "a log without probabilities": _without_probabilities(clean),
    }
    return [_found(fault, case) for fault, case in changed.items()]


def _found(fault: str, case: Case) -> Planted:
    judgement: Judgement = judge(case, lambda _: None, lambda _: None)
    return Planted(fault, judgement.verdict, judgement.reasons[0] if judgement.reasons else "")


def _checked(case: Case, check: str, **changes: Any) -> Case:
    checks: Mapping[str, Any] = {**CLEAN, check: {**CLEAN[check], **changes}}
    return replace(case, checks=checks)


def _last_cluster(case: Case) -> frozenset[str]:
    return frozenset({str(case.logged.decisions.cluster[-1])})


def _without_probabilities(case: Case) -> Case:
    decisions = case.logged.decisions
    unknown = replace(decisions, probability=np.full_like(decisions.probability, np.nan))
    return replace(case, logged=replace(case.logged, decisions=unknown))


def _learnt_from_shuffled(truth: Truth, seed: int, sizes: Sizes) -> Case:
    """Cloning errs as people do, and a model that ought to know nothing knows better."""
    best, champion = improved(truth)
    case = case_of(truth, champion, seed, replace(sizes, incidents=LEAK_INCIDENTS), champion=champion)
    states = case.logged.decisions.offered[:, 0].argmax(axis=1) // truth.scores.shape[1]
    targets = case.logged.targets | {"cloning": champion[states], "shuffled": best[states]}
    return replace(case, logged=replace(case.logged, targets=targets))
