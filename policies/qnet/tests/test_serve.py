"""The scoring server: one line in, one line out, and never a number that is none."""

import io
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from synthetic import synthetic_episodes

from qnet.learners import learner
from qnet.model import Model, save_model
from qnet.progress import SILENT
from qnet.serve import serve

EPISODES = synthetic_episodes(60, 6)
PACKAGE = Path(__file__).resolve().parent.parent


@cache
def model_of(name: str) -> Model:
    module = learner(name)
    config = module.Config(members=2, width=8, epochs=1, least_updates=3)
    return module.fit(EPISODES, config, seed=1, device=torch.device("cpu"), progress=SILENT)  # type: ignore[no-any-return]


def scene(decision: int) -> dict[str, Any]:
    own = slice(int(EPISODES.offsets[decision]), int(EPISODES.offsets[decision + 1]))
    return {
        "state": EPISODES.state[decision].tolist(),
        "candidates": EPISODES.candidate[own].tolist(),
        "allowed": EPISODES.allowed[own].tolist(),
    }


def load_line(folder: Path) -> str:
    """Saves two models and asks for both."""
    for name in ("cql", "iql"):
        save_model(model_of(name), folder / name)
    return json.dumps({"load": [{"name": f"my-{name}", "folder": str(folder / name)} for name in ("cql", "iql")]})


def answers_to(*lines: str) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    status = serve(io.StringIO("".join(f"{line}\n" for line in lines)), out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def asked(folder: Path, *requests: object) -> list[dict[str, Any]]:
    """Answers to requests, after loading."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in requests]
    return answers_to(load_line(folder), *lines)[1][1:]


def test_the_first_answer_names_the_models_and_the_features_they_read(tmp_path: Path) -> None:
    status, answers = answers_to(load_line(tmp_path))

    assert status == 0
    assert answers == [{"loaded": ["my-cql", "my-iql"], "features_hash": EPISODES.schema.hash}]


@pytest.mark.parametrize("decisions", [[3], [0, 1, 2, 7, 11], list(range(40))])
def test_a_scene_scores_as_its_model_scores_it_whatever_comes_with_it(decisions: list[int], tmp_path: Path) -> None:
    [answer] = asked(tmp_path, {"id": 7, "scenes": [scene(one) for one in decisions], "models": ["my-iql", "my-cql"]})

    assert answer["id"] == 7
    for name in ("cql", "iql"):
        whole = model_of(name).score(EPISODES.state, EPISODES.candidate, EPISODES.offsets, EPISODES.allowed)
        for decision, scores in zip(decisions, answer["scores"][f"my-{name}"], strict=True):
            own = slice(int(EPISODES.offsets[decision]), int(EPISODES.offsets[decision + 1]))
            assert scores["mean"] == pytest.approx(whole.mean[own].tolist(), abs=1e-5)
            assert scores["sd"] == pytest.approx(whole.sd[own].tolist(), abs=1e-5)


@pytest.mark.parametrize("number", ["null", "NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("where", ["state", "candidates"])
def test_a_number_that_is_none_silences_its_scene_only(number: str, where: str, tmp_path: Path) -> None:
    broken = scene(1)
    (broken["state"] if where == "state" else broken["candidates"][0])[0] = "HERE"
    request = json.dumps({"id": 1, "scenes": [scene(0), broken, scene(2)], "models": ["my-cql"]})

    [answer] = asked(tmp_path, request.replace('"HERE"', number))

    first, second, third = answer["scores"]["my-cql"]
    assert second is None
    assert len(first["mean"]) == len(scene(0)["allowed"])
    assert len(third["mean"]) == len(scene(2)["allowed"])


def test_scenes_without_candidates_or_no_scenes_at_all_are_answered(tmp_path: Path) -> None:
    empty = {"state": scene(0)["state"], "candidates": [], "allowed": []}

    answers = asked(tmp_path, {"id": 1, "scenes": [empty], "models": ["my-cql"]}, {"id": 2, "scenes": [], "models": []})

    assert answers == [{"id": 1, "scores": {"my-cql": [None]}}, {"id": 2, "scores": {}}]


SHORT = {**scene(0), "state": [1.0]}
BAD = {
    "not a line of JSON": "{",
    "a line is a JSON object": "[1]",
    "a request is": {"id": 4},
    "no model oracle; loaded are my-cql, my-iql": {"id": 4, "scenes": [], "models": ["oracle"]},
    "scene 1: wants state": {"id": 4, "scenes": [scene(0), {"state": [1]}], "models": ["my-cql"]},
    "scene 0: wants": {"id": 4, "scenes": [{**scene(0), "allowed": [True]}], "models": ["my-cql"]},
    "vectors of different lengths": {"id": 4, "scenes": [scene(0), SHORT], "models": ["my-cql"]},
    "my-cql cannot score vectors of such lengths": {"id": 4, "scenes": [SHORT], "models": ["my-cql"]},
    "wants state [S]": {"id": 4, "scenes": [{**scene(0), "state": ["1.0"] * 6}], "models": ["my-cql"]},
}


@pytest.mark.parametrize("says", BAD)
def test_a_bad_request_is_answered_with_what_is_wrong_and_the_next_is_served(says: str, tmp_path: Path) -> None:
    bad, good = asked(tmp_path, BAD[says], {"id": 5, "scenes": [scene(0)], "models": ["my-cql"]})

    assert says in bad["error"]
    assert good["id"] == 5
    assert "scores" in good


@pytest.mark.parametrize(
    "line",
    ["", "{", '{"load": [{"name": "a"}]}', '{"load": []}', '{"load": [{"name": "a", "folder": "/nowhere"}]}'],
)
def test_models_that_cannot_be_loaded_end_the_server_with_an_error(line: str) -> None:
    status, answers = answers_to(line)

    assert status == 2
    assert list(answers[0]) == ["error"]


def test_the_command_writes_only_answers_and_ends_with_its_input(tmp_path: Path) -> None:
    lines = [load_line(tmp_path), json.dumps({"id": 1, "scenes": [scene(0)], "models": ["my-cql"]})]

    ran = subprocess.run(
        [sys.executable, "-m", "qnet", "serve"],
        input="\n".join(lines) + "\n", cwd=PACKAGE, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert [list(json.loads(line)) for line in ran.stdout.splitlines()] == [
        ["loaded", "features_hash"],
        ["id", "scores"],
    ]
    assert ran.stderr == ""
