"""The learners by name: each a module with `Config`, `fit(...)` and `load(folder)`, imported when it is asked for."""

from importlib import import_module
from typing import Any, NamedTuple

LEARNERS = {
    "cloning": "qnet.learners.cloning",
    "table": "qnet.learners.table",
    "one-step": "qnet.learners.one_step",
    "fitted": "qnet.learners.fitted",
    "dqn": "qnet.learners.dqn",
    "cql": "qnet.learners.cql",
    "iql": "qnet.learners.iql",
}


class Peer(NamedTuple):
    """A learner of others: a program of ours has it train in an environment of its own, the package only loads it."""

    module: str  # has `load(folder)`
    programs: tuple[str, ...]  # files that train it, from policies/qnet; the first is the one to run


PEERS = {"d3rlpy-cql": Peer("qnet.learners.fixed_slots", ("peers/d3rlpy_cql.py", "peers/d3rlpy_worker.py"))}


def learner(name: str) -> Any:
    """The module of a learner. Raises KeyError, which names them all, where there is none of that name."""
    if name not in LEARNERS:
        raise KeyError(f"no learner {name!r}; there are {', '.join(LEARNERS)}")
    return import_module(LEARNERS[name])
