"""Episodes written down decision by decision."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from synthetic import synthetic_schema
from torch import Tensor

from qnet.episodes import Episodes


@dataclass(frozen=True)
class Decided:
    """One decision: which runbooks there were, by code, and which of them ran, by place (-1 = none of them)."""

    runbooks: Sequence[int]
    ran: int
    reward: float
    returns: float
    follows: int = -1
    scene: float = 0.0  # the first number of the state
    forbidden: Sequence[int] = ()  # places
    cluster: int = 0
    flags: Sequence[float] = ()  # in the state's first columns, instead of the scene


def episodes_by_hand(decided: Sequence[Decided], discount: float = 1.0, data_hash: str = "by-hand") -> Episodes:
    """The decisions as episodes; every feature that is not said is 0."""
    schema = synthetic_schema()
    counts = torch.tensor([len(one.runbooks) for one in decided])
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    state = torch.zeros(len(decided), schema.S)
    for row, one in enumerate(decided):
        flags = one.flags or [one.scene]
        state[row, : len(flags)] = torch.tensor(flags)
    candidate = torch.zeros(int(offsets[-1]), schema.A)
    candidate[:, schema.index("runbook")] = torch.tensor([code for one in decided for code in one.runbooks]).float()
    allowed = [place not in one.forbidden for one in decided for place in range(len(one.runbooks))]
    ran = torch.tensor([one.ran for one in decided])
    return Episodes(
        state=state,
        candidate=candidate,
        offsets=offsets,
        owner=torch.repeat_interleave(torch.arange(len(decided)), counts),
        allowed=torch.tensor(allowed),
        executed=torch.where(ran < 0, -1, offsets[:-1] + ran),
        reward=torch.tensor([one.reward for one in decided]),
        discount=torch.full((len(decided),), discount),
        next=torch.tensor([one.follows for one in decided]),
        returns=torch.tensor([one.returns for one in decided]),
        recovered=torch.zeros(len(decided), dtype=torch.bool),
        harmed=torch.zeros(len(decided), dtype=torch.bool),
        well_soon=torch.zeros(len(decided), dtype=torch.bool),
        well_known=ran >= 0,
        cluster=torch.tensor([one.cluster for one in decided]),
        schema=schema,
        data_hash=data_hash,
    )


def shuffled_candidates(episodes: Episodes, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """(order, candidate, allowed): the candidates of each decision in another order; order[new place] = old place."""
    drawn = torch.rand(len(episodes.owner), generator=torch.Generator().manual_seed(seed))
    order = torch.argsort(episodes.owner + drawn)  # owners stay together: drawn is below 1
    return order, episodes.candidate[order], episodes.allowed[order]
