"""Fitted Q evaluation: against the iteration it is the limit of, and against values that are known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from slow_ope import Rows, by_incident, drawn_rows

from ope import Linear, Tabular, cross_fitted, dr, fqe, fqe_model, ips
from ope.coverage_study import VISITED, basis_of
from ope.logs import EPSILON, greedy, scores_of, simulate
from ope.smdp import law_of, policy_value, value_iteration, world_of


def linear_of(rows: Rows, seed: int, width: int = 4) -> Linear:
    """Any features of three candidates."""
    features = np.random.default_rng(seed).normal(size=(len(rows.rewards), 3, width))
    return Linear(features[np.arange(len(rows.rewards)), rows.proposed], np.einsum("nk,nkd->nd", rows.target, features))


def tabular_of(rows: Rows, seed: int, width: int = 7) -> Tabular:
    cells = np.random.default_rng(seed).integers(0, width, size=(len(rows.rewards), 3))
    return Tabular(cells, rows.target, rows.proposed, width)


def one_hot(table: Tabular) -> Linear:
    features = np.eye(table.width)[table.cells]
    return Linear(
        features[np.arange(len(table.cells)), table.proposed], np.einsum("nk,nkd->nd", table.target, features)
    )


def slow_fqe(rows: Rows, basis: Linear, ridge: float) -> float:
    """Fitted Q iteration: regress reward plus discounted value of the next decision, until nothing changes."""
    paths = list(by_incident(rows).values())
    follows = {one: two for path in paths for one, two in pairwise(path)}
    x, coefficients = basis.features, np.zeros(basis.width)
    for _ in range(3000):
        goals = np.array(
            [
                rows.rewards[row]
                + (rows.discount[row] * basis.target_features[follows[row]] @ coefficients if row in follows else 0.0)
                for row in range(len(rows.rewards))
            ]
        )
        coefficients = np.linalg.solve(x.T @ x + ridge * np.eye(basis.width), x.T @ goals)
    return float(np.mean([basis.target_features[path[0]] @ coefficients for path in paths]))


@pytest.mark.parametrize("seed", range(6))
def test_it_is_where_fitted_q_iteration_ends(seed: int) -> None:
    rows = _rows(seed)
    basis = one_hot(tabular_of(rows, seed))

    estimate = fqe(rows.rewards, rows.incident_id, rows.step, rows.discount, basis, ridge=0.5)

    assert estimate.value == pytest.approx(slow_fqe(rows, basis, 0.5), rel=1e-6)


@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_a_table_is_linear_in_one_hot_features(rows: Rows, seed: int) -> None:
    table = tabular_of(rows, seed)
    timed = (rows.rewards, rows.incident_id, rows.step, rows.discount)

    by_table, by_features = fqe(*timed, table, ridge=0.5), fqe(*timed, one_hot(table), ridge=0.5)

    assert_allclose(by_table.per_incident, by_features.per_incident, rtol=1e-7, atol=1e-7)


@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_the_value_is_the_mean_of_what_incidents_add(rows: Rows, seed: int) -> None:
    estimate = fqe(rows.rewards, rows.incident_id, rows.step, rows.discount, linear_of(rows, seed), ridge=1.0)

    assert float(estimate.per_incident.mean()) == pytest.approx(estimate.value, rel=1e-9, abs=1e-9)


@given(rows=drawn_rows())
def test_a_cell_for_every_row_under_the_behaviour_gives_back_the_mean_return(rows: Rows) -> None:
    """The target proposes what was proposed: each row is its own cell, so the model is the log itself."""
    sure = np.ones(len(rows.rewards))
    own = np.zeros((len(sure), 3))
    own[np.arange(len(sure)), rows.proposed] = 1.0
    cells = np.repeat(np.arange(len(sure))[:, None], 3, axis=1)
    timed = (rows.rewards, rows.incident_id, rows.step, rows.discount)

    estimate = fqe(*timed, Tabular(cells, own, rows.proposed, len(sure)), ridge=1e-9)

    returns = ips(rows.rewards, sure, sure, rows.incident_id, rows.step, rows.discount)
    assert estimate.value == pytest.approx(returns.value, rel=1e-6)


@pytest.mark.parametrize("incident", [1, 2, 50, 60])
def test_what_an_incident_adds_is_how_the_value_moves_when_it_weighs_more(incident: int) -> None:
    """The influence of an incident: I times the change of the value when it is in the log once more."""
    rows = _rows(4, incidents=400)
    basis = linear_of(rows, 4)
    estimate = fqe(rows.rewards, rows.incident_id, rows.step, rows.discount, basis, ridge=1e-6)

    again = np.concatenate([np.arange(len(rows.rewards)), np.flatnonzero(rows.incident_id == incident)])
    more = rows.taken(again)
    twice = np.concatenate([rows.incident_id, np.full(len(again) - len(rows.rewards), 10**6)])
    copied = Linear(basis.features[again], basis.target_features[again])
    doubled = fqe(more.rewards, twice, more.step, more.discount, copied, ridge=1e-6)

    moved = (doubled.value - estimate.value) * (len(estimate.incidents) + 1)
    assert moved == pytest.approx(estimate.per_incident[incident] - estimate.value, rel=0.03)


def test_in_the_six_state_world_it_finds_the_value_that_dynamic_programming_finds() -> None:
    world = world_of(7, VISITED)
    law = law_of(world, VISITED)
    scores = scores_of(world, value_iteration(world), 7)
    allowed = np.isfinite(scores)
    behaviour = (1 - EPSILON) * greedy(scores) + EPSILON * allowed / allowed.sum(axis=1, keepdims=True)
    log = simulate(law, behaviour, behaviour, 60_000, 1)

    timed = (log.reward, log.incident, log.step, log.discount)
    estimate = fqe(*timed, basis_of(law, log, greedy(scores)))

    assert estimate.value == pytest.approx(policy_value(law, greedy(scores)), rel=0.01)


@given(rows=drawn_rows(), seed=st.integers(0, 1000))
def test_as_a_model_it_answers_for_rows_it_was_not_fitted_on(rows: Rows, seed: int) -> None:
    """The rewards of the rows asked about change nothing of their own answers."""
    basis, held = tabular_of(rows, seed), rows.incident_id == rows.incident_id[0]
    changed = np.where(held, 100.0, rows.rewards)
    fit, asked = np.flatnonzero(~held), np.flatnonzero(held)

    before = fqe_model(rows.rewards, rows.incident_id, rows.step, rows.discount, basis)(fit, asked)
    after = fqe_model(changed, rows.incident_id, rows.step, rows.discount, basis)(fit, asked)

    assert_allclose(np.array(before), np.array(after))


def test_cross_fitted_inside_doubly_robust_it_makes_the_spread_smaller() -> None:
    world = world_of(7, VISITED)
    law = law_of(world, VISITED)
    scores = scores_of(world, value_iteration(world), 7)
    allowed = np.isfinite(scores)
    behaviour = allowed / allowed.sum(axis=1, keepdims=True)
    log = simulate(law, behaviour, behaviour, 4_000, 1)
    target = greedy(scores)
    chances = (target[log.state, log.proposed], behaviour[log.state, log.proposed])
    arguments = (log.reward, *chances, log.incident, log.step, log.discount)
    model = fqe_model(log.reward, log.incident, log.step, log.discount, basis_of(law, log, target))

    robust = dr(*arguments, *cross_fitted(model, log.cluster))

    assert robust.per_incident.std() < 0.8 * ips(*arguments).per_incident.std()


def _rows(seed: int, incidents: int = 10) -> Rows:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 7, size=incidents)
    rows = int(lengths.sum())
    return Rows(
        rewards=random.normal(-1, 1, size=rows),
        target=random.dirichlet(np.ones(3), size=rows),
        logged=np.full((rows, 3), 1 / 3),
        proposed=random.integers(0, 3, size=rows),
        incident_id=np.repeat(np.arange(incidents), lengths),
        step=np.concatenate([np.arange(one) for one in lengths]),
        discount=random.uniform(0.3, 0.95, size=rows),
        cluster_id=np.repeat(np.arange(incidents), lengths),
    )
