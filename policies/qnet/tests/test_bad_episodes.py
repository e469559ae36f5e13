"""Each rule of a log, broken once: the message names the file, the row, the rule, and what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from logged import FEATURES, REWARD, Row, logged_incident, logged_row, read, write_part

from qnet.episodes import BadEpisodes
from qnet.log_files import COLUMNS

NAN, INFINITY = float("nan"), float("inf")
WIDTH = len(FEATURES["candidate"])
FIT, FLAG = 1, 2  # columns of a candidate


def with_candidate(column: int, value: float) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row["candidates"][WIDTH + column] = value

    return change


def with_value(name: str, value: object) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row[name] = value

    return change


def with_three(probability: list[float]) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row.update(logged_row(1, 1, candidates=3, probability=probability))

    return change


def damaged(folder: Path, change: Callable[[Row], None]) -> Path:
    """A log of four incidents whose row 2, decision quell-1/1, is changed."""
    rows = [row for incident in range(4) for row in logged_incident(incident, 1 + incident % 2)]
    change(rows[2])
    write_part(folder, rows)
    return folder


BROKEN_ROWS: dict[str, tuple[Callable[[Row], None], str]] = {
    "schema version": (with_value("schema_version", 2), r"schema_version is 2, this reader knows 1"),
    "row version": (with_value("row_version", -1), r"row_version is below 0"),
    "features hash": (
        with_value("features_hash", "0" * 64),
        r"features_hash is 0{64}, that of features.json is [0-9a-f]{64}",
    ),
    "null": (with_value("service", None), r"service is null"),
    "null in a list": (with_value("allowed", [None, True]), r"allowed has a null in its list"),
    "word of end": (with_value("end", "lost"), r"end is none of none, recovered, handed_over, false_alarm, open"),
    "word of harm": (with_value("harm", "maybe"), r"harm is none of none, suspected, confirmed, unknown"),
    "word of source": (with_value("source", "me"), r"source is none of oncall, agent, shadow"),
    "shadow": (with_value("source", "shadow"), r"source is shadow: nothing of ours ran, so its outcome"),
    "simulated among others": (with_value("world_hash", "a"), r"some rows are simulated \(world_hash\) and others"),
    "NaN cost": (with_value("cost_harm", NAN), r"cost_harm is not a finite number"),
    "infinite cost": (with_value("impact_discounted", INFINITY), r"impact_discounted is not a finite number"),
    "gain": (with_value("cost_action", -0.1), r"cost_action is below 0, its reward would be above 0"),
    "time going back": (with_value("elapsed_minutes", -1.0), r"elapsed_minutes is below 0"),
    "epsilon": (with_value("epsilon", 1.5), r"epsilon is above 1"),
    "NaN in the state": (with_value("state", [NAN, 0.0, 0.0]), r"state: s0 is not a finite number"),
    "infinity in a candidate": (with_candidate(FIT, INFINITY), r"candidates: fit is not a finite number"),
    "state out of range": (with_value("state", [11.0, 0.0, 0.0]), r"state: s0 is 11, not a number in -10 .. 10"),
    "state below its range": (with_value("state", [-11.0, 0.0, 0.0]), r"state: s0 is -11, not a number in -10 .. 10"),
    "candidate out of range": (with_candidate(FIT, 1.5), r"candidates: fit is 1.5, not a number in 0 .. 1"),
    "half a flag": (with_candidate(FLAG, 0.5), r"candidates: fitMissing is 0.5, not 0 or 1 in 0 .. 1"),
    "half a code": (with_candidate(0, 7.5), r"candidates: runbook is 7.5, not a whole number in 0 .. 1.67772e\+07"),
    "no candidate": (with_value("candidate_key", []), r"there is no candidate"),
    "state's length": (with_value("state", [0.0]), r"state has another length than the 3 features of features.json"),
    "candidates' length": (
        with_value("candidates", [0.0] * (2 * WIDTH - 1)),
        r"candidates has another length than K candidates of 12 features each",
    ),
    "length of tiers": (with_value("tier", [0]), r"tier has another length than there are candidates"),
    "length of allowed": (with_value("allowed", [True] * 3), r"allowed has another length than there are candidates"),
    "length of probabilities": (with_value("probability", [1.0]), r"probability has another length than there are"),
    "length of q": (with_value("q", [1.0, 2.0, 3.0]), r"q is not a whole number of values a candidate"),
    "infinite q": (with_value("q", [1.0, INFINITY]), r"q has a value that is not finite"),
    "executed too high": (with_value("executed", 2), r"executed is no candidate's index and not -1"),
    "executed too low": (with_value("executed", -2), r"executed is no candidate's index and not -1"),
    "proposed too high": (with_value("proposed", 2), r"proposed is no candidate's index and not -1"),
    "nothing allowed": (with_value("allowed", [False, False]), r"no candidate is allowed"),
    "probabilities' sum": (with_value("probability", [0.5, 0.5 + 1e-8]), r"probability does not sum to 1"),
    "probability above one": (with_value("probability", [1.5, -0.5]), r"probability has a value outside 0 .. 1"),
    "negative probability": (with_three([-0.1, 0.5, 0.6]), r"probability has a value outside 0 .. 1"),
    "NaN probability": (with_value("probability", [NAN, 1.0]), r"probability has a value outside 0 .. 1"),
    "a gap": (with_value("step", 2), r"the steps of its incident have a gap or a repeat before it"),
    "a repeat": (with_value("step", 0), r"the steps of its incident have a gap or a repeat before it"),
    "the same decision twice": (with_value("decision_id", "quell-1/0"), r"this version of the decision is there twice"),
    "back in time": (with_value("decided_at", 0), r"it was decided before the step that it follows"),
    "another cluster": (with_value("cluster_id", "day-9"), r"its incident began in another cluster"),
    "no end": (with_value("end", "none"), r"the incident did not end here, yet no step follows"),
}


@pytest.mark.parametrize("rule", BROKEN_ROWS)
def test_a_row_that_breaks_a_rule_is_refused_by_file_row_rule_and_remedy(rule: str, tmp_path: Path) -> None:
    change, says = BROKEN_ROWS[rule]
    folder = damaged(tmp_path / "log", change)

    with pytest.raises(BadEpisodes, match=rf"part-00000\.parquet, row \d .*decision quell-1/\d.*{says}.*; \w+"):
        read(folder)


def test_the_row_that_is_named_is_the_one_that_is_wrong(tmp_path: Path) -> None:
    whole = [logged_row(incident) for incident in range(3)]
    write_part(tmp_path / "log", whole, "part-00000.parquet")
    write_part(tmp_path / "log", [logged_row(3), logged_row(4, cost_harm=NAN)], "part-00001.parquet")

    with pytest.raises(BadEpisodes, match=r"part-00001\.parquet, row 1 \(decision quell-4/0\)"):
        read(tmp_path / "log")


def test_an_end_before_the_last_step_is_refused(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0, 0, end="recovered"), logged_row(0, 1)])

    with pytest.raises(BadEpisodes, match=r"row 0 .*the incident ended here, yet another step follows"):
        read(tmp_path / "log")


def test_mixed_feature_schemas_are_refused_with_how_many_rows_differ(tmp_path: Path) -> None:
    rows = [logged_row(incident, features_hash="f" * 64) if incident > 0 else logged_row(0) for incident in range(4)]
    write_part(tmp_path / "log", rows)

    with pytest.raises(
        BadEpisodes, match=r"row 1 .*features_hash is f{64}.*\(and 2 more rows\).*features.json of then"
    ):
        read(tmp_path / "log")


@pytest.mark.parametrize("version", [0, 1])  # a simulated outcome is mature from the start: its rows begin with 1
def test_an_incident_split_over_files_is_refused(version: int, tmp_path: Path) -> None:
    first, second = logged_incident(0, 2, row_version=version)
    write_part(tmp_path / "log", [first], "part-00000.parquet")
    write_part(tmp_path / "log", [second], "part-00001.parquet")

    with pytest.raises(BadEpisodes, match=r"part-00001\.parquet, row 0 .*its incident began in another file"):
        read(tmp_path / "log")


def test_a_folder_read_twice_is_refused(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0)])

    with pytest.raises(BadEpisodes, match=r"this version of the decision is there twice.*read a folder only once"):
        read(tmp_path / "log", tmp_path / "log")


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file_is_refused_by_name(kept: int, tmp_path: Path) -> None:
    path = write_part(tmp_path / "log", [logged_row(0)])
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(BadEpisodes, match=r"part-00000\.parquet: is not a whole Parquet file \(.*\); write it again"):
        read(tmp_path / "log")


def test_a_file_with_damaged_pages_is_refused_by_name(tmp_path: Path) -> None:
    path = write_part(tmp_path / "log", [logged_row(incident) for incident in range(50)])
    content = bytearray(path.read_bytes())
    content[40:600] = bytes(560)
    path.write_bytes(content)

    with pytest.raises(BadEpisodes, match=r"part-00000\.parquet"):
        read(tmp_path / "log")


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "log" / "part-00000.parquet").mkdir(parents=True)

    with pytest.raises(BadEpisodes, match=r"part-00000\.parquet: cannot be read \(Is a directory\); repair it"):
        read(tmp_path / "log")


def columns(**changes: Any) -> Any:
    kinds = {name: kind for name, kind in (COLUMNS | changes).items() if kind is not None}
    return pa.schema(list(kinds.items()))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0)], schema=columns(end=None))

    with pytest.raises(BadEpisodes, match=r"part-00000\.parquet: lacks the column end; write it with"):
        read(tmp_path / "log")


def test_an_extra_column_is_named(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0, fault="a-leak")], schema=columns(fault=pa.string()))

    with pytest.raises(BadEpisodes, match=r"has beyond an episode row the column fault; write it with"):
        read(tmp_path / "log")


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("step", pa.int64(), "the column step is int64, not int32"),
        ("cost_harm", pa.float32(), "the column cost_harm is float, not double"),
        ("state", pa.list_(pa.float64()), r"the column state is list<.*double>, not list<.*float>"),
    ],
)
def test_a_column_of_another_type_is_named_with_both_types(name: str, kind: Any, says: str, tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0)], schema=columns(**{name: kind}))

    with pytest.raises(BadEpisodes, match=says):
        read(tmp_path / "log")


def test_a_folder_that_is_not_there_is_refused_with_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(BadEpisodes, match=r"log: is no folder; name one that `quell simulate"):
        read(tmp_path / "log")


def test_an_empty_folder_is_refused_with_what_to_name(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()

    with pytest.raises(BadEpisodes, match=r"log: holds no Parquet file; name a folder that `quell simulate"):
        read(tmp_path / "log")


def test_files_without_a_row_are_refused(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [])

    with pytest.raises(BadEpisodes, match=r"log: holds no row; write some with `quell simulate"):
        read(tmp_path / "log")


@pytest.mark.parametrize("first", [0, -1, 4])
def test_more_clusters_than_there_are_is_refused_with_how_many_there_are(first: int, tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(incident) for incident in range(3)])

    with pytest.raises(BadEpisodes, match=rf"the first {first} clusters are asked for, the log has 3; ask for 1 to 3"):
        read(tmp_path / "log", first=first)


def test_a_reward_file_that_would_pay_for_harm_is_refused(tmp_path: Path) -> None:
    write_part(tmp_path / "log", [logged_row(0)])
    weights: Any = json.loads(json.dumps(REWARD))
    weights["weights"]["harm"] = -1

    with pytest.raises(Exception, match=r"reward\.json: the weight harm is -1.0; give a number of at least 0"):
        read(tmp_path / "log", reward=weights)
