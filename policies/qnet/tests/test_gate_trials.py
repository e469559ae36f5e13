"""A small slice of the refusal study: the same functions, fewer trials."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ope.smdp import first_values
from qnet.__main__ import main
from qnet.gate.planted import planted
from qnet.gate.trial_policies import flipped, improved, learnt, training_log, twins, worse, worse_family, worst_of
from qnet.gate.trial_world import Sizes, family_losses, loss_of, played, truth_of
from qnet.gate.trials import Study, kinds_of, run_kind
from qnet.progress import SILENT

SMALL = Study(trials=4, flips=2, sizes=Sizes(incidents=4000))
SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_challengers_are_what_they_are_called(seed: int) -> None:
    truth = truth_of(seed)
    best, champion = improved(truth)
    twin_truth, twin = twins(truth)

    assert loss_of(truth, worse(truth, 0.3), truth.champion) >= 0.3
    assert family_losses(truth, worse_family(truth, 0.15), truth.champion).max() >= 0.15
    assert (worse_family(truth, 0.15) != truth.champion).any(axis=1).sum() == 1
    assert loss_of(truth, best, champion) < 0
    assert loss_of(twin_truth, twin, twin_truth.champion) == pytest.approx(0, abs=1e-12)
    assert (twin != twin_truth.champion).any()


def test_the_simulators_mean_cost_is_the_value_that_backward_induction_finds() -> None:
    truth = truth_of(1)

    days = played(truth, worse(truth, 0.3), truth.champion, 1, Sizes(days_a_family=40_000, worlds=400))

    exact = (truth.champion * first_values(truth.law, truth.champion)).sum(axis=1)
    for state in range(6):
        mean = days.hours[1, days.family == f"state-{state}"].mean()
        assert mean == pytest.approx(-exact[state], rel=0.05)


def test_what_is_learnt_from_much_data_is_nearly_the_best_there_is() -> None:
    truth = truth_of(2)
    best, _ = improved(truth)

    table = learnt(truth, training_log(truth, 20_000, 1))

    assert loss_of(truth, table, best) < 0.02


def test_flips_change_so_many_rewards_and_only_where_they_are_aimed() -> None:
    truth = truth_of(2)
    log = training_log(truth, 500, 1)

    spoilt = flipped(log, 0.05, 1, worst_of(truth))

    changed = log.reward != spoilt.reward
    assert changed.sum() == round(0.05 * len(log.reward))
    assert (log.proposed[changed] == worst_of(truth)[log.state[changed]]).all()
    np.testing.assert_array_equal(np.abs(log.reward), np.abs(spoilt.reward))


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("30 % worse, or as bad as can be", {"refused"}),
        ("the same, a deterministic log, the simulator blind to it", {"NOT EVALUABLE"}),
        ("the champion itself", {"passed"}),
    ],
)
def test_the_gate_says_of_each_kind_what_is_true_of_it(name: str, verdicts: set[str]) -> None:
    _, make = kinds_of(SMALL)[name]

    kind = run_kind(name, 4, make, SMALL, SILENT)

    assert {trial.verdict for trial in kind.trials} == verdicts


def test_rewards_that_were_flipped_where_the_worst_ran_make_a_model_that_is_refused() -> None:
    name = "rewards flipped where the worst ran: 20%"
    _, make = kinds_of(SMALL)[name]

    kind = run_kind(name, 4, make, SMALL, SILENT)

    assert all(trial.loss > 0.1 for trial in kind.trials)
    assert {trial.verdict for trial in kind.trials} == {"refused"}


def test_every_planted_fault_is_found_and_nothing_planted_passes() -> None:
    found = planted(truth_of(0), 1, replace(SMALL.sizes, incidents=16_000))

    assert found[0].verdict == "passed"
    assert all(one.verdict != "passed" and one.reason for one in found[1:])
    assert [one.fault for one in found if one.verdict == "NOT EVALUABLE"] == [
        "a log without exploration",
        "a log without probabilities",
    ]


def test_the_study_writes_its_tables_and_says_what_passed_in_error(tmp_path: Path) -> None:
    file = tmp_path / "refusals.md"

    code = main(["gate-trials", "--out", str(file), "--trials", "2", "--flips", "1", "--only", "worst ran: 2"])

    text = file.read_text()
    assert code == 0
    assert re.search(r"\| where the worst ran: 2% \| 1 \|", text)
    assert "where the worst ran, worse policies that passed by share: 2%: " in text
    assert text.count("\n| ") > 12
