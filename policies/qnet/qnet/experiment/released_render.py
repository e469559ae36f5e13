"""The released policy's report for people, written from released.json's content and from nothing else."""

import html
from collections.abc import Sequence
from typing import Any

from qnet.experiment.plot import frontier_plot, reliability_plot
from qnet.experiment.render import PAGE, bullets, html_table, listed, markdown_table

TITLE = "What the released policy is worth in sealed worlds"
ABOUT = (
    "Returns are costs with a minus, in units of the reward's scale: 0 is a day without cost. "
    "Brackets hold 95 % intervals by the bootstrap over worlds, conditional on the models that there are. "
    "Harm in truth is what a fork of the world without the action shows; observed harm is what a row shows: an undo, "
    "something that got worse, or an end that nobody knows. "
    "Where harm is compared at a page rate, the line of the other is interpolated between its settings, and the "
    "interval is the wider of the bootstrap and of Newcombe's for the counts. "
    "Page rate is the share of days with a page. "
    "Simulated days: no gain here is a gain in production."
)
EXPECTED = ("expectation, and what it is held against", "whose actions", "actions", "expected", "came", "error", "ECE")
BY_CHANCE = "ECE by chance alone"


def markdown(results: dict[str, Any]) -> str:
    """The report as Markdown."""
    parts = [f"# {TITLE}", ABOUT, made_by(results), "## Verdict", bullets(results["verdict"])]
    for table in results["tables"]:
        parts += [f"## {table['title']}", markdown_table(table)]
    head, rows = _expectations(results)
    if rows:
        lines = [head, ["---", "---", *["---:"] * (len(head) - 2)], *rows]
        parts += ["## Whether what it expects comes true", "\n".join(f"| {' | '.join(row)} |" for row in lines)]
    parts += ["## What is missing", bullets(results["missing"] or ["nothing"])]
    return "\n\n".join(parts) + "\n"


def page(results: dict[str, Any]) -> str:
    """The report as one HTML page with its plots in it: it asks for nothing from anywhere."""
    parts = [f"<h1>{TITLE}</h1>", f"<p>{html.escape(ABOUT)}</p>", f"<p>{html.escape(made_by(results))}</p>"]
    parts += ["<h2>Verdict</h2>", listed(results["verdict"]), frontier_plot(results)]
    for table in results["tables"]:
        parts += [f"<h2>{html.escape(table['title'])}</h2>", html_table(table)]
    head, rows = _expectations(results)
    if rows:
        parts += ["<h2>Whether what it expects comes true</h2>", _table(head, rows)]
        parts += [reliability_plot(one) for one in results["expectations"]]
    parts += ["<h2>What is missing</h2>", listed(results["missing"] or ["nothing"])]
    return PAGE.replace("BODY", "\n".join(part for part in parts if part))


def made_by(results: dict[str, Any]) -> str:
    """Which command made the report, of which models, and of how much."""
    models = results["models"]
    return (
        f"`{results['command']}`: {results['worlds']} worlds, {results['days']} paired days; worlds of seed "
        f"{results['seed'][:12]}, drawn from the hashes of {len(models)} models: {', '.join(models)}."
    )


def _expectations(results: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            *(one["what"], one["whose"], str(one["actions"]), f"{one['expected']:.3f}"),
            *(_interval(one["came"], ""), _interval(one["error"], "+"), f"{one['ece']:.3f}", f"{one['noise']:.3f}"),
        ]
        for one in results["expectations"]
    ]
    return [*EXPECTED, BY_CHANCE], rows


def _interval(number: Sequence[float | None], sign: str) -> str:
    value, low, high = ("?" if one is None else f"{one:{sign}.3f}" for one in number)
    return f"{value} [{low}, {high}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(text)}</th>" for text in head)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
