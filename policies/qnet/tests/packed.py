"""Episodes written out decision by decision, for tests that need to say exactly what was logged."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from synthetic import synthetic_schema

from qnet.episodes import Episodes
from qnet.schema import FeatureSchema


@dataclass(frozen=True)
class Decision:
    """One row: K candidates, each with its features but the runbook's code, which stands apart."""

    state: Sequence[float]
    runbooks: Sequence[int]  # (K,) codes
    features: Sequence[Sequence[float]]  # (K, A - 1) in the schema's order, without the code
    allowed: Sequence[bool]
    executed: int = 0  # index in the list, -1 = outside
    reward: float = -1.0
    discount: float = 0.9
    next: int = -1
    returns: float = -1.0
    recovered: bool = False
    harmed: bool = False
    well: float = 0.0  # 1 = all was well soon, 0 = it was not, -1 = nothing can be said
    cluster: int = 0


def schema_for(decision: Decision) -> FeatureSchema:
    """A schema of the lengths that a decision has."""
    return synthetic_schema(len(decision.state), len(decision.features[0]) + 1)


def packed_episodes(decisions: Sequence[Decision]) -> Episodes:
    """The decisions as a log."""
    schema = schema_for(decisions[0])
    runbook = schema.index("runbook")
    counts = torch.tensor([len(one.runbooks) for one in decisions])
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    rows = [
        [*values[:runbook], float(code), *values[runbook:]]
        for one in decisions
        for code, values in zip(one.runbooks, one.features, strict=True)
    ]
    executed = [
        one.executed if one.executed < 0 else int(offsets[row]) + one.executed for row, one in enumerate(decisions)
    ]
    return Episodes(
        state=torch.tensor([list(one.state) for one in decisions], dtype=torch.float32),
        candidate=torch.tensor(rows, dtype=torch.float32),
        offsets=offsets,
        owner=torch.repeat_interleave(torch.arange(len(decisions)), counts),
        allowed=torch.tensor([allowed for one in decisions for allowed in one.allowed]),
        executed=torch.tensor(executed),
        reward=torch.tensor([one.reward for one in decisions]),
        discount=torch.tensor([one.discount for one in decisions]),
        next=torch.tensor([one.next for one in decisions]),
        returns=torch.tensor([one.returns for one in decisions]),
        recovered=torch.tensor([one.recovered for one in decisions]),
        harmed=torch.tensor([one.harmed for one in decisions]),
        well_soon=torch.tensor([one.well == 1 for one in decisions]),
        well_known=torch.tensor([one.well in (0, 1) for one in decisions]),
        cluster=torch.tensor([one.cluster for one in decisions]),
        schema=schema,
        data_hash="written-out",
    )
