"""The coverage study: logs of a world whose values are known exactly, asked what a policy is worth.

Four logs of the six-state world, four targets, each as asked and restricted; many trials, each an independent log; all
estimators on the same rows. Dynamic programming says what every target is truly worth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ope.bounds import ALPHA, empirical_bernstein, lower_bounds
from ope.coverage_report import DIAGNOSTICS, ESTIMATORS, Cell, Figures
from ope.dr import cross_fitted, dr
from ope.evaluable import Evaluability, Requirements, evaluable
from ope.fqe import Tabular, fqe, fqe_model
from ope.incidents import Floats, clusters_of
from ope.ips import ips
from ope.logs import (
    DAY_COST,
    RUSH_COST,
    Log,
    counted,
    epsilon_greedy,
    greedy,
    habits,
    harmful,
    scores_of,
    second,
    simulate,
    tie_set,
)
from ope.restricted import restricted
from ope.smdp import STATES, STEPS, Law, law_of, policy_value, value_iteration, world_of
from ope.snips import snips
from ope.wis import wis

VISITED = (0.34, 0.25, 0.18, 0.13, 0.08, 0.02)  # the last state is rare
TIE_DELTA = 0.5  # in returns: five of the six states of world 7 then have a tie set of two
WORSE_BY = 0.3  # the harmful challenger
FORMS = ("as asked", "restricted")
SETTING = """{trials} independent logs of {incidents} incidents a writer, in six-state world {world}: up to
{steps} decisions an incident, clusters of one to three incidents that share a good or a bad day, half of the
decisions in a rush, which costs three times as much and which no log mentions. True values are from dynamic
programming. Bounds are studentised bootstraps over clusters, Bernstein's aside.

The writers: epsilon 0.2 over all allowed candidates; epsilon 0.2 over those nearly as good as the best; always the
best; people, who see the rush. The targets: the logger's greedy; another candidate in three of the six states, always
(large change) or one time in eight (small change); another in the rarest state (rare change); the worst candidate in as
many states as make it {worse} worse (harmful). As asked, or restricted: where the logged probability of its choice is
below 0.05 it does what the logger does, and its true value is that of the restricted policy."""


@dataclass(frozen=True)
class Study:
    """What a study is made of. resamples: of the bootstrap, fewer than the gate's for speed."""

    trials: int = 1_000
    incidents: int = 2_000  # a log
    world: int = 7
    seed: int = 1
    resamples: int = 500


@dataclass(frozen=True)
class Writer:
    """Who wrote a log: what is proposed at leisure and in a rush, (S, K) each, and whether the log says so."""

    name: str
    leisure: Floats
    rush: Floats
    has_probabilities: bool


@dataclass(frozen=True)
class Trial:
    """One log asked about one target: values and lower bounds (E,) by estimator, the target's true
    worth, and what the gate says."""

    worth: float
    value: Floats
    lower: Floats
    evaluable: bool
    trusted: Evaluability  # the same, had the log's probabilities been believed whoever wrote it


def writers_of(scores: Floats) -> list[Writer]:
    everything = epsilon_greedy(scores, np.isfinite(scores))
    ties = epsilon_greedy(scores, tie_set(scores, TIE_DELTA))
    alone = greedy(scores)
    return [
        Writer("epsilon 0.2, full support", everything, everything, True),
        Writer("epsilon 0.2, tie set", ties, ties, True),
        Writer("deterministic", alone, alone, True),
        Writer("people, confounded", *habits(scores), False),
    ]


def targets_of(law: Law, scores: Floats) -> dict[str, Floats]:
    """(S, K) each. The large change: the second best in three states, the most visited among them; the small change:
    the same one time in eight; the rare change: the second best, always, in the rarest state."""
    champion, other = greedy(scores), second(scores, [0, 2, 4])
    return {
        "the logger's greedy": champion,
        "small change": 0.875 * champion + 0.125 * other,
        "rare change": second(scores, [STATES - 1]),
        "large change": other,
        "harmful": harmful(law, scores, WORSE_BY),
    }


def setting(study: Study) -> str:
    """What is simulated, for a reader of the tables."""
    return SETTING.format(**vars(study), steps=STEPS, worse=f"{WORSE_BY:.0%}")


def run(study: Study, progress: Callable[[str], None]) -> list[Cell]:
    """Every cell: writer by target by form."""
    world = world_of(study.world, VISITED)
    law = law_of(world, VISITED)
    scores = scores_of(world, value_iteration(world), study.world)
    targets, champion = targets_of(law, scores), greedy(scores)
    cells: list[Cell] = []
    for place, writer in enumerate(writers_of(scores)):
        trials: dict[tuple[str, str], list[Trial]] = {(name, form): [] for name in targets for form in FORMS}
        for trial in range(study.trials):
            if trial % 50 == 0:
                progress(f"{writer.name}: {trial} of {study.trials} trials")
            log = simulate(law, writer.leisure, writer.rush, study.incidents, hash_of(study.seed, place, trial))
            for key, outcome in asked(law, writer, targets, champion, log, study, trial).items():
                trials[key].append(outcome)
        value = policy_value(law, champion)
        cells += [cell_of(writer.name, *key, value, outcomes) for key, outcomes in trials.items()]
    return cells


def hash_of(seed: int, writer: int, trial: int) -> int:
    """One seed a log, none shared."""
    return int(np.random.SeedSequence([seed, writer, trial]).generate_state(1, np.uint64)[0])


