"""Models, kept by what made them: a cell is trained again when its data, its settings or the learner's code changed."""

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qnet.experiment.plan import Cell
from qnet.experiment.run_tasks import TaskFailed, run_command
from qnet.learners import LEARNERS, PEERS

# What training imports; whatever these import in turn counts too.
TRAINING = ("qnet/episodes.py", "qnet/model.py", "qnet/experiment/train.py")


@dataclass(frozen=True)
class Kitchen:
    """What all cells have in common."""

    models: Path  # the folder that keeps them
    command: tuple[str, ...]  # trains the cells of one log: JSON on its stdin (see train.py)
    features: Path
    reward: Path
    sources: Mapping[str, str]  # learner -> hash of the code that trains it


@dataclass(frozen=True)
class Trained:
    """A model that is there."""

    name: str
    folder: Path
    sha256: str
    seconds: float


def sources_hash(package: Path, learner: str) -> str:
    """Hash of the code that trains a learner: its module and all of the package that this imports, however far."""
    own = PEERS[learner].programs if learner in PEERS else (LEARNERS[learner].replace(".", "/") + ".py",)
    found, left = dict[Path, str](), [package.parent / entry for entry in (*TRAINING, *own)]
    while left:
        file = left.pop()
        if file in found:
            continue
        text = file.read_text(encoding="utf-8")
        found[file] = hashlib.sha256(text.encode()).hexdigest()
        left += _imported(text, file, package)
    return _hash([[str(file.relative_to(package.parent)), found[file]] for file in sorted(found)])


def _imported(text: str, file: Path, package: Path) -> list[Path]:
    """The package's own files that the text of one of them imports."""
    names = list[tuple[str, ...]]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = file.relative_to(package.parent).parts[: -node.level] if node.level else ()
            module = (*above, *(node.module.split(".") if node.module else ()))
            names += [module, *((*module, alias.name) for alias in node.names)]
    places = [package.joinpath(*rest) for head, *rest in names if head == package.name]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return [file for file in files if file.is_file()]


def folder_of(cell: Cell, data_hash: str, kitchen: Kitchen) -> Path:
    """Where the cell's model is or will be: named by the hash of all that makes it."""
    made_of = [
        *(data_hash, cell.size, cell.learner, cell.config, cell.seed, kitchen.sources[cell.learner]),
        *(_file_hash(kitchen.features), _file_hash(kitchen.reward)),
    ]
    return kitchen.models / f"{cell.name}-{cell.seed}-{_hash(made_of)[:16]}"


def trained(cell: Cell, folder: Path) -> Trained | None:
    """The model that is in the folder; None while it is not whole."""
    try:
        kept = json.loads((folder / "cell.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Trained(cell.name, folder / "model", kept["model_hash"], kept["seconds"])


def train_cells(cells: Sequence[Cell], episodes: Path, data_hash: str, kitchen: Kitchen) -> str:
    """Trains those of one log and size that are missing, in one process. Raises TaskFailed naming those that failed.

    A cell that takes the process down is blamed for it, and those behind it get a process of their own.
    """
    folders = {cell.name: folder_of(cell, data_hash, kitchen) for cell in cells}
    missing = [cell for cell in cells if trained(cell, folders[cell.name]) is None]
    left, failed = list(missing), list[str]()
    while left:
        try:
            answers = run_command(kitchen.command, json.dumps(_job(left, folders, episodes, kitchen)))
            failed += [one["error"] for one in map(json.loads, answers.splitlines()) if "error" in one]
            left = []
        except TaskFailed as error:
            left = [cell for cell in left if trained(cell, folders[cell.name]) is None]
            if left:
                failed.append(f"{left.pop(0).name}: {error}")
    if failed:
        raise TaskFailed("\n".join(failed))
    return f"{len(missing)} trained" + (
        f", {len(cells) - len(missing)} were there" if len(missing) < len(cells) else ""
    )


def _job(cells: Sequence[Cell], folders: dict[str, Path], episodes: Path, kitchen: Kitchen) -> dict[str, object]:
    return {
        "episodes": str(episodes),
        "first": cells[0].size,
        "features": str(kitchen.features),
        "reward": str(kitchen.reward),
        "cells": [
            {
                "name": cell.name,
                "folder": str(folders[cell.name]),
                "learner": cell.learner,
                "config": cell.config,
                "seed": cell.seed,
            }
            for cell in cells
        ],
    }


def _file_hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
