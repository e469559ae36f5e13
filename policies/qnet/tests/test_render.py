"""The table: every number in it was measured, and it says what it was made of and what it leaves out."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_days import ASKED, NOTHING, PROTOCOL, days, found, model, played

from qnet.experiment.asked import BadRun
from qnet.experiment.plan import PAGE_DELTAS
from qnet.experiment.played import COUNTED, read_played
from qnet.experiment.render import COLUMNS, cells, headings, markdown, page
from qnet.experiment.results import results


def test_what_older_rows_do_not_say_has_no_column_and_what_newer_ones_say_has() -> None:
    old, new = played(ours=1.0), played(ours=1.0)
    for counted in new.played.days.values():
        counted.update({"abstained": np.ones((10, 4)), "hours-impact": np.full((10, 4), 0.25)})  # type: ignore[attr-defined]

    before, after = ({table["id"]: table for table in found(whole)["tables"]} for whole in (old, new))

    assert "hours-mild" not in before
    assert "abstained" not in before["doings-mild"]["columns"]
    assert after["hours-mild"]["rows"][0]["numbers"]["hours-impact"] == [0.25, 0.25, 0.25]
    assert "abstained" in after["doings-mild"]["columns"]


def test_a_model_that_cannot_page_as_cloning_does_is_flagged() -> None:
    shifted = {f"{model(20000, 'cql')}+page:{delta:g}": 1.0 for delta in PAGE_DELTAS}
    whole = days(**{"rules": 2.0, model(20000, "cloning"): 2.0, model(20000, "cql"): 1.0, **shifted})
    whole.played.days[model(20000, "cloning")]["pages"][:5] = 0

    [table] = [table for table in found(whole)["tables"] if table["id"] == "page-rate"]

    assert table["rows"][0]["unmatched"] == [1]
    assert "within 2 points in some seed: cql of 20000." in markdown(found(whole))
    assert "| cql * | 20000 |" in markdown(found(whole))


def test_a_run_without_the_primary_size_says_so() -> None:
    verdict = found(days(rules=1.0), replace(ASKED, sizes=(200,)))["verdict"]

    assert verdict[0].startswith("The primary endpoint is at 20000 days of log; this run has none of them")
    assert "Not decided" in verdict[1]


def test_every_number_of_the_markdown_is_one_of_the_results() -> None:
    result = found(played(ours=1.0))
    written = {
        text
        for table in result["tables"]
        for row in table["rows"]
        for cell in cells(table, row)
        for text in _numbers(cell)
    }

    shown = {text for line in markdown(result).splitlines() if line.startswith("| ") for text in _numbers(line)}

    heads = {text for table in result["tables"] for heading in headings(table) for text in _numbers(heading)}
    assert shown == written | heads


def test_a_table_says_which_command_made_it_and_of_how_much() -> None:
    result = found(played(ours=1.0), command="npm run table -- --seeds 1,2")

    assert "`npm run table -- --seeds 1,2`: 2 seeds, 10 worlds, 40 paired days" in markdown(result)
    assert "npm run table -- --seeds 1,2" in page(result)


def test_what_differs_from_the_protocol_stands_above_the_tables() -> None:
    text = markdown(found(played(ours=1.0)))

    assert text.index("seeds: 1, 2 instead of") < text.index("## Returns")


def test_what_failed_and_what_was_not_started_is_listed() -> None:
    result = results(
        PROTOCOL, ASKED, NOTHING, played(ours=1.0), days(), {"log mild-2": "disk full"}, ["not started: x"]
    )

    text = markdown(result)

    missing = text[text.index("## What is missing") :]
    assert "log mild-2: disk full" in missing
    assert "not started: x" in missing
    assert "baseline cloning-abstaining" in missing


def test_the_headline_comes_first_and_each_confounding_has_its_own_models() -> None:
    whole = days(**{"rules": 2.0, model(200, "cql"): 1.0, model(200, "cql", "none"): 1.5})

    tables = found(whole)["tables"]

    assert [table["id"] for table in tables[:4]] == ["returns-mild", "doings-mild", "worlds-mild", "returns-none"]
    assert [row["policy"] for row in tables[3]["rows"]] == ["rules", model(200, "cql", "none")]


def test_a_learner_is_compared_with_what_learnt_from_the_same_log() -> None:
    whole = days(**{"rules": 2.0, model(200, "cloning"): 3.0, model(20000, "cloning"): 1.0, model(200, "cql"): 1.5})

    [row] = [row for row in found(whole)["tables"][0]["rows"] if row["label"] == "cql"]

    assert row["numbers"]["minus-cloning"][0] == pytest.approx(1.5, abs=0.02)


def test_a_learner_is_not_compared_with_itself() -> None:
    [row] = [row for row in found(played(ours=1.0))["tables"][0]["rows"] if row["label"] == "cloning"]

    assert "minus-cloning" not in row["numbers"]


def test_ablations_are_beside_the_whole_of_the_same_size() -> None:
    whole = days(**{model(20000, "cql"): 1.0, model(20000, "cql.alpha-0"): 1.5})

    [table] = [table for table in found(whole)["tables"] if table["id"] == "ablations"]

    assert [row["label"] for row in table["rows"]] == ["alpha-0"]
    assert table["rows"][0]["numbers"]["minus-base"][0] == pytest.approx(-0.5, abs=0.02)


def test_every_column_has_a_heading() -> None:
    used = {column for table in found(played(ours=1.0))["tables"] for column in table["columns"]}

    assert used <= set(COLUMNS)


def test_the_results_are_json_without_nan() -> None:
    json.dumps(found(played(ours=1.0)), allow_nan=False)


def test_the_page_is_well_formed_and_asks_for_nothing_from_anywhere() -> None:
    shifted = {f"{model(20000, 'cql')}+page:{delta:g}": 1.0 for delta in PAGE_DELTAS}
    whole = days(**{"rules": 2.0, model(20000, "cloning"): 2.0, model(20000, "cql"): 1.0, **shifted})
    text = page(found(whole, command="npm run <table>"))

    _Balanced().feed(text)

    assert text.count("<svg") == 2
    assert "<table>`" not in text
    assert not re.search(r"(src|href|url|@import)\s*[=(]", text)


class _Balanced(HTMLParser):
    """Fails where a tag is closed that was not opened last."""

    open: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in ("meta", "path", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Opens and closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_row_that_is_none_is_said_with_its_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "days.jsonl"
    file.write_text('{"world": 1}\n')

    with pytest.raises(BadRun, match=r"days\.jsonl:1: lacks day, policy"):
        read_played({1: [file]})

    file.write_text("{")
    with pytest.raises(BadRun, match="delete the file"):
        read_played({1: [file]})


def test_days_of_the_same_world_number_are_other_worlds_in_another_seed(tmp_path: Path) -> None:
    row = {"world": 0, "day": 1, "policy": "rules", "heldOut": True, "minutesToRecover": [3, 4]}
    files = {}
    for seed in (1, 2):
        files[seed] = [tmp_path / f"{seed}.jsonl"]
        files[seed][0].write_text(json.dumps(row | dict.fromkeys(COUNTED, seed)) + "\n")

    read = read_played(files)

    assert read.strata.tolist() == [1, 2]
    assert np.nan_to_num(read.of("rules", "hours"), nan=-1).tolist() == [[-1, 1], [-1, 2]]
    assert read.recoveries["rules"].minutes.tolist() == [3, 4, 3, 4]
    assert np.nan_to_num(read.of("rules", "recovered"), nan=-1).tolist() == [[-1, 1], [-1, 1]]
    assert np.isnan(read.of("rules", "abstained")).all()


def test_the_parts_of_a_days_hours_are_read_where_its_row_has_them(tmp_path: Path) -> None:
    row = {"world": 0, "day": 0, "policy": "rules", "heldOut": True, "minutesToRecover": []}
    newer = {"costs": {"impact": 0.5, "harm": 0.25, "unknown": 9}, "abstained": 3, "more": 1}
    file = tmp_path / "days.jsonl"
    file.write_text(json.dumps(row | dict.fromkeys(COUNTED, 1) | newer) + "\n")

    read = read_played({1: [file]})

    said = [read.of("rules", name)[0, 0] for name in ("hours-impact", "hours-harm", "abstained", "recovered")]
    assert said == [0.5, 0.25, 3, 0]


def _numbers(text: str) -> list[str]:
    return re.findall(r"[+-]?\d+(?:\.\d+)?", text)
