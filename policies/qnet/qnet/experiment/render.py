"""The table for people: Markdown and one HTML page, both written from table.json's content and from nothing else."""

import html
from collections.abc import Callable
from typing import Any

from qnet.experiment.plot import frontier_plot, returns_plot

Number = list[float | None]


def _signed(digits: int) -> Callable[[float], str]:
    return lambda value: f"{value:+.{digits}f}"


def _plain(digits: int) -> Callable[[float], str]:
    return lambda value: f"{value:.{digits}f}"


def _percent(digits: int, sign: str = "") -> Callable[[float], str]:
    return lambda value: f"{100 * value:{sign}.{digits}f}"


# Key of a number -> heading and how it is written.
COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "return": ("return a day", _signed(3)),
    "iqm": ("interquartile mean", _signed(3)),
    "minus-rules": ("minus rules", _signed(3)),
    "minus-cloning": ("minus cloning", _signed(3)),
    "minus-fitted": ("minus fitted", _signed(3)),
    "minus-base": ("minus the whole", _signed(3)),
    "minus-challenger": ("minus ours", _signed(3)),
    "gapClosed": ("human-to-bound gap closed, %", _percent(0)),
    "impact": ("impact minutes a day", _plain(1)),
    "recovered": ("days that recovered, %", _percent(1)),
    "recoverMedian": ("median minutes to recover, of those that recovered", _plain(0)),
    "recoverP90": ("90th percentile, of those that recovered", _plain(0)),
    "minus-released": ("minus released", _signed(3)),
    "harm-minus-released": ("harm minus released's, points", _percent(2, "+")),
    "minus-usual": ("minus the same without the change", _signed(3)),
    "harm-minus-usual": ("harm minus that, points", _percent(2, "+")),
    "observedHarm": ("observed harm per action, %", _percent(1)),
    "harm-minus-other": ("harm in truth minus the other's there, points", _percent(2, "+")),
    "observed-minus-other": ("observed harm minus the other's there, points", _percent(1, "+")),
    "asks": ("questions to people a day", _plain(2)),
    "refusedByPeople": ("of them not consented to", _plain(2)),
    "excluded": ("candidates excluded a day", _plain(2)),
    "tooHarmful": ("pages for a harmful best a day", _plain(2)),
    "abstained": ("decisions abstained a day", _plain(2)),
    "hours-impact": ("impact, hours a day", _plain(3)),
    "hours-handover": ("after a hand-over", _plain(3)),
    "hours-action": ("acting and paging", _plain(3)),
    "hours-harm": ("harm", _plain(3)),
    "hours-recurrence": ("recurrence", _plain(3)),
    "actions": ("actions a day", _plain(2)),
    "harm": ("harm per action, %", _percent(2)),
    "harm-minus-cloning": ("harm minus cloning's, points", _percent(2, "+")),
    "harm-minus-base": ("harm minus the whole's, points", _percent(2, "+")),
    "cloningHarm": ("cloning's harm, %", _percent(2)),
    "withoutUplift": ("actions without uplift, %", _percent(1)),
    "pages": ("pages a day", _plain(2)),
    "paged": ("days with a page, %", _percent(1)),
    "cloningPaged": ("cloning's, %", _percent(1)),
    "medianWorld": ("median world", _signed(3)),
    "worstWorlds": ("worst tenth of worlds", _signed(3)),
    "seen": ("families in the logs", _signed(3)),
    "heldOut": ("families held out", _signed(3)),
}

ABOUT = (
    "Returns are costs with a minus, in units of the reward's scale: 0 is a day without cost. "
    "Brackets hold 95 % intervals by the bootstrap over worlds within seeds. "
    "They are conditional on the models and logs that there are: what other logs would have taught is in none of them. "
    "Those of differences in harm are the wider of the bootstrap and of Newcombe's interval of the counts, "
    "which takes actions for independent. "
    "Simulated days: no gain here is a gain in production."
)


