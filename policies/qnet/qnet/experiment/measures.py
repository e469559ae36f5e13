"""What a policy is worth: each measure of the table from the days that were played, with its interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qnet.experiment.played import COSTS, Played
from qnet.experiment.statistics import (
    QUARTILES,
    Floats,
    Interval,
    draws,
    interval,
    quantile,
    ratio,
    share_difference,
    trimmed_mean,
)

WORST = (0.0, 0.1)  # the worst tenth of the worlds
HUMAN, BOUND = "oncall-average", "bound"

Days = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scale:
    """How hours of cost become a return: reward.json."""

    hours: float  # one unit
    cap: float  # units: a day costs no more


@dataclass(frozen=True)
class Measured:
    """Days, and the draws by which every measure of them gets its interval: the same draws for every policy."""

    played: Played
    scale: Scale
    weights: Floats  # (1 + B, C)

    def returns(self, policy: str) -> Floats:
        """Return of each day, <= 0, in units of the scale. (C, D)"""
        return -np.minimum(self.played.of(policy, "hours") / self.scale.hours, self.scale.cap)

    def mean(self, values: Floats, days: Days | None = None) -> Interval:
        """Mean over days; those that are NaN, or not among `days`, do not count. values, days (C, D)."""
        return interval(self._mean(values, days))

    def _mean(self, values: Floats, days: Days | None = None) -> Floats:
        counts = np.isfinite(values) if days is None else np.isfinite(values) & days
        return ratio(self.weights, np.where(counts, values, 0).sum(axis=1), counts.sum(axis=1).astype(np.float64))

    def share(self, policy: str, part: str, whole: str, days: Days | None = None) -> Interval:
        """All of one thing per one of another, such as harm per executed action."""
        return interval(self.drawn_share(policy, part, whole, days))

    def drawn_paged(self, policy: str) -> Floats:
        """Share of the days with a page, in each draw. (1 + B,)"""
        return self._mean(self.paged(policy))

    def paged(self, policy: str) -> Floats:
        """1 for a day with a page, 0 for one without, NaN where it was not played. (C, D)"""
        return np.where(np.isfinite(self.returns(policy)), self.played.of(policy, "pages") > 0, np.nan)

    def drawn_share(self, policy: str, part: str, whole: str, days: Days | None = None) -> Floats:
        """The same in each draw. (1 + B,), the first of which is that of the data as they are."""
        above, below = self.played.of(policy, part), self.played.of(policy, whole)
        counts = np.isfinite(above) if days is None else np.isfinite(above) & days
        return ratio(self.weights, np.where(counts, above, 0).sum(axis=1), np.where(counts, below, 0).sum(axis=1))

    def difference(self, policy: str, other: str) -> Interval:
        """Return of a policy minus that of another, on the days that both played."""
        return self.mean(self.returns(policy) - self.returns(other))

    def paired(self, policy: str, other: str) -> tuple[int, int]:
        """Seeds and days that both played."""
        both = self._both(policy, other)
        return len(np.unique(self.played.strata[both.any(axis=1)])), int(both.sum())

    def spread(self, policy: str, other: str) -> float:
        """Standard deviation over the seeds of the mean difference of returns; NaN for one seed."""
        apart = self.returns(policy) - self.returns(other)
        of_seed = [apart[self.played.strata == seed] for seed in np.unique(self.played.strata)]
        means = [one[np.isfinite(one)].mean() for one in of_seed if np.isfinite(one).any()]
        return float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")

    def harm_counts(self, policy: str, other: str) -> tuple[float, float]:
        """Harmful and all executed actions of a policy on the days that both played."""
        both = self._both(policy, other)
        return tuple(float(self.played.of(policy, name)[both].sum()) for name in ("harmful", "actions"))  # type: ignore[return-value]

    def harm_difference(self, policy: str, other: str) -> Interval:
        """Harm per executed action minus that of another, on the days that both played.

        The wider end of two intervals: the bootstrap, which is blind where no harm was seen, and that of the counts,
        which takes every action for independent.
        """
        both = self._both(policy, other)
        drawn = interval(
            self.drawn_share(policy, "harmful", "actions", both) - self.drawn_share(other, "harmful", "actions", both)
        )
        counted = share_difference(self.harm_counts(policy, other), self.harm_counts(other, policy))
        return Interval(drawn.value, min(drawn.low, counted.low), max(drawn.high, counted.high))

    def _both(self, policy: str, other: str) -> Days:
        return np.isfinite(self.returns(policy)) & np.isfinite(self.returns(other))

    def gap_closed(self, policy: str) -> Interval:
        """Share of the way from the average on-call person to the bound, on the days that the bound played.

        NaN where the interval of that way holds 0: a share of what may be nothing says nothing.
        """
        human, bound = self.returns(HUMAN), self.returns(BOUND)
        gained = self.returns(policy) - human
        counts = np.isfinite(gained) & np.isfinite(bound)
        way = self.mean(bound - human, counts)
        if not (way.low > 0 or way.high < 0):
            return Interval(float("nan"), float("nan"), float("nan"))
        above = np.where(counts, gained, 0).sum(axis=1)
        return interval(ratio(self.weights, above, np.where(counts, bound - human, 0).sum(axis=1)))

    def of(self, policy: str) -> dict[str, Interval]:
        """Every measure of one policy."""
        returns, played = self.returns(policy), self.played
        cluster, day = np.nonzero(np.isfinite(returns))
        days = returns[cluster, day]
        worlds = np.unique(cluster)
        of_world = np.array([returns[world][np.isfinite(returns[world])].mean() for world in worlds])
        recoveries = played.recoveries.get(policy)
        took = (np.zeros(0, np.int64), np.zeros(0)) if recoveries is None else (recoveries.cluster, recoveries.minutes)
        healed = np.where(played.of(policy, "incidents") > 0, played.of(policy, "recovered"), np.nan)
        return {
            "return": self.mean(returns),
            "iqm": interval(trimmed_mean(self.weights, cluster, days, *QUARTILES)),
            "gapClosed": self.gap_closed(policy),
            "impact": self.mean(played.of(policy, "impactMinutes")),
            "recovered": self.mean(healed),
            "recoverMedian": interval(quantile(self.weights, *took, 0.5)),
            "recoverP90": interval(quantile(self.weights, *took, 0.9)),
            "harm": self.share(policy, "harmful", "actions"),
            "observedHarm": self.share(policy, "observedHarmful", "actions"),
            "withoutUplift": self.share(policy, "withoutUplift", "actions"),
            **{name: self.mean(played.of(policy, name)) for name in ("abstained", "asks", "refusedByPeople")},
            **{name: self.mean(played.of(policy, name)) for name in ("excluded", "tooHarmful")},
            "actions": self.mean(played.of(policy, "actions")),
            "pages": self.mean(played.of(policy, "pages")),
            "paged": self.mean(self.paged(policy)),
            "medianWorld": interval(quantile(self.weights, worlds, of_world, 0.5)),
            "worstWorlds": interval(trimmed_mean(self.weights, worlds, of_world, *WORST)),
            **{name: self.mean(played.of(policy, name)) for name in COSTS},
            "seen": self.mean(returns, ~played.held_out),
            "heldOut": self.mean(returns, played.held_out),
        }

    def counts(self, policy: str) -> dict[str, int]:
        """How much was played: seeds, worlds and days."""
        finite = np.isfinite(self.returns(policy))
        worlds = finite.any(axis=1)
        return {
            "seeds": len(np.unique(self.played.strata[worlds])),
            "worlds": int(worlds.sum()),
            "days": int(finite.sum()),
        }


def measured(played: Played, scale: Scale, count: int = 2000, seed: int = 1) -> Measured:
    """Makes the draws: worlds within seeds."""
    return Measured(played, scale, draws(played.strata, count, seed))
