"""Logs of the six-state world, and who may have written them: policies as tables (S, K), incidents as rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ope.incidents import Floats
from ope.smdp import BETA, CANDIDATES, OUTCOMES, STATES, STEPS, Law, World, first_values, policy_value

EPSILON = 0.2
TIE_SET = 3  # most candidates that may be drawn
RUSH_COST = 1.5  # what a decision in a rush costs, as a multiple of the law's; one at leisure 2 - RUSH_COST
DAY_COST = 1.25  # the same for all decisions of a cluster on a bad day; on a good one 2 - DAY_COST
CLUSTERED = 3  # incidents a cluster: one, two, three, one, two, three, ...


@dataclass(frozen=True)
class Log:
    """N rows of I incidents: state, proposed, incident, step, cluster (N,) whole numbers; reward, discount (N,)."""

    state: NDArray[np.int64]
    proposed: NDArray[np.int64]
    incident: NDArray[np.int64]
    step: NDArray[np.int64]
    cluster: NDArray[np.int64]
    reward: Floats
    discount: Floats


def scores_of(world: World, values: dict[tuple[int, int], float], seed: int) -> Floats:
    """(S, K) what the logger believes: true values and an error of its own, -inf where refused or not there."""
    random = np.random.default_rng(seed)
    scores = np.full((STATES, CANDIDATES), -np.inf)
    for pair, value in values.items():
        error = float(random.normal(0, 0.3))
        if world.allowed[pair]:
            scores[pair] = value + error
    return scores


def greedy(scores: Floats) -> Floats:
    """(S, K) one-hot of the best score."""
    table: Floats = np.eye(scores.shape[1])[scores.argmax(axis=1)]
    return table


def second(scores: Floats, states: list[int]) -> Floats:
    """Greedy, but the second best in these states."""
    table = greedy(scores)
    table[states] = np.eye(scores.shape[1])[np.argsort(-scores, axis=1)[states, 1]]
    return table


def epsilon_greedy(scores: Floats, within: NDArray[np.bool_]) -> Floats:
    """p(best) = 1 - EPSILON + EPSILON / |T|, EPSILON / |T| for the others of T; within (S, K) is T, the best in it."""
    share: Floats = within / within.sum(axis=1, keepdims=True)
    return (1 - EPSILON) * greedy(scores) + EPSILON * share


def tie_set(scores: Floats, delta: float) -> NDArray[np.bool_]:
    """(S, K) the candidates within delta of the best, at most TIE_SET."""
    rank = np.argsort(np.argsort(-scores, axis=1), axis=1)
    close: NDArray[np.bool_] = (scores >= scores.max(axis=1, keepdims=True) - delta) & (rank < TIE_SET)
    return close


def habits(scores: Floats) -> tuple[Floats, Floats]:
    """What people do (at leisure, in a rush), (S, K) each: almost always the best, in a rush one time in four the
    second best; one time in twenty anything allowed. No log says whether there was a rush."""
    allowed = np.isfinite(scores)
    anything = 0.05 * allowed / allowed.sum(axis=1, keepdims=True)
    hasty = 0.25 * second(scores, list(range(STATES))) + 0.75 * greedy(scores)
    return 0.95 * greedy(scores) + anything, 0.95 * hasty + anything


def harmful(law: Law, scores: Floats, worse_by: float) -> Floats:
    """Greedy, but the truly worst allowed candidate in as many states, the most visited first, as it takes to be
    `worse_by` (0.3 = 30 %) worse. Raises ValueError if even all states are not enough."""
    table = greedy(scores)
    champion = policy_value(law, table)
    worst = np.where(law.allowed, first_values(law, table), np.inf).argmin(axis=1)
    for state in np.argsort(-law.start):
        table[state] = np.eye(CANDIDATES)[worst[state]]
        if policy_value(law, table) <= (1 + worse_by) * champion:
            return table
    raise ValueError(f"no policy of this world is {worse_by:.0%} worse than its logger")


def simulate(law: Law, leisure: Floats, rush: Floats, incidents: int, seed: int) -> Log:
    """One log: leisure, rush (S, K) are who proposes then (the same table for a policy that cannot tell).

    Half of the decisions are made in a rush and half of the clusters have a bad day, which multiplies costs by
    RUSH_COST and DAY_COST, else by 2 minus those: the mean is the law's. Rows are ordered by incident and step.
    """
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(incidents), np.arange(incidents) % CLUSTERED + 1)[:incidents]
    day = np.where(random.random(int(cluster[-1]) + 1) < 0.5, DAY_COST, 2 - DAY_COST)[cluster]
    thresholds = np.cumsum(np.stack([leisure, rush]), axis=2)  # (2, S, K)
    active = np.arange(incidents)
    state = np.searchsorted(law.start.cumsum(), random.random(incidents), side="right").clip(max=STATES - 1)
    steps: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats, Floats]] = []
    for _ in range(STEPS):
        hurried = random.integers(2, size=len(active))
        limits = thresholds[hurried, state]
        proposed = (random.random(len(active))[:, None] * limits[:, -1:] >= limits).sum(axis=1)
        outcome = random.integers(OUTCOMES, size=len(active))
        cost = day[active] * np.where(hurried == 1, RUSH_COST, 2 - RUSH_COST) * law.reward[state, proposed, outcome]
        steps.append((active, state, proposed, cost, np.exp(-BETA * law.minutes[state, proposed, outcome])))
        following = law.next[state, proposed, outcome]
        active, state = active[following >= 0], following[following >= 0]
    return _ordered(steps, cluster)


def counted(log: Log) -> Floats:
    """(S, K) how often each candidate was proposed in each state: what one would take for a log's probabilities."""
    counts = np.bincount(log.state * CANDIDATES + log.proposed, minlength=STATES * CANDIDATES)
    table = counts.reshape(STATES, CANDIDATES).astype(np.float64)
    shares: Floats = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return shares


def _ordered(
    steps: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats, Floats]],
    cluster: NDArray[np.int64],
) -> Log:
    incident = np.concatenate([one[0] for one in steps])
    step = np.repeat(np.arange(len(steps)), [len(one[0]) for one in steps])
    order = np.argsort(incident, kind="stable")  # steps come in order already
    state, proposed = (np.concatenate([one[place] for one in steps])[order] for place in (1, 2))
    reward, discount = (np.concatenate([one[place] for one in steps])[order] for place in (3, 4))
    return Log(state, proposed, incident[order], step[order], cluster[incident[order]], reward, discount)
