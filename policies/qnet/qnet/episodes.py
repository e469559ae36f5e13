"""Decisions as tensors: what every learner and estimator of this package reads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch import Tensor

from .bad_input import BadEpisodes
from .checks import check_log, lengths
from .healing import healing_of
from .incidents import Stream, stream_of
from .log_files import Log, read_log
from .reward import COST_COLUMNS, Costs, Reward, discounts, read_reward, returns, rewards
from .schema import FeatureSchema, canonical_hash, read_schema

__all__ = ["BadEpisodes", "Episodes", "read_episodes"]


@dataclass(frozen=True)
class Episodes:
    """N decisions; candidates packed (CSR): decision n has rows offsets[n]:offsets[n+1] of the C candidates."""

    state: Tensor  # (N, S) float32, raw feature values
    candidate: Tensor  # (C, A) float32, raw; the column `runbook` still holds the code
    offsets: Tensor  # (N+1,) int64
    owner: Tensor  # (C,) int64, the decision of each candidate
    allowed: Tensor  # (C,) bool
    executed: Tensor  # (N,) int64, position in the packed candidates (0..C-1), -1 = outside the list
    reward: Tensor  # (N,) float32 <= 0, in units of the reward's scale
    discount: Tensor  # (N,) float32, exp(-beta * minutes) to the next decision
    next: Tensor  # (N,) int64, the decision that follows; -1 = the incident ended; an open row points at itself
    returns: Tensor  # (N,) float32 <= 0, discounted return to go, clipped at minus the reward's cap
    recovered: Tensor  # (N,) bool, recovered during this decision's time
    harmed: Tensor  # (N,) bool, harm was suspected, confirmed or unknown
    well_soon: Tensor  # (N,) bool, all was well within the horizon; False where that is not known
    well_known: Tensor  # (N,) bool, whether anything can be said of it; see healing.py
    cluster: Tensor  # (N,) int64, 0.. in order of first appearance
    schema: FeatureSchema
    data_hash: str  # sha256 over all of the above, the features and the reward

    @property
    def decisions(self) -> int:
        return self.state.shape[0]

    @property
    def clusters(self) -> int:
        return int(self.cluster.max()) + 1 if self.decisions > 0 else 0

    @cached_property
    def counted(self) -> Tensor:
        """(C,) bool: the candidate was allowed, or it ran. Nothing is learnt from the others."""
        ran = self.executed[self.executed >= 0]
        return self.allowed.index_fill(0, ran, True)

    @cached_property
    def acted(self) -> Tensor:
        """(N,) bool: a candidate of the list ran that touches something: neither `wait` nor `page`."""
        ran = self.candidate[self.executed.clamp_min(0), self.schema.index("effect")]
        return (self.executed >= 0) & (ran > 0.5)

    @cached_property
    def known(self) -> Tensor:
        """(N,) bool: the incident was seen to its end, so that its return is whole and not only what has accrued."""
        end = torch.full((1,), self.decisions, dtype=torch.int64, device=self.next.device)
        reached = torch.cat([torch.where(self.next < 0, end, self.next), end])  # the end follows itself
        for _ in range(self.decisions.bit_length()):
            reached = reached[reached]  # twice as far
        return reached[:-1] == end

    def to(self, device: torch.device | str) -> Episodes:
        """The same episodes with every tensor on a device."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        moved: dict[str, Any] = {name: one.to(device) for name, one in held.items() if isinstance(one, Tensor)}
        return replace(self, **moved)


def read_episodes(folders: Sequence[Path], *, features: Path, reward: Path, first: int | None = None) -> Episodes:
    """Reads every Parquet file directly in the folders; `first` keeps only the first so many clusters of the stream.

    A cluster is a day that has a decision: on a quiet day nothing is decided, and no row says that it was.

    Raises BadEpisodes where anything in them is not as the contract says, BadInput where `features` or `reward` cannot
    be used; no tensor is made before all was checked.
    """
    schema, log = read_checked(folders, features)
    return episodes_of(log, stream_of(log, first), schema, read_reward(reward))


def read_checked(folders: Sequence[Path], features: Path) -> tuple[FeatureSchema, Log]:
    """The rows of a log, for whoever needs more of them than Episodes keep. Raises as read_episodes does."""
    schema = read_schema(features)
    log = read_log(folders)
    check_log(log, schema)
    return schema, log


def episodes_of(log: Log, stream: Stream, schema: FeatureSchema, weights: Reward) -> Episodes:
    """The tensors of some decisions of a checked log."""
    episodes = _tensors(log, stream, schema, weights)
    return replace(episodes, data_hash=_content_hash(episodes, weights))


def _content_hash(episodes: Episodes, weights: Reward) -> str:
    """Hex sha256 over what was kept: rows that were not asked for, and how the rest lay in files, change nothing."""
    of_tensors = [
        hashlib.sha256(one.numpy().tobytes()).hexdigest() for one in vars(episodes).values() if isinstance(one, Tensor)
    ]
    return canonical_hash([of_tensors, episodes.schema.hash, weights.hash])


def _tensors(log: Log, stream: Stream, schema: FeatureSchema, weights: Reward) -> Episodes:
    rows = pa.array(stream.rows)
    costs = Costs(**{name: log.numbers(name)[stream.rows] for name in COST_COLUMNS})
    reward, discount = rewards(costs, weights), discounts(costs, weights)
    counts = lengths(log, "candidate_key")[stream.rows]  # (N,) K
    offsets = np.append(0, np.cumsum(counts))
    executed = log.numbers("executed")[stream.rows]
    harmed = pc.not_equal(log.column("harm"), "none").to_numpy(zero_copy_only=False)
    healing = healing_of(log, stream)
    return Episodes(
        state=torch.tensor(_taken(log, "state", rows).reshape(-1, schema.S)),
        candidate=torch.tensor(_taken(log, "candidates", rows).reshape(-1, schema.A)),
        offsets=torch.tensor(offsets),
        owner=torch.tensor(np.repeat(np.arange(len(counts)), counts)),
        allowed=torch.tensor(_taken(log, "allowed", rows)),
        executed=torch.tensor(np.where(executed < 0, -1, offsets[:-1] + executed)),
        reward=torch.tensor(reward, dtype=torch.float32),
        discount=torch.tensor(discount, dtype=torch.float32),
        next=torch.tensor(stream.follows),
        returns=torch.tensor(
            returns(reward, discount, stream.follows, stream.step, weights.cap_scales), dtype=torch.float32
        ),
        recovered=torch.tensor(log.numbers("recovered")[stream.rows]),
        harmed=torch.tensor(harmed[stream.rows]),
        well_soon=torch.tensor(healing.soon),
        well_known=torch.tensor(healing.known),
        cluster=torch.tensor(stream.cluster),
        schema=schema,
        data_hash="",
    )


def _taken(log: Log, name: str, rows: Any) -> NDArray[Any]:
    """The lists of these rows, one after the other."""
    values: NDArray[Any] = log.column(name).take(rows).flatten().to_numpy(zero_copy_only=False)
    return values
