"""The policy that would really be deployed: a challenger that leaves alone what the log can say nothing about."""

import numpy as np
from numpy.typing import ArrayLike

from ope.incidents import Floats

FLOOR = 0.05
"""Least logged probability of a choice that is the challenger's to make: a tie set of three at epsilon 0.15 to 0.2."""


def restricted(target: ArrayLike, logged: ArrayLike, champion: ArrayLike, floor: float = FLOOR) -> Floats:
    """Where the logged probability of the challenger's choice is below `floor`, what the champion does.

    N = rows, K = most candidates; all (N, K), each row a distribution padded with 0 past its candidates. target: the
    challenger's, logged: what the proposal was drawn from, champion: the acting policy's. Returns (N, K):
    target(a) [logged(a) >= floor]  +  champion(a) * sum over the rest of target. Each row sums to what target's did;
    an action with target 0 and champion 0 keeps 0. Raises ValueError if a row is no distribution.
    """
    wanted, drawn, acting = (distributions(one, name) for one, name in _named(target, logged, champion))
    if not wanted.shape == drawn.shape == acting.shape:
        raise ValueError(f"target {wanted.shape}, logged {drawn.shape} and champion {acting.shape} must be alike")
    kept = np.where(drawn >= floor - 1e-12, wanted, 0.0)
    given_up = np.maximum(totals(wanted) - totals(kept), 0.0)
    given_up[given_up < 1e-12] = 0.0
    result: Floats = kept + given_up[:, None] * acting
    return result


def totals(array: Floats) -> Floats:
    """(N,) row sums of (N, K); as a product, several times faster than a sum along short rows."""
    sums: Floats = array @ np.ones(array.shape[1])
    return sums


def distributions(values: ArrayLike, name: str) -> Floats:
    """As float64 (N, K). Raises ValueError unless every row is >= 0 and sums to 1 within 1e-6."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; a distribution (K) for each of N rows is needed")
    whole = np.abs(totals(array) - 1) <= 1e-6
    if not bool(whole.all()) or float(array.min(initial=0.0)) < 0:
        wrong = ~(whole & (array >= 0).all(axis=1))
        raise ValueError(f"{name}: row {int(np.flatnonzero(wrong)[0])} is no distribution (>= 0, sum 1)")
    return array


def _named(target: ArrayLike, logged: ArrayLike, champion: ArrayLike) -> list[tuple[ArrayLike, str]]:
    return [(target, "target"), (logged, "logged"), (champion, "champion")]
