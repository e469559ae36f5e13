"""G0: slices, leaks and openings."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qnet.gate.decisions import Decisions, Outcomes
from qnet.gate.judge import judge
from qnet.gate.leaks import encoded, shuffled_future, shuffled_returns
from qnet.gate.openings import Opening, Openings, append, opened_before, read_openings, stands
from qnet.gate.planted import rows_of
from qnet.gate.slices import SLICES, Slices, in_order, sliced
from qnet.gate.trial_policies import improved, worse
from qnet.gate.trial_world import Sizes, case_of, truth_of
from qnet.log_files import Log

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


def test_the_packages_own_reader_sees_the_same_whatever_comes_later() -> None:
    found = shuffled_future(rows_of(CASE.logged.decisions, 400), 400, 1)

    assert found.decisions > 100
    assert found.differing == 0


def scaled_by_all(log: Log) -> dict[str, NDArray[np.float32]]:
    most = np.abs(log.column("state").flatten().to_numpy()).max()
    return {name: vector / most for name, vector in encoded(log).items()}


def mean_of_all(log: Log) -> dict[str, NDArray[np.float32]]:
    mean = log.column("candidates").flatten().to_numpy().mean() + log.rows.num_rows
    return {name: vector - mean for name, vector in encoded(log).items()}


def of_the_next_row(log: Log) -> dict[str, NDArray[np.float32]]:
    """What a decision will lead to, as one who shifts a column the wrong way would have it."""
    ids = log.column("decision_id").to_pylist()
    return dict(zip(ids, np.roll(np.array(list(encoded(log).values())), -len(ids) // 2, axis=0), strict=True))


@pytest.mark.parametrize("leaky", [scaled_by_all, mean_of_all, of_the_next_row])
def test_a_reader_that_looks_ahead_is_caught(leaky: object) -> None:
    assert callable(leaky)

    found = shuffled_future(rows_of(CASE.logged.decisions, 400), 400, 1, leaky)

    assert found.differing > 0
    assert found.example != ""


def test_what_is_dealt_out_among_later_decisions_leaves_the_log_itself_alone() -> None:
    log = rows_of(CASE.logged.decisions, 400)
    before = log.rows

    shuffled_future(log, 400, 1)

    assert log.rows.equals(before)
    assert isinstance(before, pa.Table)


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
    def forbidden() -> Outcomes:
        raise AssertionError("an outcome was read")

    unlike = worse(TRUTH, 0.3)[CASE.logged.decisions.offered[:, 0].argmax(axis=1) // 5]
    targets = CASE.logged.targets | {"cloning": CASE.logged.targets["champion"], "shuffled": unlike}
    logged = replace(CASE.logged, targets=targets, outcomes=forbidden)

    assert shuffled_returns(logged, CASE.thresholds, CASE.requirements) is None


def test_openings_are_kept_in_a_file_and_counted_by_test_slice(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "openings.jsonl"
    for test in ("test", "test", "another"):
        append(file, "opened", replace(THIS, test=test))
    append(file, "judged", THIS, p=0.25)

    found = read_openings(file)

    assert opened_before(found, THIS) == 2
    assert found.p_values == {("test", "model"): 0.25}


def test_a_test_slice_that_was_opened_under_other_thresholds_refuses() -> None:
    said: list[Opening] = []
    judge(CASE, lambda _: None, said.append)

    judgement = judge(
        replace(CASE, openings=Openings((replace(said[0], thresholds="others"),), {})), lambda _: None, lambda _: None
    )

    says = "G0: this test slice was opened before under other thresholds: take a later slice for these"
    assert judgement.reasons[0] == says
    assert judgement.verdict == "refused"


@pytest.mark.parametrize(
    ("p", "others", "holds"),
    [
        (0.04, {}, True),
        (0.06, {}, False),
        (0.04, {"a": 0.5}, False),
        (0.04, {"a": 0.01}, True),
        (0.02, {"a": None}, True),
    ],
)
def test_who_is_judged_beside_others_on_one_slice_must_stand_after_holm(
    p: float, others: dict[str, float | None], holds: bool
) -> None:
    before = tuple(replace(THIS, challenger=name) for name in others)
    known = {("test", name): value for name, value in others.items() if value is not None}

    assert stands(Openings(before, known), THIS, p, 0.05) == (holds, 1 + len(others))


def test_the_same_challenger_opened_twice_is_one_hypothesis() -> None:
    assert stands(Openings((THIS, THIS), {("test", "model"): 0.9}), THIS, 0.04, 0.05) == (True, 1)
