"""The loss of IQL against a loop, and how it ranks."""

import math

import pytest
import torch
from drawn import batch_of, heads_alone, logs, networks, own, recovers, scores_alone, slow_huber, value_alone
from hypothesis import given, settings
from synthetic import synthetic_episodes

from qnet.episodes import Episodes
from qnet.learners.iql import MOST, SHARPNESS, Config, by_policy, fit, objective
from qnet.progress import SILENT

ONLINE, TARGET = networks(("q", "value", "recover", "harm", "policy"), ("expectile",))


def slow_loss(episodes: Episodes, member: int) -> float:
    """One decision at a time."""
    config = Config()
    weights = batch_of(episodes, ONLINE).weight
    total = 0.0
    for decision in range(episodes.decisions):
        loss = config.heads_weight * heads_alone(ONLINE, episodes, decision, member)
        taken, then = int(episodes.executed[decision]), int(episodes.next[decision])
        if taken >= 0:
            after = value_alone(ONLINE, episodes, then, "expectile", member) if then >= 0 else 0.0
            goal = float(episodes.reward[decision]) + float(episodes.discount[decision]) * after
            loss += slow_huber(scores_alone(ONLINE, episodes, decision, "q", member)[taken] - goal)
            logged = scores_alone(TARGET, episodes, decision, "q", member)[taken]
            better = logged - value_alone(ONLINE, episodes, decision, "expectile", member)
            loss += (config.tau if better > 0 else 1 - config.tau) * better**2
            policy = scores_alone(ONLINE, episodes, decision, "policy", member)
            total_mass = sum(
                math.exp(one) for place, one in policy.items() if episodes.allowed[place] or place == taken
            )
            loss += min(math.exp(SHARPNESS * better), MOST) * (math.log(total_mass) - policy[taken])
        total += float(weights[member, decision]) * loss
    return total / episodes.decisions


@settings(deadline=None, max_examples=60)
@given(logs())
def test_the_packed_loss_is_that_of_a_loop(episodes: Episodes) -> None:
    found = objective(Config(), ONLINE, TARGET, batch_of(episodes, ONLINE))

    assert found.tolist() == pytest.approx([slow_loss(episodes, member) for member in range(2)], rel=1e-3, abs=1e-3)


@settings(deadline=None, max_examples=60)
@given(logs())
def test_scores_are_the_log_of_a_policy_over_allowed_candidates_in_reward_scales(episodes: Episodes) -> None:
    outputs = ONLINE(ONLINE.encode(episodes.state, episodes.candidate, episodes.owner))

    scores = by_policy(outputs, episodes.owner, episodes.allowed)

    for decision in range(episodes.decisions):
        places = [place for place in own(episodes, decision) if episodes.allowed[place]]
        probability = torch.exp(SHARPNESS * (scores[:, places] - outputs.state["expectile"][:, [decision]])).sum(1)
        assert probability.tolist() == pytest.approx([1.0 if places else 0.0] * 2, abs=1e-3)


def test_it_learns_more_than_people_did_and_every_score_is_finite() -> None:
    episodes, fresh = synthetic_episodes(1500, 1), synthetic_episodes(300, 2)
    config = Config(width=32, members=2, least_updates=200, epochs=1)

    model = fit(episodes, config, seed=1, device=torch.device("cpu"), progress=SILENT)

    scores = model.score(fresh.state, fresh.candidate, fresh.offsets, fresh.allowed)
    assert bool(scores.mean.isfinite().all())
    assert float(recovers(fresh, scores.mean).mean()) > float(fresh.recovered.float().mean()) + 0.05
