"""The reward is arithmetic on logged costs: the same as TypeScript computes, and linear in its weights."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qnet.bad_input import BadInput
from qnet.reward import COST_COLUMNS, Costs, Reward, Weights, discounts, read_reward, returns, reward_of, rewards

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "reward.json"
PARITY: dict[str, Any] = json.loads((HERE / "reward-parity.json").read_text())


def costs_of(rows: list[dict[str, float]]) -> Costs:
    return Costs(**{name: np.array([row[name] for row in rows]) for name in COST_COLUMNS})


def test_rewards_discounts_and_returns_are_those_that_typescript_writes_down() -> None:
    reward = reward_of(PARITY["weights"], "")
    incident = PARITY["rows"]
    costs = costs_of(incident)

    earned, factors = rewards(costs, reward), discounts(costs, reward)
    follows = np.array([*range(1, len(incident)), -1])
    total = returns(earned, factors, follows, np.arange(len(incident)), reward.cap_scales)

    np.testing.assert_allclose(earned, [row["reward"] for row in incident], rtol=1e-12)
    np.testing.assert_allclose(factors, [row["discount"] for row in incident], rtol=1e-12)
    np.testing.assert_allclose(total, [row["return"] for row in incident], rtol=1e-12)


hours = st.floats(0, 50)
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(COST_COLUMNS, hours)), min_size=1, max_size=6)


@given(rows)
def test_a_reward_is_never_a_gain(logged: list[dict[str, float]]) -> None:
    assert (rewards(costs_of(logged), read_reward(SHIPPED)) <= 0).all()


@given(rows, st.sampled_from([one.name for one in fields(Weights)]))
def test_half_more_of_a_weight_and_half_less_are_as_far_from_the_reward(
    logged: list[dict[str, float]], name: str
) -> None:
    reward, costs = read_reward(SHIPPED), costs_of(logged)

    def weighed(factor: float) -> Reward:
        return replace(reward, weights=replace(reward.weights, **{name: factor}))

    less, same, more = (rewards(costs, weighed(factor)) for factor in (0.5, 1.0, 1.5))

    np.testing.assert_allclose(more - same, same - less, rtol=1e-9, atol=1e-9)


@given(st.lists(st.tuples(st.floats(-5, 0), st.floats(0, 1)), min_size=1, max_size=6), st.booleans())
def test_returns_are_those_of_a_slow_backward_sum(incident: list[tuple[float, float]], is_open: bool) -> None:
    earned, factors = (np.array(column) for column in zip(*incident, strict=True))
    last = len(incident) - 1
    follows = np.array([*range(1, len(incident)), last if is_open else -1])

    found = returns(earned, factors, follows, np.arange(len(incident)), 20)

    slow = 0.0
    for number in range(last, -1, -1):
        slow = earned[number] + factors[number] * slow
        assert found[number] == pytest.approx(max(slow, -20))


def test_a_return_is_capped_and_the_rewards_are_not() -> None:
    earned = np.array([-15.0, -15.0])

    found = returns(earned, np.ones(2), np.array([1, -1]), np.arange(2), 20)

    assert found.tolist() == [-20.0, -15.0]
    assert earned.tolist() == [-15.0, -15.0]


def test_twice_the_scale_is_half_the_reward() -> None:
    reward, costs = reward_of(PARITY["weights"], ""), costs_of(PARITY["rows"])

    np.testing.assert_allclose(
        rewards(costs, replace(reward, scale_hours=2 * reward.scale_hours)), rewards(costs, reward) / 2
    )


def test_half_of_a_cost_counts_after_the_half_life() -> None:
    reward = read_reward(SHIPPED)

    assert math.exp(-reward.beta * reward.half_life_hours * 60) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not a file of reward weights"),
        ("{}", "is not a file of reward weights .*version"),
        (
            '{"version": 1, "halfLifeHours": 0, "scaleHours": 1, "capScales": 20, "weights": WEIGHTS}',
            "halfLifeHours is 0",
        ),
        (
            '{"version": 1, "halfLifeHours": 8, "scaleHours": NaN, "capScales": 20, "weights": WEIGHTS}',
            "scaleHours is nan",
        ),
        ('{"version": 1, "halfLifeHours": 8, "scaleHours": 1, "capScales": 20, "weights": {}}', "impact"),
    ],
)
def test_a_reward_file_that_cannot_be_used_is_refused_by_name(content: str, says: str, tmp_path: Path) -> None:
    weights = json.dumps(dict.fromkeys((one.name for one in fields(Weights)), 1))
    path = tmp_path / "reward.json"
    path.write_text(content.replace("WEIGHTS", weights))

    with pytest.raises(BadInput, match=rf"reward\.json: .*{says}"):
        read_reward(path)


def test_a_missing_reward_file_says_what_to_restore(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be read .*; restore policies/qnet/reward\.json"):
        read_reward(tmp_path / "reward.json")
