"""`python -m qnet outputs`: what torch says of logged rows, for others to hold their own answers against."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from ..bad_input import BadInput
from ..episodes import Episodes, episodes_of, read_checked
from ..incidents import stream_of
from ..reward import read_reward
from .asked import Padded, asked
from .command import HERE
from .make import PARTS
from .served import Served, load_served
from .slices import Slice, part_of

PER_MEMBER = ("q", "value", "p_recover", "p_harm")


def add_parser(subparsers: Any) -> None:
    """The first so many decisions of a log, in its order."""
    parser = subparsers.add_parser("outputs", help="write what torch says of logged rows")
    parser.add_argument("--model", type=Path, required=True, help="a folder that `release` wrote")
    parser.add_argument("--episodes", type=Path, required=True, action="append", help="a folder of Parquet files")
    parser.add_argument("--rows", type=int, default=10_000, help="decisions, at least: its days are whole")
    parser.add_argument("--out", type=Path, required=True, help="the Parquet file")
    parser.add_argument("--features", type=Path, default=HERE / "features.json")
    parser.add_argument("--reward", type=Path, default=HERE / "reward.json")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Writes the file and says how many rows it has."""
    if flags.rows < 1:
        raise BadInput(f"--rows {flags.rows}: give 1 or more")
    torch.set_num_threads(1)
    served, features_hash = load_served(flags.model / PARTS)
    schema, log = read_checked(flags.episodes, flags.features)
    if features_hash != schema.hash:
        raise BadInput(f"{flags.model}: reads other features than {flags.features} describes; train it again")
    stream = stream_of(log, None)
    episodes = first_of(episodes_of(log, stream, schema, read_reward(flags.reward)), flags.rows)
    names = log.column("decision_id").take(pa.array(stream.rows[: episodes.decisions]))
    flags.out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table_of(served, episodes, names), flags.out, compression="zstd")
    sys.stdout.write(f"{episodes.decisions} decisions in {flags.out}\n")
    return 0


def first_of(episodes: Episodes, rows: int) -> Episodes:
    """The first days of a log that have so many decisions together; all of it where it has fewer."""
    last = int(episodes.cluster[min(rows, episodes.decisions) - 1])
    return part_of(episodes, Slice(0, last + 1, 0, 0, 0, 0))


def table_of(served: Served, episodes: Episodes, names: Any) -> Any:
    """The outputs as rows: M x K lists row-major, without the padding."""
    columns: dict[str, list[Any]] = {name: [] for name in (*PER_MEMBER, "log_pi_b", "ood")}
    for part, said in asked(served, episodes):
        for row in range(len(part.state)):
            for name in PER_MEMBER:
                columns[name].append(_own(said[name][row], part, row).flatten().tolist())
            columns["log_pi_b"].append(_own(said["log_pi_b"][row], part, row).tolist())
        columns["ood"].extend(said["ood"].tolist())
    lists = {name: pa.array(columns[name], pa.list_(pa.float32())) for name in (*PER_MEMBER, "log_pi_b")}
    return pa.table({"decision_id": names, **lists, "ood": pa.array(columns["ood"], pa.float32())})


def _own(said: Tensor, part: Padded, row: int) -> Tensor:
    """The last axis cut to the decision's own candidates."""
    return said[..., : int(part.real[row].sum())]
