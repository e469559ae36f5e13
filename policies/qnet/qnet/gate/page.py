"""report.html of a gate: one file that fetches nothing and is read by eye, keyboard or ear."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2

from qnet import plots

from .estimated import scope_words
from .judge import Case, Judgement
from .simulator import Family

HERE = Path(__file__).resolve().parent
TITLES = {
    "G0": "G0: the data",
    "G1": "G1: the ranking of challengers",
    "G2": "G2: golden replay, properties and parity",
    "G3": "G3: the simulator",
    "G4": "G4: the log with propensities",
}
RULES = {
    "G0": "Four slices by time, each cluster whole in one of them; nothing of the later ones was trained on, "
    "and the history features are what earlier rows say.",
    "G1": "Fitted Q evaluation on the tune slice. It says who is worth a gate, and promotes nobody.",
    "G2": "Nothing here is a matter of degree: one forbidden action, one broken property, one altered file refuses.",
    "G3": "A veto only. A gain in the simulator is not a gain in production.",
    "G4": "The restricted policy: where the log seldom proposed the challenger's choice it does what the champion "
    "does. Diagnostics come before any outcome is read; a miss is NOT EVALUABLE, never a pass.",
}
LIMITS = (
    "That the challenger is better, unless this page says better: non-inferior means that a loss beyond the margin was "
    "not found.",
    "Anything about acting alone where the log asked: a bound from proposals that people approved says nothing of it. "
    "G4 says what share of the proposals asked.",
    "What a question changes: where the challenger would ask a person about a choice that the log made alone, or the "
    "other way round, what came of the logged one stands for both.",
    "Anything about an account, where the log was simulated: autonomy in an account is earned there.",
    "Anything about the challenger where the restricted policy leaves its choice to the champion.",
)


@dataclass(frozen=True)
class Part:
    """One section: sentences, then a plot, then a table of names and values."""

    name: str
    heading: str
    says: str
    reasons: Sequence[str] = ()
    plots: Sequence[str] = ()
    caption: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def write_page(file: Path, judgement: Judgement, case: Case, champion: str) -> None:
    """The same judgement gives the same bytes."""
    parts = [_stages(judgement), _families(judgement, case)]
    parts += [_stage(name, judgement) for name in judgement.stages]
    parts.append(_openings(judgement, case))
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE.parent / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    ).get_template("gate.html.j2")
    text = page.render(
        title=f"{case.challenger} against {champion}: {judgement.verdict}",
        summary=_summary(judgement),
        reasons=judgement.reasons,
        parts=parts,
        limits=LIMITS,
    )
    file.write_text(text + "\n", encoding="utf-8")


def _summary(judgement: Judgement) -> str:
    if judgement.verdict == "passed":
        scope = scope_words(judgement.stages["G4"].figures)
        return f"A person may promote it, with these words and no others: {judgement.promotion}. {scope}."
    if judgement.verdict == "refused":
        return "It is not promoted. Why, by stage:"
    return "It is not promoted: the evidence cannot tell. Why, by stage:"


def _stages(judgement: Judgement) -> Part:
    rows = [(TITLES[name], stage.verdict, str(len(stage.reasons))) for name, stage in judgement.stages.items()]
    return Part(
        "stages",
        "The stages",
        "Refused if any stage refuses, else NOT EVALUABLE if any is, else passed.",
        caption="Verdict of each stage",
        columns=("stage", "verdict", "remarks"),
        rows=rows,
    )


def _stage(name: str, judgement: Judgement) -> Part:
    stage = judgement.stages[name]
    rows = list(_flat(stage.figures))
    return Part(
        name,
        f"{TITLES[name]}: {stage.verdict}",
        RULES[name],
        stage.reasons,
        caption=f"Figures of {name}",
        columns=("figure", "value"),
        rows=rows,
    )


def _flat(figures: Mapping[str, Any], before: str = "") -> Sequence[tuple[str, str]]:
    """Nested figures as rows, each named by its path."""
    rows: list[tuple[str, str]] = []
    for name, value in figures.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            rows += _flat(value, f"{path}, ")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for place, one in enumerate(value, 1):
                rows += _flat(one, f"{path} {place}, ")
        else:
            rows.append((path, _said(value)))
    return rows


def _said(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.4g}"


def _families(judgement: Judgement, case: Case) -> Part:
    asked = case.thresholds
    says = (
        f"Of each family {asked.family_incidents} incidents are needed. Measured beyond the margin of "
        f"{asked.cost_margin:.0%} of the champion's cost, or of {100 * asked.family_harm_margin:g} points of harm an "
        "action: refused. Within it by the bound: passed. Within it as measured, with an interval too wide to show it, "
        "or too few incidents: undecided. The runbooks of an undecided family take a person's consent before each run"
    )
    says += f": {', '.join(judgement.approval)}." if judgement.approval else "; there are none here."
    found = [one for one in judgement.families if one.compared is not None]
    return Part(
        "families",
        "Family by family in the simulator",
        says,
        plots=_drawn(found, asked.cost_margin, asked.family_harm_margin) if found else (),
        caption="Each family: cost gained (below 0: lost) and harm added, with one-sided 95 % bounds",
        columns=("family", "verdict", "incidents", "gain", "cost bound", "harm, points", "harm bound", "why"),
        rows=[_row(one) for one in judgement.families],
    )


def _row(family: Family) -> tuple[str, ...]:
    found = family.compared
    if found is None:
        return (family.name, family.verdict, "0", *(["not known"] * 4), family.reason)
    cost = (f"{found.gain.value:+.1%}", f"{found.gain.low:+.1%}")
    harm = (f"{100 * found.harm.value:+.2f}", f"{100 * found.harm.high:+.2f}")
    return (family.name, family.verdict, f"{found.incidents:,}", *cost, *harm, family.reason)


def _drawn(families: Sequence[Family], cost: float, harm: float) -> list[str]:
    found = [one.compared for one in families if one.compared is not None]
    names = [one.name for one in families]
    gains = [(one.gain.value, one.gain.low) for one in found]
    harms = [(one.harm.value, one.harm.high) for one in found]
    title = f"Cost gained by family with its lower bound; the line is the margin of {-cost:.0%}"
    other = f"Harm added by family with its upper bound; the line is the margin of {100 * harm:g} points"
    return [
        _bounded(names, gains, -cost, "share of the champion's cost gained", title, "gain"),
        _bounded(names, harms, harm, "harm added per executed action", other, "harm"),
    ]


def _bounded(
    names: Sequence[str], sides: Sequence[tuple[float, float]], margin: float, axis: str, title: str, name: str
) -> str:
    def draw(axes: Any) -> None:
        axes.axvline(margin, color=plots.SECOND, linestyle=":")
        for row, (value, bound) in enumerate(sides):
            axes.plot([value, bound], [row, row], color=plots.FIRST)
            axes.plot([value], [row], "o", color=plots.FIRST)
            axes.plot([bound], [row], "|", color=plots.FIRST)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlabel(axis)

    return plots.figure(draw, title, f"plot-{name}", inches=(6.4, 1.0 + 0.28 * len(names)))


def _openings(judgement: Judgement, case: Case) -> Part:
    rows = [("thresholds, sha256", judgement.opening.thresholds), ("test slice, sha256", judgement.opening.test)]
    rows += [("challenger", judgement.opening.challenger), ("openings of this slice", str(judgement.openings))]
    rows += [(f"threshold {name}", _said(value)) for name, value in asdict(case.thresholds).items()]
    rows += [(f"evidence {name}", _said(value)) for name, value in asdict(case.requirements).items()]
    return Part(
        "openings",
        "Thresholds and openings",
        "The thresholds were hashed before an outcome of the test slice was read; each reading is a line in a file.",
        caption="What was fixed before the test slice was opened",
        columns=("what", "value"),
        rows=rows,
    )
