"""What was refused and did not run teaches nothing; what fell apart in training is no model."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from packed import Decision, packed_episodes
from synthetic import synthetic_episodes

from qnet.episodes import BadEpisodes, Episodes
from qnet.learners import LEARNERS, cloning, cql, fitted, learner
from qnet.model import BadModel, Model
from qnet.progress import SILENT

EPISODES = synthetic_episodes(120, 6, open_share=0.3)
NETWORK = {"members": 2, "width": 8, "epochs": 1, "least_updates": 6, "batch": 64}
BEHAVIOUR = cloning.Config(width=8, updates=20)
TREES = {"trees": 10, "behaviour": BEHAVIOUR}
FEW: dict[str, dict[str, Any]] = {
    "cloning": {"width": 8, "updates": 20},
    "table": {},
    "one-step": TREES,
    "fitted": TREES | {"rounds": 1},
    "dqn": NETWORK,
    "cql": NETWORK,
    "iql": NETWORK,
}


def trained(name: str, episodes: Episodes = EPISODES, **config: Any) -> Model:
    module = learner(name)
    settings = module.Config(**FEW[name] | config)
    return module.fit(episodes, settings, seed=1, device=torch.device("cpu"), progress=SILENT)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", LEARNERS)
def test_what_refused_candidates_look_like_changes_no_score_of_the_others(name: str) -> None:
    refused = ~EPISODES.counted
    strange = EPISODES.candidate.clone()
    strange[refused] = strange[refused].flip(1).abs().round() * 3 + 1  # another runbook too
    other = replace(EPISODES, candidate=strange)

    once, again = (
        one.score(EPISODES.state, EPISODES.candidate, EPISODES.offsets, EPISODES.allowed).mean
        for one in (trained(name), trained(name, other))
    )

    assert int(refused.sum()) > 100
    assert torch.equal(once[EPISODES.counted], again[EPISODES.counted])


@pytest.mark.parametrize("name", ["dqn", "cql", "iql", "cloning"])
def test_a_wild_value_in_the_log_gives_no_model(name: str) -> None:
    state = EPISODES.state.clone()
    state[0, 0] = float("inf")

    with pytest.raises(BadModel, match=f"{name}: its training fell apart, [a-z_]+ is not finite"):
        trained(name, replace(EPISODES, state=state))


def test_a_loss_that_runs_away_gives_no_model() -> None:
    reward = EPISODES.reward.clone()
    reward[0] = float("nan")

    with pytest.raises(BadModel, match="is not finite; look for wild values"):
        trained("cql", replace(EPISODES, reward=reward))


def test_trees_whose_guide_is_not_finite_are_no_model() -> None:
    with pytest.raises(BadModel, match=r"fitted: its training fell apart, .* scores of its log are not finite"):
        trained("fitted", prior=float("inf"))


def test_an_incident_is_known_when_its_last_decision_is() -> None:
    plain = Decision([0.0, 0.0], [1], [[0.0] * 10], [True])
    ended, left_open = [replace(plain, next=1), plain], [replace(plain, next=3), replace(plain, next=3)]

    assert packed_episodes([*ended, *left_open]).known.tolist() == [True, True, False, False]


@pytest.mark.parametrize("name", ["table", "one-step"])
def test_the_return_of_an_incident_left_open_teaches_nothing(name: str) -> None:
    is_open = ~EPISODES.known
    other = replace(EPISODES, returns=torch.where(is_open, EPISODES.returns - 0.5, EPISODES.returns))

    once, again = (
        one.score(EPISODES.state, EPISODES.candidate, EPISODES.offsets, EPISODES.allowed).mean
        for one in (trained(name), trained(name, other))
    )

    assert int(is_open.sum()) > 3
    assert torch.equal(once, again)


def test_a_log_without_an_end_is_refused_by_trees() -> None:
    here = torch.arange(EPISODES.decisions)

    with pytest.raises(BadEpisodes, match="seen to its end"):
        trained("fitted", replace(EPISODES, next=here))


def test_a_pass_leaves_its_mean_loss_and_a_model_keeps_them_beside_its_hash() -> None:
    model = trained("cql", epochs=5, least_updates=1)

    losses = model.history["loss"]  # type: ignore[attr-defined]
    assert len(losses) == 5
    assert losses[-1] < losses[0]


def test_the_learners_here_are_all_there_are() -> None:
    assert set(FEW) == set(LEARNERS)
    assert cql.Config().drop_features == fitted.Config().behaviour.drop_features == ()
