"""What is read is what was logged: nothing lost, nothing mixed up, nothing from elsewhere."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from logged import DAY_MS, REWARD, Row, logged_incident, logged_row, read, write_part

from qnet.episodes import Episodes

BETA = math.log(2) / 480


@st.composite
def logs(draw: st.DrawFn) -> list[list[Row]]:
    """Incidents of one to four decisions, with 1 to 5 candidates each, some of them left open."""
    incidents = []
    for incident in range(draw(st.integers(1, 6))):
        steps = draw(st.integers(1, 4))
        rows = []
        for row in logged_incident(incident, steps):
            candidates = draw(st.integers(1, 5))
            costs = {name: draw(st.floats(0, 3)) for name in ("impact_discounted", "cost_harm", "handover_impact")}
            executed = draw(st.integers(-1, candidates - 1))
            end = {"end": draw(st.sampled_from(["recovered", "open", "handed_over"]))} if row["end"] != "none" else {}
            minutes = draw(st.floats(0, 600))
            changes = {**costs, **end, "executed": executed, "elapsed_minutes": minutes, "recovered": row["recovered"]}
            rows.append(logged_row(incident, row["step"], candidates=candidates, **{"end": "none", **changes}))
        incidents.append(rows)
    return incidents


def slowly(rows: list[Row]) -> list[tuple[float, float]]:
    """Reward and return of each decision of one incident, by hand."""
    found: list[tuple[float, float]] = []
    for row in reversed(rows):
        factor = math.exp(-BETA * row["elapsed_minutes"])
        hours = row["impact_discounted"] + factor * row["handover_impact"]
        reward = -(hours + row["cost_action"] + row["cost_harm"] + row["cost_recurrence"]) / 0.25
        found.append((reward, reward + factor * (found[-1][1] if found else 0)))
    return found[::-1]


@settings(max_examples=40, deadline=None)
@given(incidents=logs())
def test_every_decision_is_read_as_a_slow_reader_reads_it(
    incidents: list[list[Row]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("read") / "log"
    rows = [row for incident in incidents for row in incident]
    write_part(folder, rows)

    episodes = read(folder)

    slow = [one for incident in incidents for one in slowly(incident)]
    last = [row["end"] != "none" for row in rows]
    for number, row in enumerate(rows):
        begin, end = int(episodes.offsets[number]), int(episodes.offsets[number + 1])
        assert episodes.state[number].tolist() == row["state"]
        assert episodes.candidate[begin:end].flatten().tolist() == row["candidates"]
        assert episodes.allowed[begin:end].tolist() == row["allowed"]
        assert episodes.owner[begin:end].tolist() == [number] * (end - begin)
        assert int(episodes.executed[number]) == (begin + row["executed"] if row["executed"] >= 0 else -1)
        follows = number if row["end"] == "open" else -1 if last[number] else number + 1
        assert int(episodes.next[number]) == follows
        assert float(episodes.reward[number]) == pytest.approx(slow[number][0], rel=1e-6)
        assert float(episodes.returns[number]) == pytest.approx(max(slow[number][1], -20), rel=1e-6)
        assert float(episodes.discount[number]) == pytest.approx(math.exp(-BETA * row["elapsed_minutes"]), rel=1e-6)


def same(one: Episodes, other: Episodes) -> bool:
    return all(
        torch.equal(mine, yours) if isinstance(mine, torch.Tensor) else mine == yours
        for mine, yours in zip(vars(one).values(), vars(other).values(), strict=True)
    )


def test_the_order_of_rows_in_a_file_changes_no_tensor(tmp_path: Path) -> None:
    rows = [row for incident in range(6) for row in logged_incident(incident, 1 + incident % 3)]
    write_part(tmp_path / "a" / "log", rows)
    write_part(tmp_path / "b" / "log", [rows[place] for place in np.random.default_rng(1).permutation(len(rows))])

    one, other = read(tmp_path / "a" / "log"), read(tmp_path / "b" / "log")

    assert same(one, other)


def test_how_incidents_lie_in_files_changes_no_tensor(tmp_path: Path) -> None:
    days = [logged_incident(incident, 2) for incident in range(4)]
    write_part(tmp_path / "a" / "log", [row for day in days for row in day])
    for number, day in enumerate(days):
        write_part(tmp_path / "b" / "log", day, f"part-{number:05d}.parquet")

    one, other = read(tmp_path / "a" / "log"), read(tmp_path / "b" / "log")

    assert same(one, Episodes(**(vars(other) | {"data_hash": one.data_hash})))


def test_the_truth_beside_a_log_is_never_opened(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(incident) for incident in range(3)])
    without = read(tmp_path / "log")
    truth = tmp_path / "log" / "truth"
    truth.mkdir()
    (truth / "part-00000.parquet").write_bytes(b"whoever reads this fails")
    (truth / "part-00000.jsonl").write_text("whoever reads this fails")

    beside = read(tmp_path / "log")
    shutil.rmtree(truth)

    assert same(beside, without)
    assert same(read(tmp_path / "log"), without)


def test_the_newest_version_of_a_decision_counts_wherever_it_lies(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [*logged_incident(0, 2), *logged_incident(1, 1)])
    late = [logged_row(0, 1, row_version=version, cost_recurrence=float(version)) for version in (2, 1)]
    write_part(tmp_path / "log", late, "part-00001.parquet")

    episodes = read(tmp_path / "log")

    assert episodes.cluster.tolist() == [0, 0, 1]
    assert float(episodes.reward[1]) == pytest.approx(-(0.13 + 2) / 0.25)


def test_a_decision_whose_execution_died_counts_whole_and_as_harm_until_somebody_knows_better(tmp_path: Path) -> None:
    unseen: Row = {"exit_status": "unknown", "harm": "unknown", "recovered": False, "recovered_by": "unknown"}
    left = logged_row(0, executed=0, **unseen, cost_harm=1.0, handover_impact=2.0, end="handed_over")
    write_part(tmp_path / "left", [left])
    told = logged_row(0, executed=0, row_version=1, end="recovered")
    write_part(tmp_path / "told", [left])
    write_part(tmp_path / "told", [told], "part-00001.parquet")

    before, after = read(tmp_path / "left"), read(tmp_path / "told")

    assert before.known.tolist() == after.known.tolist() == [True]
    assert (before.harmed.tolist(), after.harmed.tolist()) == ([True], [False])
    assert (before.recovered.tolist(), after.recovered.tolist()) == ([False], [True])
    assert float(before.reward[0]) < float(after.reward[0]) - 1


def test_the_first_clusters_are_the_earliest_and_whole(tmp_path: Path) -> None:
    rows = [row for incident in (3, 0, 2, 1) for row in logged_incident(incident, 2)]
    write_part(tmp_path / "log", rows)

    episodes = read(tmp_path / "log", first=2)

    assert episodes.state[:, 0].tolist() == [0, 0, 1, 1]
    assert episodes.cluster.tolist() == [0, 0, 1, 1]


def test_the_first_clusters_of_a_log_are_a_prefix_of_it(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [row for incident in range(5) for row in logged_incident(incident, 1 + incident % 3)])

    part, whole = read(tmp_path / "log", first=3), read(tmp_path / "log")

    tensors = {name: value for name, value in vars(part).items() if isinstance(value, torch.Tensor)}
    assert [name for name, one in tensors.items() if not torch.equal(one, getattr(whole, name)[: len(one)])] == []
    assert part.data_hash != whole.data_hash


def test_two_incidents_of_one_day_share_its_cluster_and_not_their_next(tmp_path: Path) -> None:
    day = {"cluster_id": "day-1-000000"}
    one, other = logged_incident(0, 2, **day), logged_incident(1, 2, **day)
    for number, row in enumerate((one[0], other[0], one[1], other[1])):
        row["decided_at"] = DAY_MS + number
    write_part(tmp_path / "log", [one[0], other[0], one[1], other[1]])

    episodes = read(tmp_path / "log")

    assert episodes.cluster.tolist() == [0, 0, 0, 0]
    assert episodes.next.tolist() == [2, 3, -1, -1]


def test_harm_that_nobody_knows_counts_as_harm(tmp_path: Path) -> None:
    harms = ["none", "suspected", "confirmed", "unknown"]
    write_part(tmp_path / "log", [logged_row(number, harm=harm) for number, harm in enumerate(harms)])

    assert read(tmp_path / "log").harmed.tolist() == [False, True, True, True]


def test_a_probability_that_nobody_drew_is_no_fault(tmp_path: Path) -> None:
    rows = [logged_row(0, probability=None), logged_row(1, probability=[0.9, 0.1]), logged_row(2, q=[1.0, 2.0])]
    write_part(tmp_path / "log", rows)

    assert read(tmp_path / "log").decisions == 3


def test_days_that_are_not_read_change_no_data_hash(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0), logged_row(1)])
    before = read(tmp_path / "log", first=1).data_hash

    write_part(tmp_path / "log", [logged_row(0), logged_row(1, cost_action=0.1), logged_row(2)])

    assert read(tmp_path / "log", first=1).data_hash == before
    assert read(tmp_path / "log", first=2).data_hash != before


def test_the_data_hash_is_that_of_rows_features_and_reward(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0)])
    before = read(tmp_path / "log").data_hash

    other_reward = read(tmp_path / "log", reward=REWARD | {"scaleHours": 0.5}).data_hash
    write_part(tmp_path / "log", [logged_row(0, cost_action=0.1)])
    other_file = read(tmp_path / "log").data_hash
    write_part(tmp_path / "log", [logged_row(0)])

    assert len({before, other_reward, other_file}) == 3
    assert read(tmp_path / "log").data_hash == before
