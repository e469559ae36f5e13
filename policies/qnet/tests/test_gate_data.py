"""G0: slices, leaks and openings."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qnet.bad_input import BadInput
from qnet.gate.decisions import Decisions, Ints, Outcomes
from qnet.gate.judge import judge
from qnet.gate.leaks import shuffled_returns
from qnet.gate.openings import Opening, Openings, append, opened_before, read_openings, stands
from qnet.gate.slices import SLICES, Slices, in_order, sliced
from qnet.gate.trial_policies import improved, worse
from qnet.gate.trial_world import Sizes, case_of, truth_of

SIZES = Sizes(incidents=2000, days_a_family=200)
TRUTH = truth_of(0)
CASE = case_of(TRUTH, TRUTH.champion, 3, SIZES)
THIS = Opening("test", "model", "thresholds")


def at_times(clusters: list[int], times: list[int]) -> Decisions:
    """Decisions of which only the cluster and the time matter."""
    rows = np.zeros(len(times), dtype=np.int64)
    return replace(
        CASE.logged.decisions.only(rows),
        cluster=np.array([f"c{one}" for one in clusters]),
        decided_at=np.array(times),
    )


cuts = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(lambda parts: tuple(p / sum(parts) for p in parts))
drawn = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1000)), min_size=1, max_size=40)


@given(drawn, cuts)
def test_slices_by_shares_hold_whole_clusters_and_each_ends_before_the_next_begins(
    rows: list[tuple[int, int]], shares: tuple[float, ...]
) -> None:
    decisions = at_times([one for one, _ in rows], [time for _, time in rows])

    found = sliced(decisions, Slices(shares, None))

    times = [decisions.decided_at[found.rows(decisions, name)] for name in SLICES]
    there = [one for one in times if len(one) > 0]
    assert all(before.max() < after.min() for before, after in pairwise(there))
    for place, name in enumerate(SLICES):
        inside = found.rows(decisions, name)
        assert set(decisions.cluster[inside]).isdisjoint(decisions.cluster[~inside])
        assert len(times[place]) == inside.sum()


def test_a_cluster_that_straddles_an_edge_is_in_no_slice() -> None:
    decisions = at_times([1, 1, 2, 3], [0, 15, 12, 30])

    found = sliced(decisions, Slices(None, ((0, 10), (10, 20), (20, 20), (20, 40))))

    assert found.slice_of.tolist() == ["", "tune", "test"]


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        (((0, 10), (10, 20), (20, 30), (30, 40)), ""),
        (((0, 10), (5, 20), (20, 30), (30, 40)), "the slice tune begins before train has ended"),
        (((0, 0), (0, 0), (0, 0), (30, 40)), ""),
        (((50, 60), (0, 0), (0, 0), (30, 40)), "the slice test begins before train has ended"),
    ],
)
def test_windows_are_in_the_order_of_time(windows: tuple[tuple[float, float], ...], says: str) -> None:
    assert in_order(Slices(None, windows)) == says


@pytest.mark.parametrize("place", [0, -1])
def test_a_cluster_that_was_trained_on_refuses_wherever_it_is_used_again(place: int) -> None:
    trained = frozenset({str(CASE.logged.decisions.cluster[place])})

    judgement = judge(replace(CASE, trained_on=trained), lambda _: None, lambda _: None)

    assert judgement.stages["G0"].verdict == "refused"
    assert "was trained on" in judgement.reasons[0] or "were trained on" in judgement.reasons[0]


def test_a_golden_scene_that_was_trained_on_refuses() -> None:
    checks = {**CASE.checks, "golden": {**CASE.checks["golden"], "ids": ["day-golden"]}}

    judgement = judge(
        replace(CASE, checks=checks, trained_on=frozenset({"day-golden"})), lambda _: None, lambda _: None
    )

    assert judgement.reasons[0] == "G0: 1 golden scenes were trained on, the first is day-golden"


def test_a_model_of_shuffled_returns_is_refused_only_where_it_beats_cloning() -> None:
    best, champion = improved(TRUTH)
    case = case_of(TRUTH, champion, 3, replace(SIZES, incidents=24_000), champion=champion)
    states = case.logged.decisions.offered[:, 0].argmax(axis=1) // 5
    good, bad = best[states], champion[states]

    found = [
        shuffled_returns(
            replace(case.logged, targets={"cloning": one, "shuffled": other, "champion": bad}),
            case.thresholds,
            case.requirements,
        )
        for one, other in ((bad, good), (good, good), (good, bad))
    ]

    assert [one is not None and one.low > 0 for one in found] == [True, False, False]


def test_a_log_that_cannot_value_a_model_of_shuffled_returns_says_so_and_reads_no_outcome() -> None:
    def forbidden(_: Ints) -> Outcomes:
        raise AssertionError("an outcome was read")

    unlike = worse(TRUTH, 0.3)[CASE.logged.decisions.offered[:, 0].argmax(axis=1) // 5]
    targets = CASE.logged.targets | {"cloning": CASE.logged.targets["champion"], "shuffled": unlike}
    logged = replace(CASE.logged, targets=targets, read=forbidden)

    assert shuffled_returns(logged, CASE.thresholds, CASE.requirements) is None


def test_openings_are_kept_in_a_file_and_counted_by_test_slice(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "openings.jsonl"
    for test in ("test", "test", "another"):
        append(file, "opened", replace(THIS, test=test))
    append(file, "judged", THIS, p=0.25)

    found = read_openings(file)

    assert opened_before(found, THIS) == 2
    assert len(found.before) == 3


def test_a_test_slice_that_was_opened_under_other_thresholds_refuses() -> None:
    said: list[Opening] = []
    enough = replace(CASE, thresholds=replace(CASE.thresholds, incidents=1000, family_incidents=200))
    judge(enough, lambda _: None, said.append)

    judgement = judge(
        replace(enough, openings=Openings((replace(said[0], thresholds="others"),))), lambda _: None, lambda _: None
    )

    says = "G0: this test slice was opened before under other thresholds: take a later slice for these"
    assert judgement.reasons[0] == says
    assert judgement.verdict == "refused"


def test_a_slice_that_shares_a_cluster_with_this_one_was_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "openings.jsonl"
    looks = [Opening(f"{place}", "model", "t", frozenset(one)) for place, one in enumerate(("ab", "bc", "de"))]
    for look in looks:
        append(file, "opened", look)

    found = read_openings(file)

    assert found.before == tuple(looks)
    for clusters, looks_before in (("bx", 2), ("ae", 2), ("x", 0)):
        assert opened_before(found, Opening("this", "model", "t", frozenset(clusters))) == looks_before


def test_a_look_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BadInput, match=r"cannot be written .*; make the log's folder writable"):
        append(tmp_path / "file" / "openings.jsonl", "opened", THIS)


def test_all_who_ever_come_to_a_slice_err_together_no_more_than_one_may() -> None:
    def least(place: int) -> float:
        """The largest p that stands for who comes at this place, found by halving."""
        before = Openings(tuple(replace(THIS, challenger=f"{one}") for one in range(place - 1)))
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            holds, found = stands(before, THIS, middle, 0.05)
            assert found == place
            low, high = (middle, high) if holds else (low, middle)
        return low

    spent = [least(place) for place in range(1, 30)]

    assert spent == sorted(spent, reverse=True)
    assert spent[0] == pytest.approx(0.0304, abs=1e-4)
    assert 0.95 * 0.05 < sum(spent) < 0.05


def test_who_was_judged_before_others_came_is_judged_again_as_it_was() -> None:
    others = tuple(replace(THIS, challenger=name) for name in ("a", "a", "b"))

    assert stands(Openings((THIS, *others)), THIS, 0.03, 0.05) == (True, 1)
    assert stands(Openings((*others, THIS)), THIS, 0.03, 0.05) == (False, 3)
    assert stands(Openings((THIS, THIS)), THIS, 0.03, 0.05) == (True, 1)
    assert stands(Openings((replace(THIS, test="another"),)), THIS, 0.03, 0.05) == (True, 1)
