"""When a log may be asked: overlap, weights, effective numbers, exploration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_ope import Rows, by_incident, drawn_rows, weight_until

from ope import Evaluability, Requirements, diagnose, ess, evaluable, smallest_detectable_difference

ASKED_NOTHING = Requirements(
    overlap=0, weight_errors=math.inf, ess=0, ess_share=0, ess_of_error=0, explored=0, draw_errors=math.inf, clusters=0
)


def explored_log(seed: int = 1, incidents: int = 1000) -> Rows:
    """Two decisions an incident; three candidates, the first proposed with 0.8, the others with 0.1 each, as logged."""
    random = np.random.default_rng(seed)
    logged = np.tile([0.8, 0.1, 0.1], (2 * incidents, 1))
    return Rows(
        rewards=np.full(2 * incidents, np.nan),  # whatever is asked here, no reward is read
        target=np.tile([1.0, 0.0, 0.0], (2 * incidents, 1)),
        logged=logged,
        proposed=random.choice(3, p=[0.8, 0.1, 0.1], size=2 * incidents),
        incident_id=np.repeat(np.arange(incidents), 2),
        step=np.tile([0, 1], incidents),
        discount=np.full(2 * incidents, 0.9),
        cluster_id=np.repeat(np.arange(incidents) // 2, 2),
    )


def asked(rows: Rows, requirements: Requirements | None = None) -> Evaluability:
    return evaluable(
        rows.target,
        rows.logged,
        rows.proposed,
        rows.incident_id,
        rows.step,
        rows.cluster_id,
        requirements=requirements,
    )


def test_a_log_that_explored_can_be_asked_about_its_own_best() -> None:
    found = asked(explored_log())

    assert found.evaluable
    assert found.reasons == []
    assert found.overlap == 1
    assert found.ess_share == pytest.approx(0.64, abs=0.05)
    assert found.mean_cumulative_weight == pytest.approx(1, abs=3 * found.mean_cumulative_weight_se)


def test_without_probabilities_nothing_can_be_asked() -> None:
    rows = explored_log()

    found = evaluable(rows.target, None, rows.proposed, rows.incident_id, rows.step, rows.cluster_id)

    assert not found.evaluable
    assert found.reasons == ["no probabilities were logged: a policy of ours drew none of these proposals"]
    assert math.isnan(found.ess)


def test_one_row_without_probabilities_is_enough() -> None:
    rows = explored_log()
    rows.logged[17] = np.nan

    found = asked(rows)

    assert not found.evaluable
    assert found.reasons == ["1 of 2000 rows have no logged probabilities: a policy of ours did not draw them"]


def test_a_proposal_that_could_not_have_been_drawn_contradicts_its_log() -> None:
    rows = explored_log()
    rows.logged[:] = [0.5, 0.5, 0.0]

    found = asked(rows)

    assert not found.evaluable
    assert "proposals were logged with probability 0" in found.reasons[0]


def test_a_log_that_claims_to_explore_and_does_not_is_found_out_by_its_draws() -> None:
    """The target is the claimed behaviour itself: every weight is 1, and every weight diagnostic green."""
    rows = explored_log()
    pretended = Rows(**{**vars(rows), "proposed": np.zeros_like(rows.proposed), "target": rows.logged})

    found = asked(pretended)

    assert (found.mean_cumulative_weight, found.ess_share, found.overlap) == pytest.approx((1, 1, 1))
    assert len(found.reasons) == 1
    assert "deviate from their logged probabilities by 22.4 standard deviations" in found.reasons[0]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ([0.0, 1.0, 0.0], "are effective, 30% are needed"),
        ([0.9, 0.0, 0.1], None),
    ],
)
def test_a_change_is_evaluable_while_enough_incidents_stand_behind_it(target: list[float], said: str | None) -> None:
    rows = explored_log()

    found = asked(rows.under(np.tile(target, (len(rows.proposed), 1))))

    assert found.evaluable == (said is None)
    assert said is None or any(said in reason for reason in found.reasons)


def test_a_target_that_wants_what_was_never_proposed_lacks_overlap() -> None:
    rows = explored_log()
    rows.logged[:] = [0.8, 0.2, 0.0]
    rows.proposed[rows.proposed == 2] = 1

    found = asked(rows.under(np.tile([0.5, 0.0, 0.5], (len(rows.proposed), 1))))

    assert found.overlap == pytest.approx(0.25)
    assert "overlap 0.250, 0.99 is needed: the target wants what the log could not propose" in found.reasons


def test_a_few_incidents_that_decide_are_named_though_the_effective_number_is_large() -> None:
    """One incident in two hundred meets a rare situation where the target differs: its weight is ten."""
    random = np.random.default_rng(2)
    incidents = 4000
    rare = random.random(incidents) < 0.03
    first = random.random(incidents) < 0.9
    rows = Rows(
        rewards=np.zeros(incidents),
        target=np.where(rare[:, None], [0.0, 1.0], [1.0, 0.0]),
        logged=np.tile([0.9, 0.1], (incidents, 1)),
        proposed=np.where(first, 0, 1),
        incident_id=np.arange(incidents),
        step=np.zeros(incidents, dtype=np.int64),
        discount=np.ones(incidents),
        cluster_id=np.arange(incidents),
    )

    found = asked(rows)

    assert found.ess > 2000
    assert not found.evaluable
    assert ["stand behind the standard error" in reason for reason in found.reasons] == [True]


@pytest.mark.parametrize(
    ("requirement", "value"),
    [
        ("overlap", 1.1),
        ("ess", 1e9),
        ("ess_share", 1.1),
        ("ess_of_error", 1e9),
        ("explored", 1.1),
        ("draw_errors", -1.0),
        ("clusters", 10**9),
        ("weight_errors", -1.0),
    ],
)
def test_each_requirement_alone_closes_the_gate(requirement: str, value: float) -> None:
    strict = Requirements(**{**vars(ASKED_NOTHING), requirement: value})

    assert asked(explored_log(), ASKED_NOTHING).evaluable
    assert len(asked(explored_log(), strict).reasons) == 1


def test_a_single_cluster_has_no_standard_error_and_is_not_evaluable() -> None:
    rows = explored_log()

    found = asked(Rows(**{**vars(rows), "cluster_id": np.zeros_like(rows.cluster_id)}))

    assert found.mean_cumulative_weight_se == math.inf
    assert not found.evaluable


@given(rows=drawn_rows())
def test_the_figures_are_their_definitions(rows: Rows) -> None:
    found = diagnose(rows.target, rows.logged, rows.proposed, rows.incident_id, rows.step, rows.cluster_id)

    weights = [weight_until(rows, path, len(path)) for path in by_incident(rows).values()]
    assert found.mean_cumulative_weight == pytest.approx(sum(weights) / len(weights))
    assert found.ess == pytest.approx(sum(weights) ** 2 / sum(one**2 for one in weights))
    assert found.ess_of_error == pytest.approx(sum(one**2 for one in weights) ** 2 / sum(one**4 for one in weights))
    assert found.ess_share == pytest.approx(found.ess / len(weights))
    assert found.overlap == pytest.approx(1)
    assert found.smallest_detectable_difference == pytest.approx((1.6448536 + 0.8416212) / math.sqrt(found.ess))


@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_no_figure(rows: Rows, seed: int) -> None:
    shuffled = rows.taken(np.random.default_rng(seed).permutation(len(rows.proposed)))

    first, second = (
        diagnose(one.target, one.logged, one.proposed, one.incident_id, one.step, one.cluster_id)
        for one in (rows, shuffled)
    )

    assert list(vars(first).values()) == pytest.approx(list(vars(second).values()))


@given(rows=drawn_rows())
def test_a_target_that_is_the_log_weighs_one_and_loses_nothing(rows: Rows) -> None:
    found = diagnose(rows.logged, rows.logged, rows.proposed, rows.incident_id, rows.step, rows.cluster_id)

    assert (found.mean_cumulative_weight, found.mean_cumulative_weight_se) == pytest.approx((1, 0))
    assert found.ess_share == pytest.approx(1)


@given(weights=st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_the_effective_number_lies_between_one_and_all(weights: list[float]) -> None:
    found = ess(weights)

    assert found == 0 if sum(one**2 for one in weights) == 0 else 1 - 1e-9 <= found <= len(weights) + 1e-9


def test_where_every_weight_is_zero_no_difference_can_be_detected() -> None:
    assert ess([0.0, 0.0]) == 0
    assert smallest_detectable_difference(0.0, 1.0) == math.inf


def test_four_times_the_incidents_detect_half_the_difference() -> None:
    assert smallest_detectable_difference(400, 2.0) == pytest.approx(smallest_detectable_difference(100, 2.0) / 2)


def test_arrays_that_do_not_fit_together_are_named() -> None:
    rows = explored_log()

    with pytest.raises(ValueError, match="must be alike"):
        evaluable(rows.target, rows.logged[:, :2], rows.proposed, rows.incident_id, rows.step, rows.cluster_id)
    with pytest.raises(ValueError, match="proposed must be the index of a candidate, 0 to 2"):
        evaluable(rows.target, rows.logged, rows.proposed + 3, rows.incident_id, rows.step, rows.cluster_id)
