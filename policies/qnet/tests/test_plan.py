"""What is planned: everything the protocol asks for, and nothing silently left out."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from qnet.experiment.asked import Asked, BadRun, differences, read_protocol
from qnet.experiment.plan import ABLATIONS, BOUNDS, FIXED, learner_of, plan, policy_of
from qnet.experiment.run import _typed, add_parser, asked_of
from qnet.learners import LEARNERS

QNET = Path(__file__).resolve().parents[1]
PROTOCOL = read_protocol(QNET / "protocol.json")
COUNTS = (
    *("--jobs", "--sizes", "--sizes-other-confounding", "--seeds", "--worlds", "--days", "--seer-days"),
    *("--streams-of-largest", "--extras-seeds"),
)


def asked(*flags: str) -> Asked:
    """What these flags ask for."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    return asked_of(parser.parse_args(["table", *flags]), PROTOCOL)


def test_without_flags_nothing_differs_from_the_protocol_but_the_peers() -> None:
    assert differences(PROTOCOL, asked("--peers")) == []
    assert [said for said in differences(PROTOCOL, asked()) if "peers" not in said] == []


@pytest.mark.parametrize(
    "flags",
    [
        ["--sizes", "200"],
        ["--sizes-other-confounding", "2000"],
        ["--seeds", "1,2,3"],
        ["--confounding", "mild"],
        ["--learners", "cql,cloning"],
        ["--worlds", "4"],
        ["--days", "3"],
        ["--streams-of-largest", "2"],
        ["--no-extras"],
        ["--quick"],
    ],
)
def test_whatever_leaves_something_out_is_said(flags: list[str]) -> None:
    assert differences(PROTOCOL, asked("--peers", *flags)) != []


def test_every_baseline_of_the_protocol_is_played_but_the_one_that_no_model_offers() -> None:
    planned = plan(PROTOCOL, asked())
    names = {*FIXED, *BOUNDS, *(cell.learner for cell in planned.cells)}

    assert set(PROTOCOL.content["baselines"]) - names == {"cloning-abstaining"}


def test_every_learner_is_trained_at_every_size_seed_and_confounding() -> None:
    whole = [cell for cell in plan(PROTOCOL, asked()).cells if not cell.ablation and not cell.log.broken]

    assert len(whole) == len({(cell.name, cell.seed) for cell in whole})
    assert len(whole) == len(LEARNERS) * 3 * 10 * 3


def test_every_ablation_of_the_protocol_changes_one_setting() -> None:
    ablations = PROTOCOL.content["ablations"]
    cells = [cell for cell in plan(PROTOCOL, asked()).cells if cell.ablation]

    assert {cell.ablation for cell in cells} == set(ablations["one factor each"]) == set(ABLATIONS)
    assert {cell.size for cell in cells} == set(ablations["sizes"])
    assert all(cell.learner == "cql" for cell in cells)
    assert {cell.ablation: sorted(cell.config) for cell in cells if len(cell.config) > 1} == {
        "without-drafter-features": ["drop_features", "drop_groups"]
    }


def test_broken_knowledge_is_in_the_log_and_in_the_days_that_are_judged() -> None:
    planned = plan(PROTOCOL, asked())
    broken = [one for one in planned.evaluations if one.broken]

    assert {one.broken for one in broken} == {0.3}
    assert all(cell.log.broken == one.broken for one in broken for cell in one.cells)
    assert not any(cell.log.broken for one in planned.evaluations if not one.broken for cell in one.cells)


def test_a_stream_is_simulated_once_for_all_that_read_it() -> None:
    planned = plan(PROTOCOL, asked())

    assert len({log.name for log in planned.logs}) == len(planned.logs) == 40
    assert {log.days for log in planned.logs if not log.broken} == {20000}


def test_seeds_that_share_a_long_stream_keep_their_own_short_one() -> None:
    planned = plan(PROTOCOL, asked("--streams-of-largest", "2", "--confounding", "mild", "--no-extras"))
    of_seed = {(cell.seed, cell.size): cell.log for cell in planned.cells}

    assert [of_seed[seed, 20000].seed for seed in PROTOCOL.seeds] == [1, 2] * 5
    assert [of_seed[seed, 200].seed for seed in PROTOCOL.seeds] == list(PROTOCOL.seeds)
    assert [of_seed[seed, 200].days for seed in (1, 2, 3)] == [20000, 20000, 2000]


