"""`python -m qnet`: a log in, a model out; a person's mistake is one sentence, never a stack."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from logged import FEATURES, REWARD, logged_incident, read, write_part

from qnet.__main__ import COMMANDS, main
from qnet.learners import learner
from qnet.progress import SILENT
from qnet.train import config_of

TINY = '{"members": 1, "width": 8, "epochs": 2, "least_updates": 2, "batch": 16}'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A log of ten incidents, 15 decisions, with its features and its reward beside it."""
    write_part(tmp_path / "log", [row for incident in range(10) for row in logged_incident(incident, 1 + incident % 2)])
    (tmp_path / "features.json").write_text(json.dumps(FEATURES))
    (tmp_path / "reward.json").write_text(json.dumps(REWARD))
    return tmp_path


def arguments(place: Path, **changes: str) -> list[str]:
    flags = {
        "episodes": str(place / "log"),
        "learner": "cql",
        "config": TINY,
        "out": str(place / "model"),
        "features": str(place / "features.json"),
        "reward": str(place / "reward.json"),
        "device": "cpu",
    }
    return ["train", *(f"--{name}={value}" for name, value in (flags | changes).items())]


def test_a_model_is_trained_kept_and_told_in_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(arguments(place))

    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert said.out.startswith("cql: trained on 15 decisions of 10 days in ")
    assert said.out.count("\n") == 1
    assert (place / "model" / "model.json").exists()
    assert not (place / "model" / "checkpoint.pt").exists()


def test_json_is_one_document_with_the_hashes_of_data_and_model(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*arguments(place, first="4"), "--json"])

    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (facts["clusters"], facts["decisions"], facts["seed"]) == (4, 6, 1)
    manifest = json.loads((place / "model" / "model.json").read_text())
    assert manifest["data_hash"] == facts["data_hash"]


def test_the_same_log_seed_and_config_make_the_same_model(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hashes = []
    for out in ("a", "b"):
        assert main([*arguments(place, out=str(place / out)), "--json"]) == 0
        hashes.append(json.loads(capsys.readouterr().out)["model_hash"])

    assert hashes[0] == hashes[1]


MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    "no log": ({"episodes": "no/such/log"}, "no/such/log: is no folder; name one that"),
    "learner": ({"learner": "ppo"}, "--learner ppo: is not known; give one of cloning, table, one-step, fitted"),
    "no JSON": ({"config": "{alpha: 0}"}, "--config {alpha: 0}: is not JSON"),
    "no object": ({"config": "[1]"}, "--config [1]: is not an object; give one"),
    "unknown field": ({"config": '{"alfa": 0}'}, "--config: alfa is no field of this learner; give members, width"),
    "text for a number": ({"config": '{"alpha": "0"}'}, '--config: alpha cannot be "0"; it is 0.'),
    "number for a flag": ({"config": '{"masked": 1}'}, "--config: masked cannot be 1; it is true by default"),
    "no batch": ({"config": '{"batch": 0}'}, "--config: batch cannot be 0; give 1 or more"),
    "no member": ({"config": '{"members": 0}'}, "--config: members cannot be 0; give 1 or more"),
    "negative width": ({"config": '{"width": -8}'}, "--config: width cannot be -8; give 1 or more"),
    "negative rate": ({"config": '{"learning_rate": -0.1}'}, "learning_rate cannot be -0.1; give more than 0"),
    "no number": ({"config": '{"alpha": NaN}'}, "--config: alpha cannot be nan; give 0 or more"),
    "share above 1": ({"config": '{"unknown": 2.0}'}, "--config: unknown cannot be 2; give 0 to 1"),
    "expectile of all": (
        {"learner": "iql", "config": '{"tau": 1}'},
        "tau cannot be 1; give more than 0 and less than 1",
    ),
    "trees": ({"learner": "fitted", "config": '{"leaves": 1}'}, "--config: leaves cannot be 1; give 2 or more"),
    "patience": ({"learner": "cloning", "config": '{"patience": 0}'}, "patience cannot be 0; give 1 or more"),
    "prior runs": ({"learner": "table", "config": '{"pseudo_count": 0}'}, "pseudo_count cannot be 0; give more than 0"),
    "config of another": (
        {"learner": "fitted", "config": '{"behaviour": {}}'},
        "behaviour is no field of this",
    ),
    "group": ({"config": '{"drop_groups": [3]}'}, "drop_groups: no feature is of group 3; give some of"),
    "feature": ({"config": '{"drop_features": ["fits"]}'}, "no feature is called fits; features.json names them all"),
    "device": ({"device": "tpu"}, "--device tpu: is not known; give auto, cpu or cuda"),
    "too many days": ({"first": "11"}, "the first 11 clusters are asked for, the log has 10; ask for 1 to 10"),
    "no features": ({"features": "no/features.json"}, "no/features.json: cannot be read"),
    "out": ({"out": "/dev/null/model"}, "--out /dev/null/model: cannot be made (Not a directory); name another folder"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_exit_2(mistake: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes, says = MISTAKES[mistake]

    code = main(arguments(place, **changes))

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith("quell: ")
    assert says in said.err
    assert said.err.count("\n") == 1
    assert not (place / "model" / "model.json").exists()


def test_a_model_is_never_written_over(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(place)) == 0
    before = (place / "model" / "model.json").read_bytes()

    code = main(arguments(place, learner="table", config="{}"))

    assert code == 2
    assert "holds a model already; name another folder" in capsys.readouterr().err
    assert (place / "model" / "model.json").read_bytes() == before


def leave_checkpoint(place: Path, seed: int) -> Path:
    """The checkpoint that a run of this log and config leaves behind when it is killed at its end."""
    path = place / "killed.pt"
    module = learner("cql")
    episodes = read(place / "log")
    config = config_of(module.Config, TINY)
    module.fit(episodes, config, seed=seed, device=torch.device("cpu"), progress=SILENT, checkpoint=path)
    return path


def test_a_killed_run_goes_on_from_its_checkpoint_and_takes_it_away(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments(place, out=str(place / "whole")), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)["model_hash"]
    checkpoint = leave_checkpoint(place, seed=1)

    code = main([*arguments(place, checkpoint=str(checkpoint)), "--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["model_hash"] == whole
    assert not checkpoint.exists()


def test_the_checkpoint_of_another_run_is_refused_and_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = leave_checkpoint(place, seed=2)

    code = main(arguments(place, checkpoint=str(checkpoint)))

    assert code == 2
    assert str(checkpoint) in capsys.readouterr().err
    assert checkpoint.exists()


def test_a_fault_of_the_program_names_the_file_with_its_stack(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "break", ("faulty_command", "fails as nobody foresaw"))

    code = main(["break"])

    said = capsys.readouterr().err
    assert code == 3
    assert said.startswith("quell: this is a fault of Quell itself: ZeroDivisionError: ")
    stack = Path(said.split("the stack is in ")[1].split(";")[0])
    assert "Traceback" in stack.read_text()
    assert "Traceback" not in said


@pytest.mark.parametrize("given", [[], ["forecast"], ["train"], ["train", "--frob"]])
def test_a_command_line_that_cannot_be_read_is_exit_2_with_the_usage(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(given)

    assert ended.value.code == 2
    assert "usage: python -m qnet" in capsys.readouterr().err
