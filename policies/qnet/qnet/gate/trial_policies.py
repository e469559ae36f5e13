"""Challengers of known worth: worse, worse in one family, equal, better, and learnt from rewards that were flipped."""

from dataclasses import replace

import numpy as np

from ope.logs import Log, simulate
from ope.smdp import CANDIDATES, STATES, first_values

from .decisions import Floats, Ints
from .trial_world import Truth, exploring, family_losses, loss_of

TURNS = 60  # of fitted Q iteration: an incident has six decisions at most


def _values(truth: Truth, table: Floats) -> Floats:
    """(S, K) exact values of the first decision, -inf where it is not allowed."""
    return np.where(truth.law.allowed, first_values(truth.law, table), -np.inf)


def _with(table: Floats, state: int, candidate: int) -> Floats:
    changed = table.copy()
    changed[state] = np.eye(CANDIDATES)[candidate]
    return changed


def worse(truth: Truth, by: float) -> Floats:
    """The worst allowed candidate in as many states as it takes to lose so much; in all of them if it never does."""
    table = truth.champion
    for state in np.argsort(-truth.law.start):
        values = np.where(truth.law.allowed[state], _values(truth, truth.champion)[state], np.inf)
        table = _with(table, int(state), int(values.argmin()))
        if loss_of(truth, table, truth.champion) >= by:
            return table
    return table


def worse_family(truth: Truth, by: float) -> Floats:
    """The worst allowed candidate in one state alone, the rarest whose incidents lose so much: overall it shows little.

    Where no state's do, the one whose incidents lose most.
    """
    tables = []
    for state in np.argsort(truth.law.start):
        values = np.where(truth.law.allowed[state], _values(truth, truth.champion)[state], np.inf)
        table = _with(truth.champion, int(state), int(values.argmin()))
        loss = float(family_losses(truth, table, truth.champion)[state])
        if loss >= by:
            return table
        tables.append((loss, table))
    return max(tables, key=lambda one: one[0])[1]


def improved(truth: Truth) -> tuple[Floats, Floats]:
    """(challenger, champion): the best candidate in every state, against one that errs in the rarest state."""
    best = truth.champion
    for _ in range(STATES):
        best = np.eye(CANDIDATES)[_values(truth, best).argmax(axis=1)]
    state = int(truth.law.start.argmin())
    values = _values(truth, best)[state]
    allowed = np.flatnonzero(truth.law.allowed[state])
    second = allowed[np.argsort(-values[allowed])][min(1, len(allowed) - 1)]
    return best, _with(best, state, int(second))


def twins(truth: Truth) -> tuple[Truth, Floats]:
    """A world in which two candidates of the rarest state are the same by law, and a challenger who takes the other."""
    state = int(truth.law.start.argmin())
    taken = int(truth.champion[state].argmax())
    other = next(one for one in np.flatnonzero(truth.law.allowed[state]).tolist() if one != taken)
    copied = {}
    for name in ("minutes", "reward", "next"):
        values = getattr(truth.law, name).copy()
        values[state, other] = values[state, taken]
        copied[name] = values
    scores, harm = truth.scores.copy(), truth.harm.copy()
    scores[state, other] = scores[state, taken] - 0.1
    harm[state, other] = harm[state, taken]
    changed = replace(truth, law=replace(truth.law, **copied), scores=scores, harm=harm)
    return changed, _with(truth.champion, state, other)


def training_log(truth: Truth, incidents: int, seed: int) -> Log:
    """What a model is trained on: the champion, exploring among everything that is allowed."""
    allowed = truth.law.allowed / truth.law.allowed.sum(axis=1, keepdims=True)
    logger = 0.5 * exploring(truth, truth.champion) + 0.5 * allowed
    return simulate(truth.law, logger, logger, incidents, seed)


def flipped(log: Log, share: float, seed: int, aim: Ints | None = None) -> Log:
    """So many of the rewards with the other sign: a cost becomes a gain.

    aim (S,): they are all taken from the rows in which this candidate of the state ran; at random without it.
    """
    rows = np.arange(len(log.reward)) if aim is None else np.flatnonzero(log.proposed == aim[log.state])
    count = min(round(share * len(log.reward)), len(rows))
    reward = log.reward.copy()
    reward[np.random.default_rng(seed).choice(rows, size=count, replace=False)] *= -1
    return replace(log, reward=reward)


def learnt(truth: Truth, log: Log) -> Floats:
    """Fitted Q iteration with a cell for each pair, greedy over what is allowed; a pair that never ran is not taken."""
    cell = log.state * CANDIDATES + log.proposed
    counts = np.bincount(cell, minlength=STATES * CANDIDATES)
    goes_on = np.append(log.step[1:] > 0, False)
    following = np.append(log.state[1:], 0)
    usable = truth.law.allowed & (counts.reshape(STATES, CANDIDATES) > 0)
    q = np.zeros((STATES, CANDIDATES))
    for _ in range(TURNS):
        best = np.where(usable, q, -np.inf).max(axis=1)
        target = log.reward + np.where(goes_on, log.discount * best[following], 0.0)
        q = (np.bincount(cell, target, minlength=len(counts)) / np.maximum(counts, 1)).reshape(q.shape)
    table: Floats = np.eye(CANDIDATES)[np.where(usable, q, -np.inf).argmax(axis=1)]
    return table


def worst_of(truth: Truth) -> Ints:
    """(S,) the allowed candidate of the lowest value in each state: whoever wants harm flips its rewards."""
    values = np.where(truth.law.allowed, first_values(truth.law, truth.champion), np.inf)
    worst: Ints = values.argmin(axis=1)
    return worst
