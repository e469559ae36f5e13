"""Cases for the gate from a world whose truth is exact: the six states of `ope.smdp`, played and logged anew each time.

S = states, K = candidates; a policy is a table (S, K) of probabilities. A family of faults is the state that an
incident opens in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ope import Requirements
from ope.logs import Log, epsilon_greedy, greedy, scores_of, simulate, tie_set
from ope.smdp import BETA, CANDIDATES, OUTCOMES, STATES, STEPS, Law, first_values, law_of, policy_value, value_iteration
from ope.smdp import world_of as drawn_world

from .days import Days
from .decisions import Decisions, Floats, Ints, Logged, Outcomes
from .judge import Case
from .openings import Openings
from .slices import Slices
from .thresholds import Thresholds

START = (0.32, 0.25, 0.18, 0.13, 0.08, 0.04)  # the last state is rare: to be worse there is to be worse seldom
TIE = 0.6  # a tie set: what is believed to be so close to the best, in scales
MINUTES_APART = 30  # between incidents of a log
FAMILIES = tuple(f"state-{state}" for state in range(STATES))
CLEAN: Mapping[str, Any] = {
    "parity": {"rows": 10_000, "worst": 2e-6, "limit": 1e-4},
    "golden": {"scenes": 40, "forbiddenAutos": 0, "changed": 3},
    "permutation": {"scenes": 40, "failures": 0},
    "mask": {"scenes": 40, "failures": 0},
    "leaks": {"rows": 500, "differing": 0, "example": ""},
    "model": {"refused": None},
}


@dataclass(frozen=True)
class Truth:
    """A world with what nobody in it knows, and the champion, who believes `scores` and is believed to be good."""

    law: Law
    scores: Floats  # (S, K)
    champion: Floats
    harm: Floats  # (S, K) chance that a run does harm: the same for all candidates, so that losses are of cost alone


@dataclass(frozen=True)
class Sizes:
    """How much evidence a trial has."""

    incidents: int = 16_000  # of the log, three quarters of them in the test slice
    days_a_family: int = 1700  # in the simulator
    worlds: int = 20


def truth_of(seed: int) -> Truth:
    """A world, and a champion with errors of judgement."""
    world = drawn_world(seed, START)
    scores = scores_of(world, value_iteration(world), seed)
    harm = np.random.default_rng([seed, 1]).uniform(0.01, 0.04, size=(STATES, 1))
    return Truth(law_of(world, START), scores, greedy(scores), np.repeat(harm, CANDIDATES, axis=1))


def loss_of(truth: Truth, challenger: Floats, champion: Floats) -> float:
    """By how much of the champion's cost the challenger is worse; below 0: better. Exact."""
    ours, theirs = policy_value(truth.law, challenger), policy_value(truth.law, champion)
    return (theirs - ours) / abs(theirs)


def family_losses(truth: Truth, challenger: Floats, champion: Floats) -> Floats:
    """(S,) the same for incidents that open in each state. Exact."""
    ours, theirs = ((table * first_values(truth.law, table)).sum(axis=1) for table in (challenger, champion))
    losses: Floats = (theirs - ours) / np.abs(theirs)
    return losses


def case_of(truth: Truth, challenger: Floats, seed: int, sizes: Sizes, **changes: Any) -> Case:
    """A clean case in which the challenger meets the champion, who explores in its tie set while it logs.

    changes: `logger` (S, K) writes the log instead; `champion` (S, K) is whom the challenger meets; the rest are fields
    of the case.
    """
    champion: Floats = changes.pop("champion", truth.champion)
    logger: Floats = changes.pop("logger", exploring(truth, champion))
    log = simulate(truth.law, logger, logger, sizes.incidents, seed)
    shares = dict(zip(FAMILIES, START, strict=True))
    given: dict[str, Any] = {
        "challenger": "challenger",
        "identity": "challenger",
        "has_model": True,
        "logged": logged_of(truth, log, logger, {"challenger": challenger, "champion": champion}, seed),
        "simulated_log": True,
        "ranked": ("challenger", "champion"),
        "slices": Slices((0.0, 0.25, 0.0, 0.75), None),
        "trained_on": frozenset({"another-log"}),
        "checks": CLEAN,
        "days": played(truth, challenger, champion, seed, sizes),
        "shares": shares,
        "openings": Openings(()),
        "thresholds": Thresholds(draws=1000, rank_draws=100),
        "requirements": Requirements(),
        "thresholds_hash": "thresholds",
    }
    return Case(**(given | changes))


