"""The Q-network: members side by side as one batched network that scores candidates one by one.

Axes: M members, N decisions, C candidates (packed), S state features, A candidate features, H width.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from .bad_input import BadInput
from .episodes import Episodes
from .places import place_of

CLIP = 5.0  # standard deviations; a normalised feature never leaves +-5, so that a wild reading stays a large one


@dataclass(frozen=True)
class Shape:
    """What a network is made of."""

    state: int  # S, features of a scene
    candidate: int  # A, features of a candidate, the runbook's code among them
    runbook: int  # column of the code
    codes: int  # runbooks seen in training; index 0 of the embedding is any other
    members: int  # M, networks that share nothing but the batch; their spread is what they do not know
    width: int  # H, units of a layer
    candidate_heads: tuple[str, ...]  # outputs for each candidate
    state_heads: tuple[str, ...]  # outputs for each decision


@dataclass(frozen=True)
class Scene:
    """Encoded inputs of some decisions: normalised and clipped numbers, and each candidate's place in the embedding."""

    state: Tensor  # (N, S) float32
    candidate: Tensor  # (C, A) float32; the column of the code is 0
    code: Tensor  # (C,) int64, 0 = a runbook never seen
    owner: Tensor  # (C,) int64, the decision of each candidate


@dataclass(frozen=True)
class Outputs:
    """The heads by name."""

    candidate: dict[str, Tensor]  # each (M, C)
    state: dict[str, Tensor]  # each (M, N)


class QNetwork(nn.Module):
    """Scores every candidate of a decision on its own, so their order and number change nothing.

    The first layer is split: the half of the state is computed once a decision and handed to its candidates.
    """

    state_mean: Tensor
    state_scale: Tensor
    candidate_mean: Tensor
    candidate_scale: Tensor
    known: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        M, H = shape.members, shape.width
        self.register_buffer("state_mean", torch.zeros(shape.state))
        self.register_buffer("state_scale", torch.ones(shape.state))  # 1 / sd; 0 drops a feature
        self.register_buffer("candidate_mean", torch.zeros(shape.candidate))
        self.register_buffer("candidate_scale", torch.ones(shape.candidate))
        self.register_buffer("known", torch.zeros(shape.codes, dtype=torch.int64))  # codes, rising
        self.of_state = nn.Parameter(torch.zeros(M, shape.state, H))
        self.of_candidate = nn.Parameter(torch.zeros(M, shape.candidate, H))
        self.of_runbook = nn.Parameter(torch.zeros(M, shape.codes + 1, H))
        self.first_bias = nn.Parameter(torch.zeros(M, 1, H))
        self.second = nn.Parameter(torch.zeros(M, H, H))
        self.second_bias = nn.Parameter(torch.zeros(M, 1, H))
        self.candidate_out = nn.Parameter(torch.zeros(M, H, len(shape.candidate_heads)))
        self.candidate_out_bias = nn.Parameter(torch.zeros(M, 1, len(shape.candidate_heads)))
        self.value = nn.Parameter(torch.zeros(M, H, H))
        self.value_bias = nn.Parameter(torch.zeros(M, 1, H))
        self.state_out = nn.Parameter(torch.zeros(M, H, len(shape.state_heads)))
        self.state_out_bias = nn.Parameter(torch.zeros(M, 1, len(shape.state_heads)))

    def draw(self, generator: torch.Generator) -> None:
        """Draws the weights: normal, variance 1 / inputs; the heads a tenth of it, so that all values start near 0."""
        inputs = self.shape.state + self.shape.candidate
        spread = {"of_state": inputs, "of_candidate": inputs, "of_runbook": inputs}
        for name, weight in self.named_parameters():
            if not name.endswith("bias"):
                size = spread.get(name, self.shape.width) ** -0.5 * (0.1 if name.endswith("out") else 1.0)
                drawn = torch.randn(weight.shape, generator=generator, device=generator.device) * size
                weight.data.copy_(drawn)

    def encode(self, state: Tensor, candidate: Tensor, owner: Tensor) -> Scene:
        """Raw state (N, S) and candidate (C, A) to what the network reads. Raises ValueError for other lengths."""
        if (state.shape[1], candidate.shape[1]) != (self.shape.state, self.shape.candidate):
            raise ValueError(
                f"vectors of {state.shape[1]} and {candidate.shape[1]} numbers, where the network reads "
                f"{self.shape.state} and {self.shape.candidate}"
            )
        place = place_of(candidate[:, self.shape.runbook].round(), self.known)  # 24 bits: exact in float32
        return Scene(
            state=((state - self.state_mean) * self.state_scale).clamp(-CLIP, CLIP),
            candidate=((candidate - self.candidate_mean) * self.candidate_scale).clamp(-CLIP, CLIP),
            code=torch.where(place < self.shape.codes, place + 1, 0),
            owner=owner,
        )

    def forward(self, scene: Scene) -> Outputs:
        """Every head of an encoded scene."""
        M, H = self.shape.members, self.shape.width
        half = torch.baddbmm(self.first_bias, scene.state.expand(M, -1, -1), self.of_state)  # (M, N, H)
        of_states = self._of_states(half) if self.shape.state_heads else half[:, :, :0]  # (M, N, state heads)
        both = torch.baddbmm(half.index_select(1, scene.owner), scene.candidate.expand(M, -1, -1), self.of_candidate)
        both = both + self.of_runbook.index_select(1, scene.code)  # (M, C, H)
        deep = functional.silu(functional.layer_norm(both, (H,)))
        deep = functional.silu(torch.baddbmm(self.second_bias, deep, self.second))
        of_candidates = torch.baddbmm(self.candidate_out_bias, deep, self.candidate_out)  # (M, C, candidate heads)
        return Outputs(
            candidate=dict(zip(self.shape.candidate_heads, of_candidates.unbind(2), strict=True)),
            state=dict(zip(self.shape.state_heads, of_states.unbind(2), strict=True)),
        )

    def _of_states(self, half: Tensor) -> Tensor:
        """(M, N, state heads) from the first layer's half of the state (M, N, H)."""
        deep = functional.silu(functional.layer_norm(half, (self.shape.width,)))
        deep = functional.silu(torch.baddbmm(self.value_bias, deep, self.value))
        return torch.baddbmm(self.state_out_bias, deep, self.state_out)


