"""All stages over one case, in memory: the command reads the case from files, the study makes cases up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ope import Requirements

from .data import Checked, data_stage
from .days import Days
from .decisions import Ints, Logged, Outcomes
from .evidence import evidence_stage
from .leaks import shuffled_returns
from .openings import Opening, Openings, opened_before, stands, test_hash
from .ranking import ranking_stage
from .replayed import replayed_stage
from .simulator import Family, simulator_stage
from .slices import Slices, in_order, sliced
from .stage import Stage, Verdict, overall, reasons_of
from .thresholds import Thresholds

PROMOTION = "no evidence of more harm, non-inferior in the simulator, approved by a person"
NOT_OPENED = "the outcomes of the test slice were not opened, for another stage has not passed"


@dataclass(frozen=True)
class Case:
    """Everything that the gate looks at."""

    challenger: str
    identity: str  # hex sha256 of the challenger's model, or its name where it has none
    has_model: bool
    logged: Logged  # targets: challenger, champion; cloning and shuffled where they were given; and those of `ranked`
    simulated_log: bool
    ranked: tuple[str, ...]
    slices: Slices
    trained_on: frozenset[str] | None
    checks: Mapping[str, Any]
    days: Days
    shares: Mapping[str, float]
    openings: Openings
    thresholds: Thresholds
    requirements: Requirements
    thresholds_hash: str


@dataclass(frozen=True)
class Judgement:
    """The verdict, why, and what follows from it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    stages: Mapping[str, Stage]
    families: tuple[Family, ...]
    approval: tuple[str, ...]  # runbooks that take a person's consent
    promotion: str  # how a promotion may be worded; "" where there is none
    openings: int  # of this test slice, this one included where its outcomes were read
    opening: Opening
    p: float | None

    @property
    def undecided(self) -> list[str]:
        return [one.name for one in self.families if one.verdict == "undecided"]


def judge(case: Case, say: Callable[[str], None], opened: Callable[[Opening], None]) -> Judgement:
    """say: hears the diagnostics before an outcome is read. opened: is told before outcomes of the test slice are."""
    decisions = case.logged.decisions
    cut = sliced(decisions, case.slices)
    tune = case.logged.only(np.flatnonzero(cut.rows(decisions, "tune")))
    has_shuffled = {"cloning", "shuffled"} <= case.logged.targets.keys()
    tested = cut.named("test")
    opening = Opening(test_hash(sorted(tested)), case.identity, case.thresholds_hash, tested)
    checked = Checked(
        sliced=cut,
        disorder=in_order(case.slices),
        has_model=case.has_model,
        trained_on=case.trained_on,
        returns=shuffled_returns(tune, case.thresholds, case.requirements) if has_shuffled else None,
        has_shuffled=has_shuffled,
        checks=case.checks,
        openings=case.openings,
        opening=opening,
    )
    simulated = simulator_stage(case.days, case.shares, case.thresholds)
    stages = {
        "G0": data_stage(checked),
        "G1": ranking_stage(tune, case.ranked, case.thresholds),
        "G2": replayed_stage(case.checks, case.has_model, case.thresholds),
        "G3": simulated.stage,
    }
    is_closed = overall(stages) != "passed"
    test = case.logged.only(np.flatnonzero(cut.rows(decisions, "test")))
    reads: list[Opening] = []

    def read(rows: Ints) -> Outcomes:
        opened(opening)
        reads.append(opening)
        return test.read(rows)

    answer = evidence_stage(
        replace(test, read=read),
        case.thresholds,
        case.requirements,
        say,
        lambda p: stands(case.openings, opening, p, 1 - case.thresholds.level),
        NOT_OPENED if is_closed else "",
    )
    stages["G4"] = answer.stage
    verdict = overall(stages)
    return Judgement(
        verdict=verdict,
        reasons=tuple(reasons_of(stages, verdict)),
        stages=stages,
        families=simulated.families,
        approval=simulated.approval,
        promotion=_promotion(verdict, answer.better, case.simulated_log),
        openings=opened_before(case.openings, opening) + len(reads),
        opening=opening,
        p=answer.p,
    )


def _promotion(verdict: Verdict, better: bool, simulated_log: bool) -> str:
    if verdict != "passed":
        return ""
    said = f"better, {PROMOTION}" if better else PROMOTION
    return f"{said} (on a simulated log: it says nothing of an account)" if simulated_log else said
