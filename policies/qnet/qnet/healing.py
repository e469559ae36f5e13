"""Whether all was well within the horizon, had one done what was done: the label of P(recover)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .incidents import Stream
from .log_files import Log

HORIZON_MINUTES = 30.0  # a verification of an effect is over by then; five waits of five minutes are nearly
PENALTY = 30.0  # of the hazard's squared weights: least loss on later waits after 900 and after 7,000 of them
FARTHEST = 5.0  # standard deviations; a wild reading stays a large one, as in the network
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Healing:
    """What is known of N decisions."""

    soon: Flags  # (N,) well within the horizon; False where that is not known
    known: Flags  # (N,) an effect ran, or `wait` did and was watched until it healed or the horizon was over
    chance: Floats  # (N,) 0 or 1 where known; in between where a wait was cut short; -1 where nothing can be said


@dataclass(frozen=True)
class Watched:
    """How each of N decisions to wait went on, as long as nothing but waiting was done; 0 and False for the others."""

    minutes: Floats  # (N,)
    healed: Flags  # (N,) all was well by itself in the end


def healing_of(log: Log, stream: Stream) -> Healing:
    """The label of each decision. An effect: it recovered. `wait`: it healed by itself before anything else was done.

    A wait that was cut short (an effect ran, or people took over) is not left out: nearly all that are known by then
    are those that healed. It counts by 1 - (1 - h)^w, where h is the chance that its scene heals during one wait, by a
    logistic regression on all single waits of the log, and w the waits that were left. This assumes that who stops
    waiting knows no more than the scene says, and that h stays as it is: both are kind to waiting, and hold the uplift
    of everything else down.
    """
    ran = log.column("executed_runbook").take(pa.array(stream.rows))
    waited, paged = (pc.equal(ran, name).to_numpy(zero_copy_only=False) for name in ("wait", "page"))
    acted = ~waited & ~paged & (log.numbers("executed")[stream.rows] >= 0)
    watched = _watched(log, stream, waited)
    known = acted | (waited & (watched.healed | (watched.minutes >= HORIZON_MINUTES)))
    healed = watched.healed & (watched.minutes <= HORIZON_MINUTES)
    soon = np.where(acted, log.numbers("recovered")[stream.rows], healed)
    chance = np.where(known, soon.astype(np.float64), -1.0)
    cut = waited & ~known
    chance[cut] = _healed_later(log, stream, waited, watched, cut)
    return Healing(soon=soon, known=known, chance=chance)


def _healed_by_itself(log: Log, stream: Stream) -> Flags:
    alone: Flags = pc.equal(log.column("recovered_by"), "self").to_numpy(zero_copy_only=False)[stream.rows]
    return alone


def _watched(log: Log, stream: Stream, waited: Flags) -> Watched:
    elapsed, alone = log.numbers("elapsed_minutes")[stream.rows], _healed_by_itself(log, stream)
    minutes, healed = np.zeros(len(waited)), np.zeros(len(waited), dtype=bool)
    rows = np.flatnonzero(waited)
    at = rows
    while len(rows) > 0:
        then = stream.follows[at]
        minutes[rows] += elapsed[at]
        healed[rows] = alone[at]
        goes_on = (then >= 0) & (then != at) & waited[then] & ~alone[at] & (minutes[rows] < HORIZON_MINUTES)
        rows, at = rows[goes_on], then[goes_on]
    return Watched(minutes, healed)


def _healed_later(log: Log, stream: Stream, waited: Flags, watched: Watched, cut: Flags) -> Floats:
    """P(well by the horizon | not well when the waiting was cut short), for each of the `cut` decisions (N,)."""
    if not cut.any():
        return np.zeros(0)
    alone = _healed_by_itself(log, stream)
    idle = log.numbers("elapsed_minutes")[stream.rows][waited & ~alone]  # some: those that were cut
    usual = max(float(np.median(idle)), 1.0)
    left = np.ceil((HORIZON_MINUTES - watched.minutes[cut]) / usual)
    states = log.column("state").flatten().to_numpy().reshape(log.rows.num_rows, -1)
    of_waits, of_cut = (states[stream.rows[rows]].astype(np.float64) for rows in (waited, cut))
    later: Floats = 1 - (1 - hazard(of_waits, alone[waited], of_cut)) ** left
    return later


def hazard(states: Floats, healed: Flags, asked: Floats) -> Floats:
    """P(a scene heals during one wait) at `asked` (n, S), by ridge logistic regression of healed (W,) on states (W, S).

    Penalised towards the share of all waits, so that a few waits say little more than that share. Newton's method.
    """
    mean, sd = states.mean(0), states.std(0)
    varies = sd > 1e-6 * (1 + np.abs(states).max(0))
    scale = np.where(varies, 1 / np.where(varies, sd, 1.0), 0.0)

    def read(vectors: Floats) -> Floats:
        scaled = ((vectors - mean) * scale).clip(-FARTHEST, FARTHEST)
        return np.column_stack([np.ones(len(vectors)), scaled])

    seen, happened = read(states), healed.astype(np.float64)
    usual = np.zeros(seen.shape[1])
    usual[0] = np.log((happened.sum() + 1) / (len(happened) - happened.sum() + 1))
    weights = usual.copy()
    for _ in range(50):
        chance = _logistic(seen @ weights)
        slope = seen.T @ (happened - chance) - PENALTY * (weights - usual)
        bend = (seen * (chance * (1 - chance))[:, None]).T @ seen + PENALTY * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return _logistic(read(asked) @ weights)


def _logistic(values: Floats) -> Floats:
    likely: Floats = 1 / (1 + np.exp(-values))
    return likely
