"""A decision process small enough to know: six states, and a law that is a table of equally likely outcomes.

Two to five candidates a state, some refused, some runs of five minutes and some of ten hours. Values come from dynamic
programming, without an error of sampling.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ope.incidents import Floats

STATES, OUTCOMES, CANDIDATES, BETA = 6, 12, 5, math.log(2) / 480
STEPS = 6  # most decisions of an incident
Pair = tuple[int, int]  # state, candidate


@dataclass(frozen=True)
class Outcome:
    minutes: float
    reward: float
    next: int  # -1 = the incident ends


@dataclass(frozen=True)
class World:
    outcomes: dict[Pair, list[Outcome]]
    allowed: dict[Pair, bool]

    def candidates(self, state: int) -> list[int]:
        return [candidate for one, candidate in self.outcomes if one == state]


@dataclass(frozen=True)
class Law:
    """The same world as arrays, S = STATES, K = CANDIDATES, O = OUTCOMES: minutes, reward, next (S, K, O), next -1 at
    the end; allowed (S, K), False where there is no such candidate; start (S,): how often incidents open in a state."""

    minutes: Floats
    reward: Floats
    next: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    start: Floats


def world_of(seed: int, visited: tuple[float, ...] | None = None) -> World:
    """Every third candidate is refused, though it looks like a bargain: it costs nothing.

    visited (S,): how often a run leads to each state, sum 1; evenly if not given.
    """
    random = np.random.default_rng(seed)
    outcomes: dict[Pair, list[Outcome]] = {}
    allowed: dict[Pair, bool] = {}
    for state in range(STATES):
        for candidate in range(2 + state % 4):
            allowed[state, candidate] = candidate % 3 != 2
            slow = random.random()  # how often a run takes hours
            cost = random.uniform(0.2, 2.0) if allowed[state, candidate] else 0.0
            outcomes[state, candidate] = [
                Outcome(
                    minutes=float(random.uniform(240, 600) if random.random() < slow else random.uniform(5, 40)),
                    reward=-float(cost * random.uniform(0.5, 1.5)),
                    next=_led_to(random, visited) if random.random() < 0.8 else -1,
                )
                for _ in range(OUTCOMES)
            ]
    return World(outcomes, allowed)


def law_of(world: World, start: tuple[float, ...]) -> Law:
    """World to arrays; a candidate that is not there earns 0 and ends the incident, and is not allowed."""
    shape = (STATES, CANDIDATES, OUTCOMES)
    minutes, reward, following = np.zeros(shape), np.zeros(shape), np.full(shape, -1)
    allowed = np.zeros(shape[:2], dtype=np.bool_)
    for pair, law in world.outcomes.items():
        minutes[pair] = [one.minutes for one in law]
        reward[pair] = [one.reward for one in law]
        following[pair] = [one.next for one in law]
        allowed[pair] = world.allowed[pair]
    return Law(minutes, reward, following, allowed, np.array(start))


def value_iteration(world: World) -> dict[Pair, float]:
    """Q of every pair under the best allowed choices, by the definition, until nothing changes."""
    values = dict.fromkeys(world.outcomes, 0.0)
    for _ in range(500):
        best = {
            state: max(values[state, one] for one in world.candidates(state) if world.allowed[state, one])
            for state in range(STATES)
        }
        values = {
            pair: sum(
                one.reward + (math.exp(-BETA * one.minutes) * best[one.next] if one.next >= 0 else 0.0) for one in law
            )
            / len(law)
            for pair, law in world.outcomes.items()
        }
    return values


def policy_value(law: Law, policy: Floats) -> float:
    """Mean return of an incident of at most STEPS decisions under policy (S, K), exact, by backward induction."""
    return float(law.start @ (policy * first_values(law, policy)).sum(axis=1))


def first_values(law: Law, policy: Floats) -> Floats:
    """(S, K) Q of the first of STEPS decisions when `policy` makes the others."""
    discount = np.exp(-BETA * law.minutes)
    value = np.zeros(STATES + 1)  # the last place is the end: next = -1 finds it
    q = np.zeros(law.allowed.shape)
    for _ in range(STEPS):
        q = (law.reward + discount * value[law.next]).mean(axis=2)
        value[:STATES] = (policy * q).sum(axis=1)
    return q


def _led_to(random: np.random.Generator, visited: tuple[float, ...] | None) -> int:
    return int(random.integers(STATES)) if visited is None else int(random.choice(STATES, p=visited))
