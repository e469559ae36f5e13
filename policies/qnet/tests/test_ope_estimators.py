"""IPS, SNIPS, WIS and DR: against loops that follow the definitions, by hand, and what must hold whatever the rows."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from slow_ope import Rows, drawn_rows, slow_dr, slow_ips, slow_snips, slow_wis

from ope import Estimate, clusters_of, cross_fitted, dr, folds_of, ips, snips, wis

Estimator = Callable[..., Estimate]


def dr_of_a_model(*arguments: np.ndarray, clip: float | None = None) -> Estimate:
    """DR whose model knows nothing of the rows' rewards but is no constant either."""
    step = np.asarray(arguments[4], dtype=np.float64)
    return dr(*arguments, -1.0 - 0.1 * step, -0.9 - 0.1 * step, clip=clip)  # type: ignore[call-arg, misc, arg-type]


ALL = pytest.mark.parametrize("estimator", [ips, snips, wis, dr_of_a_model])
WEIGHTED = pytest.mark.parametrize("estimator", [ips, snips, wis])


def by_hand() -> Rows:
    """Incident 7: two decisions, weights 2 and then 2 x 0.5; incident 9: one decision, weight 0.5."""
    return Rows(
        rewards=np.array([-1.0, -4.0, -3.0]),
        target=np.array([[0.8, 0.2], [0.25, 0.75], [0.4, 0.6]]),
        logged=np.array([[0.4, 0.6], [0.5, 0.5], [0.8, 0.2]]),
        proposed=np.array([0, 0, 0]),
        incident_id=np.array([7, 7, 9]),
        step=np.array([0, 1, 0]),
        discount=np.array([0.5, 1.0, 1.0]),
        cluster_id=np.array([0, 0, 1]),
    )


@pytest.mark.parametrize(
    ("estimator", "value"),
    [
        (ips, (2 * -1 + 1 * 0.5 * -4 + 0.5 * -3) / 2),
        (snips, (1 * (-1 + 0.5 * -4) + 0.5 * -3) / (1 + 0.5)),
        (wis, (2 * -1 + 0.5 * -3) / (2 + 0.5) + (1 * 0.5 * -4 + 0.5 * 0) / (1 + 0.5)),
    ],
)
def test_three_rows_give_what_a_pencil_gives(estimator: Estimator, value: float) -> None:
    assert estimator(*by_hand().arguments).value == pytest.approx(value)


def test_doubly_robust_of_three_rows_is_what_a_pencil_gives() -> None:
    rows = by_hand()
    q, v = np.array([-2.0, -3.0, -2.0]), np.array([-1.5, -3.5, -1.0])

    estimate = dr(*rows.arguments, q, v)

    last = -3.5 + 0.5 * (-4 - -3)
    assert_allclose(estimate.per_incident, [-1.5 + 2 * (-1 + 0.5 * last - -2), -1.0 + 0.5 * (-3 - -2)])
    assert estimate.incidents.tolist() == [7, 9]


@pytest.mark.parametrize(("estimator", "slow"), [(ips, slow_ips), (snips, slow_snips), (wis, slow_wis)])
@given(rows=drawn_rows())
def test_an_estimator_is_its_definition(estimator: Estimator, slow: Callable[[Rows], float], rows: Rows) -> None:
    assert estimator(*rows.arguments).value == pytest.approx(slow(rows), rel=1e-9, abs=1e-9)


@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_doubly_robust_is_its_recursion(rows: Rows, seed: int) -> None:
    q, v = np.random.default_rng(seed).normal(size=(2, len(rows.rewards)))

    assert dr(*rows.arguments, q, v).value == pytest.approx(slow_dr(rows, q, v), rel=1e-9, abs=1e-9)


@ALL
@given(rows=drawn_rows())
def test_the_value_is_the_mean_of_what_incidents_add(estimator: Estimator, rows: Rows) -> None:
    estimate = estimator(*rows.arguments)

    assert float(estimate.per_incident.mean()) == pytest.approx(estimate.value, rel=1e-9, abs=1e-9)
    assert estimate.incidents.tolist() == sorted(set(rows.incident_id.tolist()))


@WEIGHTED
@given(rows=drawn_rows())
def test_a_target_that_is_the_behaviour_is_worth_the_mean_return(estimator: Estimator, rows: Rows) -> None:
    sure = np.ones(len(rows.rewards))
    returns = ips(rows.rewards, sure, sure, rows.incident_id, rows.step, rows.discount)

    estimate = estimator(*rows.under(rows.logged).arguments)

    assert_allclose(estimate.per_incident, returns.per_incident, atol=1e-12)


@given(rows=drawn_rows())
def test_doubly_robust_with_a_model_of_zeros_is_importance_sampling(rows: Rows) -> None:
    nothing = np.zeros(len(rows.rewards))

    assert_allclose(dr(*rows.arguments, nothing, nothing).per_incident, ips(*rows.arguments).per_incident, atol=1e-12)


@ALL
@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_nothing(estimator: Estimator, rows: Rows, seed: int) -> None:
    shuffled = rows.taken(np.random.default_rng(seed).permutation(len(rows.rewards)))

    assert_allclose(estimator(*shuffled.arguments).per_incident, estimator(*rows.arguments).per_incident, atol=1e-9)


@ALL
@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_what_incidents_are_called_changes_no_value(estimator: Estimator, rows: Rows, seed: int) -> None:
    names = np.random.default_rng(seed).permutation(1000)
    arguments = list(rows.arguments)
    arguments[3] = np.array([f"quell-{names[one]}" for one in rows.incident_id])

    assert estimator(*arguments).value == pytest.approx(estimator(*rows.arguments).value, rel=1e-9, abs=1e-9)


