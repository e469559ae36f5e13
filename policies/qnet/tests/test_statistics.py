"""Intervals, means and tails, each against a slow version that anybody can check."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qnet.experiment.measures import Scale, measured
from qnet.experiment.page_rate import match, second_half
from qnet.experiment.played import COUNTED, Played, Recoveries
from qnet.experiment.statistics import Floats, draws, interval, quantile, ratio, share_difference, trimmed_mean

HALVES = Scale(hours=0.5, cap=20)
VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=12)
COUNTS = st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(any)


def played(days: dict[str, dict[str, Floats]], strata: list[int]) -> Played:
    """Days with what is given of them; everything else is 0."""
    shape = next(iter(next(iter(days.values())).values())).shape
    whole = {policy: {name: counted.get(name, np.zeros(shape)) for name in COUNTED} for policy, counted in days.items()}
    return Played(np.array(strata), np.zeros(shape, dtype=np.bool_), whole)


def repeated(values: list[float], clusters: list[int], counts: list[int]) -> list[float]:
    """The values as a draw has them: each as often as its cluster was drawn."""
    return sorted(value for value, cluster in zip(values, clusters, strict=True) for _ in range(counts[cluster]))


def test_a_draw_takes_as_many_worlds_from_each_seed_as_the_seed_has() -> None:
    strata = np.array([3, 3, 3, 7, 7])

    weights = draws(strata, 100, seed=1)

    assert (weights[0] == 1).all()
    assert (weights[:, strata == 3].sum(axis=1) == 3).all()
    assert (weights[:, strata == 7].sum(axis=1) == 2).all()


def test_the_same_seed_draws_the_same() -> None:
    strata = np.zeros(6, dtype=np.int64)

    assert (draws(strata, 50, seed=4) == draws(strata, 50, seed=4)).all()
    assert (draws(strata, 50, seed=4) != draws(strata, 50, seed=5)).any()


@given(VALUES, st.data())
def test_a_trimmed_mean_is_that_of_the_values_repeated(values: list[float], data: st.DataObject) -> None:
    clusters = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    counts = data.draw(COUNTS)
    drawn = repeated(values, clusters, counts)
    # Each value four times: then a quarter of them is a whole number.
    fourfold = sorted(drawn * 4)
    kept = fourfold[len(drawn) : 3 * len(drawn)]

    weights = np.array([counts], dtype=np.float64)
    [found] = trimmed_mean(weights, np.array(clusters), np.array(values), 0.25, 0.75)

    if kept:
        assert found == pytest.approx(sum(kept) / len(kept), abs=1e-9)
    else:
        assert math.isnan(found)


@given(VALUES, st.data(), st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_is_that_of_the_values_repeated(values: list[float], data: st.DataObject, at: float) -> None:
    clusters = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    counts = data.draw(COUNTS)
    drawn = repeated(values, clusters, counts)

    [found] = quantile(np.array([counts], dtype=np.float64), np.array(clusters), np.array(values), at)

    if drawn:
        assert found == drawn[math.ceil(at * len(drawn) - 1e-9) - 1]
    else:
        assert math.isnan(found)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    strata = np.repeat(np.arange(4), 20)
    weights = draws(strata, 500, seed=1)
    held = 0
    for _ in range(400):
        # Days of a world are alike: a bootstrap over days would be far too sure.
        world = generator.normal(0, 1, 80)
        days = world[:, None] + generator.normal(0, 0.5, (80, 10))
        found = interval(ratio(weights, days.sum(axis=1), np.full(80, 10.0)))
        held += found.low <= 0 <= found.high

    assert 0.90 <= held / 400 <= 0.98


def test_an_interval_of_the_mean_is_as_wide_as_theory_has_it() -> None:
    values = np.random.default_rng(1).normal(0, 1, 400)

    found = interval(ratio(draws(np.zeros(400, dtype=np.int64), 4000, seed=2), values, np.ones(400)))

    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.06)
    assert found.value == pytest.approx(values.mean())


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_a_difference_of_shares_has_newcombes_interval(
    ours: tuple[int, int], theirs: tuple[int, int], low: float, high: float
) -> None:
    # Newcombe 1998, table II, method 10, contrasts (a), (b) and (g).
    found = share_difference(ours, theirs)

    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_the_gap_is_unknown_where_there_may_be_none() -> None:
    people = np.array([[1.0], [3.0]])
    of_all = {"oncall-average": {"hours": people}, "bound": {"hours": people[::-1].copy()}, "cql": {"hours": people}}
    days = measured(played(of_all, [1, 1]), Scale(1, 1000), 100)

    assert math.isnan(days.gap_closed("cql").value)


def test_no_harm_that_was_seen_is_no_proof_of_none() -> None:
    counted = {"actions": np.ones((10, 2)), "harmful": np.zeros((10, 2)), "hours": np.ones((10, 2))}
    days = measured(played({"cql": counted, "rules": counted}, [1] * 10), HALVES, 100)

    found = days.harm_difference("cql", "rules")

    assert found.value == 0
    assert found.high == pytest.approx(0.1611, abs=1e-3)


def test_what_nobody_did_has_no_share() -> None:
    none = played({"page": {"actions": np.zeros((3, 2)), "harmful": np.zeros((3, 2))}}, [1, 1, 1])

    found = measured(none, HALVES, 20).share("page", "harmful", "actions")

    assert math.isnan(found.value)


def test_a_day_costs_its_hours_in_scales_and_no_more_than_the_cap() -> None:
    days = played({"rules": {"hours": np.array([[0.25, 1.0, 400.0, np.nan]])}}, [1])

    returns = measured(days, HALVES, 10).returns("rules")

    assert returns[0, :3].tolist() == [-0.5, -2.0, -20.0]
    assert math.isnan(returns[0, 3])


def test_a_difference_counts_the_days_that_both_played() -> None:
    ours = np.array([[0.5, 1.0], [np.nan, 0.5]])
    theirs = np.array([[1.0, np.nan], [9.0, 1.5]])
    days = measured(played({"cql": {"hours": ours}, "rules": {"hours": theirs}}, [1, 1]), HALVES, 10)

    assert days.difference("cql", "rules").value == pytest.approx(((2 - 1) + (3 - 1)) / 2)
    assert days.difference("rules", "cql").value == -days.difference("cql", "rules").value


def test_a_policy_is_no_better_than_itself_in_any_draw() -> None:
    hours = np.random.default_rng(3).exponential(1, (8, 5))
    days = measured(played({"cql": {"hours": hours}}, [1] * 4 + [2] * 4), HALVES, 200)

    same = days.difference("cql", "cql")

    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_gap_is_0_for_people_and_1_for_the_bound_on_the_days_that_the_bound_played() -> None:
    people = np.array([[2.0, 5.0], [3.0, 5.0]])
    bound = np.array([[1.0, np.nan], [1.0, np.nan]])
    halfway = np.array([[1.5, 900.0], [2.0, 900.0]])
    of_all = {"oncall-average": {"hours": people}, "bound": {"hours": bound}, "cql": {"hours": halfway}}
    days = measured(played(of_all, [1, 1]), Scale(1, 1000), 10)

    assert days.gap_closed("oncall-average").value == 0
    assert days.gap_closed("bound").value == 1
    assert days.gap_closed("cql").value == pytest.approx(0.5)


def test_the_worst_tenth_is_the_mean_of_the_worst_worlds() -> None:
    hours = np.repeat(np.arange(1.0, 21.0)[:, None], 3, axis=1)
    days = measured(played({"rules": {"hours": hours}}, [1] * 20), Scale(1, 1000), 50)

    found = days.of("rules")

    assert found["worstWorlds"].value == pytest.approx(-(20 + 19) / 2)
    assert found["medianWorld"].value == -11
    assert found["worstWorlds"].low <= found["worstWorlds"].value <= found["worstWorlds"].high


def test_minutes_to_recover_are_those_of_incidents_not_of_days() -> None:
    one = played({"rules": {"hours": np.ones((2, 1))}}, [1, 1])
    recoveries = {"rules": Recoveries(np.array([5.0, 6.0, 50.0]), np.array([0, 0, 1]))}
    days = measured(Played(one.strata, one.held_out, one.days, recoveries), HALVES, 50)

    found = days.of("rules")

    assert found["recoverMedian"].value == 6
    assert found["recoverP90"].value == 50
    assert (found["recoverMedian"].low, found["recoverMedian"].high) == (5, 50)


def shifted() -> Played:
    """Two seeds of one world and four days. In seed 1 the model pages like cloning if shifted by 0.5, in 2 as it is."""
    pages = {
        "cloning": [[1, 0, 9, 9], [0, 0, 9, 9]],
        "cql": [[0, 0, 0, 0], [0, 0, 0, 0]],
        "cql+0.5": [[0, 2, 0, 0], [1, 1, 0, 0]],
        "cql+1": [[1, 1, 0, 0], [1, 1, 0, 0]],
    }
    hours = {"cloning": 3.0, "cql": 1.0, "cql+0.5": 2.0, "cql+1": 4.0}
    return played(
        {
            policy: {"pages": np.array(counts, dtype=np.float64), "hours": np.full((2, 4), hours[policy])}
            for policy, counts in pages.items()
        },
        [1, 2],
    )


GRID = {0.0: "cql", 0.5: "cql+0.5", 1.0: "cql+1"}


def test_the_constant_is_the_one_with_which_the_policy_pages_as_often_on_the_first_half() -> None:
    assert match(shifted(), GRID, "cloning") == {1: 0.5, 2: 0.0}


def test_of_two_constants_as_near_the_smaller_change_is_taken() -> None:
    assert match(shifted(), {0.0: "cql", 1.0: "cql+1"}, "cloning") == {1: 0.0, 2: 0.0}


def test_the_matched_policy_is_judged_on_the_second_half_alone() -> None:
    whole = measured(shifted(), Scale(1, 100), 10)

    half = second_half(whole, GRID, "cloning", "matched")

    assert half.returns("matched").tolist() == [[-2, -2], [-1, -1]]
    assert half.difference("matched", "cloning").value == pytest.approx(1.5)
    assert half.counts("matched") == {"seeds": 2, "worlds": 2, "days": 4}


def test_what_never_played_has_no_constant_and_no_days() -> None:
    whole = measured(shifted(), HALVES, 10)

    assert match(whole.played, {0.0: "dqn"}, "cloning") == {}
    assert second_half(whole, {0.0: "dqn"}, "cloning", "matched").counts("matched")["days"] == 0
