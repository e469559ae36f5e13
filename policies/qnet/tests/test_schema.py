"""The feature schema is read as it was written, or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from synthetic import synthetic_schema_content

from qnet.bad_input import BadInput
from qnet.schema import canonical_hash, read_schema, schema_of


def test_columns_are_found_by_name_and_by_group() -> None:
    schema = schema_of(synthetic_schema_content(3, 12))

    assert (schema.S, schema.A) == (3, 12)
    assert schema.candidate[schema.index("pages")].name == "pages"
    assert [schema.candidate[column].name for column in schema.candidate_group("history")] == ["helpedBefore"]
    assert schema.groups == ("drafter", "history")
    assert schema.state_group("drafter") == ()


def test_the_order_of_keys_changes_no_hash_and_the_order_of_features_does() -> None:
    content = synthetic_schema_content()
    turned = dict(reversed(content.items()))
    shuffled = content | {"state": content["state"][::-1]}

    assert canonical_hash(turned) == canonical_hash(content)
    assert canonical_hash(shuffled) != canonical_hash(content)


def without(content: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "has another shape"),
        (json.dumps(without(synthetic_schema_content(), "candidate")), "lacks 'candidate'"),
        (json.dumps({"version": 1, "state": [{"name": "a", "kind": "text"}], "candidate": []}), "a is of kind text"),
    ],
)
def test_a_features_file_that_is_none_is_refused_with_how_to_write_it(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    path.write_text(text)

    with pytest.raises(
        BadInput, match=rf"features\.json: .*{says}.*; write it with `node policies/qnet/write-features"
    ):
        read_schema(path)


def test_a_features_file_that_is_not_there_is_refused_with_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"features\.json: cannot be read \(No such file or directory\); write it with"):
        read_schema(tmp_path / "features.json")
