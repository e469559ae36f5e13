"""The exported file says what the trained networks say, of any scene, and nothing of the machine that wrote it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from synthetic import synthetic_episodes
from torch import Tensor

from qnet.bad_input import BadInput
from qnet.learners.cloning import NEVER, Behaviour, Fitted
from qnet.model import Origin
from qnet.network import QNetwork, network_for
from qnet.places import decision_of
from qnet.release import export
from qnet.release.asked import asked, padded
from qnet.release.distance import Distance, distance_of
from qnet.release.export import BadExport, onnx_bytes
from qnet.release.served import HEADS, MASKED, OUTPUTS, Served, served_of
from qnet.td import TDModel, by_q

EPISODES = synthetic_episodes(120, 4)
SCHEMA = EPISODES.schema
RUNBOOK = SCHEMA.index("runbook")
CLOSE = 1e-4
PER_CANDIDATE = ("q", "value", "p_recover", "p_harm")
SHAPES = st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 7, 32]))


def network_of(members: int, heads: tuple[str, ...], seed: int) -> QNetwork:
    network = network_for(
        EPISODES,
        members=members,
        width=16,
        candidate_heads=heads,
        state_heads=(),
        drop_groups=(),
        generator=torch.Generator().manual_seed(seed),
    )
    network.candidate_out.data.mul_(20)  # values some scales apart
    network.candidate_out_bias.data.add_(torch.linspace(-1, 1, len(heads)))
    return network.eval().requires_grad_(False)


def origin(learner: str, features_hash: str = "f") -> Origin:
    return Origin(learner, features_hash, "d", 1, {})


MODEL = TDModel(origin("cql"), network_of(3, ("harm", *HEADS[:-1]), 1), by_q)  # the heads' order is not the outputs'
BEHAVIOUR = Behaviour(origin("cloning"), network_of(1, ("logit",), 2), Fitted(1.7, 1.0, 0.0, 1))
DISTANCE = distance_of(EPISODES.state, SCHEMA)
SERVED = served_of(MODEL, BEHAVIOUR, DISTANCE)


@cache
def content() -> bytes:
    return onnx_bytes(SERVED)


@cache
def evaluator() -> Any:
    return ReferenceEvaluator(onnx.load_from_string(content()))


def from_file(state: Tensor, candidates: Tensor, mask: Tensor) -> dict[str, Any]:
    given_to = {"state": state.numpy(), "candidates": candidates.numpy(), "mask": mask.numpy()}
    return dict(zip(OUTPUTS, evaluator().run(list(OUTPUTS), given_to), strict=True))


def from_torch(served: Served, state: Tensor, candidates: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
    return dict(zip(OUTPUTS, served(state, candidates, mask), strict=True))


def scenes(shape: tuple[int, int], seed: int, wildness: float) -> tuple[Tensor, Tensor, Tensor]:
    """Scenes with runbooks known and unknown, some of them wild, one of them all masked by chance or by seed."""
    B, K = shape
    chance = torch.Generator().manual_seed(seed)
    state = torch.randn(B, SCHEMA.S, generator=chance) * wildness
    candidates = torch.randn(B, K, SCHEMA.A, generator=chance) * wildness
    codes = torch.cat([MODEL.network.known, torch.tensor([0, 1, 2**24 - 1])])
    drawn = torch.randint(0, len(codes), (B, K), generator=chance)
    candidates[:, :, RUNBOOK] = codes[drawn].float()
    mask = torch.rand(B, K, generator=chance) < 0.6
    mask[0] &= seed % 3 != 0
    return state, candidates, mask


@settings(max_examples=40, deadline=None)
@given(SHAPES, st.integers(0, 2**31), st.sampled_from([1.0, 30.0, 1e6]))
def test_the_file_says_what_torch_says(shape: tuple[int, int], seed: int, wildness: float) -> None:
    scene = scenes(shape, seed, wildness)

    in_file, in_torch = from_file(*scene), from_torch(SERVED, *scene)

    members, (B, K) = 3, shape
    for name in OUTPUTS:
        wanted = {"log_pi_b": (B, K), "ood": (B,)}.get(name, (B, members, K))
        assert in_file[name].shape == wanted
        assert in_file[name].dtype == np.float32
        assert np.isfinite(in_file[name]).all()
        assert np.abs(in_file[name] - in_torch[name].numpy()).max() <= CLOSE
    assert (in_file["log_pi_b"][~scene[2].numpy()] == MASKED).all()
    assert (in_file["log_pi_b"][scene[2].numpy()] >= NEVER).all()


def test_padded_scenes_are_scored_as_the_trained_models_score_packed_ones() -> None:
    rows = EPISODES.state, EPISODES.candidate, EPISODES.offsets, EPISODES.allowed
    outputs = MODEL.network(MODEL.network.encode(EPISODES.state, EPISODES.candidate, decision_of(EPISODES.offsets)))
    likely = BEHAVIOUR.log_policy(*rows)
    packed: dict[str, list[Tensor]] = {name: [] for name in (*PER_CANDIDATE, "log_pi_b")}
    distances = []
    for part, said in asked(SERVED, EPISODES):
        for name in PER_CANDIDATE:
            packed[name].append(said[name].transpose(0, 1)[:, part.real])
        packed["log_pi_b"].append(said["log_pi_b"][part.real])
        distances.append(said["ood"])

    for name, head in zip(PER_CANDIDATE, HEADS, strict=True):
        wanted = outputs.candidate[head]
        wanted = torch.sigmoid(wanted) if name.startswith("p_") else wanted
        assert torch.allclose(torch.cat(packed[name], 1), wanted, atol=CLOSE)
    wanted = torch.where(EPISODES.allowed, likely, MASKED)
    assert torch.allclose(torch.cat(packed["log_pi_b"]), wanted, atol=CLOSE)
    assert torch.allclose(torch.cat(distances), DISTANCE.of(EPISODES.state), atol=CLOSE)
    assert torch.allclose(torch.cat(packed["q"], 1).mean(0), MODEL.score(*rows).mean, atol=CLOSE)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_what_a_masked_candidate_is_changes_nothing_of_another(seed: int) -> None:
    state, candidates, mask = scenes((2, 7), seed, 1.0)
    other = torch.where(mask.unsqueeze(2), candidates, scenes((2, 7), seed + 1, 50.0)[1])

    one, two = from_file(state, candidates, mask), from_file(state, other, mask)

    kept = mask.numpy()
    for name in PER_CANDIDATE:
        assert np.abs((one[name] - two[name]).transpose(0, 2, 1)[kept]).max(initial=0) <= 1e-5
    assert np.abs(one["log_pi_b"] - two["log_pi_b"]).max() <= 1e-5
    assert (one["ood"] == two["ood"]).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_the_mask_changes_only_the_behaviour(seed: int) -> None:
    state, candidates, mask = scenes((2, 7), seed, 1.0)

    one, two = from_file(state, candidates, mask), from_file(state, candidates, ~mask)

    assert all((one[name] == two[name]).all() for name in (*PER_CANDIDATE, "ood"))
    for said, allowed in ((one, mask), (two, ~mask)):
        total = np.where(allowed.numpy(), np.exp(said["log_pi_b"].astype(np.float64)), 0).sum(1)
        assert total[allowed.any(1).numpy()] == pytest.approx(1, abs=1e-4)


def test_the_same_model_gives_the_same_bytes_and_they_tell_of_no_machine() -> None:
    again = onnx_bytes(served_of(MODEL, BEHAVIOUR, DISTANCE))

    assert again == content()
    for told in (b"/", b"site-packages", b".py", b"torch", b"stack"):
        assert told not in bytes(onnx.printer.to_text(onnx.load_from_string(content())), "utf-8").replace(b" / ", b"")


def test_the_file_names_its_inputs_and_outputs_and_leaves_their_number_free() -> None:
    graph = onnx.load_from_string(content()).graph

    named = {
        one.name: [axis.dim_param or axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in (*graph.input, *graph.output)
    }
    S, A = SCHEMA.S, SCHEMA.A
    assert named == {
        "state": ["B", S],
        "candidates": ["B", "K", A],
        "mask": ["B", "K"],
        **{name: ["B", 3, "K"] for name in PER_CANDIDATE},
        "log_pi_b": ["B", "K"],
        "ood": ["B"],
    }


def test_a_file_that_its_reader_would_refuse_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    model = onnx.load_from_string(content())
    with pytest.raises(BadExport, match="bytes, at most"):
        export.check(model, export.MOST_BYTES + 1)
    monkeypatch.setattr(export, "OPERATORS", export.OPERATORS - {"Gather", "Where"})
    with pytest.raises(BadExport, match="does not know: Gather, Where"):
        export.check(model, 1)


def test_padding_is_masked_and_zero() -> None:
    part = padded(EPISODES, 3, 9)

    counts = EPISODES.offsets.diff()[3:9]
    assert part.real.sum(1).tolist() == counts.tolist()
    assert part.real.shape[1] == int(counts.max())
    assert not part.mask[~part.real].any()
    assert not part.candidates[~part.real].any()
    assert torch.equal(part.candidates[part.real], EPISODES.candidate[EPISODES.offsets[3] : EPISODES.offsets[9]])


def test_models_that_do_not_belong_together_are_refused() -> None:
    old = TDModel(origin("cql"), network_of(2, ("q", "recover", "harm"), 1), by_q)
    other = Behaviour(origin("cloning", "g"), BEHAVIOUR.network, BEHAVIOUR.fitted)

    for model, behaviour, said in (
        (old, BEHAVIOUR, "has not the outputs"),
        (MODEL, MODEL, "is no behaviour"),
        (MODEL, other, "other features"),
    ):
        with pytest.raises(BadInput, match=said):
            served_of(model, behaviour, DISTANCE)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1.0, 1e9]))
def test_a_distance_is_finite_and_never_negative(seed: int, wildness: float) -> None:
    state = torch.randn(5, SCHEMA.S, generator=torch.Generator().manual_seed(seed)) * wildness

    found = DISTANCE.of(state)

    assert bool(found.isfinite().all())
    assert bool((found >= 0).all())


def test_scenes_that_break_the_usual_relation_of_features_are_farther() -> None:
    """Two pairs of features always moved together: where they part, each within its usual range, that is strange."""
    chance = torch.Generator().manual_seed(1)
    first = torch.randn(500, 2, generator=chance)
    usual = torch.cat([first, first + 0.01 * torch.randn(500, 2, generator=chance)], 1)
    schema = synthetic_episodes(5, 1, state=4).schema
    distance: Distance = distance_of(usual[:400], schema)

    strange = usual[400:].clone()
    strange[:, 2:] = strange[:, 2:].flip(0)

    assert float(distance.of(strange).median()) > float(distance.of(usual[400:]).quantile(0.99))
