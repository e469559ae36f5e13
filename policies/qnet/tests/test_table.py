"""The shrunk success table."""

from pathlib import Path

import pytest
import torch
from by_hand import Decided, episodes_by_hand, shuffled_candidates
from hypothesis import given, settings
from hypothesis import strategies as some
from synthetic import synthetic_episodes

from qnet.episodes import Episodes
from qnet.learners import table
from qnet.model import load_model, save_model
from qnet.progress import SILENT
from qnet.schema import read_schema

CPU = torch.device("cpu")


def fitted(episodes: Episodes, config: table.Config | None = None) -> table.Table:
    return table.fit(episodes, config or table.Config(), seed=1, device=CPU, progress=SILENT)


def scored(model: table.Table, episodes: Episodes) -> torch.Tensor:
    return model.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed).mean


@given(
    some.lists(some.tuples(some.floats(-20, 0), some.integers(0, 2)), min_size=1, max_size=30), some.floats(0.1, 100)
)
@settings(max_examples=50, deadline=None)
def test_a_shrunk_mean_lies_between_the_mean_of_its_returns_and_its_prior(
    runs: list[tuple[float, int]], pseudo_count: float
) -> None:
    returns = torch.tensor([value for value, _ in runs], dtype=torch.float64)
    cell = torch.tensor([place for _, place in runs])
    prior = torch.tensor([-1.0, -2.0, -3.0], dtype=torch.float64)

    found = table.shrink(returns, cell, prior, pseudo_count)

    for place in range(3):
        own = returns[cell == place]
        ends = [float(prior[place]), float(own.mean()) if len(own) else float(prior[place])]
        assert min(ends) - 1e-9 <= float(found[place]) <= max(ends) + 1e-9


def test_a_cell_without_runs_says_its_prior_and_one_with_many_says_their_mean() -> None:
    returns = torch.full((100_000,), -5.0, dtype=torch.float64)

    found = table.shrink(returns, torch.zeros(100_000, dtype=torch.int64), torch.tensor([-1.0, -2.0]).double(), 10.0)

    assert float(found[0]) == pytest.approx(-5.0, abs=1e-3)
    assert float(found[1]) == -2.0


def test_as_many_runs_as_the_pseudo_count_meet_their_prior_half_way() -> None:
    returns = torch.full((10,), -5.0, dtype=torch.float64)

    found = table.shrink(returns, torch.zeros(10, dtype=torch.int64), torch.tensor([-1.0]).double(), 10.0)

    assert float(found[0]) == pytest.approx(-3.0)


def test_the_same_runbook_is_told_apart_by_the_alarm_it_answers() -> None:
    under_first = [Decided([7, 8], 0, -1.0, -1.0, flags=[1, 0])] * 500
    under_second = [Decided([7, 8], 0, -4.0, -4.0, flags=[0, 1])] * 500
    episodes = episodes_by_hand(under_first + under_second)

    scores = scored(fitted(episodes, table.Config(classes=("s0", "s1"))), episodes)

    assert float(scores[0]) == pytest.approx(-1.0, abs=0.05)
    assert float(scores[-2]) == pytest.approx(-4.0, abs=0.05)


def test_every_class_of_alarm_is_a_feature_of_the_shipped_schema() -> None:
    schema = read_schema(Path(__file__).parents[1] / "features.json")

    columns = table.alarm_columns(schema, table.Config().classes)

    assert len(columns) == len(table.CLASSES)


def test_a_runbook_that_never_ran_has_the_mean_over_all_returns() -> None:
    episodes = episodes_by_hand([Decided([7, 8], 0, -1.0, -1.0), Decided([7, 9], 0, -3.0, -3.0)])

    scores = scored(fitted(episodes), episodes)

    assert scores[[1, 3]].tolist() == [-2.0, -2.0]


def test_an_action_outside_the_list_teaches_the_table_nothing() -> None:
    known = [Decided([7, 8], 0, -1.0, -1.0)] * 3
    outside = [Decided([7, 8], -1, -9.0, -9.0)]

    with_it = scored(fitted(episodes_by_hand(known + outside)), episodes_by_hand(known))

    assert torch.equal(with_it, scored(fitted(episodes_by_hand(known)), episodes_by_hand(known)))


def test_a_log_without_any_known_action_gives_zeros() -> None:
    episodes = episodes_by_hand([Decided([7, 8], -1, -9.0, -9.0)])

    assert scored(fitted(episodes), episodes).tolist() == [0.0, 0.0]


def test_the_order_of_the_candidates_changes_no_score() -> None:
    episodes = synthetic_episodes(40, 1)
    model = fitted(episodes)
    order, candidate, allowed = shuffled_candidates(episodes, 2)

    there = model.score(episodes.state, candidate, episodes.offsets, allowed).mean

    assert torch.equal(there, scored(model, episodes)[order])


def test_a_table_read_back_from_its_folder_gives_the_same_scores(tmp_path: Path) -> None:
    episodes = synthetic_episodes(40, 1)
    model = fitted(episodes)

    save_model(model, tmp_path)
    again = load_model(tmp_path)

    scores = again.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed)
    assert torch.equal(scores.mean, scored(model, episodes))
    assert float(scores.sd.abs().max()) == 0.0