def markdown(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    parts = ["# What each policy is worth in sealed worlds", ABOUT, f"Protocol {results['protocol'][:12]}."]
    parts += ["## Verdict", bullets(results["verdict"])]
    if results["differences"]:
        parts += ["## What differs from the protocol", bullets(results["differences"])]
    for table in results["tables"]:
        parts += [f"## {table['title']}", made_by(results, table), markdown_table(table)]
    missing = [*results["missing"], *(f"{name}: {error}" for name, error in results["failed"].items())]
    parts += ["## What is missing", bullets(missing or ["nothing"])]
    return "\n\n".join(parts) + "\n"


def page(results: dict[str, Any]) -> str:
    """The results as one HTML page with its plots in it: it asks for nothing from anywhere."""
    parts = ["<h1>What each policy is worth in sealed worlds</h1>", f"<p>{html.escape(ABOUT)}</p>"]
    parts += ["<h2>Verdict</h2>", listed(results["verdict"])]
    if results["differences"]:
        parts += ["<h2>What differs from the protocol</h2>", listed(results["differences"])]
    parts += [returns_plot(results), frontier_plot(results)]
    for table in results["tables"]:
        parts += [f"<h2>{html.escape(table['title'])}</h2>", f"<p>{html.escape(made_by(results, table))}</p>"]
        parts.append(html_table(table))
    missing = [*results["missing"], *(f"{name}: {error}" for name, error in results["failed"].items())]
    parts += ["<h2>What is missing</h2>", listed(missing or ["nothing"])]
    return PAGE.replace("BODY", "\n".join(part for part in parts if part))


def made_by(results: dict[str, Any], table: dict[str, Any]) -> str:
    """Which command made a table and of how much, and whether that is what the protocol asks for."""
    seeds, worlds, days = (max(row[name] for row in table["rows"]) for name in ("seeds", "worlds", "days"))
    whole = "as the protocol has it" if not results["differences"] else "with the differences listed above"
    said = f"`{results['command']}`: {seeds} seeds, {worlds} worlds, {days} paired days, {whole}."
    fewer = [row["label"] for row in table["rows"] if row["days"] < days]
    if fewer:
        said += f" On fewer days: {', '.join(fewer)}; only their differences compare like with like."
    apart = [f"{row['label']} of {row['size']}" for row in table["rows"] if row.get("unmatched")]
    if apart:
        said += f" Flagged (*), no constant brought the page rates within 2 points in some seed: {', '.join(apart)}."
    return said


def headings(table: dict[str, Any]) -> list[str]:
    """The headings of a table's columns."""
    return ["policy", "days of log", "seeds", "days", *(COLUMNS[column][0] for column in table["columns"])]


def cells(table: dict[str, Any], row: dict[str, Any]) -> list[str]:
    """A row's cells as text."""
    size = "-" if row["size"] is None else str(row["size"])
    numbers = [_written(column, row["numbers"].get(column)) for column in table["columns"]]
    label = f"{row['label']} *" if row.get("unmatched") else row["label"]
    return [label, size, str(row["seeds"]), str(row["days"]), *numbers]


def _written(column: str, number: Number | None) -> str:
    if number is None or number[0] is None:
        return "-"
    value, low, high = ("?" if one is None else COLUMNS[column][1](one) for one in number)
    return f"{value} [{low}, {high}]"


def markdown_table(table: dict[str, Any]) -> str:
    """A table as Markdown."""
    rows = [headings(table), ["---", *["---:"] * (len(headings(table)) - 1)]]
    rows += [cells(table, row) for row in table["rows"]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def html_table(table: dict[str, Any]) -> str:
    """A table as HTML, which scrolls where it is wide."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in headings(table))
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in cells(table, row)) + "</tr>"
        for row in table["rows"]
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def bullets(lines: list[str]) -> str:
    """A list as Markdown."""
    return "\n".join("- " + line.replace("\n", "\n  ") for line in lines)


def listed(lines: list[str]) -> str:
    """A list as HTML."""
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quell: what each policy is worth</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #8884; text-align: right; white-space: nowrap; }
th { white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
svg { max-width: 100%; height: auto; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
</style>
</head>
<body>
BODY
</body>
</html>
"""
