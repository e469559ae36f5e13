"""All numbers of the table, as table.json holds them: tables of rows, each number with its interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from qnet.experiment.asked import Asked, Protocol, differences
from qnet.experiment.measures import Measured
from qnet.experiment.page_rate import match, second_half, unmatched
from qnet.experiment.plan import BOUNDS, FIXED, MATCHED_LEARNERS, PAGE_DELTAS, Plan, learner_of, policy_of
from qnet.experiment.played import COSTS
from qnet.experiment.statistics import Interval
from qnet.experiment.verdict import verdict

AGAINST = ("cloning", "fitted")


@dataclass(frozen=True)
class Subject:
    """A policy that has a row: its name in the days that were played, and how the table calls it."""

    policy: str
    label: str
    size: int | None = None  # days that it learnt from; None for what does not learn


def results(
    protocol: Protocol,
    asked: Asked,
    plan: Plan,
    whole: Measured,
    broken: Measured,
    failed: dict[str, str],
    missing: Sequence[str],
) -> dict[str, Any]:
    """Everything that is rendered. A policy that nobody played has no row; what is missing is listed instead."""
    tables = [
        *(table for kind in asked.confounding for table in _of_confounding(asked, whole, kind, protocol)),
        _equal_page_rate(asked, whole, protocol),
        _ablations(protocol, whole),
        _broken(broken, protocol),
        _peers(protocol, whole),
    ]
    return {
        "schema": 1,
        "command": asked.command,
        "protocol": protocol.sha256,
        "differences": differences(protocol, asked),
        "seeds": sorted({int(seed) for seed in whole.played.strata}),
        "worlds": len(whole.played.strata),
        "days": int(whole.played.held_out.size),
        "cells": len(plan.cells),
        "failed": failed,
        "missing": [*missing, *_never_played(protocol, whole)],
        "verdict": verdict(protocol, asked, whole),
        "tables": [table for table in tables if table["rows"]],
        "frontier": _frontier(asked, whole, protocol),
    }


def _of_confounding(asked: Asked, whole: Measured, kind: str, protocol: Protocol) -> Iterable[dict[str, Any]]:
    fixed = [Subject(name, name) for name in (*FIXED, *BOUNDS)]
    sizes = asked.sizes_of(kind, protocol.headline)
    learnt = [Subject(policy_of(kind, size, learner), learner, size) for size in sizes for learner in asked.learners]
    rows = [_row(whole, subject, kind) for subject in (*fixed, *learnt)]
    rows = [row for row in rows if row["days"] > 0]
    about = f"logs with {kind} confounding" + (" (the headline)" if kind == protocol.headline else "")
    abstains = any(row["numbers"]["abstained"][0] for row in rows)
    doings = DOINGS + (("abstained",) if abstains else ())
    yield table_of(f"returns-{kind}", f"Returns: {about}", RETURNS, rows)
    yield table_of(f"doings-{kind}", f"What was done and felt: {about}", doings, rows)
    hours = [row for row in rows if row["numbers"][COSTS[0]][0] is not None]
    yield table_of(f"hours-{kind}", f"Where the hours of cost went: {about}", COSTS, hours)
    yield table_of(f"worlds-{kind}", f"Worlds and families of faults: {about}", WORLDS, rows)


def _row(whole: Measured, subject: Subject, kind: str) -> dict[str, Any]:
    numbers = whole.of(subject.policy)
    rivals = {"rules": "rules"}
    if subject.size is not None:  # like with like: a learner is compared with what learnt from the same log
        rivals |= {other: policy_of(kind, subject.size, other) for other in AGAINST}
    for other, rival in rivals.items():
        if rival != subject.policy:
            numbers[f"minus-{other}"] = whole.difference(subject.policy, rival)
    return numbers_of(subject, whole.counts(subject.policy), numbers)


def _equal_page_rate(asked: Asked, whole: Measured, protocol: Protocol) -> dict[str, Any]:
    rows = []
    for size in asked.sizes:
        other = policy_of(protocol.headline, size, "cloning")
        for learner in MATCHED_LEARNERS:
            model = policy_of(protocol.headline, size, learner)
            grid = {0.0: model} | {delta: f"{model}+page:{delta:g}" for delta in PAGE_DELTAS}
            chosen = match(whole.played, grid, other)
            half = second_half(whole, grid, other, "matched")
            ours, theirs = half.of("matched"), half.of(other)
            numbers = {
                "paged": ours["paged"],
                "cloningPaged": theirs["paged"],
                "minus-cloning": half.difference("matched", other),
                "harm": ours["harm"],
                "cloningHarm": theirs["harm"],
                "harm-minus-cloning": half.harm_difference("matched", other),
            }
            row = numbers_of(Subject(model, learner, size), half.counts("matched"), numbers)
            constants = {str(seed): delta for seed, delta in chosen.items()}
            rows.append(row | {"constants": constants, "unmatched": unmatched(whole.played, grid, other)})
    title = "At equal page rate: the value of `page` shifted until each pages as often as cloning of the same size"
    return table_of("page-rate", title, PAGE_RATE, [row for row in rows if row["days"] > 0])


def _ablations(protocol: Protocol, whole: Measured) -> dict[str, Any]:
    ablations = protocol.content["ablations"]
    rows = []
    for size in ablations["sizes"]:
        base = policy_of(protocol.headline, size, ablations["of"])
        for name in ablations["one factor each"]:
            policy = f"{base}.{name}"
            numbers = {
                "return": whole.mean(whole.returns(policy)),
                "minus-base": whole.difference(policy, base),
                "harm": whole.share(policy, "harmful", "actions"),
                "harm-minus-base": whole.harm_difference(policy, base),
            }
            rows.append(numbers_of(Subject(policy, name, size), whole.counts(policy), numbers))
    title = f"Ablations of {ablations['of']}, one factor each, beside {ablations['of']} of the same size"
    return table_of("ablations", title, ABLATED, [row for row in rows if row["days"] > 0])


def _broken(broken: Measured, protocol: Protocol) -> dict[str, Any]:
    what = protocol.content["brokenKnowledge"]
    rows = []
    for policy in broken.played.days:
        learner = learner_of(policy)
        label, size = (policy, None) if learner is None else (learner, what["incidents"])
        numbers = broken.of(policy) | {"minus-rules": broken.difference(policy, "rules")}
        rows.append(numbers_of(Subject(policy, label, size), broken.counts(policy), numbers))
    title = f"Broken knowledge: the rules of {what['share']:.0%} of the runbooks speak for the wrong evidence"
    return table_of("broken", title, BROKEN, rows)


def _peers(protocol: Protocol, whole: Measured) -> dict[str, Any]:
    rows = []
    for peer, what in protocol.content["peers"].items():
        for size in what["incidents"]:
            policy = policy_of(protocol.headline, size, f"{peer}-cql")
            ours = policy_of(protocol.headline, size, protocol.challenger)
            numbers = {
                "return": whole.mean(whole.returns(policy)),
                "minus-challenger": whole.difference(policy, ours),
                "harm": whole.share(policy, "harmful", "actions"),
            }
            rows.append(numbers_of(Subject(policy, f"{peer} CQL", size), whole.counts(policy), numbers))
    return table_of("peers", "Peers, trained on the same logs", AGAINST_PEERS, [row for row in rows if row["days"] > 0])


def _frontier(asked: Asked, whole: Measured, protocol: Protocol) -> list[dict[str, Any]]:
    """Harm per action against the share of days with a page: lines of shifted models, points of the rest."""
    size = max(asked.sizes)
    lines = [
        (
            learner,
            [f"{model}+page:{delta:g}" for delta in PAGE_DELTAS if delta < 0]
            + [model]
            + [f"{model}+page:{delta:g}" for delta in PAGE_DELTAS if delta > 0],
        )
        for learner in MATCHED_LEARNERS
        for model in [policy_of(protocol.headline, size, learner)]
    ]
    lines.append(("cloning", [policy_of(protocol.headline, size, "cloning")]))
    lines += [(name, [name]) for name in FIXED]
    drawn = []
    for label, policies in lines:
        measures = [whole.of(policy) for policy in policies if policy in whole.played.days]
        points = [[_plain(one["paged"])[0], *_plain(one["harm"])] for one in measures]
        points = [point for point in points if None not in point]
        if points:
            drawn.append({"label": label, "points": points})
    return drawn


def _never_played(protocol: Protocol, whole: Measured) -> list[str]:
    names = {learner_of(policy) or policy for policy in whole.played.days}
    absent = [name for name in protocol.content["baselines"] if name not in names]
    said = [f"baseline {name}: no model or policy of that name was played" for name in absent]
    said.append("bias of the values of `page` and `wait` against forked truth: not measured here")
    return said


def numbers_of(subject: Subject, counts: dict[str, int], numbers: dict[str, Interval]) -> dict[str, Any]:
    """A row of a table."""
    return {
        "policy": subject.policy,
        "label": subject.label,
        "size": subject.size,
        **counts,
        "numbers": {name: _plain(number) for name, number in numbers.items()},
    }


def _plain(number: Interval) -> list[float | None]:
    """[value, low, high], null for what is not known: NaN is no JSON."""
    return [one if isfinite(one) else None for one in (number.value, number.low, number.high)]


def table_of(name: str, title: str, columns: Sequence[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A table; columns are keys of its rows' numbers."""
    return {"id": name, "title": title, "columns": list(columns), "rows": rows}


# Columns of each table: keys of the rows' numbers; render.py names them.
RETURNS = ("return", "iqm", "minus-rules", "minus-cloning", "minus-fitted", "gapClosed")
DOINGS = ("impact", "recovered", "recoverMedian", "recoverP90", "actions", "harm", "withoutUplift", "pages", "paged")
WORLDS = ("medianWorld", "worstWorlds", "seen", "heldOut")
PAGE_RATE = ("paged", "cloningPaged", "minus-cloning", "harm", "cloningHarm", "harm-minus-cloning")
ABLATED = ("return", "minus-base", "harm", "harm-minus-base")
BROKEN = ("return", "minus-rules", "harm", "paged")
AGAINST_PEERS = ("return", "minus-challenger", "harm")
