"""The behaviour net pi_b(a|s): what people do here. A baseline by itself, and the prior of other learners.

One small network scores each candidate; a softmax over those that were allowed (and the one that ran, which people may
choose against the guardrails) is trained by cross-entropy on what ran. Decisions whose action was outside the list are
left out. Training stops where the loss of a held-out tenth of the clusters does; one temperature is then fitted there
(Guo et al. 2017), since other learners read these numbers as probabilities.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from ..bad_input import BadEpisodes
from ..batches import batches_of, endless, packed
from ..bounds import COUNT, INNER_SHARE, NOT_NEGATIVE, POSITIVE, check_bounds
from ..episodes import Episodes
from ..model import Origin, Scores, check_finite, config_facts, read_origin
from ..network import QNetwork, load_network, network_for, save_network
from ..places import decision_of
from ..progress import Progress
from ..targets import segment_logsumexp, segment_max

NETWORK, FITTED = "behaviour.pt", "behaviour.json"
NEVER = -30.0  # log probability of what the mask forbids: e^-30, finite so that it can be written as JSON
AT_ONCE = 4096  # decisions scored in one pass: 50 MB at 24 candidates each
BINS = 10  # of predicted probability, in the calibration error


@dataclass(frozen=True)
class Config:
    """How the behaviour is learnt."""

    width: int = 128  # units of a layer, as one member of the Q-network
    batch: int = 256  # decisions an update
    updates: int = 4000  # at most: 17 passes over 60,000 decisions
    patience: int = 8  # checks without a better held-out loss, then it stops
    held_out: float = 0.1  # share of the clusters; days, not decisions, since decisions of a day are alike
    learning_rate: float = 3e-4  # a small log is learnt within 20 updates at 1e-3, too few to stop well
    weight_decay: float = 0.05  # per step times the rate; early stopping does most of it, 0.5 changed nothing
    drop_groups: tuple[str, ...] = ()  # groups of features that are read as their mean
    drop_features: tuple[str, ...] = ()  # single features that are

    def __post_init__(self) -> None:
        check_bounds(self, width=COUNT, batch=COUNT, updates=COUNT, patience=COUNT, held_out=INNER_SHARE)
        check_bounds(self, learning_rate=POSITIVE, weight_decay=NOT_NEGATIVE)


@dataclass(frozen=True)
class Fitted:
    """What was found on the held-out clusters; the temperature was chosen on them, so both errors are a little kind."""

    temperature: float  # divides the logits; above 1 the network was too sure
    cross_entropy: float  # nats a decision
    calibration_error: float  # mean |predicted - observed frequency| over ten bins of probability, weighted by count
    updates: int  # after which the held-out loss was lowest


@dataclass(frozen=True)
class Behaviour:
    """A probability for each allowed candidate."""

    origin: Origin
    network: QNetwork
    fitted: Fitted

    def log_policy(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Tensor:
        """(C,) log pi_b over the allowed candidates of each decision; NEVER for the others."""
        owner = decision_of(offsets)
        logit = logits(self.network, state, candidate, offsets) / self.fitted.temperature
        total = segment_logsumexp(logit[None], allowed, owner, len(state))[0]
        return torch.where(allowed, (logit - total[owner]).clamp(min=NEVER), NEVER)

    def below_likeliest(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Tensor:
        """(C,) log pi_b less that of the decision's likeliest candidate: from 0 down to NEVER."""
        log_policy = self.log_policy(state, candidate, offsets, allowed)
        owner = decision_of(offsets)
        return (log_policy - segment_max(log_policy[None], owner, len(state))[0][owner]).clamp(min=NEVER)

    def score(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Scores:
        """The log probability: it ranks, and is no value."""
        mean = self.log_policy(state, candidate, offsets, allowed)
        return Scores(mean, torch.zeros_like(mean))

    def write(self, folder: Path) -> None:
        """Writes behaviour.pt and behaviour.json."""
        save_network(self.network, folder / NETWORK)
        (folder / FITTED).write_text(json.dumps(asdict(self.fitted), indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> Behaviour:
    """Reads what `write` wrote."""
    return read(folder, read_origin(folder))


def read(folder: Path, origin: Origin) -> Behaviour:
    """The behaviour in a folder of a model that carries one."""
    fitted = Fitted(**json.loads((folder / FITTED).read_text(encoding="utf-8")))
    return Behaviour(origin, load_network(folder / NETWORK), fitted)


def fit(
    episodes: Episodes,
    config: Config,
    *,
    seed: int,
    device: torch.device,
    progress: Progress,
    checkpoint: Path | None = None,  # noqa: ARG001
) -> Behaviour:
    """Half a minute on one core at 60,000 decisions."""
    origin = Origin("cloning", episodes.schema.hash, episodes.data_hash, seed, config_facts(config))
    logged = episodes.to(device)
    chance = torch.Generator(device).manual_seed(seed)
    network = network_for(
        logged,
        members=1,
        width=config.width,
        candidate_heads=("logit",),
        state_heads=(),
        drop_groups=config.drop_groups,
        drop_features=config.drop_features,
        generator=chance,
    )
    training, held_out = split(logged, config.held_out, chance)
    updates = _train(network, logged, training, held_out, config, chance, progress)
    network.eval().requires_grad_(False)
    logit, counted, taken, owner = _scored(network, logged, held_out)
    temperature = best_temperature(logit, counted, taken, owner)
    error = calibration_error(logit / temperature, counted, taken, owner)
    loss = float(cross_entropy(logit / temperature, counted, taken, owner))
    behaviour = Behaviour(origin, network.cpu(), Fitted(temperature, loss, error, updates))
    check_finite(behaviour, episodes, network.state_dict())
    return behaviour


def split(episodes: Episodes, share: float, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """Decisions (n,), (m,) to train on and to hold out, by whole clusters; one cluster alone is both.

    Raises BadEpisodes where no decision has an executed action from its list.
    """
    known = torch.nonzero(episodes.executed >= 0).squeeze(1)
    clusters = torch.unique(episodes.cluster[known])
    if len(clusters) == 0:
        raise BadEpisodes("no decision executed a candidate of its list: there is no behaviour to learn; log some")
    if len(clusters) == 1:
        return known, known
    drawn = torch.randperm(len(clusters), generator=chance, device=clusters.device)
    out = torch.isin(episodes.cluster[known], clusters[drawn[: max(1, round(share * len(clusters)))]])
    return known[~out], known[out]


def logits(network: QNetwork, state: Tensor, candidate: Tensor, offsets: Tensor) -> Tensor:
    """(C,) logits of raw features, some thousand decisions at a time."""
    bounds = [*range(0, len(state), AT_ONCE), len(state)]
    found = [torch.zeros(0)]
    for first, last in pairwise(bounds):
        rows = slice(int(offsets[first]), int(offsets[last]))
        owner = decision_of(offsets[first : last + 1])
        found.append(network(network.encode(state[first:last], candidate[rows], owner)).candidate["logit"][0])
    return torch.cat(found)


def cross_entropy(logit: Tensor, counted: Tensor, taken: Tensor, owner: Tensor) -> Tensor:
    """Mean of -log softmax of what ran. logit, counted (C,); taken (B,) place of the executed one; owner (C,)."""
    return (segment_logsumexp(logit[None], counted, owner, len(taken))[0] - logit[taken]).mean()


def best_temperature(logit: Tensor, counted: Tensor, taken: Tensor, owner: Tensor) -> float:
    """The temperature in 1/4..4 of least cross-entropy, which is convex in its inverse: by ternary search."""
    low, high = 0.25, 4.0
    for _ in range(40):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if cross_entropy(logit * left, counted, taken, owner) < cross_entropy(logit * right, counted, taken, owner):
            high = right
        else:
            low = left
    return 2 / (low + high)


def calibration_error(logit: Tensor, counted: Tensor, taken: Tensor, owner: Tensor) -> float:
    """Expected calibration error of the softmax over the counted candidates, each of which ran or did not."""
    total = segment_logsumexp(logit[None], counted, owner, len(taken))[0]
    probability = (logit - total[owner]).exp()[counted]
    ran = torch.zeros_like(logit).index_fill(0, taken, 1.0)[counted]
    place = (probability * BINS).long().clamp(0, BINS - 1)
    gap = torch.zeros(BINS, device=logit.device).index_add(0, place, probability - ran)
    return float(gap.abs().sum() / len(ran))


def _scored(network: QNetwork, episodes: Episodes, decisions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logit (C',), counted (C',), taken (B,) and owner (C',) of the chosen decisions."""
    counts = episodes.offsets[decisions + 1] - episodes.offsets[decisions]
    rows, owner = packed(episodes.offsets, decisions, counts, int(counts.sum()))
    taken = episodes.executed[decisions] - episodes.offsets[decisions] + (counts.cumsum(0) - counts)
    counted = episodes.allowed[rows].index_fill(0, taken, True)
    scene = network.encode(episodes.state[decisions], episodes.candidate[rows], owner)
    return network(scene).candidate["logit"][0], counted, taken, owner


def _train(
    network: QNetwork,
    episodes: Episodes,
    training: Tensor,
    held_out: Tensor,
    config: Config,
    chance: torch.Generator,
    progress: Progress,
) -> int:
    """Leaves the weights of the lowest held-out loss in the network; returns the update they are from."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    check_every = min(100, max(10, len(training) // config.batch))
    best, best_at, kept = float("inf"), 0, copy.deepcopy(network.state_dict())
    next_batch = endless(training, config.batch, chance)
    for update in progress.over(config.updates, "updates of cloning"):
        if update % check_every == 0:
            loss = _held_out_loss(network, episodes, held_out)
            if loss < best:
                best, best_at, kept = loss, update, copy.deepcopy(network.state_dict())
            elif update - best_at >= config.patience * check_every:
                break
        optimiser.zero_grad()
        torch.autograd.backward(cross_entropy(*_scored(network, episodes, next_batch())))
        optimiser.step()
    network.load_state_dict(kept)
    return best_at


@torch.no_grad()
def _held_out_loss(network: QNetwork, episodes: Episodes, held_out: Tensor) -> float:
    parts = [
        (len(part), _scored(network, episodes, part))
        for part in torch.tensor_split(held_out, batches_of(len(held_out), AT_ONCE))
    ]
    return sum(count * float(cross_entropy(*scored)) for count, scored in parts) / len(held_out)
