"""Candidates on fixed slots: what a learner that knows no candidates is given, and what it gives back."""

from pathlib import Path

import pytest
import torch
from by_hand import Decided, episodes_by_hand, shuffled_candidates
from synthetic import synthetic_episodes

from peers import d3rlpy_cql
from qnet.episodes import Episodes
from qnet.learners import fixed_slots
from qnet.learners.fixed_slots import FixedSlots, slots_for
from qnet.model import Origin, save_model

CPU = torch.device("cpu")


def with_fits(episodes: Episodes, fits: list[float]) -> Episodes:
    episodes.candidate[:, episodes.schema.index("fit")] = torch.tensor(fits)
    return episodes


def a_model(episodes: Episodes, seed: int = 1) -> FixedSlots:
    slots, chance = slots_for(episodes, 2), torch.Generator().manual_seed(seed)
    inputs = slots.observe(episodes.state, episodes.candidate, episodes.owner, episodes.allowed).shape[1]
    sizes = [(8, inputs), (slots.count, 8)]
    critics = [
        [(torch.randn(size, generator=chance), torch.randn(size[0], generator=chance)) for size in sizes]
        for _ in range(2)
    ]
    return FixedSlots(Origin("d3rlpy-cql", episodes.schema.hash, episodes.data_hash, 1, {}), slots, critics)


def scored(model: FixedSlots, episodes: Episodes) -> torch.Tensor:
    return model.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed).mean


def test_candidates_of_a_runbook_take_its_slots_by_falling_fit() -> None:
    episodes = with_fits(episodes_by_hand([Decided([9, 7, 7, 7], 0, -1.0, -1.0)]), [0.5, 0.2, 0.9, 0.4])

    found = slots_for(episodes, 2).place(episodes.candidate, episodes.owner)

    assert found.tolist() == [2, -1, 0, 1]


def test_no_two_candidates_of_a_decision_share_a_slot() -> None:
    episodes = synthetic_episodes(100, 1)

    found = slots_for(episodes, 2).place(episodes.candidate, episodes.owner)

    pairs = [(owner, slot) for owner, slot in zip(episodes.owner.tolist(), found.tolist(), strict=True) if slot >= 0]
    assert len(pairs) == len(set(pairs)) > 0


def test_a_runbook_that_the_log_never_offered_has_no_slot_and_the_lowest_score() -> None:
    episodes = episodes_by_hand([Decided([7, 8], 0, -1.0, -1.0)])
    strange = episodes_by_hand([Decided([7, 99], 0, -1.0, -1.0)])

    scores = scored(a_model(episodes), strange)

    assert float(scores[0]) > fixed_slots.NOWHERE
    assert float(scores[1]) == fixed_slots.NOWHERE


def test_the_order_of_the_candidates_changes_no_score() -> None:
    episodes = synthetic_episodes(60, 1)
    model = a_model(episodes)
    order, candidate, allowed = shuffled_candidates(episodes, 2)

    there = model.score(episodes.state, candidate, episodes.offsets, allowed).mean

    assert torch.allclose(there, scored(model, episodes)[order], atol=1e-4)


def test_the_network_sees_who_sits_where_and_who_is_forbidden() -> None:
    episodes = with_fits(
        episodes_by_hand([Decided([7, 9], 0, -1.0, -1.0, forbidden=[1]), Decided([9], 0, -1.0, -1.0)]), [0.5, 0.2, 1.0]
    )
    slots = slots_for(episodes, 1)

    seen = slots.observe(episodes.state, episodes.candidate, episodes.owner, episodes.allowed)

    facts = seen[:, episodes.schema.S :].view(2, 2, 2 + len(slots.seated))  # decision, slot, taken + allowed + features
    assert facts[0, :, :3].tolist() == [[1.0, 1.0, 0.5], [1.0, 0.0, pytest.approx(0.2)]]
    assert facts[1, :, :3].tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


def test_only_rows_whose_action_has_a_slot_are_given_to_the_peer() -> None:
    decided = [Decided([7, 8], 1, -1.0, -3.0, follows=1), Decided([7, 8], -1, -2.0, -2.0)]
    episodes = episodes_by_hand([*decided, Decided([7], 0, -4.0, -4.0, follows=2)], discount=0.5)

    job = d3rlpy_cql.job_of(episodes, slots_for(episodes, 1))

    assert job["rows"].tolist() == [0, 2]
    assert job["action"].tolist() == [1, 0]
    assert job["follows"].tolist() == [1, 2]  # the value of what followed, and an open row follows itself
    assert job["observations"].shape[0] == 3
    assert (d3rlpy_cql.GAMMA ** job["interval"]).tolist() == pytest.approx([0.5, 0.5], rel=1e-4)


def test_weights_by_name_become_critics_by_layer() -> None:
    names = [(member, layer) for member in range(2) for layer in range(3)]
    learnt = {f"{m}.{layer}.weight": torch.full((2, 2), 10.0 * m + layer).numpy() for m, layer in names}
    learnt |= {f"{m}.{layer}.bias": torch.zeros(2).numpy() for m, layer in names}

    critics = d3rlpy_cql.critics_of(learnt, 2)

    assert [[float(weight[0, 0]) for weight, _ in layers] for layers in critics] == [[0, 1, 2], [10, 11, 12]]


def test_a_peer_read_back_from_its_folder_gives_the_same_scores(tmp_path: Path) -> None:
    episodes = synthetic_episodes(20, 1)
    model = a_model(episodes)

    save_model(model, tmp_path)
    again = fixed_slots.load(tmp_path)

    assert torch.equal(scored(again, episodes), scored(model, episodes))
    assert again.origin.learner == "d3rlpy-cql"
