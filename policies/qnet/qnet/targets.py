"""What the learners aim at, as pure functions of packed scores.

Axes: M members first, then B decisions or C candidates; candidate c belongs to decision owner[c] in 0..B-1.
"""

import torch
from torch import Tensor


def segment_max(scores: Tensor, owner: Tensor, decisions: int) -> Tensor:
    """Largest of the scores (M, C) of each decision: (M, B), -inf where a decision has no candidate."""
    floor = scores.new_full((scores.shape[0], decisions), float("-inf"))
    return floor.scatter_reduce(1, owner.expand_as(scores), scores, "amax")


def segment_best(scores: Tensor, owner: Tensor, decisions: int) -> Tensor:
    """Place (M, B) int64 in 0..C-1 of each decision's largest score, the first of equals; C where it has none."""
    count = scores.shape[1]
    places = torch.arange(count, device=scores.device).expand_as(scores)
    is_best = (scores == segment_max(scores, owner, decisions)[:, owner]) & (scores > float("-inf"))
    none = places.new_full((scores.shape[0], decisions), count)
    return none.scatter_reduce(1, owner.expand_as(scores), places.masked_fill(~is_best, count), "amin")


def segment_logsumexp(scores: Tensor, counted: Tensor, owner: Tensor, decisions: int) -> Tensor:
    """log sum exp over each decision's counted (C,) bool scores (M, C): (M, B). Very low where none is counted."""
    masked = scores.masked_fill(~counted, float("-inf"))
    peak = segment_max(masked.detach(), owner, decisions)
    peak = torch.where(peak > float("-inf"), peak, 0.0)
    total = torch.zeros_like(peak).index_add(1, owner, torch.exp(masked - peak[:, owner]))
    return peak + total.clamp_min(torch.finfo(scores.dtype).tiny).log()


def td_target(
    reward: Tensor,
    discount: Tensor,
    ended: Tensor,
    next_choose: Tensor,
    next_price: Tensor,
    next_owner: Tensor,
    next_allowed: Tensor,
) -> Tensor:
    """One-step target: `next_choose` picks among the allowed candidates of the next decision, `next_price` prices it.

    reward, discount (B,), discount = exp(-beta * minutes); ended (B,) bool: nothing follows; next_* (M, C') scores of
    the next decisions' candidates, packed by next_owner (C',), allowed (C',) bool, some True per decision unless it
    ended. Each member has its own target. Returns (M, B), detached.
    """
    decisions = reward.shape[0]
    pick = segment_best(next_choose.masked_fill(~next_allowed, float("-inf")), next_owner, decisions)  # (M, B)
    nothing = next_price.new_zeros(next_price.shape[0], 1)  # the place after the last candidate is worth 0
    value = torch.cat([next_price, nothing], 1).gather(1, pick)  # (M, B)
    return (reward + discount * value.masked_fill(ended, 0.0)).detach()


def conservative_gap(scores: Tensor, taken: Tensor, counted: Tensor, owner: Tensor) -> Tensor:
    """logsumexp over the counted candidates minus the score of the one that ran (CQL(H), Kumar et al. 2020, eq. 4).

    scores (M, C); taken (B,) place of the executed one; counted (C,) bool. Returns (M, B) >= 0; 0 with one candidate.
    """
    return segment_logsumexp(scores, counted, owner, taken.shape[0]) - scores.index_select(1, taken)


def huber(error: Tensor, delta: float) -> Tensor:
    """Half the square up to delta, a line beyond, elementwise: one cost of 20 scales does not steer a batch."""
    size = error.abs()
    return torch.where(size <= delta, 0.5 * error * error, delta * (size - 0.5 * delta))


def expectile(error: Tensor, share: float) -> Tensor:
    """Square weighted by `share` where error > 0 and by 1 - share elsewhere (IQL, Kostrikov et al. 2021, eq. 5)."""
    return torch.where(error > 0, share, 1 - share) * error * error


def cluster_weights(cluster: Tensor, members: int, generator: torch.Generator) -> Tensor:
    """Weights (M, N) of a Poisson bootstrap over clusters: one draw a cluster and member, of mean 1 over the rows.

    cluster (N,) int64 from 0. One member alone learns from every row alike.
    """
    if members == 1:
        return torch.ones(1, len(cluster), device=cluster.device)
    clusters = int(cluster.max()) + 1
    drawn = torch.poisson(torch.ones(members, clusters, device=cluster.device), generator=generator)[:, cluster]
    drawn = torch.where(drawn.sum(1, keepdim=True) > 0, drawn, 1.0)  # a tiny log can be drawn empty
    return drawn / drawn.mean(1, keepdim=True)
