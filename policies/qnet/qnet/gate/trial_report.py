"""The tables of the refusal study, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .planted import Planted
from .thresholds import Thresholds

if TYPE_CHECKING:
    from .trials import Kind, Study, Trial

FLIPPED = "rewards flipped "


def rendered(kinds: Sequence[Kind], found: Sequence[Planted], study: Study) -> str:
    """Everything that was measured, failures included."""
    sizes = study.sizes
    days = 6 * sizes.days_a_family
    lines = [
        "# What the gate refuses",
        "",
        "Made by `python -m qnet gate-trials --out policies/qnet/refusals.md`. Each trial draws a world of six states",
        f"(`ope.smdp`), a log of {sizes.incidents:,} incidents by the champion with exploration (three quarters are",
        f"the test slice), and {days:,} paired days on {sizes.worlds} worlds, and asks the functions",
        "of the command. Losses are exact, by backward induction: shares of the champion's cost, below 0 a gain. The",
        "restricted policy is the one that G4 speaks of. Whoever never passes anything refuses a worse model too: the",
        "rows of equal and better challengers say what is refused in error.",
        "",
        *_table(
            (
                "challenger",
                "trials",
                "passed",
                "refused",
                "NOT EVALUABLE",
                "G3 refused",
                "G4 refused",
                "loss",
                "restricted",
            ),
            [_row(kind) for kind in kinds if not kind.name.startswith(FLIPPED)],
        ),
        "",
        "Where G3 refuses, the outcomes of the test slice stay closed, and G4 has no say.",
        "",
        *_passed_worse([kind for kind in kinds if not kind.name.startswith(FLIPPED)]),
        "",
        "## Flipped rewards",
        "",
        "The champion has learnt from a log, the challenger from the same log after some rewards changed sign.",
        "*Aimed* flips are all among the runs of the truly worst candidate of each state.",
        "",
        *_table(
            (
                "flipped",
                "trials",
                "passed",
                "refused",
                "NOT EVALUABLE",
                "unchanged policy",
                "loss",
                "worst loss passed",
            ),
            [_flip_row(kind) for kind in kinds if kind.name.startswith(FLIPPED)],
        ),
        "",
        *_first_failures(kinds),
        "",
        "## Planted faults",
        "",
        "Each alone in a case that passes without it.",
        "",
        *_table(("planted", "verdict", "first reason"), [(one.fault, one.verdict, one.reason) for one in found]),
        "",
    ]
    return "\n".join(lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _counts(kind: Kind) -> list[str]:
    verdicts = [one.verdict for one in kind.trials]
    return [str(len(verdicts)), *(str(verdicts.count(name)) for name in ("passed", "refused", "NOT EVALUABLE"))]


def _row(kind: Kind) -> list[str]:
    by = [str(sum(one.stages[stage] == "refused" for one in kind.trials)) for stage in ("G3", "G4")]
    return [kind.name, *_counts(kind), *by, _spread([one.loss for one in kind.trials]), _restricted(kind)]


def _restricted(kind: Kind) -> str:
    return _spread([one.deployed for one in kind.trials])


def _spread(losses: Sequence[float]) -> str:
    """Mean and range."""
    if not losses:
        return "none"
    return f"{np.mean(losses):+.1%} ({min(losses):+.1%} to {max(losses):+.1%})"


def _flip_row(kind: Kind) -> list[str]:
    same = sum(one.loss == 0 for one in kind.trials)
    passed = [one.loss for one in kind.trials if one.verdict == "passed"]
    worst = f"{max(passed):+.1%}" if passed else "none passed"
    return [kind.name.removeprefix(FLIPPED), *_counts(kind), str(same), _spread([x.loss for x in kind.trials]), worst]


def _is_false(trial: Trial) -> bool:
    """Passed, though what would be deployed loses more than the margin that a pass rules out."""
    return trial.verdict == "passed" and trial.deployed > Thresholds().canary_margin


def _passed_worse(kinds: Sequence[Kind]) -> list[str]:
    said = []
    for kind in kinds:
        worse = [one for one in kind.trials if one.deployed > Thresholds().canary_margin]
        wrong = [one for one in worse if _is_false(one)]
        seen = [one for one in kind.trials if one.worst_family > Thresholds().cost_margin]
        hidden = [one for one in kind.trials if one.verdict == "passed" and one.loss > 1e-9]
        if worse:
            said.append(
                f"- {kind.name}: in {len(worse)} trials the restricted policy loses more than "
                f"{Thresholds().canary_margin:.0%}; {len(wrong)} of them passed (5 % may)."
            )
        if seen:
            said.append(
                f"- {kind.name}: in {len(seen)} trials a family loses more than {Thresholds().cost_margin:.0%}; "
                f"{sum(one.verdict == 'passed' for one in seen)} of them passed."
            )
        if hidden:
            said.append(
                f"- {kind.name}: {len(hidden)} passed with some loss, of the challenger "
                f"{_spread([one.loss for one in hidden])}, of the restricted policy "
                f"{_spread([one.deployed for one in hidden])}."
            )
    return said or ["- none."]


def _first_failures(kinds: Sequence[Kind]) -> list[str]:
    """At which share a changed and truly worse policy first passes, for each way to flip."""
    said = []
    for way in ("at random", "where the worst ran"):
        own = [kind for kind in kinds if kind.name.startswith(f"{FLIPPED}{way}")]
        through = [
            (kind.name.rsplit(" ", 1)[1], [one for one in kind.trials if one.verdict == "passed" and one.loss > 1e-9])
            for kind in own
        ]
        first = next(((share, passed) for share, passed in through if passed), None)
        worst = max((one.loss for _, passed in through for one in passed), default=0.0)
        if not own:
            continue
        if first is None:
            said.append(f"- {way}: at no share does a policy pass that is truly worse.")
        else:
            said.append(
                f"- {way}: the first worse policy passes at {first[0]}, {len(first[1])} of them, with a true loss of "
                f"{_spread([one.loss for one in first[1]])} and of the restricted policy of "
                f"{_spread([one.deployed for one in first[1]])}; over all shares the largest loss that passed is "
                f"{worst:+.1%}."
            )
        by_share = ", ".join(f"{share}: {len(passed)}" for share, passed in through)
        said.append(f"- {way}, worse policies that passed by share: {by_share}.")
    return said
