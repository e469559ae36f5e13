"""Trains d3rlpy's DiscreteCQL on the same rows as our CQL, and writes a model that our server scores.

python policies/qnet/peers/d3rlpy_cql.py --episodes DIR --out FOLDER [--first n] [--seed 1] [--updates U] [--json]

d3rlpy has pins of its own, so it has an environment of its own: policies/qnet/peers/.venv, made from requirements.txt
by pip when it is missing. Members, width, batch, rate, alpha, passes and pace of the target are those of our CQL; what
d3rlpy's fixed actions lose is written in qnet/learners/fixed_slots.py. Prints the milliseconds of an update.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # the package is not installed

from qnet.bad_input import BadInput  # noqa: E402
from qnet.batches import batches_of  # noqa: E402
from qnet.episodes import Episodes, read_episodes  # noqa: E402
from qnet.learners import cql  # noqa: E402
from qnet.learners.fixed_slots import FixedSlots, Slots, slots_for  # noqa: E402
from qnet.model import Origin, save_model  # noqa: E402
from qnet.reward import read_reward  # noqa: E402

OURS = cql.Config()
GAMMA = math.exp(-math.log(2) / 480)  # a minute's discount, where half counts after eight hours


class PeerFailed(Exception):
    """The peer could not be set up or did not finish. The message says which command failed and why."""


@dataclass(frozen=True)
class Config:
    """Our CQL's settings, for d3rlpy."""

    members: int = OURS.members  # critics
    width: int = OURS.width  # units of both hidden layers
    batch: int = OURS.batch  # decisions an update
    learning_rate: float = OURS.learning_rate  # constant: d3rlpy has no schedule by default
    alpha: float = OURS.alpha  # weight of the conservative term
    target_every: int = round(1 / OURS.target_step)  # updates: a hard copy as often as our average forgets
    updates: int | None = None  # None = as many as ours takes on this log
    per_runbook: int = 2  # slots: a third candidate of one runbook is rare, and each costs eight inputs
    device: str = "cpu"  # cpu or cuda:0


def train(episodes: Episodes, config: Config, *, seed: int, python: Path) -> tuple[FixedSlots, dict[str, float]]:
    """The model, and what it took. `python` is the interpreter of the peer's environment. Raises PeerFailed."""
    slots = slots_for(episodes, config.per_runbook)
    job = job_of(episodes, slots)
    updates = config.updates or updates_of_ours(episodes.decisions)
    settings: dict[str, Any] = {
        **asdict(config),
        "updates": updates,
        "seed": seed,
        "gamma": GAMMA,
        "actions": slots.count,
    }
    del settings["per_runbook"]
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "job.npz"), Path(folder, "weights.npz")
        np.savez(asked, **job, **settings)
        _run([str(python), str(HERE / "d3rlpy_worker.py"), str(asked), str(answered)])
        with np.load(answered) as opened:
            learnt = dict(opened)
    seconds = float(learnt.pop("seconds"))
    origin = Origin(
        "d3rlpy-cql", episodes.schema.hash, episodes.data_hash, seed, {**asdict(config), "updates": updates}
    )
    ran = int((episodes.executed >= 0).sum())
    facts = {
        "updates": float(updates),
        "millisecondsPerUpdate": 1000 * seconds / updates,
        "transitionsPerSecond": config.batch * updates / seconds,
        "slots": float(slots.count),
        "inputs": float(job["observations"].shape[1]),
        "rowsWithoutASlot": 1 - len(job["rows"]) / max(ran, 1),
    }
    return FixedSlots(origin, slots, critics_of(learnt, config.members)), facts


def job_of(episodes: Episodes, slots: Slots) -> dict[str, Any]:
    """The log as d3rlpy wants it: rows whose executed action has a slot."""
    slot = slots.place(episodes.candidate, episodes.owner)
    action = torch.where(episodes.executed >= 0, slot[episodes.executed.clamp(min=0)], -1)  # (N,)
    rows = torch.nonzero(action >= 0).squeeze(1)
    minutes = -torch.log(episodes.discount[rows].double()) / -math.log(GAMMA)
    seen = slots.observe(episodes.state, episodes.candidate, episodes.owner, episodes.allowed)
    return {
        "observations": seen.numpy(),
        "rows": rows.numpy(),
        "action": action[rows].numpy(),
        "reward": episodes.reward[rows].numpy(),
        "follows": episodes.next[rows].numpy(),
        "interval": minutes.float().numpy(),
    }


def updates_of_ours(decisions: int) -> int:
    """Updates that our CQL takes on a log of so many decisions."""
    a_pass = batches_of(decisions, OURS.batch)
    return max(OURS.epochs, -(-OURS.least_updates // a_pass)) * a_pass


def critics_of(learnt: dict[str, np.ndarray], members: int) -> list[list[tuple[torch.Tensor, torch.Tensor]]]:
    """Weights by critic and layer, from their names `member.layer.weight` and `member.layer.bias`."""
    layers = len(learnt) // (2 * members)
    return [
        [
            (torch.from_numpy(learnt[f"{member}.{layer}.weight"]), torch.from_numpy(learnt[f"{member}.{layer}.bias"]))
            for layer in range(layers)
        ]
        for member in range(members)
    ]


def peer_python() -> Path:
    """The interpreter of the peer's environment, which is made where it is missing. Raises PeerFailed."""
    python = HERE / ".venv" / "bin" / "python"
    ready = HERE / ".venv" / "ready"  # written last: an environment without it was cut short
    if not ready.exists():
        sys.stderr.write(f"making {python.parents[1]} from requirements.txt\n")
        venv.create(python.parents[1], with_pip=True)
        _run([str(python), "-m", "pip", "install", "--quiet", "-r", str(HERE / "requirements.txt")])
        ready.touch()
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise PeerFailed(f"{' '.join(command)}: ended with {done.returncode}:\n{last}")


def main(arguments: list[str]) -> int:
    """Trains and writes; exit 2 for bad input or a peer that failed."""
    parser = argparse.ArgumentParser(description="Train d3rlpy's DiscreteCQL on Quell's episodes.")
    parser.add_argument("--episodes", type=Path, action="append", required=True)
    parser.add_argument("--first", type=int)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--updates", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--features", type=Path, default=HERE.parent / "features.json")
    parser.add_argument("--reward", type=Path, default=HERE.parent / "reward.json")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        episodes = read_episodes(asked.episodes, features=asked.features, reward=asked.reward, first=asked.first)
        config = Config(updates=asked.updates, device=asked.device)
        model, facts = train(episodes, config, seed=asked.seed, python=peer_python())
    except (PeerFailed, BadInput) as error:
        sys.stderr.write(f"d3rlpy: {error}\n")
        return 2
    model_hash = save_model(model, asked.out, reward_hash=read_reward(asked.reward).hash)
    if asked.json:
        sys.stdout.write(json.dumps({"out": str(asked.out), "model_hash": model_hash, **facts}) + "\n")
    else:
        rows = [f"{name:24s}{value:12,.3f}" for name, value in facts.items()]
        sys.stdout.write("\n".join([f"model {asked.out} {model_hash[:12]}", *rows]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
