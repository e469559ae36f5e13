"""A decision process small enough to solve by hand: the learners must find the values that value iteration finds.

Six states with two to five candidates, some refused, some runs of five minutes and some of ten hours. The world's law
is a table of equally likely outcomes, and the log holds each of them once, so the answer is known without an error of
sampling.
"""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from packed import Decision, packed_episodes

from ope.smdp import BETA, OUTCOMES, STATES, World, value_iteration, world_of
from qnet.episodes import Episodes
from qnet.learners import cql, dqn
from qnet.model import Model
from qnet.progress import SILENT


def log_of(world: World) -> Episodes:
    """Every outcome of every pair once; what follows an outcome is some logged decision of the state it led to."""
    happened = [(pair, outcome) for pair, law in world.outcomes.items() for outcome in law]
    rows_of = {state: [row for row, ((one, _), _) in enumerate(happened) if one == state] for state in range(STATES)}
    decisions = []
    for row, ((state, candidate), outcome) in enumerate(happened):
        choices = world.candidates(state)
        follows = -1 if outcome.next < 0 else rows_of[outcome.next][row % len(rows_of[outcome.next])]
        decisions.append(
            Decision(
                state=[float(one == state) for one in range(STATES)],
                runbooks=[100 + one for one in choices],
                features=[[0.0] * 10] * len(choices),
                allowed=[world.allowed[state, one] for one in choices],
                executed=candidate,
                reward=outcome.reward,
                discount=math.exp(-BETA * outcome.minutes),
                next=follows,
                returns=outcome.reward,
                cluster=row,
            )
        )
    return packed_episodes(decisions)


def worst_error(model: Model, world: World, episodes: Episodes) -> float:
    """Largest error over the allowed pairs, as a share of the largest value."""
    scores = model.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed).mean
    truth = value_iteration(world)
    errors = []
    for row in range(0, episodes.decisions, OUTCOMES):
        state = int(episodes.state[row].argmax())
        for place, candidate in enumerate(world.candidates(state)):
            if world.allowed[state, candidate]:
                errors.append(abs(float(scores[episodes.offsets[row] + place]) - truth[state, candidate]))
    return max(errors) / max(abs(value) for value in truth.values())


SMALL: dict[str, Any] = {
    "members": 1,
    "width": 48,
    "batch": 4096,  # the whole log
    "least_updates": 700,
    "learning_rate": 5e-3,
    "weight_decay": 0.0,
    "unknown": 0.0,
}
CQL = cql.Config(**SMALL, alpha=0.0, target_step=0.05)


def fitted(config: cql.Config, episodes: Episodes) -> Model:
    return cql.fit(episodes, config, seed=1, device=torch.device("cpu"), progress=SILENT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_a_penalty_cql_finds_the_values_of_value_iteration_within_one_percent(seed: int) -> None:
    world = world_of(seed)

    model = fitted(CQL, log_of(world))

    assert worst_error(model, world, log_of(world)) < 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dqn_finds_the_values_of_value_iteration_within_one_percent(seed: int) -> None:
    world = world_of(seed)
    config = dqn.Config(**SMALL, replay=False)  # every outcome once a pass: no error of sampling

    model = dqn.fit(log_of(world), config, seed=1, device=torch.device("cpu"), progress=SILENT)

    assert worst_error(model, world, log_of(world)) < 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_discount_for_short_and_long_runs_misses_the_values_by_more(seed: int) -> None:
    world, episodes = world_of(seed), log_of(world_of(seed))
    usual = float(episodes.discount.mean())

    model = fitted(replace(CQL, constant_discount=usual), episodes)

    assert worst_error(model, world, episodes) > 0.03


def test_a_refused_bargain_would_spoil_the_values_if_it_were_allowed() -> None:
    world, episodes = world_of(1), log_of(world_of(1))

    model = fitted(CQL, replace(episodes, allowed=torch.ones_like(episodes.allowed)))

    assert worst_error(model, world, episodes) > 0.03


def test_with_gamma_zero_a_value_is_the_cost_until_the_next_decision() -> None:
    episodes = log_of(world_of(1))

    model = fitted(replace(CQL, gamma_zero=True), episodes)

    scores = model.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed).mean
    for row in range(0, episodes.decisions, OUTCOMES):
        taken = int(episodes.executed[row])
        assert float(scores[taken]) == pytest.approx(float(episodes.reward[row : row + OUTCOMES].mean()), abs=0.02)
