"""The loss of CQL against a loop over members, decisions and candidates, on logs with every awkward row in them."""

import math
from dataclasses import replace

import pytest
import torch
from drawn import batch_of, heads_alone, logs, networks, own, recovers, scores_alone, slow_huber
from hypothesis import given, settings
from hypothesis import strategies as st
from packed import Decision, packed_episodes
from synthetic import synthetic_episodes
from torch import Tensor

from qnet.bad_input import BadEpisodes
from qnet.episodes import Episodes
from qnet.learners import cloning
from qnet.learners.cql import Config, fit, objective
from qnet.progress import SILENT

ONLINE, TARGET = networks(("q", "value", "recover", "harm"), ())
CONFIG = Config(alpha=0.3)
CPU = torch.device("cpu")
ALIKE = settings(deadline=None, max_examples=60)


def loss_of(episodes: Episodes, config: Config = CONFIG) -> Tensor:
    return objective(config, ONLINE, TARGET, batch_of(episodes, ONLINE))


def slow_loss(episodes: Episodes, config: Config, member: int) -> float:
    """The formula of the docstring, one decision at a time."""
    weights = batch_of(episodes, ONLINE).weight
    total = 0.0
    for decision in range(episodes.decisions):
        loss = config.heads_weight * heads_alone(ONLINE, episodes, decision, member)
        taken, then = int(episodes.executed[decision]), int(episodes.next[decision])
        if taken >= 0:
            goal = float(episodes.reward[decision])
            open_to = [place for place in own(episodes, then) if episodes.allowed[place]] if then >= 0 else []
            if open_to:
                choose = scores_alone(ONLINE, episodes, then, "q", member)
                price = scores_alone(TARGET, episodes, then, "q", member)
                goal += float(episodes.discount[decision]) * price[max(open_to, key=lambda place: choose[place])]
            scores = scores_alone(ONLINE, episodes, decision, "q", member)
            counted = [place for place in scores if episodes.allowed[place] or place == taken or not config.masked]
            loss += slow_huber(scores[taken] - goal)
            loss += config.alpha * (math.log(sum(math.exp(scores[place]) for place in counted)) - scores[taken])
        total += float(weights[member, decision]) * loss
    return total / episodes.decisions


@ALIKE
@given(logs(), st.sampled_from([Config(alpha=0.3), Config(alpha=0.0), Config(alpha=0.5, masked=False)]))
def test_the_packed_loss_is_that_of_a_loop(episodes: Episodes, config: Config) -> None:
    found = loss_of(episodes, config)

    slow = [slow_loss(episodes, config, member) for member in range(2)]
    assert found.tolist() == pytest.approx(slow, rel=1e-4, abs=1e-4)


FEATURES = [[0.1 * feature + place for feature in range(10)] for place in range(3)]
PLAIN = Decision([1.0, -1.0], [1, 2, 3], FEATURES, [True, True, True], executed=1)
CASES = {
    "executed outside the list": [replace(PLAIN, executed=-1, next=1), PLAIN],
    "executed although refused": [replace(PLAIN, allowed=[True, False, True], next=1), PLAIN],
    "a single candidate": [Decision([1.0, -1.0], [1], FEATURES[:1], [True], next=1), PLAIN],
    "left open": [replace(PLAIN, next=0)],
    "only page is left at the last decision": [
        replace(PLAIN, next=1),
        replace(PLAIN, allowed=[False, False, True], executed=2),
    ],
    "the next list is another length": [replace(PLAIN, next=1), Decision([0.0, 1.0], [9], FEATURES[:1], [True])],
}


@pytest.mark.parametrize("case", CASES)
def test_each_awkward_row_counts_as_the_loop_says(case: str) -> None:
    episodes = packed_episodes(CASES[case])

    found = loss_of(episodes)

    assert found.tolist() == pytest.approx([slow_loss(episodes, CONFIG, member) for member in range(2)], rel=1e-5)


def test_a_row_executed_outside_the_list_moves_nothing() -> None:
    episodes = packed_episodes([replace(PLAIN, executed=-1)])
    for network in (ONLINE, TARGET):
        network.zero_grad()

    torch.autograd.backward(loss_of(episodes).sum())

    assert ONLINE.candidate_out.grad is not None
    assert bool((ONLINE.candidate_out.grad == 0).all())


