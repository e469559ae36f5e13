"""Padded scenes of a log, and what the served function says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..episodes import Episodes
from .served import OUTPUTS, Served

AT_ONCE = 256  # decisions in one pass: 20 MB at 32 candidates each


@dataclass(frozen=True)
class Padded:
    """Some decisions with as many candidates as the longest of them has; those beyond are 0 and not allowed."""

    state: Tensor  # (B, S)
    candidates: Tensor  # (B, K, A)
    mask: Tensor  # (B, K) bool, allowed
    real: Tensor  # (B, K) bool, no padding


def padded(episodes: Episodes, begin: int, end: int) -> Padded:
    """The decisions begin..end - 1."""
    offsets = episodes.offsets[begin : end + 1]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    owner = episodes.owner[rows] - begin
    place = torch.arange(rows.start, rows.stop) - offsets[owner]
    shape = end - begin, int(offsets.diff().max())
    candidates = torch.zeros(*shape, episodes.schema.A)
    mask, real = torch.zeros(shape, dtype=torch.bool), torch.zeros(shape, dtype=torch.bool)
    candidates[owner, place] = episodes.candidate[rows]
    mask[owner, place], real[owner, place] = episodes.allowed[rows], True
    return Padded(episodes.state[begin:end], candidates, mask, real)


@torch.inference_mode()
def asked(served: Served, episodes: Episodes) -> Iterator[tuple[Padded, dict[str, Tensor]]]:
    """What is said, some hundred decisions at a time, in the log's order; each output by its name."""
    for begin in range(0, episodes.decisions, AT_ONCE):
        part = padded(episodes, begin, min(begin + AT_ONCE, episodes.decisions))
        said = served(part.state, part.candidates, part.mask)
        yield part, dict(zip(OUTPUTS, said, strict=True))


@dataclass(frozen=True)
class Executed:
    """The members' mean of each output for what ran, where it was in the list; all (n,)."""

    value: NDArray[np.float64]
    p_recover: NDArray[np.float64]
    p_harm: NDArray[np.float64]


def asked_of_executed(served: Served, episodes: Episodes) -> tuple[Executed, NDArray[np.float64]]:
    """What is said of the candidates that ran, in the order of the decisions that have one; (N,) all distances."""
    found: dict[str, list[Tensor]] = {name: [] for name in ("value", "p_recover", "p_harm")}
    distances = []
    for part, said in asked(served, episodes):
        for name, each in found.items():
            each.append(said[name].mean(1)[part.real])  # (C,), packed again
        distances.append(said["ood"])
    ran = episodes.executed[episodes.executed >= 0]
    return (
        Executed(**{name: torch.cat(each)[ran].double().numpy() for name, each in found.items()}),
        torch.cat(distances).double().numpy(),
    )
