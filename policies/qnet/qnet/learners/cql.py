"""Conservative Q-learning: double Q over allowed candidates, and a penalty on what was not done (Kumar et al. 2020)."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ..batches import Batch
from ..bounds import NOT_NEGATIVE, check_bounds
from ..network import QNetwork
from ..targets import conservative_gap, huber, td_target
from ..td import Training, heads_loss, load_td, train


@dataclass(frozen=True)
class Config(Training):
    """The loop's fields, and how much is held against a candidate that on-call people seldom ran."""

    alpha: float = 0.5  # reward scales; 0 trusts values of what was never tried, 0.2 waited three times in four

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bounds(self, alpha=NOT_NEGATIVE)


def objective(config: Config, online: QNetwork, target: QNetwork, batch: Batch) -> Tensor:
    """(M,) loss: TD error of what ran + alpha * (logsumexp over allowed and executed - Q of what ran) + heads.

    The network itself picks what follows and the target network prices it. Rows whose executed action is outside the
    list train nothing. With one candidate the penalty is 0 by itself.
    """
    outputs = online(batch.here)
    scores = outputs.candidate["q"]  # (M, C)
    with torch.no_grad():
        choose, price = online(batch.next).candidate["q"], target(batch.next).candidate["q"]
    goal = td_target(batch.reward, batch.discount, batch.ended, choose, price, batch.next.owner, batch.next_allowed)
    loss = huber(scores.index_select(1, batch.taken) - goal, config.huber_delta)  # (M, B)
    if config.alpha > 0:
        counted = batch.counted if config.masked else torch.ones_like(batch.allowed)
        loss = loss + config.alpha * conservative_gap(scores, batch.taken, counted, batch.here.owner)
    return (batch.weight * batch.listed * loss).mean(1) + heads_loss(outputs, batch, config)


fit = partial(train, "cql", objective)
load = load_td
