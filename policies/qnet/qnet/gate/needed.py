"""The honest answer to a small fleet: how many incidents there are, how many it takes, and how long that is."""

from math import ceil, isfinite
from typing import Any

from ope import Evaluability, Requirements, smallest_detectable_difference

from .decisions import Decisions
from .thresholds import Thresholds

DAY_MS = 86_400_000
# Standard deviation of an incident's return over its mean. 3,500 incidents an arm find 8 % (LEARNING, section 4): with
# (1.645 + 0.842) sqrt(2 / 3500) sd = 0.08 mean it is 1.35. A log's own is known only once its rewards were read.
SPREAD = 1.35


def rate_of(decisions: Decisions) -> dict[str, Any]:
    """incidents a day, from the first decision to the last; None where there is no day between them."""
    days = (int(decisions.decided_at.max()) - int(decisions.decided_at.min())) / DAY_MS
    return {"incidentsPerDay": decisions.incidents / days if days > 0 else None}


def needed_words(
    found: Evaluability, figures: dict[str, Any], requirements: Requirements, thresholds: Thresholds
) -> list[str]:
    """Sentences: what there is, what it takes, how long it takes. Adds the numbers to `figures`."""
    here, rate = figures["incidents"], figures["incidentsPerDay"]
    share = found.ess_share if isfinite(found.ess_share) and found.ess_share > 0 else None
    effective = _effective_for(thresholds.canary_margin / SPREAD)
    # With a share below what is asked for more of the same does not help; a log that is just good enough is priced.
    usable = max(share or 0.0, requirements.ess_share)
    deciding = found.ess_of_error if isfinite(found.ess_of_error) and found.ess_of_error > 0 else here * usable
    for_ess = ceil(max(requirements.ess / usable, here * requirements.ess_of_error / deciding))
    for_difference = ceil(effective / usable)
    figures |= {"neededForEvidence": for_ess, "neededForMargin": for_difference}
    said = [
        f"there are {here:,} incidents; {requirements.ess:.0f} effective ones that decide take about {for_ess:,}"
        f"{_long(for_ess - here, rate)}, and to find a difference of {thresholds.canary_margin:.0%} of the cost takes "
        f"about {for_difference:,}{_long(for_difference - here, rate)}"
    ]
    if share is not None and share < requirements.ess_share:
        said.append(
            f"only {share:.1%} of these incidents are effective: more like them do not help, a challenger closer to "
            "the champion or a log with more exploration does"
        )
    return said


def _effective_for(difference: float) -> float:
    """Effective incidents that find a difference, in standard deviations of a return."""
    return (smallest_detectable_difference(1.0, 1.0) / difference) ** 2


def _long(more: int, rate: float | None) -> str:
    if more <= 0:
        return ""
    if not rate:
        return " (nobody can say how long that is: this log spans no time)"
    days = more / rate
    if days < 60:
        return f" (about {days:.0f} more days at this log's rate)"
    return f" (about {days / 30.44:.0f} more months)" if days < 730 else f" (about {days / 365.25:.0f} more years)"
