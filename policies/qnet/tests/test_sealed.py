"""Which code the days that were played depend on."""

from pathlib import Path

from qnet.experiment.sealed import code_hash


def test_the_code_that_plays_days_is_sources_and_rules_without_their_tests(tmp_path: Path) -> None:
    found = {code_hash(tmp_path)}
    for name in ("functions/a/b.ts", "runbooks/r.yaml", "policies/guardrails/g.cedar"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1")
        found.add(code_hash(tmp_path))
    for name in ("functions/a/b.test.ts", "functions/a/b.fixture.ts", "functions/a/b.md", "policies/p.ts"):
        (tmp_path / name).write_text("1")
        assert code_hash(tmp_path) in found

    assert len(found) == 4
