"""A log cut by time into what is learnt from, tuned on, calibrated on, and left for the gate: whole clusters each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from ..bad_input import BadEpisodes, BadInput
from ..episodes import Episodes
from ..incidents import Stream
from ..log_files import Log
from ..schema import canonical_hash

NAMES = ("train", "tune", "calibrate", "test")
SHARES = (0.7, 0.1, 0.1, 0.1)  # most to learn from; a tenth of 20,000 days bounds a difference of 3 % of a day's cost
FILE = "slices.json"


@dataclass(frozen=True)
class Slice:
    """A run of clusters of the stream, with what can be said of it without its outcomes."""

    first_cluster: int
    clusters: int
    incidents: int
    decisions: int
    first_decided_at: int  # ms since the epoch
    last_decided_at: int


def shares_of(text: str | None) -> tuple[float, ...]:
    """Four shares from `0.7,0.1,0.1,0.1`. Raises BadInput where they are not, or do not sum to 1."""
    try:
        shares = SHARES if text is None else tuple(float(one) for one in text.split(","))
    except ValueError as cause:
        raise BadInput(f"--slices {text}: is not four numbers; give for example 0.7,0.1,0.1,0.1") from cause
    if len(shares) != len(NAMES) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise BadInput(f"--slices {text}: wants a share above 0 of {', '.join(NAMES)}; their sum is 1")
    return shares


def slices_of(log: Log, stream: Stream, shares: tuple[float, ...]) -> dict[str, Slice]:
    """The slices by name. Raises BadEpisodes where one of them would have no cluster."""
    clusters = int(stream.cluster.max()) + 1
    bounds = [round(clusters * sum(shares[:number])) for number in range(len(NAMES))] + [clusters]
    decided, incident = log.numbers("decided_at")[stream.rows], log.codes("incident_id")[stream.rows]
    found = {}
    for name, first, last in zip(NAMES, bounds, bounds[1:], strict=False):
        within = (stream.cluster >= first) & (stream.cluster < last)
        if not within.any():
            raise BadEpisodes(f"the slice {name} has none of the log's {clusters} clusters (days); log more of them")
        found[name] = Slice(
            first_cluster=first,
            clusters=last - first,
            incidents=len(set(incident[within].tolist())),
            decisions=int(within.sum()),
            first_decided_at=int(decided[within].min()),
            last_decided_at=int(decided[within].max()),
        )
    return found


def write_slices(folder: Path, slices: dict[str, Slice]) -> None:
    """Writes slices.json."""
    text = json.dumps({"schema": 1, **{name: asdict(one) for name, one in slices.items()}}, indent=2)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def part_of(episodes: Episodes, one: Slice) -> Episodes:
    """The decisions of a slice as episodes of their own; no incident is in two clusters, so none is cut."""
    last = one.first_cluster + one.clusters
    bounds = torch.tensor([one.first_cluster, last], device=episodes.cluster.device)
    begin, end = torch.searchsorted(episodes.cluster, bounds).tolist()  # decisions lie cluster after cluster
    start, stop = int(episodes.offsets[begin]), int(episodes.offsets[end])
    decisions, candidates = slice(begin, end), slice(start, stop)
    executed, follows = episodes.executed[decisions], episodes.next[decisions]
    return replace(
        episodes,
        state=episodes.state[decisions],
        candidate=episodes.candidate[candidates],
        offsets=episodes.offsets[begin : end + 1] - start,
        owner=episodes.owner[candidates] - begin,
        allowed=episodes.allowed[candidates],
        executed=torch.where(executed < 0, -1, executed - start),
        reward=episodes.reward[decisions],
        discount=episodes.discount[decisions],
        next=torch.where(follows < 0, -1, follows - begin),
        returns=episodes.returns[decisions],
        recovered=episodes.recovered[decisions],
        harmed=episodes.harmed[decisions],
        well_soon=episodes.well_soon[decisions],
        well_known=episodes.well_known[decisions],
        cluster=episodes.cluster[decisions] - one.first_cluster,
        data_hash=canonical_hash([episodes.data_hash, one.first_cluster, one.clusters]),
    )
