"""`python -m qnet released-table`: the released policy beside every other, in worlds drawn from the models' hashes.

Nothing is done twice: what was played lies under its spec's hash in `--out`, a part that was stopped goes on.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tqdm import tqdm

from qnet.experiment.asked import BadRun, Protocol, read_protocol
from qnet.experiment.measures import Scale, measured
from qnet.experiment.plan import MODEL
from qnet.experiment.played import read_played
from qnet.experiment.released_plan import Model, Study, find_models, lines, sealed_seed, spec_of, studies
from qnet.experiment.released_render import markdown, page
from qnet.experiment.released_results import expectations, frontier_lines, tables, together
from qnet.experiment.released_verdict import sentences
from qnet.experiment.run import QNET, QUELL, count, minutes, say, sayer
from qnet.experiment.run_tasks import Ended, Task, run_tasks
from qnet.experiment.sealed import code_hash, file_of_spec, played_spec
from qnet.reward import read_reward

WORLDS, DAYS, SEER_DAYS, STUDY_WORLDS = 200, 10, 1, 50
QUICK_WORLDS, QUICK_DAYS, QUICK_STUDY_WORLDS = 4, 3, 2
PIECES = 4  # parts of the usual study for each process: what was stopped loses little, and the processes end together
# Seconds on one core, rough: policies that choose alike share a day, and each part loads its models.
A_START, A_DAY, A_POLICY_DAY, A_SEER_DAY = 8.0, 0.1, 0.005, 1.0


@dataclass(frozen=True)
class Asked:
    """What this run is to do."""

    models: Path
    log: Path  # whose first days are every policy's past, and whose length the models learnt from
    out: Path
    worlds: int = WORLDS
    days: int = DAYS
    seer_days: int = SEER_DAYS  # of each world's days the bounds play so many
    study_worlds: int = STUDY_WORLDS  # the first so many worlds are played with something else about them
    jobs: int = 2
    budget_minutes: float | None = None
    render_only: bool = False
    command: str = "python -m qnet released-table"


@dataclass(frozen=True)
class Part:
    """A share of a study's worlds."""

    study: Study
    worlds: range
    days: int

    @property
    def name(self) -> str:
        return f"{self.study.name}, worlds {self.worlds.start} to {self.worlds.stop - 1}"


