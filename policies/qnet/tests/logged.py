"""Logs made up on disk, whole by default, so that a test can break one thing."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from synthetic import synthetic_schema_content

from qnet.episodes import Episodes, read_episodes
from qnet.log_files import COLUMNS
from qnet.schema import canonical_hash

FEATURES = synthetic_schema_content(state=3, candidate=12)
REWARD = {
    "version": 1,
    "halfLifeHours": 8,
    "scaleHours": 0.25,
    "capScales": 20,
    "weights": {"impact": 1, "handover": 1, "action": 1, "harm": 1, "recurrence": 1},
}
DAY_MS = 86_400_000
Row = dict[str, Any]


def logged_row(incident: int, step: int = 0, *, candidates: int = 2, **changes: Any) -> Row:
    """One decision of incident `incident`, which fills the day of that number; recovered unless told otherwise."""
    width = len(FEATURES["candidate"])
    row: Row = {
        "schema_version": 1,
        "row_version": 0,
        "decision_id": f"quell-{incident}/{step}",
        "incident_id": f"quell-{incident}",
        "cluster_id": f"day-1-{incident:06d}",
        "step": step,
        "decided_at": incident * DAY_MS + step * 600_000,
        "source": "oncall",
        "service": "checkout",
        "environment": "prod",
        "severity": 2,
        "features_hash": canonical_hash(FEATURES),
        **dict.fromkeys(("catalogue_hash", "guardrails_hash", "model_hash", "world_hash"), ""),
        "state": [float(incident), float(step), 0.5],
        "candidates": [float(number % 2) for number in range(candidates * width)],
        "candidate_key": [f"runbook-{number}@1#" for number in range(candidates)],
        "runbook_id": [f"runbook-{number}" for number in range(candidates)],
        "drafted_by": ["rules"] * candidates,
        "drafter": "offline",
        "tier": [0] * candidates,
        "consents": [0] * candidates,
        "allowed": [True] * candidates,
        "refused_because": [""] * candidates,
        "stage": "",
        "canary_arm": "",
        "arm_probability": 1.0,
        "proposed": -1,
        "probability": None,
        "tie_set": [False] * candidates,
        "epsilon": 0.0,
        "seed": "1",
        "abstained_because": "",
        "q": None,
        "human_response": "none",
        "human_reason": "",
        "executed": 0,
        "executed_runbook": "runbook-0",
        "exit_status": "succeeded",
        "undone": False,
        "elapsed_minutes": 10.0,
        "impact_minutes": 6.0,
        "impact_discounted": 0.1,
        "cost_action": 0.03,
        "cost_harm": 0.0,
        "cost_recurrence": 0.0,
        "handover_impact": 0.0,
        "harm": "none",
        "recovered": True,
        "recovered_by": "action",
        "end": "recovered",
        "reopened_24h": None,
        "matured_at": None,
    }
    return row | changes


def logged_incident(incident: int, steps: int, **changes: Any) -> list[Row]:
    """Decisions that follow each other; only the last recovers. The changes are of all of them."""
    going_on: Row = {"recovered": False, "recovered_by": "", "end": "none"}
    return [logged_row(incident, step, **((going_on if step + 1 < steps else {}) | changes)) for step in range(steps)]


def write_part(folder: Path, rows: list[Row], name: str = "part-00000.parquet", schema: Any = None) -> Path:
    """Writes rows as one file, as the writer of the product does."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pa.schema(list(COLUMNS.items())) if schema is None else schema
    pq.write_table(pa.Table.from_pylist(rows, schema=wanted), folder / name, compression="zstd")
    return folder / name


def read(*folders: Path, first: int | None = None, reward: Any = None) -> Episodes:
    """Reads folders with the features and the reward of this file, which are written beside the first folder."""
    features, weights = folders[0].parent / "features.json", folders[0].parent / "reward.json"
    features.write_text(json.dumps(FEATURES))
    weights.write_text(json.dumps(REWARD if reward is None else reward))
    return read_episodes(folders, features=features, reward=weights, first=first)
