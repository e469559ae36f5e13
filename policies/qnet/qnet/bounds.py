"""The range of each setting: what lies outside is refused by its name, before anything is trained."""

from math import inf, nextafter
from typing import NamedTuple


class Range(NamedTuple):
    """The least and the most, both included, and how a person is told of them."""

    least: float
    most: float
    wanted: str


COUNT = Range(1, inf, "1 or more")
NOT_NEGATIVE = Range(0, inf, "0 or more")
POSITIVE = Range(nextafter(0, 1), inf, "more than 0")
SHARE = Range(0, 1, "0 to 1")
INNER_SHARE = Range(nextafter(0, 1), nextafter(1, 0), "more than 0 and less than 1")


def check_bounds(config: object, **ranges: Range) -> None:
    """Raises ValueError for the first field of a config that is outside its range; None is within any."""
    for name, (least, most, wanted) in ranges.items():
        value = getattr(config, name)
        if value is not None and not least <= value <= most:
            raise ValueError(f"{name} cannot be {value:g}; give {wanted}")
