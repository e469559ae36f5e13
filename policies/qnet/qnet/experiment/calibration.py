"""Whether what the released model expects comes true: reliability of P(recover), P(harm) and uplift.

What is expected and what came of it stand side by side in the rows that `quell evaluate` wrote with an outlook; no
training code reads them. N = actions, C = worlds, G = groups of a reliability plot.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qnet.experiment.statistics import Floats, Interval, Ints, draws, interval, ratio

GROUPS = 10


@dataclass(frozen=True)
class Expected:
    """What was expected of each action and what came of it. (N,) each; NaN where nothing was expected."""

    cluster: Ints
    expected: Floats
    came: Floats


# What is compared: a name, and what a row of `expected` says of it and of what came.
COMPARED: Mapping[str, tuple[str, Callable[[dict[str, Any]], float], Callable[[dict[str, Any]], float]]] = {
    "recover-truth": (
        "P(recover), all well within 30 minutes in truth",
        lambda one: one["recovers"]["mean"],
        lambda one: one["forked"]["wellWithIt"],
    ),
    "recover-observed": (
        "P(recover), recovery as observed",
        lambda one: one["recovers"]["mean"],
        lambda one: one["observed"]["recovered"],
    ),
    "wait-truth": (
        "P(recover) of waiting, all well within 30 minutes in truth without the action",
        lambda one: float("nan") if one["waits"] is None else one["waits"]["mean"],
        lambda one: one["forked"]["wellWithout"],
    ),
    "uplift-truth": (
        "uplift over waiting, forked difference in truth",
        lambda one: float("nan") if one["waits"] is None else one["recovers"]["mean"] - one["waits"]["mean"],
        lambda one: float(one["forked"]["wellWithIt"]) - float(one["forked"]["wellWithout"]),
    ),
    "harm-observed": (
        "P(harm), observed harm",
        lambda one: one["harms"]["mean"],
        lambda one: one["observed"]["isHarmful"],
    ),
    "harm-truth": ("P(harm), harm in truth", lambda one: one["harms"]["mean"], lambda one: one["forked"]["isHarmful"]),
}


def read_expected(files: Sequence[Path], policies: Sequence[str] | None) -> dict[str, Expected]:
    """What is compared -> the actions of these policies (of all, where it is None); each action of a day once.

    Policies that choose alike share what they do: an action that several took counts once.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    known = set[str]()
    for row in (json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()):
        if policies is not None and row["policy"] not in policies:
            continue
        for one in row.get("expected", ()):
            key = json.dumps([row["world"], row["day"], one], sort_keys=True)
            if key not in known:
                known.add(key)
                found.append((row["world"], one))
    cluster = np.array([world for world, _ in found], dtype=np.int64)
    return {
        name: Expected(
            cluster,
            np.array([expects(one) for _, one in found], dtype=np.float64),
            np.array([float(came(one)) for _, one in found], dtype=np.float64),
        )
        for name, (_, expects, came) in COMPARED.items()
    }


@dataclass(frozen=True)
class Reliability:
    """How far off the expectations are."""

    actions: int
    expected: float  # mean
    came: Interval  # mean
    error: Interval  # mean of came minus expected
    ece: float  # mean distance of the groups, by their size
    noise: float  # what ece would be by chance alone, were every expectation right
    groups: tuple[tuple[float, float, float, float], ...]  # expected, came, and the latter's interval


def reliability(actions: Expected, count: int = 1000, seed: int = 1) -> Reliability | None:
    """Groups of equal size in the order of what was expected, and the error over them; None for too few actions.

    ece = sum over groups g of n_g / N |mean came - mean expected| (Naeini et al. 2015, with groups of equal size). Its
    `noise` is found by drawing what came anew from what was expected, as if that were right.
    """
    known = np.isfinite(actions.expected)
    cluster, expected, came = actions.cluster[known], actions.expected[known], actions.came[known]
    if len(expected) < 2 * GROUPS:
        return None
    _, place = np.unique(cluster, return_inverse=True)
    weights = draws(np.zeros(place.max() + 1, dtype=np.int64), count, seed)
    groups = [np.sort(one) for one in np.array_split(np.argsort(expected, kind="stable"), GROUPS)]

    def mean(values: Floats) -> Interval:
        sums = np.bincount(place, values, minlength=weights.shape[1]).astype(np.float64)
        return interval(ratio(weights, sums, np.bincount(place, minlength=weights.shape[1]).astype(np.float64)))

    def mean_in(group: Ints) -> tuple[float, float, float, float]:
        sums = np.bincount(place[group], came[group], minlength=weights.shape[1]).astype(np.float64)
        counts = np.bincount(place[group], minlength=weights.shape[1]).astype(np.float64)
        one = interval(ratio(weights, sums, counts))
        return float(expected[group].mean()), one.value, one.low, one.high

    return Reliability(
        len(expected),
        float(expected.mean()),
        mean(came),
        mean(came - expected),
        _ece(expected, came, groups),
        _noise(expected, came, groups, seed),
        tuple(mean_in(group) for group in groups),
    )


def _ece(expected: Floats, came: Floats, groups: Sequence[Ints]) -> float:
    apart = [abs(came[group].mean() - expected[group].mean()) * len(group) for group in groups]
    return float(sum(apart) / len(expected))


def _noise(expected: Floats, came: Floats, groups: Sequence[Ints], seed: int) -> float:
    generator = np.random.default_rng(seed)
    if came.min() >= 0:  # happened or not
        again = [(generator.random(len(expected)) < expected).astype(np.float64) for _ in range(200)]
    else:  # a difference: its own scatter around what is right
        again = [expected + generator.permutation(came - came.mean()) for _ in range(200)]
    return float(np.mean([_ece(expected, one, groups) for one in again]))
