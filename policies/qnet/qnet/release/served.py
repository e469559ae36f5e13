"""What is exported: the Q-network, the behaviour net and the distance of a scene as one function of raw features.

Axes: B decisions, K candidates (padded), M members, S state features, A candidate features, H width, R known runbooks.
Pure arithmetic on padded tensors: no index is computed from the data but the runbook's place in its embedding.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..bad_input import BadInput
from ..learners.cloning import NEVER, Behaviour
from ..model import Model, load_model, save_model
from ..network import CLIP, QNetwork
from ..td import TDModel
from .distance import Distance

MASKED = -40.0  # log probability of a masked candidate: below NEVER, the least that an allowed one has
LOWEST = -1e9  # stands in for minus infinity under a mask: finite, so that a scene without candidates stays finite
OUTPUTS = ("q", "value", "p_recover", "p_harm", "log_pi_b", "ood")
HEADS = ("q", "value", "recover", "harm")
Q, BEHAVIOUR, DISTANCE = "q", "behaviour", "distance.pt"


class PaddedNetwork(nn.Module):
    """A QNetwork's candidate heads over padded candidates, its normalisation and embedding inside."""

    state_mean: Tensor
    state_scale: Tensor
    candidate_mean: Tensor
    candidate_scale: Tensor
    known: Tensor
    place: Tensor
    of_state: Tensor
    of_candidate: Tensor
    of_runbook: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor
    heads: Tensor
    heads_bias: Tensor

    def __init__(self, network: QNetwork, heads: tuple[str, ...]) -> None:
        super().__init__()
        shape = network.shape
        columns = [shape.candidate_heads.index(head) for head in heads]
        self.members, self.width, self.runbook = shape.members, shape.width, shape.runbook
        for name in ("state_mean", "state_scale", "candidate_mean", "candidate_scale"):
            self.register_buffer(name, getattr(network, name).clone())
        self.register_buffer("known", network.known.float())  # (R,) codes below 2^24: exact
        self.register_buffer("place", torch.arange(1, shape.codes + 1))  # (R,) of each in the embedding
        self.register_buffer("of_runbook", network.of_runbook.detach().transpose(0, 1).flatten(1))  # (R + 1, M * H)
        self.register_buffer("of_candidate", network.of_candidate.detach().unsqueeze(1))  # (M, 1, A, H)
        self.register_buffer("second", network.second.detach().unsqueeze(1))
        self.register_buffer("second_bias", network.second_bias.detach().unsqueeze(1))
        self.register_buffer("heads", network.candidate_out.detach()[:, :, columns].unsqueeze(1))
        self.register_buffer("heads_bias", network.candidate_out_bias.detach()[:, :, columns].unsqueeze(1))
        for name in ("of_state", "first_bias"):
            self.register_buffer(name, getattr(network, name).detach().clone())

    def forward(self, state: Tensor, candidates: Tensor) -> Tensor:
        """state (B, S), candidates (B, K, A), raw -> (B, M, K, heads)."""
        scene = ((state - self.state_mean) * self.state_scale).clamp(-CLIP, CLIP).unsqueeze(0)  # (1, B, S)
        each = ((candidates - self.candidate_mean) * self.candidate_scale).clamp(-CLIP, CLIP).unsqueeze(0)
        half = torch.matmul(scene, self.of_state) + self.first_bias  # (M, B, H)
        matches = torch.eq(candidates[:, :, self.runbook].round().unsqueeze(2), self.known)  # (B, K, R)
        place = (matches.to(torch.int64) * self.place).sum(2)  # (B, K), 0 = a runbook never seen
        seen = functional.embedding(place, self.of_runbook)  # (B, K, M * H)
        seen = seen.view(*place.shape, self.members, self.width).permute(2, 0, 1, 3)
        both = half.unsqueeze(2) + torch.matmul(each, self.of_candidate) + seen  # (M, B, K, H)
        deep = functional.silu(functional.layer_norm(both, (self.width,)))
        deep = functional.silu(torch.matmul(deep, self.second) + self.second_bias)
        found = torch.matmul(deep, self.heads) + self.heads_bias  # (M, B, K, heads)
        return found.transpose(0, 1)


class Served(nn.Module):
    """Every output of the released file, raw: thresholds and calibration live in its manifest."""

    centre: Tensor
    scale: Tensor
    axes: Tensor

    def __init__(self, network: QNetwork, behaviour: Behaviour, distance: Distance) -> None:
        super().__init__()
        self.network = PaddedNetwork(network, HEADS)
        self.behaviour = PaddedNetwork(behaviour.network, ("logit",))
        self.temperature = behaviour.fitted.temperature
        for name in ("centre", "scale", "axes"):
            self.register_buffer(name, getattr(distance, name))

    def forward(self, state: Tensor, candidates: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """state (B, S), candidates (B, K, A), mask (B, K) bool, True = allowed.

        Returns OUTPUTS in their order: q, value, p_recover, p_harm (B, M, K), log_pi_b (B, K), ood (B,). The mask is
        read by log_pi_b alone; nothing of a masked candidate changes anything of another.
        """
        heads = self.network(state, candidates)
        q, value, recover, harm = (heads[:, :, :, head] for head in range(len(HEADS)))
        likely = self._log_policy(self.behaviour(state, candidates)[:, 0, :, 0], mask)
        strange = Distance(self.centre, self.scale, self.axes).of(state)
        return q, value, torch.sigmoid(recover), torch.sigmoid(harm), likely, strange

    def _log_policy(self, logit: Tensor, mask: Tensor) -> Tensor:
        """(B, K): log softmax over the allowed candidates, as Behaviour.log_policy; MASKED for the others."""
        logit = logit / self.temperature
        peak = torch.where(mask, logit, LOWEST).amax(1, keepdim=True)
        below = torch.where(mask, logit - peak, LOWEST)
        total = below.exp().sum(1, keepdim=True).clamp_min(1e-30)
        return torch.where(mask, (below - total.log()).clamp_min(NEVER), MASKED)


def served_of(model: Model, behaviour: Model, distance: Distance) -> Served:
    """The served function of trained models. Raises BadInput where they have not its heads, or read other features."""
    if not isinstance(model, TDModel) or not set(HEADS) <= set(model.network.shape.candidate_heads):
        raise BadInput(f"a {model.origin.learner} model has not the outputs {', '.join(HEADS)}; train cql again")
    if not isinstance(behaviour, Behaviour):
        raise BadInput(f"a {behaviour.origin.learner} model is no behaviour; train cloning")
    if model.origin.features_hash != behaviour.origin.features_hash:
        raise BadInput("the model and the behaviour read other features; train both on the same log")
    return Served(model.network, behaviour, distance).eval()


def save_parts(folder: Path, model: Model, behaviour: Model, distance: Distance, reward_hash: str) -> None:
    """Writes what a served function is made of, so that it can be asked without its file."""
    save_model(model, folder / Q, reward_hash=reward_hash)
    save_model(behaviour, folder / BEHAVIOUR, reward_hash=reward_hash)
    torch.save(vars(distance), folder / DISTANCE)


def load_served(folder: Path) -> tuple[Served, str]:
    """The served function of a folder that save_parts wrote, and the features_hash that it reads."""
    try:
        distance = Distance(**torch.load(folder / DISTANCE, weights_only=True))
    except OSError as cause:
        remedy = "name the folder that `python -m qnet release` wrote"
        raise BadInput(f"{folder / DISTANCE}: cannot be read ({cause.strerror}); {remedy}") from cause
    model = load_model(folder / Q)
    return served_of(model, load_model(folder / BEHAVIOUR), distance), model.origin.features_hash
