"""The learners by name: each a module with `Config`, `fit(...)` and `load(folder)`, imported when it is asked for."""

from importlib import import_module
from typing import Any

LEARNERS = {
    "cloning": "qnet.learners.cloning",
    "table": "qnet.learners.table",
    "one-step": "qnet.learners.one_step",
    "fitted": "qnet.learners.fitted",
    "dqn": "qnet.learners.dqn",
    "cql": "qnet.learners.cql",
    "iql": "qnet.learners.iql",
}
# Models that a program of others trained, in an environment of its own: they are only loaded here.
PEERS = {"d3rlpy": "qnet.learners.fixed_slots"}


def learner(name: str) -> Any:
    """The module of a learner. Raises KeyError, which names them all, where there is none of that name."""
    if name not in LEARNERS:
        raise KeyError(f"no learner {name!r}; there are {', '.join(LEARNERS)}")
    return import_module(LEARNERS[name])
