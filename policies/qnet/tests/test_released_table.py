"""The released policy's report: what is played, that it is played once, and that it says what was found."""

import argparse
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qnet.experiment.asked import BadRun, read_protocol
from qnet.experiment.released_plan import (
    ONNX,
    Model,
    days_learnt,
    find_models,
    lines,
    sealed_seed,
    spec_of,
    studies,
)
from qnet.experiment.released_run import Asked, add_parser, command_of, make_report
from qnet.release.slices import NAMES

QNET = Path(__file__).resolve().parents[1]
PROTOCOL = read_protocol(QNET / "protocol.json")
QUELL = (sys.executable, str(Path(__file__).with_name("fake_commands.py")), "quell")


class Bench:
    """A small run with a `quell` that only pretends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("released", "released-200"):
            (folder / "models" / name).mkdir(parents=True)
            (folder / "models" / name / "model.onnx").write_text(name)
            (folder / "models" / name / "manifest.json").write_text("{}")
        for name in ("cloning", "cql", "d3rlpy-cql"):
            (folder / "models" / name / "model").mkdir(parents=True)
            (folder / "models" / name / "model" / "model.json").write_text(name)
        (folder / "log").mkdir()
        (folder / "log" / "simulation.json").write_text('{"incidents": 20000}')
        self.asked = Asked(folder / "models", folder / "log", folder / "out", worlds=24, days=2, study_worlds=3, jobs=2)

    def run(self, code: str = "", **changes: object) -> int:
        return make_report(PROTOCOL, replace(self.asked, **changes), QUELL, code)  # type: ignore[arg-type]

    def calls(self) -> int:
        """How often something was played since the last time that somebody asked."""
        file = self.folder / "calls"
        count = len(file.read_text().splitlines()) if file.exists() else 0
        file.write_text("")
        return count

    def said(self) -> str:
        return (self.asked.out / "released.md").read_text()

    def models(self) -> list[Model]:
        return find_models(self.asked.models)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Somewhere to run."""
    monkeypatch.setenv("FAKE_COMMANDS", str(tmp_path))
    return Bench(tmp_path)


def test_every_study_is_played_once_and_a_second_run_plays_nothing(bench: Bench) -> None:
    assert bench.run() == 0
    assert bench.calls() == 8 + 2 + 5 * 2
    first = bench.said()

    assert bench.run() == 0
    assert bench.calls() == 0
    assert bench.said() == first
    assert bench.run(code="changed") == 0
    assert bench.calls() > 0


def test_the_report_has_each_policy_each_rule_and_each_study_and_says_what_does_not_beat_chance(bench: Bench) -> None:
    assert bench.run() == 0

    said = bench.said()
    for text in (
        "| released | 20000 |",
        "| released | 200 |",
        "| d3rlpy-cql | 20000 |",
        "cloning, same limits",
        "random paging: 0.3",
        "members disagree alone (m): m 2",
        "d3rlpy-cql with a page bonus",
        "## Whoever is on call answers the questions",
        "## No drafter can be reached",
        "P(harm), harm in truth",
        "fitted: no policy or model of that name was played",
    ):
        assert text in said, text
    assert "DOES NOT BEAT random paging" in said
    page = (bench.asked.out / "released.html").read_text()
    assert page.count("<svg") > 5
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_a_study_is_compared_with_the_usual_days_of_its_own_worlds(bench: Bench) -> None:
    assert bench.run() == 0

    results = json.loads((bench.asked.out / "released.json").read_text())
    oncall = next(table for table in results["tables"] if table["id"] == "oncall")
    rows = {row["policy"]: row for row in oncall["rows"]}
    assert rows[f"{ONNX} @ oncall"]["days"] == 6
    # Two hours more of cost a day, in units of the reward's scale.
    assert rows[f"{ONNX} @ oncall"]["numbers"]["minus-usual"][0] < 0
    assert rows["rules @ oncall"]["numbers"]["minus-usual"][0] == 0


