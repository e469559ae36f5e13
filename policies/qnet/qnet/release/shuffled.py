"""The same scenes with other decisions' outcomes: what is learnt from them is known to be worth nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from ..episodes import Episodes
from ..schema import canonical_hash
from .make import Material

OUTCOMES = ("reward", "returns", "recovered", "harmed", "well_soon", "well_known")


def shuffled_material(material: Material, seed: int) -> Material:
    """Each slice with its outcomes dealt out anew: whoever does well by this has seen what it must not see."""
    return replace(
        material,
        train=shuffled(material.train, seed),
        tune=shuffled(material.tune, seed),
        calibrate=shuffled(material.calibrate, seed),
        data_hash=canonical_hash([material.data_hash, "shuffled", seed]),
    )


def shuffled(episodes: Episodes, seed: int) -> Episodes:
    """One permutation of the decisions moves OUTCOMES together; scenes, choices and what follows what stay."""
    chance = torch.Generator().manual_seed(seed)
    order = torch.randperm(episodes.decisions, generator=chance)
    moved: dict[str, Any] = {name: getattr(episodes, name)[order] for name in OUTCOMES}
    return replace(episodes, **moved, data_hash=canonical_hash([episodes.data_hash, "shuffled", seed]))
