"""What is played for the released policy's report: every policy of the table beside it, and its rules one by one.

A rule is switched off by a limit that nothing reaches: P(harm) up to 1 is allowed, any support is enough. Lines ask
about no runbook for the gate's sake: a list of runbooks is no rule, and under a long one no rule can be told from
another.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qnet.experiment.asked import BadRun, Protocol
from qnet.experiment.plan import BOUNDS, FIXED, MODEL, PAGE_DELTAS
from qnet.release.slices import FILE as SLICES
from qnet.release.slices import NAMES

RELEASED = "released"
ONNX = f"onnx:{RELEASED}"
CLONE = f"clone:{RELEASED}+judged"
ACTS = f"{ONNX}+act+harm:1"  # takes the best by rank whatever its limits say: what its rules are measured against
JUDGED = f"{ONNX}+judged"
OFF = "+judged+harm:1+support:0+distance:1000000000+delta:-1000000+m:0"

# Settings of each rule, from one that seldom speaks to one that often does.
PAGING_SHARES = (0.15, 0.3, 0.45, 0.6, 0.8)
MS = (0.5, 1.0, 2.0, 4.0)
DELTAS = (0.1, 0.4, 0.8, 1.6)
HARMS = (0.5, 0.4, 0.3, 0.25, 0.2, 0.15)
SUPPORTS = (0.05, 0.2, 0.5, 0.9)

# Baselines whose value of `page` may be shifted, by the beginning of a model's name.
SHIFTED = ("cql", "d3rlpy", "fitted")
# Who plays where something is not as it usually is.
STUDIED_FIXED = ("page", "rules", "drafter", "oncall-average")
STUDIED = ("cloning", "fitted", "cql")


@dataclass(frozen=True)
class Model:
    """A model in a folder, whose name is the folder's."""

    name: str
    folder: Path
    sha256: str  # of everything that it is loaded from
    is_onnx: bool  # it brings its limits

    @property
    def policy(self) -> str:
        return f"onnx:{self.name}" if self.is_onnx else f"{MODEL}{self.name}"


@dataclass(frozen=True)
class Line:
    """One rule at several settings: points of harm against pages."""

    label: str
    policies: tuple[tuple[str, str], ...]  # (what is set, the policy's name)


@dataclass(frozen=True)
class Study:
    """The same worlds with something else about them, and who plays them."""

    name: str
    title: str
    policies: tuple[str, ...]
    changes: dict[str, object] = field(default_factory=dict, hash=False)  # of the spec of `quell evaluate`


def find_models(folder: Path) -> list[Model]:
    """The models in the folders of this one, by name. Raises BadRun where there is none called `released`."""
    if not folder.is_dir():
        raise BadRun(f"--models {folder}: no such folder; give one that holds a folder a model")
    models = [model for one in sorted(folder.iterdir()) if (model := _model_in(one)) is not None]
    if not any(model.name == RELEASED and model.is_onnx for model in models):
        raise BadRun(
            f"--models {folder}: it has no {RELEASED}/model.onnx with its manifest.json; put what "
            f"`python -m qnet release` wrote into {folder / RELEASED}"
        )
    return models


def _model_in(folder: Path) -> Model | None:
    for place in (folder, folder / "model"):  # training keeps a model in a folder of its own
        if (place / "model.onnx").is_file() and (place / "manifest.json").is_file():
            return Model(folder.name, place, _hash_of([place / "model.onnx", place / "manifest.json"]), True)
        if (place / "model.json").is_file():
            files = [file for file in sorted(place.rglob("*")) if file.is_file()]
            return Model(folder.name, place, _hash_of([file for file in files if not _is_aside(file)]), False)
    return None


def _is_aside(file: Path) -> bool:
    """What training leaves beside a model: what is said of it, and where to go on from."""
    return re.match(r"report|checkpoint", file.name) is not None


