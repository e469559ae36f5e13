"""`python -m qnet export`: trained models in, the same folder as `release` writes out."""

from pathlib import Path
from typing import Any

from .command import add_flags, run_export


def add_parser(subparsers: Any) -> None:
    """Calibrates on the log's calibrate slice; whoever trained the models saw to it that they did not see it."""
    parser = subparsers.add_parser("export", help="release models that were trained before")
    add_flags(parser)
    parser.add_argument("--model", type=Path, required=True, help="a folder that `train --learner cql` wrote")
    parser.add_argument("--behaviour", type=Path, required=True, help="one that `train --learner cloning` wrote")
    parser.set_defaults(run=run_export)
