"""The success table an on-call team would keep: mean return of each runbook under each class of alarm, shrunk.

A cell with n returns of mean m says (n m + k p) / (n + k): p is what the runbook returned over all alarms, which is
shrunk the same way to the mean over all runbooks. `wait` and `page` are runbooks like any other. A runbook that never
ran has the overall mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..bounds import POSITIVE, check_bounds
from ..episodes import Episodes
from ..model import Origin, Scores, config_facts, read_origin
from ..places import decision_of, place_of
from ..progress import Progress
from ..schema import FeatureSchema

FILE = "table.pt"
# What an alarm watches, one flag each: its class. A schema may have only some of them.
CLASSES = (
    *("Errors", "Rejections", "Latency", "Traffic", "Cpu", "Memory", "Connections", "Borrowing", "Backlog"),
    *("Throttles", "Hosts", "Storage", "Lag", "Hits", "Misses", "Evictions", "Disk", "Work", "Concurrency"),
)


@dataclass(frozen=True)
class Config:
    """What the table assumes."""

    pseudo_count: float = 10.0  # runs: returns vary about three times as much within a runbook as between, so 3 * 3
    classes: tuple[str, ...] = tuple(f"alarm{one}" for one in CLASSES)  # flags of the state; () = one class for all

    def __post_init__(self) -> None:
        check_bounds(self, pseudo_count=POSITIVE)


@dataclass(frozen=True)
class Table:
    """L classes of alarm (the last: none of those known), R runbooks seen and one for the rest."""

    origin: Origin
    codes: Tensor  # (R,) int64, sorted
    means: Tensor  # (L, R + 1) float32; the last column is the overall mean
    alarms: Tensor  # (L - 1,) int64, columns of the state
    runbook: int  # column of the code in a candidate

    def score(self, state: Tensor, candidate: Tensor, offsets: Tensor, allowed: Tensor) -> Scores:  # noqa: ARG002
        """The table's cell of each candidate."""
        alarm = alarm_class(state, self.alarms)[decision_of(offsets)]
        mean = self.means[alarm, place_of(candidate[:, self.runbook], self.codes)]
        return Scores(mean, torch.zeros_like(mean))

    def write(self, folder: Path) -> None:
        """Writes table.pt."""
        content = {"codes": self.codes, "means": self.means, "alarms": self.alarms, "runbook": self.runbook}
        torch.save(content, folder / FILE)


def fit(
    episodes: Episodes,
    config: Config,
    *,
    seed: int,
    device: torch.device,  # noqa: ARG001
    progress: Progress,  # noqa: ARG001
    checkpoint: Path | None = None,  # noqa: ARG001
) -> Table:
    """Counts. The seed, the device and the checkpoint change nothing."""
    alarms = alarm_columns(episodes.schema, config.classes)
    runbook = episodes.schema.index("runbook")
    ran = torch.nonzero((episodes.executed >= 0) & episodes.known).squeeze(1)  # of incidents seen to their end
    code = episodes.candidate[episodes.executed[ran], runbook].to(torch.int64)
    codes, place = torch.unique(code, return_inverse=True)
    alarm = alarm_class(episodes.state[ran], alarms)
    means = shrunk_means(episodes.returns[ran].double(), alarm, place, len(alarms) + 1, len(codes), config.pseudo_count)
    origin = Origin("table", episodes.schema.hash, episodes.data_hash, seed, config_facts(config))
    return Table(origin, codes, means.float(), alarms, runbook)


def load(folder: Path) -> Table:
    """Reads what `write` wrote."""
    return Table(read_origin(folder), **torch.load(folder / FILE, weights_only=True))


def shrunk_means(
    returns: Tensor, alarm: Tensor, runbook: Tensor, alarms: int, runbooks: int, pseudo_count: float
) -> Tensor:
    """(alarms, runbooks + 1) means. returns, alarm, runbook (n,): one row a run; no run at all gives zeros."""
    overall = returns.mean() if len(returns) > 0 else returns.new_zeros(())
    per_runbook = shrink(returns, runbook, overall.expand(runbooks), pseudo_count)
    cell = shrink(returns, alarm * runbooks + runbook, per_runbook.repeat(alarms), pseudo_count)
    return torch.cat([cell.view(alarms, runbooks), overall.expand(alarms, 1)], 1)


def shrink(returns: Tensor, cell: Tensor, prior: Tensor, pseudo_count: float) -> Tensor:
    """Mean of each cell's returns, as if `pseudo_count` more of the prior's value was seen. (n,) (n,) (c,) to (c,)."""
    total = torch.zeros_like(prior).index_add(0, cell, returns)
    count = torch.zeros_like(prior).index_add(0, cell, torch.ones_like(returns))
    return (total + pseudo_count * prior) / (count + pseudo_count)


def alarm_columns(schema: FeatureSchema, classes: tuple[str, ...]) -> Tensor:
    """Columns of the state that say the class of the alarm, of those that the schema has."""
    columns = [column for column, feature in enumerate(schema.state) if feature.name in classes]
    return torch.tensor(columns, dtype=torch.int64)


def alarm_class(state: Tensor, alarms: Tensor) -> Tensor:
    """(N,) int64: which of the alarm's flags is up, or len(alarms) where none is."""
    none = torch.full((len(state), 1), 0.5, device=state.device)
    return torch.cat([state[:, alarms], none], 1).argmax(1)
