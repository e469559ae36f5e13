"""Trains the cells of one log in one process: the log is read once. JSON on stdin, a JSON line on stdout a cell."""

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch
from pyarrow import parquet

from qnet.bad_input import BadInput
from qnet.episodes import Episodes, read_episodes
from qnet.experiment.run_tasks import run_command
from qnet.learners import PEERS, learner
from qnet.model import save_model
from qnet.progress import SILENT
from qnet.reward import read_reward


def main() -> int:
    """Reads {episodes, first, features, reward, cells: [{name, folder, learner, config, seed}]}; see cells.py."""
    torch.set_num_threads(1)  # other cells are trained beside
    job = json.load(sys.stdin)
    folder, features, reward = Path(job["episodes"]), Path(job["features"]), Path(job["reward"])
    try:
        first = days_with_decisions(folder, job["first"])
        episodes = read_episodes([folder], features=features, reward=reward, first=first)
        reward_hash = read_reward(reward).hash
    except BadInput as error:
        for cell in job["cells"]:
            _answer(cell, f"{error}")
        return 0
    for cell in job["cells"]:
        try:
            _train(job, first, episodes, cell, reward_hash)
            _answer(cell, None)
        except Exception as error:  # one learner's fault must not lose the others
            traceback.print_exc()
            _answer(cell, f"{type(error).__name__}: {error}")
    return 0


def days_with_decisions(folder: Path, days: int) -> int:
    """How many of the first so many days of a log have rows: on a quiet day nothing is decided.

    A day's rows carry a cluster that ends with the day's number, counted from 0: `day-train-mild-1-000017`.
    """
    found = set[int]()
    for file in sorted(folder.glob("part-*.parquet")):
        if found and max(found) >= days:
            break
        clusters = parquet.read_table(file, columns=["cluster_id"]).column("cluster_id").unique().to_pylist()
        found.update(int(cluster.rpartition("-")[2]) for cluster in clusters)
    return sum(day < days for day in found)


def _answer(cell: dict[str, Any], error: str | None) -> None:
    said = {"cell": cell["name"]} if error is None else {"cell": cell["name"], "error": f"{cell['name']}: {error}"}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _train(job: dict[str, Any], first: int, episodes: Episodes, cell: dict[str, Any], reward_hash: str) -> None:
    """Fits and keeps one model. cell.json is written last: without it the cell is not there."""
    began = time.monotonic()
    folder = Path(cell["folder"])
    if cell["learner"] in PEERS:
        model_hash = _train_peer(job, first, cell)
    else:
        module = learner(cell["learner"])
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in cell["config"].items()}
        device = torch.device("cpu")
        model = module.fit(episodes, module.Config(**settings), seed=cell["seed"], device=device, progress=SILENT)
        model_hash = save_model(model, folder / "model", reward_hash=reward_hash)
    kept = {**cell, "model_hash": model_hash, "seconds": round(time.monotonic() - began, 1)}
    part = folder / "cell.json.part"
    part.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    part.rename(folder / "cell.json")


def _train_peer(job: dict[str, Any], first: int, cell: dict[str, Any]) -> str:
    """Has a peer train on the same days; returns its model's hash. Raises TaskFailed."""
    script, *_ = PEERS[cell["learner"]].programs
    command = [
        *(sys.executable, str(Path(__file__).resolve().parents[2] / script), "--json"),
        *("--episodes", job["episodes"], "--first", str(first), "--features", job["features"]),
        *("--reward", job["reward"], "--seed", str(cell["seed"]), "--out", f"{cell['folder']}/model"),
    ]
    return str(json.loads(run_command(command))["model_hash"])


if __name__ == "__main__":
    sys.exit(main())
