"""Plots as SVG that stands inside a page: text stays text, colours come from the page, nothing is fetched."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Colours that stand for those of the page: they are replaced, so that light and dark both work.
INK, FIRST, SECOND = "#010203", "#010204", "#010205"
PAGE_COLOURS = {INK: "currentColor", FIRST: "var(--first)", SECOND: "var(--second)"}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "qnet",
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def losses(history: Mapping[str, Sequence[float]], title: str, name: str) -> str:
    """One curve a series, over passes."""

    def draw(axes: Axes) -> None:
        for place, (label, values) in enumerate(history.items()):
            style = "-" if place < 2 else "--"
            axes.plot(range(1, len(values) + 1), values, style, color=(FIRST, SECOND)[place % 2], label=label)
        axes.set_xlabel("pass")
        axes.set_ylabel("loss")
        axes.legend(frameon=False)

    return figure(draw, title, name)


def against(score: Sequence[float], observed: Sequence[float], title: str, name: str) -> str:
    """Mean score against mean observed return, a point a group, with the line on which they agree."""

    def draw(axes: Axes) -> None:
        ends = [min([*score, *observed]), max([*score, *observed])]
        axes.plot(ends, ends, ":", color=INK, linewidth=1)
        axes.plot(score, observed, "o-", color=FIRST)
        axes.set_xlabel("mean score of what ran")
        axes.set_ylabel("mean observed return")

    return figure(draw, title, name)


def bars(labels: Sequence[str], series: Mapping[str, Sequence[float]], axis: str, title: str, name: str) -> str:
    """Bars lying side by side, the first label on top."""

    def draw(axes: Axes) -> None:
        height = 0.8 / len(series)
        for place, (label, values) in enumerate(series.items()):
            at = [row + place * height for row in range(len(labels))]
            axes.barh(at, values, height, color=(FIRST, SECOND)[place % 2], label=label)
        axes.set_yticks([row + 0.4 - height / 2 for row in range(len(labels))], labels)
        axes.invert_yaxis()
        axes.set_xlabel(axis)
        if len(series) > 1:
            axes.legend(frameon=False)

    return figure(draw, title, name, inches=(6.4, 1.0 + 0.28 * len(labels)))


def figure(draw: Callable[[Axes], None], title: str, name: str, inches: tuple[float, float] = (6.4, 3.4)) -> str:
    """An <svg> element with a title for those who hear it. `name` makes its ids unlike those of other figures."""
    with matplotlib.rc_context(STYLE):
        drawn = Figure(figsize=inches, layout="constrained")
        axes = drawn.add_subplot()
        draw(axes)
        axes.patch.set_alpha(0)
        written = io.BytesIO()
        FigureCanvasSVG(drawn)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        drawn.savefig(written, format="svg", transparent=True, metadata=nothing)
    return _for_page(written.getvalue().decode(), title, name)


def _for_page(svg: str, title: str, name: str) -> str:
    """Strips what a page does not need (prologue, namespaces, metadata) and gives ids and colours of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\s(xmlns(:\w+)?|version)="[^"]*"', "", svg)
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", svg)
    for colour, of_page in PAGE_COLOURS.items():
        svg = svg.replace(colour, of_page)
    opening = f'<svg role="img" aria-labelledby="{name}-title"'
    svg = svg.replace("<svg", opening, 1)
    end = svg.index(">") + 1
    return f'{svg[:end]}<title id="{name}-title">{html.escape(title)}</title>{svg[end:]}'.strip()
