"""What TypeScript writes is what Python reads: rows, vectors, nulls and hashes."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from logged import Row, logged_incident, logged_row, read, write_part
from typescript import ROOT, typescript

from qnet.episodes import BadEpisodes, read_episodes
from qnet.log_files import COLUMNS, read_log
from qnet.schema import read_schema

WRITE = """
import { readFileSync } from "node:fs";
import { writeEpisodes } from "./functions/adapters/parquet/write-episodes.ts";
const { path, rows } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(writeEpisodes(path, rows).sha256);
"""
SIMULATE = """
import { readFileSync } from "node:fs";
import { quell } from "./functions/cli/quell.ts";
const quiet = { write: () => {}, writeError: () => {}, paint: (text) => text, isLive: false, isErrorLive: false };
const flags = ["--incidents", "12", "--seed", "1", "--no-truth", "--out", readFileSync(0, "utf8")];
process.exitCode = await quell(["simulate", ...flags], { ...quiet, canAsk: false });
"""
HASH = 'import { FEATURES_HASH } from "./functions/core/features.ts"; process.stdout.write(FEATURES_HASH);'


def rows_of_every_kind() -> list[Row]:
    """Nulls and none, one candidate and five, every ending, text beyond ASCII, times beyond 32 bits."""
    odd = logged_row(0, candidates=1, service="Größe 🔥", probability=[1.0], q=[-1.5], reopened_24h=True)
    late = logged_row(1, candidates=5, matured_at=1_800_000_000_000, executed=-1, end="open", recovered=False)
    shares = [1 / 3, 1 / 3, 1 / 3]
    drawn = logged_row(2, candidates=3, probability=shares, tie_set=[True, True, False], allowed=[True, False, True])
    return [odd, late, drawn, *logged_incident(3, 4), logged_row(4, state=[0.1, -9.999, 1e-30])]


def written_by_typescript(folder: Path, rows: list[Row]) -> str:
    folder.mkdir(parents=True)
    return typescript(WRITE, json.dumps({"path": str(folder / "part-00000.parquet"), "rows": rows}))


def test_rows_written_by_typescript_are_read_as_if_pyarrow_had_written_them(tmp_path: Path) -> None:
    rows = rows_of_every_kind()
    write_part(tmp_path / "python" / "log", rows)

    written_by_typescript(tmp_path / "typescript" / "log", rows)

    ours, theirs = read(tmp_path / "python" / "log"), read(tmp_path / "typescript" / "log")
    tensors = [name for name, value in vars(ours).items() if isinstance(value, torch.Tensor)]
    assert len(tensors) == 15
    assert [name for name in tensors if not torch.equal(getattr(ours, name), getattr(theirs, name))] == []


def test_every_column_survives_the_way_from_typescript(tmp_path: Path) -> None:
    rows = rows_of_every_kind()
    write_part(tmp_path / "python", rows)

    sha256 = written_by_typescript(tmp_path / "typescript", rows)

    ours, theirs = read_log([tmp_path / "python"]), read_log([tmp_path / "typescript"])
    assert [name for name in COLUMNS if not ours.rows[name].equals(theirs.rows[name])] == []
    assert hashlib.sha256(theirs.paths[0].read_bytes()).hexdigest() == sha256
    assert pq.read_schema(theirs.paths[0]).names == list(COLUMNS)


def test_the_hash_of_the_features_is_the_one_that_typescript_writes_into_rows() -> None:
    assert read_schema(ROOT / "policies/qnet/features.json").hash == typescript(HASH)


def test_a_log_that_the_simulator_wrote_is_read_while_its_files_are_those_it_listed(tmp_path: Path) -> None:
    qnet = ROOT / "policies/qnet"
    typescript(SIMULATE, str(tmp_path))

    episodes = read_episodes([tmp_path], features=qnet / "features.json", reward=qnet / "reward.json")

    assert episodes.decisions == json.loads((tmp_path / "simulation.json").read_text())["rows"] > 0
    part = tmp_path / "part-00000.parquet"
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(BadEpisodes, match=r"has changed since simulation\.json listed it"):
        read_log([tmp_path])
