"""P(recover) learns from what was seen to happen within half an hour, and guesses only where a wait was cut short."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logged import Row, logged_row, read, write_part
from scipy.optimize import minimize

from qnet.episodes import Episodes
from qnet.healing import HORIZON_MINUTES, PENALTY, hazard

DEEDS = ("wait", "page", "restart")
LONG = st.sampled_from([1.0, 5.0, 12.0, 29.0, 30.0, 31.0])


def row_of(incident: int, step: int, deed: str, **changes: Any) -> Row:
    """A decision in the middle of an incident, where `deed` ran."""
    going_on: Row = {"executed_runbook": deed, "recovered": False, "recovered_by": "", "end": "none"}
    return logged_row(incident, step, **(going_on | changes))


@st.composite
def incidents(draw: st.DrawFn, number: int) -> list[Row]:
    """One to six decisions; the last heals by itself or by its deed, is handed over, or is left open."""
    steps = draw(st.integers(1, 6))
    rows = [
        row_of(
            number, step, draw(st.sampled_from(DEEDS)), elapsed_minutes=draw(LONG), executed=draw(st.integers(-1, 1))
        )
        for step in range(steps)
    ]
    ending = draw(st.sampled_from(["healed", "handed_over", "open"]))
    last = rows[-1]
    if ending == "healed":
        by = "action" if last["executed_runbook"] == "restart" else "self"
        last |= {"recovered": last["executed_runbook"] != "page", "recovered_by": by, "end": "recovered"}
    else:
        last["end"] = ending
    return rows


@st.composite
def logs(draw: st.DrawFn) -> list[list[Row]]:
    return [draw(incidents(number)) for number in range(draw(st.integers(1, 5)))]


def slowly(rows: list[Row], step: int) -> tuple[bool, bool]:
    """Whether all was well soon, and whether that is known, by walking on from one decision."""
    row = rows[step]
    if row["executed_runbook"] == "restart":
        known = row["executed"] >= 0
        return known and row["recovered"], known
    if row["executed_runbook"] == "page":
        return False, False
    minutes = 0.0
    while rows[step]["executed_runbook"] == "wait":
        minutes += rows[step]["elapsed_minutes"]
        if rows[step]["recovered_by"] == "self":
            return minutes <= HORIZON_MINUTES, True
        if minutes >= HORIZON_MINUTES:
            return False, True
        step += 1
        if step == len(rows):
            break
    return False, False


@settings(max_examples=60, deadline=None)
@given(days=logs())
def test_what_is_known_is_what_a_slow_reader_finds_step_by_step(
    days: list[list[Row]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("read") / "log"
    write_part(folder, [row for rows in days for row in rows])

    episodes = read(folder)

    slow = [slowly(rows, step) for rows in days for step in range(len(rows))]
    deeds = [row["executed_runbook"] for rows in days for row in rows]
    assert episodes.well_soon.tolist() == [soon for soon, _ in slow]
    assert episodes.well_known.tolist() == [known for _, known in slow]
    for (soon, known), deed, chance in zip(slow, deeds, episodes.well_chance.tolist(), strict=True):
        if known:
            assert chance == float(soon)
        elif deed == "wait":
            assert 0 < chance < 1
        else:
            assert chance == -1


def read_waits(folder: Path, waits: list[list[Row]]) -> Episodes:
    write_part(folder / "log", [row for rows in waits for row in rows])
    return read(folder / "log")


def cut(incident: int, state: float, waits: int) -> list[Row]:
    """So many waits of five minutes in one scene, then people took over."""
    rows = [row_of(incident, step, "wait", elapsed_minutes=5.0) for step in range(waits)]
    rows.append(row_of(incident, waits, "page", elapsed_minutes=0.0, end="handed_over"))
    return [row | {"state": [state, 0.0, 0.5]} for row in rows]


def healed(incident: int, state: float) -> list[Row]:
    row = row_of(incident, 0, "wait", elapsed_minutes=5.0, recovered=True, recovered_by="self", end="recovered")
    return [row | {"state": [state, 0.0, 0.5]}]


def test_a_wait_that_was_cut_short_counts_more_where_such_scenes_heal(tmp_path: Path) -> None:
    """Scene 1 healed 60 times of 80 and scene 0 never: the cut waits of each say so, and neither says for certain."""
    waits = [healed(number, 1.0) for number in range(60)]
    waits += [cut(number, 1.0, 1) for number in range(60, 80)]
    waits += [cut(number, 0.0, 1) for number in range(80, 160)]

    episodes = read_waits(tmp_path, waits)

    unknown = (episodes.well_chance > 0) & (episodes.well_chance < 1)
    of_healing = episodes.well_chance[unknown & (episodes.state[:, 0] == 1)]
    of_others = episodes.well_chance[unknown & (episodes.state[:, 0] == 0)]
    assert (len(of_healing), len(of_others)) == (20, 80)
    assert float(of_healing.min()) > 0.9
    assert float(of_others.max()) < 0.8
    assert float(of_others.max()) < float(of_healing.min())


def test_the_longer_a_wait_was_watched_in_vain_the_less_it_counts(tmp_path: Path) -> None:
    waits = [healed(number, 0.5) for number in range(10)] + [cut(10 + number, 0.5, 1 + number) for number in range(5)]

    episodes = read_waits(tmp_path, waits)

    starts = [10 + number + sum(range(1, number + 1)) for number in range(5)]  # the first wait of each cut one
    chances = episodes.well_chance[starts].tolist()
    assert chances == sorted(chances, reverse=True)
    assert len(set(chances)) == 5


def test_the_chance_of_a_wait_is_the_penalised_likelihoods_maximum() -> None:
    chance = np.random.default_rng(3)
    states = chance.normal(size=(200, 4)) * [1, 5, 0.1, 0]
    happened = chance.random(200) < 1 / (1 + np.exp(-states[:, 0]))
    scaled = np.column_stack([np.ones(200), (states - states.mean(0))[:, :3] / states.std(0)[:3]]).clip(-5, 5)
    usual = np.array([np.log((happened.sum() + 1) / (200 - happened.sum() + 1)), 0, 0, 0])

    def loss(weights: Any) -> float:
        logit = scaled @ weights
        nats = np.logaddexp(0, np.where(happened, -logit, logit)).sum()
        return float(nats + PENALTY / 2 * ((weights - usual) ** 2).sum())

    best = minimize(loss, usual, method="BFGS", options={"gtol": 1e-8}).x

    assert hazard(states, happened, states) == pytest.approx(1 / (1 + np.exp(-scaled @ best)), abs=1e-5)


@pytest.mark.parametrize("ever", [True, False])
def test_where_all_or_none_healed_nothing_is_certain(ever: bool) -> None:
    states = np.random.default_rng(1).normal(size=(30, 3))

    found = hazard(states, np.full(30, ever), states)

    assert float(found.min()) > 0
    assert float(found.max()) < 1
    assert float(found.mean()) == pytest.approx(31 / 32 if ever else 1 / 32, abs=0.01)
