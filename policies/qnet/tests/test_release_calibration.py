"""A curve never falls, holds what was observed, and says how little it knows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import isotonic_regression
from scipy.stats import binomtest

from qnet.release.calibration import (
    LEAST_ROWS,
    MOST_KNOTS,
    Curve,
    calibrated_chance,
    calibrated_mean,
    calibration_error,
    pooled,
    wilson,
)

SHARES = st.floats(0, 1, width=16)


@st.composite
def samples(draw: st.DrawFn) -> tuple[Any, Any]:
    count = draw(st.integers(1, 400))
    raw = draw(arrays(np.float64, count, elements=SHARES))
    return raw, draw(arrays(np.float64, count, elements=st.sampled_from([0.0, 1.0, 0.3])))


def is_sound(curve: Curve) -> None:
    assert 1 <= len(curve.raw) <= MOST_KNOTS
    assert all(a < b for a, b in zip(curve.raw, curve.raw[1:], strict=False))
    assert all(a <= b for a, b in zip(curve.mean, curve.mean[1:], strict=False))
    assert all(a <= b <= c for a, b, c in zip(curve.low, curve.mean, curve.high, strict=True))


@given(samples())
def test_a_curve_rises_from_knot_to_knot_within_its_interval(sample: tuple[Any, Any]) -> None:
    raw, happened = sample

    chance, value = calibrated_chance(raw, happened), calibrated_mean(-raw, -happened)

    is_sound(chance)
    is_sound(value)
    for ends in (chance.low, chance.high, value.low, value.high):
        assert list(ends) == sorted(ends)
    assert min(chance.low) >= 0
    assert max(chance.high) <= 1
    assert max(value.high) <= 0


@given(arrays(np.float64, st.integers(1, 60), elements=SHARES))
def test_pooling_bins_of_one_row_is_isotonic_regression(observed: Any) -> None:
    raw = np.arange(len(observed), dtype=np.float64)

    blocks = pooled(np.split(raw, len(raw)), np.split(observed, len(raw)))

    fitted = np.concatenate([np.full(len(seen), seen.mean()) for _, seen in blocks])
    assert fitted == pytest.approx(isotonic_regression(observed).x, abs=1e-9)


@given(st.integers(1, 300), st.data())
def test_the_interval_of_a_share_is_wilsons(count: int, data: st.DataObject) -> None:
    happened = data.draw(st.integers(0, count))

    low, high = wilson(np.array([1.0] * happened + [0.0] * (count - happened)))

    known = binomtest(happened, count).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((known.low, known.high), abs=1e-6)


def test_what_was_too_sure_is_brought_back_on_rows_that_were_not_seen() -> None:
    chance = np.random.default_rng(5)
    truth = chance.random(8000)
    said = 1 / (1 + np.exp(-2.5 * np.log(truth / (1 - truth))))
    happened = (chance.random(8000) < truth).astype(np.float64)
    curve = calibrated_chance(said[:4000], happened[:4000])

    before = calibration_error(said[4000:], happened[4000:])
    after = calibration_error(curve.of(said[4000:]), happened[4000:])

    assert before > 0.1
    assert after < 0.03
    outside = np.interp([0.0, 1.0], curve.raw, curve.mean)
    assert outside.tolist() == [curve.mean[0], curve.mean[-1]]


def test_the_interval_covers_the_expected_return_nineteen_times_in_twenty() -> None:
    """400 logs of one true curve: the share of knots whose interval misses the mean of what was said there."""
    chance = np.random.default_rng(6)
    misses, knots = 0, 0
    for _ in range(400):
        raw = -chance.exponential(1, 200)
        curve = calibrated_mean(raw, raw + chance.normal(0, 1, 200) - 0.5)
        low, high, middle = np.array(curve.low), np.array(curve.high), np.array(curve.raw) - 0.5
        misses, knots = misses + int(((middle < low) | ((middle > high) & (high < 0))).sum()), knots + len(curve.raw)
    assert misses / knots < 0.1


def test_fewer_rows_than_a_bin_are_one_knot() -> None:
    raw = np.linspace(0, 1, LEAST_ROWS)

    assert len(calibrated_chance(raw, raw).raw) == 1


@given(samples())
def test_the_calibration_error_is_that_of_a_slow_reader(sample: tuple[Any, Any]) -> None:
    said, happened = sample
    slow = 0.0
    for number in range(15):
        within = [place for place, one in enumerate(said) if min(int(one * 15), 14) == number]
        slow += abs(sum(said[place] - happened[place] for place in within)) / len(said)

    assert calibration_error(said, happened) == pytest.approx(slow, abs=1e-9)
