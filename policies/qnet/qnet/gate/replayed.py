"""G2: what TypeScript checked of the shipped code with this model. Nothing here is a matter of degree."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qnet.bad_input import BadInput

from .spec import read_json
from .stage import Stage, stage_of
from .thresholds import Thresholds

SHAPE: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "golden": {"scenes": int, "forbiddenAutos": int, "changed": int},
    "permutation": {"scenes": int, "failures": int},
    "mask": {"scenes": int, "failures": int},
    "leaks": {"rows": int, "differing": int},
    "parity": {"rows": int, "worst": (int, float)},
}
PROPERTIES = {
    "permutation": "the order of the candidates changed what was chosen",
    "mask": "a refused candidate changed something, or had a probability",
}


def read_checks(file: Path, has_model: bool) -> Mapping[str, Any]:
    """Raises BadInput where a check is missing or of another shape. Without a model there is no parity to check."""
    checks = read_json(file)
    for name, keys in SHAPE.items():
        found = checks.get(name) if isinstance(checks, dict) else None
        if name == "parity" and found is None and not has_model:
            continue
        for key, kind in keys.items():
            value = found.get(key) if isinstance(found, dict) else None
            if not isinstance(value, kind) or isinstance(value, bool):
                raise BadInput(f"{file}: {name}.{key} is {value!r}, not a number; write it again with `quell gate`")
    return {"parity": None, "model": {"refused": None}, **checks, "leaks": {"example": "", **checks["leaks"]}}


def replayed_stage(checks: Mapping[str, Any], has_model: bool, thresholds: Thresholds) -> Stage:
    """Refuses at the first forbidden auto, broken property, lost parity, or file that is not what its manifest says."""
    refused: list[str] = []
    golden, parity, model = checks["golden"], checks["parity"], checks["model"]
    if golden["scenes"] == 0:
        refused.append("no golden scene was replayed")
    if golden["forbiddenAutos"] > 0:
        refused.append(f"{golden['forbiddenAutos']} of {golden['scenes']} golden scenes ended in a forbidden action")
    for name, broken in PROPERTIES.items():
        found = checks[name]
        if found["scenes"] == 0:
            refused.append(f"the property of {name} was tried on no scene")
        if found["failures"] > 0:
            refused.append(f"in {found['failures']} of {found['scenes']} scenes {broken}")
    if has_model:
        refused += _of_parity(parity, thresholds)
        if model is not None and model.get("refused"):
            refused.append(f"the model is refused: {model['refused']}")
    figures = {name: checks[name] for name in ("golden", "permutation", "mask", "parity", "model")}
    return stage_of(refused, figures=figures)


def _of_parity(parity: Mapping[str, Any], thresholds: Thresholds) -> list[str]:
    said = []
    if not parity["worst"] <= thresholds.parity:
        said.append(
            f"the exported model differs from the trained one by {parity['worst']:g}, more than {thresholds.parity:g}"
        )
    if parity["rows"] < thresholds.parity_rows:
        said.append(f"parity was measured on {parity['rows']:,} rows, {thresholds.parity_rows:,} are needed")
    return said
