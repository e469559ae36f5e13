"""Two plots as SVG text: return by size of the log, and harm per action against how often a policy pages."""

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 860, 400, 70, 30, 170, 50

# Okabe and Ito's colours, which people who see red and green alike can tell apart: https://jfly.uni-koeln.de/color/
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999")


@dataclass(frozen=True)
class Series:
    """A line with the interval of each of its points: (x, y, low, high)."""

    label: str
    points: Sequence[tuple[float, float, float, float]]


def returns_plot(results: dict[str, Any]) -> str:
    """Return a day by days of log, for the first confounding; policies that do not learn are level lines."""
    table = next((one for one in results["tables"] if one["id"].startswith("returns-")), None)
    if table is None:
        return ""
    known = [row for row in table["rows"] if None not in row["numbers"]["return"]]
    sizes = sorted({row["size"] for row in known if row["size"] is not None})
    if not sizes:
        return ""
    series = []
    for label in dict.fromkeys(row["label"] for row in known):
        of_label = {row["size"]: row["numbers"]["return"] for row in known if row["label"] == label}
        if None not in of_label:
            series.append(Series(label, [(math.log10(size), *of_label[size]) for size in sorted(of_label)]))
        elif label in ("rules", "oncall-average", "oncall-expert", "bound"):
            ends = (math.log10(sizes[0]), math.log10(sizes[-1]))
            series.append(Series(label, [(end, *of_label[None]) for end in ends]))
    ticks = [(math.log10(size), str(size)) for size in sizes]
    return _plot("Return a day by days of log (bars: 95 % intervals)", series, ticks)


def frontier_plot(results: dict[str, Any]) -> str:
    """Harm per executed action against the share of days with a page: lower and further left is better."""
    series = [
        Series(line["label"], [(100 * x, 100 * y, 100 * low, 100 * high) for x, y, low, high in line["points"]])
        for line in results["frontier"]
    ]
    if not series:
        return ""
    ticks = [(float(percent), f"{percent} %") for percent in range(0, 101, 20)]
    return _plot("Harm per executed action, %, against days with a page (bars: 95 % intervals)", series, ticks)


def reliability_plot(one: dict[str, Any]) -> str:
    """What came against what was expected, a point a group, with the line on which they agree."""
    points = [(expected, came, low, high) for expected, came, low, high in one["groups"]]
    ends = [min(points)[0], max(points)[0]]
    series = [
        Series("agreement", [(end, end, end, end) for end in ends]),
        Series("what came", points),
    ]
    ticks = [(at, f"{at:.2f}") for at in [ends[0] + (ends[1] - ends[0]) * step / 4 for step in range(5)]]
    return _plot(f"{one['what']}: {one['whose']} (bars: 95 % intervals)", series, ticks)


def _plot(title: str, series: Sequence[Series], ticks: Sequence[tuple[float, str]]) -> str:
    xs = [point[0] for one in series for point in one.points] + [at for at, _ in ticks]
    ys = [value for one in series for point in one.points for value in point[1:]]
    x, y = _axis(min(xs), max(xs), LEFT, WIDTH - RIGHT), _axis(min(ys), max(ys), HEIGHT - BOTTOM, TOP)
    floor = HEIGHT - BOTTOM
    parts = [f'<text x="{LEFT}" y="18">{html.escape(title)}</text>']
    parts += [
        f'<text x="{x(at):.1f}" y="{floor + 20}" text-anchor="middle">{html.escape(text)}</text>' for at, text in ticks
    ]
    for step in range(5):
        value = min(ys) + (max(ys) - min(ys)) * step / 4
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#8884" fill="none"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for number, one in enumerate(series):
        parts.append(_line(one, number, x, y))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{html.escape(title)}">\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def _line(one: Series, number: int, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    colour = COLOURS[number % len(COLOURS)]
    dash = ' stroke-dasharray="5 4"' if number >= len(COLOURS) else ""
    path = "L".join(f"{x(point[0]):.1f} {y(point[1]):.1f}" for point in one.points)
    bars = "".join(f"M{x(at):.1f} {y(low):.1f}V{y(high):.1f}" for at, _, low, high in one.points)
    dots = "".join(f'<circle cx="{x(point[0]):.1f}" cy="{y(point[1]):.1f}" r="3"/>' for point in one.points)
    key = TOP + 10 + 18 * number
    return (
        f'<g stroke="{colour}" fill="{colour}"><path d="M{path}" fill="none" stroke-width="2"{dash}/>'
        f'<path d="{bars}" fill="none" opacity=".6"/>{dots}'
        f'<path d="M{WIDTH - RIGHT + 12} {key}h18" stroke-width="2"{dash}/></g>'
        f'<text x="{WIDTH - RIGHT + 36}" y="{key + 4}">{html.escape(one.label)}</text>'
    )


def _axis(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From values to places; a single value sits in the middle."""
    spread = high - low
    return lambda value: (start + end) / 2 if spread == 0 else start + (value - low) / spread * (end - start)