@ALIKE
@given(logs(), st.integers(0, 2**31))
def test_what_a_refused_candidate_looks_like_changes_neither_loss_nor_gradient(episodes: Episodes, seed: int) -> None:
    idle = ~episodes.allowed
    idle[episodes.executed[episodes.executed >= 0]] = False
    noise = torch.randn(episodes.candidate.shape, generator=torch.Generator().manual_seed(seed))
    other = replace(episodes, candidate=torch.where(idle[:, None], noise.abs() * 3, episodes.candidate))

    before, after = (_loss_and_gradient(one) for one in (episodes, other))

    for one, two in zip(before, after, strict=True):
        assert torch.allclose(one, two, atol=1e-5)


@ALIKE
@given(logs(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(episodes: Episodes, random: object) -> None:
    order: list[int] = []
    for decision in range(episodes.decisions):
        places = own(episodes, decision)
        random.shuffle(places)  # type: ignore[attr-defined]
        order.extend(places)
    moved = torch.tensor(order)
    executed = torch.where(episodes.executed >= 0, moved.argsort()[episodes.executed], -1)
    other = replace(episodes, candidate=episodes.candidate[moved], allowed=episodes.allowed[moved], executed=executed)

    assert torch.allclose(loss_of(other), loss_of(episodes), rtol=1e-5, atol=1e-5)


def _loss_and_gradient(episodes: Episodes) -> list[Tensor]:
    ONLINE.zero_grad()
    loss = loss_of(episodes)
    torch.autograd.backward(loss.sum())
    return [loss.detach(), *(one.grad.clone() for one in ONLINE.parameters() if one.grad is not None)]


def test_a_log_whose_next_decision_allows_nothing_is_refused_with_its_row() -> None:
    episodes = packed_episodes([replace(PLAIN, next=1), replace(PLAIN, allowed=[False] * 3)])

    with pytest.raises(BadEpisodes, match="row 1: no candidate is allowed"):
        fit(episodes, Config(), seed=1, device=CPU, progress=SILENT)


def interval(gain: Tensor, cluster: Tensor) -> tuple[float, float]:
    """95 % of the mean of gain (N,), by 2,000 draws of whole clusters of incidents."""
    count = int(cluster.max()) + 1
    total = torch.zeros(count).index_add(0, cluster, gain)
    size = torch.zeros(count).index_add(0, cluster, torch.ones(len(gain)))
    drawn = torch.randint(count, (2000, count), generator=torch.Generator().manual_seed(1))
    means = (total[drawn].sum(1) / size[drawn].sum(1)).sort().values
    return float(means[50]), float(means[1949])


def test_true_outcomes_teach_more_than_copying_people_and_shuffled_ones_less() -> None:
    """Both arms keep their chains: only which outcome goes with which decision differs."""
    episodes, fresh = synthetic_episodes(1500, 1, taste=1.0), synthetic_episodes(300, 11, taste=1.0)
    order = torch.randperm(episodes.decisions, generator=torch.Generator().manual_seed(1))
    shuffled = replace(
        episodes,
        reward=episodes.reward[order],
        discount=episodes.discount[order],
        returns=episodes.returns[order],
        recovered=episodes.recovered[order],
        harmed=episodes.harmed[order],
        well_soon=episodes.well_soon[order],
        well_known=episodes.well_known[order],
    )
    config = Config(width=32, members=2, least_updates=300, epochs=1)

    copied = cloning.fit(episodes, cloning.Config(width=32, updates=600), seed=1, device=CPU, progress=SILENT)
    learned, misled = (fit(one, config, seed=1, device=CPU, progress=SILENT) for one in (episodes, shuffled))

    inputs = fresh.state, fresh.candidate, fresh.offsets, fresh.allowed
    of_copied, of_learned, of_misled = (
        recovers(fresh, model.score(*inputs).mean) for model in (copied, learned, misled)
    )
    least, _ = interval(of_learned - of_copied, fresh.cluster)
    _, most = interval(of_misled - of_copied, fresh.cluster)
    assert least > 0.05
    assert most < 0
