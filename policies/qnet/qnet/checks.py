"""The rules that a log keeps; each names the first row that breaks it, and what to do."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .log_files import COLUMNS, NULLABLE, Log
from .reward import COST_COLUMNS
from .schema import Feature, FeatureSchema

AGAIN = "write the log again with this version of Quell"
DAMAGED = "the log is damaged: write it again"

# As functions/core/episode.ts has them.
WORDS = {
    "source": ("oncall", "agent", "shadow"),
    "stage": ("shadow", "ask", "auto", ""),
    "human_response": (
        "none",
        "approved",
        "chose_other",
        "rejected",
        "expired",
        "already_recovered",
        "took_over",
    ),
    "exit_status": ("none", "succeeded", "failed", "stopped", "timed-out", "unknown"),
    "harm": ("none", "suspected", "confirmed", "unknown"),
    "recovered_by": ("action", "self", "human", "unknown", ""),
    "end": ("none", "recovered", "handed_over", "false_alarm", "open"),
}
SHARES = ("arm_probability", "epsilon")
PER_CANDIDATE = (
    "runbook_id",
    "drafted_by",
    "tier",
    "consents",
    "allowed",
    "refused_because",
    "tie_set",
    "probability",
)
SUM_TOLERANCE = 1e-9  # of a row's probabilities: a sum of 32 doubles is off by 1e-14 at most


def check_log(log: Log, schema: FeatureSchema) -> None:
    """Raises BadEpisodes for the first rule that some row breaks; incidents.py has the rules between rows."""
    _check_nulls(log)
    _check_versions(log, schema)
    _check_words(log)
    _check_sources(log)
    _check_numbers(log)
    _check_lengths(log, schema)
    _check_features(log, "state", schema.state)
    _check_features(log, "candidates", schema.candidate)
    _check_choices(log)


def lengths(log: Log, name: str) -> NDArray[np.int64]:
    """(rows,) how many elements a list has; 0 where it is null."""
    counts: NDArray[np.int64] = pc.fill_null(pc.list_value_length(log.column(name)), 0).to_numpy().astype(np.int64)
    return counts


def _row_of_element(log: Log, name: str) -> NDArray[np.int64]:
    return np.repeat(np.arange(log.rows.num_rows), lengths(log, name))


def _any_in_row(log: Log, name: str, wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(rows,) whether some element of the row's list is wrong; `wrong` has all lists' elements, one after the other."""
    marked = np.zeros(log.rows.num_rows, dtype=bool)
    if wrong.any():
        marked[_row_of_element(log, name)[wrong]] = True
    return marked


def _check_nulls(log: Log) -> None:
    for name, kind in COLUMNS.items():
        column = log.column(name)
        if name not in NULLABLE:
            log.refuse(pc.is_null(column).to_numpy(zero_copy_only=False), f"{name} is null", AGAIN)
        if pa.types.is_list(kind):
            empty = pc.is_null(column.flatten()).to_numpy(zero_copy_only=False)
            log.refuse(_any_in_row(log, name, empty), f"{name} has a null in its list", AGAIN)


def _check_versions(log: Log, schema: FeatureSchema) -> None:
    for version in _distinct(log, "schema_version"):
        wrong = log.numbers("schema_version") == version
        log.refuse(wrong & (version != 1), f"schema_version is {version}, this reader knows 1", AGAIN)
    for found in _distinct(log, "features_hash"):
        if found != schema.hash:
            wrong = pc.equal(log.column("features_hash"), found).to_numpy(zero_copy_only=False)
            rule = f"features_hash is {found or 'empty'}, that of features.json is {schema.hash}"
            log.refuse(
                wrong, rule, "its vectors mean something else: write the log again, or use the features.json of then"
            )
    log.refuse(log.numbers("row_version") < 0, "row_version is below 0", AGAIN)


def _check_sources(log: Log) -> None:
    """An account's log and a simulated one are evidence of different things. Catalogues and guardrails may change."""
    simulated = pc.not_equal(log.column("world_hash"), "").to_numpy(zero_copy_only=False)
    log.refuse(
        simulated != simulated[0],
        "some rows are simulated (world_hash) and others are an account's",
        "learn from one of them: simulated rows are no evidence about an account",
    )


def _distinct(log: Log, name: str) -> Iterable[int | str]:
    values: list[int | str] = pc.unique(log.column(name)).to_pylist()
    return values


