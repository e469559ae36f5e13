"""A trained model: what every learner returns, and the folder it is kept in."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from .bad_input import BadInput
from .episodes import Episodes
from .learners import LEARNERS, PEERS

MANIFEST = "model.json"
# Left out of a model's hash: what is said about it, and what it would be resumed from.
BESIDE = ("report", "checkpoint")
LOSSES = "report-losses.json"
AT_ONCE = 4096  # decisions scored in one pass


class BadModel(BadInput):
    """A model's folder that cannot be used. The message says the file, the rule, and what to do."""


@dataclass(frozen=True)
class Scores:
    """What a model thinks of C candidates, packed; compare them within a decision only."""

    mean: Tensor  # (C,) value in units of the reward's scale, higher is better
    sd: Tensor  # (C,) standard deviation over the members; 0 where one speaks


@dataclass(frozen=True)
class Origin:
    """Where a model comes from: enough to train it again, bit for bit on the same machine."""

    learner: str  # name in learners.LEARNERS or learners.PEERS
    features_hash: str  # of the vectors it reads; a row with another hash is not for it
    data_hash: str  # of the episodes it was trained on
    seed: int
    config: Mapping[str, Any]  # the learner's config, every field, as JSON


class Model(Protocol):
    """Scores candidates. Pure: the same inputs give the same scores."""

    @property
    def origin(self) -> Origin: ...

    def score(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Scores:
        """Raw features: state (N, S), candidate (C, A) packed by offsets (N+1,), allowed (C,) bool."""

    def write(self, folder: Path) -> None:
        """Writes its own files, as its learner's `load` reads them; never the manifest."""


def config_facts(config: object) -> dict[str, Any]:
    """A config's fields as plain JSON values, for the manifest."""
    if not is_dataclass(config) or isinstance(config, type):
        raise TypeError(f"{config!r} is not a config: pass the learner's frozen dataclass")
    return cast(dict[str, Any], json.loads(json.dumps(asdict(config))))


def save_model(model: Model, folder: Path, *, reward_hash: str = "") -> str:
    """Writes a model and its manifest; returns the sha256 of the folder's content. Says nothing of the time of day."""
    folder.mkdir(parents=True, exist_ok=True)
    model.write(folder)
    history = getattr(model, "history", {})
    if history:
        (folder / LOSSES).write_text(json.dumps(history) + "\n", encoding="utf-8")
    manifest = {
        "schema": 1,
        **asdict(model.origin),
        "reward_hash": reward_hash,
        "code_revision": code_revision(),
        "torch": torch.__version__,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return content_hash(folder)


def read_losses(folder: Path) -> dict[str, list[float]]:
    """Mean loss of each pass by name, as save_model kept it; empty for a learner without passes."""
    try:
        return cast(dict[str, list[float]], json.loads((folder / LOSSES).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def scores_of(model: Model, episodes: Episodes) -> Tensor:
    """(C,) score of every candidate of a log, some thousand decisions at a time."""
    found = [torch.zeros(0)]
    for first in range(0, episodes.decisions, AT_ONCE):
        bounds = episodes.offsets[first : first + AT_ONCE + 1]
        rows = slice(int(bounds[0]), int(bounds[-1]))
        state = episodes.state[first : first + AT_ONCE]
        found.append(model.score(state, episodes.candidate[rows], bounds - bounds[0], episodes.allowed[rows]).mean)
    return torch.cat(found)


def check_finite(model: Model, episodes: Episodes, weights: Mapping[str, Tensor]) -> None:
    """Raises BadModel where a weight, or a score of the log that it was trained on, is not finite."""
    remedy = "look for wild values in the log, or train with a smaller learning rate"
    for name, weight in weights.items():
        if not bool(weight.isfinite().all()):
            raise BadModel(f"{model.origin.learner}: its training fell apart, {name} is not finite; {remedy}")
    wrong = int((~scores_of(model, episodes.to("cpu")).isfinite()).sum())
    if wrong > 0:
        raise BadModel(
            f"{model.origin.learner}: its training fell apart, {wrong} scores of its log are not finite; {remedy}"
        )


def load_model(folder: Path) -> Model:
    """Reads a model that save_model wrote. Raises BadModel where it is missing, broken, or of an unknown learner."""
    manifest = read_manifest(folder)
    learner = manifest["learner"]
    modules = LEARNERS | {name: peer.module for name, peer in PEERS.items()}
    if learner not in modules:
        raise BadModel(f"{folder / MANIFEST}: learner {learner!r} is none of {', '.join(modules)}; train it again")
    try:
        return cast(Model, import_module(modules[learner]).load(folder))
    except (OSError, KeyError, ValueError, RuntimeError, UnpicklingError) as cause:
        raise BadModel(f"{folder}: its files do not make a {learner} ({_first_line(cause)}); train it again") from cause


def read_manifest(folder: Path) -> dict[str, Any]:
    """The content of model.json. Raises BadModel where it is missing or lacks a field."""
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except OSError as cause:
        raise BadModel(f"{file}: cannot be read ({cause.strerror}); write it with `python -m qnet train`") from cause
    except ValueError as cause:
        raise BadModel(f"{file}: is not JSON ({cause}); train the model again") from cause
    wanted = ("learner", "features_hash", "data_hash", "seed", "config")
    missing = [one for one in wanted if not isinstance(manifest, dict) or one not in manifest]
    if missing:
        raise BadModel(f"{file}: lacks {', '.join(missing)}; train the model again")
    return cast(dict[str, Any], manifest)


def read_origin(folder: Path) -> Origin:
    """Where the model in a folder comes from, for a learner's `load`."""
    manifest = read_manifest(folder)
    return Origin(**{field: manifest[field] for field in Origin.__dataclass_fields__})


def content_hash(folder: Path) -> str:
    """Hex sha256 over the sorted relative names and the bytes of a model's files, without report and checkpoint.

    The revision of the code is said in the manifest and not counted: the same weights are the same model.
    """
    whole = hashlib.sha256()
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = file.relative_to(folder).as_posix()
        if not name.startswith(BESIDE):
            content = _without_revision(file) if name == MANIFEST else file.read_bytes()
            whole.update(f"{name}\n{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


def _without_revision(manifest: Path) -> bytes:
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content.pop("code_revision", None)
    return json.dumps(content, sort_keys=True).encode()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def code_revision() -> str:
    """The commit of this code, or "" where it is not in a git repository."""
    here = Path(__file__).parent
    try:
        asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
