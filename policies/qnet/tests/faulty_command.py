"""A command with a fault, as `python -m qnet` loads its commands."""

from typing import Any


def add_parser(subparsers: Any) -> None:
    """Registers `break`."""
    subparsers.add_parser("break").set_defaults(run=lambda _: 1 // 0)
