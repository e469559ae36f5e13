"""Fitted Q evaluation: the target's values from a model alone, no importance weight anywhere.

It ranks challengers and serves as the model inside `dr`. It promotes nothing: where the log never went it answers all
the same, and its bounds know only the noise of sampling, not the model's own error.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ope.dr import QModel, Rows
from ope.incidents import Estimate, Floats, Grid, column, grid_of


@dataclass(frozen=True)
class Linear:
    """Q(s, a) = features of (s, a) times coefficients.

    features (N, D): of the proposed action; target_features (N, D): sum_a target(a) of the features of (s, a).
    """

    features: Floats
    target_features: Floats

    @property
    def width(self) -> int:
        return int(self.features.shape[1])

    def at(self, coefficients: Floats, rows: Rows) -> tuple[Floats, Floats]:
        """(Q of the proposed action, value of the target), each one a row."""
        return self.features[rows] @ coefficients, self.target_features[rows] @ coefficients

    def weighed(self, rows: Rows, weight: Floats) -> Floats:
        """(D,) sum over rows of weight times features."""
        return weight @ self.features[rows]

    def target_mean(self, rows: Rows) -> Floats:
        """(D,) mean over rows of target_features."""
        mean: Floats = self.target_features[rows].mean(axis=0)
        return mean

    def moments(self, rows: Rows, following: Rows, discount: Floats) -> Floats:
        """(D, D) sum over rows of features x (features - discount target_features of the row that follows)."""
        goes_on = following >= 0
        here, there = self.features[rows], self.features[rows[goes_on]]
        product: Floats = here.T @ here - there.T @ (discount[goes_on, None] * self.target_features[following[goes_on]])
        return product


@dataclass(frozen=True)
class Tabular:
    """Q(s, a) = one number a cell; the same as `Linear` with one-hot features, without building them.

    cells (N, K): the cell 0..width-1 of each candidate (any where target is 0); target (N, K): its probabilities;
    proposed (N,): index of the drawn candidate.
    """

    cells: NDArray[np.int64]
    target: Floats
    proposed: NDArray[np.int64]
    width: int

    def at(self, coefficients: Floats, rows: Rows) -> tuple[Floats, Floats]:
        values = coefficients[self.cells[rows]]
        return values[np.arange(len(rows)), self.proposed[rows]], np.einsum("nk,nk->n", self.target[rows], values)

    def weighed(self, rows: Rows, weight: Floats) -> Floats:
        return np.bincount(self.cells[rows, self.proposed[rows]], weight, minlength=self.width).astype(np.float64)

    def target_mean(self, rows: Rows) -> Floats:
        total = np.bincount(self.cells[rows].ravel(), self.target[rows].ravel(), minlength=self.width)
        return total / len(rows)

    def moments(self, rows: Rows, following: Rows, discount: Floats) -> Floats:
        here = self.cells[rows, self.proposed[rows]]
        goes_on = following >= 0
        pair = here[goes_on, None] * self.width + self.cells[following[goes_on]]
        weight = discount[goes_on, None] * self.target[following[goes_on]]
        flow = np.bincount(pair.ravel(), weight.ravel(), minlength=self.width**2).reshape(self.width, self.width)
        return np.diag(np.bincount(here, minlength=self.width).astype(np.float64)) - flow


def fqe(
    rewards: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    basis: Linear | Tabular,
    *,
    ridge: float = 1e-3,
) -> Estimate:
    """Mean over incidents of the target's fitted value at their first decision.

    rewards, discount (N,), the rest as in `ips`; basis over the same N rows. The coefficients are the fixed point of
    fitted Q iteration under a ridge: (sum x (x - discount x'_target) + ridge 1) w = sum x r. ridge > 0, in rows: a
    cell never seen is worth 0, which for costs is the best there is. per_incident is linearised in the coefficients:
    V(s_i0) + I u.(sum over i's rows of x delta), u = A^-T mean x_0, delta the row's temporal difference, centred on
    the value. Source: Le, Voloshin and Yue 2019, "Batch policy learning under constraints", algorithm 3, at its
    fixed point (Lagoudakis and Parr 2003, LSTDQ, eq. 6); influence as in Hao et al. 2021, "Bootstrapping fitted
    Q-evaluation", theorem 4.2.
    """
    grid = grid_of(incident_id, step)
    rows = np.arange(len(grid.incident))
    reward, factor = column(rewards, "rewards", len(rows)), column(discount, "discount", len(rows))
    following = _following(grid)
    moments = basis.moments(rows, following, factor) + ridge * np.eye(basis.width)
    coefficients = _solved(moments, basis.weighed(rows, reward))
    q, v = basis.at(coefficients, rows)
    first = np.flatnonzero(grid.step == 0)
    start = np.empty(len(first))
    start[grid.incident[first]] = v[first]
    u = _solved(moments.T, basis.target_mean(first))
    delta = reward + np.where(following >= 0, factor * v[following], 0.0) - q
    pull, _ = basis.at(u, rows)
    noise = len(first) * np.bincount(grid.incident, pull * delta, minlength=len(first))
    return Estimate(float(start.mean()), start + noise - noise.mean(), grid.incidents)


def fqe_model(
    rewards: ArrayLike,
    incident_id: ArrayLike,
    step: ArrayLike,
    discount: ArrayLike,
    basis: Linear | Tabular,
    *,
    ridge: float = 1e-3,
) -> QModel:
    """The same fit as a model for `cross_fitted`: fitted on some rows (whole incidents), asked about others."""
    grid = grid_of(incident_id, step)
    reward = column(rewards, "rewards", len(grid.incident))
    factor = column(discount, "discount", len(grid.incident))
    following = _following(grid)

    def fit(rows: Rows, asked: Rows) -> tuple[Floats, Floats]:
        moments = basis.moments(rows, following[rows], factor[rows]) + ridge * np.eye(basis.width)
        coefficients = _solved(moments, basis.weighed(rows, reward[rows]))
        return basis.at(coefficients, asked)

    return fit


def _solved(matrix: Floats, right: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _following(grid: Grid) -> Rows:
    """(N,) the row of the incident's next decision, -1 where there is none."""
    place = np.full((len(grid.incidents), grid.steps + 1), -1)
    place[grid.incident, grid.step] = np.arange(len(grid.incident))
    return place[grid.incident, grid.step + 1]
