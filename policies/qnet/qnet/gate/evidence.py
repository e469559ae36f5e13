"""G4: what the log with propensities says of the restricted policy. Diagnostics are told before a reward is read."""

from collections.abc import Callable
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from ope import Evaluability, Requirements, evaluable, restricted

from .decisions import Decisions, Floats, Logged
from .estimated import NAMES, Answer, Asked, Stands, estimated
from .needed import needed_words, rate_of
from .stage import stage_of
from .thresholds import Thresholds

STAGES = ("auto", "ask")


def evidence_stage(
    test: Logged,
    thresholds: Thresholds,
    requirements: Requirements,
    say: Callable[[str], None],
    stands: Stands,
    closed: str = "",
) -> Answer:
    """closed: why no reward of this slice may be read; "" where the answer is worth an opening."""
    part, figures = _live(test)
    unknown = _impossible(part.decisions, part.targets)
    if unknown:
        return Answer(stage_of([], unknown, figures=figures), False, None)
    decisions = part.decisions
    deployed = restricted(part.targets["challenger"], decisions.probability, part.targets["champion"], thresholds.floor)
    asked = Asked(part, deployed, part.targets["champion"])
    found = {
        "challenger": _evaluable(decisions, deployed, requirements),
        "champion": _evaluable(decisions, asked.champion, requirements),
    }
    figures |= {who: _plain(one) for who, one in found.items()} | _differs(part, deployed)
    figures |= rate_of(decisions)
    for line in diagnostics(found, figures):
        say(line)
    unknown = [f"{_who(who)}: {reason}" for who in NAMES for reason in found[who].reasons]
    if unknown:
        say("No reward was read: this log cannot answer.")
        unknown += needed_words(found["challenger"], figures, requirements, thresholds)
        return Answer(stage_of([], unknown, figures=figures), False, None)
    if closed:
        return Answer(stage_of([], [closed], figures=figures), False, None)
    return estimated(asked, part.outcomes(), thresholds, stands, figures)


def diagnostics(found: dict[str, Evaluability], figures: dict[str, Any]) -> list[str]:
    """What is known before a reward is read, a line each."""
    lines = [
        f"G4: {figures['incidents']:,} incidents, {figures['asked']:.1%} of the proposals asked a person first; "
        f"{figures['leftOut']:,} incidents in shadow or not ours are left out"
    ]
    for who in NAMES:
        one = found[who]
        lines.append(
            f"G4: {_who(who)}: overlap {one.overlap:.4f}, mean cumulative weight {one.mean_cumulative_weight:.3f} "
            f"+- {one.mean_cumulative_weight_se:.3f}, {one.ess:.0f} effective incidents ({one.ess_share:.1%}), "
            f"smallest detectable difference {one.smallest_detectable_difference:.3f} standard deviations of a return"
        )
    return lines


def _live(test: Logged) -> tuple[Logged, dict[str, Any]]:
    """The incidents in which every proposal was ours and meant, none in shadow.

    Whether a proposal asks a person first is the guard's to say of each candidate, and a learnt model's, which asks
    where it is in doubt. Either follows from what was drawn: to keep only the rows that asked, or only those that did
    not, would choose by the draw and spoil the weights. The bound therefore speaks of that mix, whose share is told.
    A row tells what came of a candidate as the log ran it: where the challenger would ask about one that the log ran
    alone, or the other way round, its outcome stands for both, which nothing here corrects.
    """
    decisions = test.decisions
    _, code = np.unique(decisions.incident, return_inverse=True)
    total = int(code.max(initial=-1)) + 1
    kept = np.bincount(code, ~np.isin(decisions.stage, STAGES), minlength=total) == 0
    rows = kept[code]
    asked = float((decisions.stage[rows] == "ask").mean()) if rows.any() else 0.0
    figures = {"incidents": int(kept.sum()), "leftOut": int((~kept).sum()), "asked": asked}
    return test.only(np.flatnonzero(rows)), figures


def _impossible(decisions: Decisions, targets: dict[str, Floats]) -> list[str]:
    """Why nothing can be asked at all."""
    if len(decisions.step) == 0:
        return ["no incident was proposed for in ask or auto: whoever wrote this log was not the agent"]
    missing = int(np.isnan(decisions.probability).any(axis=1).sum())
    silent = int((decisions.proposed < 0).sum())
    said = []
    if missing:
        said.append(f"{missing} of {len(decisions.step)} decisions have no probabilities: no policy of ours drew them")
    if silent:
        said.append(f"{silent} of {len(decisions.step)} decisions propose nothing")
    for name, target in targets.items():
        unscored = int(np.isnan(target).any(axis=1).sum())
        if name in NAMES and unscored:
            said.append(f"{name} could not be scored at {unscored} of {len(target)} decisions")
    return said


def _evaluable(decisions: Decisions, target: Floats, requirements: Requirements) -> Evaluability:
    return evaluable(
        target,
        decisions.probability,
        decisions.proposed,
        decisions.incident,
        decisions.step,
        decisions.cluster,
        requirements=requirements,
    )


def _differs(part: Logged, deployed: Floats) -> dict[str, float]:
    """In what share of decisions the challenger differs from the champion, its restricted form does, and both do from
    one another."""
    champion, challenger = part.targets["champion"], part.targets["challenger"]
    return {
        "differs": float(0.5 * np.abs(challenger - champion).sum(axis=1).mean()),
        "differsRestricted": float(0.5 * np.abs(deployed - champion).sum(axis=1).mean()),
        "servedAndRestrictedDiffer": float(0.5 * np.abs(challenger - deployed).sum(axis=1).mean()),
    }


def _who(name: str) -> str:
    return "the restricted policy" if name == "challenger" else "the champion"


def _plain(found: Evaluability) -> dict[str, Any]:
    return {
        name: value if not isinstance(value, float) or isfinite(value) else None
        for name, value in asdict(found).items()
    }
