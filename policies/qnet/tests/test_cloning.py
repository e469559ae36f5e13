"""The behaviour net: what people do, as probabilities."""

from pathlib import Path

import pytest
import torch
from by_hand import Decided, episodes_by_hand, shuffled_candidates
from synthetic import synthetic_episodes

from qnet.bad_input import BadEpisodes
from qnet.episodes import Episodes
from qnet.learners import cloning
from qnet.model import load_model, save_model
from qnet.progress import SILENT

CPU = torch.device("cpu")
QUICK = cloning.Config(width=32, updates=300, learning_rate=3e-3)


def fitted(episodes: Episodes, config: cloning.Config = QUICK, seed: int = 1) -> cloning.Behaviour:
    return cloning.fit(episodes, config, seed=seed, device=CPU, progress=SILENT)


def log_policy(model: cloning.Behaviour, episodes: Episodes) -> torch.Tensor:
    return model.log_policy(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed)


def habits(decisions: int, seed: int) -> Episodes:
    """Three runbooks; where the scene is 1 people run them 60, 30 and 10 times in a hundred, else 10, 30 and 60."""
    chance = torch.Generator().manual_seed(seed)
    decided = []
    for at in range(decisions):
        scene = float(at % 2)
        odds = torch.tensor([0.6, 0.3, 0.1] if scene == 1 else [0.1, 0.3, 0.6])
        ran = int(torch.multinomial(odds, 1, generator=chance))
        decided.append(Decided([7, 8, 9], ran, -1.0, -1.0, scene=scene, cluster=at // 4))
    return episodes_by_hand(decided)


@pytest.fixture(scope="module")
def people() -> tuple[Episodes, cloning.Behaviour]:
    episodes = synthetic_episodes(300, 1)
    return episodes, fitted(episodes)


def test_known_habits_are_found_with_their_probabilities() -> None:
    model = fitted(habits(8000, 1))

    found = log_policy(model, habits(2, 2)).exp()

    expected = torch.tensor([0.1, 0.3, 0.6, 0.6, 0.3, 0.1])
    assert float((found - expected).abs().max()) < 0.05
    assert model.fitted.calibration_error < 0.05


def test_a_forbidden_candidate_has_no_probability_and_the_others_share_all_of_it(
    people: tuple[Episodes, cloning.Behaviour],
) -> None:
    episodes, model = people

    found = log_policy(model, episodes)

    assert float(found[~episodes.allowed].max()) == cloning.NEVER
    shared = torch.zeros(episodes.decisions).index_add(0, episodes.owner, found.exp())
    assert torch.allclose(shared, torch.ones(episodes.decisions), atol=1e-4)


def test_even_a_habit_that_the_mask_forbids_gets_no_probability() -> None:
    episodes = episodes_by_hand(
        [Decided([7, 8, 9], 0, -1.0, -1.0, forbidden=[0], cluster=at // 4) for at in range(200)]
    )

    found = log_policy(fitted(episodes), episodes)

    assert float(found[0]) == cloning.NEVER
    assert float(found[1].exp() + found[2].exp()) == pytest.approx(1.0, abs=1e-4)


def test_what_people_do_most_is_never_below_itself(people: tuple[Episodes, cloning.Behaviour]) -> None:
    episodes, model = people

    below = model.below_likeliest(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed)

    assert float(below.max()) == 0.0
    assert float(below.min()) >= cloning.NEVER
    tops = torch.zeros(episodes.decisions).index_add(0, episodes.owner, (below == 0).float())
    assert bool((tops >= 1).all())


def test_decisions_whose_action_was_outside_the_list_are_left_out() -> None:
    kept = [Decided([7, 8], at % 2, -1.0, -1.0, cluster=at) for at in range(40)]
    outside = Decided([7, 8], -1, -1.0, -1.0, cluster=40)

    with_it, without = (episodes_by_hand(one) for one in ([*kept, outside], kept))

    training, held_out = cloning.split(with_it, 0.1, torch.Generator().manual_seed(1))
    assert torch.equal(torch.sort(torch.cat([training, held_out])).values, torch.arange(40))
    assert len(cloning.split(without, 0.1, torch.Generator().manual_seed(1))[1]) == len(held_out)


def test_a_log_in_which_nothing_of_the_lists_ran_is_refused() -> None:
    with pytest.raises(BadEpisodes, match="no behaviour to learn"):
        fitted(episodes_by_hand([Decided([7, 8], -1, -1.0, -1.0)]))


def test_no_cluster_is_both_trained_on_and_held_out() -> None:
    episodes = synthetic_episodes(100, 1)

    training, held_out = cloning.split(episodes, 0.1, torch.Generator().manual_seed(1))

    assert not set(episodes.cluster[training].tolist()) & set(episodes.cluster[held_out].tolist())


def test_the_temperature_undoes_a_scale_of_the_logits() -> None:
    episodes = habits(4000, 3)
    truth = torch.tensor([0.1, 0.3, 0.6, 0.6, 0.3, 0.1]).log().repeat(2000)
    asked = (torch.ones_like(truth).bool(), episodes.executed, episodes.owner)

    too_sure = cloning.best_temperature(truth * 2, *asked)

    assert too_sure == pytest.approx(2.0, rel=0.1)
    assert cloning.calibration_error(truth * 2, *asked) > 3 * cloning.calibration_error(truth, *asked)


def test_the_order_of_the_candidates_changes_no_probability(people: tuple[Episodes, cloning.Behaviour]) -> None:
    episodes, model = people
    order, candidate, allowed = shuffled_candidates(episodes, 2)

    there = model.log_policy(episodes.state, candidate, episodes.offsets, allowed)

    assert torch.allclose(there, log_policy(model, episodes)[order], atol=1e-5)


def test_scores_do_not_depend_on_how_many_decisions_are_asked_at_once(
    people: tuple[Episodes, cloning.Behaviour], monkeypatch: pytest.MonkeyPatch
) -> None:
    episodes, model = people
    whole = log_policy(model, episodes)

    monkeypatch.setattr(cloning, "AT_ONCE", 7)

    assert torch.allclose(log_policy(model, episodes), whole, atol=1e-5)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path: Path) -> None:
    episodes = synthetic_episodes(60, 1)

    for seed, name in ((1, "first"), (1, "again"), (2, "other")):
        (tmp_path / name).mkdir()
        fitted(episodes, seed=seed).write(tmp_path / name)

    first, again, other = ((tmp_path / name / cloning.NETWORK).read_bytes() for name in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_a_behaviour_read_back_from_its_folder_gives_the_same_scores(
    people: tuple[Episodes, cloning.Behaviour], tmp_path: Path
) -> None:
    episodes, model = people

    save_model(model, tmp_path)
    scores = load_model(tmp_path).score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed)

    assert torch.equal(scores.mean, log_policy(model, episodes))
