"""Fitted Q on trees, guided by what people do; and one step, which is the same without looking ahead."""

from pathlib import Path

import pytest
import torch
from by_hand import Decided, episodes_by_hand, shuffled_candidates
from synthetic import synthetic_episodes

from qnet.episodes import Episodes
from qnet.learners import cloning, fitted
from qnet.model import load_model, save_model
from qnet.progress import SILENT

CPU = torch.device("cpu")
BRIEF = cloning.Config(width=16, updates=100, learning_rate=1e-2)
SMALL = fitted.Config(trees=30, learning_rate=0.2, behaviour=BRIEF)

QUICK_FIX, PREPARE, FINISH, BLUNDER = 11, 12, 13, 14


def detour(incidents: int, prior: float) -> tuple[Episodes, fitted.Config]:
    """Preparing costs 1 and finishing then costs 0, but people mostly blunder there, for 8. The quick fix costs 3.

    So preparing is best (-1 against -3), while what followed it in the log was -7.4 on average.
    """
    decided: list[Decided] = []
    for incident in range(incidents):
        if incident % 2 == 0:
            decided.append(Decided([QUICK_FIX, PREPARE], 0, -3.0, -3.0, scene=0.0, cluster=incident))
            continue
        finishes = incident % 10 == 1
        end = 0.0 if finishes else -8.0
        decided.append(
            Decided([QUICK_FIX, PREPARE], 1, -1.0, -1.0 + end, len(decided) + 1, scene=0.0, cluster=incident)
        )
        decided.append(Decided([FINISH, BLUNDER], int(not finishes), end, end, scene=1.0, cluster=incident))
    config = fitted.Config(trees=40, learning_rate=0.3, least_rows=5, prior=prior, behaviour=BRIEF)
    return episodes_by_hand(decided), config


def train(episodes: Episodes, config: fitted.Config = SMALL) -> fitted.GuidedTrees:
    return fitted.fit(episodes, config, seed=1, device=CPU, progress=SILENT)


def scored(model: fitted.GuidedTrees, episodes: Episodes) -> torch.Tensor:
    return model.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed).mean


@pytest.fixture(scope="module")
def learnt() -> tuple[Episodes, fitted.GuidedTrees]:
    episodes = synthetic_episodes(200, 1)
    return episodes, train(episodes)


def test_a_start_that_people_wasted_is_still_found_to_be_the_best() -> None:
    episodes, config = detour(400, prior=0.0)

    scores = scored(train(episodes, config), episodes)

    assert scores[:2].tolist() == pytest.approx([-3.0, -1.0], abs=0.3)


def test_a_strong_prior_keeps_to_what_people_do() -> None:
    episodes, config = detour(1500, prior=50.0)

    scores = scored(train(episodes, config), episodes)

    finish, blunder = scores[4:6].tolist()
    assert episodes.candidate[5, episodes.schema.index("runbook")] == BLUNDER
    assert blunder > finish


def test_the_last_decision_of_an_incident_is_worth_its_own_reward() -> None:
    episodes = episodes_by_hand([Decided([7, 8], 0, -2.0, -2.0), Decided([7, 8], 0, -1.0, -9.0, follows=0)], 0.5)

    target = fitted.backup(episodes, torch.tensor([-4.0, -6.0]))

    assert target.tolist() == [-2.0, -1.0 + 0.5 * -4.0]


def test_an_open_decision_goes_on_from_the_scene_it_was_left_in() -> None:
    episodes = episodes_by_hand([Decided([7, 8], 0, -2.0, -9.0, follows=0)], 0.5)

    assert fitted.backup(episodes, torch.tensor([-4.0])).tolist() == [-4.0]


def test_no_target_is_worse_than_the_log_or_better_than_no_cost() -> None:
    episodes = episodes_by_hand([Decided([7], 0, -2.0, -3.0, follows=0), Decided([7], 0, -1.0, -1.0, follows=0)])

    assert fitted.backup(episodes, torch.tensor([-100.0, 0.0])).tolist() == [-3.0, -3.0]
    assert fitted.backup(episodes, torch.tensor([100.0, 0.0])).tolist() == [0.0, 0.0]


def test_the_guidance_picks_but_is_no_part_of_the_price() -> None:
    value, guided = torch.tensor([-1.0, -2.0, -5.0]), torch.tensor([-9.0, -2.5, -5.0])

    found = fitted.value_of_best(value, guided, torch.tensor([0, 0, 2]), 3)

    assert found.tolist() == [-2.0, 0.0, -5.0]


def test_a_forbidden_candidate_is_never_what_follows() -> None:
    episodes, config = detour(200, prior=0.0)
    finish = episodes.candidate[:, episodes.schema.index("runbook")] == FINISH
    episodes.allowed[finish] = False

    scores = scored(train(episodes, config), episodes)

    assert float(scores[1]) == pytest.approx(-9.0, abs=0.3)


def test_a_runbook_that_the_log_never_offered_is_scored_all_the_same(
    learnt: tuple[Episodes, fitted.GuidedTrees],
) -> None:
    episodes, model = learnt
    strange = episodes.candidate.clone()
    strange[:, episodes.schema.index("runbook")] = 3.0

    scores = model.score(episodes.state, strange, episodes.offsets, episodes.allowed).mean

    assert bool(scores.isfinite().all())


def test_the_order_of_the_candidates_changes_no_score(learnt: tuple[Episodes, fitted.GuidedTrees]) -> None:
    episodes, model = learnt
    order, candidate, allowed = shuffled_candidates(episodes, 2)

    there = model.score(episodes.state, candidate, episodes.offsets, allowed).mean

    assert torch.allclose(there, scored(model, episodes)[order], atol=1e-5)


def test_the_same_seed_gives_the_same_bits_in_its_folder(
    learnt: tuple[Episodes, fitted.GuidedTrees], tmp_path: Path
) -> None:
    episodes, model = learnt

    for name, one in (("first", model), ("again", train(episodes))):
        (tmp_path / name).mkdir()
        one.write(tmp_path / name)

    for file in (fitted.TREES, fitted.COLUMNS, cloning.NETWORK, cloning.FITTED):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_trees_read_back_from_their_folder_give_the_same_scores(
    learnt: tuple[Episodes, fitted.GuidedTrees], tmp_path: Path
) -> None:
    episodes, model = learnt

    save_model(model, tmp_path)
    scores = load_model(tmp_path).score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed)

    assert torch.equal(scores.mean, scored(model, episodes))