def _check_words(log: Log) -> None:
    for name, words in WORDS.items():
        known = pc.is_in(log.column(name), pa.array(words)).to_numpy(zero_copy_only=False)
        log.refuse(~known, f"{name} is none of {', '.join(word or '(empty)' for word in words)}", AGAIN)
    shadow = pc.equal(log.column("source"), "shadow").to_numpy(zero_copy_only=False)
    rule = "source is shadow: nothing of ours ran, so its outcome is no consequence of what the row proposes"
    log.refuse(shadow, rule, "leave its file out, and read what on-call people or the agent executed")


def _check_numbers(log: Log) -> None:
    for name in ("impact_minutes", *COST_COLUMNS, *SHARES):
        values = log.numbers(name)
        log.refuse(~np.isfinite(values), f"{name} is not a finite number", DAMAGED)
        log.refuse(values < 0, f"{name} is below 0, its reward would be above 0", DAMAGED)
    for name in SHARES:
        log.refuse(log.numbers(name) > 1, f"{name} is above 1", DAMAGED)


def _check_lengths(log: Log, schema: FeatureSchema) -> None:
    count = lengths(log, "candidate_key")  # (rows,) K
    log.refuse(count == 0, "there is no candidate", DAMAGED)
    rule = f"state has another length than the {schema.S} features of features.json"
    log.refuse(lengths(log, "state") != schema.S, rule, AGAIN)
    rule = f"candidates has another length than K candidates of {schema.A} features each"
    log.refuse(lengths(log, "candidates") != count * schema.A, rule, AGAIN)
    for name in PER_CANDIDATE:
        there = pc.is_valid(log.column(name)).to_numpy(zero_copy_only=False)
        log.refuse(there & (lengths(log, name) != count), f"{name} has another length than there are candidates", AGAIN)
    log.refuse(lengths(log, "q") % np.maximum(count, 1) != 0, "q is not a whole number of values a candidate", AGAIN)


def _check_features(log: Log, name: str, features: tuple[Feature, ...]) -> None:
    values = log.column(name).flatten().to_numpy().reshape(-1, len(features))
    within = _within(values, features)
    if not within.all():
        vector, column = np.argwhere(~within)[0]
        feature, value = features[column], values[vector, column]
        wanted = {"number": "a number", "flag": "0 or 1", "code": "a whole number"}[feature.kind]
        rule = f"{name}: {feature.name} is {value:g}, not {wanted} in {feature.min:g} .. {feature.max:g}"
        rows = _any_in_row(log, name, (~within).ravel())
        log.refuse(rows, rule if np.isfinite(value) else f"{name}: {feature.name} is not a finite number", DAMAGED)


def _within(values: NDArray[np.float32], features: tuple[Feature, ...]) -> NDArray[np.bool_]:
    """Whether each of (vectors, features) is in its range; one that is not a number is not.

    Values were clamped before they became float32, so they are held against bounds that are rounded alike.
    """
    low = np.array([feature.min for feature in features], dtype=np.float32)
    high = np.array([feature.max for feature in features], dtype=np.float32)
    within: NDArray[np.bool_] = (values >= low) & (values <= high)
    whole = np.flatnonzero([feature.kind != "number" for feature in features])
    within[:, whole] &= values[:, whole] == np.rint(values[:, whole])
    return within


def _check_choices(log: Log) -> None:
    count = lengths(log, "candidate_key")
    for name in ("executed", "proposed"):
        values = log.numbers(name)
        log.refuse((values < -1) | (values >= count), f"{name} is no candidate's index and not -1", DAMAGED)
    allowed = log.column("allowed").flatten().to_numpy(zero_copy_only=False)
    none = ~_any_in_row(log, "allowed", allowed)
    log.refuse(none, "no candidate is allowed", "to page must always be: check the guardrails that wrote this log")
    chances = log.column("probability").flatten().to_numpy()
    odd = ~np.isfinite(chances) | (chances < 0) | (chances > 1)
    log.refuse(_any_in_row(log, "probability", odd), "probability has a value outside 0 .. 1", DAMAGED)
    there = pc.is_valid(log.column("probability")).to_numpy(zero_copy_only=False)
    sums = np.bincount(_row_of_element(log, "probability"), weights=chances, minlength=log.rows.num_rows)
    log.refuse(there & (np.abs(sums - 1) > SUM_TOLERANCE), "probability does not sum to 1", DAMAGED)
    values = log.column("q").flatten().to_numpy()
    log.refuse(_any_in_row(log, "q", ~np.isfinite(values)), "q has a value that is not finite", DAMAGED)
