"""Episodes made up in memory: any number of features, 2 to 8 candidates, incidents of one to four decisions."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qnet.episodes import Episodes
from qnet.schema import FeatureSchema, schema_of

BETA = float(np.log(2) / 480)  # per minute: half of a cost counts after eight hours


def _described(
    name: str, kind: str = "number", low: float = 0, high: float = 1, group: str | None = None
) -> dict[str, object]:
    return {"name": name, "unit": "-", "kind": kind, "min": low, "max": high} | ({"group": group} if group else {})


def synthetic_schema(state: int = 6, candidate: int = 14) -> FeatureSchema:
    """The schema of such a features.json."""
    return schema_of(synthetic_schema_content(state, candidate))


def synthetic_schema_content(state: int = 6, candidate: int = 14) -> dict[str, Any]:
    """A features.json with the candidate features that models rely on, filled up with others to these lengths."""
    named = [
        _described("runbook", "code", 0, 2**24 - 1),
        _described("fit"),
        _described("fitMissing", "flag"),
        _described("drafterRank", "number", 0, 32, "drafter"),
        _described("drafterRecovers", "number", 0, 1, "drafter"),
        _described("drafterRecoversMissing", "flag", 0, 1, "drafter"),
        _described("effect", "flag"),
        _described("pages", "flag"),
        _described("tier", "number", 0, 3),
        _described("triedBefore", "number", 0, 6),
        _described("helpedBefore", "number", 0, 1, "history"),
    ]
    if candidate < len(named):
        raise ValueError(f"a candidate has at least the {len(named)} named features")
    extra = [_described(f"c{column}", "number", -10, 10) for column in range(candidate - len(named))]
    scene = [_described(f"s{column}", "number", -10, 10) for column in range(state)]
    return {"version": 1, "state": scene, "candidate": named + extra}


@dataclass
class _Rows:
    """What grows row by row while incidents are made up."""

    state: list[NDArray[np.float64]] = field(default_factory=list)
    candidate: list[NDArray[np.float64]] = field(default_factory=list)
    allowed: list[NDArray[np.bool_]] = field(default_factory=list)
    executed: list[int] = field(default_factory=list)  # index within the decision's own candidates, -1 = outside
    reward: list[float] = field(default_factory=list)
    discount: list[float] = field(default_factory=list)
    next: list[int] = field(default_factory=list)
    recovered: list[bool] = field(default_factory=list)
    harmed: list[bool] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)


def synthetic_episodes(
    n_incidents: int,
    seed: int,
    *,
    state: int = 6,
    candidate: int = 14,
    most_candidates: int = 8,
    open_share: float = 0.05,
    outside_share: float = 0.05,
    taste: float = 0.0,
) -> Episodes:
    """Incidents whose reward depends on the scene and on the candidate that ran: there is something to learn.

    Candidate 0 of a decision waits, the last one pages (effect 0, pages 1), those between touch something. Waiting
    and paging are always allowed. A deed recovers more often the higher its `fit`; an incident ends when it recovers,
    pages, or has had four decisions. Every fifth incident shares the cluster of the one before. People also like what
    has more of `c0`, by so much `taste`: it changes no outcome.
    """
    random = np.random.default_rng(seed)
    schema = synthetic_schema(state, candidate)
    codes = random.choice(2**24 - 1, size=12, replace=False) + 1
    rows = _Rows()
    cluster = -1
    for incident in range(n_incidents):
        cluster += 0 if incident % 5 == 4 else 1
        scene = random.normal(size=state)
        for step in range(4):
            count = int(random.integers(2, most_candidates + 1))
            drawn = _candidates(random, schema, codes, count, step)
            if _decide(random, rows, schema, scene, drawn, step, cluster, open_share, outside_share, taste):
                break
            scene = 0.8 * scene + 0.3 * random.normal(size=state)
    return _packed(rows, schema, f"synthetic-{n_incidents}-{seed}")


def _candidates(
    random: np.random.Generator, schema: FeatureSchema, codes: NDArray[np.int64], count: int, step: int
) -> NDArray[np.float64]:
    """(K, A) features: first who waits, last who pages."""
    rows = random.normal(size=(count, schema.A)).clip(-10, 10)
    effect = np.arange(count) % (count - 1) > 0  # neither the first nor the last
    named = {
        "runbook": random.choice(codes[2:], size=count),
        "fit": random.random(count) * effect,
        "fitMissing": ~effect,
        "drafterRank": np.arange(count),
        "drafterRecovers": random.random(count) * effect,
        "drafterRecoversMissing": ~effect,
        "effect": effect,
        "pages": np.arange(count) == count - 1,
        "tier": random.integers(0, 4, size=count) * effect,
        "triedBefore": np.full(count, step),
        "helpedBefore": random.random(count) * effect,
    }
    for name, values in named.items():
        rows[:, schema.index(name)] = values
    rows[[0, -1], schema.index("runbook")] = codes[:2]
    return rows


def _decide(
    random: np.random.Generator,
    rows: _Rows,
    schema: FeatureSchema,
    scene: NDArray[np.float64],
    candidates: NDArray[np.float64],
    step: int,
    cluster: int,
    open_share: float,
    outside_share: float,
    taste: float,
) -> bool:
    """Appends one decision, chosen by people who half see the fit; says whether the incident ended with it."""
    fit, effect = candidates[:, schema.index("fit")], candidates[:, schema.index("effect")]
    allowed = (random.random(len(fit)) < 0.7) | (effect == 0)
    liked = taste * candidates[:, schema.index("c0")] if taste else 0.0
    chance = np.where(allowed, np.exp(1.5 * fit + liked), 0.0)
    ran = int(random.choice(len(fit), p=chance / chance.sum()))
    pages = ran == len(fit) - 1
    heals = bool(effect[ran]) and random.random() < 0.9 * fit[ran]
    hurts = bool(effect[ran]) and not heals and random.random() < 0.1
    minutes = float(random.uniform(2, 40))
    impact = minutes / 60 / (1 + np.exp(-scene[0]))
    last = heals or pages or step == 3
    is_open = last and not heals and random.random() < open_share
    here = len(rows.state)
    rows.state.append(scene)
    rows.candidate.append(candidates)
    rows.allowed.append(allowed)
    rows.executed.append(-1 if random.random() < outside_share else ran)
    rows.reward.append(-4 * float(impact + 0.4 * pages + 0.03 * candidates[ran, schema.index("tier")] + hurts))
    rows.discount.append(float(np.exp(-BETA * minutes)))
    rows.next.append(here if is_open else -1 if last else here + 1)
    rows.recovered.append(heals)
    rows.harmed.append(hurts)
    rows.cluster.append(cluster)
    return last


def _packed(rows: _Rows, schema: FeatureSchema, data_hash: str) -> Episodes:
    counts = np.array([len(one) for one in rows.candidate])
    offsets = np.concatenate([[0], counts.cumsum()])
    returns = np.zeros(len(counts))
    for row in reversed(range(len(counts))):
        follows = rows.next[row]
        returns[row] = rows.reward[row] + (rows.discount[row] * returns[follows] if follows > row else 0)
    executed = np.array(rows.executed)
    return Episodes(
        state=torch.tensor(np.array(rows.state), dtype=torch.float32),
        candidate=torch.tensor(np.concatenate(rows.candidate), dtype=torch.float32),
        offsets=torch.tensor(offsets),
        owner=torch.tensor(np.repeat(np.arange(len(counts)), counts)),
        allowed=torch.tensor(np.concatenate(rows.allowed)),
        executed=torch.tensor(np.where(executed < 0, -1, offsets[:-1] + executed)),
        reward=torch.tensor(rows.reward, dtype=torch.float32),
        discount=torch.tensor(rows.discount, dtype=torch.float32),
        next=torch.tensor(rows.next),
        returns=torch.tensor(returns.clip(-20), dtype=torch.float32),
        recovered=torch.tensor(rows.recovered),
        harmed=torch.tensor(rows.harmed),
        well_soon=torch.tensor(rows.recovered),
        well_known=torch.tensor(executed >= 0),
        cluster=torch.tensor(rows.cluster),
        schema=schema,
        data_hash=data_hash,
    )