def _hash_of(files: Sequence[Path]) -> str:
    hashes = [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def sealed_seed(protocol: Protocol, models: Sequence[Model]) -> str:
    """Seed of the worlds: sha256 over the protocol's hash and the sorted hashes of all models. Hex."""
    text = "\n".join([protocol.sha256, RELEASED, *sorted(model.sha256 for model in models)])
    return hashlib.sha256(text.encode()).hexdigest()


def days_learnt(model: Model, log: Path) -> int:
    """Days of log that a model was made from: what its name ends with, as in `released-200`; else what its slices say,
    for it may have had more logs than this one; else the whole log.
    """
    found = re.search(r"-(\d+)$", model.name)
    if found is not None:
        return int(found[1])
    slices = model.folder / SLICES
    if slices.is_file():
        told = json.loads(slices.read_text(encoding="utf-8"))
        return sum(int(told[name]["clusters"]) for name in NAMES)
    try:
        return int(json.loads((log / "simulation.json").read_text(encoding="utf-8"))["incidents"])
    except (OSError, ValueError, KeyError) as error:
        raise BadRun(f"--log {log}: holds no log ({error}); give a folder that `quell simulate` wrote") from error


def lines(models: Sequence[Model]) -> list[Line]:
    """Each rule by itself, all together, and others that page more or less often. The first pages at random."""
    shifted = [model for model in models if not model.is_onnx and model.name.startswith(SHIFTED)]
    alone = f"{ONNX}{OFF}"
    return [
        Line("random paging", ((("0"), ACTS), *((f"{p:g}", f"random-paging:{p:g}:{ACTS}") for p in PAGING_SHARES))),
        Line("harm limit alone", _set(alone, "harm", HARMS)),
        Line("members disagree alone (m)", _set(_without(alone, "delta") + "+delta:0", "m", MS)),
        Line("not better than a page alone (delta)", _set(alone, "delta", DELTAS)),
        Line("low support alone", _set(alone, "support", SUPPORTS)),
        Line("distance alone", (("the manifest's", _without(alone, "distance") + "+noask"),)),
        Line(
            "released, all rules",
            (("as released", f"{JUDGED}+noask"), *_set(JUDGED, "m", MS), *_set(JUDGED, "harm", HARMS)),
        ),
        Line(
            "cloning under the same rules",
            (("as released", f"{CLONE}+noask"), *_set(CLONE, "harm", (1.0, *HARMS))),
        ),
        *(Line(f"{model.name} with a page bonus", _bonuses(model.policy)) for model in shifted),
    ]


def _set(policy: str, limit: str, values: Sequence[float]) -> tuple[tuple[str, str], ...]:
    base = _without(policy, limit)
    return tuple((f"{limit} {value:g}", f"{base}+{limit}:{value:g}+noask") for value in values)


def _without(policy: str, limit: str) -> str:
    return "+".join(part for part in policy.split("+") if not part.startswith(f"{limit}:"))


def _bonuses(policy: str) -> tuple[tuple[str, str], ...]:
    below = tuple((f"{delta:g}", f"{policy}+page:{delta:g}") for delta in PAGE_DELTAS if delta < 0)
    above = tuple((f"{delta:g}", f"{policy}+page:{delta:g}") for delta in PAGE_DELTAS if delta > 0)
    return (*below, ("0", policy), *above)


VARIANTS = (f"{ONNX}+act", f"{ONNX}+noask", JUDGED, ACTS, f"clone:{RELEASED}")


def studies(models: Sequence[Model]) -> list[Study]:
    """All that is played. The first is the usual one, on all worlds; the bounds have few days of it."""
    policies = dict.fromkeys(
        [
            *FIXED,
            *(model.policy for model in models),
            *VARIANTS,
            *(policy for line in lines(models) for _, policy in line.policies),
        ]
    )
    few = (
        *STUDIED_FIXED,
        *(model.policy for model in models if not model.is_onnx and model.name in STUDIED),
        *(ONNX, f"{ONNX}+act", f"{ONNX}+noask"),
    )
    return [
        Study("usual", "as in the table", tuple(policies), {"outlook": RELEASED}),
        Study("bounds", "the bounds", BOUNDS),
        Study("oncall", "whoever is on call answers the questions, and may say no", few, {"answers": "oncall"}),
        Study("outage", "no drafter can be reached: the rules draft alone", few, {"drafter": "none"}),
        Study("recall", "what drafts recalls 0.7 of what would help", few, {"drafter": {"recall": 0.7}}),
        Study(
            "brash", "another drafter: recall 0.6, more chance, surer of itself", few, {"drafter": {"name": "brash"}}
        ),
        Study("careful", "another drafter: recall 0.97, better order", few, {"drafter": {"name": "careful"}}),
    ]


def spec_of(study: Study, seed: str, models: Sequence[Model], log: Path, worlds: range, days: int) -> dict[str, object]:
    """What `quell evaluate` plays of a study in these worlds. Every policy has all the days."""
    used = [model for model in models if any(_needs(policy, model) for policy in study.policies)]
    if "outlook" in study.changes:
        used = list(dict.fromkeys([*used, *(model for model in models if model.name == RELEASED)]))
    return {
        "schema": 1,
        "seed": seed,
        "worlds": {"first": worlds.start, "end": worlds.stop},
        "daysPerWorld": days,
        "seerDays": days,
        "broken": 0,
        "trackRecord": str(log.resolve()),
        "models": [{"name": model.name, "folder": str(model.folder.resolve())} for model in used],
        "policies": list(study.policies),
        **study.changes,
    }


def _needs(policy: str, model: Model) -> bool:
    heads = (f"onnx:{model.name}", f"clone:{model.name}") if model.is_onnx else (model.policy,)
    last = re.sub(r"^(random-paging:[^:]+:)+", "", policy).partition("+")[0]
    return last in heads
