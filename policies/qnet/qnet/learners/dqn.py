"""Plain Q-learning from a log: the target network both picks and prices what follows (Mnih et al. 2015).

Kept as a row of the table: nothing holds it back from values of what was never tried.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ..batches import Batch
from ..network import QNetwork
from ..targets import huber, td_target
from ..td import Training, heads_loss, load_td, train


@dataclass(frozen=True)
class Config(Training):
    """The loop's fields, with replay and a target that stands still and then jumps."""

    replay: bool = True  # as published
    target_step: float = 1.0  # the whole way
    target_every: int = 50  # steps; about one pass over 20,000 decisions


def objective(config: Config, online: QNetwork, target: QNetwork, batch: Batch) -> Tensor:
    """(M,) loss: TD error of what ran + heads. Rows executed outside the list train nothing."""
    outputs = online(batch.here)
    with torch.no_grad():
        price = target(batch.next).candidate["q"]
    goal = td_target(batch.reward, batch.discount, batch.ended, price, price, batch.next.owner, batch.next_allowed)
    loss = huber(outputs.candidate["q"].index_select(1, batch.taken) - goal, config.huber_delta)  # (M, B)
    return (batch.weight * batch.listed * loss).mean(1) + heads_loss(outputs, batch, config)


fit = partial(train, "dqn", objective)
load = load_td
