"""Reliability: right expectations have no error beyond chance, wrong ones have theirs, and each action counts once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qnet.experiment.calibration import COMPARED, Expected, read_expected, reliability
from qnet.experiment.statistics import Floats

CHANCE = np.random.default_rng(11)
CLUSTER = CHANCE.integers(0, 100, 4000)
EXPECTED = CHANCE.beta(2, 3, 4000)


def happened(probability: Floats) -> Floats:
    return (CHANCE.random(len(probability)) < probability).astype(np.float64)


def test_right_expectations_are_off_by_no_more_than_chance_alone() -> None:
    found = reliability(Expected(CLUSTER, EXPECTED, happened(EXPECTED)))

    assert found is not None
    assert found.ece < 1.6 * found.noise
    assert found.error.low < 0 < found.error.high
    assert all(low <= came <= high for _, came, low, high in found.groups)


@pytest.mark.parametrize("off", [0.1, -0.1])
def test_expectations_that_are_off_by_a_tenth_have_a_tenth_of_error(off: float) -> None:
    found = reliability(Expected(CLUSTER, np.clip(EXPECTED + off, 0, 1), happened(EXPECTED)))

    assert found is not None
    assert found.ece == pytest.approx(0.1, abs=0.03)
    assert found.ece > 2 * found.noise
    assert found.error.value == pytest.approx(-off, abs=0.03)


def test_the_error_is_the_mean_distance_of_groups_of_equal_size_in_their_order() -> None:
    expected = np.linspace(0, 1, 100)
    came = np.ones(100)

    found = reliability(Expected(np.arange(100), expected, came))

    assert found is not None
    by_hand = np.mean([1 - expected[10 * group : 10 * group + 10].mean() for group in range(10)])
    assert found.ece == pytest.approx(by_hand)
    assert [group[0] for group in found.groups] == pytest.approx(expected.reshape(10, 10).mean(axis=1))


def test_a_difference_is_held_against_its_own_scatter() -> None:
    uplift = CHANCE.uniform(-0.2, 0.6, 4000)
    came = happened(np.clip(0.3 + uplift, 0, 1)) - happened(np.full(4000, 0.3))

    found = reliability(Expected(CLUSTER, uplift, came))

    assert found is not None
    assert found.ece < 2 * found.noise
    assert found.noise > 0


def test_too_few_actions_and_expectations_that_nobody_had_are_no_reliability() -> None:
    few = Expected(np.arange(19), np.full(19, 0.5), np.ones(19))
    none = Expected(np.arange(40), np.full(40, np.nan), np.ones(40))

    assert reliability(few) is None
    assert reliability(none) is None


def row(world: int, policy: str, expected: list[dict[str, Any]]) -> dict[str, Any]:
    return {"world": world, "day": 0, "policy": policy, "choices": [], "expected": expected}


def action(recovers: float, waits: float | None) -> dict[str, Any]:
    def estimate(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean, "high": mean}

    return {
        "runbook": "restart",
        "recovers": estimate(recovers),
        "waits": None if waits is None else estimate(waits),
        "harms": estimate(0.2),
        "observed": {"recovered": True, "isHarmful": True},
        "forked": {"wellWithIt": True, "wellWithout": True, "isHarmful": False},
    }


def test_an_action_that_several_policies_took_counts_once_and_harm_as_seen_is_not_harm_in_truth(tmp_path: Path) -> None:
    rows = [
        row(1, "a", [action(0.7, 0.4), action(0.6, None)]),
        row(1, "b", [action(0.7, 0.4)]),
        row(2, "b", [action(0.7, 0.4)]),
        {"world": 3, "day": 0, "policy": "c", "choices": []},
    ]
    file = tmp_path / "days.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows))

    every, own = read_expected([file], None), read_expected([file], ["a"])

    assert set(every) == set(COMPARED)
    assert every["recover-truth"].cluster.tolist() == [1, 1, 2]
    assert own["recover-truth"].expected.tolist() == [0.7, 0.6]
    assert own["uplift-truth"].expected.tolist() == pytest.approx([0.3, float("nan")], nan_ok=True)
    assert own["uplift-truth"].came.tolist() == [0, 0]
    assert own["harm-observed"].came.tolist() == [1, 1]
    assert own["harm-truth"].came.tolist() == [0, 0]
