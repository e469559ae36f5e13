"""`python -m qnet table`: the experiment of protocol.json, or a part of it; nothing is done twice."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from qnet.experiment.asked import SEER_DAYS, Asked, BadRun, Protocol, differences, read_protocol
from qnet.experiment.measures import Scale, measured
from qnet.experiment.plan import Evaluation, Plan, plan
from qnet.experiment.played import read_played
from qnet.experiment.render import markdown, page
from qnet.experiment.results import results
from qnet.experiment.run_tasks import Ended, run_tasks
from qnet.experiment.sealed import code_hash, played_before
from qnet.experiment.tasks import Places, Work, lay_out
from qnet.learners import LEARNERS
from qnet.reward import read_reward

QNET = Path(__file__).resolve().parents[2]  # policies/qnet
QUELL = ("node", str(QNET.parents[1] / "functions" / "cli" / "quell.ts"))

# What a continuous build can afford: the whole way once, with numbers that mean little.
QUICK_SIZES, QUICK_SEEDS, QUICK_LEARNERS = (200, 2000), (1, 2), ("cloning", "fitted", "cql")
QUICK_WORLDS, QUICK_DAYS, QUICK_SEER_DAYS = 6, 4, 1


def add_parser(subparsers: Any) -> None:
    """The command and its flags; `functions/cli/table.ts` passes the same."""
    parser = subparsers.add_parser("table", help="simulate, train, evaluate and write the table of policies")
    parser.add_argument("--out", type=Path, default=Path(".quell/table"), help="kept between runs")
    parser.add_argument("--quick", action="store_true", help="a small part, in minutes")
    parser.add_argument("--jobs", type=count, default=2, help="processes at once")
    parser.add_argument("--sizes", type=_counts, help="days of log, as 200,2000")
    parser.add_argument(
        "--sizes-other-confounding", type=_counts, help="days of log where the confounding is not the headline's"
    )
    parser.add_argument(
        "--seeds", type=_counts, help="each draws a log, trains its models and plays its own worlds, as 1,2,3"
    )
    parser.add_argument("--confounding", type=_names, help="of the logs, as mild,none")
    parser.add_argument("--learners", type=_names, help=f"some of {','.join(LEARNERS)}")
    parser.add_argument("--learners-other-confounding", type=_names, help="where the confounding is not the headline's")
    parser.add_argument("--worlds", type=count, help="sealed worlds a seed")
    parser.add_argument("--days", type=count, help="days a world")
    parser.add_argument("--seer-days", type=count, help=f"days a world on which the bounds play too ({SEER_DAYS})")
    parser.add_argument(
        "--streams-of-largest", type=count, help="share so many streams of the largest size among the seeds"
    )
    parser.add_argument("--no-extras", action="store_true", help="neither ablations nor broken knowledge")
    parser.add_argument(
        "--extras-seeds", type=count, help="only the first so many seeds have ablations and the rest of it"
    )
    parser.add_argument("--peers", action="store_true", help="train d3rlpy's CQL too")
    parser.add_argument(
        "--budget-minutes", type=minutes, help="start nothing new after so long, and render what is whole"
    )
    parser.add_argument("--render-only", action="store_true", help="write the table from the days played before")
    parser.add_argument("--plan", action="store_true", help="say what would be done and how long it takes, and stop")
    parser.set_defaults(run=run)


def run(flags: argparse.Namespace) -> int:
    """Does what is missing and writes table.md, table.html and table.json. Returns 1 where a task failed."""
    # What is started from here takes this interpreter and package, and one thread each: --jobs says how many at once.
    os.environ |= {"QUELL_PYTHON": sys.executable, "PYTHONPATH": str(QNET), "OMP_NUM_THREADS": "1"}
    protocol = read_protocol(QNET / "protocol.json")
    asked = asked_of(flags, protocol)
    return make_table(
        protocol, asked, Places(asked.out, QNET, QUELL, code=code_hash(QNET.parents[1])), only_plan=flags.plan
    )


def make_table(protocol: Protocol, asked: Asked, places: Places, *, only_plan: bool = False) -> int:
    """The run itself; see `run`."""
    planned = plan(protocol, asked)
    if asked.render_only:
        files = {one.name: played_before(one, asked.out) for one in planned.evaluations}
        return _render(protocol, asked, planned, files, Ended({}, ()))
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "days").mkdir(exist_ok=True)
    work = lay_out(protocol, asked, planned, places)
    _say_plan(protocol, asked, planned, work)
    if only_plan:
        return 0
    deadline = None if asked.budget_minutes is None else time.monotonic() + 60 * asked.budget_minutes
    with tqdm(total=len(work.tasks), unit="task", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        ended = run_tasks(work.tasks, asked.jobs, deadline, sayer(bar))
    return _render(protocol, asked, planned, work.played, ended)


def asked_of(flags: argparse.Namespace, protocol: Protocol) -> Asked:
    """What the flags ask for; what they leave out is the protocol's, or the quick run's. Raises BadRun."""
    evaluation, quick = protocol.content["evaluation"], flags.quick
    asked = Asked(
        out=flags.out,
        sizes=flags.sizes or (QUICK_SIZES if quick else protocol.sizes),
        seeds=flags.seeds or (QUICK_SEEDS if quick else protocol.seeds),
        confounding=flags.confounding or ((protocol.headline,) if quick else protocol.confounding),
        learners=flags.learners or (QUICK_LEARNERS if quick else tuple(LEARNERS)),
        worlds=flags.worlds or (QUICK_WORLDS if quick else evaluation["worldsPerSeed"]),
        days=flags.days or (QUICK_DAYS if quick else evaluation["daysPerWorld"]),
        seer_days=flags.seer_days or (QUICK_SEER_DAYS if quick else SEER_DAYS),
        sizes_other_confounding=flags.sizes_other_confounding,
        jobs=flags.jobs,
        streams_of_largest=flags.streams_of_largest,
        extras=not (flags.no_extras or quick),
        learners_other_confounding=flags.learners_other_confounding,
        extras_seeds=flags.extras_seeds,
        peers=flags.peers,
        budget_minutes=flags.budget_minutes,
        render_only=flags.render_only,
        command=_typed(sys.argv[2:]),
    )
    for name, given, known in (
        ("--learners", asked.learners, tuple(LEARNERS)),
        ("--learners-other-confounding", asked.learners_other_confounding or (), tuple(LEARNERS)),
        ("--confounding", asked.confounding, protocol.confounding),
    ):
        wrong = [one for one in given if one not in known]
        if wrong:
            raise BadRun(f"{name} {','.join(wrong)}: not known; give some of {','.join(known)}")
    return asked


def _typed(arguments: Sequence[str]) -> str:
    """The command as a person types it, without the flags that change no number."""
    kept, rest = [], list(arguments)
    while rest:
        one = rest.pop(0)
        name = one.partition("=")[0]
        if name in ("--out", "--jobs"):
            rest = rest if "=" in one else rest[1:]
        elif name != "--render-only":
            kept.append(one)
    return " ".join(["npm run table", *(["--", *kept] if kept else [])])


def _say_plan(protocol: Protocol, asked: Asked, planned: Plan, work: Work) -> None:
    minutes = sum(task.seconds for task in work.tasks) / 60 / asked.jobs
    worlds = len(planned.evaluations) * asked.worlds
    say(
        f"{len(planned.logs)} logs, {len(planned.cells)} models, {worlds} sealed worlds of {asked.days} days; "
        f"about {minutes:.0f} min with {asked.jobs} processes if nothing of it has been done"
    )
    for difference in differences(protocol, asked):
        say(f"not as the protocol has it: {difference}")


def sayer(bar: Any) -> Callable[[str], None]:
    """Says a line on stderr above the bar, which goes on by one."""

    def told(line: str) -> None:
        with bar.external_write_mode(file=sys.stderr):
            say(line)
        bar.update()

    return told


def _render(protocol: Protocol, asked: Asked, planned: Plan, files: Mapping[str, Sequence[Path]], ended: Ended) -> int:
    reward = read_reward(QNET / "reward.json")
    scale = Scale(reward.scale_hours, reward.cap_scales)

    def days_of(evaluations: Sequence[Evaluation]) -> Any:
        found = {one.seed: files[one.name] for one in evaluations if files.get(one.name)}
        return measured(read_played(found), scale, protocol.content["intervals"].get("draws", 2000))

    whole = days_of([one for one in planned.evaluations if not one.broken])
    if not whole.played.days:
        raise BadRun(f"{asked.out}: no day has been played yet; {_reasons(ended)}")
    broken = days_of([one for one in planned.evaluations if one.broken])
    missing = [f"not started, for the time was up: {name}" for name in ended.not_started]
    found = results(protocol, asked, planned, whole, broken, ended.failed, missing)
    for name, content in (
        ("table.json", json.dumps(found, indent=1) + "\n"),
        ("table.md", markdown(found)),
        ("table.html", page(found)),
    ):
        (asked.out / name).write_text(content, encoding="utf-8")
    for sentence in found["verdict"]:
        say(sentence)
    say(f"the table is in {asked.out / 'table.md'}, table.html and table.json")
    return 1 if ended.failed else 0


def _reasons(ended: Ended) -> str:
    failed = [f"{name}: {why}" for name, why in ended.failed.items()]
    return "; ".join(failed) if failed else "run it without --render-only, or with more --budget-minutes"


def say(line: str) -> None:
    """A line of progress on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def count(text: str) -> int:
    """What a flag counts: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} counts nothing; give a whole number of 1 or more, as 2")
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    try:
        return tuple(count(one) for one in text.split(","))
    except argparse.ArgumentTypeError as cause:
        raise argparse.ArgumentTypeError(f"{cause}; several with commas and no spaces, as 1,2,3") from cause


def minutes(text: str) -> float:
    """What a flag gives of time: 0 or more."""
    try:
        given = float(text)
    except ValueError:
        given = -1.0
    if not given >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; give minutes, as 90")
    return given


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))
