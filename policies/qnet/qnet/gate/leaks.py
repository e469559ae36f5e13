"""Leak tests on the log itself: what comes later, and what was shuffled, must teach nothing."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ope import Requirements, clusters_of, evaluable, lower_bound, restricted, wis
from qnet.incidents import stream_of
from qnet.log_files import Log

from .decisions import Logged
from .log import in_order
from .thresholds import Thresholds

Encode = Callable[[Log], dict[str, NDArray[np.float32]]]
"""What is known at each decision: its vector by decision id. The gate's own is `encoded`."""

VECTORS = ("state", "candidates")
SHUFFLED = (*VECTORS, "probability", "proposed", "epsilon")


def encoded(log: Log) -> dict[str, NDArray[np.float32]]:
    """The vectors of every decision as the package reads them."""
    rows = in_order(log)
    ids = log.column("decision_id").take(pa.array(rows)).to_pylist()
    parts = [log.column(name).take(pa.array(rows)) for name in VECTORS]
    return {
        name: np.concatenate([part[place].values.to_numpy(zero_copy_only=False) for part in parts])
        for place, name in enumerate(ids)
    }


@dataclass(frozen=True)
class Shuffled:
    """How many decisions before the cut were encoded twice, and how many came out otherwise."""

    decisions: int
    differing: int
    example: str


def shuffled_future(log: Log, most_clusters: int, seed: int, encode: Encode = encoded) -> Shuffled:
    """Encodes the first half of the clusters three times: with the later half as it is, with that half's contents dealt
    out among other decisions, and without it. Whoever reads only the past sees no difference.
    """
    whole = _first_clusters(log, 2 * most_clusters)
    stream = stream_of(whole, None)
    cut = (int(stream.cluster.max()) + 1) // 2
    late = np.zeros(whole.rows.num_rows, dtype=np.bool_)
    late[stream.rows[stream.cluster >= cut]] = True
    early = set(whole.column("decision_id").take(pa.array(stream.rows[stream.cluster < cut])).to_pylist())
    if not early:
        return Shuffled(0, 0, "")
    before = encode(whole)
    others = (encode(_dealt(whole, late, seed)), encode(_rows_of(whole, np.flatnonzero(~late))))
    differing = sorted(
        name
        for name in early
        if any(name not in after or not np.array_equal(before[name], after[name], equal_nan=True) for after in others)
    )
    return Shuffled(len(early), len(differing), differing[0] if differing else "")


def _first_clusters(log: Log, count: int) -> Log:
    stream = stream_of(log, None)
    kept = np.sort(stream.rows[stream.cluster < count])
    return _rows_of(log, kept)


def _dealt(log: Log, late: NDArray[np.bool_], seed: int) -> Log:
    """The contents of late decisions are exchanged among those with as many candidates; ids and times stay."""
    random = np.random.default_rng(seed)
    source = np.arange(log.rows.num_rows)
    counts = pc.list_value_length(log.column("candidate_key")).to_numpy()
    for count in np.unique(counts[late]):
        places = np.flatnonzero(late & (counts == count))
        source[places] = random.permutation(places)
    table = log.rows
    for name in SHUFFLED:
        place = table.column_names.index(name)
        table = table.set_column(place, table.schema.field(name), log.column(name).take(pa.array(source)))
    return Log(table.combine_chunks(), log.paths, log.starts)


def _rows_of(log: Log, rows: NDArray[np.int64]) -> Log:
    """Some rows of a log, each still of its file."""
    file = log.file_of()[rows]
    starts = np.searchsorted(file, np.arange(len(log.paths)))
    return Log(log.rows.take(pa.array(rows)).combine_chunks(), log.paths, starts)


@dataclass(frozen=True)
class Against:
    """How much better a model of shuffled returns is than cloning: a mean return, and its lower bound."""

    difference: float
    low: float
    incidents: int


def shuffled_returns(logged: Logged, thresholds: Thresholds, requirements: Requirements) -> Against | None:
    """Values the targets `shuffled` and `cloning` on this slice, both restricted to what the log can speak of; None
    where it cannot speak of them even so: there a weighted estimate flatters whoever does what was seldom tried.
    """
    decisions = logged.decisions
    part = (decisions.proposed, decisions.incident, decisions.step, decisions.cluster)
    both = [logged.targets[name] for name in ("shuffled", "cloning")]
    held = (*both, logged.targets["champion"], decisions.probability)
    if len(decisions.step) == 0 or np.isnan(np.stack(held)).any() or (decisions.proposed < 0).any():
        return None
    targets = [restricted(one, decisions.probability, logged.targets["champion"], thresholds.floor) for one in both]
    if not all(evaluable(one, decisions.probability, *part, requirements=requirements).evaluable for one in targets):
        return None
    outcomes = logged.outcomes()
    behaviour = decisions.at_proposal(decisions.probability)
    rows = (behaviour, decisions.incident, decisions.step, outcomes.discount)
    ours, theirs = (wis(outcomes.reward, decisions.at_proposal(one), *rows).per_incident for one in targets)
    clusters = clusters_of(decisions.incident, decisions.cluster)
    difference = ours - theirs
    bound = lower_bound(
        difference, clusters, alpha=1 - thresholds.level, resamples=thresholds.draws, seed=thresholds.seed
    )
    return Against(float(difference.mean()), bound, len(difference))
