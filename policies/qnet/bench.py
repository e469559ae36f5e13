"""How fast the CQL step is, against what this machine can do at most, and against d3rlpy.

python policies/qnet/bench.py [--device auto] [--quick] [--peers] [--json]

The ceiling is a roofline of two numbers measured in the same run: bytes copied a second, and multiplications a second
of matrices of the network's own shapes. A transition cannot be faster than its multiplications at the one or its bytes
at the other; both counts are below. Rows are made up: speed does not depend on what they say.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # the package is not installed

from qnet.episodes import Episodes  # noqa: E402
from qnet.learners import cql  # noqa: E402
from qnet.network import Shape  # noqa: E402
from qnet.progress import SILENT  # noqa: E402
from qnet.schema import FeatureSchema, read_schema  # noqa: E402

CANDIDATES = 8  # of a decision
RUNBOOKS = 24
BATCHES = (256, 16_384)
# Tensors of H numbers a candidate and member that one forward pass writes or reads, operation by operation: the state's
# half 2, candidate's half 3, runbook 3, norm 2, SiLU 2, second layer 2, SiLU 2. Nothing is fused on a CPU.
PASSES = 16


@dataclass(frozen=True)
class Ceiling:
    """What the machine does at most, measured."""

    bytes_per_second: float  # copying a tensor larger than any cache, reads and writes together
    flops_per_second: float  # fp32 products of (M, rows, H) and (M, H, H)


@dataclass(frozen=True)
class Measured:
    """One batch size on one device."""

    device: str
    batch: int  # decisions
    transitions_per_second: float
    flops: float  # of a transition
    bytes: float  # of a transition
    ceiling: float  # transitions a second
    share: float  # of the ceiling


def flops_of_transition(shape: Shape, here: float, following: float) -> float:
    """Multiplications and additions of one CQL step, a transition: matrix products only, all members.

    here, following = candidates of the decision and of the next. The step runs the network forward on both, the
    target's on the next, and back through the first; back costs twice forward, less the gradient of the inputs.
    """
    H = shape.width

    def forward(candidates: float) -> float:
        of_state = 2 * H * (shape.state + (H + len(shape.state_heads) if shape.state_heads else 0))
        return of_state + candidates * 2 * H * (shape.candidate + H + len(shape.candidate_heads))

    inputs = 2 * H * (shape.state + here * shape.candidate)
    return shape.members * (3 * forward(here) - inputs + 2 * forward(following))


def bytes_of_transition(shape: Shape, here: float, following: float) -> float:
    """Bytes that one CQL step moves, a transition: activations of the candidates, back as twice forward."""
    return 4 * shape.members * shape.width * PASSES * (3 * here + 2 * following)


def ceiling_of(shape: Shape, device: torch.device, rows: int, repeats: int) -> Ceiling:
    """Measures the machine at `rows` candidates, the best of some repeats."""
    large = torch.zeros(64 << 20, device=device)  # 256 MB
    other = torch.empty_like(large)
    inputs = torch.zeros(shape.members, rows, shape.width, device=device)
    weight = torch.zeros(shape.members, shape.width, shape.width, device=device)
    product = torch.empty_like(inputs)
    copying = min(_seconds(lambda: other.copy_(large), device) for _ in range(repeats))
    multiplying = min(_seconds(lambda: torch.bmm(inputs, weight, out=product), device) for _ in range(repeats))
    return Ceiling(2 * large.numel() * 4 / copying, 2 * inputs.numel() * shape.width / multiplying)


def measure(episodes: Episodes, device: torch.device, batch: int, passes: int) -> Measured:
    """Transitions a second of training, what precedes the first pass taken off, and the ceiling beside it."""
    config = cql.Config(batch=batch, least_updates=0)
    shape = shape_of(episodes.schema, config)
    short, long = (
        _seconds(lambda epochs=epochs: _train(episodes, config, epochs, device), device)  # type: ignore[misc]
        for epochs in (1, 1 + passes)
    )
    rate = passes * episodes.decisions / max(long - short, 1e-9)
    here = len(episodes.owner) / episodes.decisions
    following = here * float((episodes.next >= 0).float().mean())
    ceiling = ceiling_of(shape, device, int(batch * here), repeats=5)
    flops, moved = flops_of_transition(shape, here, following), bytes_of_transition(shape, here, following)
    most = 1 / max(flops / ceiling.flops_per_second, moved / ceiling.bytes_per_second)
    return Measured(str(device), batch, rate, flops, moved, most, rate / most)


def shape_of(schema: FeatureSchema, config: cql.Config) -> Shape:
    """The network that our CQL trains."""
    heads = ("q", "value", "recover", "harm"), ()
    return Shape(schema.S, schema.A, schema.index("runbook"), RUNBOOKS, config.members, config.width, *heads)


def made_up(schema: FeatureSchema, decisions: int) -> Episodes:
    """Incidents of two decisions, eight candidates each, every number drawn; the same every time."""
    chance = torch.Generator().manual_seed(1)
    count = decisions * CANDIDATES
    candidate = torch.rand(count, schema.A, generator=chance)
    candidate[:, schema.index("runbook")] = torch.randint(1, RUNBOOKS + 1, (count,), generator=chance).float()
    row = torch.arange(decisions)
    drawn = torch.randint(0, CANDIDATES, (decisions,), generator=chance)
    reward = -torch.rand(decisions, generator=chance)
    return Episodes(
        state=torch.rand(decisions, schema.S, generator=chance),
        candidate=candidate,
        offsets=torch.arange(decisions + 1) * CANDIDATES,
        owner=torch.repeat_interleave(row, CANDIDATES),
        allowed=torch.ones(count, dtype=torch.bool),
        executed=row * CANDIDATES + drawn,
        reward=reward,
        discount=torch.full((decisions,), 0.96),
        next=torch.where(row % 2 == 0, row + 1, -1).clamp(max=decisions - 1),
        returns=2 * reward,
        recovered=row % 2 == 1,
        harmed=row % 50 == 0,
        well_soon=row % 2 == 1,
        well_known=torch.ones(decisions, dtype=torch.bool),
        cluster=row // 8,
        schema=schema,
        data_hash="made-up",
    )


def against_d3rlpy(episodes: Episodes, batch: int, updates: int) -> dict[str, float]:
    """d3rlpy's transitions a second with as many critics, units and decisions an update, on the same rows.

    Equal width is not equal work: d3rlpy scores all slots in one pass, ours each candidate with all its features.
    """
    from peers.d3rlpy_cql import Config, peer_python, train

    _, facts = train(episodes, Config(batch=batch, updates=updates), seed=1, python=peer_python())
    return facts


def _train(episodes: Episodes, config: cql.Config, epochs: int, device: torch.device) -> None:
    asked = cql.Config(**{**asdict(config), "epochs": epochs})
    cql.fit(episodes, asked, seed=1, device=device, progress=SILENT)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def run(device: torch.device, quick: bool, peers: bool) -> dict[str, Any]:
    """All measurements of one run, as JSON values."""
    schema = read_schema(HERE / "features.json")
    episodes = made_up(schema, 16_384 if quick else 65_536)
    rows = [measure(episodes, device, batch, passes=1 if quick else 3) for batch in BATCHES]
    found: dict[str, Any] = {"threads": torch.get_num_threads(), "measured": [asdict(one) for one in rows]}
    if peers:
        few = made_up(schema, 4096)
        facts = against_d3rlpy(few, BATCHES[0], updates=50 if quick else 300)
        ours = measure(few, torch.device("cpu"), BATCHES[0], passes=4).transitions_per_second
        found["d3rlpy"] = {**facts, "ours": ours, "ratio": ours / facts["transitionsPerSecond"]}
    return found


def table(found: dict[str, Any]) -> str:
    """The measurements as lines to read."""
    lines = [f"{'device':8s}{'batch':>8s}{'transitions/s':>16s}{'MFLOP each':>12s}{'ceiling/s':>12s}{'of it':>8s}"]
    for one in found["measured"]:
        left = f"{one['device']:8s}{one['batch']:8,d}{one['transitions_per_second']:16,.0f}"
        lines.append(f"{left}{one['flops'] / 1e6:12.2f}{one['ceiling']:12,.0f}{one['share']:8.0%}")
    if all(one["device"] == "cpu" for one in found["measured"]):
        lines.append(f"GPU: not yet measured. CPU threads: {found['threads']}.")
    if "d3rlpy" in found:
        peer = found["d3rlpy"]
        lines.append(
            f"d3rlpy 2.8.1, batch {BATCHES[0]}, cpu: {peer['transitionsPerSecond']:,.0f} transitions/s,"
            f" {peer['millisecondsPerUpdate']:.1f} ms an update; ours {peer['ours']:,.0f}: {peer['ratio']:.1f} times"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Measure the CQL step against this machine's ceilings.")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--quick", action="store_true", help="a quarter of the rows, one pass")
    parser.add_argument("--peers", action="store_true", help="d3rlpy too, in its own environment")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    asked = parser.parse_args(arguments)
    if asked.device == "cuda" and not torch.cuda.is_available():
        sys.stderr.write("--device cuda: there is none here; give cpu\n")
        return 2
    torch.set_num_threads(asked.threads)
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if asked.device == "auto" else asked.device
    found = run(torch.device(chosen), asked.quick, asked.peers)
    sys.stdout.write((json.dumps(found) if asked.json else table(found)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
