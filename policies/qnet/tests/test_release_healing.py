"""P(recover) learns from what was seen to happen within half an hour; a wait that was cut short did not heal."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logged import Row, logged_row, read, write_part

from qnet.healing import HORIZON_MINUTES

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
        return known and row["recovered"] and row["elapsed_minutes"] <= HORIZON_MINUTES, known
    if row["executed_runbook"] == "page":
        return False, False
    minutes = 0.0
    while rows[step]["executed_runbook"] == "wait":
        minutes += rows[step]["elapsed_minutes"]
        if rows[step]["recovered_by"] == "self":
            return minutes <= HORIZON_MINUTES, True
        step += 1
        if minutes >= HORIZON_MINUTES or step == len(rows):
            break
    return False, True


@settings(max_examples=60, deadline=None)
@given(days=logs())
def test_what_is_known_is_what_a_slow_reader_finds_step_by_step(
    days: list[list[Row]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("read") / "log"
    write_part(folder, [row for rows in days for row in rows])

    episodes = read(folder)

    slow = [slowly(rows, step) for rows in days for step in range(len(rows))]
    assert episodes.well_soon.tolist() == [soon for soon, _ in slow]
    assert episodes.well_known.tolist() == [known for _, known in slow]
