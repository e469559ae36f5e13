"""Which logs are simulated, which models are trained on them and which policies play which sealed worlds."""

from dataclasses import dataclass, field

from qnet.experiment.asked import Asked, Protocol

# How an ablation differs from the challenger. A step takes about half an hour: exp(-ln 2 / 480 min * 30 min) = 0.957.
ABLATIONS: dict[str, dict[str, object]] = {
    "alpha-0": {"alpha": 0.0},
    "members-1": {"members": 1},
    "gamma-0": {"gamma_zero": True},
    "without-drafter-features": {
        "drop_groups": ["drafter"],
        "drop_features": ["fitMissing"],
    },  # its gaps name effects too
    "without-history": {"drop_groups": ["history"]},
    "constant-discount": {"constant_discount": 0.957},
    "unmasked-logsumexp": {"masked": False},
}

# What plays without having learnt. The bounds play on a few days a world only.
FIXED = ("uniform", "page", "rules", "drafter", "random-of-three", "oncall-average", "oncall-expert")
BOUNDS = ("bound", "catalogue-bound")
BROKEN_LEARNERS = ("cloning", "fitted", "cql")
BROKEN_FIXED = ("rules", "drafter", "oncall-average", "oncall-expert")

# Added to the value of `page`, in units of the reward's scale: from a policy that seldom pages to one that often does.
PAGE_DELTAS = (-1.0, -0.5, -0.2, 0.2, 0.5, 1.0)
MATCHED_LEARNERS = ("cql", "fitted")

MODEL = "model:"  # what the name of a policy that learnt begins with


@dataclass(frozen=True)
class Log:
    """One stream of simulated days under on-call people."""

    seed: int
    confounding: str
    days: int
    broken: float = 0.0  # share of the runbooks whose rules speak for the wrong evidence

    @property
    def name(self) -> str:
        return f"{self.confounding}-{self.seed}" + (f"-broken-{self.broken}" if self.broken else "")


@dataclass(frozen=True)
class Cell:
    """One model: a learner, trained on the first `size` days of a log."""

    log: Log
    seed: int  # of the training, and of the sealed worlds that it plays
    size: int
    learner: str
    ablation: str = ""
    config: dict[str, object] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The same for every seed: a row of the table."""
        kind = "broken" if self.log.broken else self.log.confounding
        learner = self.learner + (f".{self.ablation}" if self.ablation else "")
        return policy_of(kind, self.size, learner).removeprefix(MODEL)


def policy_of(kind: str, size: int, learner: str) -> str:
    """The name under which a model plays; an ablation is part of its learner's, as in `cql.alpha-0`."""
    return f"{MODEL}{kind}-{size}-{learner}"


def learner_of(policy: str) -> str | None:
    """The learner of a `model:` policy, without ablation and shift of `page`; None for one that did not learn."""
    if not policy.startswith(MODEL):
        return None
    return policy.split("-", 2)[2].partition("+")[0].partition(".")[0]


@dataclass(frozen=True)
class Evaluation:
    """The sealed worlds of one seed, and who plays them."""

    seed: int
    broken: float
    track_record: Log
    cells: tuple[Cell, ...]
    fixed: tuple[str, ...]
    bounds: tuple[str, ...]  # these play on fewer days
    matched: tuple[str, ...] = ()  # names of the models that play with `page` made dearer and cheaper too

    @property
    def name(self) -> str:
        return f"{self.seed}" + ("-broken" if self.broken else "")

    def policies(self, present: frozenset[str]) -> list[str]:
        """All but the bounds that play, given which models there are."""
        models = [cell.name for cell in self.cells if cell.name in present]
        shifted = [name for name in self.matched if name in present]
        return [
            *self.fixed,
            *(f"{MODEL}{name}" for name in models),
            *(f"{MODEL}{name}+page:{delta:g}" for name in shifted for delta in PAGE_DELTAS),
        ]


