"""How often a nominal 5 % bound is false, where the truth is known: `python -m ope.coverage --out coverage.md`."""

import argparse
import sys
import time
from pathlib import Path

from ope.coverage_report import failures, rendered
from ope.coverage_study import Study, run, setting


def main(arguments: list[str]) -> int:
    """Writes the study. Exit 0: every bound that the gate lets count holds; 1: one does not (the file names it);
    2: bad input."""
    study, out = _parsed(arguments)
    watched = sys.stderr.isatty()
    started = time.monotonic()

    def progress(line: str) -> None:
        if watched:
            sys.stderr.write(f"\r\x1b[K{line}, {time.monotonic() - started:.0f} s")
            sys.stderr.flush()

    cells = run(study, progress)
    progress("done")
    sys.stderr.write("\n" if watched else "")
    out.write_text(rendered(cells, setting(study), command(study)), encoding="utf-8")
    failed = failures(cells)
    sys.stderr.write(f"{out}: {len(cells)} cells, {len(failed)} failures, {time.monotonic() - started:.0f} s\n")
    return 1 if failed else 0


def command(study: Study) -> str:
    """The line that makes the same file again."""
    usual = Study()
    named = ("trials", "incidents", "world", "seed", "resamples")
    changed = [f" --{name} {getattr(study, name)}" for name in named if getattr(study, name) != getattr(usual, name)]
    return "python -m ope.coverage --out coverage.md" + "".join(changed)


def _parsed(arguments: list[str]) -> tuple[Study, Path]:
    usual = Study()
    parser = argparse.ArgumentParser(prog="python -m ope.coverage", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the file to write, Markdown")
    parser.add_argument("--trials", type=_count, default=usual.trials, help="logs a writer")
    parser.add_argument("--incidents", type=_count, default=usual.incidents, help="incidents a log")
    parser.add_argument("--world", type=_count, default=usual.world, help="seed of the six-state world")
    parser.add_argument("--seed", type=_count, default=usual.seed, help="seed of the logs")
    parser.add_argument("--resamples", type=_count, default=usual.resamples, help="of the bootstrap")
    given = parser.parse_args(arguments)
    if not given.out.parent.is_dir():
        parser.error(f"{given.out.parent}: no such folder; make it or name another with --out")
    return Study(given.trials, given.incidents, given.world, given.seed, given.resamples), given.out


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
