"""The run as tasks: logs, then models, then sealed worlds, seed by seed."""

import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qnet.experiment.asked import Asked, Protocol
from qnet.experiment.cells import Kitchen, Trained, folder_of, sources_hash, train_cells, trained
from qnet.experiment.logs import hash_of_first, simulate
from qnet.experiment.plan import Cell, Log, Plan
from qnet.experiment.run_tasks import Task, TaskFailed
from qnet.experiment.sealed import Part, play, point_to, sealed_seed

# Seconds on one core of a small machine, rough: they order nothing and only say how long it will take.
A_DAY, A_POLICY_DAY, A_SEER_DAY, A_START = 0.022, 0.02, 1.0, 5.0
A_MODEL = {"table": (0.5, 0.1), "one-step": (2.0, 0.5), "fitted": (2.0, 1.0)}  # at least, and a thousand days more
A_NETWORK = (15.0, 1.6)

ONE_AT_A_TIME = threading.Lock()  # parts of an evaluation end beside each other and list their files in one place


@dataclass(frozen=True)
class Places:
    """Where things lie, and the commands that make them."""

    out: Path
    qnet: Path  # policies/qnet: features.json, reward.json, protocol.json
    quell: tuple[str, ...]  # the command line's beginning: node functions/cli/quell.ts
    train: tuple[str, ...] = (sys.executable, "-m", "qnet.experiment.train")
    code: str = ""  # hash of the code that plays days; see sealed.code_hash

    def log(self, log: Log) -> Path:
        return self.out / "logs" / log.name

    def kitchen(self, learners: Iterable[str]) -> Kitchen:
        sources = {learner: sources_hash(self.qnet / "qnet", learner) for learner in set(learners)}
        return Kitchen(self.out / "models", self.train, self.qnet / "features.json", self.qnet / "reward.json", sources)


@dataclass(frozen=True)
class Work:
    """The tasks of a run, and the files of played days that they have filled so far."""

    tasks: tuple[Task, ...]
    played: dict[str, list[Path]] = field(default_factory=dict)  # evaluation's name -> files


def lay_out(protocol: Protocol, asked: Asked, plan: Plan, places: Places) -> Work:
    """All tasks, in an order in which a run that is stopped early has whole seeds."""
    kitchen = places.kitchen(cell.learner for cell in plan.cells)
    played: dict[str, list[Path]] = {}
    tasks, known = list[Task](), set[str]()
    for evaluation in plan.evaluations:
        groups = _groups(evaluation.cells)
        logs = dict.fromkeys([evaluation.track_record, *(cells[0].log for cells in groups)])
        own = [_log_task(log, places) for log in logs]
        own += [_train_task(cells, places, kitchen) for cells in groups]
        before = tuple(task.name for task in own)
        own += [
            _play_task(Part(evaluation, number, asked.jobs), protocol, asked, places, kitchen, played, before)
            for number in range(asked.jobs)
        ]
        tasks += [task for task in own if task.name not in known]
        known.update(task.name for task in own)
    return Work(tuple(tasks), played)


def _groups(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells that read the same days are trained in one process."""
    groups: dict[tuple[Log, int], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.log, cell.size), []).append(cell)
    return list(groups.values())


def _log_task(log: Log, places: Places) -> Task:
    return Task(f"log {log.name}", (), log.days * A_DAY, lambda: simulate(log, places.log(log), places.quell))


def _train_task(cells: Sequence[Cell], places: Places, kitchen: Kitchen) -> Task:
    log, size = cells[0].log, cells[0].size
    seconds = A_START + sum(_training_seconds(cell) for cell in cells)

    def run() -> str:
        folder = places.log(log)
        return train_cells(cells, folder, hash_of_first(folder, size), kitchen)

    return Task(f"models of {log.name}, first {size} days, seed {cells[0].seed}", (f"log {log.name}",), seconds, run)


def _training_seconds(cell: Cell) -> float:
    least, a_thousand_days = A_MODEL.get(cell.learner, A_NETWORK)
    return max(least, a_thousand_days * cell.size / 1000)


def _play_task(
    part: Part,
    protocol: Protocol,
    asked: Asked,
    places: Places,
    kitchen: Kitchen,
    played: dict[str, list[Path]],
    before: tuple[str, ...],
) -> Task:
    evaluation = part.evaluation
    worlds = len(part.worlds(asked.worlds))
    policies = len(evaluation.policies(frozenset(cell.name for cell in evaluation.cells)))
    a_world = asked.days * policies * A_POLICY_DAY + min(asked.seer_days, asked.days) * A_SEER_DAY

    def run() -> str:
        models = _models(evaluation.cells, places, kitchen)
        seed = sealed_seed(protocol, evaluation, models)
        track_record = places.log(evaluation.track_record)
        files, said = play(part, seed, models, asked, track_record, places.out, places.quell, places.code)
        with ONE_AT_A_TIME:
            played[evaluation.name] = [*played.get(evaluation.name, []), *files]
            point_to(evaluation, seed, played[evaluation.name], places.out)
        return said

    return Task(f"worlds of seed {part.name}", before, A_START + worlds * a_world, run)


def _models(cells: Sequence[Cell], places: Places, kitchen: Kitchen) -> list[Trained]:
    """The models that are there; one that failed is absent, and the table says so."""
    found = []
    for cell in cells:
        try:
            data_hash = hash_of_first(places.log(cell.log), cell.size)
        except TaskFailed:
            continue
        model = trained(cell, folder_of(cell, data_hash, kitchen))
        if model is not None:
            found.append(model)
    return found
