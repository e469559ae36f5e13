"""The network scores each candidate on its own, and reads only what it is meant to read."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import synthetic_episodes
from torch import Tensor

from qnet.bad_input import BadInput
from qnet.episodes import Episodes
from qnet.network import CLIP, Outputs, QNetwork, load_network, network_for, save_network

EPISODES = synthetic_episodes(60, 3)
RUNBOOK = EPISODES.schema.index("runbook")


def network_of(
    episodes: Episodes = EPISODES,
    drop_groups: tuple[str, ...] = (),
    drop_features: tuple[str, ...] = (),
    seed: int = 1,
) -> QNetwork:
    return network_for(
        episodes,
        members=3,
        width=16,
        candidate_heads=("q", "harm"),
        state_heads=("value",),
        drop_groups=drop_groups,
        drop_features=drop_features,
        generator=torch.Generator().manual_seed(seed),
    )


NETWORK = network_of()


def outputs_of(network: QNetwork, state: Tensor, candidate: Tensor, owner: Tensor) -> Outputs:
    with torch.no_grad():
        return network(network.encode(state, candidate, owner))  # type: ignore[no-any-return]


def q_of(candidate: Tensor, network: QNetwork = NETWORK, state: Tensor = EPISODES.state) -> Tensor:
    return outputs_of(network, state, candidate, EPISODES.owner).candidate["q"]


@settings(deadline=None)
@given(st.integers(0, 2**31))
def test_scores_move_with_their_candidates_whatever_the_order(seed: int) -> None:
    order = torch.randperm(len(EPISODES.owner), generator=torch.Generator().manual_seed(seed))

    moved = outputs_of(NETWORK, EPISODES.state, EPISODES.candidate[order], EPISODES.owner[order])

    assert torch.allclose(moved.candidate["q"], q_of(EPISODES.candidate)[:, order], atol=1e-6)


@settings(deadline=None)
@given(st.integers(0, EPISODES.decisions - 1))
def test_a_decision_alone_scores_as_it_does_among_others(decision: int) -> None:
    own = slice(int(EPISODES.offsets[decision]), int(EPISODES.offsets[decision + 1]))

    alone = outputs_of(
        NETWORK, EPISODES.state[[decision]], EPISODES.candidate[own], torch.zeros_like(EPISODES.owner[own])
    )

    assert torch.allclose(alone.candidate["q"], q_of(EPISODES.candidate)[:, own], atol=1e-6)


def test_a_runbook_never_seen_scores_as_index_zero_and_is_finite() -> None:
    strange, stranger = EPISODES.candidate.clone(), EPISODES.candidate.clone()
    strange[:, RUNBOOK], stranger[:, RUNBOOK] = 0, 2**24 - 1
    scene = NETWORK.encode(EPISODES.state, EPISODES.candidate, EPISODES.owner)

    unknown = NETWORK(replace(scene, code=torch.zeros_like(scene.code))).candidate["q"]

    assert torch.equal(q_of(strange), unknown)
    assert torch.equal(q_of(stranger), unknown)
    assert bool(unknown.isfinite().all())
    assert not torch.allclose(q_of(EPISODES.candidate), unknown)


def test_every_runbook_seen_in_training_has_a_place_of_its_own() -> None:
    codes = EPISODES.candidate[:, RUNBOOK]

    places = NETWORK.encode(EPISODES.state, EPISODES.candidate, EPISODES.owner).code

    assert int(places.min()) == 1
    pairs = set(zip(codes.tolist(), places.tolist(), strict=True))
    assert len(pairs) == len(set(codes.tolist())) == int(places.max())


def test_the_number_of_a_runbook_is_not_read_as_a_quantity() -> None:
    scene = NETWORK.encode(EPISODES.state, EPISODES.candidate, EPISODES.owner)

    assert bool((scene.candidate[:, RUNBOOK] == 0).all())


def test_what_is_read_is_centred_scaled_and_clipped() -> None:
    wild = EPISODES.state.clone()
    wild[0] = 1e9

    scene = NETWORK.encode(EPISODES.state, EPISODES.candidate, EPISODES.owner)

    assert torch.allclose(scene.state.mean(0), torch.zeros(EPISODES.schema.S), atol=1e-2)
    assert torch.allclose(scene.state.std(0), torch.ones(EPISODES.schema.S), atol=5e-2)
    assert float(NETWORK.encode(wild, EPISODES.candidate, EPISODES.owner).state.max()) == CLIP


def test_a_feature_that_never_varied_changes_no_score() -> None:
    column = EPISODES.schema.index("c0")
    constant = EPISODES.candidate.clone()
    constant[:, column] = 0.1
    network = network_of(replace(EPISODES, candidate=constant))
    shifted = constant.clone()
    shifted[:, column] = 7

    assert torch.equal(q_of(shifted, network), q_of(constant, network))


def test_a_dropped_group_changes_no_score_and_others_do() -> None:
    network = network_of(drop_groups=("drafter",))
    dropped, kept = EPISODES.candidate.clone(), EPISODES.candidate.clone()
    dropped[:, list(EPISODES.schema.candidate_group("drafter"))] += 3
    kept[:, list(EPISODES.schema.candidate_group("history"))] += 3

    assert torch.equal(q_of(dropped, network), q_of(EPISODES.candidate, network))
    assert not torch.equal(q_of(kept, network), q_of(EPISODES.candidate, network))


def test_a_dropped_feature_changes_no_score() -> None:
    network = network_of(drop_features=("fitMissing", "s0"))
    dropped, scene = EPISODES.candidate.clone(), EPISODES.state.clone()
    dropped[:, EPISODES.schema.index("fitMissing")] += 3
    scene[:, 0] += 3

    assert torch.equal(q_of(dropped, network, scene), q_of(EPISODES.candidate, network))
    with pytest.raises(BadInput, match="no feature is called fits"):
        network_of(drop_features=("fits",))


def test_a_group_that_no_feature_has_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="drafters"):
        network_of(drop_groups=("drafters",))


def test_members_start_apart_and_a_seed_starts_them_where_it_did_before() -> None:
    again = network_of(seed=1)

    assert torch.equal(q_of(EPISODES.candidate, again), q_of(EPISODES.candidate))
    assert not torch.allclose(q_of(EPISODES.candidate)[0], q_of(EPISODES.candidate)[1], atol=1e-3)


def test_no_member_learns_from_the_loss_of_another() -> None:
    network = network_of()
    scene = network.encode(EPISODES.state, EPISODES.candidate, EPISODES.owner)

    torch.autograd.backward(network(scene).candidate["q"][1].square().sum())

    for weight in network.parameters():
        if weight.grad is not None:
            assert bool((weight.grad[[0, 2]] == 0).all())


def test_a_network_read_from_its_file_is_the_one_that_was_written(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    save_network(NETWORK, tmp_path / "weights.pt")

    read = load_network(tmp_path / "weights.pt")

    save_network(read, tmp_path / "again" / "weights.pt")
    assert torch.equal(q_of(EPISODES.candidate, read), q_of(EPISODES.candidate))
    assert (tmp_path / "weights.pt").read_bytes() == (tmp_path / "again" / "weights.pt").read_bytes()