def test_where_nothing_could_be_played_it_is_said_why(bench: Bench) -> None:
    (bench.folder / "evaluate").touch()
    with pytest.raises(BadRun, match=r"(?s)no day has been played yet; .*a world fell apart"):
        bench.run()
    (bench.folder / "evaluate").unlink()
    with pytest.raises(BadRun, match="with more --budget-minutes"):
        bench.run(budget_minutes=0.0)


def test_what_was_not_played_is_missing_and_the_rest_is_reported(bench: Bench) -> None:
    assert bench.run() == 0
    for folder in (bench.asked.out / "days").glob("released-o*"):
        shutil.rmtree(folder)

    assert bench.run(render_only=True) == 0

    assert "No drafter can be reached" not in bench.said()
    assert "What drafts recalls 0.7" in bench.said()


def test_worlds_are_drawn_from_every_model_and_from_nothing_else(bench: Bench) -> None:
    seeds = {sealed_seed(PROTOCOL, bench.models())}
    (bench.asked.models / "cql" / "model" / "report.html").write_text("said of it")
    (bench.asked.models / "cql" / "model" / "checkpoint.pt").write_text("where to go on")
    assert sealed_seed(PROTOCOL, bench.models()) in seeds

    for file in ("released/model.onnx", "released/manifest.json", "cql/model/model.json"):
        (bench.asked.models / file).write_text("another")
        seeds.add(sealed_seed(PROTOCOL, bench.models()))

    assert len(seeds) == 4


def test_a_rule_alone_has_the_other_rules_off_and_each_of_its_settings_once(bench: Bench) -> None:
    for line in lines(bench.models()):
        assert len({policy for _, policy in line.policies}) == len(line.policies)
        for _, policy in line.policies:
            parts = [part.partition(":")[0] for part in policy.split("+")[1:]]
            assert len(set(parts)) == len(parts), policy
            if line.label.endswith("alone"):
                assert {"harm", "support", "m", "delta"} <= {*parts, *line.label.split()}, policy


def test_a_spec_names_the_models_that_its_policies_need_and_no_other(bench: Bench) -> None:
    models = bench.models()
    for study in studies(models):
        spec = spec_of(study, "seed", models, bench.asked.log, range(2), 3)
        names = {one["name"] for one in spec["models"]}  # type: ignore[attr-defined]
        if study.name == "bounds":
            assert names == set()
        elif study.name != "usual":
            assert names == {"released", "cloning", "cql"}
        else:
            assert names == {model.name for model in models}


def test_models_say_how_much_they_learnt_from(bench: Bench) -> None:
    found = {model.name: days_learnt(model, bench.asked.log) for model in bench.models()}

    assert found == {"released": 20000, "released-200": 200, "cloning": 20000, "cql": 20000, "d3rlpy-cql": 20000}


def test_a_model_of_several_logs_says_itself_how_many_days_it_was_made_from(bench: Bench, tmp_path: Path) -> None:
    slices = {name: {"clusters": clusters} for name, clusters in zip(NAMES, (70, 10, 10, 12), strict=True)}
    (tmp_path / "slices.json").write_text(json.dumps({"schema": 1, **slices}))

    assert days_learnt(Model("released", tmp_path, "a", True), bench.asked.log) == 102
    assert days_learnt(Model("released-200", tmp_path, "a", True), bench.asked.log) == 200


def test_the_report_says_the_line_that_makes_it_again() -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())

    def line(*flags: str) -> str:
        return command_of(parser.parse_args(["released-table", "--models", "m", "--log", "l", *flags]))

    assert line() == "python -m qnet released-table"
    assert line("--worlds", "300", "--study-worlds", "40") == (
        "python -m qnet released-table --worlds 300 --study-worlds 40"
    )
    assert line("--quick", "--days", "2") == "python -m qnet released-table --quick --days 2"


def test_folders_that_hold_nothing_of_the_kind_are_bad_input(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="no such folder; give one"):
        bench.run(models=tmp_path / "none")
    with pytest.raises(BadRun, match=r"it has no released/model\.onnx"):
        bench.run(models=tmp_path / "log")
    with pytest.raises(BadRun, match=r"holds no simulation\.json"):
        bench.run(log=tmp_path / "models")
