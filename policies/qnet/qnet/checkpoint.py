"""A training run between two passes, on disk: a run that was cut in two ends where a whole one does."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import torch

from .model import BadModel, Origin

# What has a state: the network, its target, the optimiser.
Stateful = Mapping[str, Any]


def save_checkpoint(file: Path, origin: Origin, losses: list[float], parts: Stateful) -> None:
    """Written beside and renamed: a crash leaves the checkpoint before it."""
    content = {"origin": vars(origin), "losses": losses, **{name: part.state_dict() for name, part in parts.items()}}
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.new")
    torch.save(content, beside)
    beside.replace(file)


def resume(file: Path | None, origin: Origin, parts: Stateful, device: torch.device) -> list[float]:
    """Losses of the passes behind a checkpoint, after loading the parts from it; none where there is no such file.

    Raises BadModel for a file that is no checkpoint, one of an older layout, or one of another run.
    """
    if file is None or not file.exists():
        return []
    try:
        content = torch.load(file, map_location=device, weights_only=True)
        if content["origin"] != vars(origin):
            raise BadModel(f"{file}: belongs to another run (learner, log, seed or config); delete it to start anew")
        for name, part in parts.items():
            part.load_state_dict(content[name])
        return cast(list[float], content["losses"])
    except (OSError, EOFError, AttributeError, KeyError, TypeError, ValueError, RuntimeError, UnpicklingError) as cause:
        raise BadModel(f"{file}: is no checkpoint of this version of Quell; delete it to start anew") from cause
