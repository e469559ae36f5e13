"""A model's folder: what is in it, what its hash says, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from synthetic import synthetic_episodes

from qnet.learners import LEARNERS, learner
from qnet.model import BadModel, Model, content_hash, load_model, read_losses, save_model
from qnet.progress import SILENT

EPISODES = synthetic_episodes(80, 4)
INPUTS = EPISODES.state, EPISODES.candidate, EPISODES.offsets, EPISODES.allowed
TD = ("dqn", "cql", "iql")


def trained(name: str, **config: object) -> Model:
    module = learner(name)
    few = module.Config(members=2, width=8, epochs=1, least_updates=3, **config)
    return module.fit(EPISODES, few, seed=7, device=torch.device("cpu"), progress=SILENT)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", TD)
def test_a_model_read_from_its_folder_scores_as_the_one_that_was_saved(name: str, tmp_path: Path) -> None:
    model = trained(name)

    save_model(model, tmp_path)

    read = load_model(tmp_path)
    assert torch.equal(read.score(*INPUTS).mean, model.score(*INPUTS).mean)
    assert torch.equal(read.score(*INPUTS).sd, model.score(*INPUTS).sd)
    assert read.origin == model.origin


def test_the_manifest_says_where_a_model_comes_from(tmp_path: Path) -> None:
    save_model(trained("cql", alpha=0.4), tmp_path, reward_hash="r" * 64)

    manifest = json.loads((tmp_path / "model.json").read_text())
    assert manifest["learner"] == "cql"
    assert manifest["seed"] == 7
    assert manifest["config"]["alpha"] == 0.4
    assert manifest["data_hash"] == EPISODES.data_hash
    assert manifest["features_hash"] == EPISODES.schema.hash
    assert manifest["reward_hash"] == "r" * 64
    assert manifest["torch"] == torch.__version__


def test_the_same_training_gives_the_same_hash_and_another_seed_or_config_another(tmp_path: Path) -> None:
    once = save_model(trained("cql"), tmp_path / "once")

    assert save_model(trained("cql"), tmp_path / "again") == once
    assert save_model(trained("cql", alpha=0.4), tmp_path / "other") != once


def test_the_hash_counts_every_byte_of_the_model_and_nothing_that_is_said_about_it(tmp_path: Path) -> None:
    saved = save_model(trained("cql"), tmp_path)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "loss.svg").write_text("<svg/>")
    (tmp_path / "report.html").write_text("fine")
    (tmp_path / "checkpoint.pt").write_bytes(b"0")

    beside = content_hash(tmp_path)
    (tmp_path / "weights.pt").write_bytes((tmp_path / "weights.pt").read_bytes() + b"0")

    assert beside == saved
    assert content_hash(tmp_path) != saved


def test_the_revision_of_the_code_is_said_and_changes_no_hash(tmp_path: Path) -> None:
    saved = save_model(trained("cql"), tmp_path)
    manifest = tmp_path / "model.json"

    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"code_revision": "another"}))
    revised = content_hash(tmp_path)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"seed": 8}))

    assert revised == saved
    assert content_hash(tmp_path) != saved


def test_losses_are_kept_beside_the_model(tmp_path: Path) -> None:
    model = trained("cql")

    saved = save_model(model, tmp_path)

    assert read_losses(tmp_path) == model.history  # type: ignore[attr-defined]
    (tmp_path / "report-losses.json").unlink()
    assert read_losses(tmp_path) == {}
    assert content_hash(tmp_path) == saved


def test_one_member_is_never_in_doubt_and_several_are() -> None:
    alone = learner("cql").Config(members=1, width=8, epochs=1, least_updates=3)

    one = learner("cql").fit(EPISODES, alone, seed=7, device=torch.device("cpu"), progress=SILENT).score(*INPUTS)

    assert bool((one.sd == 0).all())
    assert bool((trained("cql").score(*INPUTS).sd > 0).all())


def overwritten(file: str, content: str) -> Callable[[Path], None]:
    def overwrite(folder: Path) -> None:
        (folder / file).write_text(content)

    return overwrite


SPOILT = {
    "model.json: cannot be read": lambda folder: (folder / "model.json").unlink(),
    "model.json: is not JSON": overwritten("model.json", "{"),
    "model.json: lacks": overwritten("model.json", '{"learner": "cql"}'),
    "learner 'oracle' is none of .*, iql, d3rlpy-cql;": overwritten(
        "model.json",
        '{"learner": "oracle", "features_hash": "", "data_hash": "", "seed": 1, "config": {}}',
    ),
    "its files do not make a cql": lambda folder: (folder / "weights.pt").unlink(),
    "do not make a cql": overwritten("weights.pt", "not weights"),
}


@pytest.mark.parametrize("says", SPOILT)
def test_a_folder_that_holds_no_model_is_refused_by_file_and_rule(says: str, tmp_path: Path) -> None:
    save_model(trained("cql"), tmp_path)
    SPOILT[says](tmp_path)

    with pytest.raises(BadModel, match=says):
        load_model(tmp_path)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_has_a_config_a_fit_and_a_load(name: str) -> None:
    module = learner(name)

    assert callable(module.fit)
    assert callable(module.load)
    assert module.Config.__dataclass_params__.frozen
