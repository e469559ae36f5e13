"""G0: is the evidence clean? Slices, leaks, and golden decisions that were not learnt from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .leaks import Against
from .openings import Opening, Openings, opened_before
from .slices import SLICES, Sliced
from .stage import Stage, stage_of


@dataclass(frozen=True)
class Checked:
    """What was found of the data before the test slice is opened."""

    sliced: Sliced
    disorder: str  # what is wrong with the order of the slices
    has_model: bool
    trained_on: frozenset[str] | None
    returns: Against | None  # a model of shuffled returns against cloning; None where there is none, or no evidence
    has_shuffled: bool
    checks: Mapping[str, Any]
    openings: Openings
    opening: Opening


def data_stage(found: Checked) -> Stage:
    """Refuses what is not clean; says what was not tested."""
    leaked, unknown, notes = _of_leaks(found)
    refused = [*_of_slices(found), *leaked, *_of_golden(found)]
    earlier = {one.thresholds for one in found.openings.before if one.meets(found.opening)}
    if earlier - {found.opening.thresholds}:
        refused.append("this test slice was opened before under other thresholds: take a later slice for these")
    times = opened_before(found.openings, found.opening)
    if times > 0:
        notes.append(f"this test slice was opened before, {times} times: each look makes a pass by chance likelier")
    sizes = {name: len(found.sliced.named(name)) for name in SLICES}
    figures = {
        "clusters": sizes,
        "clustersInNoSlice": int((found.sliced.slice_of == "").sum()),
        "trainedOn": None if found.trained_on is None else len(found.trained_on),
        "recomputedHistories": found.checks["leaks"]["rows"],
        "differingHistories": found.checks["leaks"]["differing"],
        "shuffledMinusCloning": None if found.returns is None else found.returns.difference,
        "shuffledMinusCloningLow": None if found.returns is None else found.returns.low,
        "openedBefore": times,
    }
    return stage_of(refused, unknown, notes, figures)


def _of_slices(found: Checked) -> list[str]:
    said = [found.disorder] if found.disorder else []
    if found.trained_on is None:
        if found.has_model:
            said.append("nobody says which clusters the model was trained on: give trainedOn")
        return said
    for name in ("tune", "calibrate", "test"):
        both = sorted(found.sliced.named(name) & found.trained_on)
        if both:
            said.append(f"{len(both)} clusters of the {name} slice were trained on, the first is {both[0]}")
    return said


def _of_leaks(found: Checked) -> tuple[list[str], list[str], list[str]]:
    refused: list[str] = []
    unknown: list[str] = []
    notes: list[str] = []
    leaks, returns = found.checks["leaks"], found.returns
    if leaks["differing"] > 0:
        example = f", for instance {leaks['example']}" if leaks["example"] else ""
        refused.append(
            f"history features of {leaks['differing']} of {leaks['rows']} rows are others when recomputed{example}"
        )
    if leaks["rows"] == 0:
        unknown.append("the history features of no row were recomputed")
    if returns is not None and returns.low > 0:
        refused.append(
            f"a model of shuffled returns is better than cloning by {returns.difference:.3f} (bound {returns.low:.3f}"
            "): it has learnt from something that it must not see"
        )
    if found.has_model and not found.has_shuffled:
        notes.append("no model of shuffled returns was given: that leak test was not made")
    elif found.has_shuffled and returns is None:
        notes.append("the tune slice cannot value a model of shuffled returns: that leak test was not made")
    return refused, unknown, notes


def _of_golden(found: Checked) -> list[str]:
    golden = {str(name) for name in found.checks["golden"].get("ids", [])}
    both = sorted(golden & (found.trained_on or frozenset()))
    return [f"{len(both)} golden scenes were trained on, the first is {both[0]}"] if both else []
