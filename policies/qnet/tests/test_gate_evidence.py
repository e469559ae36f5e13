"""G4: diagnostics before outcomes, and the restricted policy against the champion."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ope import Requirements
from qnet.gate.decisions import Decisions, Floats, Ints, Logged, Outcomes, capped
from qnet.gate.estimated import Answer, scope_words
from qnet.gate.evidence import evidence_stage
from qnet.gate.thresholds import Thresholds
from qnet.gate.trial_policies import improved, worse
from qnet.gate.trial_world import Sizes, Truth, case_of, loss_of, truth_of

SIZES = Sizes(incidents=6000, days_a_family=20)
MANY = replace(SIZES, incidents=20_000)
THRESHOLDS = Thresholds(draws=400)
TRUTH = truth_of(0)


def logged(challenger: Floats, seed: int = 1, truth: Truth = TRUTH, **changes: Floats) -> Logged:
    return case_of(truth, challenger, seed, SIZES, **changes).logged


def answered(test: Logged, said: list[str] | None = None, closed: str = "", judged: int = 1) -> Answer:
    heard: list[str] = [] if said is None else said
    alpha = 0.05 / judged**2
    return evidence_stage(test, THRESHOLDS, Requirements(), heard.append, lambda p: (p <= alpha, judged), closed)


def forbidden(_: Ints) -> Outcomes:
    raise AssertionError("an outcome was read")


def test_the_diagnostics_are_told_before_an_outcome_is_read() -> None:
    test = logged(TRUTH.champion)
    order: list[str] = []

    def read(rows: Ints) -> Outcomes:
        order.append("outcomes")
        return test.read(rows)

    answered(replace(test, read=read), order)

    assert order[-1] == "outcomes"
    assert sum("mean cumulative weight" in line for line in order[:-1]) == 2
    assert order.count("outcomes") == 1


def without_probabilities(test: Logged) -> Logged:
    decisions = test.decisions
    return replace(test, decisions=replace(decisions, probability=np.full_like(decisions.probability, np.nan)))


def one_unscored(test: Logged) -> Logged:
    target = test.targets["challenger"].copy()
    target[7] = np.nan
    return replace(test, targets=test.targets | {"challenger": target})


def of_stage(test: Logged, *stages: str) -> Logged:
    """Incidents take the stages in turn."""
    decisions = test.decisions
    return replace(test, decisions=replace(decisions, stage=np.array(stages)[decisions.incident % len(stages)]))


NOT_EVALUABLE = {
    "exploration was off": lambda: logged(TRUTH.champion, logger=TRUTH.champion),
    "have no probabilities": lambda: without_probabilities(logged(TRUTH.champion)),
    "challenger could not be scored at 1 of": lambda: one_unscored(logged(TRUTH.champion)),
    "no incident was proposed for in ask or auto": lambda: of_stage(logged(TRUTH.champion), ""),
    "effective incidents": lambda: logged(worse(TRUTH, 0.3)),
}


@pytest.mark.parametrize("says", NOT_EVALUABLE)
def test_a_log_that_cannot_answer_is_not_evaluable_and_no_outcome_is_read(says: str) -> None:
    test = replace(NOT_EVALUABLE[says](), read=forbidden)

    answer = answered(test)

    assert answer.stage.verdict == "NOT EVALUABLE"
    assert any(says in reason for reason in answer.stage.reasons)
    assert answer.p is None


def test_a_closed_slice_is_not_opened_whatever_its_diagnostics_say() -> None:
    answer = answered(replace(logged(TRUTH.champion), read=forbidden), closed="refused before")

    assert (answer.stage.verdict, answer.stage.reasons) == ("NOT EVALUABLE", ("refused before",))
    assert answer.stage.figures["challenger"]["evaluable"]


@pytest.mark.parametrize("seed", range(5))
def test_a_deterministic_log_never_passes_a_policy_that_is_30_percent_worse(seed: int) -> None:
    truth = truth_of(seed)
    challenger = worse(truth, 0.3)
    assert loss_of(truth, challenger, truth.champion) >= 0.3

    answer = answered(logged(challenger, seed, truth, logger=truth.champion))

    assert answer.stage.verdict == "NOT EVALUABLE"


def shifted(test: Logged, by: float) -> Logged:
    """Whatever the challenger does and the champion does not costs so much more than it did."""
    chosen = test.decisions.at_proposal(test.targets["challenger"]) == 1
    other = test.decisions.at_proposal(test.targets["champion"]) == 0
    whole = test.outcomes()
    dearer = Outcomes(whole.reward - by * (chosen & other), whole.discount, whole.harmed)
    return replace(test, read=dearer.only)


@pytest.mark.parametrize(("by", "verdict", "better"), [(2.0, "refused", False), (-2.0, "passed", True)])
def test_what_costs_more_than_the_margin_is_refused_and_what_costs_less_is_better(
    by: float, verdict: str, better: bool
) -> None:
    challenger, champion = improved(TRUTH)

    answer = answered(shifted(case_of(TRUTH, challenger, 1, MANY, champion=champion).logged, by))

    assert (answer.stage.verdict, answer.better) == (verdict, better)
    assert np.sign(answer.stage.figures["gain"]["value"]) == -np.sign(by)


def test_a_pass_that_another_challenger_has_used_up_on_this_slice_is_none() -> None:
    challenger, champion = improved(TRUTH)
    test = shifted(case_of(TRUTH, challenger, 1, MANY, champion=champion).logged, 0.3)
    alone = answered(test)

    beside = answered(test, judged=100_000)

    assert alone.stage.verdict == "passed"
    assert beside.stage.verdict == "refused"
    assert "challenger number 100000 on this slice" in beside.stage.reasons[0]


def test_who_does_what_the_champion_does_is_not_worse_and_not_better() -> None:
    answer = answered(logged(TRUTH.champion))

    assert answer.stage.verdict == "passed"
    assert not answer.better
    assert answer.stage.figures["gain"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_it_is_said_of_which_policy_g4_speaks_and_how_often_that_one_is_not_the_one_that_is_served() -> None:
    challenger = worse(TRUTH, 0.3)
    test = logged(challenger)
    decisions = test.decisions
    own = test.targets["challenger"]

    answer = answered(test)

    supported = (decisions.probability >= THRESHOLDS.floor)[own == 1]
    differing = (~supported & (own != test.targets["champion"]).any(axis=1)).mean()
    assert answer.stage.figures["servedAndRestrictedDiffer"] == pytest.approx(differing)
    assert f"they differ in {differing:.1%} of the decisions" in scope_words(answer.stage.figures)
    assert scope_words(answered(logged(TRUTH.champion)).stage.figures) in answered(logged(TRUTH.champion)).stage.reasons


def test_incidents_in_shadow_are_left_out_and_the_share_that_asked_is_told() -> None:
    said: list[str] = []

    answer = answered(of_stage(logged(TRUTH.champion), "ask", "auto", "shadow"), said)

    figures = answer.stage.figures
    assert (figures["incidents"], figures["leftOut"]) == (4000, 2000)
    assert figures["asked"] == pytest.approx(0.5, abs=0.03)
    assert "2,000 incidents in shadow or not ours are left out" in said[0]


def test_who_asks_by_what_was_drawn_is_judged_on_all_incidents() -> None:
    test = logged(TRUTH.champion)
    decisions = test.decisions
    asked = np.where(decisions.at_proposal(test.targets["champion"]) == 1, "auto", "ask")

    answer = answered(replace(test, decisions=replace(decisions, stage=asked)))

    assert answer.stage.verdict == "passed"
    assert answer.stage.figures["incidents"] == 6000


def test_more_observed_harm_refuses_what_costs_nothing() -> None:
    challenger, champion = improved(TRUTH)
    test = case_of(TRUTH, challenger, 1, MANY, champion=champion).logged
    decisions: Decisions = test.decisions
    chosen = np.take_along_axis(test.targets["challenger"], decisions.proposed[:, None], axis=1)[:, 0] == 1
    other = np.take_along_axis(test.targets["champion"], decisions.proposed[:, None], axis=1)[:, 0] == 0
    whole = test.outcomes()
    harmed = Outcomes(whole.reward, whole.discount, chosen & other)

    answer = answered(replace(test, read=harmed.only))

    assert answer.stage.verdict == "refused"
    assert answer.stage.reasons[0].startswith("observed harm is higher")


def slow_capped(reward: Floats, discount: Floats, cap: float) -> list[float]:
    """Rewards of one incident, one after the other, until the cap is reached."""
    kept, total, factor = [], 0.0, 1.0
    for cost, after in zip(reward, discount, strict=True):
        left = max(total + factor * cost, -cap) - total
        kept.append(left / factor)
        total, factor = total + left, factor * after
    return kept


costs = st.lists(st.tuples(st.floats(-30, 0), st.floats(0.2, 1)), min_size=1, max_size=6)


@given(st.lists(costs, min_size=1, max_size=5))
def test_no_incident_costs_more_than_the_cap_and_what_is_below_it_stays(
    incidents: list[list[tuple[float, float]]],
) -> None:
    reward = np.array([cost for one in incidents for cost, _ in one])
    discount = np.array([factor for one in incidents for _, factor in one])
    incident = np.repeat(np.arange(len(incidents)), [len(one) for one in incidents])
    step = np.concatenate([np.arange(len(one)) for one in incidents])

    kept = capped(reward, discount, incident, step, 20.0)

    slow = [slow_capped(reward[incident == one], discount[incident == one], 20.0) for one in range(len(incidents))]
    np.testing.assert_allclose(kept, np.concatenate(slow), atol=1e-6)
