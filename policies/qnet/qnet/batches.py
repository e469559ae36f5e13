"""Batches of decisions, packed on the device: every size is known before a step, so no step waits for the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .bad_input import BadEpisodes
from .episodes import Episodes
from .network import Scene


@dataclass(frozen=True)
class Batch:
    """B decisions and those that follow them. Weights are per member (M, B)."""

    here: Scene  # B decisions
    next: Scene  # what follows each; no candidates where nothing does
    allowed: Tensor  # (C,) bool
    next_allowed: Tensor  # (C',) bool
    taken: Tensor  # (B,) int64, place in C of the executed candidate; 0 where it was outside the list
    listed: Tensor  # (B,) bool, the executed candidate is in the list
    ended: Tensor  # (B,) bool, nothing follows
    reward: Tensor  # (B,) in units of the reward's scale
    discount: Tensor  # (B,)
    returns: Tensor  # (B,)
    known: Tensor  # (B,) bool, the incident was seen to its end: `returns` is whole
    acted: Tensor  # (B,) bool, what ran touches something
    well: Tensor  # (B,) float32, the chance that all was well within the horizon; -1 where nothing can be said
    harmed: Tensor  # (B,) float32, 0 or 1
    weight: Tensor  # (M, B) of the member's bootstrap, mean 1 over all decisions

    @property
    def counted(self) -> Tensor:
        """Candidates (C,) that a policy could have taken here: those allowed, and the one that ran, allowed or not."""
        counted = self.allowed.clone()
        last = torch.where(self.listed, self.taken, len(self.allowed))  # one place more, for those outside the list
        return torch.cat([counted, counted.new_zeros(1)]).index_fill(0, last, True)[:-1]


def packed(offsets: Tensor, rows: Tensor, counts: Tensor, total: int) -> tuple[Tensor, Tensor]:
    """Places (total,) in the packed candidates of the decisions `rows` (B,), and the owner 0..B-1 of each.

    counts (B,) candidates to take of each row, from its first; total = their sum, known to the host.
    """
    owner = torch.repeat_interleave(torch.arange(len(rows), device=rows.device), counts, output_size=total)
    first = offsets[rows] - (torch.cumsum(counts, 0) - counts)  # (B,) of a row in the log, less its place in the batch
    return torch.arange(total, device=rows.device) + first[owner], owner


@dataclass(frozen=True)
class Log:
    """Episodes made ready for training: encoded once, and checked."""

    episodes: Episodes
    scene: Scene
    weight: Tensor  # (M, N)
    known: Tensor  # (N,) bool of Episodes.known, before an ablation cut what follows

    def batch(self, rows: Tensor, total: int, next_total: int) -> Batch:
        """The decisions rows (B,); total and next_total = candidates in them and in those that follow."""
        log, scene = self.episodes, self.scene
        counts = log.offsets[rows + 1] - log.offsets[rows]
        place, owner = packed(log.offsets, rows, counts, total)
        follows = log.next[rows]
        ended = follows < 0
        then = follows.clamp_min(0)
        next_counts = (log.offsets[then + 1] - log.offsets[then]).masked_fill(ended, 0)
        next_place, next_owner = packed(log.offsets, then, next_counts, next_total)
        executed = log.executed[rows]
        listed = executed >= 0
        taken = executed - log.offsets[rows] + (torch.cumsum(counts, 0) - counts)
        return Batch(
            here=Scene(scene.state[rows], scene.candidate[place], scene.code[place], owner),
            next=Scene(scene.state[then], scene.candidate[next_place], scene.code[next_place], next_owner),
            allowed=log.allowed[place],
            next_allowed=log.allowed[next_place],
            taken=torch.where(listed, taken, 0),
            listed=listed,
            ended=ended,
            reward=log.reward[rows],
            discount=log.discount[rows],
            returns=log.returns[rows],
            known=self.known[rows],
            acted=log.acted[rows],
            well=torch.where(log.well_known[rows], log.well_soon[rows].float(), -1.0),
            harmed=log.harmed[rows].float(),
            weight=self.weight[:, rows],
        )

    def shuffled(self, size: int, generator: torch.Generator, *, replay: bool) -> Iterator[Batch]:
        """About N / size batches of equal size: each decision once, or drawn anew every time (replay).

        The sizes of all of them are read from the device at once, before the first.
        """
        log = self.episodes
        count, device = log.decisions, log.state.device
        if replay:
            order = torch.randint(count, (count,), generator=generator, device=device)
        else:
            order = torch.randperm(count, generator=generator, device=device)
        parts = torch.tensor_split(order, batches_of(count, size))
        counts = log.offsets[1:] - log.offsets[:-1]
        next_counts = torch.where(log.next >= 0, counts[log.next.clamp_min(0)], 0)
        totals = torch.stack([torch.stack([counts[rows].sum(), next_counts[rows].sum()]) for rows in parts]).tolist()
        for rows, (total, next_total) in zip(parts, totals, strict=True):
            yield self.batch(rows, total, next_total)


def batches_of(decisions: int, size: int) -> int:
    """Batches in one pass."""
    return max(1, -(-decisions // size))


def endless(decisions: Tensor, size: int, chance: torch.Generator) -> Callable[[], Tensor]:
    """Draws batches (B,) of the decisions (n,) without replacement, pass after pass, all of about one size."""
    left: list[Tensor] = []

    def draw() -> Tensor:
        if not left:
            order = torch.randperm(len(decisions), generator=chance, device=decisions.device)
            left.extend(torch.tensor_split(decisions[order], batches_of(len(order), size)))
        return left.pop()

    return draw


def check(episodes: Episodes) -> None:
    """Raises BadEpisodes where a learner would divide by nothing or bootstrap from nothing."""
    if episodes.decisions == 0:
        raise BadEpisodes("the episodes hold no decision; simulate or log some first")
    some = torch.zeros(episodes.decisions, device=episodes.state.device).index_add(
        0, episodes.owner, episodes.allowed.float()
    )
    follows = episodes.next[episodes.next >= 0]
    stuck = follows[some[follows] == 0]
    if len(stuck) > 0:
        raise BadEpisodes(f"row {int(stuck[0])}: no candidate is allowed; log `wait` and `page` always")
