"""Harm at an equal page rate: between the settings of a line, in each draw, and never beyond its ends."""

from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qnet.experiment.frontier import TRUE_HARM, Curve, at_page_rate, curve, over, rule_over
from qnet.experiment.measures import Measured, Scale, measured
from qnet.experiment.played import COUNTED, Played
from qnet.experiment.released_plan import Line

SHARE = st.integers(0, 20).map(lambda twentieth: twentieth / 20)


def slow_at(points: list[tuple[float, float]], at: float) -> float:
    """The same by its definition."""
    points = sorted(points)
    if not points or at < points[0][0] or at > points[-1][0]:
        return float("nan")
    place = bisect_left([x for x, _ in points], at)
    if points[place][0] == at:
        return points[place][1]
    (x, y), (later, other) = points[place - 1], points[place]
    return y + (other - y) * (at - x) / (later - x)


@given(st.lists(st.tuples(SHARE, SHARE), max_size=6, unique_by=lambda one: one[0]), SHARE)
def test_a_line_is_interpolated_between_its_settings_in_whatever_order_they_come(
    points: list[tuple[float, float]], at: float
) -> None:
    x, y = (np.array([[point[place]] for point in points]).reshape(-1, 1) for place in (0, 1))

    found = at_page_rate(Curve(tuple("p" * len(points)), x, y), np.array([at]))

    assert found[0] == pytest.approx(slow_at(points, at), abs=1e-6, nan_ok=True)


def test_settings_that_executed_nothing_in_a_draw_are_passed_over() -> None:
    line = Curve(("a", "b", "c"), np.array([[0.0], [0.5], [1.0]]), np.array([[0.2], [np.nan], [0.4]]))

    assert at_page_rate(line, np.array([0.5]))[0] == pytest.approx(0.3)


def made(**policies: tuple[float, float]) -> Measured:
    """200 worlds of five days: each policy's share of the days with a page, and of ten actions a day that harm."""
    chance = np.random.default_rng(3)
    days = {}
    for policy, (paged, harm) in policies.items():
        counted = {name: np.ones((200, 5)) for name in COUNTED}
        counted["pages"] = (chance.random((200, 5)) < paged).astype(np.float64)
        counted["actions"] = np.full((200, 5), 10.0)
        counted["harmful"] = chance.binomial(10, harm, (200, 5)).astype(np.float64)
        days[policy] = counted
    return measured(Played(np.zeros(200, dtype=np.int64), np.zeros((200, 5), dtype=np.bool_), days), Scale(1, 100), 300)


RANDOM = ("never", "half", "often")
DAYS = made(
    never=(0.1, 0.2),
    half=(0.5, 0.2),
    often=(0.9, 0.2),
    good=(0.4, 0.1),
    same=(0.4, 0.2),
    bad=(0.4, 0.3),
    far=(1.0, 0.1),
)


def test_a_rule_that_spares_harm_beats_random_paging_and_one_that_only_pages_does_not() -> None:
    line = curve(DAYS, RANDOM, TRUE_HARM)
    good, same, bad = (over(DAYS, policy, line, TRUE_HARM) for policy in ("good", "same", "bad"))

    assert good.value == pytest.approx(-0.1, abs=0.02)
    assert good.high < 0
    assert same.low < 0 < same.high
    assert bad.low > 0


def test_what_pages_more_often_than_any_setting_is_not_compared() -> None:
    line = curve(DAYS, RANDOM, TRUE_HARM)

    assert np.isnan(over(DAYS, "far", line, TRUE_HARM).value)
    assert np.isnan(rule_over(DAYS, Line("far", (("1", "far"),)), line, TRUE_HARM).value)


def test_a_rule_is_the_mean_of_those_of_its_settings_that_were_played_and_can_be_compared() -> None:
    line = curve(DAYS, RANDOM, TRUE_HARM)
    rule = Line("rule", (("1", "good"), ("2", "bad"), ("3", "far"), ("4", "never played")))

    found = rule_over(DAYS, rule, line, TRUE_HARM)

    each = [over(DAYS, policy, line, TRUE_HARM).value for policy in ("good", "bad")]
    assert found.value == pytest.approx(np.mean(each))
    assert found.low < found.value < found.high


def test_where_no_harm_was_seen_the_interval_still_has_a_width() -> None:
    days = made(a=(0.1, 0.0), b=(0.9, 0.0), rule=(0.5, 0.0))

    line = curve(days, ("a", "b"), TRUE_HARM)
    alone, whole = over(days, "rule", line, TRUE_HARM), rule_over(days, Line("r", (("1", "rule"),)), line, TRUE_HARM)

    assert alone == whole
    assert alone.value == 0
    assert alone.low < 0 < alone.high
