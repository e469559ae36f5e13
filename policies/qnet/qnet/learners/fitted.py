"""Fitted Q-iteration on gradient-boosted trees, guided by what people do (Ernst et al. 2005; Fujimoto & Gu 2021).

Round 0 regresses the logged return to go of incidents that were seen to their end. Each later round regresses
r + discount * Q(s', a'), where a' maximises
Q(s', .) + prior * (log pi_b - max log pi_b) over the allowed candidates of s': the policy that will act is the one
that is priced. The guidance picks and is not part of the price, since departing from people costs nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import lightgbm
import torch
from torch import Tensor

from ..bad_input import BadEpisodes
from ..bounds import COUNT, NOT_NEGATIVE, POSITIVE, Range, check_bounds
from ..episodes import Episodes
from ..model import Origin, Scores, check_finite, config_facts, read_origin
from ..places import decision_of
from ..progress import Progress
from ..targets import segment_best
from . import cloning
from .trees import Columns, columns_of, executed_rows, grow, price

TREES, COLUMNS = "trees.txt", "columns.pt"


@dataclass(frozen=True)
class Config:
    """How the trees are grown and guided."""

    rounds: int = 4  # backups: with the return to go as a start, enough for incidents of six decisions
    prior: float = (
        1.0  # reward units per nat, about the spread of Q within a decision; 0.3 paged 6 times less than people
    )
    trees: int = 150  # with the learning rate, where the held-out error of a 20k log stops falling
    learning_rate: float = 0.05  # small steps: the target moves between rounds
    leaves: int = 31  # LightGBM's own default
    least_rows: int = 20  # runs in a leaf: the mean of fewer is noise where harm strikes one run in fifty
    behaviour: cloning.Config = field(default_factory=cloning.Config)

    def __post_init__(self) -> None:
        check_bounds(self, rounds=NOT_NEGATIVE, prior=NOT_NEGATIVE, learning_rate=POSITIVE)
        check_bounds(self, trees=COUNT, leaves=Range(2, inf, "2 or more"), least_rows=COUNT)


@dataclass(frozen=True)
class GuidedTrees:
    """Trees, plus the weighted log-probability of the behaviour."""

    origin: Origin
    trees: lightgbm.Booster
    columns: Columns
    behaviour: cloning.Behaviour
    prior: float

    def score(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Scores:
        """Value of each candidate, less what its being unusual costs."""
        value = price(self.trees, self.columns, state, candidate, decision_of(offsets))
        mean = value + self.prior * self.behaviour.below_likeliest(state, candidate, offsets, allowed)
        return Scores(mean, torch.zeros_like(mean))

    def write(self, folder: Path) -> None:
        """Writes trees.txt, columns.pt and the behaviour's own file."""
        self.trees.save_model(folder / TREES)
        content = {"codes": self.columns.codes, "runbook": self.columns.runbook, "prior": self.prior}
        torch.save(content, folder / COLUMNS)
        self.behaviour.write(folder)


def fit(
    episodes: Episodes,
    config: Config,
    *,
    seed: int,
    device: torch.device,
    progress: Progress,
    checkpoint: Path | None = None,  # noqa: ARG001
) -> GuidedTrees:
    """Seconds on one core at 20,000 decisions. The trees grow on the CPU; `device` trains the behaviour."""
    behaviour = cloning.fit(episodes, config.behaviour, seed=seed, device=device, progress=progress)
    guide = config.prior * behaviour.below_likeliest(
        episodes.state, episodes.candidate, episodes.offsets, episodes.allowed
    )
    columns, ran = columns_of(episodes), episodes.executed >= 0
    ended = ran & episodes.known
    if not bool(ended.any()):
        raise BadEpisodes("no incident ran a candidate of its list and was seen to its end; log until some end")
    rows = executed_rows(episodes, columns, ran)
    first = rows if bool((ended == ran).all()) else executed_rows(episodes, columns, ended)
    trees = grow(first, episodes.returns[ended], config, seed)
    for _ in progress.over(config.rounds, "rounds of fitted Q"):
        target = backup(episodes, next_values(episodes, trees, columns, guide))
        trees = grow(rows, target[ran], config, seed)
    origin = Origin("fitted", episodes.schema.hash, episodes.data_hash, seed, config_facts(config))
    model = GuidedTrees(origin, trees, columns, behaviour, config.prior)
    check_finite(model, episodes, {})
    return model


def load(folder: Path) -> GuidedTrees:
    """Reads what `write` wrote."""
    origin, content = read_origin(folder), torch.load(folder / COLUMNS, weights_only=True)
    trees = lightgbm.Booster(model_file=folder / TREES)
    columns = Columns(content["codes"], content["runbook"])
    return GuidedTrees(origin, trees, columns, cloning.read(folder, origin), content["prior"])


def backup(episodes: Episodes, value: Tensor) -> Tensor:
    """(N,) r + discount * value of the decision that follows; nothing follows the last of an incident.

    value (N,). No target is worse than the worst return of the log, nor better than no cost at all.
    """
    ahead = torch.where(episodes.next >= 0, value[episodes.next], 0.0)
    return (episodes.reward + episodes.discount * ahead).clamp(float(episodes.returns.min()), 0.0)


def next_values(episodes: Episodes, trees: lightgbm.Booster, columns: Columns, guide: Tensor) -> Tensor:
    """(N,) trees' value of the candidate that would run at a decision; 0 where no decision leads to it. guide (C,)."""
    follows = torch.zeros(episodes.decisions, dtype=torch.bool)
    follows[episodes.next[episodes.next >= 0]] = True
    asked = torch.nonzero(follows[episodes.owner] & episodes.allowed).squeeze(1)
    owner = episodes.owner[asked]
    value = price(trees, columns, episodes.state, episodes.candidate[asked], owner)
    return value_of_best(value, value + guide[asked], owner, episodes.decisions)


def value_of_best(value: Tensor, guided: Tensor, owner: Tensor, decisions: int) -> Tensor:
    """(decisions,) value of the candidate of the highest guided value; 0 for a decision without candidates."""
    pick = segment_best(guided[None], owner, decisions)[0]
    return torch.cat([value, value.new_zeros(1)])[pick]
