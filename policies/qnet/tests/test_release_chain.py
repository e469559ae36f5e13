"""From no log at all to a verdict: every step of `quell release`, at the smallest size, with no stand-in."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typescript import typescript

from qnet.log_files import SCORED, read_log

RELEASE = """
import { readFileSync } from "node:fs";
import { quell } from "./functions/cli/quell.ts";
const { args, python } = JSON.parse(readFileSync(0, "utf8"));
process.env.QUELL_PYTHON = python;
let said = "";
const writeError = (text) => { said += text; };
const screen = { write: () => {}, writeError, paint: (_, text) => text, isLive: false, canAsk: false };
const code = await quell(args, screen);
process.stdout.write(`\\n${JSON.stringify({ code, said })}`);
"""


def released(out: Path) -> tuple[int, str]:
    """Exit code and stderr of a quick release; Python speaks on the same stdout, on lines before the last."""
    asked = {"args": ["release", "--quick", "--out", str(out)], "python": sys.executable}
    answer = json.loads(typescript(RELEASE, json.dumps(asked), patience=900).splitlines()[-1])
    return answer["code"], answer["said"]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one quick release."""
    out = tmp_path_factory.mktemp("chain")
    code, said = released(out)
    assert code == 1, said  # a toy never passes
    return out


def test_a_toy_is_made_judged_and_refused_for_its_size(chain: Path) -> None:
    verdict = json.loads((chain / "gate" / "verdict.json").read_text())

    assert verdict["verdict"] == "refused"
    assert list(verdict["stages"]) == ["G0", "G1", "G2", "G3", "G4"]
    assert verdict["stages"]["G2"]["reasons"] == ["parity was measured on 20 rows, 10,000 are needed"]
    assert verdict["stages"]["G0"]["figures"]["trainedOn"] > 0
    assert (chain / "gate" / "report.html").exists()


def test_the_checks_of_a_whole_chain_hold(chain: Path) -> None:
    checks = json.loads((chain / "gate" / "checks.json").read_text())

    assert checks["parity"]["worst"] <= checks["parity"]["limit"]
    failed = {
        "golden": checks["golden"]["forbiddenAutos"],
        "permutation": checks["permutation"]["failures"],
        "mask": checks["mask"]["failures"],
        "leaks": checks["leaks"]["differing"],
    }
    assert failed == dict.fromkeys(failed, 0)


def test_a_scored_log_is_read_with_its_column_and_is_otherwise_the_log(chain: Path) -> None:
    spec = json.loads((chain / "gate" / "spec.json").read_text())
    log = read_log([Path(spec["episodes"][0])])
    for folder in spec["scored"].values():
        scored = read_log([Path(folder)])

        assert [name for name in log.rows.column_names if not log.rows[name].equals(scored.rows[name])] == []
        sums = [sum(row) for row in scored.rows[SCORED].to_pylist()]
        np.testing.assert_allclose(sums, 1, atol=1e-9)
        assert pq.read_schema(scored.paths[0]).names == scored.rows.column_names


def test_what_was_made_is_not_made_again(chain: Path) -> None:
    model = (chain / "model" / "manifest.json").read_text()

    code, said = released(chain)

    assert code == 1, said
    for step in ("model", "leaks", "golden", "properties", "parity"):
        assert f"quell: {step}: as it was found before" in said
    assert (chain / "model" / "manifest.json").read_text() == model
