"""All numbers of the released policy's report, as released.json holds them."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from qnet.experiment.calibration import COMPARED, Reliability, read_expected, reliability
from qnet.experiment.frontier import OBSERVED_HARM, TRUE_HARM, curve, over
from qnet.experiment.measures import Measured
from qnet.experiment.plan import BOUNDS, FIXED
from qnet.experiment.played import COSTS, KEPT, Played, Recoveries
from qnet.experiment.released_plan import ACTS, JUDGED, ONNX, RELEASED, VARIANTS, Line, Model, Study, days_learnt, lines
from qnet.experiment.results import Subject, numbers_of, table_of
from qnet.experiment.statistics import Floats, Interval, Ints

RETURNS = ("return", "iqm", "minus-rules", "minus-released", "gapClosed", "medianWorld", "worstWorlds")
FAMILIES = ("seen", "heldOut")
DOINGS = ("impact", "recovered", "recoverMedian", "recoverP90", "actions", "withoutUplift", "pages", "paged")
ASKED = ("asks", "refusedByPeople", "excluded", "tooHarmful", "abstained")
HARMS = ("harm", "harm-minus-released", "observedHarm")
FRONTIER = ("paged", "harm", "harm-minus-other", "observedHarm", "observed-minus-other", "return")
STUDIED = ("return", "minus-usual", "harm", "harm-minus-usual", "observedHarm", "paged", "asks", "refusedByPeople")

# Whose actions the expectations are held against: the model's own, and everybody's.
OWN_ACTIONS = (ONNX, *VARIANTS[:3])


def together(studies: Mapping[str, Played], worlds: Mapping[str, Sequence[int]]) -> Played:
    """One set of days for all studies, which play the same worlds: `POLICY @ STUDY` beside the usual POLICY.

    worlds: the numbers of the worlds that each study played, in order. What a study did not play of the usual ones is
    NaN, and what it played beside them is left out.
    """
    usual = studies["usual"]
    days = dict(usual.days)
    recoveries = dict(usual.recoveries)
    for name, played in studies.items():
        if name == "usual":
            continue
        place = {world: number for number, world in enumerate(worlds["usual"])}
        to = np.array([place.get(world, -1) for world in worlds[name]], dtype=np.int64)
        for policy, counted in played.days.items():
            own = policy if name == "bounds" else f"{policy} @ {name}"
            days[own] = {key: _laid(counted[key], to, usual.held_out.shape) for key in KEPT}
            had = played.recoveries[policy]
            known = to[had.cluster] >= 0
            recoveries[own] = Recoveries(had.minutes[known], to[had.cluster[known]])
    return Played(usual.strata, usual.held_out, days, recoveries)


def _laid(values: Floats, to: Ints, shape: tuple[int, ...]) -> Floats:
    """Rows of values at their places, as many of their days as there are. values (c, d), to (c,), -1 for none."""
    laid = np.full(shape, np.nan)
    count = min(values.shape[1], shape[1])
    laid[to[to >= 0], :count] = values[to >= 0, :count]
    return laid


def tables(whole: Measured, models: Sequence[Model], log: Path, played: Sequence[Study]) -> list[dict[str, Any]]:
    """Every table but that of the expectations."""
    subjects = [
        *(Subject(name, name) for name in (*FIXED, *BOUNDS)),
        *(Subject(model.policy, _label(model), days_learnt(model, log)) for model in models),
        *(Subject(policy, _named(policy), days_learnt(_released(models), log)) for policy in VARIANTS),
    ]
    rows = [row for row in (_row(whole, one) for one in subjects) if row["days"] > 0]
    hours = [row for row in rows if row["numbers"][COSTS[0]][0] is not None]
    rules = lines(models)
    found = [
        table_of("returns", "Returns", RETURNS, rows),
        table_of("doings", "What was done and felt", DOINGS, rows),
        table_of("harms", "Harm and questions", (*HARMS, *ASKED), rows),
        table_of("hours", "Where the hours of cost went", COSTS, hours),
        table_of("families", "Families of faults that logs have, and those held out", FAMILIES, rows),
        table_of(
            "frontier",
            "Each rule at several settings, against random paging of the same model at the same page rate",
            FRONTIER,
            list(_frontier(whole, rules, days_learnt(_released(models), log))),
        ),
        table_of(
            "page-rate",
            "The released policy, calling a person where it would ask one, against others at its own page rate",
            FRONTIER,
            list(_against_lines(whole, rules)),
        ),
        *(_study(whole, study) for study in played if study.name not in ("usual", "bounds")),
    ]
    return [table for table in found if table["rows"]]


def _released(models: Sequence[Model]) -> Model:
    return next(model for model in models if model.name == RELEASED)


def _label(model: Model) -> str:
    return RELEASED if model.is_onnx and model.name.startswith(RELEASED) else model.name


def _named(policy: str) -> str:
    names = {f"{ONNX}+act": "released, never asks", f"{ONNX}+noask": "released, calls instead of asking"}
    names |= {
        JUDGED: "released, had the gate judged every runbook",
        ACTS: "released, no limits",
        f"clone:{RELEASED}": "cloning, same limits",
    }
    return names.get(policy, policy.removeprefix("onnx:").removeprefix("model:"))


def _row(whole: Measured, subject: Subject) -> dict[str, Any]:
    numbers = whole.of(subject.policy)
    if subject.policy != "rules":
        numbers["minus-rules"] = whole.difference(subject.policy, "rules")
    if subject.policy != ONNX:
        numbers["minus-released"] = whole.difference(subject.policy, ONNX)
        numbers["harm-minus-released"] = whole.harm_difference(subject.policy, ONNX)
    return numbers_of(subject, whole.counts(subject.policy), numbers)


def _frontier(whole: Measured, rules: Sequence[Line], size: int) -> Iterable[dict[str, Any]]:
    random = rules[0]
    for line in rules:
        for setting, policy in line.policies:
            if policy in whole.played.days:
                subject = Subject(policy, f"{line.label}: {setting}", size)
                yield _against(whole, subject, random, is_itself=line is random)


def _against_lines(whole: Measured, rules: Sequence[Line]) -> Iterable[dict[str, Any]]:
    for line in rules:
        if not line.label.startswith("released") and f"{JUDGED}+noask" in whole.played.days:
            yield _against(whole, Subject(f"{JUDGED}+noask", f"against {line.label}"), line)


def _against(whole: Measured, subject: Subject, line: Line, *, is_itself: bool = False) -> dict[str, Any]:
    policy = subject.policy
    numbers = {
        "paged": whole.mean(whole.paged(policy)),
        "harm": whole.share(policy, TRUE_HARM, "actions"),
        "observedHarm": whole.share(policy, OBSERVED_HARM, "actions"),
        "return": whole.mean(whole.returns(policy)),
    }
    if not is_itself:
        for name, harm in (("harm-minus-other", TRUE_HARM), ("observed-minus-other", OBSERVED_HARM)):
            numbers[name] = over(whole, policy, curve(whole, [one for _, one in line.policies], harm), harm)
    return numbers_of(subject, whole.counts(policy), numbers)


def _study(whole: Measured, study: Study) -> dict[str, Any]:
    rows = []
    for policy in study.policies:
        changed = f"{policy} @ {study.name}"
        numbers = whole.of(changed) | {
            "minus-usual": whole.difference(changed, policy),
            "harm-minus-usual": whole.harm_difference(changed, policy),
        }
        rows.append(numbers_of(Subject(changed, _named(policy)), whole.counts(changed), numbers))
    title = study.title[0].upper() + study.title[1:]
    return table_of(study.name, title, STUDIED, [row for row in rows if row["days"] > 0])


def frontier_lines(whole: Measured, rules: Sequence[Line]) -> list[dict[str, Any]]:
    """What frontier_plot draws: (share of days with a page, harm per action and its interval) of each setting."""
    drawn = []
    for line in rules:
        known = [policy for _, policy in line.policies if policy in whole.played.days]
        points = [_point(whole, policy) for policy in known]
        points = sorted(point for point in points if all(isfinite(one) for one in point))
        if points:
            drawn.append({"label": line.label, "points": points})
    return drawn


def _point(whole: Measured, policy: str) -> list[float]:
    harm = whole.share(policy, TRUE_HARM, "actions")
    return [whole.mean(whole.paged(policy)).value, harm.value, harm.low, harm.high]


def expectations(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Reliability of each expectation, on the model's own actions and on everybody's."""
    found = []
    for whose, policies in (("its own actions", OWN_ACTIONS), ("everybody's actions", None)):
        for name, actions in read_expected(files, policies).items():
            one = reliability(actions)
            if one is not None:
                found.append({"id": name, "what": COMPARED[name][0], "whose": whose, **_plain(one)})
    return found


def _plain(one: Reliability) -> dict[str, Any]:
    return {
        "actions": one.actions,
        "expected": one.expected,
        "came": _numbers(one.came),
        "error": _numbers(one.error),
        "ece": one.ece,
        "noise": one.noise,
        "groups": [list(group) for group in one.groups],
    }


def _numbers(number: Interval) -> list[float | None]:
    return [one if isfinite(one) else None for one in (number.value, number.low, number.high)]
