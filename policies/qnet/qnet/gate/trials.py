"""`gate-trials --out FILE`: what the gate refuses and what it lets pass, where the truth is exact."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ope import restricted
from qnet.progress import Progress

from .decisions import Floats
from .judge import judge
from .planted import planted
from .stage import Verdict
from .trial_policies import flipped, improved, learnt, training_log, twins, worse, worse_family, worst_of
from .trial_report import rendered
from .trial_world import Sizes, Truth, case_of, exploring, family_losses, loss_of, played, truth_of

SHARES = (0.01, 0.02, 0.05, 0.10, 0.20)  # of the rewards of a training log that are flipped
PLANTED_IN = 0  # a world whose clean case passes, and whose log can tell a better policy from cloning
TRAINED_ON = 400  # incidents of that log: with many more no share of random flips changes a policy


@dataclass(frozen=True)
class Trial:
    """One verdict, and the truth: shares of the champion's cost that are lost."""

    verdict: Verdict
    stages: dict[str, Verdict]
    loss: float  # by the challenger
    worst_family: float
    deployed: float  # by the restricted policy, of which G4 speaks


@dataclass(frozen=True)
class Kind:
    """A kind of challenger, and all of its trials."""

    name: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Study:
    """How much is asked."""

    trials: int = 200  # of each kind
    flips: int = 50  # of each share, and of each way to flip
    sizes: Sizes = field(default_factory=Sizes)
    seed: int = 1


Asked = tuple[Truth, Floats, dict[str, Any]]
"""A world, a challenger in it, and what else its case has."""


def kinds_of(study: Study) -> dict[str, tuple[int, Callable[[Truth, int], Asked]]]:
    """Each kind with the number of its trials and how one is made of a world and a seed."""
    kinds: dict[str, tuple[int, Callable[[Truth, int], Asked]]] = {
        "30 % worse, or as bad as can be": (study.trials, lambda truth, _: (truth, worse(truth, 0.3), {})),
        "the same, a deterministic log, the simulator blind to it": (
            study.trials,
            lambda truth, seed: _deterministic(truth, seed, study),
        ),
        "one family 15 % worse": (study.trials, lambda truth, _: (truth, worse_family(truth, 0.15), {})),
        "worse, the simulator blind to it": (study.trials // 2, lambda truth, seed: _unseen(truth, seed, study)),
        "the champion itself": (study.trials // 2, lambda truth, _: (truth, truth.champion, {})),
        "equal, other choices": (study.trials // 2, lambda truth, _: (*twins(truth), {})),
        "better in the rarest state": (study.trials // 2, lambda truth, _: _better(truth)),
    }
    for share in SHARES:
        for aimed in (False, True):
            name = f"rewards flipped {'where the worst ran' if aimed else 'at random'}: {share:.0%}"
            kinds[name] = (study.flips, _flips(share, aimed))
    return kinds


def run_kind(name: str, count: int, make: Callable[[Truth, int], Asked], study: Study, progress: Progress) -> Kind:
    """Trials of one kind, each in a world of its own."""
    trials = []
    for place in progress.over(count, name):
        seed = int(np.random.SeedSequence([study.seed, place]).generate_state(1)[0])
        trials.append(trial_of(make(truth_of(seed), seed), seed, study))
    return Kind(name, tuple(trials))


def trial_of(asked: Asked, seed: int, study: Study) -> Trial:
    """Judges one challenger by the functions of the command."""
    truth, challenger, changes = asked
    champion = changes.get("champion", truth.champion)
    logger = changes.get("logger", exploring(truth, champion))
    case = case_of(truth, challenger, seed, study.sizes, **dict(changes))
    judgement = judge(case, lambda _: None, lambda _: None)
    deployed = restricted(challenger, logger, champion, case.thresholds.floor)
    return Trial(
        verdict=judgement.verdict,
        stages={name: stage.verdict for name, stage in judgement.stages.items()},
        loss=loss_of(truth, challenger, champion),
        worst_family=float(family_losses(truth, challenger, champion).max()),
        deployed=loss_of(truth, deployed, champion),
    )


def _better(truth: Truth) -> Asked:
    challenger, champion = improved(truth)
    return truth, challenger, {"champion": champion}


def _unseen(truth: Truth, seed: int, study: Study) -> Asked:
    """The challenger takes what the log shows to be worse; in the simulator nobody sees a difference."""
    challenger, champion = improved(truth)  # the other way round: who errs is the challenger
    days = played(truth, challenger, challenger, seed, study.sizes)
    return truth, champion, {"champion": challenger, "days": days}


def _deterministic(truth: Truth, seed: int, study: Study) -> Asked:
    """Only the log could tell, and it shows nothing but what the champion does."""
    days = played(truth, truth.champion, truth.champion, seed, study.sizes)
    return truth, worse(truth, 0.3), {"logger": truth.champion, "days": days}


def _flips(share: float, aimed: bool) -> Callable[[Truth, int], Asked]:
    """The champion has learnt from the log as it was, the challenger from the same log with flipped rewards."""

    def make(truth: Truth, seed: int) -> Asked:
        log = training_log(truth, TRAINED_ON, seed)
        spoilt = flipped(log, share, seed, worst_of(truth) if aimed else None)
        return truth, learnt(truth, spoilt), {"champion": learnt(truth, log)}

    return make


def add_parser(subparsers: Any) -> None:
    """The flags of the command."""
    parser = subparsers.add_parser("gate-trials", help="what the gate refuses, where the truth is exact")
    parser.add_argument("--out", type=Path, required=True, help="the Markdown file that is written")
    parser.add_argument("--trials", type=int, default=Study.trials, help="of each kind of challenger")
    parser.add_argument("--flips", type=int, default=Study.flips, help="of each share of flipped rewards")
    parser.add_argument("--only", default="", help="only kinds whose name has this in it")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Runs all trials and writes the tables."""
    study = replace(Study(), trials=flags.trials, flips=flags.flips)
    progress = Progress()
    kinds = [
        run_kind(name, count, make, study, progress)
        for name, (count, make) in kinds_of(study).items()
        if flags.only in name
    ]
    found = planted(truth_of(PLANTED_IN), study.seed, study.sizes)
    flags.out.write_text(rendered(kinds, found, study), encoding="utf-8")
    return 0
