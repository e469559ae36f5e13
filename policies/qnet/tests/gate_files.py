"""A gate's input on disk, whole by default, so that a test can break one thing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from logged import DAY_MS, FEATURES, REWARD, Row, logged_row, write_part

from qnet.__main__ import main
from qnet.gate.thresholds import Thresholds
from qnet.log_files import COLUMNS

INCIDENTS = 1500
EXPLORED = [0.8, 0.2]
CHECKS: dict[str, Any] = {
    "parity": {"rows": 10_000, "worst": 1e-6, "limit": 1e-4},
    "golden": {"scenes": 20, "forbiddenAutos": 0, "changed": 1, "ids": ["golden-1"]},
    "permutation": {"scenes": 20, "failures": 0},
    "mask": {"scenes": 20, "failures": 0},
    "leaks": {"rows": 100, "differing": 0, "example": ""},
    "model": {"refused": None},
}
FAMILIES = ("config", "deploy")


def agent_rows(incidents: int, **changes: Any) -> list[Row]:
    """One decision an incident, an hour apart; the first candidate is proposed four times in five, and costs less."""
    random = np.random.default_rng(1)
    rows = []
    for incident in range(incidents):
        drawn = int(random.random() < EXPLORED[1])
        rows.append(
            logged_row(incident)
            | {
                "source": "agent",
                "state": [float(random.normal()), 0.0, 0.5],
                "decided_at": incident * DAY_MS // 24,
                "stage": "auto",
                "proposed": drawn,
                "executed": drawn,
                "probability": EXPLORED,
                "epsilon": 0.4,
                "impact_discounted": float(random.uniform(0.05, 0.1) + 0.05 * drawn),
            }
            | changes
        )
    return rows


def write_scored(folder: Path, rows: list[Row], target: list[float] | None) -> None:
    """The rows as `quell score` leaves them."""
    schema = pa.schema([*COLUMNS.items(), ("target_prob", pa.list_(pa.float64()))])
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([row | {"target_prob": target} for row in rows], schema=schema)
    pq.write_table(table, folder / "part-00000.parquet")


def judged_days(hours: dict[str, float], *, a_family: int, harmful: dict[str, float] | None = None) -> list[Row]:
    """Days of 20 worlds, the families in turn; each policy costs its hours and does its share of harm."""
    random = np.random.default_rng(2)
    rows = []
    for day in range(a_family * len(FAMILIES)):
        cost, hurt = random.uniform(0.5, 1.5), random.random()
        for policy, each in hours.items():
            rows.append(
                {
                    "world": day // len(FAMILIES) % 20,
                    "day": day,
                    "family": FAMILIES[day % len(FAMILIES)],
                    "policy": policy,
                    "hours": cost * each,
                    "actions": 1,
                    "harmful": int(hurt < (harmful or {}).get(policy, 0.02)),
                    "pages": 0,
                    "choices": [f"fix-{FAMILIES[day % len(FAMILIES)]}", "wait"],
                }
            )
    return rows


def write_lines(file: Path, rows: list[Row]) -> None:
    """JSON lines."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_gate(folder: Path, *, rows: list[Row] | None = None, days: list[Row] | None = None, **changes: Any) -> Path:
    """Everything that `gate` reads, and its spec. The challenger proposes as the champion does."""
    rows = agent_rows(INCIDENTS) if rows is None else rows
    write_part(folder / "log", rows)
    for name in ("challenger", "champion"):
        write_scored(folder / name, rows, [1.0, 0.0])
    (folder / "features.json").write_text(json.dumps(FEATURES))
    (folder / "reward.json").write_text(json.dumps(REWARD))
    (folder / "checks.json").write_text(json.dumps(CHECKS))
    write_lines(folder / "days.jsonl", EQUAL_DAYS if days is None else days)
    spec = {
        "schema": 1,
        "challenger": "new",
        "champion": "rules",
        "model": None,
        "reward": "reward.json",
        "features": "features.json",
        "episodes": ["log"],
        "scored": {"challenger": "challenger", "champion": "champion"},
        "days": "days.jsonl",
        "familyShares": {"config": 0.5, "deploy": 0.5},
        "checks": "checks.json",
        "slices": {"train": 0, "tune": 0.2, "calibrate": 0, "test": 0.8},
        "openings": "openings.jsonl",
        "trainedOn": None,
        "challengers": [],
        "shuffled": None,
    }
    file = folder / "spec.json"
    file.write_text(json.dumps(spec | changes))
    return file


def gate(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Runs the command; the exit code and verdict.json."""
    code = main(["gate", "--spec", str(folder / "spec.json"), "--out", str(folder / "out"), *more])
    file = folder / "out" / "verdict.json"
    return code, json.loads(file.read_text()) if file.exists() else {}


QUICK = Thresholds(draws=200, rank_draws=50)
EQUAL_DAYS = judged_days({"rules": 1.0, "new": 1.0}, a_family=20)
