"""A release from a log: which part of it is for what, and how trained models become a served folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..bad_input import BadEpisodes, BadInput
from ..episodes import Episodes, episodes_of, read_checked
from ..incidents import stream_of
from ..log_files import Log
from ..model import Model, code_revision
from ..reward import Reward, read_reward
from ..schema import canonical_hash
from .asked import Executed, asked_of_executed
from .calibration import Calibration, calibrated_chance, calibrated_mean, calibration_error
from .config import Config
from .distance import distance_of
from .export import onnx_bytes
from .manifest import Facts, Shapes, manifest_of, write_release
from .served import Served, save_parts, served_of
from .slices import Slice, part_of, slices_of, write_slices

TRAINING, PARTS = "training.json", "torch"


@dataclass(frozen=True)
class Material:
    """The slices of a log that a release may read: all but the test slice."""

    train: Episodes
    tune: Episodes
    calibrate: Episodes
    slices: dict[str, Slice]
    reward: Reward
    data_hash: str  # of the three together
    catalogue_hash: str
    guardrails_hash: str
    world_hash: str  # "" for an account's own log; of several simulated logs, of all their worlds together


def read_material(
    folders: Sequence[Path], *, features: Path, reward: Path, first: int | None, shares: tuple[float, ...]
) -> Material:
    """Reads a log and cuts it; of the test slice only where it begins and ends, and how much it holds, is looked at.

    Several folders are one log, cut by time: people's days and an agent's may lie side by side. Raises BadEpisodes
    where the log breaks a rule, has too few clusters, or was written under several catalogues or guardrails.
    """
    schema, log = read_checked(folders, features)
    weights = read_reward(reward)
    slices = slices_of(log, stream_of(log, first), shares)
    episodes = episodes_of(log, stream_of(log, slices["test"].first_cluster), schema, weights)
    train, tune, calibrate = (part_of(episodes, slices[name]) for name in ("train", "tune", "calibrate"))
    return Material(
        train,
        tune,
        calibrate,
        slices,
        weights,
        episodes.data_hash,
        catalogue_hash=_only(log, "catalogue_hash"),
        guardrails_hash=_only(log, "guardrails_hash"),
        world_hash=_together(_values(log, "world_hash")),
    )


def make_release(
    folder: Path, model: Model, behaviour: Model, material: Material, config: Config, *, made: datetime
) -> dict[str, Any]:
    """Calibrates, measures, exports and writes a folder; returns what training.json says of it. `made` in UTC."""
    if model.origin.features_hash != material.train.schema.hash:
        raise BadInput("the model reads other features than the log has; train it on this log")
    distance = distance_of(material.train.state, material.train.schema)
    served = served_of(model, behaviour, distance)
    said, distances = asked_of_executed(served, material.calibrate)
    curves = calibrated(said, material.calibrate)
    limit = float(np.quantile(distances, config.distance_percentile))
    content = onnx_bytes(served)
    slices = material.slices
    facts = Facts(
        features_hash=material.train.schema.hash,
        reward_hash=material.reward.hash,
        catalogue_hash=material.catalogue_hash,
        simulator_hash=material.world_hash,
        data_hash=material.data_hash,
        code_revision=code_revision(),
        incidents=slices["train"].incidents,
        decisions=slices["train"].decisions,
    )
    schema = material.train.schema
    shapes = Shapes(schema.S, schema.A, served.network.members)
    save_parts(folder / PARTS, model, behaviour, distance, material.reward.hash)
    write_slices(folder, slices)
    training = {
        "schema": 1,
        "seed": model.origin.seed,
        "guardrails_hash": material.guardrails_hash,
        "config": asdict(config),
        "learner": dict(model.origin.config),
        "behaviour": dict(behaviour.origin.config),
        "tune": checked(served, curves, material.tune, limit),
    }
    (folder / TRAINING).write_text(json.dumps(training, indent=2) + "\n", encoding="utf-8")
    manifest = manifest_of(content, facts, shapes, curves, round(limit, 6), config, made=made)
    write_release(folder, content, manifest)
    return {**training, "manifest_hash": manifest["manifest_hash"], "bytes": len(content)}


@dataclass(frozen=True)
class Observed:
    """What became of the decisions whose executed action was in the list: outcomes (n,), and where each is one."""

    well: NDArray[np.float64]
    has_well: NDArray[np.bool_]
    harmed: NDArray[np.float64]
    acted: NDArray[np.bool_]
    returns: NDArray[np.float64]
    known: NDArray[np.bool_]


def observed(episodes: Episodes) -> Observed:
    """In the order of the decisions that have one."""
    listed = episodes.executed >= 0
    return Observed(
        well=episodes.well_soon[listed].double().numpy(),
        has_well=episodes.well_known[listed].numpy(),
        harmed=episodes.harmed[listed].double().numpy(),
        acted=episodes.acted[listed].numpy(),
        returns=episodes.returns[listed].double().numpy(),
        known=episodes.known[listed].numpy(),
    )


def calibrated(said: Executed, episodes: Episodes) -> Calibration:
    """The curves of what was said of the executed candidates. Raises BadEpisodes where nothing was observed."""
    seen = observed(episodes)
    for what, rows in (("a recovery", seen.has_well), ("an effect", seen.acted), ("a whole return", seen.known)):
        if not rows.any():
            raise BadEpisodes(f"no decision of the slice calibrate shows {what}; log more days")
    return Calibration(
        recover=calibrated_chance(said.p_recover[seen.has_well], seen.well[seen.has_well]),
        harm=calibrated_chance(said.p_harm[seen.acted], seen.harmed[seen.acted]),
        value=calibrated_mean(said.value[seen.known], seen.returns[seen.known]),
    )


def checked(served: Served, curves: Calibration, episodes: Episodes, limit: float) -> dict[str, Any]:
    """How the curves and the distance do on a slice that they were not made on; null where it has no such row."""
    said, distances = asked_of_executed(served, episodes)
    seen = observed(episodes)
    pairs = {
        "recover": (said.p_recover, curves.recover, seen.well, seen.has_well),
        "harm": (said.p_harm, curves.harm, seen.harmed, seen.acted),
    }
    errors = {
        name: {
            "rows": int(rows.sum()),
            "errorBefore": calibration_error(raw[rows], happened[rows]) if rows.any() else None,
            "errorAfter": calibration_error(curve.of(raw[rows]), happened[rows]) if rows.any() else None,
        }
        for name, (raw, curve, happened, rows) in pairs.items()
    }
    return {**errors, "beyondDistance": float((distances > limit).mean())}


def _together(worlds: list[str]) -> str:
    return worlds[0] if len(worlds) == 1 else canonical_hash(sorted(worlds))


def _values(log: Log, name: str) -> list[str]:
    found: list[str] = pc.unique(log.column(name)).to_pylist()
    return found


def _only(log: Log, name: str) -> str:
    found = _values(log, name)
    if len(found) > 1:
        rule = f"{name} has {len(found)} values in the log, a model is released for one"
        raise BadEpisodes(f"{log.where(0)}: {rule}; leave out the days that were logged under another")
    return found[0]
