"""`python -m qnet release`: a log in, a folder out that says what it is; the test slice is left for the gate."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow.parquet as pq
import pytest
import torch
from logged import DAY_MS, FEATURES, REWARD, Row, logged_row, read, write_part
from onnx.reference import ReferenceEvaluator

from qnet.__main__ import main
from qnet.episodes import Episodes, episodes_of, read_checked
from qnet.incidents import stream_of
from qnet.release.canonical import canonical_sha256
from qnet.release.shuffled import OUTCOMES, shuffled
from qnet.release.slices import NAMES, part_of, shares_of, slices_of
from qnet.reward import read_reward
from qnet.schema import canonical_hash

DAYS = 60
TINY = '{"members": 2, "width": 8, "epochs": 1, "least_updates": 2, "batch": 16}'
BRIEF = '{"width": 8, "updates": 20, "patience": 1}'
HASHES: Row = {"catalogue_hash": "c" * 64, "guardrails_hash": "9" * 64, "world_hash": "b" * 64}
NAMED = [str(one["name"]) for one in FEATURES["candidate"]]


def day(number: int, chance: np.random.Generator) -> list[Row]:
    """A day of one or two decisions: a wait first, then a restart that may harm, or a page."""
    rows = []
    for step in range(1 + number % 2):
        candidates = np.zeros((3, len(NAMED)))
        candidates[:, NAMED.index("runbook")] = [11, 12, 13 + number % 3]
        candidates[:, NAMED.index("effect")] = [0, 0, 1]
        candidates[:, NAMED.index("pages")] = [0, 1, 0]
        candidates[:, NAMED.index("fit")] = chance.random(3).round(3)
        executed = 0 if step < number % 2 else 2 if chance.random() < 0.8 else 1
        goes_on = step < number % 2
        well = not goes_on and executed == 2 and chance.random() < 0.6
        changes: Row = {
            "state": [chance.normal(), float(step), chance.random()],
            "candidates": candidates.ravel().tolist(),
            "executed": executed,
            "executed_runbook": ("wait", "page", "restart")[executed],
            "elapsed_minutes": 5.0,
            "recovered": well,
            "recovered_by": "action" if well else "",
            "harm": "none" if well or executed != 2 else "suspected",
            "end": "none" if goes_on else "recovered" if well else "handed_over",
            "cost_harm": float(chance.random()),
        }
        rows.append(logged_row(number, step, candidates=3) | HASHES | changes)
    return rows


def days(changed: int | None = None) -> list[list[Row]]:
    """The log's days; from the day `changed` on, everything else happened."""
    chance = np.random.default_rng(1)
    found = [day(number, chance) for number in range(DAYS)]
    other = np.random.default_rng(2)
    return found if changed is None else found[:changed] + [day(number, other) for number in range(changed, DAYS)]


def write_log(place: Path, rows: list[list[Row]]) -> Path:
    write_part(place / "log", [row for one in rows for row in one])
    (place / "features.json").write_text(json.dumps(FEATURES))
    (place / "reward.json").write_text(json.dumps(REWARD))
    return place


