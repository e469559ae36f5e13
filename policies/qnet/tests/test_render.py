"""The table: every number in it was measured, and it says what it was made of and what it leaves out."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qnet.experiment.asked import Asked, BadRun, read_protocol
from qnet.experiment.measures import Measured, Scale, measured
from qnet.experiment.plan import PAGE_DELTAS, Plan
from qnet.experiment.played import COUNTED, Played, read_played
from qnet.experiment.render import COLUMNS, cells, headings, markdown, page
from qnet.experiment.results import results

PROTOCOL = read_protocol(Path(__file__).resolve().parents[1] / "protocol.json")
NOTHING = Plan((), (), ())
ASKED = Asked(Path("."), (200, 20000), (1, 2), ("mild", "none"), ("cloning", "fitted", "cql"), 5, 4)


def days(**hours: float) -> Measured:
    """Two seeds of five worlds and four days: each policy costs its hours a day, and a little by chance."""
    chance = np.random.default_rng(5)
    counted = {
        policy: {name: np.ones((10, 4)) for name in COUNTED} | {"hours": cost + chance.normal(0, 0.01, (10, 4))}
        for policy, cost in hours.items()
    }
    held_out = np.zeros((10, 4), dtype=np.bool_)
    held_out[:, 0] = True
    return measured(Played(np.repeat([1, 2], 5), held_out, counted), Scale(1, 100), 200)


def model(size: int, learner: str, kind: str = "mild") -> str:
    """A policy's name."""
    return f"model:{kind}-{size}-{learner}"


def played(ours: float, rules: float = 2.0, cloning: float = 2.0, fitted: float = 2.0) -> Measured:
    """What the primary endpoint needs."""
    return days(
        **{
            "rules": rules,
            model(20000, "cloning"): cloning,
            model(20000, "fitted"): fitted,
            model(20000, "cql"): ours,
            "oncall-average": 3.0,
            "bound": 0.5,
        }
    )


def found(whole: Measured, asked: Asked = ASKED, **changes: Any) -> dict[str, Any]:
    """The results of these days."""
    return results(PROTOCOL, asked, NOTHING, whole, days(), {}, []) | changes


def test_the_network_wins_when_it_is_better_than_each_beyond_its_interval() -> None:
    verdict = " ".join(found(played(ours=1.0))["verdict"])

    assert "The network wins" in verdict
    assert "At 20000 days of log, cql minus rules is +" in verdict


def test_one_rival_that_is_not_beaten_is_enough_not_to_win_and_is_named() -> None:
    verdict = " ".join(found(played(ours=1.0, fitted=0.9))["verdict"])

    assert "The network does not win: it is not better beyond its interval than fitted." in verdict


def test_what_is_better_within_its_interval_alone_is_no_win() -> None:
    verdict = " ".join(found(played(ours=1.9945))["verdict"])

    assert "cql minus rules is +0.00" in verdict
    assert "The network does not win: it is not better beyond its interval than rules" in verdict


def test_a_harm_below_the_margin_whose_interval_reaches_beyond_it_does_not_hold() -> None:
    whole = played(ours=1.0)
    whole.played.days[model(20000, "cql")]["harmful"][0] = 1.04

    verdict = " ".join(found(whole)["verdict"])

    assert "+0.40 points" in verdict
    assert "margin of 0.5 points does not hold" in verdict


def test_harm_is_judged_against_the_best_of_the_rivals_and_its_margin() -> None:
    whole = played(ours=1.0, cloning=1.5)
    whole.played.days[model(20000, "cql")]["actions"][:] = 100
    harmless = " ".join(found(whole)["verdict"])
    whole.played.days[model(20000, "cql")]["actions"][:] = 0.5
    harmful = " ".join(found(whole)["verdict"])

    assert "against cloning, the best of them: -99.00 points" in harmless
    assert "margin of 0.5 points holds" in harmless
    assert "margin of 0.5 points does not hold" in harmful


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


def _numbers(text: str) -> list[str]:
    return re.findall(r"[+-]?\d+(?:\.\d+)?", text)