def asked(
    law: Law, writer: Writer, targets: dict[str, Floats], champion: Floats, log: Log, study: Study, trial: int
) -> dict[tuple[str, str], Trial]:
    """One log asked about all targets, in both forms; equal tables are computed once."""
    logged = writer.leisure if writer.has_probabilities else counted(log)
    tables: dict[tuple[str, str], Floats] = {}
    for name, target in targets.items():
        tables[name, FORMS[0]] = target
        tables[name, FORMS[1]] = restricted(target, logged, champion)
    distinct = list({table.tobytes(): table for table in tables.values()}.values())
    clusters = clusters_of(log.incident, log.cluster)
    each = [estimated(law, log, table, logged) for table in distinct]  # (I, E) a table
    bounds = lower_bounds(np.hstack(each), clusters, ALPHA, study.resamples, trial).reshape(len(each), -1)
    outcomes: dict[bytes, Trial] = {}
    for table, values, bound in zip(distinct, each, bounds, strict=True):
        trusted, allowed = answers(writer, log, table, logged)
        least = least_return(law, table, logged)
        outcomes[table.tobytes()] = Trial(
            worth=policy_value(law, table),
            value=np.append(values.mean(axis=0), values[:, 0].mean()),
            lower=np.append(bound, empirical_bernstein(values[:, 0], clusters, least, 0.0)),
            evaluable=allowed,
            trusted=trusted,
        )
    return {key: outcomes[table.tobytes()] for key, table in tables.items()}


def answers(writer: Writer, log: Log, table: Floats, logged: Floats) -> tuple[Evaluability, bool]:
    """What the gate would say if the log's probabilities were believed, and whether it lets the target be evaluated."""
    rows = (log.proposed, log.incident, log.step, log.cluster)
    trusted = evaluable(table[log.state], logged[log.state], *rows)
    answer = trusted if writer.has_probabilities else evaluable(table[log.state], None, *rows)
    return trusted, answer.evaluable


def meets_the_first_four(found: Evaluability) -> bool:
    """Whether overlap, cumulative weight and effective numbers alone would let the target be evaluated."""
    needed = Requirements()
    near_one = abs(found.mean_cumulative_weight - 1) <= needed.weight_errors * found.mean_cumulative_weight_se + 1e-9
    enough = found.ess >= needed.ess and found.ess_share >= needed.ess_share
    return near_one and enough and found.overlap >= needed.overlap


def estimated(law: Law, log: Log, table: Floats, logged: Floats) -> Floats:
    """(I, 5) per_incident of the first five of ESTIMATORS."""
    chances = (table[log.state, log.proposed], logged[log.state, log.proposed])
    arguments = (log.reward, *chances, log.incident, log.step, log.discount)
    timed = (log.reward, log.incident, log.step, log.discount, basis_of(law, log, table))
    q, v = cross_fitted(fqe_model(*timed), log.cluster)
    each = [ips(*arguments), snips(*arguments), wis(*arguments), dr(*arguments, q, v), fqe(*timed)]
    return np.stack([one.per_incident for one in each], axis=1)


def basis_of(law: Law, log: Log, table: Floats) -> Tabular:
    """One number for each step, state and allowed candidate: the model errs by sampling alone."""
    pairs = int(law.allowed.sum())
    place = np.where(law.allowed, law.allowed.cumsum().reshape(law.allowed.shape) - 1, 0)
    return Tabular(
        cells=log.step[:, None] * pairs + place[log.state],
        target=table[log.state],
        proposed=log.proposed,
        width=STEPS * pairs,
    )


def least_return(law: Law, table: Floats, logged: Floats) -> float:
    """The least an incident can add to IPS: the dearest run at every step, at the largest weight there can be."""
    ratio = max(float((table[logged > 0] / logged[logged > 0]).max()), 1.0)
    weights = float((ratio ** np.arange(1, STEPS + 1)).sum())
    return float(law.reward.min()) * RUSH_COST * DAY_COST * weights


def cell_of(writer: str, target: str, form: str, champion: float, trials: list[Trial]) -> Cell:
    """Sums the trials up. A width is the mean over bounds that are finite, NaN where none is."""
    worth = np.array([one.worth for one in trials])
    value, lower = np.array([one.value for one in trials]), np.array([one.lower for one in trials])
    trusted = np.array([one.evaluable for one in trials])
    false = lower > worth[:, None] + 1e-9  # (trials, E)
    width = np.where(np.isfinite(lower), value - lower, 0.0).sum(axis=0)
    finite = np.isfinite(lower).sum(axis=0)
    return Cell(
        writer=writer,
        target=target,
        form=form,
        worth=float(worth.mean()),
        against_champion=float(worth.mean()) / champion - 1,
        trials=len(trials),
        evaluable=int(trusted.sum()),
        green=sum(one.trusted.evaluable for one in trials),
        first_four=sum(meets_the_first_four(one.trusted) for one in trials),
        diagnostics={name: float(np.mean([getattr(one.trusted, name) for one in trials])) for name in DIAGNOSTICS},
        figures={
            name: Figures(
                false=int(false[:, place].sum()),
                misleading=int((false[:, place] & trusted).sum()),
                bias=float((value[:, place] - worth).mean()),
                width=float(width[place] / finite[place]) if finite[place] else float("nan"),
            )
            for place, name in enumerate(ESTIMATORS)
        },
    )
