"""The training loop of the learners by temporal difference: sample, step, let the target follow, checkpoint.

A learner brings its objective; the loop knows nothing of it. Members share a batch and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from .batches import Batch, Log, batches_of, check
from .bounds import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, check_bounds
from .checkpoint import resume, save_checkpoint
from .episodes import Episodes
from .model import Model, Origin, Scores, check_finite, config_facts, read_origin
from .network import Outputs, QNetwork, load_network, network_for, save_network
from .places import decision_of
from .progress import Progress
from .targets import cluster_weights, huber

WEIGHTS = "weights.pt"


@dataclass(frozen=True)
class Training:
    """What the loop needs to know; a learner's Config adds its own."""

    members: int = 4  # networks; their spread is the veto for ignorance
    width: int = 128  # units; what a core can train in a minute, wider is for a GPU
    epochs: int = 8  # passes over the log; 20,000 decisions take half a minute on a core
    least_updates: int = 300  # steps; after 100 on 1,400 decisions it still waited nine times in ten
    batch: int = 512  # decisions a step; 1,024 were a fifth slower on a core, whose cache they overflow
    learning_rate: float = 1e-3  # of AdamW at the first step, falling to 0 by half a cosine
    weight_decay: float = 1e-2  # per step times the rate
    largest_gradient: float = 10.0  # norm of one member's gradient, which is cut to it
    huber_delta: float = 10.0  # reward scales; from here on an error counts by its size, not its square
    heads_weight: float = 0.1  # of the losses of the value, recovery and harm heads: they must not bend the trunk
    unknown: float = 0.05  # share of candidates trained as a runbook never seen, so that a new one gets a sane score
    target_step: float = 0.02  # share of the way that the target goes to the network
    target_every: int = 1  # steps between two such moves
    replay: bool = False  # decisions are drawn with replacement instead of once a pass
    gamma_zero: bool = False  # ablation: nothing follows, the myopic bandit
    constant_discount: float | None = None  # ablation: a decision of 5 minutes and one of 5 hours discount alike
    masked: bool = True  # ablation when False: refused candidates enter the logsumexp
    drop_groups: tuple[str, ...] = ()  # ablation: groups of features read as their mean
    drop_features: tuple[str, ...] = ()  # ablation: single features read as their mean

    def __post_init__(self) -> None:
        check_bounds(self, members=COUNT, width=COUNT, epochs=COUNT, least_updates=NOT_NEGATIVE, batch=COUNT)
        check_bounds(self, learning_rate=POSITIVE, largest_gradient=POSITIVE, huber_delta=POSITIVE)
        check_bounds(self, weight_decay=NOT_NEGATIVE, heads_weight=NOT_NEGATIVE, target_every=COUNT)
        check_bounds(self, unknown=SHARE, target_step=SHARE, constant_discount=SHARE)


ConfigT = TypeVar("ConfigT", bound=Training)
Objective = Callable[[ConfigT, QNetwork, QNetwork, Batch], Tensor]  # config, online, target, batch -> loss (M,)


