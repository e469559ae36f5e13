"""The hash of a manifest is one that JavaScript finds as well."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typescript import typescript

from qnet.release.canonical import canonical, canonical_sha256

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# RFC 8785, 3.2.2: input and output of its example, and the edges of ECMAScript's Number::toString.
PRINTED = [
    (333333333.33333329, "333333333.3333333"),
    (1e30, "1e+30"),
    (4.50, "4.5"),
    (2e-3, "0.002"),
    (1e-27, "1e-27"),
    (-0.0, "0"),
    (1e21, "1e+21"),
    (123456789012345680000.0, "123456789012345680000"),
    (1e-6, "0.000001"),
    (1e-7, "1e-7"),
    (5e-324, "5e-324"),
    (-1.5e-9, "-1.5e-9"),
    (30.0, "30"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
]


@pytest.mark.parametrize(("value", "printed"), PRINTED)
def test_a_number_is_printed_as_the_standard_has_it(value: float, printed: str) -> None:
    assert canonical(value) == printed


@given(VALUES)
def test_canonical_text_reads_back_as_what_was_written(value: Any) -> None:
    assert json.loads(canonical(value), parse_int=float) == json.loads(json.dumps(value), parse_int=float)


@given(st.dictionaries(st.text(), st.integers(-9, 9), max_size=6))
def test_the_order_in_which_fields_were_put_changes_nothing(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))

    assert canonical(turned) == canonical(value)
    assert canonical_sha256(turned) == canonical_sha256(value)


def test_numbers_are_printed_as_node_prints_them() -> None:
    spread = [
        sign * (1 + share / 7) * 10.0**power for power in range(-30, 31) for share in range(7) for sign in (1, -1)
    ]
    script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    script = f"import {{ createRequire }} from 'node:module'; const require = createRequire(import.meta.url); {script}"

    assert typescript(script, json.dumps(spread)) == canonical(spread)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53 + 1, {1, 2}, b"bytes"])
def test_what_json_cannot_hold_exactly_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is no"):
        canonical(value)
