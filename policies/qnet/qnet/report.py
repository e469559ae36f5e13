"""The report of a trained model: one HTML file that fetches nothing and is read by eye, keyboard or ear."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from .bad_input import BadInput
from .episodes import Episodes, read_episodes
from .model import BadModel, Model, load_model, read_losses

HERE = Path(__file__).resolve().parent
FILE = "report.html"

LIMITS = (
    "How good the model is. These are the decisions it was trained on; a policy is judged on worlds that no model saw.",
    "What would have happened otherwise. People chose the harder cases for some runbooks, so a runbook with worse "
    "returns is not a worse runbook.",
    "How safe it is to let it act. That is decided per runbook, on runs of its own, by other rules.",
    "Values in money or minutes. Returns are in units of the reward's scale: a day that costs the median costs 1.",
)


def write_report(
    folder: Path, episodes: Episodes, history: Mapping[str, Sequence[float]], *, model: Model | None = None
) -> Path:
    """Writes folder/report.html and returns its path; the model is read from the folder where it is not given.

    history: losses by name, one number a pass; may be empty. The same model and episodes give the same bytes.
    """
    from . import sections  # matplotlib takes a second to load

    model = load_model(folder) if model is None else model
    scored = sections.score_episodes(model, episodes)
    said = [
        sections.losses(history),
        sections.calibration(model, episodes, scored),
        sections.by_runbook(episodes, scored),
        sections.agreement(episodes, scored),
        sections.executed(episodes, scored),
        sections.origin_of(model),
    ]
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    ).get_template("report.html.j2")
    summary = f"Trained on {episodes.decisions:,} decisions of {episodes.clusters:,} days, seed {model.origin.seed}."
    file = folder / FILE
    text = page.render(title=f"Model {model.origin.learner}", summary=summary, sections=said, limits=LIMITS)
    file.write_text(text + "\n", encoding="utf-8")
    return file


def add_parser(subparsers: Any) -> None:
    """`report --model FOLDER --episodes DIR`."""
    parser = subparsers.add_parser("report", help="write the report of a trained model")
    parser.add_argument("--model", type=Path, required=True, help="a folder that `train` wrote; the report goes there")
    parser.add_argument("--episodes", type=Path, required=True, action="append", help="a folder of Parquet files")
    parser.add_argument("--first", type=int, help="only the first so many clusters (days) of the log")
    parser.add_argument("--features", type=Path, default=HERE.parent / "features.json")
    parser.add_argument("--reward", type=Path, default=HERE.parent / "reward.json")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Writes the report and says where it is."""
    try:
        model = load_model(flags.model)
    except BadModel as error:
        raise BadInput(str(error)) from error
    episodes = read_episodes(flags.episodes, features=flags.features, reward=flags.reward, first=flags.first)
    if model.origin.features_hash != episodes.schema.hash:
        raise BadInput(f"{flags.model}: reads other features than {flags.features} describes; train it again")
    sys.stdout.write(f"{write_report(flags.model, episodes, read_losses(flags.model), model=model)}\n")
    return 0