def add_parser(subparsers: Any) -> None:
    """The command and its flags."""
    parser = subparsers.add_parser("released-table", help="write the report of the released policy")
    parser.add_argument("--models", type=Path, required=True, help="a folder a model; one of them is called released")
    parser.add_argument("--log", type=Path, required=True, help="the log that they learnt from: every policy's past")
    parser.add_argument("--out", type=Path, default=Path(".quell/released"), help="kept between runs")
    parser.add_argument("--quick", action="store_true", help="a small part, in minutes")
    parser.add_argument("--worlds", type=count, help=f"sealed worlds ({WORLDS})")
    parser.add_argument("--days", type=count, help=f"days a world ({DAYS})")
    parser.add_argument("--seer-days", type=count, default=SEER_DAYS, help="days a world that the bounds play too")
    parser.add_argument("--study-worlds", type=count, help=f"worlds of each study ({STUDY_WORLDS})")
    parser.add_argument("--jobs", type=count, default=2, help="processes at once")
    parser.add_argument(
        "--budget-minutes", type=minutes, help="start nothing new after so long, and write what is whole"
    )
    parser.add_argument("--render-only", action="store_true", help="write the report from the days played before")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Plays what is missing and writes released.md, released.html and released.json. Returns 1 where a task failed."""
    os.environ |= {"QUELL_PYTHON": sys.executable, "PYTHONPATH": str(QNET), "OMP_NUM_THREADS": "1"}
    quick = flags.quick
    asked = Asked(
        models=flags.models,
        log=flags.log,
        out=flags.out,
        worlds=flags.worlds or (QUICK_WORLDS if quick else WORLDS),
        days=flags.days or (QUICK_DAYS if quick else DAYS),
        seer_days=flags.seer_days,
        study_worlds=flags.study_worlds or (QUICK_STUDY_WORLDS if quick else STUDY_WORLDS),
        jobs=flags.jobs,
        budget_minutes=flags.budget_minutes,
        render_only=flags.render_only,
        command=command_of(flags),
    )
    protocol = read_protocol(QNET / "protocol.json")
    return make_report(protocol, asked, QUELL, code_hash(QNET.parents[1]))


def command_of(flags: argparse.Namespace) -> str:
    """The line that makes the same report, of the same models and log."""
    given = {name: getattr(flags, name) for name in ("worlds", "days", "study_worlds")}
    sizes = [f" --{name.replace('_', '-')} {value}" for name, value in given.items() if value is not None]
    return "".join(["python -m qnet released-table", " --quick" if flags.quick else "", *sizes])


def make_report(protocol: Protocol, asked: Asked, quell: Sequence[str], code: str) -> int:
    """The run itself; see `run`. Raises BadRun."""
    models = find_models(asked.models)
    if not (asked.log / "simulation.json").is_file():
        raise BadRun(f"--log {asked.log}: holds no simulation.json; give a folder that `quell simulate` wrote")
    seed = sealed_seed(protocol, models)
    planned = studies(models)
    parts = [part for study in planned for part in _parts(study, asked)]
    specs = {part.name: spec_of(part.study, seed, models, asked.log, part.worlds, part.days) for part in parts}

    def play(part: Part) -> Path:
        return played_spec(asked.out, _name(part), specs[part.name], quell, code)

    tasks = [_task(part, play) for part in parts]
    ended = Ended({}, ())
    if not asked.render_only:
        asked.out.mkdir(parents=True, exist_ok=True)
        about = sum(task.seconds for task in tasks) / 60 / asked.jobs
        said = f"{len(models)} models, {asked.worlds} worlds of {asked.days} days, {len(planned)} studies"
        say(f"{said}; about {about:.0f} min if nothing of it has been done")
        deadline = None if asked.budget_minutes is None else time.monotonic() + 60 * asked.budget_minutes
        with tqdm(total=len(tasks), unit="task", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
            ended = run_tasks(tasks, asked.jobs, deadline, sayer(bar))
    there = [(part, file_of_spec(asked.out, _name(part), specs[part.name], code)) for part in parts]
    _write(protocol, asked, models, planned, [(part, file) for part, file in there if file.exists()], ended, seed)
    return 1 if ended.failed else 0


def _name(part: Part) -> str:
    return f"released-{part.study.name}"


def _parts(study: Study, asked: Asked) -> list[Part]:
    worlds = asked.worlds if study.name in ("usual", "bounds") else min(asked.study_worlds, asked.worlds)
    days = min(asked.seer_days, asked.days) if study.name == "bounds" else asked.days
    pieces = min(worlds, asked.jobs * (PIECES if study.name == "usual" else 1))
    ends = [number * worlds // pieces for number in range(pieces + 1)]
    return [Part(study, range(first, end), days) for first, end in pairwise(ends)]


def _task(part: Part, play: Callable[[Part], Path]) -> Task:
    a_policy = A_SEER_DAY if part.study.name == "bounds" else A_POLICY_DAY
    seconds = A_START + len(part.worlds) * part.days * (A_DAY + len(part.study.policies) * a_policy)

    def run() -> str:
        play(part)
        return f"{len(part.worlds) * part.days} days under {len(part.study.policies)} policies"

    return Task(part.name, (), seconds, run)


def _write(
    protocol: Protocol,
    asked: Asked,
    models: Sequence[Model],
    planned: Sequence[Study],
    there: Sequence[tuple[Part, Path]],
    ended: Ended,
    seed: str,
) -> None:
    """Writes the report of the parts that are there. Raises BadRun where nothing of the usual study is."""
    files = {study.name: [file for part, file in there if part.study is study] for study in planned}
    if not files["usual"]:
        why = next(iter(ended.failed.values()), "") or "run it without --render-only, or with more --budget-minutes"
        raise BadRun(f"{asked.out}: no day has been played yet; {why}")
    worlds = {
        study.name: [world for part, _ in there if part.study is study for world in part.worlds] for study in planned
    }
    played = {name: read_played({0: parts}) for name, parts in files.items() if parts}
    reward = read_reward(QNET / "reward.json")
    scale = Scale(reward.scale_hours, reward.cap_scales)
    whole = measured(together(played, worlds), scale, protocol.content["intervals"].get("draws", 2000))
    found, rules = expectations(files["usual"]), lines(models)
    results = {
        "schema": 1,
        "command": asked.command,
        "protocol": protocol.sha256,
        "seed": seed,
        "models": [model.name for model in models],
        "worlds": len(whole.played.strata),
        "days": int(whole.played.held_out.size),
        "verdict": sentences(whole, models, rules, planned, found),
        "tables": tables(whole, models, asked.log, planned),
        "frontier": frontier_lines(whole, rules),
        "expectations": found,
        "missing": _missing(protocol, whole.played.days, ended),
    }
    for name, content in (
        ("released.json", json.dumps(results, indent=1) + "\n"),
        ("released.md", markdown(results)),
        ("released.html", page(results)),
    ):
        (asked.out / name).write_text(content, encoding="utf-8")
    say(f"the report is in {asked.out / 'released.md'}, released.html and released.json")


def _missing(protocol: Protocol, played: Iterable[str], ended: Ended) -> list[str]:
    names = {policy.removeprefix(MODEL) for policy in played}
    names |= {"cloning-abstaining"} if any(name.startswith("clone:") for name in names) else set()
    wanted = [*protocol.content["baselines"], *(f"{peer}-cql" for peer in protocol.content["peers"])]
    said = [f"{name}: no policy or model of that name was played" for name in wanted if name not in names]
    said += [f"{name}: {why}" for name, why in ended.failed.items()]
    return [*said, *(f"not started, for the time was up: {name}" for name in ended.not_started)]
