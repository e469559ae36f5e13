"""`python -m qnet release`: a log in, a folder that can be gated and served out."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from ..bad_input import BadInput
from ..learners import cloning, cql
from ..model import load_model
from ..progress import Progress
from ..train import config_of, device_of
from .config import Config
from .make import Material, make_release, read_material
from .manifest import MANIFEST, MODEL
from .shuffled import shuffled_material
from .slices import shares_of

HERE = Path(__file__).resolve().parents[2]  # policies/qnet


def add_parser(subparsers: Any) -> None:
    """`release` trains on the log's first part; `export` takes models that `train` wrote."""
    parser = subparsers.add_parser("release", help="train, calibrate and export what is served")
    add_flags(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--learner", help="fields of the CQL config that differ, as JSON")
    parser.add_argument("--behaviour", help="fields of the behaviour's config that differ, as JSON")
    parser.add_argument(
        "--shuffled",
        action="store_true",
        help="deal the outcomes out at random: the gate's leak test wants such a model",
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or auto; other devices give other bits")
    parser.set_defaults(run=run)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What `release` and `export` share."""
    parser.add_argument("--episodes", type=Path, required=True, action="append", help="a folder of Parquet files")
    parser.add_argument("--first", type=int, help="only the first so many days that have a decision")
    parser.add_argument("--slices", help="shares of train, tune, calibrate, test; 0.7,0.1,0.1,0.1")
    parser.add_argument("--config", help="fields of the release config that differ, as JSON: '{\"m\": 2}'")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the release")
    parser.add_argument("--features", type=Path, default=HERE / "features.json")
    parser.add_argument("--reward", type=Path, default=HERE / "reward.json")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(flags: argparse.Namespace) -> int:
    """Trains on the train slice and releases. Everything that can be refused is, before the log is read."""
    began = time.monotonic()
    config = config_of(Config, flags.config)
    learner, behaviour = config_of(cql.Config, flags.learner), config_of(cloning.Config, flags.behaviour)
    device = device_of(flags.device)
    torch.set_num_threads(1)  # the same model however many cores there are
    material = material_of(flags)
    if flags.shuffled:
        material = shuffled_material(material, flags.seed)
    common = {"seed": flags.seed, "device": device, "progress": Progress()}
    model = cql.fit(material.train, learner, **common)
    people = cloning.fit(material.train, behaviour, **common)
    found = make_release(flags.out, model, people, material, config, made=datetime.now(UTC))
    say(flags, material, found, time.monotonic() - began)
    return 0


def run_export(flags: argparse.Namespace) -> int:
    """Releases models that were trained before, on this log's train slice or on what came before it."""
    began = time.monotonic()
    config = config_of(Config, flags.config)
    torch.set_num_threads(1)
    model, people = load_model(flags.model), load_model(flags.behaviour)
    material = material_of(flags)
    found = make_release(flags.out, model, people, material, config, made=datetime.now(UTC))
    say(flags, material, found, time.monotonic() - began)
    return 0


def material_of(flags: argparse.Namespace) -> Material:
    """The log that the flags name. Raises BadInput where OUT already holds a release."""
    for name in (MODEL, MANIFEST):
        if (flags.out / name).exists():
            raise BadInput(f"--out {flags.out}: holds a {name} already; name another folder")
    shares = shares_of(flags.slices)
    flags.out.mkdir(parents=True, exist_ok=True)
    return read_material(flags.episodes, features=flags.features, reward=flags.reward, first=flags.first, shares=shares)


def say(flags: argparse.Namespace, material: Material, found: dict[str, Any], seconds: float) -> None:
    """One line, or one JSON document."""
    facts = {
        "folder": str(flags.out),
        "manifest_hash": found["manifest_hash"],
        "bytes": found["bytes"],
        "data_hash": material.data_hash,
        "slices": {name: vars(one) for name, one in material.slices.items()},
        "tune": found["tune"],
        "seconds": round(seconds, 1),
    }
    train = material.slices["train"]
    line = (
        f"released in {flags.out}, not gated yet: {found['bytes']:,} bytes, learnt from {train.decisions:,} decisions "
        f"of {train.clusters:,} days in {seconds:.0f} s; gate it with `quell gate`"
    )
    sys.stdout.write(f"{json.dumps(facts) if flags.json else line}\n")
