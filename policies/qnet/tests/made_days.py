"""Days that somebody made up, and the results of them: what the tests of the table and of its verdict share."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from qnet.experiment.asked import Asked, Protocol, read_protocol
from qnet.experiment.measures import Measured, Scale, measured
from qnet.experiment.plan import Plan, policy_of
from qnet.experiment.played import COUNTED, Played
from qnet.experiment.results import results

PROTOCOL = read_protocol(Path(__file__).resolve().parents[1] / "protocol.json")
# The same with as much to ask for as these tests have days.
SMALL = replace(
    PROTOCOL,
    content=PROTOCOL.content
    | {
        "logs": PROTOCOL.content["logs"] | {"seeds": [1, 2]},
        "evaluation": PROTOCOL.content["evaluation"] | {"leastPairedDays": 40},
    },
)
NOTHING = Plan((), (), ())
ASKED = Asked(Path("."), (200, 20000), (1, 2), ("mild", "none"), ("cloning", "fitted", "cql"), 5, 4)


def days(**hours: float) -> Measured:
    """Two seeds of five worlds and four days: each policy costs its hours a day, and a little by chance."""
    chance = np.random.default_rng(5)
    counted = {
        policy: {name: np.ones((10, 4)) for name in COUNTED} | {"hours": cost + chance.normal(0, 0.01, (10, 4))}
        for policy, cost in hours.items()
    }
    held_out = np.zeros((10, 4), dtype=np.bool_)
    held_out[:, 0] = True
    return measured(Played(np.repeat([1, 2], 5), held_out, counted), Scale(1, 100), 200)


def model(size: int, learner: str, kind: str = "mild") -> str:
    """A policy's name."""
    return policy_of(kind, size, learner)


def played(ours: float, rules: float = 2.0, cloning: float = 2.0, fitted: float = 2.0) -> Measured:
    """What the primary endpoint needs."""
    return days(
        **{
            "rules": rules,
            model(20000, "cloning"): cloning,
            model(20000, "fitted"): fitted,
            model(20000, "cql"): ours,
            "oncall-average": 3.0,
            "bound": 0.5,
        }
    )


def found(whole: Measured, asked: Asked = ASKED, protocol: Protocol = PROTOCOL, **changes: Any) -> dict[str, Any]:
    """The results of these days."""
    return results(protocol, asked, NOTHING, whole, days(), {}, []) | changes
