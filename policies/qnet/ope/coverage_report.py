"""The coverage study in words and tables."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import stats

from ope.bounds import ALPHA

ESTIMATORS = ("IPS", "SNIPS", "WIS", "DR", "FQE", "IPS, Bernstein")
DIAGNOSTICS = ("overlap", "mean_cumulative_weight", "ess", "ess_share", "ess_of_error", "explored", "draw_deviation")
CONFIDENCE = 0.995  # 69 of 1,000: a bound that is false at exactly its 5 % stays at or below it with this probability


@dataclass(frozen=True)
class Figures:
    """One estimator in one cell: how many lower bounds lay above the true value, in how many of those trials the
    gate called the target evaluable, mean error of the value, mean distance from the value down to its bound."""

    false: int
    misleading: int
    bias: float
    width: float


@dataclass(frozen=True)
class Cell:
    """One writer of logs, one target, one form. worth: true mean return; against_champion: its relative difference in
    cost, 0.3 = 30 % worse. evaluable, green: in how many trials the gate says so, and would say so if it believed
    probabilities counted from the log. first_four: so would overlap, cumulative weight, ESS and its share alone.
    diagnostics: means over trials, as believed."""

    writer: str
    target: str
    form: str
    worth: float
    against_champion: float
    trials: int
    evaluable: int
    green: int
    first_four: int
    diagnostics: dict[str, float]
    figures: dict[str, Figures]


def most_false(trials: int) -> int:
    """Most false bounds that a nominal 5 % bound may show: the CONFIDENCE quantile of a binomial count."""
    return int(stats.binom.ppf(CONFIDENCE, trials, ALPHA))


def failures(cells: Sequence[Cell]) -> list[str]:
    """Cells and estimators whose bounds are false too often where the gate lets them count.

    In a cell that is evaluable in most trials all trials count; in any other those that were called evaluable.
    """
    found = []
    for cell in cells:
        for name, one in cell.figures.items():
            counted = one.false if 2 * cell.evaluable >= cell.trials else one.misleading
            if counted > most_false(cell.trials):
                found.append(f"{cell.writer}, {cell.target}, {cell.form}: {name} {counted} of {cell.trials}")
    return found


def rendered(cells: Sequence[Cell], setting: str, command: str) -> str:
    """The whole file, Markdown. setting: what was simulated, in a sentence; command: the line that makes it again."""
    parts = [
        "# How often a nominal 5 % bound is false",
        setting,
        f"```\n{command}\n```",
        "## What it says",
        "\n".join(f"- {line}" for line in said(cells)),
        "## False bounds",
        f"Of {cells[0].trials} trials each: in how many the one-sided 95 % lower bound lay above the true value. "
        f"*Evaluable*: in how many the gate lets the target be evaluated; **bold** cells are evaluable in most. "
        f"*Worse*: the target's true cost against the logger's own greedy.",
        _table(("log", "target", "form", "worse", "evaluable", *ESTIMATORS), [_false(cell) for cell in cells]),
        "## What the gate saw before it read a reward",
        "Means over the trials; on people's logs as it would be if the counted probabilities were believed "
        "(*green*: trials in which every figure would then pass; *first four*: in which overlap, cumulative weight, "
        "ESS and its share would, the others aside).",
        _table(
            ("log", "target", "form", "green", "first four", *(name.replace("_", " ") for name in DIAGNOSTICS)),
            [_seen(cell) for cell in cells],
        ),
        "## Error and width",
        "Mean error of the value / mean distance down to its bound, in returns; the champion's return is "
        f"{_champion(cells):.2f}. A dash: no finite bound.",
        _table(("log", "target", "form", *ESTIMATORS), [_errors(cell) for cell in cells]),
    ]
    return "\n\n".join(parts) + "\n"


def said(cells: Sequence[Cell]) -> list[str]:
    """What the figures say, in sentences that are made of them."""
    trials, limit = cells[0].trials, most_false(cells[0].trials)
    open_cells = [cell for cell in cells if 2 * cell.evaluable >= trials]
    worst, where = _worst(open_cells, lambda one: one.false)
    sometimes = [cell for cell in cells if 0 < 2 * cell.evaluable < trials]
    broken = failures(cells)
    lines = [
        f"{len(open_cells)} of {len(cells)} cells are evaluable. In them the most often false bound is {where}: "
        f"{worst} of {trials}; {limit} are allowed ({ALPHA:.0%} and its chance).",
        "Failures: none." if not broken else f"FAILURES: {'; '.join(broken)}.",
    ]
    if sometimes:
        most, place = _worst(sometimes, lambda one: one.misleading)
        lines.append(
            f"{len(sometimes)} cells are evaluable in fewer than half of their trials. There a bound was both believed "
            f"and false at most {most} times of {trials} ({place})."
        )
    shut = [cell for cell in cells if cell.evaluable == 0]
    most, place = _worst(shut, lambda one: one.false)
    lines.append(f"{len(shut)} cells are evaluable in no trial. Their bounds are false up to {most} times ({place}).")
    lured = [cell for cell in cells if cell.first_four > cell.green]
    if lured:
        most, place = _worst(lured, lambda one: one.false)
        lines.append(
            f"In {len(lured)} cells overlap, weights and ESS alone would let more trials pass than the gate does; "
            f"bounds are false there up to {most} times ({place})."
        )
    for cell in cells:
        if cell.writer == "deterministic" and cell.target == "harmful":
            lines.append(
                f"A deterministic log and the harmful challenger, {cell.form} ({_worse(cell)} worse than the logger): "
                f"evaluable in {cell.evaluable} of {trials} trials; overlap, weights and ESS alone pass it in "
                f"{cell.first_four}; DR's bound is false in {cell.figures['DR'].false}."
            )
    believed = [cell for cell in cells if cell.green > cell.evaluable]
    if believed:
        most, place = _worst(believed, lambda one: one.false)
        lines.append(
            "People's logs have no probabilities and are never evaluable. Counted from the log, they would have made "
            f"every figure green in up to {max(cell.green for cell in believed)} of {trials} trials, while bounds are "
            f"false in up to {most} ({place}): what people saw and the log lacks shifts both choice and cost."
        )
    return lines


def _worst(cells: Sequence[Cell], count: Callable[[Figures], int]) -> tuple[int, str]:
    found = [
        (count(one), f"{name}, {cell.writer}, {cell.target}, {cell.form}")
        for cell in cells
        for name, one in cell.figures.items()
    ]
    return max(found, key=lambda one: one[0], default=(0, "none"))


def _false(cell: Cell) -> list[str]:
    mark = "**" if 2 * cell.evaluable >= cell.trials else ""
    counts = [f"{mark}{cell.figures[name].false}{mark}" for name in ESTIMATORS]
    return [*_names(cell), _worse(cell), f"{mark}{cell.evaluable}{mark}", *counts]


def _worse(cell: Cell) -> str:
    return f"{round(cell.against_champion, 6) + 0.0:.1%}"


def _seen(cell: Cell) -> list[str]:
    figures = [cell.diagnostics[name] for name in DIAGNOSTICS]
    return [
        *_names(cell),
        str(cell.green),
        str(cell.first_four),
        *(f"{one:.0f}" if one >= 10 else f"{one:.2f}" for one in figures),
    ]


def _errors(cell: Cell) -> list[str]:
    return [*_names(cell), *(f"{one.bias:+.3f} / {_width(one.width)}" for one in cell.figures.values())]


def _width(width: float) -> str:
    return "-" if math.isnan(width) else f"{width:.3f}" if width < 100 else f"{width:.0e}"


def _names(cell: Cell) -> list[str]:
    return [cell.writer, cell.target, cell.form]


def _champion(cells: Sequence[Cell]) -> float:
    return next(cell.worth for cell in cells if cell.target == "the logger's greedy")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
