"""The log as it lies on disk: Parquet files with exactly the columns of an episode row, read whole."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .bad_input import BadEpisodes

_TEXT, _INT, _NUMBER, _FLAG = pa.string(), pa.int32(), pa.float64(), pa.bool_()
# Every column in the writer's order (functions/adapters/parquet/episode-columns.ts), with its type.
COLUMNS: dict[str, Any] = {
    "schema_version": _INT,
    "row_version": _INT,
    "decision_id": _TEXT,
    "incident_id": _TEXT,
    "cluster_id": _TEXT,
    "step": _INT,
    "decided_at": pa.int64(),
    "source": _TEXT,
    "service": _TEXT,
    "environment": _TEXT,
    "severity": _INT,
    "features_hash": _TEXT,
    "catalogue_hash": _TEXT,
    "guardrails_hash": _TEXT,
    "model_hash": _TEXT,
    "world_hash": _TEXT,
    "state": pa.list_(pa.float32()),
    "candidates": pa.list_(pa.float32()),
    "candidate_key": pa.list_(_TEXT),
    "runbook_id": pa.list_(_TEXT),
    "drafted_by": pa.list_(_TEXT),
    "drafter": _TEXT,
    "tier": pa.list_(_INT),
    "consents": pa.list_(_INT),
    "allowed": pa.list_(_FLAG),
    "refused_because": pa.list_(_TEXT),
    "stage": _TEXT,
    "canary_arm": _TEXT,
    "arm_probability": _NUMBER,
    "proposed": _INT,
    "probability": pa.list_(_NUMBER),
    "tie_set": pa.list_(_FLAG),
    "epsilon": _NUMBER,
    "seed": _TEXT,
    "abstained_because": _TEXT,
    "q": pa.list_(_NUMBER),
    "human_response": _TEXT,
    "human_reason": _TEXT,
    "executed": _INT,
    "executed_runbook": _TEXT,
    "exit_status": _TEXT,
    "undone": _FLAG,
    "elapsed_minutes": _NUMBER,
    "impact_minutes": _NUMBER,
    "impact_discounted": _NUMBER,
    "cost_action": _NUMBER,
    "cost_harm": _NUMBER,
    "cost_recurrence": _NUMBER,
    "handover_impact": _NUMBER,
    "harm": _TEXT,
    "recovered": _FLAG,
    "recovered_by": _TEXT,
    "end": _TEXT,
    "reopened_24h": _FLAG,
    "matured_at": pa.int64(),
}
# `quell simulate` and `quell score` write it last, beside their files: a file that it names is whole.
LISTED = ("simulation.json", "scored.json")
SCORED = "target_prob"  # the column that `quell score` adds, list<double>, null where it could not replay the row
SIMULATE_AGAIN = "delete the folder and write it again with `quell simulate`"
NULLABLE = frozenset({"probability", "q", "reopened_24h", "matured_at"})


@dataclass(frozen=True)
class Log:
    """The rows of all files, one after the other."""

    rows: Any  # pyarrow.Table with the columns of COLUMNS, and SCORED of a scored log, each in one chunk
    paths: tuple[Path, ...]
    starts: NDArray[np.int64]  # (files,) the first row of each file

    def column(self, name: str) -> Any:
        """A column as one pyarrow array."""
        return self.rows[name].chunk(0)

    def numbers(self, name: str) -> NDArray[Any]:
        """A column of plain numbers or flags, (rows,), as it lies in memory where that is possible."""
        values: NDArray[Any] = self.column(name).to_numpy(zero_copy_only=False)
        return values

    def codes(self, name: str) -> NDArray[np.int64]:
        """A column of texts as numbers, (rows,): equal texts have equal numbers, counted by first appearance."""
        codes: NDArray[np.int64] = self.column(name).dictionary_encode().indices.to_numpy().astype(np.int64)
        return codes

    def file_of(self) -> NDArray[np.int64]:
        """(rows,) which file each row is from."""
        return np.searchsorted(self.starts, np.arange(self.rows.num_rows), side="right") - 1

    def where(self, row: int) -> str:
        """The file, the row counted from 0, and the decision in it."""
        file = int(np.searchsorted(self.starts, row, side="right")) - 1
        return f"{self.paths[file]}, row {row - self.starts[file]} (decision {self.rows['decision_id'][row]})"

    def refuse(self, wrong: NDArray[np.bool_], rule: str, remedy: str) -> None:
        """Raises BadEpisodes for the first row where `wrong`, (rows,), is True; says how many there are."""
        if wrong.any():
            row, count = int(wrong.argmax()), int(wrong.sum())
            others = "" if count == 1 else f" (and {count - 1} more rows)"
            raise BadEpisodes(f"{self.where(row)}: {rule}{others}; {remedy}")


def read_log(folders: Sequence[Path]) -> Log:
    """Reads the Parquet files that lie directly in the folders, by name; what lies deeper is not looked at.

    Raises BadEpisodes where there is none, or one is broken, has other columns, or is not what its folder lists.
    """
    files = [file for folder in folders for file in _files_in(folder)]
    tables = [_table(path, _content(path, sha256)) for path, sha256 in files]
    unscored = [path for (path, _), table in zip(files, tables, strict=True) if SCORED not in table.column_names]
    if 0 < len(unscored) < len(files):
        raise BadEpisodes(
            f"{unscored[0]}: lacks {SCORED}, which other files have; write all of them with `quell score`"
        )
    sizes = [table.num_rows for table in tables]
    if sum(sizes) == 0:
        raise BadEpisodes(f"{_named(folders)}: holds no row; write some with `quell simulate --out DIR`")
    return Log(
        rows=pa.concat_tables(tables).combine_chunks(),
        paths=tuple(path for path, _ in files),
        starts=np.cumsum([0, *sizes[:-1]]),
    )


def _files_in(folder: Path) -> list[tuple[Path, str | None]]:
    """The Parquet files of a folder by name, each with the sha256 that the simulator listed; None where it did not."""
    if not folder.is_dir():
        raise BadEpisodes(f"{folder}: is no folder; name one that `quell simulate --out DIR` wrote")
    paths = sorted(folder.glob("*.parquet"))
    name_of_list = _listing(folder)
    listed = _listed(folder / name_of_list)
    if listed is None and not paths:
        raise BadEpisodes(f"{folder}: holds no Parquet file; name a folder that `quell simulate --out DIR` wrote")
    if listed is None:
        return [(path, None) for path in paths]
    for name in sorted(listed.keys() - {path.name for path in paths}):
        raise BadEpisodes(f"{folder / name}: is missing, {name_of_list} lists it; {SIMULATE_AGAIN}")
    for path in paths:
        if path.name not in listed:
            raise BadEpisodes(f"{path}: is not listed in {name_of_list}, so it is no part of that log; take it away")
    return [(path, listed[path.name]) for path in paths]


def _listing(folder: Path) -> str:
    """The name of the list that a folder has, or would have."""
    return next((name for name in LISTED if (folder / name).exists()), LISTED[0])


def _listed(file: Path) -> dict[str, str] | None:
    """The sha256 of each file of a simulated log by its name; None where no simulator wrote the folder."""
    if not file.exists():
        return None
    try:
        return {part["file"]: part["sha256"] for part in json.loads(file.read_text(encoding="utf-8"))["parts"]}
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise BadEpisodes(f"{file}: does not list the files of a log ({cause!r}); {SIMULATE_AGAIN}") from cause


def _content(path: Path, sha256: str | None) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise BadEpisodes(f"{path}: cannot be read ({cause.strerror}); repair it, or take it away") from cause
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise BadEpisodes(
            f"{path}: has changed since {_listing(path.parent)} listed it by its sha256; {SIMULATE_AGAIN}"
        )
    return content


def _named(folders: Iterable[Path]) -> str:
    return ", ".join(str(folder) for folder in folders)


def _table(path: Path, content: bytes) -> Any:
    """One file, its columns in the order of COLUMNS."""
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as cause:
        reason = str(cause).splitlines()[0]
        raise BadEpisodes(f"{path}: is not a whole Parquet file ({reason}); write it again") from cause
    missing = [name for name in COLUMNS if name not in table.column_names]
    columns = {**COLUMNS, SCORED: pa.list_(_NUMBER)} if SCORED in table.column_names else COLUMNS
    extra = [name for name in table.column_names if name not in columns]
    for what, names in (("lacks", missing), ("has beyond an episode row", extra)):
        if names:
            raise BadEpisodes(f"{path}: {what} the column {', '.join(names)}; write it with this version of Quell")
    if len(table.column_names) != len(columns):
        raise BadEpisodes(f"{path}: names a column twice; write it with this version of Quell")
    for name, wanted in columns.items():
        found = table.schema.field(name).type
        if found != wanted:
            raise BadEpisodes(
                f"{path}: the column {name} is {found}, not {wanted}; write it with this version of Quell"
            )
    return table.select(list(columns)).cast(pa.schema(list(columns.items())))
