"""What a release is made with: every number that the served policy depends on and that is not learnt."""

from __future__ import annotations

from dataclasses import dataclass

from ..bounds import INNER_SHARE, NOT_NEGATIVE, SHARE, check_bounds

TIERS = 4  # of a runbook, 0..3


@dataclass(frozen=True)
class Config:
    """Flat, so that each field can be given by its name as JSON."""

    # The rank S = rank_q * Q + rank_value * V + rank_support * ln(pi_b / max pi_b).
    # Q looks ahead and errs with itself; V is what was got, noisy and unbiased. On 750 days of the training families
    # half of each cost 0.470 hours a day, Q alone 0.548; 0.3 to 0.7 of Q made no difference. Some weight on what was
    # usual costs 0.005 hours on the whole and loses in no family: without it two of twelve lost 2 % against the rules.
    rank_q: float = 0.3
    rank_value: float = 0.7
    rank_support: float = 0.2
    # When the policy asks instead of acting; in reward scales where not said.
    m: float = 2.0  # standard deviations over the members that an advantage over paging must exceed; 1 to 3 did as well
    delta: float = 0.0  # least advantage over paging beyond that; 0.1 and 0.3 only paged more
    support: float = 0.05  # least share of the likeliest candidate's probability among people
    tie: float = 0.05  # candidates whose rank is as near to the best are drawn from when exploring
    # Upper P(observed harm) of tiers 0..3. With 0.4 at tier 2 five of 618 runs on 3,168 days did harm in truth, all of
    # one runbook; with 0.15 none of 577, for 0.005 hours a day. At tier 1 0.6 to 0.8 made no difference.
    max_harm: tuple[float, ...] = (0.8, 0.8, 0.15, 0.15)
    distance_percentile: float = 0.99  # of the calibrate slice's scenes: one in a hundred is called strange

    def __post_init__(self) -> None:
        check_bounds(self, m=NOT_NEGATIVE, delta=NOT_NEGATIVE, support=SHARE, tie=NOT_NEGATIVE)
        check_bounds(self, distance_percentile=INNER_SHARE)
        check_bounds(self, rank_q=NOT_NEGATIVE, rank_value=NOT_NEGATIVE, rank_support=NOT_NEGATIVE)
        if self.rank_q + self.rank_value + self.rank_support == 0:
            raise ValueError("rank_q, rank_value and rank_support are all 0: nothing ranks; give one of them more")
        if len(self.max_harm) != TIERS or not all(0 <= one <= 1 for one in self.max_harm):
            raise ValueError(f"max_harm wants {TIERS} numbers in 0..1, one a tier")
