"""The verdict follows the rule that was written down first, and says when too little was played to follow it."""

import numpy as np
from made_days import SMALL, found, model, played

from qnet.experiment.measures import Measured


def test_the_network_wins_when_it_is_better_than_each_beyond_its_interval() -> None:
    verdict = " ".join(found(played(ours=1.0), protocol=SMALL)["verdict"])

    assert "The network wins" in verdict
    assert "At 20000 days of log, cql minus rules is +" in verdict


def test_one_rival_that_is_not_beaten_is_enough_not_to_win_and_is_named() -> None:
    verdict = " ".join(found(played(ours=1.0, fitted=0.9), protocol=SMALL)["verdict"])

    assert "The network does not win: it is not better beyond its interval than fitted." in verdict


def test_what_is_better_within_its_interval_alone_is_no_win() -> None:
    verdict = " ".join(found(played(ours=1.9945), protocol=SMALL)["verdict"])

    assert "cql minus rules is +0.00" in verdict
    assert "The network does not win: it is not better beyond its interval than rules" in verdict


def test_a_run_that_played_less_than_the_protocol_asks_for_decides_nothing_and_still_says_what_it_found() -> None:
    verdict = found(played(ours=1.0))["verdict"]

    assert verdict[0].startswith("At 20000 days of log, cql minus rules is +0.99")
    assert verdict[3].startswith(
        "Not decided by the protocol: 2 seeds and 40 paired days of models of 20000 days of log"
    )
    assert "The network" not in " ".join(verdict)


def test_days_that_one_of_a_pair_did_not_play_are_no_paired_days() -> None:
    whole = played(ours=1.0)
    whole.played.days["rules"]["hours"][5:] = np.nan

    verdict = " ".join(found(whole, protocol=SMALL)["verdict"])

    assert "Not decided by the protocol: 1 seeds and 20 paired days" in verdict
    assert "(one seed)" in verdict


def acting(whole: Measured, actions: float, harmful: float) -> Measured:
    """The same days: so many actions of our network and of cloning a day, and so many of ours that harm."""
    for policy, harms in ((model(20000, "cql"), harmful), (model(20000, "cloning"), 0.0)):
        whole.played.days[policy]["actions"][:] = actions
        whole.played.days[policy]["harmful"][:] = harms
    return whole


def test_harm_is_judged_against_the_best_of_the_rivals_and_its_margin() -> None:
    harmless = " ".join(found(acting(played(ours=1.0, cloning=1.5), 100, 0))["verdict"])
    harmful = " ".join(found(acting(played(ours=1.0, cloning=1.5), 100, 10))["verdict"])

    assert "against cloning, the best of them: +0.00 points [-0.10, +0.10]; the margin of 0.5 points holds" in harmless
    assert "against cloning, the best of them: +10.00 points" in harmful
    assert "margin of 0.5 points does not hold" in harmful


def test_a_harm_below_the_margin_whose_interval_reaches_beyond_it_does_not_hold() -> None:
    verdict = " ".join(found(acting(played(ours=1.0, cloning=1.5), 25, 0.1))["verdict"])

    assert "+0.40 points" in verdict
    assert "margin of 0.5 points does not hold" in verdict


def test_few_actions_without_harm_show_no_margin() -> None:
    verdict = " ".join(found(acting(played(ours=1.0, cloning=1.5), 2, 0))["verdict"])

    assert "+0.00 points [-4.58, +4.58]" in verdict
    assert "is undecided below 600 executed actions each, here 80 and 80" in verdict