def flags(place: Path, command: str, out: str, **changes: str) -> list[str]:
    given = {
        "episodes": str(place / "log"),
        "features": str(place / "features.json"),
        "reward": str(place / "reward.json"),
        "out": str(place / out),
    }
    if command == "release":
        given |= {"learner": TINY, "behaviour": BRIEF}
    return [command, *(f"--{name}={value}" for name, value in (given | changes).items())]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log and a release of it."""
    found = write_log(tmp_path_factory.mktemp("whole"), days())
    assert main(flags(found, "release", "out", config='{"m": 2, "max_harm": [0.9, 0.8, 0.7, 0.6]}')) == 0
    return found


def manifest_in(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return content


def test_the_manifest_names_the_bytes_the_log_and_the_limits(place: Path) -> None:
    manifest = manifest_in(place / "out")
    content = (place / "out" / "model.onnx").read_bytes()
    said = {name: one for name, one in manifest.items() if name != "manifest_hash"}
    whole = read(place / "log", first=54)

    assert manifest["manifest_hash"] == canonical_sha256(said)
    assert manifest["model"] == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "opset": 18}
    assert manifest["shapes"] == {"S": 3, "A": 12, "members": 2}
    assert (manifest["catalogue_hash"], manifest["simulator_hash"]) == (HASHES["catalogue_hash"], HASHES["world_hash"])
    assert manifest["data_hash"] == whole.data_hash
    assert manifest["features_hash"] == whole.schema.hash
    assert manifest["reward_hash"] == read_reward(place / "reward.json").hash
    assert manifest["evidence"] == {"source": "simulated", "incidents": 42, "decisions": 63}
    assert manifest["gate"] == {"verdict": "none", "reasons": [], "undecided": [], "approval": []}
    assert manifest["thresholds"]["m"] == 2
    assert [one["maxHarm"] for one in manifest["thresholds"]["tiers"]] == [0.9, 0.8, 0.7, 0.6]
    assert set(said) == {
        "schema", "model", "features_hash", "reward_hash", "catalogue_hash", "simulator_hash", "data_hash",
        "code_revision", "shapes", "evidence", "rank", "thresholds", "calibration", "gate", "report", "createdAt",
    }  # fmt: skip


def test_the_slices_are_told_with_their_bounds(place: Path) -> None:
    told = json.loads((place / "out" / "slices.json").read_text())

    assert [told[name]["clusters"] for name in NAMES] == [42, 6, 6, 6]
    assert [told[name]["first_decided_at"] for name in NAMES] == [0, 42 * DAY_MS, 48 * DAY_MS, 54 * DAY_MS]
    assert told["test"]["last_decided_at"] == 59 * DAY_MS + 600_000
    assert [told[name]["decisions"] for name in NAMES] == [63, 9, 9, 9]


def test_other_outcomes_in_the_test_slice_change_nothing(place: Path, tmp_path: Path) -> None:
    other = write_log(tmp_path, days(changed=54))
    assert main(flags(other, "release", "out", config='{"m": 2, "max_harm": [0.9, 0.8, 0.7, 0.6]}')) == 0

    one, two = manifest_in(place / "out"), manifest_in(other / "out")

    assert (other / "out" / "model.onnx").read_bytes() == (place / "out" / "model.onnx").read_bytes()
    assert {**one, "createdAt": "", "manifest_hash": ""} == {**two, "createdAt": "", "manifest_hash": ""}
    assert (other / "log" / "part-00000.parquet").read_bytes() != (place / "log" / "part-00000.parquet").read_bytes()


def test_models_trained_before_are_exported_to_the_same_bytes(place: Path) -> None:
    parts = place / "out" / "torch"

    code = main(flags(place, "export", "again", model=str(parts / "q"), behaviour=str(parts / "behaviour")))

    assert code == 0
    assert (place / "again" / "model.onnx").read_bytes() == (place / "out" / "model.onnx").read_bytes()
    assert manifest_in(place / "again")["calibration"] == manifest_in(place / "out")["calibration"]


def test_outputs_are_what_the_file_says_of_each_row(place: Path) -> None:
    file = place / "outputs.parquet"
    assert main([*flags(place, "outputs", "outputs.parquet", model=str(place / "out")), "--rows=40"]) == 0
    evaluator = ReferenceEvaluator(onnx.load(place / "out" / "model.onnx"))

    rows = pq.read_table(file).to_pylist()

    logged = {row["decision_id"]: row for one in days() for row in one}
    names = ["q", "value", "p_recover", "p_harm", "log_pi_b", "ood"]
    assert 40 <= len(rows) <= 42
    for row in rows:
        own = logged[row["decision_id"]]
        said = evaluator.run(
            names,
            {
                "state": np.array([own["state"]], dtype=np.float32),
                "candidates": np.array(own["candidates"], dtype=np.float32).reshape(1, 3, -1),
                "mask": np.array([own["allowed"]]),
            },
        )
        for name, wanted in zip(names, said, strict=True):
            assert np.asarray(row[name]).ravel() == pytest.approx(wanted.ravel(), abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config": '{"max_harm": [0.5]}'}, "max_harm wants 4 numbers"),
        ({"config": '{"rank_q": 0, "rank_value": 0, "rank_support": 0}'}, "nothing ranks"),
        ({"config": '{"margin": 1}'}, "margin is no field"),
        ({"slices": "0.5,0.5"}, "wants a share above 0 of train, tune, calibrate, test"),
        ({"slices": "0.9,0.09,0.001,0.009"}, "the slice calibrate has none of the log's 60 clusters"),
        ({"learner": '{"width": 0}'}, "width cannot be 0"),
    ],
)
def test_a_mistake_is_one_sentence(
    place: Path, changes: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags(place, "release", "other", **changes)) == 2

    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_release_is_never_written_over(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(flags(place, "release", "out")) == 2
    assert "holds a model.onnx already" in capsys.readouterr().err


def test_two_simulated_logs_are_one_cut_by_time_and_the_manifest_names_both_worlds(tmp_path: Path) -> None:
    first = [row for number, one in enumerate(days()) if number % 3 == 0 for row in one]
    second = [row | {"world_hash": "a" * 64} for number, one in enumerate(days()) if number % 3 for row in one]
    place = write_log(tmp_path, [first])
    write_part(place / "other", second)

    assert main([*flags(place, "release", "out"), f"--episodes={place / 'other'}"]) == 0

    manifest = manifest_in(place / "out")
    told = json.loads((place / "out" / "slices.json").read_text())
    assert manifest["simulator_hash"] == canonical_hash(["a" * 64, "b" * 64])
    assert [told[name]["clusters"] for name in NAMES] == [42, 6, 6, 6]
    assert [told[name]["first_decided_at"] for name in NAMES] == [0, 42 * DAY_MS, 48 * DAY_MS, 54 * DAY_MS]


def test_shuffled_outcomes_are_the_same_ones_of_other_decisions_and_make_another_model(place: Path) -> None:
    whole = read(place / "log")

    one = shuffled(whole, seed=3)

    assert same(one, shuffled(whole, seed=3))
    for name in OUTCOMES:
        mine, theirs = getattr(one, name), getattr(whole, name)
        assert torch.equal(mine.sort().values, theirs.sort().values)
    pairs = [{(float(of.reward[n]), float(of.returns[n])) for n in range(of.decisions)} for of in (one, whole)]
    assert pairs[0] == pairs[1]
    assert not torch.equal(one.reward, whole.reward)
    assert torch.equal(one.next, whole.next)
    assert main([*flags(place, "release", "shuffled"), "--shuffled"]) == 0
    assert manifest_in(place / "shuffled")["data_hash"] != manifest_in(place / "out")["data_hash"]
    assert manifest_in(place / "shuffled")["model"] != manifest_in(place / "out")["model"]


def test_a_log_of_two_catalogues_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = days()
    rows[30][0]["catalogue_hash"] = "d" * 64
    assert main(flags(write_log(tmp_path, rows), "release", "out")) == 2
    assert "catalogue_hash has 2 values in the log" in capsys.readouterr().err


def same(one: Episodes, other: Episodes) -> bool:
    return all(
        torch.equal(mine, yours) if isinstance(mine, torch.Tensor) else mine == yours
        for (name, mine), yours in zip(vars(one).items(), vars(other).values(), strict=False)
        if name in Episodes.__dataclass_fields__ and name != "data_hash"
    )


def test_a_slice_is_what_a_log_of_its_days_alone_would_be(place: Path, tmp_path: Path) -> None:
    schema, log = read_checked([place / "log"], place / "features.json")
    stream = stream_of(log, None)
    whole = episodes_of(log, stream, schema, read_reward(place / "reward.json"))
    slices = slices_of(log, stream, shares_of(None))
    assert sum(one.decisions for one in slices.values()) == whole.decisions

    for name in NAMES:
        one = slices[name]
        alone = write_log(tmp_path / name, days()[one.first_cluster : one.first_cluster + one.clusters])
        assert same(part_of(whole, one), read(alone / "log"))
