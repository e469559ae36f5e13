"""What is asked: protocol.json as it was committed, and what this run was told to do of it.

Where protocol.json says `incidents` of a log it means simulated days, as `quell simulate --incidents` does: most have
one incident, some have more.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qnet.bad_input import BadInput
from qnet.learners import LEARNERS

# A day's bound forks the world for every candidate: it costs as much as dozens of other policies.
SEER_DAYS = 2


class BadRun(BadInput):
    """The run cannot be made as asked. The message says what, where and what to do."""


@dataclass(frozen=True)
class Protocol:
    """protocol.json, and the hash by which sealed worlds and results name it."""

    content: dict[str, Any]
    sha256: str

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(self.content["logs"]["sizes"])

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(self.content["logs"]["seeds"])

    @property
    def confounding(self) -> tuple[str, ...]:
        return tuple(self.content["logs"]["confounding"])

    @property
    def headline(self) -> str:
        return str(self.content["logs"]["headline"])

    @property
    def challenger(self) -> str:
        return str(self.content["primary"]["challenger"])


@dataclass(frozen=True)
class Asked:
    """What this run is to do."""

    out: Path  # where logs, models and results of days are kept between runs
    sizes: tuple[int, ...]  # days of the log that a model learns from
    seeds: tuple[int, ...]
    confounding: tuple[str, ...]  # of the logs; the headline's comes first
    learners: tuple[str, ...]
    worlds: int  # sealed worlds a seed
    days: int  # days a world
    seer_days: int = SEER_DAYS  # days a world on which the bounds are played too
    sizes_other_confounding: tuple[int, ...] | None = None  # where it is not the headline's; None: the same
    jobs: int = 2  # processes at once
    streams_of_largest: int | None = None  # so many streams of the largest size; None: one a seed
    learners_other_confounding: tuple[str, ...] | None = None  # where it is not the headline's; None: the same
    extras: bool = True  # ablations and broken knowledge too
    extras_seeds: int | None = None  # the first so many seeds have them; None: all
    peers: bool = False  # d3rlpy's models too: they need an environment of their own
    budget_minutes: float | None = None  # after so long nothing new is started
    render_only: bool = False
    command: str = field(default="npm run table", compare=False)  # as it was typed

    def sizes_of(self, confounding: str, headline: str) -> tuple[int, ...]:
        """The days of log that models of one confounding learn from."""
        other = None if confounding == headline else self.sizes_other_confounding
        return self.sizes if other is None else other

    def learners_of(self, confounding: str, headline: str) -> tuple[str, ...]:
        """Who learns from logs of one confounding."""
        other = None if confounding == headline else self.learners_other_confounding
        return self.learners if other is None else other


def read_protocol(file: Path) -> Protocol:
    """Reads protocol.json. Raises BadRun where it is not there."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadRun(f"{file}: {error.strerror}; the protocol is committed with the project, restore it") from error
    return Protocol(json.loads(content), hashlib.sha256(content).hexdigest())


def differences(protocol: Protocol, asked: Asked) -> list[str]:
    """What of the protocol this run leaves out or does otherwise, one sentence each; empty when it is the protocol."""
    evaluation = protocol.content["evaluation"]
    said = []
    for name, has, wants in (
        ("sizes", asked.sizes, protocol.sizes),
        ("seeds", asked.seeds, protocol.seeds),
        ("confounding of the logs", asked.confounding, protocol.confounding),
        ("learners", asked.learners, tuple(LEARNERS)),
    ):
        if set(has) != set(wants):
            said.append(f"{name}: {_list(has)} instead of {_list(wants)}")
    if asked.sizes_other_confounding is not None and set(asked.sizes_other_confounding) != set(asked.sizes):
        said.append(f"sizes where the confounding is not {protocol.headline}: {_list(asked.sizes_other_confounding)}")
    if asked.worlds != evaluation["worldsPerSeed"]:
        said.append(f"worlds a seed: {asked.worlds} instead of {evaluation['worldsPerSeed']}")
    if asked.days != evaluation["daysPerWorld"]:
        said.append(f"days a world: {asked.days} instead of {evaluation['daysPerWorld']}")
    paired = asked.worlds * asked.days * len(asked.seeds)
    if paired < evaluation["leastPairedDays"]:
        said.append(f"paired days: {paired} instead of at least {evaluation['leastPairedDays']}")
    largest, streams = max(protocol.sizes), asked.streams_of_largest
    if largest in asked.sizes and streams is not None and streams < len(asked.seeds):
        said.append(
            f"logs of {largest} days: {streams} streams, shared by {len(asked.seeds)} seeds of training and of worlds, "
            "so their intervals leave out part of what another log would change"
        )
    if asked.learners_other_confounding is not None and set(asked.learners_other_confounding) != set(asked.learners):
        said.append(
            f"learners where the confounding is not {protocol.headline}: {_list(asked.learners_other_confounding)}"
        )
    if not asked.extras:
        said.append("no ablations and no broken knowledge")
    elif asked.extras_seeds is not None and asked.extras_seeds < len(asked.seeds):
        said.append(f"ablations and broken knowledge: {asked.extras_seeds} seeds instead of {len(asked.seeds)}")
    if not asked.peers:
        said.append("no peers (d3rlpy): they are asked for with --peers")
    return said


def _list(values: tuple[object, ...]) -> str:
    return ", ".join(str(value) for value in values)
