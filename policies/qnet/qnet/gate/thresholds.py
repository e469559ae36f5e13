"""Every number that the gate compares with, in one place: they are hashed before the test slice is opened."""

from dataclasses import asdict, dataclass

from ope import Requirements
from qnet.schema import canonical_hash


@dataclass(frozen=True)
class Thresholds:
    """What the stages ask for. Shares are of the champion's cost; harm is in shares of executed actions."""

    level: float = 0.95  # of every one-sided bound
    draws: int = 2000  # of every bootstrap: the 5 % point of so many moves by less than a tenth of a standard error
    seed: int = 20_240_501  # of every bootstrap, so that the same evidence gives the same verdict

    parity: float = 1e-4  # largest difference of an output between the exported model and the trained one
    parity_rows: int = 10_000

    incidents: int = 10_000  # paired, in the simulator
    # Topologies, the clusters of the simulator's bootstrap. `Requirements` asks for 30 clusters of a log, whose days
    # are of all sizes and decide a pass; worlds are of one size, each plays every family as often, both policies meet
    # the same days, and what is found can only veto.
    worlds: int = 20
    family_incidents: int = 500  # fewer decide nothing about a family
    cost_margin: float = 0.05  # so much of the champion's cost may be lost
    harm_margin: float = 0.005  # so much more harm per executed action
    family_harm_margin: float = 0.02

    floor: float = 0.05  # where the logged probability of its choice is below it, the restricted policy is the champion
    canary_margin: float = 0.02  # so much of the champion's cost may be lost before a canary
    clip: float = 20.0  # of cumulative weights: clipping there must not change the verdict
    agree: float = 2.0  # standard errors between the doubly robust and the weighted estimate

    rank_draws: int = 400  # of the intervals in the ranking, which decides nothing


def thresholds_hash(thresholds: Thresholds, requirements: Requirements) -> str:
    """Hex sha256 over the gate's numbers and those of the evidence; a model's own thresholds are of its identity."""
    return canonical_hash({"gate": asdict(thresholds), "evidence": asdict(requirements)})
