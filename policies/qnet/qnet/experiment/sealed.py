"""Sealed worlds: drawn from the hash of the models that they will judge, so none existed before them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qnet.experiment.asked import Asked, Protocol
from qnet.experiment.cells import Trained
from qnet.experiment.plan import Evaluation
from qnet.experiment.work import run_command


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
    part: Part, seed: str, models: Sequence[Trained], asked: Asked, log: Path, out: Path, quell: Sequence[str]
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
    files = [_played(out, part, about | _days(asked.days) | {"models": listed, "policies": policies}, quell)]
    if evaluation.bounds:
        few = min(asked.seer_days, asked.days)
        files.append(_played(out, part, about | _days(few) | {"models": [], "policies": [*evaluation.bounds]}, quell))
    pointer = out / "days" / f"{evaluation.name}-part-{part.number}.json"
    pointer.write_text(json.dumps([str(file.relative_to(out)) for file in files]) + "\n", encoding="utf-8")
    return files, f"{len(worlds)} worlds of {asked.days} days under {len(policies) + len(evaluation.bounds)} policies"


def _days(count: int) -> dict[str, int]:
    return {"daysPerWorld": count, "seerDays": count}


def _played(out: Path, part: Part, spec: dict[str, object], quell: Sequence[str]) -> Path:
    """The file of rows of a spec; it gets its name when it is whole; until then `quell evaluate` goes on."""
    text = json.dumps(spec, indent=1) + "\n"
    folder = out / "days" / f"{part.evaluation.name}-{_sha256(text)[:16]}"
    file = folder / "days.jsonl"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "spec.json").write_text(text, encoding="utf-8")
        growing = folder / "growing.jsonl"
        run_command([*quell, "evaluate", "--spec", str(folder / "spec.json"), "--out", str(growing)])
        growing.rename(file)
    return file


def played_before(evaluation: Evaluation, out: Path) -> list[Path]:
    """The files of an evaluation that earlier runs filled last."""
    pointers = sorted((out / "days").glob(f"{evaluation.name}-part-*.json"))
    return [out / name for pointer in pointers for name in json.loads(pointer.read_text(encoding="utf-8"))]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
