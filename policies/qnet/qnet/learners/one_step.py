"""One step with a prior: what followed a candidate in the log, and what people do. It never looks ahead by itself.

Trees regress the logged return to go on (scene, candidate); acting adds the behaviour's log-probability as fitted Q
does. What people did afterwards is part of the return: a good start that they used badly looks bad.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..episodes import Episodes
from ..progress import Progress
from . import fitted

load = fitted.load


@dataclass(frozen=True)
class Config(fitted.Config):
    """As fitted Q's, without a round of backups, so that the two differ in nothing else."""

    rounds: int = 0


def fit(
    episodes: Episodes,
    config: Config,
    *,
    seed: int,
    device: torch.device,
    progress: Progress,
    checkpoint: Path | None = None,
) -> fitted.GuidedTrees:
    """One regression. `device` trains the behaviour."""
    model = fitted.fit(episodes, config, seed=seed, device=device, progress=progress, checkpoint=checkpoint)
    return replace(model, origin=replace(model.origin, learner="one-step"))
