"""One step with a prior: it knows what followed, not what could have."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from synthetic import synthetic_episodes
from test_fitted import BRIEF, SMALL, detour

from qnet.learners import fitted, one_step
from qnet.model import load_model, save_model
from qnet.progress import SILENT

CPU = torch.device("cpu")


def test_a_start_that_people_wasted_looks_bad() -> None:
    episodes, config = detour(400, prior=0.0)
    asked = one_step.Config(**{**vars(config), "rounds": 0})

    model = one_step.fit(episodes, asked, seed=1, device=CPU, progress=SILENT)

    scores = model.score(episodes.state, episodes.candidate, episodes.offsets, episodes.allowed).mean
    assert scores[:2].tolist() == pytest.approx([-3.0, -7.4], abs=0.3)


def test_it_differs_from_fitted_q_in_the_rounds_alone() -> None:
    ours, theirs = asdict(one_step.Config()), asdict(fitted.Config())

    assert {name for name in ours if ours[name] != theirs[name]} == {"rounds"}
    assert ours["rounds"] == 0


def test_it_is_read_back_from_its_folder_under_its_own_name(tmp_path: Path) -> None:
    episodes = synthetic_episodes(60, 1)
    config = one_step.Config(trees=SMALL.trees, behaviour=BRIEF)
    model = one_step.fit(episodes, config, seed=1, device=CPU, progress=SILENT)

    save_model(model, tmp_path)
    again = load_model(tmp_path)

    asked = (episodes.state, episodes.candidate, episodes.offsets, episodes.allowed)
    assert again.origin.learner == "one-step"
    assert torch.equal(again.score(*asked).mean, model.score(*asked).mean)
