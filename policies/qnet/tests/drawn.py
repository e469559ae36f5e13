"""Logs drawn by hypothesis with every awkward row in them, and networks to price them."""

import math
from functools import cache

import torch
from hypothesis import strategies as st
from packed import Decision, packed_episodes
from torch import Tensor

from qnet.batches import Batch, Log
from qnet.episodes import Episodes
from qnet.network import QNetwork, network_for

MEMBERS = 2
NUMBER = st.floats(-3, 3, width=16)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """One decision: one to four candidates, any mask, executed inside, outside or although refused."""
    count = draw(st.integers(1, 4))
    return Decision(
        state=draw(st.lists(NUMBER, min_size=2, max_size=2)),
        runbooks=draw(st.lists(st.integers(1, 5), min_size=count, max_size=count)),
        features=[draw(st.lists(NUMBER, min_size=10, max_size=10)) for _ in range(count)],
        allowed=draw(st.lists(st.booleans(), min_size=count, max_size=count)),
        executed=draw(st.integers(-1, count - 1)),
        reward=draw(st.floats(-25, 0, width=32)),
        discount=draw(st.floats(0.125, 1, width=32)),
        returns=draw(st.floats(-20, 0, width=32)),
        recovered=draw(st.booleans()),
        harmed=draw(st.booleans()),
        well=draw(st.sampled_from([-1.0, 0.0, 0.25, 1.0])),
    )


@st.composite
def logs(draw: st.DrawFn) -> Episodes:
    """Some decisions; each ends, is open (follows itself), or is followed by any other."""
    drawn = draw(st.lists(decisions(), min_size=1, max_size=5))
    follows = draw(st.lists(st.integers(-1, len(drawn) - 1), min_size=len(drawn), max_size=len(drawn)))
    return packed_episodes([Decision(**{**vars(one), "next": then}) for one, then in zip(drawn, follows, strict=True)])


@cache
def networks(heads: tuple[str, ...], state_heads: tuple[str, ...]) -> tuple[QNetwork, QNetwork]:
    """Two networks with different weights, as online and target: their values lie some scales apart."""
    drawn = []
    for seed in (1, 2):
        features = [[float(place == feature) for feature in range(10)] for place in range(5)]
        seen = Decision([0.5, -0.5], [1, 2, 3, 4, 5], features, [True] * 5)
        network = network_for(
            packed_episodes([seen]),
            members=MEMBERS,
            width=8,
            candidate_heads=heads,
            state_heads=state_heads,
            drop_groups=(),
            generator=torch.Generator().manual_seed(seed),
        )
        network.candidate_scale.fill_(1.0)[network.shape.runbook] = 0
        network.state_scale.fill_(1.0)
        network.candidate_out.data.mul_(30)
        network.state_out.data.mul_(30)
        drawn.append(network)
    return drawn[0], drawn[1]


def batch_of(episodes: Episodes, network: QNetwork) -> Batch:
    """The whole log as one batch, in its order, members weighing decisions differently."""
    weight = torch.linspace(0, 2, MEMBERS * episodes.decisions).view(MEMBERS, -1)
    scene = network.encode(episodes.state, episodes.candidate, episodes.owner)
    followed = sum(len(own(episodes, then)) for then in episodes.next.tolist() if then >= 0)
    rows = torch.arange(episodes.decisions)
    return Log(episodes, scene, weight, episodes.known).batch(rows, len(episodes.owner), followed)


def own(episodes: Episodes, decision: int) -> list[int]:
    """Places of a decision's candidates."""
    return list(range(int(episodes.offsets[decision]), int(episodes.offsets[decision + 1])))


def scores_alone(network: QNetwork, episodes: Episodes, decision: int, head: str, member: int) -> dict[int, float]:
    """A head's outputs for the candidates of one decision, asked one by one."""
    return {
        place: float(
            network(
                network.encode(
                    episodes.state[[decision]], episodes.candidate[[place]], torch.zeros(1, dtype=torch.int64)
                )
            )
            .candidate[head][member, 0]
            .detach()
        )
        for place in own(episodes, decision)
    }


def value_alone(network: QNetwork, episodes: Episodes, decision: int, head: str, member: int) -> float:
    """A head's output for one decision."""
    scene = network.encode(episodes.state[[decision]], episodes.candidate[:1], torch.zeros(1, dtype=torch.int64))
    return float(network(scene).state[head][member, 0].detach())


def heads_alone(network: QNetwork, episodes: Episodes, decision: int, member: int) -> float:
    """What the value, recovery and harm heads add to one decision's loss, before their common weight."""
    taken = int(episodes.executed[decision])
    if taken < 0:
        return 0.0
    value, recover, harm = (
        scores_alone(network, episodes, decision, head, member)[taken] for head in ("value", "recover", "harm")
    )
    seen, said = seen_to_its_end(episodes, decision), bool(episodes.well_known[decision])
    loss = slow_huber(value - float(episodes.returns[decision])) if seen else 0.0
    loss += slow_nats(recover, float(episodes.well_soon[decision])) if said else 0.0
    touches = bool(episodes.candidate[taken, episodes.schema.index("effect")] > 0.5)
    return loss + (slow_nats(harm, float(episodes.harmed[decision])) if touches else 0.0)


def slow_nats(logit: float, chance: float) -> float:
    """What somebody who bets on this logit loses, where the event has a chance."""
    likely = 1 / (1 + math.exp(-logit))
    return -chance * math.log(likely) - (1 - chance) * math.log(1 - likely)


def seen_to_its_end(episodes: Episodes, decision: int) -> bool:
    """Whether somebody who follows the incident step by step comes to its end."""
    for _ in range(episodes.decisions):
        decision = int(episodes.next[decision])
        if decision < 0:
            return True
    return False


def slow_huber(error: float, delta: float = 10.0) -> float:
    return 0.5 * error**2 if abs(error) <= delta else delta * (abs(error) - 0.5 * delta)


def recovers(episodes: Episodes, scores: Tensor) -> Tensor:
    """(N,) chance that each decision's best allowed candidate heals: in the made-up world, 0.9 x its fit."""
    masked = scores.masked_fill(~episodes.allowed, float("-inf"))
    best = [max(own(episodes, one), key=lambda place: float(masked[place])) for one in range(episodes.decisions)]
    return 0.9 * episodes.candidate[best, episodes.schema.index("fit")]