def network_for(
    episodes: Episodes,
    *,
    members: int,
    width: int,
    candidate_heads: tuple[str, ...],
    state_heads: tuple[str, ...],
    drop_groups: tuple[str, ...],
    drop_features: tuple[str, ...] = (),
    generator: torch.Generator,
) -> QNetwork:
    """A network with drawn weights that normalises by these episodes and knows their runbooks.

    Only candidates that were allowed or ran are looked at: what was refused must not move the scores of the rest.
    Features of drop_groups and drop_features are always read as their mean. Raises BadInput for a name that is none.
    """
    schema, counted = episodes.schema, episodes.candidate[episodes.counted]
    strange = [f"{one}" for one in drop_groups if one not in schema.groups]
    if strange:
        raise BadInput(f"drop_groups: no feature is of group {', '.join(strange)}; give some of {schema.groups}")
    columns = [schema.columns_of(name) for name in drop_features]
    runbook = schema.index("runbook")
    known = torch.unique(counted[:, runbook].round().long())  # sorted
    network = QNetwork(Shape(schema.S, schema.A, runbook, len(known), members, width, candidate_heads, state_heads)).to(
        episodes.state.device
    )
    network.known.copy_(known)
    network.state_mean.copy_(episodes.state.mean(0))
    network.state_scale.copy_(scale_of(episodes.state))
    network.candidate_mean.copy_(counted.mean(0))
    network.candidate_scale.copy_(scale_of(counted))
    network.candidate_scale[runbook] = 0
    for group in drop_groups:
        network.state_scale[list(schema.state_group(group))] = 0
        network.candidate_scale[list(schema.candidate_group(group))] = 0
    for of_state, of_candidate in columns:
        network.state_scale[list(of_state)] = 0
        network.candidate_scale[list(of_candidate)] = 0
    network.draw(generator)
    return network


def scale_of(values: Tensor) -> Tensor:
    """1 / standard deviation of each column of (rows, columns); 0 where it is constant: it says nothing here."""
    sd = values.double().std(0, correction=0)
    varies = sd > 1e-6 * (1 + values.abs().max(0).values)
    return torch.where(varies, 1 / sd.clamp_min(1e-12), 0.0).float()


def save_network(network: QNetwork, file: Path) -> None:
    """Writes shape, normalisation and weights; the same network gives the same bytes."""
    weights = {name: one.cpu().contiguous() for name, one in network.state_dict().items()}
    # As one text: pickle writes equal strings in another way when they are one object.
    torch.save({"shape": json.dumps(asdict(network.shape)), "weights": weights}, file)


def load_network(file: Path) -> QNetwork:
    """Reads what save_network wrote; runs no code from the file. Raises what torch.load does for a broken one."""
    content = torch.load(file, map_location="cpu", weights_only=True)
    shape = json.loads(content["shape"])
    heads = tuple(shape.pop("candidate_heads")), tuple(shape.pop("state_heads"))
    network = QNetwork(Shape(**shape, candidate_heads=heads[0], state_heads=heads[1]))
    network.load_state_dict(content["weights"])
    return network.eval().requires_grad_(False)
