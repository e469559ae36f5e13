"""What a decision is worth: logged costs, weighed by a reviewed file, negated and scaled."""

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bad_input import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What each part of the cost counts; 1 takes the logged hours as they are."""

    impact: float  # what users felt until the next decision
    handover: float  # what they felt after people took over
    action: float  # the price of acting, by tier, and of waking somebody
    harm: float  # an undo that was needed, or something left worse
    recurrence: float  # the alarm came back within a day


@dataclass(frozen=True)
class Reward:
    """The content of reward.json."""

    version: int
    half_life_hours: float  # after so long half of a cost counts; functions/core/reward.ts has the same
    scale_hours: float  # C: severity-1 hours that make a reward of -1, the median cost of a frozen log's day
    cap_scales: float  # an incident's return is never below minus this many scales: one disaster must not rule the fit
    weights: Weights
    hash: str  # hex sha256 of the file

    @property
    def beta(self) -> float:
        """The discount rate of a minute."""
        return float(np.log(2)) / (self.half_life_hours * 60)


@dataclass(frozen=True)
class Costs:
    """What was logged of N decisions, in severity-1 hours, each (N,) and >= 0; minutes until the next decision."""

    elapsed_minutes: Floats
    impact_discounted: Floats
    handover_impact: Floats  # as if the hand-over were now; it is discounted from the decision on here
    cost_action: Floats
    cost_harm: Floats
    cost_recurrence: Floats


COST_COLUMNS = tuple(one.name for one in fields(Costs))  # of an episode row


def read_reward(path: Path) -> Reward:
    """Reads reward.json. Raises BadInput where it is missing, broken, or would pay for harm."""
    remedy = "restore policies/qnet/reward.json"
    try:
        content = path.read_bytes()
        return _checked(path, reward_of(json.loads(content), hashlib.sha256(content).hexdigest()))
    except OSError as cause:
        raise BadInput(f"{path}: cannot be read ({cause.strerror}); {remedy}") from cause
    except (ValueError, KeyError, TypeError) as cause:
        raise BadInput(f"{path}: is not a file of reward weights ({cause!r}); {remedy}") from cause


def reward_of(content: dict[str, Any], content_hash: str) -> Reward:
    """The reward in a parsed reward.json."""
    return Reward(
        version=int(content["version"]),
        half_life_hours=float(content["halfLifeHours"]),
        scale_hours=float(content["scaleHours"]),
        cap_scales=float(content["capScales"]),
        weights=Weights(**{name: float(value) for name, value in content["weights"].items()}),
        hash=content_hash,
    )


def _checked(path: Path, reward: Reward) -> Reward:
    numbers = {
        "halfLifeHours": reward.half_life_hours,
        "scaleHours": reward.scale_hours,
        "capScales": reward.cap_scales,
    }
    for name, value in numbers.items():
        if not (np.isfinite(value) and value > 0):
            raise BadInput(f"{path}: {name} is {value}; give a number above 0")
    for name, value in vars(reward.weights).items():
        if not (np.isfinite(value) and value >= 0):
            raise BadInput(f"{path}: the weight {name} is {value}; give a number of at least 0, a cost is never a gain")
    return reward


def discounts(costs: Costs, reward: Reward) -> Floats:
    """(N,) in (0, 1]: what a cost at the next decision counts at this one, exp(-beta * minutes)."""
    factors: Floats = np.exp(-reward.beta * costs.elapsed_minutes)
    return factors


def rewards(costs: Costs, reward: Reward) -> Floats:
    """(N,) <= 0: minus the weighed costs of each decision, in scales."""
    weights = reward.weights
    hours = (
        weights.impact * costs.impact_discounted
        + weights.handover * discounts(costs, reward) * costs.handover_impact
        + weights.action * costs.cost_action
        + weights.harm * costs.cost_harm
        + weights.recurrence * costs.cost_recurrence
    )
    return -hours / reward.scale_hours


def returns(
    reward: Floats, discount: Floats, follows: NDArray[np.int64], step: NDArray[np.int64], cap: float
) -> Floats:
    """(N,) discounted reward from each decision to the incident's end, not below -cap.

    `follows` (N,) is the next decision, of the next step, -1 where the incident ended; an open one points at itself and
    has what has accrued.
    """
    total = reward.copy()
    before = (follows >= 0) & (follows != np.arange(len(follows)))
    for level in range(int(step.max(initial=0)), -1, -1):
        rows = np.flatnonzero(before & (step == level))
        total[rows] += discount[rows] * total[follows[rows]]
    return np.maximum(total, -cap)
