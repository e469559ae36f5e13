"""Reads the log with propensities in two steps: proposals first, outcomes when the diagnostics have been printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from qnet.bad_input import BadEpisodes
from qnet.incidents import stream_of
from qnet.log_files import COLUMNS, Log
from qnet.reward import COST_COLUMNS, Costs, Reward, discounts, rewards
from qnet.schema import FeatureSchema

from .decisions import Decisions, Floats, Ints, Logged, Outcomes, capped

TARGET = "target_prob"
# What is read before any outcome. Of `end` only whether it is one: how an incident ended is an outcome.
PROPOSALS = (
    *("row_version", "decision_id", "incident_id", "cluster_id", "step", "decided_at"),
    *("features_hash", "world_hash"),
    *("state", "candidates", "candidate_key", "stage", "proposed", "probability", "epsilon", "end"),
)
OUTCOMES = ("row_version", "decision_id", "harm", *COST_COLUMNS)
SCORE = "write it again with `quell score`"


@dataclass(frozen=True)
class Proposals:
    """The log as it lies on disk, without outcomes, and its decisions in order."""

    log: Log
    schema: FeatureSchema
    rows: NDArray[np.int64]  # (N,) rows of `log` that are the decisions, in order
    decisions: Decisions
    is_simulated: bool


def read_proposals(folders: Sequence[Path], schema: FeatureSchema) -> Proposals:
    """Reads all but the outcomes. Raises BadEpisodes where a rule between rows is broken or the features are others."""
    log = _without_endings(read_columns(folders, PROPOSALS))
    for found in pc.unique(log.column("features_hash")).to_pylist():
        if found != schema.hash:
            raise BadEpisodes(f"{folders[0]}: holds features {found}, features.json is {schema.hash}; write it again")
    rows = in_order(log)
    is_simulated = bool(pc.any(pc.not_equal(log.column("world_hash"), "")).as_py())
    return Proposals(log, schema, rows, _decisions(log, rows, schema), is_simulated)


def _without_endings(log: Log) -> Log:
    """Whoever ended is said to have ended, whichever way: enough to know which decisions follow each other."""
    place = log.rows.column_names.index("end")
    ended = pc.if_else(pc.equal(log.column("end"), "none"), "none", "ended")
    return replace(log, rows=log.rows.set_column(place, "end", ended).combine_chunks())


def in_order(log: Log) -> NDArray[np.int64]:
    """(N,) rows of the newest versions: cluster after cluster, an incident's decisions together, by step."""
    stream = stream_of(log, None)
    incident = log.codes("incident_id")[stream.rows]
    _, first, code = np.unique(incident, return_index=True, return_inverse=True)
    return stream.rows[np.lexsort((stream.step, first[code]))]


