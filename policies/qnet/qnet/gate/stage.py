"""What a stage says, and what all of them say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["passed", "refused", "NOT EVALUABLE"]


@dataclass(frozen=True)
class Stage:
    """A verdict, why, and the figures behind it. A stage that passes may have reasons: what a reader must know."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)


def stage_of(
    refused: Sequence[str],
    unknown: Sequence[str] = (),
    notes: Sequence[str] = (),
    figures: Mapping[str, Any] | None = None,
) -> Stage:
    """What refuses outweighs what cannot be known, and both outweigh what is merely worth saying."""
    verdict: Verdict = "refused" if refused else "NOT EVALUABLE" if unknown else "passed"
    return Stage(verdict, (*refused, *unknown, *notes), figures or {})


def overall(stages: Mapping[str, Stage]) -> Verdict:
    """Refused if any stage refuses; else NOT EVALUABLE if any is; else passed."""
    found = {stage.verdict for stage in stages.values()}
    return "refused" if "refused" in found else "NOT EVALUABLE" if "NOT EVALUABLE" in found else "passed"


def reasons_of(stages: Mapping[str, Stage], verdict: Verdict) -> list[str]:
    """Why the verdict is what it is: the reasons of the stages that have it, each with its stage's name."""
    return [
        f"{name}: {reason}" for name, stage in stages.items() if stage.verdict == verdict for reason in stage.reasons
    ]
