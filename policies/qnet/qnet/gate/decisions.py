"""The logged proposals and what policies would have proposed instead, as arrays; outcomes are another reading.

N = decisions, K = most candidates of one, S and A = features of a scene and of a candidate.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Decisions:
    """Decisions in the order of their clusters, incidents and steps. No outcome is among them.

    Past a decision's own candidates `probability` is 0 and `offered` is 0.
    """

    incident: Ints  # (N,) rows of an incident stand together
    step: Ints  # (N,) from 0
    cluster: NDArray[np.str_]  # (N,)
    decided_at: Ints  # (N,) ms
    stage: NDArray[np.str_]  # (N,) shadow, ask, auto or ""
    epsilon: Floats  # (N,) 0 where nothing was explored
    proposed: Ints  # (N,) place among the candidates, -1 none
    probability: Floats  # (N, K) of the proposal; NaN where no policy of ours drew it
    scene: NDArray[np.float32]  # (N, S)
    offered: NDArray[np.float32]  # (N, K, A)

    @property
    def incidents(self) -> int:
        return len(np.unique(self.incident))

    def at_proposal(self, of: Floats) -> Floats:
        """(N,) what (N, K) holds at the proposed candidate; NaN where none was proposed."""
        there = np.take_along_axis(of, np.maximum(self.proposed, 0)[:, None], axis=1)[:, 0]
        return np.where(self.proposed < 0, np.nan, there)

    def only(self, rows: Ints) -> "Decisions":
        """Those decisions alone."""
        kept: dict[str, Any] = {one.name: getattr(self, one.name)[rows] for one in fields(self)}
        return replace(self, **kept)


@dataclass(frozen=True)
class Outcomes:
    """What came of N decisions."""

    reward: Floats  # (N,) <= 0, in scales; no incident's return is below minus the cap
    discount: Floats  # (N,) exp(-beta * minutes) to the next decision
    harmed: Flags  # (N,) observed harm: suspected, confirmed or unknown

    def only(self, rows: Ints) -> "Outcomes":
        """What came of those decisions alone."""
        return Outcomes(self.reward[rows], self.discount[rows], self.harmed[rows])


@dataclass(frozen=True)
class Logged:
    """A log, what each policy would have proposed, and the way to its outcomes, which is walked after the diagnostics.

    A target is (N, K): the policy's probability of each candidate, NaN where it could not be scored.
    """

    decisions: Decisions
    targets: dict[str, Floats]
    read: Callable[[Ints], Outcomes]  # of these rows, which are whole incidents; of no other one an outcome is read

    def outcomes(self) -> Outcomes:
        """What came of all of these decisions."""
        return self.read(np.arange(len(self.decisions.step)))

    def only(self, rows: Ints) -> "Logged":
        """The same of these decisions alone, which must be whole incidents."""
        targets = {name: target[rows] for name, target in self.targets.items()}
        return Logged(self.decisions.only(rows), targets, lambda some: self.read(rows[some]))


def capped(reward: Floats, discount: Floats, incident: Ints, step: Ints, cap: float) -> Floats:
    """(N,) rewards of which no incident's discounted sum is below -cap: what exceeds it is not counted any more.

    Rows are sorted by incident and step.
    """
    factor = np.ones(len(reward))  # what a cost at this decision counts at the incident's first
    for level in range(1, int(step.max(initial=0)) + 1):
        rows = np.flatnonzero(step == level)
        factor[rows] = factor[rows - 1] * discount[rows - 1]
    first = _first(incident)
    running = np.append(0.0, np.cumsum(reward * factor))
    before = np.maximum(running[:-1] - running[first], -cap)  # (N,) what the incident had cost when this was decided
    after = np.maximum(running[1:] - running[first], -cap)
    kept: Floats = (after - before) / factor
    return kept


def _first(incident: Ints) -> Ints:
    """(N,) row of the first decision of each row's incident; rows of an incident stand together."""
    begins = np.append(True, np.diff(incident) != 0)
    first: Ints = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    return first