def read_columns(folders: Sequence[Path], columns: Sequence[str], wanted_rows: pc.Expression | None = None) -> Log:
    """These columns of every Parquet file that lies directly in the folders, and of the rows wanted. Nothing else of
    the files is kept."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.parquet"))]
    if not paths:
        raise BadEpisodes(f"{', '.join(map(str, folders))}: no Parquet file; name a folder that holds a log")
    tables = []
    for path in paths:
        try:
            found = pq.read_schema(path)
            missing = [name for name in columns if name not in found.names]
            if missing:
                raise BadEpisodes(f"{path}: lacks the column {', '.join(missing)}; {SCORE}")
            wanted = pa.schema([(name, COLUMNS.get(name, pa.list_(pa.float64()))) for name in columns])
            table = pq.read_table(path, columns=list(columns), filters=wanted_rows)
            tables.append(table.select(list(columns)).cast(wanted))
        except (pa.ArrowException, OSError) as cause:
            raise BadEpisodes(f"{path}: cannot be read ({str(cause).splitlines()[0]}); {SCORE}") from cause
    starts = np.cumsum([0, *(table.num_rows for table in tables[:-1])])
    return Log(pa.concat_tables(tables).combine_chunks(), tuple(paths), starts)


def logged_of(proposals: Proposals, scored: Mapping[str, Path], folders: Sequence[Path], weights: Reward) -> Logged:
    """The log with what each policy would have proposed; its outcomes are read when they are asked for."""
    keys = _keys(proposals.log)[proposals.rows]
    targets = {name: _target(proposals, keys, name, folder) for name, folder in scored.items()}
    decisions = proposals.decisions

    ids = pa.array(proposals.log.column("decision_id").take(pa.array(proposals.rows)))

    def read(some: Ints) -> Outcomes:
        log = read_columns(folders, OUTCOMES, pc.field("decision_id").isin(ids.take(pa.array(some))))
        rows = _places(_keys(log), keys[some], folders[0])
        incident, step = decisions.incident[some], decisions.step[some]
        costs = Costs(**{name: log.numbers(name)[rows] for name in COST_COLUMNS})
        whole = np.concatenate([log.numbers(name)[rows] for name in COST_COLUMNS])
        if not (np.isfinite(whole).all() and (whole >= 0).all()):
            raise BadEpisodes(f"{folders[0]}: a cost is below 0 or no number; the log is damaged: write it again")
        discount = discounts(costs, weights)
        reward = capped(rewards(costs, weights), discount, incident, step, weights.cap_scales)
        harmed = pc.not_equal(log.column("harm"), "none").to_numpy(zero_copy_only=False)[rows]
        return Outcomes(reward, discount, harmed)

    return Logged(decisions, targets, read)


def _target(proposals: Proposals, keys: NDArray[np.str_], name: str, folder: Path) -> Floats:
    """(N, K) of a scored log, whose rows must be those of the log."""
    log = read_columns([folder], ("row_version", "decision_id", TARGET))
    rows = pa.array(_places(_keys(log), keys, folder))
    lists = log.column(TARGET).take(rows)
    counts = pc.list_value_length(proposals.log.column("candidate_key")).to_numpy()[proposals.rows]
    there = pc.is_valid(lists).to_numpy(zero_copy_only=False)
    found = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    if (there & (found != counts)).any():
        raise BadEpisodes(f"{folder}: {TARGET} of {name} has another length than there are candidates; {SCORE}")
    target = padded(lists, counts, proposals.decisions.probability.shape[1])
    if np.isfinite(target[there]).all() and (np.abs(target[there].sum(axis=1) - 1) <= 1e-6).all():
        return target
    raise BadEpisodes(f"{folder}: {TARGET} of {name} does not sum to 1; {SCORE}")


def _keys(log: Log) -> NDArray[np.str_]:
    versions = log.numbers("row_version").astype(str)
    ids = np.array(log.column("decision_id").to_pylist(), dtype=np.str_)
    return np.char.add(np.char.add(ids, "@"), versions)


def _places(found: NDArray[np.str_], wanted: NDArray[np.str_], folder: Path) -> NDArray[np.int64]:
    """(wanted,) rows of these keys. Raises BadEpisodes where one is missing."""
    order = np.argsort(found, kind="stable")
    places = np.minimum(np.searchsorted(found[order], wanted), max(len(found) - 1, 0))
    if len(found) == 0 or (found[order][places] != wanted).any():
        raise BadEpisodes(f"{folder}: does not hold the rows of the log; {SCORE}")
    return order[places]


def _decisions(log: Log, rows: NDArray[np.int64], schema: FeatureSchema) -> Decisions:
    taken = pa.array(rows)
    counts = pc.list_value_length(log.column("candidate_key")).to_numpy()[rows]
    most = int(counts.max())
    proposed = log.numbers("proposed")[rows].astype(np.int64)
    if ((proposed < -1) | (proposed >= counts)).any():
        raise BadEpisodes(f"{log.paths[0]}: proposed is no candidate's index and not -1; the log is damaged")
    offered = np.zeros((len(rows), most, schema.A), dtype=np.float32)
    offered[np.arange(most) < counts[:, None]] = flat(log.column("candidates").take(taken)).reshape(-1, schema.A)
    incident = log.codes("incident_id")[rows]
    return Decisions(
        incident=np.cumsum(np.append(0, np.diff(incident) != 0)).astype(np.int64),
        step=log.numbers("step")[rows].astype(np.int64),
        cluster=np.array(log.column("cluster_id").take(taken).to_pylist(), dtype=np.str_),
        decided_at=log.numbers("decided_at")[rows],
        stage=np.array(log.column("stage").take(taken).to_pylist(), dtype=np.str_),
        epsilon=log.numbers("epsilon")[rows],
        proposed=proposed,
        probability=padded(log.column("probability").take(taken), counts, most),
        scene=flat(log.column("state").take(taken)).reshape(-1, schema.S),
        offered=offered,
    )


def flat(lists: Any) -> NDArray[np.float32]:
    """The elements of all lists, one after the other."""
    values: NDArray[np.float32] = lists.flatten().to_numpy(zero_copy_only=False)
    return values


def padded(lists: Any, counts: NDArray[np.int64], most: int) -> Floats:
    """(N, most): the lists, filled up with 0; NaN in all of a row whose list is null."""
    there = pc.is_valid(lists).to_numpy(zero_copy_only=False)
    laid = np.zeros((len(counts), most))
    laid[(np.arange(most) < counts[:, None]) & there[:, None]] = lists.flatten().to_numpy(zero_copy_only=False)
    laid[~there] = np.nan
    return laid
