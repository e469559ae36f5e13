"""G3: the simulator may veto, overall and family by family; what it passes is not thereby good in an account.

A family's verdict, by a rule that leaves nothing between: fewer incidents than asked for: undecided. Cost or harm
beyond its margin as measured: refused. Both within their margins by the bound: passed. Else, measured within the
margin and the interval too wide to show it: undecided, for to refuse it would call noise a loss, and to pass it would
call noise a proof. What is undecided takes a person's consent before each of its runbooks.
The whole is not left undecided: there the bound is what must be shown, so a bound beyond the margin refuses.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Literal

import numpy as np

from .compared import Compared, compare, weights_of
from .days import Days
from .stage import Stage, stage_of
from .thresholds import Thresholds

COVERED = 0.999  # least share of incidents whose families were played: what nobody played cannot be vetoed
Decided = Literal["passed", "refused", "undecided"]


@dataclass(frozen=True)
class Family:
    """A family of faults, what was found and why; `compared` is None where no day of it was played."""

    name: str
    verdict: Decided
    reason: str
    compared: Compared | None


@dataclass(frozen=True)
class Simulated:
    """The stage, its families by name, and the runbooks that take a person's consent."""

    stage: Stage
    families: tuple[Family, ...]
    approval: tuple[str, ...]
    better: bool  # the overall cost bound excludes zero


def simulator_stage(days: Days, shares: Mapping[str, float], thresholds: Thresholds) -> Simulated:
    """shares: of each family among incidents; families that were played and have no share count nothing overall."""
    names = sorted({*days.family.tolist(), *(name for name, share in shares.items() if share > 0)})
    families = tuple(_family(days, name, thresholds) for name in names)
    refused = [f"family {one.name}: {one.reason}" for one in families if one.verdict == "refused"]
    unknown = _short(days, thresholds)
    place = np.array([names.index(name) for name in days.family.tolist()])
    wanted = np.array([shares.get(name, 0.0) for name in names])
    covered = float(wanted[np.isin(names, days.family)].sum() / wanted.sum())
    if covered < COVERED:
        unknown.append(f"only {covered:.1%} of the incidents are of families that were played: play days of all")
    whole = compare(days, weights_of(place, wanted), thresholds)
    refused = [*(f"overall: {reason}" for reason in _vetoes(whole, thresholds)), *refused]
    undecided = [one for one in families if one.verdict == "undecided"]
    approval = sorted({runbook for one in undecided for runbook in days.runbooks.get(one.name, ())})
    notes = [
        f"family {one.name} is undecided ({one.reason}): its runbooks take a person's consent" for one in undecided
    ]
    figures = {
        "overall": asdict(whole),
        "covered": covered,
        "undecidedShare": float(sum(shares.get(one.name, 0.0) for one in undecided) / wanted.sum()),
        "approvalRunbooks": len(approval),
    }
    stage = stage_of(refused, unknown, notes, figures)
    return Simulated(stage, families, tuple(approval), whole.gain.low > 0)


def _short(days: Days, thresholds: Thresholds) -> list[str]:
    worlds = len(np.unique(days.world))
    said = []
    if len(days.world) < thresholds.incidents:
        said.append(f"{len(days.world):,} paired incidents, {thresholds.incidents:,} are needed")
    if worlds < thresholds.worlds:
        said.append(f"{worlds} sealed worlds, {thresholds.worlds} are needed")
    return said


def _vetoes(whole: Compared, thresholds: Thresholds) -> list[str]:
    """Why the whole is refused: nothing may be left open here."""
    said = []
    if not whole.gain.low >= -thresholds.cost_margin:
        said.append(
            f"cost {cost_words(whole)}; the bound must not show a loss of more than {thresholds.cost_margin:.0%}"
        )
    if not whole.harm.high <= thresholds.harm_margin:
        said.append(f"harm {harm_words(whole)}; at most {100 * thresholds.harm_margin:+.1f} points may be possible")
    return said


def _family(days: Days, name: str, thresholds: Thresholds) -> Family:
    rows = days.family == name
    count = int(rows.sum())
    if count == 0:
        return Family(name, "undecided", "no incident of it was played", None)
    found = compare(days.only(rows), np.ones(count), thresholds)
    if count < thresholds.family_incidents:
        return Family(name, "undecided", f"{count} incidents, {thresholds.family_incidents} are needed", found)
    return Family(name, *decide(found, thresholds), found)


def decide(found: Compared, thresholds: Thresholds) -> tuple[Decided, str]:
    """The rule above for a family that has incidents enough, with the reason in words."""
    cost, harm = thresholds.cost_margin, thresholds.family_harm_margin
    worse = []
    if not found.gain.value >= -cost:
        worse.append(f"cost {cost_words(found)}, more than {cost:.0%} is lost")
    if not found.harm.value <= harm:
        worse.append(f"harm {harm_words(found)}, more than {100 * harm:g} points are added")
    if worse:
        return "refused", "; ".join(worse)
    wide = []
    if not found.gain.low >= -cost:
        wide.append(f"cost {cost_words(found)}: a loss of more than {cost:.0%} is not excluded")
    if not found.harm.high <= harm:
        wide.append(f"harm {harm_words(found)}: more than {100 * harm:g} points are not excluded")
    return ("undecided", "; ".join(wide)) if wide else ("passed", f"cost {cost_words(found)}, harm {harm_words(found)}")


def cost_words(found: Compared) -> str:
    """What is gained (below 0: lost), with both one-sided bounds, in shares of the champion's cost."""
    if not isfinite(found.gain.low):
        return f"{found.gain.value:+.1%} against the champion (one world has no bound)"
    return f"{found.gain.value:+.1%} (bounds {found.gain.low:+.1%} and {found.gain.high:+.1%}) against the champion"


def harm_words(found: Compared) -> str:
    """What harm per action is added, with both one-sided bounds, in points."""
    side = found.harm
    if not isfinite(side.low):
        return f"{100 * side.value:+.2f} points an action (one world has no bound)"
    return f"{100 * side.value:+.2f} points an action (bounds {100 * side.low:+.2f} and {100 * side.high:+.2f})"
