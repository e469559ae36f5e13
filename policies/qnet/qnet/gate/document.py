"""verdict.json, which machines read, and the sentence for whoever waits at a terminal."""

from math import isfinite
from pathlib import Path
from typing import Any

from .estimated import scope_words
from .judge import Judgement
from .simulator import Family


def document_of(judgement: Judgement, challenger: str, champion: str) -> dict[str, Any]:
    """The content of verdict.json; what is not known is null."""
    document: dict[str, Any] = {
        "schema": 1,
        "challenger": challenger,
        "champion": champion,
        "verdict": judgement.verdict,
        "reasons": list(judgement.reasons),
        "promotion": judgement.promotion or None,
        "stages": {
            name: {"verdict": stage.verdict, "reasons": list(stage.reasons), "figures": _plain(stage.figures)}
            for name, stage in judgement.stages.items()
        },
        "families": [_family(one) for one in judgement.families],
        "undecided": judgement.undecided,
        "approval": list(judgement.approval),
        "openings": judgement.openings,
        "thresholds_hash": judgement.opening.thresholds,
    }
    return document


def _family(family: Family) -> dict[str, Any]:
    found = family.compared
    return {
        "family": family.name,
        "verdict": family.verdict,
        "reason": family.reason,
        "incidents": 0 if found is None else found.incidents,
        "gain": None if found is None else _plain(found.gain.value),
        "costBound": None if found is None else _plain(found.gain.low),
        "harm": None if found is None else _plain(found.harm.value),
        "harmBound": None if found is None else _plain(found.harm.high),
    }


def _plain(value: Any) -> Any:
    """Only what JSON has: a number that is not finite is null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def sentence_of(judgement: Judgement, challenger: str, report: Path) -> str:
    """What came of it, why, and where the rest stands."""
    if judgement.verdict == "passed":
        why = f"{judgement.promotion}; {scope_words(judgement.stages['G4'].figures)}"
        if judgement.undecided:
            why += f"; a person consents to each of {len(judgement.approval)} runbooks of the undecided families "
            why += ", ".join(judgement.undecided)
    else:
        more = len(judgement.reasons) - 1
        why = judgement.reasons[0] + (f" (and {more} more reasons)" if more > 0 else "")
    return f"{challenger}: {judgement.verdict}: {why}; the report is {report}"
