"""Sealed worlds: drawn from the hash of the models that they will judge, so none existed before them."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qnet.experiment.asked import Asked, BadRun, Protocol
from qnet.experiment.cells import Trained
from qnet.experiment.plan import Evaluation
from qnet.experiment.run_tasks import run_command

# Sources, not tests nor what only they read; as functions/cli/code-hash.ts has it.
CODE = re.compile(r"(?<!\.test)(?<!\.fixture)(?<!\.contract)\.ts$|\.(yaml|cedar|cedarschema)$")


@dataclass(frozen=True)
class Part:
    """A share of an evaluation's worlds: as many parts as there are processes."""

    evaluation: Evaluation
    number: int
    of: int

    @property
    def name(self) -> str:
        return f"{self.evaluation.name}, part {self.number + 1} of {self.of}"

    def worlds(self, count: int) -> range:
        """Which of the seed's worlds it plays."""
        return range(self.number * count // self.of, (self.number + 1) * count // self.of)


def sealed_seed(protocol: Protocol, evaluation: Evaluation, models: Sequence[Trained]) -> str:
    """Seed of the worlds: sha256 over the protocol's hash, the seed and the sorted hashes of the models. Hex."""
    return _sha256("\n".join([protocol.sha256, str(evaluation.seed), *sorted(model.sha256 for model in models)]))


def play(
    part: Part,
    seed: str,
    models: Sequence[Trained],
    asked: Asked,
    log: Path,
    out: Path,
    quell: Sequence[str],
    code: str,
) -> tuple[list[Path], str]:
    """Plays the part with `quell evaluate`, as far as it has not been; returns the files of rows, and what was done.

    The bounds play on their own: they are slow, and have the first days of each world only.
    """
    evaluation, worlds = part.evaluation, part.worlds(asked.worlds)
    if len(worlds) == 0:
        return [], "no world is left for it"
    about = {
        "schema": 1,
        "seed": seed,
        "worlds": {"first": worlds.start, "end": worlds.stop},
        "broken": evaluation.broken,
        "trackRecord": str(log.resolve()),
    }
    policies = evaluation.policies(frozenset(model.name for model in models))
    listed = [{"name": model.name, "folder": str(model.folder.resolve())} for model in models]
    name = part.evaluation.name
    spec = about | _days(asked.days) | {"models": listed, "policies": policies}
    files = [played_spec(out, name, spec, quell, code)]
    if evaluation.bounds:
        few = min(asked.seer_days, asked.days)
        bounds = about | _days(few) | {"models": [], "policies": [*evaluation.bounds]}
        files.append(played_spec(out, name, bounds, quell, code))
    return files, f"{len(worlds)} worlds of {asked.days} days under {len(policies) + len(evaluation.bounds)} policies"


def _days(count: int) -> dict[str, int]:
    return {"daysPerWorld": count, "seerDays": count}


def played_spec(out: Path, name: str, spec: dict[str, object], quell: Sequence[str], code: str) -> Path:
    """The file of rows of a spec, played by this code; it gets its name when it is whole; until then it is added to.

    name: of what it is a part; the file's folder begins with it. Raises TaskFailed where it cannot be played.
    """
    file = file_of_spec(out, name, spec, code)
    folder = file.parent
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "spec.json").write_text(_text_of(spec), encoding="utf-8")
        growing = folder / "growing.jsonl"
        run_command([*quell, "evaluate", "--spec", str(folder / "spec.json"), "--out", str(growing)])
        growing.rename(file)
    return file


def file_of_spec(out: Path, name: str, spec: dict[str, object], code: str) -> Path:
    """Where the rows of a spec are or will be: named by all that they follow from."""
    return out / "days" / f"{name}-{_sha256(_text_of(spec) + code)[:16]}" / "days.jsonl"


def _text_of(spec: dict[str, object]) -> str:
    return json.dumps(spec, indent=1) + "\n"


def point_to(evaluation: Evaluation, seed: str, files: Sequence[Path], out: Path) -> None:
    """Writes down the files that a run has filled of an evaluation, all of them anew, and their sealed seed."""
    _refuse_other_worlds(files, seed)
    names = sorted(str(file.relative_to(out)) for file in files)
    beside = _pointer(evaluation, out).with_suffix(".new")
    beside.write_text(json.dumps({"seed": seed, "files": names}, indent=1) + "\n", encoding="utf-8")
    beside.replace(_pointer(evaluation, out))


def played_before(evaluation: Evaluation, out: Path) -> list[Path]:
    """The files of an evaluation that the last run of it filled. Raises BadRun where they are of other worlds."""
    pointer = _pointer(evaluation, out)
    if not pointer.exists():
        return []
    content = json.loads(pointer.read_text(encoding="utf-8"))
    files = [out / name for name in content["files"]]
    _refuse_other_worlds(files, content["seed"])
    return files


def _refuse_other_worlds(files: Sequence[Path], seed: str) -> None:
    for file in files:
        if json.loads(file.with_name("spec.json").read_text(encoding="utf-8"))["seed"] != seed:
            raise BadRun(f"{file}: is of other sealed worlds than the rest of its seed; run without --render-only")


def _pointer(evaluation: Evaluation, out: Path) -> Path:
    return out / "days" / f"{evaluation.name}.json"


def code_hash(root: Path) -> str:
    """Hex sha256 over the code that plays days: functions, runbooks and guardrails, without their tests."""
    folders = [root / name for name in ("functions", "runbooks", "policies/guardrails")]
    files = sorted(file for folder in folders for file in folder.rglob("*") if CODE.search(file.name))
    lines = [f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return _sha256("\n".join(lines))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
