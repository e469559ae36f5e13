"""What `gate` is asked: one JSON file, paths relative to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from qnet.bad_input import BadInput

from .slices import SLICES, Slices

FIX = "mend the file and run the gate again"


@dataclass(frozen=True)
class Spec:
    """The spec of one gate, its paths made absolute."""

    challenger: str
    champion: str
    model: Path | None  # a folder with model.onnx and manifest.json
    reward: Path
    features: Path
    episodes: tuple[Path, ...]
    scored: Mapping[str, Path]  # of "challenger" and "champion"
    days: Path
    shares: Mapping[str, float]  # of families
    checks: Path
    slices: Slices
    openings: Path
    trained_on: frozenset[str] | None
    challengers: tuple[tuple[str, Path], ...]
    shuffled: tuple[Path, Path] | None  # scored by cloning, and by a model that was trained on shuffled returns


def read_spec(file: Path) -> Spec:
    """Raises BadInput where it is missing, no JSON, or one of its keys is not as it must be, and says which."""
    content = read_json(file)
    if not isinstance(content, dict) or content.get("schema") != 1:
        raise BadInput(f"{file}: schema is {_at(content, 'schema')!r}, this gate knows 1; {FIX}")
    reader = _Reader(file, content)
    scored = reader.mapping("scored")
    shuffled = content.get("shuffled")
    spec = Spec(
        challenger=reader.text("challenger"),
        champion=reader.text("champion"),
        model=None if content.get("model") is None else reader.path("model"),
        reward=reader.path("reward"),
        features=reader.path("features"),
        episodes=tuple(reader.resolved(one, "episodes") for one in reader.items("episodes")),
        scored={name: reader.resolved(scored.get(name), f"scored.{name}") for name in ("challenger", "champion")},
        days=reader.path("days"),
        shares=_shares(reader),
        checks=reader.path("checks"),
        slices=_slices(reader),
        openings=reader.path("openings"),
        trained_on=None if content.get("trainedOn") is None else frozenset(map(str, reader.items("trainedOn"))),
        challengers=tuple(
            (str(_at(one, "name")), reader.resolved(_at(one, "scored"), "challengers[].scored"))
            for one in content.get("challengers") or []
        ),
        shuffled=None
        if shuffled is None
        else (
            reader.resolved(_at(shuffled, "cloning"), "shuffled.cloning"),
            reader.resolved(_at(shuffled, "shuffled"), "shuffled.shuffled"),
        ),
    )
    if not spec.episodes:
        raise reader.bad("episodes", "names no folder")
    if spec.challenger == spec.champion:
        raise reader.bad("champion", "is the challenger itself")
    return spec


def read_json(file: Path) -> Any:
    """The content of a JSON file. Raises BadInput where it cannot be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as cause:
        raise BadInput(f"{file}: cannot be read ({cause.strerror}); name a file that is there") from cause
    except ValueError as cause:
        raise BadInput(f"{file}: is not JSON ({cause}); {FIX}") from cause


def _at(content: object, name: str) -> Any:
    return content.get(name) if isinstance(content, dict) else None


@dataclass(frozen=True)
class _Reader:
    file: Path
    content: Mapping[str, Any]

    def bad(self, key: str, what: str) -> BadInput:
        return BadInput(f"{self.file}: {key} {what}; {FIX}")

    def text(self, key: str) -> str:
        value = self.content.get(key)
        if not isinstance(value, str) or value == "":
            raise self.bad(key, f"is {value!r}, not a name")
        return value

    def resolved(self, value: object, key: str) -> Path:
        if not isinstance(value, str) or value == "":
            raise self.bad(key, f"is {value!r}, not a path")
        return (self.file.parent / value).resolve()

    def path(self, key: str) -> Path:
        return self.resolved(self.content.get(key), key)

    def items(self, key: str) -> list[Any]:
        value = self.content.get(key)
        if not isinstance(value, list):
            raise self.bad(key, f"is {value!r}, not a list")
        return value

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.content.get(key)
        if not isinstance(value, dict):
            raise self.bad(key, f"is {value!r}, not an object")
        return value


def _shares(reader: _Reader) -> Mapping[str, float]:
    shares = reader.mapping("familyShares")
    for name, share in shares.items():
        if not _is_number(share) or share < 0:
            raise reader.bad(f"familyShares.{name}", f"is {share!r}, not a share of 0 or more")
    if not sum(shares.values()) > 0:
        raise reader.bad("familyShares", "add up to nothing")
    return {name: float(share) for name, share in shares.items()}


def _slices(reader: _Reader) -> Slices:
    given = reader.mapping("slices")
    values: list[Any] = [given.get(name) for name in SLICES]
    if all(_is_number(one) and 0 <= one <= 1 for one in values):
        if abs(sum(values) - 1) > 1e-9 or not values[-1] > 0:
            raise reader.bad("slices", "are shares that do not add up to 1, or leave nothing to test")
        return Slices(shares=tuple(float(one) for one in values), windows=None)
    for name, one in zip(SLICES, values, strict=True):
        if not isinstance(one, list) or len(one) != 2 or not all(_is_number(edge) for edge in one) or one[0] > one[1]:
            raise reader.bad(f"slices.{name}", f"is {one!r}, not [fromMs, toMs] and not a share")
    windows = tuple((float(one[0]), float(one[1])) for one in values if isinstance(one, list))
    return Slices(shares=None, windows=windows)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
