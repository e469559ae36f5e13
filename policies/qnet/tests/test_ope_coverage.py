"""The coverage study: a slice of it, and what must never be evaluable."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ope import evaluable, restricted
from ope.coverage import main
from ope.coverage_report import DIAGNOSTICS, ESTIMATORS, Cell, Figures, failures, most_false, said
from ope.coverage_study import FORMS, VISITED, Study, run
from ope.logs import Log, counted, epsilon_greedy, greedy, habits, harmful, scores_of, simulate
from ope.smdp import law_of, value_iteration, world_of

Floats = NDArray[np.float64]
WORLD = world_of(7, VISITED)
LAW = law_of(WORLD, VISITED)
SCORES = scores_of(WORLD, value_iteration(WORLD), 7)
CHAMPION = greedy(SCORES)
TRIALS = 200


# A deterministic log and a challenger 30 % worse


def not_evaluable(target: Floats, logged: Floats, log: Log) -> tuple[bool, list[str]]:
    found = evaluable(target[log.state], logged[log.state], log.proposed, log.incident, log.step, log.cluster)
    return not found.evaluable, found.reasons


def test_a_deterministic_log_never_lets_a_challenger_30_percent_worse_be_evaluated() -> None:
    challenger = harmful(LAW, SCORES, 0.3)
    deployed = restricted(challenger, CHAMPION, CHAMPION)

    logs = [simulate(LAW, CHAMPION, CHAMPION, 2000, seed) for seed in range(TRIALS)]
    as_asked = [not_evaluable(challenger, CHAMPION, log) for log in logs]
    as_deployed = [not_evaluable(deployed, CHAMPION, log) for log in logs]

    assert sum(refused for refused, _ in as_asked) == TRIALS
    assert sum(refused for refused, _ in as_deployed) == TRIALS
    assert all(any("overlap" in reason for reason in reasons) for _, reasons in as_asked)
    # Restricted, it is the champion: every weight is 1 and every weight diagnostic green. Exploration was off.
    assert all(len(reasons) == 1 and "exploration was off" in reasons[0] for _, reasons in as_deployed)


def test_a_deterministic_log_that_claims_to_explore_never_lets_it_be_evaluated_either() -> None:
    claimed = epsilon_greedy(SCORES, np.isfinite(SCORES))
    half_harmful = 0.5 * claimed + 0.5 * harmful(LAW, SCORES, 0.3)

    logs = [simulate(LAW, CHAMPION, CHAMPION, 2000, seed) for seed in range(TRIALS)]

    for target in (harmful(LAW, SCORES, 0.3), half_harmful, claimed):
        assert sum(not_evaluable(target, claimed, log)[0] for log in logs) == TRIALS


def test_people_who_saw_more_than_the_log_are_never_evaluable_though_every_figure_is_green() -> None:
    logs = [simulate(LAW, *habits(SCORES), 2000, seed) for seed in range(20)]

    trusted = [not_evaluable(CHAMPION, counted(log), log)[0] for log in logs]
    answers = [evaluable(CHAMPION[log.state], None, log.proposed, log.incident, log.step, log.cluster) for log in logs]

    assert sum(trusted) <= 2
    assert not any(one.evaluable for one in answers)


# The study


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    return run(Study(trials=12, incidents=1200, resamples=200), lambda _: None)


def test_every_writer_meets_every_target_in_both_forms(cells: list[Cell]) -> None:
    names = {(cell.writer, cell.target, cell.form) for cell in cells}

    assert len(cells) == len(names) == 4 * 5 * len(FORMS)
    for cell in cells:
        assert tuple(cell.figures) == ESTIMATORS
        assert tuple(cell.diagnostics) == DIAGNOSTICS
        assert all(0 <= one.misleading <= one.false <= cell.trials == 12 for one in cell.figures.values())


def test_only_logs_that_drew_their_proposals_are_evaluable(cells: list[Cell]) -> None:
    assert {cell.writer for cell in cells if cell.evaluable} == {"epsilon 0.2, full support", "epsilon 0.2, tie set"}
    assert all(
        cell.evaluable == 12 for cell in cells if cell.target == "the logger's greedy" and "epsilon" in cell.writer
    )


def test_the_harmful_target_is_evaluable_on_no_log(cells: list[Cell]) -> None:
    assert [cell for cell in cells if cell.target == "harmful" and cell.evaluable] == []


def test_what_a_deterministic_log_says_of_another_policy_is_false_every_time(cells: list[Cell]) -> None:
    found = [cell for cell in cells if cell.writer == "deterministic" and cell.target in {"large change", "harmful"}]

    assert all(one.false == 12 for cell in found if cell.form == "as asked" for one in cell.figures.values())


def test_a_restricted_target_on_a_deterministic_log_is_the_champion(cells: list[Cell]) -> None:
    found = [cell for cell in cells if cell.writer == "deterministic" and cell.form == "restricted"]

    assert [cell.against_champion for cell in found] == pytest.approx([0] * 5)


def test_the_same_study_gives_the_same_cells(cells: list[Cell]) -> None:
    again = run(Study(trials=2, incidents=300, resamples=50), lambda _: None)

    assert again == run(Study(trials=2, incidents=300, resamples=50), lambda _: None)
    assert again != cells


def cell_of(evaluable_trials: int, false: int, misleading: int) -> Cell:
    figures = dict.fromkeys(ESTIMATORS, Figures(false, misleading, 0.0, 0.1))
    diagnostics = dict.fromkeys(DIAGNOSTICS, 1.0)
    return Cell("log", "the logger's greedy", "as asked", -1.0, 0.0, 1000, evaluable_trials, 0, 0, diagnostics, figures)


def test_69_false_bounds_of_1000_are_the_most_that_five_percent_allow() -> None:
    assert most_false(1000) == 69


@pytest.mark.parametrize(
    ("evaluable_trials", "false", "misleading", "fails"),
    [(1000, 69, 69, False), (1000, 70, 70, True), (400, 900, 69, False), (400, 900, 70, True), (0, 1000, 0, False)],
)
def test_a_bound_fails_where_the_gate_lets_it_count(
    evaluable_trials: int, false: int, misleading: int, fails: bool
) -> None:
    cells = [cell_of(evaluable_trials, false, misleading)]

    assert bool(failures(cells)) == fails
    assert any("FAILURES" in line for line in said(cells)) == fails


def test_the_command_writes_the_file_and_says_how_to_make_it_again(tmp_path: Path) -> None:
    out = tmp_path / "coverage.md"

    code = main(["--out", str(out), "--trials", "2", "--incidents", "900", "--resamples", "50"])

    text = out.read_text(encoding="utf-8")
    assert code in {0, 1}
    assert "python -m ope.coverage --out coverage.md --trials 2 --incidents 900 --resamples 50" in text
    assert text.count("| people, confounded | harmful | restricted |") == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "/no/such/folder/x.md"], "no such folder; make it or name another with --out"),
        (["--out", "x.md", "--trials", "0"], "'0' is not a whole number above 0"),
        ([], "--out"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_to_do(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2
    assert words in capsys.readouterr().err
