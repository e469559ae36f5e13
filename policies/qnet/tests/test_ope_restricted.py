"""The policy that would really be deployed: what a challenger may decide, and where the champion does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from slow_ope import Rows, drawn_rows

from ope import restricted

Floats = NDArray[np.float64]


def test_below_the_floor_the_challenger_does_what_the_champion_does() -> None:
    target = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.0, 0.5]])
    logged = np.array([[0.9, 0.1, 0.0], [0.9, 0.06, 0.04], [0.9, 0.06, 0.04]])
    champion = np.array([[1.0, 0.0, 0.0]] * 3)

    assert_allclose(restricted(target, logged, champion), [[0, 1, 0], [1, 0, 0], [1, 0, 0]])


def test_a_choice_logged_with_exactly_the_floor_is_kept() -> None:
    assert_allclose(restricted([[0.0, 1.0]], [[1 - 0.2 / 4, 0.2 / 4]], [[1.0, 0.0]]), [[0, 1]])


@given(rows=drawn_rows(), floor=st.floats(0, 1))
def test_the_restricted_policy_is_a_distribution_that_moves_mass_only_to_the_champion(rows: Rows, floor: float) -> None:
    champion = np.eye(3)[rows.logged.argmax(axis=1)]
    logged = rows.logged / rows.logged.sum(axis=1, keepdims=True)

    found = restricted(rows.target, logged, champion, floor)

    assert_allclose(found.sum(axis=1), 1)
    assert (found <= rows.target + champion).all()
    assert (found[(logged < floor - 1e-9) & (champion == 0)] == 0).all()
    assert_allclose(found[(logged >= floor) & (champion == 0)], rows.target[(logged >= floor) & (champion == 0)])


@given(rows=drawn_rows())
def test_what_both_refuse_stays_refused_exactly(rows: Rows) -> None:
    target = np.where(np.arange(3) == 1, 0.0, rows.target)
    target /= target.sum(axis=1, keepdims=True)
    logged = rows.logged / rows.logged.sum(axis=1, keepdims=True)

    found = restricted(target, logged, np.tile([1.0, 0.0, 0.0], (len(target), 1)), 0.3)

    assert (found[:, 1] == 0).all()


@given(rows=drawn_rows())
def test_restricting_twice_is_restricting_once(rows: Rows) -> None:
    logged = rows.logged / rows.logged.sum(axis=1, keepdims=True)
    champion = np.eye(3)[logged.argmax(axis=1)]
    once = restricted(rows.target, logged, champion, 0.3)

    assert_allclose(restricted(once, logged, champion, 0.3), once)


@pytest.mark.parametrize(
    ("target", "logged", "champion", "said"),
    [
        ([[0.5, 0.4]], [[0.5, 0.5]], [[1.0, 0.0]], "target: row 0 is no distribution"),
        ([[0.5, 0.5]], [[1.5, -0.5]], [[1.0, 0.0]], "logged: row 0 is no distribution"),
        ([[0.5, 0.5]], [[0.5, 0.5]], [[1.0, 0.0, 0.0]], "must be alike"),
        ([0.5, 0.5], [[0.5, 0.5]], [[1.0, 0.0]], "target has shape"),
        ([[float("nan"), 0.5]], [[0.5, 0.5]], [[1.0, 0.0]], "target: row 0 is no distribution"),
    ],
)
def test_what_is_no_distribution_is_named(target: Floats, logged: Floats, champion: Floats, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        restricted(target, logged, champion)
