"""The loss of plain Q-learning against a loop, and what sets it apart from CQL without a penalty."""

from dataclasses import replace

import pytest
import torch
from drawn import batch_of, heads_alone, logs, networks, scores_alone, slow_huber
from hypothesis import given, settings

from qnet.episodes import Episodes
from qnet.learners.dqn import Config, objective

ONLINE, TARGET = networks(("q", "value", "recover", "harm"), ())


def slow_loss(episodes: Episodes, member: int) -> float:
    """One decision at a time: the target network's largest allowed value is what follows."""
    weights = batch_of(episodes, ONLINE).weight
    total = 0.0
    for decision in range(episodes.decisions):
        loss = Config().heads_weight * heads_alone(ONLINE, episodes, decision, member)
        taken, then = int(episodes.executed[decision]), int(episodes.next[decision])
        if taken >= 0:
            price = scores_alone(TARGET, episodes, then, "q", member) if then >= 0 else {}
            best = max((price[place] for place in price if episodes.allowed[place]), default=0.0)
            goal = float(episodes.reward[decision]) + float(episodes.discount[decision]) * best
            loss += slow_huber(scores_alone(ONLINE, episodes, decision, "q", member)[taken] - goal)
        total += float(weights[member, decision]) * loss
    return total / episodes.decisions


@settings(deadline=None, max_examples=60)
@given(logs())
def test_the_packed_loss_is_that_of_a_loop(episodes: Episodes) -> None:
    found = objective(Config(), ONLINE, TARGET, batch_of(episodes, ONLINE))

    assert found.tolist() == pytest.approx([slow_loss(episodes, member) for member in range(2)], rel=1e-4, abs=1e-4)


@settings(deadline=None, max_examples=60)
@given(logs())
def test_only_the_candidate_that_ran_is_moved(episodes: Episodes) -> None:
    batch = batch_of(episodes, ONLINE)
    idle = torch.ones(len(batch.allowed), dtype=torch.bool)
    idle[episodes.executed[episodes.executed >= 0]] = False
    here = replace(batch.here, candidate=batch.here.candidate.clone().requires_grad_())

    torch.autograd.backward(objective(Config(), ONLINE, TARGET, replace(batch, here=here)).sum())

    assert here.candidate.grad is not None
    assert bool((here.candidate.grad[idle] == 0).all())
