"""Scores by a network whose actions are fixed: how a learner that knows no candidates is fitted onto them.

Each runbook gets `per_runbook` slots; a decision's candidates of a runbook take them by falling fit. The network sees
the scene and, for each slot, whether it is taken, whether it is allowed, and a few features of whoever sits there.
What is lost: the other features of a candidate, candidates beyond the slots, runbooks that the log never offered, and
the mask while training: the network's own maximum and logsumexp run over empty and forbidden slots as well. The mask
holds when acting, as it does for every model. Trained by peers/d3rlpy_cql.py; nothing here needs d3rlpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..episodes import Episodes
from ..model import Origin, Scores, read_origin
from ..network import CLIP, scale_of
from ..places import decision_of, place_of

FILE = "slots.pt"
SEATED = ("fit", "drafterRank", "drafterRecovers", "triedBefore", "runs", "helped")  # of a slot, those there are
NOWHERE = -100.0  # score of a candidate without a slot: below any return, which is capped at -20


@dataclass(frozen=True)
class Slots:
    """Which candidate sits where, and what the network reads: K = R * per_runbook slots, D numbers a decision."""

    codes: Tensor  # (R,) int64, sorted
    per_runbook: int
    runbook: int  # columns of a candidate
    order: Tensor  # (2,) int64, columns of fit and drafterRank
    seated: Tensor  # (F,) int64, columns of SEATED
    state_mean: Tensor  # (S,) float32
    state_scale: Tensor  # (S,) float32, 1 / standard deviation; 0 drops a feature
    seated_scale: Tensor  # (F,) float32, 1 / largest value that the schema allows

    @property
    def count(self) -> int:
        return len(self.codes) * self.per_runbook

    def place(self, candidate: Tensor, owner: Tensor) -> Tensor:
        """(C,) int64: slot of each candidate, -1 where it has none. The order of the candidates does not matter."""
        runbook = place_of(candidate[:, self.runbook], self.codes)
        fit, rank = candidate[:, self.order].unbind(1)
        falling = np.lexsort((candidate.double().sum(1), rank, -fit, runbook, owner))
        group = (owner * (len(self.codes) + 1) + runbook)[falling]
        begins = torch.cat([torch.ones(1, dtype=torch.bool), group[1:] != group[:-1]])[: len(group)]
        at = torch.arange(len(group))
        seat = torch.empty_like(at)
        seat[falling] = at - at[begins][begins.cumsum(0) - 1]
        sits = (seat < self.per_runbook) & (runbook < len(self.codes))
        return torch.where(sits, runbook * self.per_runbook + seat, -1)

    def observe(self, state: Tensor, candidate: Tensor, owner: Tensor, allowed: Tensor) -> Tensor:
        """(N, D) float32: the scene, then of each slot: taken, allowed, features."""
        slot = self.place(candidate, owner)
        sits = slot >= 0
        facts = torch.cat(
            [torch.ones(len(slot), 1), allowed[:, None].float(), candidate[:, self.seated] * self.seated_scale], 1
        )
        seats = torch.zeros(len(state), self.count, facts.shape[1])
        seats[owner[sits], slot[sits]] = facts[sits]
        scene = ((state - self.state_mean) * self.state_scale).clamp(-CLIP, CLIP)
        return torch.cat([scene, seats.flatten(1)], 1)


def slots_for(episodes: Episodes, per_runbook: int) -> Slots:
    """Slots for every runbook that the log offered, normalised by its scenes."""
    schema = episodes.schema
    names = [feature.name for feature in schema.candidate]
    seated = [names.index(name) for name in SEATED if name in names]
    return Slots(
        codes=torch.unique(episodes.candidate[:, schema.index("runbook")].to(torch.int64)),
        per_runbook=per_runbook,
        runbook=schema.index("runbook"),
        order=torch.tensor([schema.index("fit"), schema.index("drafterRank")]),
        seated=torch.tensor(seated),
        state_mean=episodes.state.mean(0),
        state_scale=scale_of(episodes.state),
        seated_scale=torch.tensor([1 / schema.candidate[column].max for column in seated]),
    )


@dataclass(frozen=True)
class FixedSlots:
    """Critics side by side, each a plain network of linear layers with ReLU between them; they are averaged."""

    origin: Origin
    slots: Slots
    critics: list[list[tuple[Tensor, Tensor]]]  # of each critic, of each layer: weight (out, in) and bias (out,)

    def score(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Scores:
        """Value of each candidate's slot; NOWHERE for a candidate that has none."""
        owner = decision_of(offsets)
        slot = self.slots.place(candidate, owner)
        seen = self.slots.observe(state, candidate, owner, allowed)
        each = torch.stack([_forward(layers, seen) for layers in self.critics])[:, owner, slot.clamp(min=0)]  # (M, C)
        nowhere = slot < 0
        sd = each.std(0, correction=0)
        return Scores(each.mean(0).masked_fill(nowhere, NOWHERE), sd.masked_fill(nowhere, 0.0))

    def write(self, folder: Path) -> None:
        """Writes slots.pt."""
        torch.save({"slots": vars(self.slots), "critics": self.critics}, folder / FILE)


def load(folder: Path) -> FixedSlots:
    """Reads what `write` wrote."""
    content = torch.load(folder / FILE, weights_only=True)
    return FixedSlots(read_origin(folder), Slots(**content["slots"]), content["critics"])


def _forward(layers: list[tuple[Tensor, Tensor]], inputs: Tensor) -> Tensor:
    for weight, bias in layers[:-1]:
        inputs = torch.relu(torch.addmm(bias, inputs, weight.T))
    weight, bias = layers[-1]
    return torch.addmm(bias, inputs, weight.T)
