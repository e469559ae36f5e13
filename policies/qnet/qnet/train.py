"""`python -m qnet train`: a log in, a model in a folder out."""

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

from .bad_input import BadInput
from .episodes import Episodes, read_episodes
from .learners import LEARNERS, learner
from .model import BadModel, Model, read_losses, save_model
from .progress import Progress
from .report import write_report
from .reward import read_reward

HERE = Path(__file__).resolve().parent.parent  # policies/qnet


def add_parser(subparsers: Any) -> None:
    """The command and its flags; `functions/cli/train.ts` passes the same."""
    parser = subparsers.add_parser("train", help="train a learner on logged episodes")
    parser.add_argument("--episodes", type=Path, required=True, action="append", help="a folder of Parquet files")
    parser.add_argument("--first", type=int, help="only the first so many days that have a decision")
    parser.add_argument("--learner", required=True, help=f"one of {', '.join(LEARNERS)}")
    parser.add_argument("--config", help="fields of the learner's config that differ, as JSON: '{\"alpha\": 0}'")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the model")
    parser.add_argument("--checkpoint", type=Path, help="where a killed run goes on from; OUT/checkpoint.pt")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--features", type=Path, default=HERE / "features.json")
    parser.add_argument("--reward", type=Path, default=HERE / "reward.json")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Trains, saves, reports, and says one line. Everything that can be refused is, before the log is read."""
    began = time.monotonic()
    if flags.learner not in LEARNERS:
        raise BadInput(f"--learner {flags.learner}: is not known; give one of {', '.join(LEARNERS)}")
    module = learner(flags.learner)
    config = config_of(module.Config, flags.config)
    device = device_of(flags.device)
    torch.set_num_threads(1)  # the same model however many cores there are; networks this small gain little from more
    folder = prepared(flags.out)
    checkpoint = folder / "checkpoint.pt" if flags.checkpoint is None else flags.checkpoint
    episodes = read_episodes(flags.episodes, features=flags.features, reward=flags.reward, first=flags.first)
    try:
        model: Model = module.fit(
            episodes, config, seed=flags.seed, device=device, progress=Progress(), checkpoint=checkpoint
        )
    except BadModel as error:
        raise BadInput(str(error)) from error
    model_hash = save_model(model, flags.out, reward_hash=read_reward(flags.reward).hash)
    write_report(flags.out, episodes, read_losses(flags.out))
    checkpoint.unlink(missing_ok=True)
    _say(flags, episodes, model_hash, time.monotonic() - began)
    return 0


def config_of(kind: Any, text: str | None) -> Any:
    """A learner's config with the fields of a JSON object in place of its own. Raises BadInput for any other field."""
    try:
        given = {} if text is None else json.loads(text)
    except ValueError as cause:
        raise BadInput(f"--config {text}: is not JSON ({cause}); give an object") from cause
    if not isinstance(given, dict):
        raise BadInput(f"--config {text}: is not an object; give one")
    default = kind()
    known = {field.name: getattr(default, field.name) for field in dataclasses.fields(default)}
    known = {name: value for name, value in known.items() if not dataclasses.is_dataclass(value)}
    for name, value in given.items():
        if name not in known:
            raise BadInput(f"--config: {name} is no field of this learner; give {', '.join(known)}")
        given[name] = tuple(value) if isinstance(value, list) else value
        if not _alike(given[name], known[name]):
            default_value = json.dumps(known[name])
            raise BadInput(f"--config: {name} cannot be {json.dumps(value)}; it is {default_value} by default")
    try:
        return kind(**given)
    except ValueError as cause:
        raise BadInput(f"--config: {cause}") from cause


def _alike(value: object, default: object) -> bool:
    """Whether a value may stand in place of a default: of its type; any number for a decimal or for null."""
    if default is None or isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def device_of(name: str) -> torch.device:
    """The device to train on; `auto` takes the GPU where there is one. Raises BadInput where it is not there."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput(f"--device {name}: is not known; give auto, cpu or cuda")
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise BadInput("--device cuda: torch sees no GPU here; give cpu, or auto")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


def prepared(folder: Path) -> Path:
    """The folder, made where it is missing. Raises BadInput where it cannot be, or already holds a model."""
    if (folder / "model.json").exists():
        raise BadInput(f"--out {folder}: holds a model already; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise BadInput(f"--out {folder}: cannot be made ({cause.strerror}); name another folder") from cause
    return folder


def _say(flags: argparse.Namespace, episodes: Episodes, model_hash: str, seconds: float) -> None:
    facts = {
        "learner": flags.learner,
        "seed": flags.seed,
        "decisions": episodes.decisions,
        "clusters": episodes.clusters,
        "data_hash": episodes.data_hash,
        "model_hash": model_hash,
        "folder": str(flags.out),
        "seconds": round(seconds, 1),
    }
    line = (
        f"{flags.learner}: trained on {episodes.decisions} decisions of {episodes.clusters} days "
        f"in {seconds:.0f} s; model {model_hash[:12]} in {flags.out}"
    )
    sys.stdout.write(f"{json.dumps(facts) if flags.json else line}\n")