def exploring(truth: Truth, champion: Floats) -> Floats:
    """The champion, who draws among what it believes to be nearly as good."""
    beliefs = np.where(champion == 1, truth.scores.max(axis=1, keepdims=True) + 1e-6, truth.scores)
    return epsilon_greedy(beliefs, tie_set(beliefs, TIE))


def logged_of(truth: Truth, log: Log, logger: Floats, tables: Mapping[str, Floats], seed: int) -> Logged:
    """The log as the gate reads it; what a model of values may know is the pair of state and candidate."""
    rows = len(log.state)
    pairs = np.zeros((STATES, CANDIDATES, STATES * CANDIDATES), dtype=np.float32)
    pairs.reshape(-1, STATES * CANDIDATES)[:] = np.eye(STATES * CANDIDATES)
    decisions = Decisions(
        incident=log.incident,
        step=log.step,
        cluster=np.char.mod("day-%06d", log.cluster),
        decided_at=log.incident * MINUTES_APART * 60_000 + log.step,
        stage=np.full(rows, "auto"),
        epsilon=np.full(rows, 0.2),
        proposed=log.proposed,
        probability=logger[log.state],
        scene=np.zeros((rows, 1), dtype=np.float32),
        offered=pairs[log.state],
    )
    harmed = np.random.default_rng([seed, 2]).random(rows) < truth.harm[log.state, log.proposed]
    outcomes = Outcomes(log.reward, log.discount, harmed)
    return Logged(decisions, {name: table[log.state] for name, table in tables.items()}, outcomes.only)


def played(truth: Truth, challenger: Floats, champion: Floats, seed: int, sizes: Sizes) -> Days:
    """Both policies on the same days, by the same random numbers; a world's incidents all cost more, or all less."""
    random = np.random.default_rng([seed, 3])
    days = sizes.days_a_family * STATES
    family = np.repeat(np.arange(STATES), sizes.days_a_family)
    world = np.arange(days) % sizes.worlds
    factor = random.uniform(0.7, 1.3, size=sizes.worlds)[world]
    draws = random.random((3, STEPS, days))
    both = [_played(truth, table, family, draws) for table in (challenger, champion)]
    hours, actions, harmful = (np.stack([one[place] for one in both]) for place in range(3))
    return Days(
        world=world,
        family=np.array(FAMILIES)[family],
        hours=hours * factor,
        actions=actions,
        harmful=harmful,
        pages=np.zeros_like(actions),
        runbooks={name: frozenset({f"runbook-of-{name}"}) for name in FAMILIES},
    )


def _played(truth: Truth, table: Floats, state: Ints, draws: Floats) -> tuple[Floats, Floats, Floats]:
    """(D,) discounted cost, actions and harmful actions of days that open in these states."""
    law = truth.law
    days = len(state)
    cost, actions, harmful, discount = np.zeros(days), np.zeros(days), np.zeros(days), np.ones(days)
    here, at = np.arange(days), state.copy()
    for step in range(STEPS):
        choose, happen, hurt = draws[:, step, here]
        action = (choose[:, None] >= np.cumsum(table, axis=1)[at]).sum(axis=1).clip(max=CANDIDATES - 1)
        outcome = (happen * OUTCOMES).astype(np.int64)
        cost[here] -= discount[here] * law.reward[at, action, outcome]
        discount[here] *= np.exp(-BETA * law.minutes[at, action, outcome])
        actions[here] += 1
        harmful[here] += hurt < truth.harm[at, action]
        following = law.next[at, action, outcome]
        here, at = here[following >= 0], following[following >= 0]
    return cost, actions, harmful
