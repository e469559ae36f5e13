"""The run: what is done is kept, what changed is done again, what fails is said and loses nothing else."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qnet.experiment.asked import Asked, BadRun, read_protocol
from qnet.experiment.cells import sources_hash
from qnet.experiment.run import make_table
from qnet.experiment.tasks import Places

QNET = Path(__file__).resolve().parents[1]
PROTOCOL = read_protocol(QNET / "protocol.json")
FAKE = (sys.executable, str(Path(__file__).with_name("fake_commands.py")))


class Bench:
    """A small run with commands that only pretend, in a copy of the package whose code may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        qnet = folder / "qnet"
        shutil.copytree(QNET / "qnet", qnet / "qnet", ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("reward.json", "protocol.json"):
            shutil.copy(QNET / file, qnet / file)
        (qnet / "features.json").write_text("{}")
        self.qnet = qnet
        self.places = Places(folder / "out", qnet, (*FAKE, "quell"), (*FAKE, "train"))
        self.asked = Asked(
            out=folder / "out",
            sizes=(200, 2000),
            seeds=(1,),
            confounding=("mild",),
            learners=("cloning", "fitted", "cql"),
            worlds=4,
            days=2,
            seer_days=1,
            extras=False,
        )

    def run(self, **changes: object) -> int:
        return make_table(PROTOCOL, replace(self.asked, **changes), self.places)  # type: ignore[arg-type]

    def calls(self, what: str) -> list[str]:
        """What was called since the last time that somebody asked."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.write_text("".join(f"{line}\n" for line in lines if not line.startswith(what)))
        return sorted(line.removeprefix(what + " ") for line in lines if line.startswith(what))

    def table(self) -> str:
        return (self.asked.out / "table.md").read_text()

    def forget_calls(self) -> None:
        (self.folder / "calls").unlink()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Somewhere to run."""
    monkeypatch.setenv("FAKE_COMMANDS", str(tmp_path))
    return Bench(tmp_path)


def test_a_run_trains_each_model_once_and_plays_each_world_once(bench: Bench) -> None:
    assert bench.run(seeds=(1, 2)) == 0

    trained = bench.calls("train")
    assert len(trained) == len(set(trained)) == 2 * 2 * 3
    assert len(bench.calls("evaluate")) == 2 * 2 * 2  # seeds, parts, and the bounds on their own
    assert "cql" in bench.table()


def test_a_second_run_trains_and_plays_nothing_and_writes_the_same_table(bench: Bench) -> None:
    bench.run()
    before = bench.table()
    bench.forget_calls()

    bench.run()

    assert bench.calls("train") == bench.calls("evaluate") == []
    assert bench.table() == before


def test_a_run_that_was_killed_goes_on_with_the_cell_it_was_killed_in(bench: Bench) -> None:
    killer = bench.folder / "kill-mild-2000-fitted"
    killer.touch()
    assert bench.run() == 1
    bench.forget_calls()
    killer.unlink()

    assert bench.run() == 0

    assert bench.calls("train") == ["mild-2000-fitted-1"]


def test_a_cell_that_kills_its_process_loses_no_other(bench: Bench) -> None:
    (bench.folder / "kill-mild-200-cloning").touch()

    bench.run()

    assert "mild-200-cql-1" in bench.calls("train")
    assert "ended with -9" in bench.table()


def test_a_cell_that_fails_is_said_and_loses_no_other(bench: Bench) -> None:
    (bench.folder / "train-mild-2000-cql").touch()

    assert bench.run() == 1

    table = bench.table()
    assert "mild-2000-cql: the loss is not finite" in table
    assert "Not decided: cql of 2000 days was not played." in table
    assert "| fitted | 2000 | 1 | 8 |" in table


def test_changed_code_of_a_learner_trains_its_models_again_and_no_others(bench: Bench) -> None:
    bench.run()
    bench.forget_calls()
    file = bench.qnet / "qnet" / "learners" / "fitted.py"
    file.write_text(file.read_text() + "\n# another thought\n")

    bench.run()

    assert {name.rpartition("-")[0] for name in bench.calls("train")} == {"mild-200-fitted", "mild-2000-fitted"}


def test_changed_models_get_other_worlds(bench: Bench) -> None:
    bench.run()
    before = {call.partition(" ")[0] for call in bench.calls("evaluate")}
    bench.run(learners=("cloning", "fitted", "cql", "iql"))
    after = {call.partition(" ")[0] for call in bench.calls("evaluate")}

    assert len(before) == len(after) == 1
    assert before.isdisjoint(after)


@pytest.mark.parametrize("file", ["reward.json", "features.json"])
def test_another_reward_or_feature_trains_everything_again(bench: Bench, file: str) -> None:
    bench.run()
    bench.forget_calls()
    (bench.qnet / file).write_text((bench.qnet / file).read_text() + " ")

    bench.run()

    assert len(bench.calls("train")) == 6


def test_a_longer_log_keeps_the_models_of_its_first_days(bench: Bench) -> None:
    bench.run(sizes=(2000,))
    bench.forget_calls()

    bench.run(sizes=(2000, 20000))

    assert {name.split("-")[1] for name in bench.calls("train")} == {"20000"}


def test_a_log_that_fails_is_said_with_its_command_and_loses_no_other(bench: Bench) -> None:
    (bench.folder / "simulate-none").touch()

    assert bench.run(confounding=("mild", "none")) == 1

    assert "ended with 2" in bench.table()
    assert "quell: the disk is full" in bench.table()
    assert "Returns: logs with mild confounding" in bench.table()


def test_worlds_that_fall_apart_leave_no_table(bench: Bench) -> None:
    (bench.folder / "evaluate").touch()

    with pytest.raises(BadRun, match="a world fell apart"):
        bench.run()


def test_a_table_can_be_written_again_from_what_was_played(bench: Bench) -> None:
    bench.run()
    before = bench.table()
    bench.forget_calls()
    (bench.asked.out / "table.md").unlink()

    bench.run(render_only=True)

    assert bench.table() == before
    assert not (bench.folder / "calls").exists()


def test_a_table_written_again_has_the_files_of_the_last_run_alone(bench: Bench) -> None:
    bench.run(jobs=4)
    bench.run(jobs=1)
    before = bench.table()

    bench.run(render_only=True)

    assert bench.table() == before
    assert len(json.loads((bench.asked.out / "days" / "1.json").read_text())["files"]) == 2


def test_days_of_two_sealed_seeds_are_not_put_together(bench: Bench) -> None:
    bench.run()
    pointer = bench.asked.out / "days" / "1.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"seed": "another"}))

    with pytest.raises(BadRun, match="of other sealed worlds"):
        bench.run(render_only=True)


def test_days_are_played_again_by_other_code(bench: Bench) -> None:
    bench.run()
    bench.forget_calls()
    bench.places = replace(bench.places, code="another")

    bench.run()

    assert len(bench.calls("evaluate")) == 4
    assert bench.calls("train") == []


def test_without_time_nothing_is_started(bench: Bench) -> None:
    with pytest.raises(BadRun, match="more --budget-minutes"):
        bench.run(budget_minutes=0)

    assert not (bench.folder / "calls").exists()


def test_a_file_counts_when_it_is_imported_however_far(tmp_path: Path) -> None:
    package = tmp_path / "qnet"
    shutil.copytree(QNET / "qnet", package, ignore=shutil.ignore_patterns("__pycache__"))
    before = sources_hash(package, "cql")

    near, far, beside = package / "learners" / "cql.py", package / "reward.py", package / "serve.py"
    beside.write_text(beside.read_text() + "#")
    assert sources_hash(package, "cql") == before
    far.write_text(far.read_text() + "#")
    without_near = sources_hash(package, "cql")
    near.write_text(near.read_text() + "#")

    assert len({before, without_near, sources_hash(package, "cql")}) == 3
