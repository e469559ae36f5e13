"""Comparison at equal page rate: a policy that pages more often harms less, so both must page alike.

A constant is added to the value of `page`, for each seed the one of a grid with which the policy pages on the share of
days that is nearest to the other's. It is found on the first half of each world's days and judged on the second.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qnet.experiment.measures import Measured
from qnet.experiment.played import KEPT, Played
from qnet.experiment.statistics import Floats

TOLERANCE = 0.02  # of the days; a cell whose page rates differ by more is flagged


def match(played: Played, grid: Mapping[float, str], other: str) -> dict[int, float]:
    """The constant of each seed: nearest in page share on the first half, then the least change.

    grid: constant -> name of the policy that plays with it. A seed where nothing can be compared has none.
    """
    half = played.held_out.shape[1] // 2
    chosen = {}
    for seed in np.unique(played.strata):
        of_seed = played.strata == seed
        wanted = _page_share(played, other, of_seed, half)
        reached = {delta: _page_share(played, policy, of_seed, half) for delta, policy in grid.items()}
        near = {delta: abs(share - wanted) for delta, share in reached.items() if np.isfinite(share - wanted)}
        if near:
            chosen[int(seed)] = min(near, key=lambda delta: (near[delta], abs(delta)))
    return chosen


def unmatched(played: Played, grid: Mapping[float, str], other: str) -> list[int]:
    """Seeds where even the nearest constant leaves the first halves more than TOLERANCE apart."""
    half = played.held_out.shape[1] // 2
    apart = {
        seed: _page_share(played, grid[delta], played.strata == seed, half)
        - _page_share(played, other, played.strata == seed, half)
        for seed, delta in match(played, grid, other).items()
    }
    return [seed for seed, one in apart.items() if abs(one) > TOLERANCE + 1e-9]


def second_half(measured: Measured, grid: Mapping[float, str], other: str, name: str) -> Measured:
    """The second half of the days, with the matched policy under `name` and the other under its own."""
    played = measured.played
    chosen = match(played, grid, other)
    half = played.held_out.shape[1] // 2
    days = {
        name: {counted: _of_seeds(played, grid, chosen, counted)[:, half:] for counted in KEPT},
        other: {counted: played.of(other, counted)[:, half:] for counted in KEPT},
    }
    return replace(measured, played=Played(played.strata, played.held_out[:, half:], days))


def _of_seeds(played: Played, grid: Mapping[float, str], chosen: Mapping[int, float], counted: str) -> Floats:
    values = np.full(played.held_out.shape, np.nan)
    for seed, delta in chosen.items():
        of_seed = played.strata == seed
        values[of_seed] = played.of(grid[delta], counted)[of_seed]
    return values


def _page_share(played: Played, policy: str, of_seed: np.typing.NDArray[np.bool_], half: int) -> float:
    pages = played.of(policy, "pages")[of_seed, :half]
    finite = pages[np.isfinite(pages)]
    return float((finite > 0).mean()) if len(finite) else float("nan")