@dataclass(frozen=True)
class TDModel:
    """A trained network, its candidates ranked by one of its heads."""

    origin: Origin
    network: QNetwork
    ranks: Callable[[Outputs, Tensor, Tensor], Tensor]  # outputs, owner, allowed -> (M, C), reward scales
    history: Mapping[str, list[float]] = field(default_factory=dict)  # mean loss of each pass; {} once it was saved

    @torch.inference_mode()
    def score(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Scores:
        owner = decision_of(offsets)
        outputs = self.network(self.network.encode(state, candidate, owner))
        each = self.ranks(outputs, owner, allowed)  # (M, C)
        return Scores(mean=each.mean(0), sd=each.std(0, correction=0))

    def write(self, folder: Path) -> None:
        save_network(self.network, folder / WEIGHTS)


def by_q(outputs: Outputs, owner: Tensor, allowed: Tensor) -> Tensor:  # noqa: ARG001
    """Ranks by the value of taking a candidate now and the best allowed ones after it."""
    return outputs.candidate["q"]


def load_td(folder: Path, *, ranks: Callable[[Outputs, Tensor, Tensor], Tensor] = by_q) -> Model:
    """Reads a model that `save_model` wrote; a learner's `load` is this function, told how it ranks."""
    return TDModel(read_origin(folder), load_network(folder / WEIGHTS), ranks)


def train(
    learner: str,
    objective: Objective[ConfigT],
    episodes: Episodes,
    config: ConfigT,
    *,
    candidate_heads: tuple[str, ...] = ("q", "value", "recover", "harm"),
    state_heads: tuple[str, ...] = (),
    ranks: Callable[[Outputs, Tensor, Tensor], Tensor] = by_q,
    seed: int,
    device: torch.device,
    progress: Progress,
    checkpoint: Path | None = None,
) -> Model:
    """Minimises an objective over episodes; a learner's `fit` is this function, told its name and its objective.

    The same seed, config, log and thread count give the same bits on a CPU. A checkpoint is written after every pass
    and continued from where there is one; every pass starts its own random stream, so a run that was cut in two ends
    where a whole one does. Raises BadModel for a checkpoint that is broken or of another run, and where a weight or a
    score of the log is not finite in the end.
    """
    check(episodes)
    origin = Origin(learner, episodes.schema.hash, episodes.data_hash, seed, config_facts(config))
    with _reproducible(device):
        log, online = _prepared(episodes.to(device), config, candidate_heads, state_heads, seed)
        target = deepcopy(online).requires_grad_(False)
        optimiser = torch.optim.AdamW(online.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        a_pass = batches_of(episodes.decisions, config.batch)
        passes = max(config.epochs, -(-config.least_updates // a_pass))
        parts = {"online": online, "target": target, "optimiser": optimiser}
        losses = resume(checkpoint, origin, parts, device)
        for epoch in progress.over(passes, f"{learner}, passes", start=len(losses)):
            stream = torch.Generator(device).manual_seed((seed * 1_000_003 + epoch + 1) % 2**63)
            total = torch.zeros((), device=device)
            for number, batch in enumerate(log.shuffled(config.batch, stream, replay=config.replay)):
                update = epoch * a_pass + number
                left = 0.5 * (1 + math.cos(math.pi * update / (passes * a_pass)))
                optimiser.param_groups[0]["lr"] = config.learning_rate * left
                known = _some_unknown(batch, config.unknown, stream)
                total += _step(online, target, known, objective, optimiser, config)
                if (update + 1) % config.target_every == 0:
                    _follow(target, online, config.target_step)
            losses.append(float(total) / a_pass)
            if checkpoint is not None:
                save_checkpoint(checkpoint, origin, losses, parts)
    network = online.cpu().eval().requires_grad_(False)
    model = TDModel(origin, network, ranks, {"loss": losses})
    check_finite(model, episodes, network.state_dict())
    return model


def heads_loss(outputs: Outputs, batch: Batch, config: Training) -> Tensor:
    """(M,) loss of the heads that people are told of, each on what ran; the odds in nats.

    The value is the return to go, where it is whole; recovery counts where something can be said of the horizon, harm
    where an effect ran. Rows whose executed action is outside the list train none of them.
    """
    ran = {name: head.index_select(1, batch.taken) for name, head in outputs.candidate.items()}  # (M, B)
    loss = batch.known * huber(ran["value"] - batch.returns, config.huber_delta)
    for name, chance, counts in (("recover", batch.well, batch.well >= 0), ("harm", batch.harmed, batch.acted)):
        goal = chance.clamp_min(0).expand_as(loss)
        nats = functional.binary_cross_entropy_with_logits(ran[name], goal, reduction="none")
        loss = loss + counts * nats
    return config.heads_weight * (batch.weight * batch.listed * loss).mean(1)


def _prepared(
    episodes: Episodes, config: Training, candidate_heads: tuple[str, ...], state_heads: tuple[str, ...], seed: int
) -> tuple[Log, QNetwork]:
    """The log with the ablations of its discount applied, and the network it starts from."""
    generator = torch.Generator(episodes.state.device).manual_seed(seed * 1_000_003 % 2**63)
    known = episodes.known
    if config.gamma_zero:
        episodes = replace(episodes, next=torch.full_like(episodes.next, -1))
    if config.constant_discount is not None:
        episodes = replace(episodes, discount=torch.full_like(episodes.discount, config.constant_discount))
    network = network_for(
        episodes,
        members=config.members,
        width=config.width,
        candidate_heads=candidate_heads,
        state_heads=state_heads,
        drop_groups=tuple(config.drop_groups),
        drop_features=tuple(config.drop_features),
        generator=generator,
    )
    scene = network.encode(episodes.state, episodes.candidate, episodes.owner)
    return Log(episodes, scene, cluster_weights(episodes.cluster, config.members, generator), known), network


def _some_unknown(batch: Batch, share: float, stream: torch.Generator) -> Batch:
    """The batch with a share of its runbooks' codes replaced by that of an unknown one."""
    kept = torch.rand(len(batch.here.code), generator=stream, device=batch.here.code.device) >= share
    return replace(batch, here=replace(batch.here, code=batch.here.code * kept))


def _step(
    online: QNetwork,
    target: QNetwork,
    batch: Batch,
    objective: Objective[ConfigT],
    optimiser: torch.optim.Optimizer,
    config: ConfigT,
) -> Tensor:
    """One step down; the gradient is clipped for each member alone. Returns the members' mean loss before it."""
    optimiser.zero_grad(set_to_none=True)
    loss = objective(config, online, target, batch)
    torch.autograd.backward(loss.sum())
    gradients = [one.grad for one in online.parameters() if one.grad is not None]  # each (M, ...)
    norm = torch.stack([one.flatten(1).square().sum(1) for one in gradients]).sum(0).sqrt()  # (M,)
    shrink = (config.largest_gradient / norm.clamp_min(1e-12)).clamp_max(1.0)
    for one in gradients:
        one.mul_(shrink.view(-1, 1, 1))
    optimiser.step()
    return loss.detach().mean()


@torch.no_grad()
def _follow(target: QNetwork, online: QNetwork, step: float) -> None:
    """Moves the target a share of the way to the network; 1 = all of it."""
    torch._foreach_lerp_(list(target.parameters()), list(online.parameters()), step)


@contextmanager
def _reproducible(device: torch.device) -> Iterator[None]:
    """Deterministic kernels while a network trains on a CPU, and whatever was asked for before when it is done."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(device.type == "cpu" or before)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
