"""The six-state world, its writers and its targets: exact values against loops, and logs against who wrote them."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from ope.coverage_study import TIE_DELTA, VISITED, targets_of
from ope.logs import counted, epsilon_greedy, greedy, habits, harmful, scores_of, second, simulate, tie_set
from ope.smdp import BETA, STATES, STEPS, law_of, policy_value, value_iteration, world_of

Floats = NDArray[np.float64]
WORLD = world_of(7, VISITED)
LAW = law_of(WORLD, VISITED)
SCORES = scores_of(WORLD, value_iteration(WORLD), 7)
CHAMPION = greedy(SCORES)


def slow_value(policy: Floats) -> float:
    """The mean return by recursion over the table of outcomes."""

    def worth(state: int, left: int) -> float:
        if left == 0:
            return 0.0
        total = 0.0
        for candidate in WORLD.candidates(state):
            if policy[state, candidate] > 0:
                law = WORLD.outcomes[state, candidate]
                mean = sum(
                    one.reward + (math.exp(-BETA * one.minutes) * known[one.next, left - 1] if one.next >= 0 else 0.0)
                    for one in law
                ) / len(law)
                total += float(policy[state, candidate]) * mean
        return total

    known: dict[tuple[int, int], float] = {}
    for left in range(STEPS + 1):
        known |= {(state, left): worth(state, left) for state in range(STATES)}
    return sum(float(share) * known[state, STEPS] for state, share in enumerate(LAW.start))


@pytest.mark.parametrize("name", ["the logger's greedy", "small change", "rare change", "large change", "harmful"])
def test_a_target_is_worth_what_the_table_of_outcomes_says(name: str) -> None:
    target = targets_of(LAW, SCORES)[name]

    assert policy_value(LAW, target) == pytest.approx(slow_value(target))


def test_many_simulated_incidents_earn_the_value_of_their_policy() -> None:
    policy = epsilon_greedy(SCORES, np.isfinite(SCORES))
    log = simulate(LAW, policy, policy, 60_000, 1)

    path = np.zeros((60_000, STEPS))
    rewards = path.copy()
    path[log.incident, log.step], rewards[log.incident, log.step] = np.log(log.discount), log.reward
    returns = (rewards * np.exp(np.cumsum(path, axis=1) - path)).sum(axis=1)

    sums = np.bincount(log.cluster[log.step == 0], returns)
    error = (sums - returns.mean() * np.bincount(log.cluster[log.step == 0])).std() * math.sqrt(len(sums)) / 60_000
    assert abs(returns.mean() - policy_value(LAW, policy)) < 4 * error


def test_a_log_proposes_what_its_writer_does() -> None:
    policy = epsilon_greedy(SCORES, tie_set(SCORES, TIE_DELTA))
    log = simulate(LAW, policy, policy, 60_000, 2)

    assert_allclose(counted(log), policy, atol=0.03)
    assert (counted(log)[policy == 0] == 0).all()


def test_incidents_have_one_to_six_decisions_in_order_and_share_clusters() -> None:
    log = simulate(LAW, CHAMPION, CHAMPION, 500, 3)

    assert sorted(set(log.incident.tolist())) == list(range(500))
    for incident in range(500):
        assert log.step[log.incident == incident].tolist() == list(range(int((log.incident == incident).sum())))
        assert len(set(log.cluster[log.incident == incident].tolist())) == 1
    assert log.step.max() < STEPS
    assert max(np.bincount(log.cluster[log.step == 0])) == 3


def test_no_writer_and_no_target_ever_takes_a_refused_candidate() -> None:
    tables = [*targets_of(LAW, SCORES).values(), *habits(SCORES), epsilon_greedy(SCORES, np.isfinite(SCORES))]

    assert all((table[~LAW.allowed] == 0).all() for table in tables)
    assert all(table.sum(axis=1) == pytest.approx(1) for table in tables)


def test_the_harmful_challenger_is_at_least_30_percent_worse() -> None:
    assert policy_value(LAW, harmful(LAW, SCORES, 0.3)) <= 1.3 * policy_value(LAW, CHAMPION)


def test_a_world_without_so_harmful_a_policy_says_so() -> None:
    with pytest.raises(ValueError, match="no policy of this world is 900% worse"):
        harmful(LAW, SCORES, 9.0)


def test_a_second_best_is_not_the_best_and_is_allowed() -> None:
    table = second(SCORES, list(range(STATES)))

    assert ((table * CHAMPION) == 0).all()
    assert (table[~LAW.allowed] == 0).all()
