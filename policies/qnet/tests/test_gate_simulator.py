"""G3: the simulator's veto, overall and family by family."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gate_files import QUICK, judged_days
from hypothesis import given
from hypothesis import strategies as st

from qnet.gate.compared import Compared, Side, compare, difference_of_shares, weights_of
from qnet.gate.days import Days, days_of
from qnet.gate.simulator import Simulated, decide, simulator_stage

EVEN = {"config": 0.5, "deploy": 0.5}
SMALL = replace(QUICK, incidents=2000)
margins = st.floats(-0.3, 0.3)


def days(ours: float = 1.0, a_family: int = 1000, **more: Any) -> Days:
    """Both policies on the same days of two families."""
    rows = judged_days({"new": ours, "rules": 1.0}, a_family=a_family, **more)
    return days_of(zip(rows[::2], rows[1::2], strict=True))


def changed(whole: Days, family: str, **by: float) -> Days:
    """The challenger's counts of a family, each times or plus something."""
    rows = whole.family == family
    pairs = {}
    for name, factor in by.items():
        pair = getattr(whole, name).copy()
        pair[0, rows] *= factor
        pairs[name] = pair
    return replace(whole, **pairs)


def found(whole: Days, shares: dict[str, float] | None = None) -> Simulated:
    return simulator_stage(whole, shares or EVEN, SMALL)


@given(margins, margins, st.floats(0, 0.2), st.floats(0, 0.2))
def test_a_family_is_refused_passed_or_undecided_by_where_value_and_bound_lie(
    gain: float, harm: float, cost_width: float, harm_width: float
) -> None:
    sides = Side(gain, gain - cost_width, gain + cost_width), Side(harm, harm - harm_width, harm + harm_width)
    compared = Compared(600, 20, *sides, 1.0, 0.0, 0.0)

    verdict, reason = decide(compared, QUICK)

    is_within = gain >= -0.05 and harm <= 0.02
    is_shown = gain - cost_width >= -0.05 and harm + harm_width <= 0.02
    assert verdict == ("passed" if is_shown else "undecided" if is_within else "refused")
    assert reason


def test_equal_policies_pass_in_every_family() -> None:
    result = found(days())

    assert result.stage.verdict == "passed"
    assert [one.verdict for one in result.families] == ["passed", "passed"]
    assert result.approval == ()
    assert not result.better


def test_one_worse_family_refuses_though_the_whole_is_better() -> None:
    whole = changed(changed(days(), "config", hours=1.3), "deploy", hours=0.4)

    result = found(whole)

    assert result.stage.verdict == "refused"
    assert result.better
    assert [reason[:14] for reason in result.stage.reasons] == ["family config:"]


def test_harm_in_one_family_refuses_though_it_costs_nothing() -> None:
    result = found(changed(days(harmful={"new": 0.06, "rules": 0.06}), "config", harmful=2.0))

    assert result.stage.verdict == "refused"
    assert "harm" in result.stage.reasons[-1]


def test_a_family_of_499_incidents_is_undecided_and_its_runbooks_take_consent() -> None:
    whole = days()
    kept = (whole.family != "config") | (np.cumsum(whole.family == "config") <= 499)

    result = simulator_stage(whole.only(kept), EVEN, replace(SMALL, incidents=1000))

    assert result.stage.verdict == "passed"
    assert [(one.name, one.verdict) for one in result.families] == [("config", "undecided"), ("deploy", "passed")]
    assert result.approval == ("fix-config",)
    assert "take a person's consent" in result.stage.reasons[0]


def test_a_family_that_nobody_played_is_undecided_and_the_whole_cannot_be_judged() -> None:
    result = found(days(), {"config": 0.4, "deploy": 0.4, "storage": 0.2})

    assert [one.verdict for one in result.families] == ["passed", "passed", "undecided"]
    assert result.stage.figures["covered"] == pytest.approx(0.8)
    assert result.stage.verdict == "NOT EVALUABLE"
    assert result.stage.reasons[0].startswith("only 80.0% of the incidents are of families that were played")


def test_a_family_measured_within_the_margin_by_too_wide_an_interval_is_undecided() -> None:
    whole = days()
    random = np.random.default_rng(4)
    noisy = whole.hours.copy()
    noisy[0] += np.where(whole.family == "config", random.normal(0, 8, len(whole.world)), 0.0)
    noisy[0] += np.where(whole.family == "config", whole.hours[1].mean() - noisy[0, whole.family == "config"].mean(), 0)

    result = found(replace(whole, hours=noisy))

    assert [one.verdict for one in result.families] == ["undecided", "passed"]
    assert "is not excluded" in result.families[0].reason


@pytest.mark.parametrize(("incidents", "worlds", "says"), [(1999, 20, "1,999 paired"), (2000, 19, "19 sealed worlds")])
def test_too_few_incidents_or_worlds_are_not_evaluable(incidents: int, worlds: int, says: str) -> None:
    whole = days()
    short = replace(whole.only(np.arange(2000) < incidents), world=whole.world[:incidents] % worlds)

    result = found(short)

    assert result.stage.verdict == "NOT EVALUABLE"
    assert result.stage.reasons[0].startswith(says)


def test_days_of_one_world_have_no_bound_and_pass_nothing() -> None:
    whole = days()

    result = found(replace(whole, world=np.zeros_like(whole.world)))

    assert result.stage.verdict == "refused"
    assert {one.verdict for one in result.families} == {"undecided"}


@given(st.integers(0, 10_000))
def test_families_count_by_their_share_of_the_world_and_not_by_how_often_they_were_played(seed: int) -> None:
    random = np.random.default_rng(seed)
    family = np.append([0, 1, 2], random.integers(3, size=30))
    wanted = random.uniform(0.1, 1, size=3)

    weight = weights_of(family, wanted)

    by_family = np.bincount(family, weight) / len(family)
    assert weight.mean() == pytest.approx(1)
    np.testing.assert_allclose(by_family, wanted / wanted.sum())


def test_the_whole_is_the_ratio_of_sums_that_a_slow_reference_finds() -> None:
    whole = changed(days(1.1, harmful={"new": 0.05, "rules": 0.02}), "config", hours=0.7)
    weight = weights_of((whole.family == "deploy").astype(int), np.array([0.9, 0.1]))

    result = compare(whole, weight, QUICK)

    cost = [sum(w * h for w, h in zip(weight, row, strict=True)) for row in whole.hours]
    harm = [
        sum(w * h for w, h in zip(weight, whole.harmful[place], strict=True))
        / sum(w * a for w, a in zip(weight, whole.actions[place], strict=True))
        for place in (0, 1)
    ]
    assert result.gain.value == pytest.approx((cost[1] - cost[0]) / cost[1])
    assert result.harm.value == pytest.approx(harm[0] - harm[1])


def test_no_harm_in_few_actions_is_no_proof_of_none() -> None:
    rows = judged_days({"new": 1.0, "rules": 1.0}, a_family=30, harmful={"new": 0.0, "rules": 0.0})
    rows[0]["actions"] = 2

    result = compare(days_of(zip(rows[::2], rows[1::2], strict=True)), np.ones(60), QUICK)

    assert result.harm.value == 0
    assert result.harm.high > 0.02


def test_the_interval_of_two_shares_is_newcombes_published_example() -> None:
    # Newcombe 1998, table II, 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    low, high = difference_of_shares((56 / 70, 70), (48 / 80, 80), 1.959964)

    assert [low, high] == pytest.approx([0.0524, 0.3339], abs=1e-4)
