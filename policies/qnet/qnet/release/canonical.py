"""RFC 8785: one text for a JSON value, the same in every language, so that its hash can be held against it."""

import hashlib
import json
import math
from collections.abc import Mapping
from decimal import Decimal


def canonical(value: object) -> str:
    """The canonical JSON of null, flags, texts, finite numbers, lists and objects. Raises ValueError for others."""
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        named = sorted(((str(name), one) for name, one in value.items()), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{canonical(one)}" for name, one in named) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    raise ValueError(f"{value!r} is no JSON value")


def canonical_sha256(value: object) -> str:
    """Lower-case hex sha256 of the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _number(value: int | float) -> str:
    """As ECMAScript prints it (Number::toString): the fewest digits that read back as the same double."""
    number = float(value)
    if not math.isfinite(number) or (isinstance(value, int) and int(number) != value):
        raise ValueError(f"{value!r} is no number that JSON and a double both hold")
    if number == 0:
        return "0"
    sign, digits, last = Decimal(repr(number)).normalize().as_tuple()
    text, minus = "".join(map(str, digits)), "-" if sign else ""
    point = len(text) + int(last)  # the decimal point stands after so many digits
    if len(text) <= point <= 21:
        return minus + text + "0" * (point - len(text))
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    tail = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
