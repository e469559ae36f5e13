"""Implicit Q-learning: never asks for the value of an action that nobody took (Kostrikov et al. 2021).

The value head `expectile` learns an upper expectile of the logged actions' values, Q bootstraps from it, and the head
`policy` imitates the log with weights exp(sharpness * advantage). A candidate is scored by that policy, not by Q, which
is free to be wrong where nothing was logged: score = expectile value + log policy / sharpness, so that differences
are in reward scales and the order is the policy's.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ..batches import Batch
from ..bounds import INNER_SHARE, check_bounds
from ..network import Outputs, QNetwork
from ..targets import conservative_gap, expectile, huber, segment_logsumexp
from ..td import Training, heads_loss, load_td, train

SHARPNESS = 3.0  # per reward scale; the weight of an action one scale better than usual is e^3
MOST = 100.0  # largest weight, as published


@dataclass(frozen=True)
class Config(Training):
    """The loop's fields, and how far above the usual the value looks."""

    tau: float = 0.8  # expectile; 0.5 values the log as it is, 1 the best that was seen

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bounds(self, tau=INNER_SHARE)


def objective(config: Config, online: QNetwork, target: QNetwork, batch: Batch) -> Tensor:
    """(M,) loss: expectile of the target's Q + TD error with the expectile value of what follows + weighted imitation.

    Candidates of the imitation are those allowed and the one that ran. Rows whose executed action is outside the list
    train nothing.
    """
    outputs = online(batch.here)
    value = outputs.state["expectile"]  # (M, B)
    with torch.no_grad():
        after = online(batch.next).state["expectile"].masked_fill(batch.ended, 0.0)
        goal = batch.reward + batch.discount * after
        logged = target(batch.here).candidate["q"].index_select(1, batch.taken)  # (M, B)
        weight = torch.exp(SHARPNESS * (logged - value)).clamp_max(MOST)
    counted = batch.counted if config.masked else torch.ones_like(batch.allowed)
    unlikely = conservative_gap(outputs.candidate["policy"], batch.taken, counted, batch.here.owner)  # -log policy
    loss = (
        huber(outputs.candidate["q"].index_select(1, batch.taken) - goal, config.huber_delta)
        + expectile(logged - value, config.tau)
        + weight * unlikely
    )
    return (batch.weight * batch.listed * loss).mean(1) + heads_loss(outputs, batch, config)


def by_policy(outputs: Outputs, owner: Tensor, allowed: Tensor) -> Tensor:
    """(M, C): expectile value of the decision + log policy / sharpness over its allowed candidates."""
    value, scores = outputs.state["expectile"], outputs.candidate["policy"]
    log_policy = scores - segment_logsumexp(scores, allowed, owner, value.shape[1])[:, owner]
    return value[:, owner] + log_policy / SHARPNESS


fit = partial(
    train,
    "iql",
    objective,
    candidate_heads=("q", "value", "recover", "harm", "policy"),
    state_heads=("expectile",),
    ranks=by_policy,
)
load = partial(load_td, ranks=by_policy)