def test_logs_of_other_confounding_are_no_longer_than_they_are_asked_for() -> None:
    planned = plan(PROTOCOL, asked("--sizes-other-confounding", "200,2000"))

    assert {(log.confounding, log.days) for log in planned.logs if not log.broken} == {
        ("mild", 20000),
        ("none", 2000),
        ("strong", 2000),
    }
    assert {cell.size for cell in planned.cells if cell.log.confounding == "none"} == {200, 2000}


def test_the_track_record_is_that_of_the_seeds_own_log() -> None:
    planned = plan(PROTOCOL, asked("--streams-of-largest", "2"))

    for evaluation in planned.evaluations:
        assert evaluation.track_record.seed == evaluation.seed
        assert evaluation.track_record in planned.logs


def test_page_is_shifted_for_the_headlines_challenger_and_fitted_alone() -> None:
    evaluation = plan(PROTOCOL, asked()).evaluations[0]
    present = frozenset(cell.name for cell in evaluation.cells)
    shifted = {policy.partition("+")[0] for policy in evaluation.policies(present) if "+page:" in policy}

    assert shifted == {f"model:mild-{size}-{learner}" for size in PROTOCOL.sizes for learner in ("cql", "fitted")}


def test_a_model_that_is_not_there_does_not_play_and_no_name_plays_twice() -> None:
    evaluation = plan(PROTOCOL, asked()).evaluations[0]

    policies = evaluation.policies(frozenset({"mild-200-cql"}))

    assert [policy for policy in policies if policy.startswith("model:") and "+" not in policy] == [
        "model:mild-200-cql"
    ]
    assert len(policies) == len(set(policies))


def test_peers_are_trained_as_the_protocol_says_and_only_when_asked_for() -> None:
    peers = [cell for cell in plan(PROTOCOL, asked("--peers")).cells if cell.learner == "d3rlpy-cql"]

    assert {(cell.size, cell.seed) for cell in peers} == {(size, seed) for size in (2000, 20000) for seed in (1, 2, 3)}
    assert not any(cell.learner == "d3rlpy-cql" for cell in plan(PROTOCOL, asked()).cells)


@pytest.mark.parametrize(
    ("policy", "learner"),
    [
        ("rules", None),
        ("model:mild-200-one-step", "one-step"),
        ("model:mild-20000-cql.alpha-0", "cql"),
        ("model:mild-2000-fitted+page:-0.5", "fitted"),
    ],
)
def test_a_policys_name_says_what_learnt(policy: str, learner: str | None) -> None:
    assert learner_of(policy) == learner


@pytest.mark.parametrize("learner", [*LEARNERS, "d3rlpy-cql"])
def test_a_learner_is_read_back_from_the_name_that_its_policy_is_given(learner: str) -> None:
    assert learner_of(policy_of("strong", 200, learner)) == learner


@pytest.mark.parametrize(
    "flags",
    [
        ["--learners", "sarsa"],
        ["--learners-other-confounding", "sarsa"],
        ["--confounding", "heavy"],
    ],
)
def test_what_nobody_knows_is_refused(flags: list[str]) -> None:
    with pytest.raises(BadRun, match=f"{flags[0]} {flags[1]}: not known; give some of"):
        asked(*flags)


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        *((flag, "0", "give a whole number of 1 or more, as 2") for flag in COUNTS),
        *((flag, "many", "give a whole number of 1 or more, as 2") for flag in COUNTS),
        ("--sizes", "200;2000", "several with commas and no spaces, as 1,2,3"),
        ("--budget-minutes", "an hour", "'an hour' is no time; give minutes, as 90"),
        ("--budget-minutes", "-1", "'-1' is no time; give minutes, as 90"),
    ],
)
def test_a_value_that_cannot_be_used_is_said_with_what_to_give(
    flag: str, value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(f"{flag}={value}")

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"argument {flag}" in said
    assert says in said


def test_a_protocol_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="restore it"):
        read_protocol(tmp_path / "protocol.json")


def test_where_it_is_kept_changes_no_plan() -> None:
    one = asked()

    assert plan(PROTOCOL, one) == plan(PROTOCOL, replace(one, out=Path("elsewhere"), jobs=7))


@pytest.mark.parametrize("out", [["--out", "x"], ["--out=x"]])
def test_a_table_names_the_command_that_was_typed_without_what_changes_no_number(out: list[str]) -> None:
    typed = ["--jobs", "8", *out, "--budget-minutes", "5", "--quick", "--render-only"]

    assert _typed(typed) == "npm run table -- --budget-minutes 5 --quick"
