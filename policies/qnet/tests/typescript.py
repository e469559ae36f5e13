"""Runs TypeScript of this repository, for tests that hold both sides against each other."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def typescript(script: str, given: str = "", patience: float = 120) -> str:
    """What a module prints that is run by Node in the root, with `given` on its stdin. Fails the test without Node.

    It is ended after `patience` seconds.
    """
    own = ROOT / "node_modules" / ".bin" / "node"
    node = str(own) if own.exists() else shutil.which("node")
    if node is None:
        pytest.fail("Node is not on the PATH: run these tests with `npm run test:python`")
    command = [node, "--input-type=module", "--no-warnings", "-e", script]
    run = subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False, timeout=patience)
    if run.returncode != 0:
        pytest.fail(f"Node ended with {run.returncode}: {run.stderr}")
    return run.stdout
