"""Vectorised targets against loops over decisions and candidates that anyone can check."""

import math
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from qnet.targets import (
    cluster_weights,
    conservative_gap,
    expectile,
    huber,
    segment_best,
    segment_logsumexp,
    segment_max,
    td_target,
)

NUMBER = st.floats(-30, 30, width=32)


@dataclass(frozen=True)
class Packed:
    """Scores of M members for decisions of any number of candidates, none included."""

    counts: list[int]
    choose: Tensor  # (M, C)
    price: Tensor  # (M, C)
    allowed: Tensor  # (C,)
    owner: Tensor  # (C,)

    def places(self, decision: int) -> range:
        first = sum(self.counts[:decision])
        return range(first, first + self.counts[decision])


@st.composite
def packed(draw: st.DrawFn) -> Packed:
    counts = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6))
    members, total = draw(st.integers(1, 3)), sum(counts)

    def scores() -> Tensor:
        drawn = draw(st.lists(NUMBER, min_size=members * total, max_size=members * total))
        return torch.tensor(drawn, dtype=torch.float32).view(members, total)

    allowed = torch.tensor(draw(st.lists(st.booleans(), min_size=total, max_size=total)), dtype=torch.bool)
    owner = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Packed(counts, scores(), scores(), allowed, owner)


@given(packed())
def test_the_largest_score_of_each_decision_is_that_of_a_loop(case: Packed) -> None:
    found = segment_max(case.choose, case.owner, len(case.counts))

    for member, decision in torch.cartesian_prod(torch.arange(found.shape[0]), torch.arange(found.shape[1])).tolist():
        slow = [float(case.choose[member, place]) for place in case.places(decision)]
        assert float(found[member, decision]) == max(slow, default=-math.inf)


@given(packed())
def test_the_first_of_equally_good_candidates_is_best_and_none_is_best_of_none(case: Packed) -> None:
    rounded = case.choose.round()  # many equals

    found = segment_best(rounded, case.owner, len(case.counts))

    for member in range(found.shape[0]):
        for decision in range(found.shape[1]):
            places = case.places(decision)
            slow = max(places, key=lambda place: float(rounded[member, place]), default=len(case.owner))
            assert int(found[member, decision]) == slow


@given(packed())
def test_logsumexp_counts_only_what_is_counted(case: Packed) -> None:
    found = segment_logsumexp(case.choose, case.allowed, case.owner, len(case.counts))

    for member in range(found.shape[0]):
        for decision in range(found.shape[1]):
            total = sum(math.exp(case.choose[member, place]) for place in case.places(decision) if case.allowed[place])
            slow = math.log(max(total, torch.finfo(torch.float32).tiny))  # of nothing: very low, and finite
            assert float(found[member, decision]) == pytest.approx(slow, abs=1e-4)


@given(packed(), st.data())
def test_the_target_picks_by_one_net_and_prices_by_the_other_among_allowed_candidates(
    case: Packed, data: st.DataObject
) -> None:
    decisions = len(case.counts)
    reward = torch.tensor(data.draw(st.lists(NUMBER, min_size=decisions, max_size=decisions)))
    discount = torch.linspace(0.1, 1, decisions)
    ended = torch.tensor(data.draw(st.lists(st.booleans(), min_size=decisions, max_size=decisions)))

    found = td_target(reward, discount, ended, case.choose, case.price, case.owner, case.allowed)

    for member in range(found.shape[0]):
        for decision in range(decisions):
            open_to = [place for place in case.places(decision) if case.allowed[place]]
            slow = float(reward[decision])
            if open_to and not ended[decision]:
                pick = max(open_to, key=lambda place: float(case.choose[member, place]))
                slow += float(discount[decision]) * float(case.price[member, pick])
            assert float(found[member, decision]) == pytest.approx(slow, abs=1e-4)


def test_a_target_carries_no_gradient() -> None:
    price = torch.zeros(1, 2, requires_grad=True)
    ones = torch.ones(1)

    goal = td_target(ones, ones, ones == 0, price, price, torch.tensor([0, 0]), torch.tensor([True, True]))

    assert not goal.requires_grad


@given(packed())
def test_the_penalty_is_never_negative_and_nothing_where_only_one_candidate_counts(case: Packed) -> None:
    decisions = [decision for decision, count in enumerate(case.counts) if count > 0]
    kept = torch.isin(case.owner, torch.tensor(decisions, dtype=torch.int64))
    owner = torch.unique(case.owner[kept], return_inverse=True)[1]
    taken = torch.tensor([case.places(decision)[0] for decision in decisions], dtype=torch.int64)
    alone = torch.zeros_like(case.allowed).index_fill(0, taken, True)

    of_all = conservative_gap(case.choose, taken, alone | case.allowed, owner)
    of_one = conservative_gap(case.choose, taken, alone, owner)

    assert bool((of_all >= -1e-5).all())
    assert of_one.abs().max() < 1e-5 if decisions else of_one.numel() == 0


@settings(deadline=None)
@given(packed())
def test_candidates_that_do_not_count_get_no_gradient(case: Packed) -> None:
    scores = case.choose.clone().requires_grad_()

    segment_logsumexp(scores, case.allowed, case.owner, len(case.counts)).sum().backward()  # type: ignore[no-untyped-call]

    assert scores.grad is not None
    assert bool(scores.grad.isfinite().all())
    assert bool((scores.grad[:, ~case.allowed] == 0).all())


@given(st.lists(NUMBER, min_size=1, max_size=9), st.floats(0.5, 20))
def test_huber_is_a_square_inside_and_a_line_outside(errors: list[float], delta: float) -> None:
    found = huber(torch.tensor(errors), delta)

    slow = [0.5 * one**2 if abs(one) <= delta else delta * (abs(one) - 0.5 * delta) for one in errors]
    assert found.tolist() == pytest.approx(slow, rel=1e-4, abs=1e-6)


@given(st.lists(NUMBER, min_size=1, max_size=9), st.floats(0.1, 0.9))
def test_the_expectile_loss_weighs_what_is_better_than_expected_by_its_share(errors: list[float], share: float) -> None:
    found = expectile(torch.tensor(errors), share)

    slow = [(share if one > 0 else 1 - share) * one**2 for one in errors]
    assert found.tolist() == pytest.approx(slow, rel=1e-4, abs=1e-6)


def test_a_bootstrap_weighs_all_decisions_of_a_cluster_alike_and_one_on_average() -> None:
    cluster = torch.arange(300) // 3

    weights = cluster_weights(cluster, 4, torch.Generator().manual_seed(1))

    assert weights.mean(1).tolist() == pytest.approx([1.0] * 4)
    assert bool((weights.view(4, 100, 3) == weights.view(4, 100, 3)[:, :, :1]).all())
    assert float((weights[0] == weights[1]).float().mean()) < 0.6
    assert len(set(weights.flatten().tolist())) > 4


def test_one_member_alone_learns_from_every_decision_alike() -> None:
    weights = cluster_weights(torch.arange(5), 1, torch.Generator().manual_seed(1))

    assert weights.tolist() == [[1.0] * 5]


@pytest.mark.parametrize("seed", range(8))
def test_a_log_of_one_cluster_still_weighs_something(seed: int) -> None:
    weights = cluster_weights(torch.zeros(4, dtype=torch.int64), 4, torch.Generator().manual_seed(seed))

    assert weights.tolist() == [[1.0] * 4] * 4
