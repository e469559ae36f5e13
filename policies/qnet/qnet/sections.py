"""What the report of a model says, section by section: figures as text and rows, beside a plot."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor

from . import plots
from .episodes import Episodes
from .model import Model, scores_of
from .targets import segment_best

GROUPS = 10  # equal groups of decisions, by score, in the calibration
MOST_RUNBOOKS = 30  # rows of a table: the rest ran seldom


@dataclass(frozen=True)
class Section:
    """A heading, a sentence, and a plot or a table or both."""

    name: str
    heading: str
    says: str
    plot: str = ""
    caption: str = ""
    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Scored:
    """Episodes beside what a model thinks of them."""

    score: Tensor  # (C,)
    best: Tensor  # (N,) place of the allowed candidate of the highest score; C where none is allowed
    ran: Tensor  # (n,) decisions whose executed action was in the list
    step: Tensor  # (N,) decisions of the same incident before this one
    label: list[str]  # (C,) what a candidate is called


def score_episodes(model: Model, episodes: Episodes) -> Scored:
    """Scores every decision."""
    score = scores_of(model, episodes)
    allowed = score.masked_fill(~episodes.allowed, float("-inf"))
    best = segment_best(allowed[None], episodes.owner, episodes.decisions)[0]
    return Scored(score, best, torch.nonzero(episodes.executed >= 0).squeeze(1), steps(episodes), labels(episodes))


def steps(episodes: Episodes) -> Tensor:
    """(N,) how many decisions of the same incident came before."""
    step = torch.zeros(episodes.decisions, dtype=torch.int64)
    here = torch.arange(episodes.decisions)
    goes_on = (episodes.next >= 0) & (episodes.next != here)
    front = episodes.next[goes_on]
    while len(front) > 0:
        step[front] += 1
        front = episodes.next[front[goes_on[front]]]
    return step


def labels(episodes: Episodes) -> list[str]:
    """What each candidate is called: page, wait, or the code of its runbook in hex, as vectors hold no names."""
    schema = episodes.schema
    of = {name: episodes.candidate[:, schema.index(name)].tolist() for name in ("runbook", "pages", "effect")}
    return [
        "page" if pages else f"runbook {int(code):06x}" if effect else "wait"
        for code, pages, effect in zip(of["runbook"], of["pages"], of["effect"], strict=True)
    ]


def losses(history: Mapping[str, Sequence[float]]) -> Section:
    """How training went."""
    if not history:
        return Section("losses", "Losses", "No losses were kept for this model.")
    rows = [(name, f"{values[0]:.4f}", f"{values[-1]:.4f}") for name, values in history.items() if len(values) > 0]
    plot = plots.losses(history, "Loss by pass, one line each: " + ", ".join(history), "losses")
    says = "How the losses fell, pass by pass."
    return Section("losses", "Losses", says, plot, "First and last loss", ("loss", "first pass", "last pass"), rows)


def calibration(model: Model, episodes: Episodes, scored: Scored) -> Section:
    """Scores of what ran against the returns that followed."""
    heading, name = "Scores against what came of it", "calibration"
    if len(scored.ran) == 0:
        return Section(name, heading, "No decision executed a candidate of its list.")
    score, observed = scored.score[episodes.executed[scored.ran]], episodes.returns[scored.ran]
    parts = [part for part in torch.tensor_split(torch.argsort(score, stable=True), GROUPS) if len(part) > 0]
    means = [(float(score[part].mean()), float(observed[part].mean()), len(part)) for part in parts]
    says = "Decisions in equal groups by the score of what ran. On the dotted line the score is the return. "
    says += "Scores of cloning are log probabilities; those of CQL are shifted by its penalty. Both rank only."
    title = f"Mean observed return against mean score of what ran, in {len(parts)} groups, {model.origin.learner}"
    plot = plots.against([one[0] for one in means], [one[1] for one in means], title, name)
    rows = [(str(place + 1), f"{one[0]:.3f}", f"{one[1]:.3f}", f"{one[2]:,}") for place, one in enumerate(means)]
    columns = ("group", "mean score", "mean return", "decisions")
    return Section(name, heading, says, plot, "Mean score and mean return by group", columns, rows)


def by_runbook(episodes: Episodes, scored: Scored) -> Section:
    """What the model thinks of each runbook, and what came of it."""
    offered, observed = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for place in torch.nonzero(episodes.allowed).squeeze(1).tolist():
        offered[scored.label[place]].append(float(scored.score[place]))
    for row in scored.ran.tolist():
        observed[scored.label[int(episodes.executed[row])]].append(float(episodes.returns[row]))
    most = sorted(offered, key=lambda one: (-len(observed[one]), one))[:MOST_RUNBOOKS]
    rows = [
        (
            one,
            f"{fmean(offered[one]):.3f}",
            f"{len(offered[one]):,}",
            f"{fmean(observed[one]):.3f}" if observed[one] else "never ran",
            f"{len(observed[one]):,}",
        )
        for one in most
    ]
    title = "Mean score of each runbook where it was allowed, the most executed first"
    means = {"mean score": [fmean(offered[one]) for one in most]}
    plot = plots.bars(most, means, "mean score", title, "runbooks") if most else ""
    columns = ("runbook", "mean score", "times allowed", "mean return", "times run")
    says = "What the model thinks of each runbook wherever it was allowed, beside what came of it where it ran."
    return Section("runbooks", "Value by runbook", says, plot, "Scores and returns by runbook", columns, rows)


def agreement(episodes: Episodes, scored: Scored) -> Section:
    """How often the model would do what people did."""
    same = scored.best[scored.ran] == episodes.executed[scored.ran]
    step = scored.step[scored.ran]
    rows = [
        (str(one + 1), f"{float(same[step == one].float().mean()):.1%}", f"{int((step == one).sum()):,}")
        for one in torch.unique(step).tolist()
    ]
    says = "How often the allowed candidate of the highest score is the one that people ran."
    caption = "Agreement with people by decision of the incident"
    return Section(
        "agreement", "Agreement with people", says, "", caption, ("decision", "agreement", "decisions"), rows
    )


def executed(episodes: Episodes, scored: Scored) -> Section:
    """What people ran, and what the model would put first."""
    ran, best = episodes.executed[scored.ran], scored.best[scored.ran]
    people = Counter(scored.label[place] for place in ran.tolist())
    first = Counter(scored.label[place] for place in best[best < len(scored.label)].tolist())
    most = sorted({*people, *first}, key=lambda one: (-people[one], one))[:MOST_RUNBOOKS]
    total = max(len(ran), 1)
    shares = {"people": [people[one] / total for one in most], "highest score": [first[one] / total for one in most]}
    rows = [(one, f"{people[one] / total:.1%}", f"{first[one] / total:.1%}") for one in most]
    title = "Share of decisions by runbook: what people ran, and what the model scores highest"
    plot = plots.bars(most, shares, "share of decisions", title, "executed") if most else ""
    says = f"What ran, and what the model would put first, in the {len(ran):,} decisions whose action was in the list."
    columns = ("runbook", "people", "highest score")
    return Section("executed", "What ran", says, plot, "Share of decisions by runbook", columns, rows)


def origin_of(model: Model) -> Section:
    """What it was trained from."""
    origin = model.origin
    facts = {"learner": origin.learner, "seed": origin.seed, "data": origin.data_hash, "features": origin.features_hash}
    rows = [(name, str(value)) for name, value in facts.items()]
    rows += [(f"config: {name}", json.dumps(value)) for name, value in sorted(origin.config.items())]
    says = "The same log, config and seed give the same model on the same machine."
    return Section("origin", "Where it comes from", says, "", "Origin and config", ("what", "value"), rows)
