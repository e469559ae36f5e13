"""`gate` as a command: files in, a verdict, a report and an exit code out."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from gate_files import CHECKS, INCIDENTS, agent_rows, gate, judged_days, write_gate, write_lines, write_scored
from test_report import Page

from qnet.__main__ import main
from qnet.gate.command import identity_of
from qnet.gate.log import read_proposals
from qnet.schema import read_schema

ENOUGH = judged_days({"rules": 1.0, "new": 1.0}, a_family=5000)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("gate")
    write_gate(folder, days=ENOUGH)
    code, verdict = gate(folder)
    return folder, code, verdict


def test_an_equal_challenger_passes_and_is_not_called_better(passed: tuple[Path, int, dict[str, Any]]) -> None:
    _, code, verdict = passed

    assert code == 0
    assert verdict["verdict"] == "passed"
    assert verdict["promotion"].startswith("no evidence of more harm, non-inferior in the simulator, approved by a")
    assert {name: stage["verdict"] for name, stage in verdict["stages"].items()} == dict.fromkeys(
        ("G0", "G1", "G2", "G3", "G4"), "passed"
    )
    assert [(one["family"], one["verdict"], one["incidents"]) for one in verdict["families"]] == [
        ("config", "passed", 5000),
        ("deploy", "passed", 5000),
    ]


def test_each_opening_is_a_line_with_the_thresholds_and_is_counted(tmp_path: Path) -> None:
    write_gate(tmp_path, days=ENOUGH)
    _, first = gate(tmp_path)

    _, second = gate(tmp_path)

    lines = [json.loads(line) for line in (tmp_path / "openings.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["opened", "judged", "opened", "judged"]
    assert {line["thresholds"] for line in lines} == {first["thresholds_hash"]}
    assert (first["openings"], second["openings"]) == (1, 2)


def test_a_challenger_that_costs_less_in_the_log_is_called_better(tmp_path: Path) -> None:
    write_gate(tmp_path, rows=agent_rows(4000), days=ENOUGH)
    write_scored(tmp_path / "champion", agent_rows(4000), [0.5, 0.5])

    code, verdict = gate(tmp_path)

    assert code == 0
    assert verdict["promotion"].startswith("better, no evidence of more harm")


def test_what_costs_more_in_the_simulator_is_refused_and_the_test_slice_stays_closed(tmp_path: Path) -> None:
    write_gate(tmp_path, days=judged_days({"rules": 1.0, "new": 1.2}, a_family=500))

    code, verdict = gate(tmp_path)

    assert code == 1
    assert verdict["verdict"] == "refused"
    assert verdict["reasons"][0].startswith("G3: overall: cost -20.0%")
    assert not (tmp_path / "openings.jsonl").exists()
    assert verdict["openings"] == 0


def test_the_test_slice_stays_closed_where_another_stage_cannot_tell(tmp_path: Path) -> None:
    write_gate(tmp_path)

    _, verdict = gate(tmp_path)

    assert verdict["stages"]["G3"]["verdict"] == "NOT EVALUABLE"
    assert verdict["stages"]["G4"]["verdict"] == "NOT EVALUABLE"
    assert not (tmp_path / "openings.jsonl").exists()


def test_no_reward_is_read_but_of_the_decisions_that_are_asked_about(tmp_path: Path) -> None:
    """What costs below nothing is damage to whoever reads it."""
    rows = agent_rows(400)
    damaged = [row | {"impact_discounted": -1.0} if place >= 100 else row for place, row in enumerate(rows)]
    write_gate(tmp_path, rows=damaged)

    code, verdict = gate(tmp_path)

    assert code == 1
    assert verdict["stages"]["G1"]["figures"]["calibration"]["observed"] < 0


def test_how_an_incident_ended_is_not_known_before_its_outcomes_are_read(tmp_path: Path) -> None:
    write_gate(tmp_path, rows=agent_rows(20))

    proposals = read_proposals([tmp_path / "log"], read_schema(tmp_path / "features.json"))

    assert set(agent_rows(20)[0]) >= {"end", "recovered", "harm"}
    assert set(proposals.log.column("end").to_pylist()) == {"ended"}
    assert {"recovered", "recovered_by", "harm"}.isdisjoint(proposals.log.rows.column_names)


def test_who_is_judged_is_the_whole_policy_and_not_its_weights_alone(tmp_path: Path) -> None:
    manifest: dict[str, Any] = {"model": {"sha256": "a"}, "thresholds": {"m": 2}, "rank": {"q": 1.5}, "calibration": []}
    said = {"gate": {"verdict": "none"}, "report": "a.html", "createdAt": "today", "manifest_hash": "b"}

    def identity(**changes: Any) -> str:
        (tmp_path / "manifest.json").write_text(json.dumps(manifest | said | changes))
        return identity_of(tmp_path)

    assert {identity(**{name: "another"}) for name in said} == {identity()}
    assert len({identity(), *(identity(**{name: "another"}) for name in manifest)}) == 1 + len(manifest)


def without_columns(folder: Path, *names: str) -> None:
    file = folder / "log" / "part-00000.parquet"
    pq.write_table(pq.read_table(file).drop_columns(list(names)), file)


def test_a_log_that_cannot_answer_is_told_so_without_any_column_of_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = agent_rows(INCIDENTS, probability=[1.0, 0.0], proposed=0, executed=0, epsilon=0.0)
    write_gate(tmp_path, rows=rows, slices={"train": 0, "tune": 0, "calibrate": 0, "test": 1})
    without_columns(tmp_path, "impact_discounted", "cost_action", "cost_harm", "handover_impact", "harm")

    code, verdict = gate(tmp_path)

    said = capsys.readouterr()
    assert code == 1
    assert verdict["verdict"] == "NOT EVALUABLE"
    assert any("exploration was off" in reason for reason in verdict["reasons"])
    assert "mean cumulative weight 1.000" in said.err
    assert said.out.count("\n") == 1


def test_a_small_fleet_hears_how_many_incidents_it_has_and_how_long_the_rest_would_take(tmp_path: Path) -> None:
    write_gate(tmp_path, rows=agent_rows(120))

    code, verdict = gate(tmp_path)

    assert code == 1
    assert verdict["verdict"] == "NOT EVALUABLE"
    assert re.search(
        r"there are 96 incidents; 300 effective ones that decide take about \d+ \(about \d+ more days at this log's "
        r"rate\), and to find a difference of 2% of the cost takes about [\d,]+ \(about \d+ more (months|years)\)",
        " ".join(verdict["reasons"]),
    )


@pytest.mark.parametrize("incidents", [1, 2, 7])
def test_next_to_nothing_is_no_pass_and_no_fault(incidents: int, tmp_path: Path) -> None:
    rows = agent_rows(incidents)
    few = judged_days({"rules": 1.0, "new": 1.1}, a_family=1)
    write_gate(tmp_path, rows=rows, days=[row | {"world": 0, "choices": ["wait"]} for row in few])
    write_scored(tmp_path / "challenger", rows, [0.0, 1.0])

    code, verdict = gate(tmp_path)

    assert code == 1
    assert verdict["verdict"] == "refused"
    assert verdict["stages"]["G4"]["verdict"] == "NOT EVALUABLE"


def test_the_log_of_people_without_any_probability_is_not_evaluable(tmp_path: Path) -> None:
    rows = agent_rows(400, source="oncall", stage="", proposed=-1, probability=None, epsilon=0.0)
    write_gate(tmp_path, rows=rows)

    code, verdict = gate(tmp_path)

    assert code == 1
    assert verdict["verdict"] == "NOT EVALUABLE"
    assert any("no incident was proposed for in ask or auto" in reason for reason in verdict["reasons"])


def test_who_passes_is_told_of_which_policy_each_stage_speaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gate(tmp_path, days=ENOUGH)

    gate(tmp_path)

    said = "G3 judged the challenger as it is served, G4 its restricted form"
    assert said in capsys.readouterr().out
    assert said in (tmp_path / "out" / "report.html").read_text()


def test_json_on_stdout_is_the_verdict_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_gate(tmp_path, rows=agent_rows(120))

    _, verdict = gate(tmp_path, "--json")

    assert json.loads(capsys.readouterr().out) == verdict


def test_the_page_stands_alone_and_is_read_by_eye_keyboard_or_ear(passed: tuple[Path, int, dict[str, Any]]) -> None:
    text = (passed[0] / "out" / "report.html").read_text()

    page = Page(text)

    ids = [one["id"] for _, one in page.elements if "id" in one]
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)
    assert not [tag for tag, attributes in page.elements if tag in ("script", "link", "img") or "src" in attributes]
    assert len(ids) == len(set(ids))
    assert all(str(one["href"])[1:] in ids for one in page.all("a"))
    assert len(page.text["title"]) == 1 + len(page.all("svg")) == 3
    assert all(one["tabindex"] == "0" for one in page.all("div"))
    assert len(page.text["caption"]) == len(page.all("table"))
    assert "Family by family in the simulator" in page.text["h2"]


def changed_checks(**changes: Any) -> Callable[[Path], object]:
    return lambda folder: (folder / "checks.json").write_text(json.dumps(CHECKS | changes))


REFUSED: dict[str, Callable[[Path], object]] = {
    "G0: history features of 2 of 100 rows": changed_checks(leaks={"rows": 100, "differing": 2, "example": "d"}),
    "G2: 1 of 20 golden scenes ended in a forbidden": changed_checks(
        golden={"scenes": 20, "forbiddenAutos": 1, "changed": 0}
    ),
    "G2: in 3 of 20 scenes a refused candidate": changed_checks(mask={"scenes": 20, "failures": 3}),
    "G2: in 1 of 20 scenes the order": changed_checks(permutation={"scenes": 20, "failures": 1}),
    "G2: no golden scene was replayed": changed_checks(golden={"scenes": 0, "forbiddenAutos": 0, "changed": 0}),
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_a_check_has_found_refuses_and_is_named(says: str, tmp_path: Path) -> None:
    write_gate(tmp_path, rows=agent_rows(400))
    REFUSED[says](tmp_path)

    code, verdict = gate(tmp_path)

    assert code == 1
    assert verdict["verdict"] == "refused"
    assert any(reason.startswith(says) for reason in verdict["reasons"])


MODEL_REFUSED: dict[str, dict[str, Any]] = {
    "G2: the exported model differs from the trained one by 0.0002": {"parity": {"rows": 10_000, "worst": 2e-4}},
    "G2: parity was measured on 9,999 rows, 10,000 are needed": {"parity": {"rows": 9_999, "worst": 1e-6}},
    "G2: the model is refused: its sha256 is another": {"model": {"refused": "its sha256 is another"}},
    "G0: nobody says which clusters the model was trained on": {},
}


@pytest.mark.parametrize("says", MODEL_REFUSED)
def test_a_model_is_refused_for_what_is_wrong_with_it(says: str, tmp_path: Path) -> None:
    write_gate(tmp_path, rows=agent_rows(400), model="model")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.onnx").write_bytes(b"onnx")
    (tmp_path / "model" / "manifest.json").write_text(json.dumps({"thresholds": {"m": 2}}))
    changed_checks(**MODEL_REFUSED[says])(tmp_path)

    code, verdict = gate(tmp_path)

    assert code == 1
    assert any(reason.startswith(says) for reason in verdict["reasons"])


def spec_with(**changes: Any) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        file = folder / "spec.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return change


def one_line(folder: Path, **changes: Any) -> None:
    rows = judged_days({"rules": 1.0, "new": 1.0}, a_family=2)
    write_lines(folder / "days.jsonl", [rows[0] | changes, *rows[1:]])


BAD: dict[str, Callable[[Path], object]] = {
    r"spec.json: is not JSON": lambda folder: (folder / "spec.json").write_text("{"),
    r"spec.json: schema is 2, this gate knows 1": spec_with(schema=2),
    r"spec.json: champion is the challenger itself": spec_with(champion="new"),
    r"spec.json: slices.test is \[5, 1\], not \[fromMs, toMs\]": spec_with(
        slices={"train": [0, 1], "tune": [1, 2], "calibrate": [2, 3], "test": [5, 1]}
    ),
    r"spec.json: slices are shares that do not add up to 1": spec_with(
        slices={"train": 0.5, "tune": 0.2, "calibrate": 0.2, "test": 0.2}
    ),
    r"spec.json: familyShares.config is -1": spec_with(familyShares={"config": -1}),
    r"checks.json: mask.failures is None, not a number": changed_checks(mask={"scenes": 3}),
    r"days.jsonl:1: hours is 'much', not a number of 0 or more": lambda folder: one_line(folder, hours="much"),
    r"days.jsonl:1: has more harmful actions than actions": lambda folder: one_line(folder, harmful=9),
    r"days.jsonl: only one policy played day 0 of world 0": lambda folder: one_line(folder, policy="nobody"),
    r"challenger: does not hold the rows of the log": lambda folder: write_scored(
        folder / "challenger", agent_rows(3), [1.0, 0.0]
    ),
    r"challenger: target_prob of challenger does not sum to 1": lambda folder: write_scored(
        folder / "challenger", agent_rows(400), [0.5, 0.0]
    ),
    r"lacks the column epsilon": lambda folder: without_columns(folder, "epsilon"),
    r"lacks the column cost_harm": lambda folder: without_columns(folder, "cost_harm"),
    r"openings.jsonl:1: is no opening": lambda folder: (folder / "openings.jsonl").write_text("{}\n"),
}


@pytest.mark.parametrize("says", BAD)
def test_bad_input_ends_with_two_and_says_what_where_and_what_to_do(
    says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gate(tmp_path, rows=agent_rows(400))
    BAD[says](tmp_path)

    code = main(["gate", "--spec", str(tmp_path / "spec.json"), "--out", str(tmp_path / "out")])

    error = capsys.readouterr().err
    assert code == 2
    assert re.search(says + r".*; .*\b(run|write|restore|mend|damaged)\b", error, re.DOTALL)
