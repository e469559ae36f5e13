"""Harm per executed action against how often a policy pages, and what one has over another at the same page rate.

B = draws. A line is a rule at several settings; between two neighbouring settings harm is interpolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qnet.experiment.measures import Measured
from qnet.experiment.released_plan import Line
from qnet.experiment.statistics import Floats, Interval, interval, share_difference

# Harm in truth is what the protocol calls harm; observed harm is what rows show and what is learnt from.
TRUE_HARM, OBSERVED_HARM = "harmful", "observedHarmful"
# In fewer of the draws a comparison rests on extrapolation too often to be one.
LEAST_COMPARED = 0.95


@dataclass(frozen=True)
class Curve:
    """Where the settings of a line lie, in each draw."""

    policies: tuple[str, ...]
    paged: Floats  # (P, 1 + B) share of the days with a page
    harm: Floats  # (P, 1 + B) per executed action; NaN where nothing was executed


def curve(measured: Measured, policies: Sequence[str], harm: str) -> Curve:
    """The curve through those of the policies that were played."""
    known = tuple(policy for policy in policies if policy in measured.played.days)
    empty = np.zeros((0, len(measured.weights)))
    return Curve(
        known,
        np.array([measured.drawn_paged(policy) for policy in known]) if known else empty,
        np.array([measured.drawn_share(policy, harm, "actions") for policy in known]) if known else empty,
    )


def at_page_rate(line: Curve, paged: Floats) -> Floats:
    """The line's harm at a page rate, in each draw; NaN beyond its ends. paged (1 + B,). Returns (1 + B,)."""
    found = np.full(len(paged), np.nan)
    for draw, at in enumerate(paged):
        known = np.isfinite(line.harm[:, draw]) & np.isfinite(line.paged[:, draw])
        order = np.argsort(line.paged[known, draw], kind="stable")
        x, y = line.paged[known, draw][order], line.harm[known, draw][order]
        if len(x) > 0 and np.isfinite(at) and x[0] - 1e-9 <= at <= x[-1] + 1e-9:
            found[draw] = np.interp(at, x, y)
    return found


def over(measured: Measured, policy: str, line: Curve, harm: str) -> Interval:
    """Harm of a policy minus that of a line at the same page rate; NaN where the line does not reach that far.

    The wider end of two intervals: the bootstrap, which is blind where no harm was seen, and that of the counts of the
    policy and of the line's nearest setting, which takes every action for independent.
    """
    paged = measured.drawn_paged(policy)
    apart = measured.drawn_share(policy, harm, "actions") - at_page_rate(line, paged)
    if np.isfinite(apart).mean() < LEAST_COMPARED:
        return _UNKNOWN
    return _widened(interval(apart), [_by_counts(measured, policy, line, harm)])


def rule_over(measured: Measured, rule: Line, line: Curve, harm: str) -> Interval:
    """The same for a rule as a whole: the mean over those of its settings that can be compared."""
    apart, counted = [], []
    for _, policy in rule.policies:
        if policy not in measured.played.days:
            continue
        one = measured.drawn_share(policy, harm, "actions") - at_page_rate(line, measured.drawn_paged(policy))
        if np.isfinite(one).mean() >= LEAST_COMPARED:
            apart.append(one)
            counted.append(_by_counts(measured, policy, line, harm))
    return _widened(interval(np.mean(apart, axis=0)), counted) if apart else _UNKNOWN


def _by_counts(measured: Measured, policy: str, line: Curve, harm: str) -> Interval:
    """Difference of harm to the line's setting with the nearest page rate, each action taken for independent."""
    paged = measured.drawn_paged(policy)[0]
    nearest = line.policies[int(np.nanargmin(np.abs(line.paged[:, 0] - paged)))]
    return share_difference(_counts(measured, policy, harm), _counts(measured, nearest, harm))


def _widened(drawn: Interval, counted: Sequence[Interval]) -> Interval:
    """Reaches at least as far to each side as those by counts do on average: they see how few actions there are."""
    known = [one for one in counted if np.isfinite(one.value)]
    if not known:
        return drawn
    low = float(np.mean([one.low - one.value for one in known]))
    high = float(np.mean([one.high - one.value for one in known]))
    return Interval(drawn.value, min(drawn.low, drawn.value + low), max(drawn.high, drawn.value + high))


def _counts(measured: Measured, policy: str, harm: str) -> tuple[float, float]:
    return float(np.nansum(measured.played.of(policy, harm))), float(np.nansum(measured.played.of(policy, "actions")))


_UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))
