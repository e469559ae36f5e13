"""Gradient-boosted trees over (scene, candidate), on one thread: the same rows and seed give the same trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import lightgbm
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..episodes import Episodes
from ..places import place_of

Matrix = npt.NDArray[np.float32]

BINS = 63  # values of a feature that trees can tell apart; LightGBM's 255 took three times as long
ROWS_AT_ONCE = 65_536  # candidates priced in one call: 75 MB at 290 features


class TreeShape(Protocol):
    """What a learner's config says of its trees; reasons stand at the fields of that config."""

    @property
    def trees(self) -> int: ...
    @property
    def leaves(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def least_rows(self) -> int: ...


@dataclass(frozen=True)
class Columns:
    """How the known code of a runbook becomes a category: its place among those seen, R where it is not there."""

    codes: Tensor  # (R,) int64, sorted
    runbook: int  # column of the code in a candidate

    def rows(self, state: Tensor, candidate: Tensor, owner: Tensor) -> Matrix:
        """(n, S + A) float32: the scene of each candidate, then the candidate with its code's place for its code."""
        joined = torch.cat([state[owner], candidate], 1)
        joined[:, state.shape[1] + self.runbook] = place_of(candidate[:, self.runbook], self.codes).to(joined.dtype)
        return joined.numpy()


def columns_of(episodes: Episodes) -> Columns:
    """The codes are those of the candidates that ran; trees know nothing of any other."""
    runbook = episodes.schema.index("runbook")
    ran = episodes.executed[episodes.executed >= 0]
    return Columns(torch.unique(episodes.candidate[ran, runbook].to(torch.int64)), runbook)


def executed_rows(episodes: Episodes, columns: Columns, which: Tensor) -> lightgbm.Dataset:
    """One row for each of the decisions (N,) bool, whose executed actions were in their lists.

    Binned once, labelled anew for each regression.
    """
    ran = torch.nonzero(which).squeeze(1)
    rows = columns.rows(episodes.state, episodes.candidate[episodes.executed[ran]], ran)
    category = episodes.schema.S + columns.runbook
    settings = {"max_bin": BINS, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1}
    return lightgbm.Dataset(rows, categorical_feature=[category], free_raw_data=False, params=settings)


def grow(rows: lightgbm.Dataset, target: Tensor, shape: TreeShape, seed: int) -> lightgbm.Booster:
    """Least squares, since what is wanted is a mean, heavy tail and all. The same rows and seed give the same trees."""
    settings = {
        "objective": "regression",
        "learning_rate": shape.learning_rate,
        "num_leaves": shape.leaves,
        "min_data_in_leaf": shape.least_rows,
        "min_data_per_group": shape.least_rows,
        "feature_fraction": 0.7,
        "max_bin": BINS,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    rows.set_label(target.numpy())
    return lightgbm.train(settings, rows, num_boost_round=shape.trees)


def price(booster: lightgbm.Booster, columns: Columns, state: Tensor, candidate: Tensor, owner: Tensor) -> Tensor:
    """(n,) float32: the trees' value of each candidate."""
    values = [
        booster.predict(columns.rows(state, candidate[part], owner[part]), num_threads=1)
        for part in _parts(len(candidate))
    ]
    return torch.from_numpy(np.concatenate([np.zeros(0), *values])).to(torch.float32)


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, count, ROWS_AT_ONCE))
