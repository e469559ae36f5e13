"""The feature schema: what each number of a vector means. Written by functions/core/features.ts, only read here."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from .bad_input import BadInput

REMEDY = "write it with `node policies/qnet/write-features.ts`"

Kind = Literal["number", "flag", "code"]


@dataclass(frozen=True)
class Feature:
    """One number of a vector, in raw units and clamped to [min, max]; a `code` is an integer that names a thing."""

    name: str
    unit: str
    kind: Kind
    min: float
    max: float
    group: str | None = None  # features that an ablation drops together


@dataclass(frozen=True)
class FeatureSchema:
    """The features of a scene (S of them) and of a candidate (A of them), in the order of their vectors."""

    version: int
    state: tuple[Feature, ...]
    candidate: tuple[Feature, ...]
    hash: str  # lower-case hex sha256 of the schema's canonical JSON; rows carry it as `features_hash`

    @property
    def S(self) -> int:
        return len(self.state)

    @property
    def A(self) -> int:
        return len(self.candidate)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {feature.name: column for column, feature in enumerate(self.candidate)}

    def index(self, name: str) -> int:
        """Column of a candidate's feature. Raises KeyError where there is none of that name."""
        return self._columns[name]

    def columns_of(self, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Columns of the state and of a candidate that hold a feature. Raises BadInput where there is none."""
        of_state, of_candidate = (
            tuple(column for column, feature in enumerate(features) if feature.name == name)
            for features in (self.state, self.candidate)
        )
        if not of_state and not of_candidate:
            raise BadInput(f"no feature is called {name}; features.json names them all")
        return of_state, of_candidate

    def state_group(self, group: str) -> tuple[int, ...]:
        """Columns of the state that belong to a group."""
        return tuple(column for column, feature in enumerate(self.state) if feature.group == group)

    def candidate_group(self, group: str) -> tuple[int, ...]:
        """Columns of a candidate that belong to a group."""
        return tuple(column for column, feature in enumerate(self.candidate) if feature.group == group)

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group that some feature names, sorted."""
        return tuple(sorted({one.group for one in (*self.state, *self.candidate) if one.group is not None}))


def read_schema(path: Path) -> FeatureSchema:
    """Reads features.json. Raises BadInput where it is missing, broken, or not a schema."""
    try:
        return schema_of(json.loads(path.read_text(encoding="utf-8")))
    except OSError as cause:
        raise BadInput(f"{path}: cannot be read ({cause.strerror}); {REMEDY}") from cause
    except ValueError as cause:
        raise BadInput(f"{path}: is not JSON ({cause}); {REMEDY}") from cause
    except (KeyError, TypeError, AttributeError) as cause:
        what = f"lacks {cause}" if isinstance(cause, KeyError) else f"has another shape ({cause})"
        raise BadInput(f"{path}: {what}; {REMEDY}") from cause


def schema_of(content: dict[str, Any]) -> FeatureSchema:
    """The schema in a parsed features.json; its hash is recomputed from the content."""
    return FeatureSchema(
        version=int(content["version"]),
        state=tuple(_feature(one) for one in content["state"]),
        candidate=tuple(_feature(one) for one in content["candidate"]),
        hash=canonical_hash(content),
    )


def canonical_hash(value: object) -> str:
    """Hex sha256 of RFC 8785 JSON: exact for ASCII text, integers, and decimals that JavaScript prints alike."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _feature(one: dict[str, Any]) -> Feature:
    if one["kind"] not in ("number", "flag", "code"):
        raise TypeError(f"feature {one['name']} is of kind {one['kind']}, not number, flag or code")
    return Feature(
        name=str(one["name"]),
        unit=str(one["unit"]),
        kind=cast(Kind, one["kind"]),
        min=float(one["min"]),
        max=float(one["max"]),
        group=one.get("group"),
    )
