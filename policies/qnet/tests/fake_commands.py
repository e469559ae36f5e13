"""Stands in for `quell` and for training in the tests of the table: writes what they would, and counts how often."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

SLOWEST_HOURS = 2.0


def main() -> int:
    """`fake_commands.py quell COMMAND ...` or `fake_commands.py train`; a folder holds `calls` and the faults."""
    what, *rest = sys.argv[1:]
    if what == "train":
        return _train(json.load(sys.stdin))
    flags = dict(zip(rest[1::2], rest[2::2], strict=True))
    return {"simulate": _simulate, "evaluate": _evaluate}[rest[0]](flags)


def _simulate(flags: dict[str, str]) -> int:
    _called("simulate", flags["--out"])
    if _has_fault(f"simulate-{flags['--confounding']}"):
        sys.stderr.write("quell: the disk is full\n")
        return 2
    folder = Path(flags["--out"])
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{flags['--seed']}-{flags['--confounding']}-{flags.get('--broken', 0)}"
    days = int(flags["--incidents"])
    parts = [
        {"incidents": min(500, days - first), "sha256": f"{name}-{first}-{min(500, days - first)}"}
        for first in range(0, days, 500)
    ]
    (folder / "simulation.json").write_text(json.dumps({"incidents": days, "parts": parts}))
    return 0


def _train(job: dict[str, Any]) -> int:
    for cell in job["cells"]:
        _called("train", f"{cell['name']}-{cell['seed']}")
        if _has_fault(f"kill-{cell['name']}"):
            os.kill(os.getpid(), signal.SIGKILL)
        if _has_fault(f"train-{cell['name']}"):
            answer = {"cell": cell["name"], "error": f"{cell['name']}: the loss is not finite"}
        else:
            folder = Path(cell["folder"])
            (folder / "model").mkdir(parents=True, exist_ok=True)
            kept = {**cell, "model_hash": f"hash of {cell['name']} {cell['seed']} {cell['config']}", "seconds": 0.1}
            (folder / "cell.json").write_text(json.dumps(kept))
            answer = {"cell": cell["name"]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


def _evaluate(flags: dict[str, str]) -> int:
    spec = json.loads(Path(flags["--spec"]).read_text())
    _called("evaluate", f"{spec['seed']} {spec['worlds']['first']} {spec['policies']}")
    if _has_fault("evaluate"):
        sys.stderr.write("quell: a world fell apart\n")
        return 3
    rows = [
        _row(world, day, policy) | _beside(spec, world, day, policy)
        for world in range(spec["worlds"]["first"], spec["worlds"]["end"])
        for day in range(spec["daysPerWorld"])
        for policy in spec["policies"]
    ]
    Path(flags["--out"]).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return 0


def _row(world: int, day: int, policy: str) -> dict[str, object]:
    """A day that costs more the later its world, and less under what has learnt."""
    hours = SLOWEST_HOURS + world / 10 - ("model:" in policy) * 0.5 - ("cql" in policy) * 0.5
    counted = {"hours": hours, "impactMinutes": 60 * hours, "actions": 2, "harmful": day % 2, "withoutUplift": 1}
    shared = {"world": world, "day": day, "policy": policy, "family": "deploy", "heldOut": day == 0}
    return shared | counted | {"minutesToRecover": [10.0 + day], "pages": day % 2, "incidents": 1, "choices": []}


def _beside(spec: dict[str, Any], world: int, day: int, policy: str) -> dict[str, object]:
    """What newer rows have too: questions, harm as it was seen, and what a model expected of each action."""
    asks = 0 if "noask" in policy or "+act" in policy else 1
    hours = 3.0 if spec.get("answers") == "oncall" and policy.startswith("onnx:") else 1.0
    beside: dict[str, object] = {"asks": asks, "observedHarmful": 1, "hours": hours} if "onnx:" in policy else {}
    if "outlook" not in spec:
        return beside
    share = (world * 7 + day * 3) % 10 / 10 + 0.05
    estimate = {"mean": share, "low": share, "high": share}
    truth = {"wellWithIt": day % 2 == 0, "wellWithout": False, "isHarmful": world % 3 == 0}
    seen = {"recovered": day % 2 == 0, "isHarmful": world % 2 == 0}
    one = {"recovers": estimate, "waits": None, "harms": estimate, "observed": seen, "forked": truth}
    return beside | {"expected": [one | {"runbook": policy}]}


def _called(what: str, about: str) -> None:
    with (Path(os.environ["FAKE_COMMANDS"]) / "calls").open("a") as calls:
        calls.write(f"{what} {about}\n")


def _has_fault(name: str) -> bool:
    return (Path(os.environ["FAKE_COMMANDS"]) / name).exists()


if __name__ == "__main__":
    sys.exit(main())
