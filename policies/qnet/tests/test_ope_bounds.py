"""Bounds: against loops, by hand, and how often they are false."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from ope import empirical_bernstein, holm, interval, lower_bound, lower_bounds, p_value, upper_bound
from ope.bounds import spread_of

Floats = NDArray[np.float64]


def drawn_values(seed: int, incidents: int = 60) -> tuple[Floats, NDArray[np.int64]]:
    """Skewed values in clusters of one to four incidents that share a part of them."""
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(incidents), random.integers(1, 5, size=incidents))[:incidents]
    return -random.exponential(size=incidents) - random.normal(size=incidents)[cluster] ** 2, cluster


def slow_mean_and_se(values: Floats, clusters: list[NDArray[np.int64]]) -> tuple[float, float]:
    """Of clusters, some perhaps more than once: the ratio mean and its standard error, from deviations."""
    count = sum(len(one) for one in clusters)
    mean = sum(float(values[one].sum()) for one in clusters) / count
    squares = sum(float((values[one] - mean).sum()) ** 2 for one in clusters)
    return mean, math.sqrt(len(clusters) / (len(clusters) - 1) * squares) / count


@given(seed=st.integers(0, 2**32 - 1))
def test_the_bootstrap_is_its_definition(seed: int) -> None:
    values, cluster = drawn_values(seed, 20)

    spread = spread_of(values[:, None], cluster, 30, seed)

    members = [np.flatnonzero(cluster == one) for one in np.unique(cluster)]
    mean, se = slow_mean_and_se(values, members)
    random = np.random.default_rng(seed)
    for t, drawn in zip(spread.t[:, 0], random.integers(0, len(members), size=(30, len(members))), strict=True):
        again, error = slow_mean_and_se(values, [members[one] for one in drawn])
        assert t * error == pytest.approx(again - mean, abs=1e-9)
    assert (spread.mean[0], spread.se[0]) == pytest.approx((mean, se))


def test_alone_in_their_clusters_incidents_have_the_usual_standard_error() -> None:
    values, _ = drawn_values(1)

    spread = spread_of(values[:, None], np.arange(len(values)), 10, 0)

    assert spread.se[0] == pytest.approx(values.std(ddof=1) / math.sqrt(len(values)))


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-100, 100), factor=st.floats(0.01, 100))
def test_a_bound_moves_with_its_values(seed: int, shift: float, factor: float) -> None:
    values, cluster = drawn_values(seed)

    moved = lower_bound(shift + factor * values, cluster, resamples=200)

    assert moved == pytest.approx(shift + factor * lower_bound(values, cluster, resamples=200), rel=1e-6, abs=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
def test_bounds_enclose_the_mean_and_a_two_sided_one_is_wider(seed: int) -> None:
    values, cluster = drawn_values(seed)

    low, high = interval(values, cluster, resamples=400)

    assert low <= lower_bound(values, cluster, resamples=400) < values.mean()
    assert values.mean() < upper_bound(values, cluster, resamples=400) <= high


@given(seed=st.integers(0, 2**32 - 1), at=st.floats(-6, 2))
def test_a_small_p_is_a_bound_above_the_border(seed: int, at: float) -> None:
    values, cluster = drawn_values(seed)
    bound = lower_bound(values, cluster, resamples=399)

    p = p_value(values, cluster, at_most=at, resamples=399)

    if abs(bound - at) > 1e-6:
        assert (p <= 0.05) == (bound > at)


def test_several_columns_have_the_bounds_they_have_alone() -> None:
    first, cluster = drawn_values(1)
    second, _ = drawn_values(2)

    both = lower_bounds(np.stack([first, second], axis=1), cluster)

    assert_allclose(both, [lower_bound(first, cluster), lower_bound(second, cluster)])


def test_incidents_of_one_cluster_count_as_one() -> None:
    values, _ = drawn_values(3, 40)
    alone = lower_bound(values, np.arange(40))

    repeated = lower_bound(np.repeat(values, 5), np.repeat(np.arange(40), 5))

    assert repeated == pytest.approx(alone)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, float("nan"), 2.0], [1.0, float("inf"), 2.0]])
def test_of_one_cluster_or_of_no_number_nothing_is_known(values: list[float]) -> None:
    cluster = [0, 0, 0] if values[1] == 2.0 else [0, 1, 2]

    assert lower_bound(values, cluster) == -math.inf
    assert upper_bound(values, cluster) == math.inf
    assert p_value(values, cluster, at_most=-1000) == 1.0


def test_values_that_are_all_alike_are_their_own_bound() -> None:
    assert lower_bound([0.1] * 7, list(range(7))) == pytest.approx(0.1)
    assert upper_bound([0.1] * 7, list(range(7))) == pytest.approx(0.1)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="must be of one length"):
        lower_bound([1.0, 2.0], [0])


def test_a_lower_bound_of_skewed_costs_is_false_about_as_often_as_it_says() -> None:
    """Log-normal costs, 60 clusters: the truth is -exp(1/2). The normal bound is false one time in ten."""
    random = np.random.default_rng(5)
    truth, trials = -math.exp(0.5), 1000
    costs = -np.exp(random.normal(size=(60, trials)))

    false = int((lower_bounds(costs, np.arange(60), resamples=500) > truth).sum())

    assert 25 <= false <= 75
    normal = costs.mean(axis=0) - 1.645 * costs.std(axis=0, ddof=1) / math.sqrt(60)
    assert int((normal > truth).sum()) > 85


def test_bernstein_is_what_a_pencil_gives() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0]

    bound = empirical_bernstein(values, list(range(5)), 0.0, 1.0)

    log = math.log(2 / 0.05)
    assert bound == pytest.approx(0.6 - math.sqrt(2 * 0.3 * log / 5) - 7 * log / (3 * 4))


@given(seed=st.integers(0, 2**32 - 1), low=st.floats(-50, 0), width=st.floats(0.1, 50))
def test_bernstein_moves_with_its_range(seed: int, low: float, width: float) -> None:
    unit = np.random.default_rng(seed).uniform(size=30)

    scaled = empirical_bernstein(low + width * unit, np.arange(30), low - 1e-9, low + width + 1e-9)

    assert scaled == pytest.approx(low + width * empirical_bernstein(unit, np.arange(30), 0.0, 1.0), abs=1e-5)


def test_bernstein_refuses_a_value_outside_the_declared_range_and_knows_nothing_of_one_cluster() -> None:
    with pytest.raises(ValueError, match=r"outside the declared range 0\.0 to 1\.0"):
        empirical_bernstein([0.5, 1.5], [0, 1], 0.0, 1.0)
    assert empirical_bernstein([0.5, 0.6], [0, 0], 0.0, 1.0) == -math.inf


@given(seed=st.integers(0, 2**32 - 1))
def test_bernstein_with_clusters_of_many_sizes_lies_below_the_mean(seed: int) -> None:
    values, cluster = drawn_values(seed)

    assert empirical_bernstein(values, cluster, values.min() - 1, 0.0) < values.mean()


@pytest.mark.parametrize(
    ("p", "rejected"),
    [
        ([0.01, 0.04, 0.03], [True, False, False]),
        ([0.04, 0.01, 0.02], [True, True, True]),
        ([0.06, 0.02, 0.001], [False, True, True]),
        ([0.05], [True]),
        ([], []),
    ],
)
def test_holm_steps_down_from_the_smallest(p: list[float], rejected: list[bool]) -> None:
    assert holm(p).tolist() == rejected


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_at_least_what_bonferroni_does_and_no_more_than_each_alone(p: list[float]) -> None:
    rejected = holm(p)

    assert all(found for one, found in zip(p, rejected, strict=True) if one <= 0.05 / len(p))
    assert all(one <= 0.05 for one, found in zip(p, rejected, strict=True) if found)
