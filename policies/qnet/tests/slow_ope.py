"""The estimators once more, as loops that follow their definitions, over rows drawn by hypothesis."""

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """N rows in any order, K = 3 candidates each. Distributions (N, K); the rest (N,)."""

    rewards: Floats
    target: Floats
    logged: Floats
    proposed: NDArray[np.int64]
    incident_id: NDArray[np.int64]
    step: NDArray[np.int64]
    discount: Floats
    cluster_id: NDArray[np.int64]

    @property
    def target_prob(self) -> Floats:
        return self.target[np.arange(len(self.proposed)), self.proposed]

    @property
    def behaviour_prob(self) -> Floats:
        return self.logged[np.arange(len(self.proposed)), self.proposed]

    @property
    def arguments(self) -> tuple[Floats, Floats, Floats, NDArray[np.int64], NDArray[np.int64], Floats]:
        """As all estimators take them."""
        return self.rewards, self.target_prob, self.behaviour_prob, self.incident_id, self.step, self.discount

    def taken(self, order: NDArray[np.int64]) -> "Rows":
        """The same rows in another order, or some of them."""
        return Rows(*(one[order] for one in vars(self).values()))

    def under(self, target: Floats) -> "Rows":
        return replace(self, target=target)


@st.composite
def drawn_rows(draw: st.DrawFn) -> Rows:
    """2 to 12 incidents of 1 to 6 steps, ids out of order, every third incident in the cluster of the one before."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=12))
    ids = random.permutation(1000)[: len(lengths)]
    rows = sum(lengths)
    logged = random.dirichlet(np.ones(3), size=rows) * 0.7 + 0.1  # every candidate has a chance
    proposed = np.array([random.choice(3, p=one / one.sum()) for one in logged])
    made = Rows(
        rewards=random.normal(-1, 1, size=rows),
        target=random.dirichlet(np.ones(3), size=rows),
        logged=logged,
        proposed=proposed,
        incident_id=np.repeat(ids, lengths),
        step=np.concatenate([np.arange(one) for one in lengths]),
        discount=random.uniform(0.3, 1.0, size=rows),
        cluster_id=np.repeat(np.arange(len(lengths)) - (np.arange(len(lengths)) % 3 == 2), lengths),
    )
    return made.taken(random.permutation(rows))


def by_incident(rows: Rows) -> dict[int, list[int]]:
    """Each incident's rows, first step first."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in np.argsort(rows.step, kind="stable"):
        found[int(rows.incident_id[row])].append(int(row))
    return dict(sorted(found.items()))


def weight_until(rows: Rows, path: list[int], step: int) -> float:
    """Product of target / behaviour up to and with `step`, or the path's end."""
    return math.prod(float(rows.target_prob[row] / rows.behaviour_prob[row]) for row in path[: step + 1])


def discounted(rows: Rows, path: list[int], step: int) -> float:
    """What the reward of a step is worth at the incident's start; 0 past the end."""
    if step >= len(path):
        return 0.0
    return math.prod(float(rows.discount[row]) for row in path[:step]) * float(rows.rewards[path[step]])


def slow_ips(rows: Rows) -> float:
    paths = by_incident(rows).values()
    total = sum(
        weight_until(rows, path, step) * discounted(rows, path, step) for path in paths for step in range(len(path))
    )
    return total / len(paths)


def slow_snips(rows: Rows) -> float:
    above, below = 0.0, 0.0
    for path in by_incident(rows).values():
        weight = weight_until(rows, path, len(path))
        above += weight * sum(discounted(rows, path, step) for step in range(len(path)))
        below += weight
    return above / below


def slow_wis(rows: Rows) -> float:
    paths = list(by_incident(rows).values())
    value = 0.0
    for step in range(max(len(path) for path in paths)):
        weights = [weight_until(rows, path, step) for path in paths]
        rewards = [discounted(rows, path, step) for path in paths]
        value += sum(w * r for w, r in zip(weights, rewards, strict=True)) / sum(weights)
    return value


def slow_dr(rows: Rows, q: Floats, v: Floats) -> float:
    """By the recursion of Jiang and Li: V_dr(t) = V(s_t) + rho_t (r_t + gamma_t V_dr(t + 1) - Q(s_t, a_t))."""
    paths = by_incident(rows).values()
    total = 0.0
    for path in paths:
        value = 0.0
        for row in reversed(path):
            rho = float(rows.target_prob[row] / rows.behaviour_prob[row])
            value = float(v[row]) + rho * (float(rows.rewards[row]) + float(rows.discount[row]) * value - float(q[row]))
        total += value
    return total / len(paths)