@WEIGHTED
@given(rows=drawn_rows(), factor=st.floats(0.1, 10))
def test_rewards_in_another_unit_give_values_in_that_unit(estimator: Estimator, rows: Rows, factor: float) -> None:
    _, *others = rows.arguments

    scaled = estimator(factor * rows.rewards, *others)

    assert_allclose(scaled.per_incident, factor * estimator(*rows.arguments).per_incident, rtol=1e-9, atol=1e-9)


@given(rows=drawn_rows())
def test_after_an_action_that_the_target_refuses_an_incident_adds_nothing(rows: Rows) -> None:
    refused = rows.target.copy()
    refused[rows.step == 0, rows.proposed[rows.step == 0]] = 0.0

    assert_allclose(ips(*rows.under(refused).arguments).per_incident, 0.0)


@pytest.mark.parametrize("estimator", [snips, wis])
def test_where_the_target_refuses_all_that_was_done_a_ratio_is_not_a_number(estimator: Estimator) -> None:
    rows = by_hand()

    estimate = estimator(*rows.under(np.array([[0.0, 1.0]] * 3)).arguments)

    assert np.isnan(estimate.value)
    assert np.isnan(estimate.per_incident).all()


@pytest.mark.parametrize("estimator", [snips, wis])
@given(rows=drawn_rows())
def test_a_ratio_stays_between_the_least_and_the_most_that_was_earned(estimator: Estimator, rows: Rows) -> None:
    least = sum(
        min(0.0, float(rows.rewards[rows.step == step].min())) for step in range(6) if (rows.step == step).any()
    )
    most = sum(max(0.0, float(rows.rewards[rows.step == step].max())) for step in range(6) if (rows.step == step).any())

    assert least - 1e-9 <= estimator(*rows.arguments).value <= most + 1e-9


@ALL
@given(rows=drawn_rows())
def test_a_clip_above_every_weight_changes_nothing(estimator: Estimator, rows: Rows) -> None:
    clipped = estimator(*rows.arguments, clip=1e12)

    assert_allclose(clipped.per_incident, estimator(*rows.arguments).per_incident)


def test_a_clip_caps_the_cumulative_weight() -> None:
    assert ips(*by_hand().arguments, clip=0.5).value == pytest.approx((0.5 * -1 + 0.5 * 0.5 * -4 + 0.5 * -3) / 2)


def test_doubly_robust_is_exact_when_the_model_is_whatever_the_weights_are() -> None:
    """A chain of two certain rewards: Q is known, so no incident deviates however rare its path was."""
    random = np.random.default_rng(3)
    incident, step = np.repeat(np.arange(50), 2), np.tile([0, 1], 50)
    behaviour = random.uniform(0.05, 1, size=100)
    rewards, discount = np.where(step == 0, -1.0, -2.0), np.full(100, 0.5)
    q = np.where(step == 0, -2.0, -2.0)

    estimate = dr(rewards, random.uniform(0, 1, size=100), behaviour, incident, step, discount, q, q)

    assert_allclose(estimate.per_incident, -2.0)


@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_a_cluster_is_dealt_whole_and_folds_are_even(rows: Rows, seed: int) -> None:
    fold = folds_of(rows.cluster_id, 2, seed)

    clusters = np.unique(rows.cluster_id)
    dealt = [set(fold[rows.cluster_id == one].tolist()) for one in clusters]
    assert {len(one) for one in dealt} == {1}
    assert abs(sum(2 * one.pop() - 1 for one in dealt)) <= 1


@given(rows=drawn_rows())
def test_a_cross_fitted_model_never_sees_the_cluster_it_answers_for(rows: Rows) -> None:
    seen: list[tuple[set[int], set[int]]] = []

    def model(fit: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append((set(rows.cluster_id[fit].tolist()), set(rows.cluster_id[asked].tolist())))
        return asked.astype(float), -asked.astype(float)

    q, v = cross_fitted(model, rows.cluster_id)

    assert all(not fitted & held for fitted, held in seen)
    assert_allclose(q, np.arange(len(rows.rewards)))
    assert_allclose(v, -np.arange(len(rows.rewards)))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (2, 0.0, "behaviour_prob must be above 0"),
        (2, 1.5, "behaviour_prob must be above 0"),
        (1, -0.1, "target_prob must be between"),
        (0, float("nan"), "rewards holds a value"),
        (5, 0.0, "discount must be above 0"),
        (4, 1, "steps must be 0, 1, 2"),
        (4, 5, "steps must be 0, 1, 2"),
    ],
)
@ALL
def test_rows_that_cannot_be_are_named(estimator: Estimator, place: int, value: float, said: str) -> None:
    arguments = [one.copy() for one in by_hand().arguments]
    arguments[place][0] = value

    with pytest.raises(ValueError, match=said):
        estimator(*arguments)


def test_columns_of_different_lengths_are_named() -> None:
    rewards, *others = by_hand().arguments

    with pytest.raises(ValueError, match="rewards has shape"):
        ips(rewards[:2], *others)


def test_an_incident_in_two_clusters_is_named() -> None:
    with pytest.raises(ValueError, match="incident 7 lies in two clusters"):
        clusters_of([7, 7, 9], [1, 2, 3])


def test_fewer_clusters_than_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="1 clusters cannot be dealt into 2 folds"):
        folds_of([4, 4, 4])
