"""The manifest beside a released model: what it is, where it comes from, and beyond what it may not be trusted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..healing import HORIZON_MINUTES
from .calibration import Calibration
from .canonical import canonical_sha256
from .config import Config
from .export import OPSET

MODEL, MANIFEST, REPORT = "model.onnx", "manifest.json", "report.html"


@dataclass(frozen=True)
class Facts:
    """Where a model comes from."""

    features_hash: str
    reward_hash: str
    catalogue_hash: str
    simulator_hash: str  # of what made the log, of all of them where it is several; "" for an account's own
    data_hash: str
    code_revision: str
    incidents: int  # that the weights were learnt from
    decisions: int


@dataclass(frozen=True)
class Shapes:
    """Of the model's inputs and outputs."""

    S: int
    A: int
    members: int


def manifest_of(
    content: bytes,
    facts: Facts,
    shapes: Shapes,
    calibration: Calibration,
    distance: float,
    config: Config,
    *,
    made: datetime,
) -> dict[str, Any]:
    """The manifest of a model that no gate has judged; `distance` is the limit, `made` in UTC."""
    tiers = [{"tier": tier, "maxHarm": limit} for tier, limit in enumerate(config.max_harm)]
    described = {
        "schema": 1,
        "model": {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "opset": OPSET},
        "features_hash": facts.features_hash,
        "reward_hash": facts.reward_hash,
        "catalogue_hash": facts.catalogue_hash,
        "simulator_hash": facts.simulator_hash,
        "data_hash": facts.data_hash,
        "code_revision": facts.code_revision,
        "shapes": asdict(shapes),
        "evidence": {
            "source": "simulated" if facts.simulator_hash else "account",
            "incidents": facts.incidents,
            "decisions": facts.decisions,
        },
        "rank": {"q": config.rank_q, "value": config.rank_value, "support": config.rank_support},
        "thresholds": {
            "m": config.m,
            "delta": config.delta,
            "support": config.support,
            "distance": distance,
            "tie": config.tie,
            "tiers": tiers,
        },
        "calibration": {
            "horizonMinutes": HORIZON_MINUTES,
            **{name: asdict(getattr(calibration, name)) for name in ("recover", "harm", "value")},
        },
        "gate": {"verdict": "none", "reasons": [], "undecided": [], "approval": []},
        "report": REPORT,
        "createdAt": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {**described, "manifest_hash": canonical_sha256(described)}


def write_release(folder: Path, content: bytes, manifest: dict[str, Any]) -> None:
    """Writes the model, then the manifest that names it: a crash in between leaves a model that nobody serves."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / MODEL).write_bytes(content)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