@dataclass(frozen=True)
class Plan:
    """Everything to be done, seed by seed: a run that is stopped early has whole seeds."""

    logs: tuple[Log, ...]
    cells: tuple[Cell, ...]
    evaluations: tuple[Evaluation, ...]


def plan(protocol: Protocol, asked: Asked) -> Plan:
    """Lays out the run."""
    cells = tuple(cell for seed in asked.seeds for cell in _cells_of(protocol, asked, seed))
    evaluations = tuple(
        evaluation for seed in asked.seeds for evaluation in _evaluations_of(protocol, asked, seed, cells)
    )
    logs = dict.fromkeys([*(cell.log for cell in cells), *(evaluation.track_record for evaluation in evaluations)])
    return Plan(tuple(logs), cells, evaluations)


def _cells_of(protocol: Protocol, asked: Asked, seed: int) -> list[Cell]:
    cells = [
        Cell(_log(protocol, asked, seed, confounding, size), seed, size, learner)
        for confounding in asked.confounding
        for size in asked.sizes_of(confounding, protocol.headline)
        for learner in asked.learners_of(confounding, protocol.headline)
    ]
    if asked.peers:
        cells += _peers_of(protocol, asked, seed)
    if not asked.extras or seed not in asked.seeds[: asked.extras_seeds]:
        return cells
    ablations, broken = protocol.content["ablations"], protocol.content["brokenKnowledge"]
    cells += [
        Cell(_log(protocol, asked, seed, protocol.headline, size), seed, size, ablations["of"], name, ABLATIONS[name])
        for size in ablations["sizes"]
        if size in asked.sizes and ablations["of"] in asked.learners and protocol.headline in asked.confounding
        for name in ablations["one factor each"]
    ]
    size = broken["incidents"]
    log = Log(seed, protocol.headline, size, broken["share"])
    if size in asked.sizes and protocol.headline in asked.confounding:
        cells += [Cell(log, seed, size, learner) for learner in BROKEN_LEARNERS if learner in asked.learners]
    return cells


def _peers_of(protocol: Protocol, asked: Asked, seed: int) -> list[Cell]:
    return [
        Cell(_log(protocol, asked, seed, protocol.headline, size), seed, size, f"{peer}-cql")
        for peer, what in protocol.content["peers"].items()
        for size in what["incidents"]
        if seed in what["seeds"] and size in asked.sizes
    ]


def _log(protocol: Protocol, asked: Asked, seed: int, confounding: str, size: int) -> Log:
    """A log of n days is the first n of its seed's stream, which is simulated once, as long as any cell needs it."""
    largest, sizes = max(protocol.sizes), asked.sizes_of(confounding, protocol.headline)
    streams = max(asked.seeds) if asked.streams_of_largest is None else asked.streams_of_largest
    if size == largest:
        seed = (seed - 1) % streams + 1
    shared = largest in sizes and seed in {(other - 1) % streams + 1 for other in asked.seeds}
    days = largest if shared else max((other for other in sizes if other != largest), default=largest)
    return Log(seed, confounding, days)


def _evaluations_of(protocol: Protocol, asked: Asked, seed: int, cells: tuple[Cell, ...]) -> list[Evaluation]:
    own = [cell for cell in cells if cell.seed == seed]
    track_record = _log(protocol, asked, seed, protocol.headline, min(asked.sizes))
    whole = tuple(cell for cell in own if not cell.log.broken)
    matched = tuple(
        cell.name
        for cell in whole
        if cell.log.confounding == protocol.headline and cell.learner in MATCHED_LEARNERS and not cell.ablation
    )
    evaluations = [Evaluation(seed, 0.0, track_record, whole, FIXED, BOUNDS, matched)]
    broken = tuple(cell for cell in own if cell.log.broken)
    if broken:
        evaluations.append(Evaluation(seed, broken[0].log.broken, broken[0].log, broken, BROKEN_FIXED, BOUNDS[:1]))
    return evaluations
