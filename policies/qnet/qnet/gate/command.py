"""`gate --spec FILE --out DIR [--json]`: exit 0 passed, 1 refused or NOT EVALUABLE, 2 bad input."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ope import Requirements
from qnet.bad_input import BadInput
from qnet.release.canonical import canonical_sha256
from qnet.reward import read_reward
from qnet.schema import read_schema

from .days import read_days
from .document import document_of, sentence_of
from .judge import Case, judge
from .log import logged_of, read_proposals
from .openings import append, read_openings
from .page import write_page
from .replayed import read_checks
from .spec import Spec, read_json, read_spec
from .thresholds import Thresholds, thresholds_hash

JUDGEMENTS = ("gate", "report", "createdAt", "manifest_hash")  # keys of a manifest that decide nothing
VERDICT, REPORT = "verdict.json", "report.html"


def add_parser(subparsers: Any) -> None:
    """The flags of the command."""
    parser = subparsers.add_parser("gate", help="may a challenger take the champion's place")
    parser.add_argument("--spec", type=Path, required=True, help="a JSON file that `quell gate` writes")
    parser.add_argument("--out", type=Path, required=True, help=f"a folder for {VERDICT} and {REPORT}")
    parser.add_argument("--json", action="store_true", help="the verdict as one JSON document on stdout")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Judges, writes the verdict and the report, and says one sentence."""
    spec = read_spec(flags.spec)
    case = case_of(spec)
    judgement = judge(
        case,
        say=lambda line: print_line(sys.stderr, line),
        opened=lambda opening: append(spec.openings, "opened", opening, challengerName=spec.challenger),
    )
    if judgement.p is not None:
        append(spec.openings, "judged", judgement.opening, p=judgement.p, verdict=judgement.verdict)
    document = document_of(judgement, spec.challenger, spec.champion)
    flags.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, allow_nan=False)
    (flags.out / VERDICT).write_text(text + "\n", encoding="utf-8")
    write_page(flags.out / REPORT, judgement, case, spec.champion)
    print_line(sys.stdout, text if flags.json else sentence_of(judgement, spec.challenger, flags.out / REPORT))
    return 0 if judgement.verdict == "passed" else 1


def print_line(stream: Any, line: str) -> None:
    """A line that is there before the next thing happens."""
    stream.write(f"{line}\n")
    stream.flush()


def case_of(spec: Spec) -> Case:
    """Reads everything but outcomes. Raises BadInput or BadEpisodes."""
    schema, weights = read_schema(spec.features), read_reward(spec.reward)
    thresholds, requirements = Thresholds(), Requirements()
    proposals = read_proposals(spec.episodes, schema)
    scored = dict(spec.scored)
    if spec.shuffled is not None:
        scored |= dict(zip(("cloning", "shuffled"), spec.shuffled, strict=True))
    ranked = {f"ranked {name}": folder for name, folder in spec.challengers}
    return Case(
        challenger=spec.challenger,
        identity=spec.challenger if spec.model is None else identity_of(spec.model),
        has_model=spec.model is not None,
        logged=logged_of(proposals, scored | ranked, spec.episodes, weights),
        simulated_log=proposals.is_simulated,
        ranked=("challenger", "champion", *ranked),
        slices=spec.slices,
        trained_on=spec.trained_on,
        checks=read_checks(spec.checks, spec.model is not None),
        days=read_days(spec.days, spec.challenger, spec.champion),
        shares=spec.shares,
        openings=read_openings(spec.openings),
        thresholds=thresholds,
        requirements=requirements,
        thresholds_hash=thresholds_hash(thresholds, requirements),
    )


def identity_of(folder: Path) -> str:
    """Hex sha256 of all that decides in a model's manifest: its weights' hash, and the rank, thresholds and calibration
    beside them. The same weights with other thresholds are another policy. Raises BadInput."""
    manifest = read_json(folder / "manifest.json")
    if not isinstance(manifest, dict):
        raise BadInput(f"{folder / 'manifest.json'}: is no manifest; export the model again")
    return canonical_sha256({name: value for name, value in manifest.items() if name not in JUDGEMENTS})
