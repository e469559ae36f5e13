"""What the released policy's report says in sentences, each with its numbers."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from qnet.experiment.frontier import OBSERVED_HARM, TRUE_HARM, curve, rule_over
from qnet.experiment.measures import Measured
from qnet.experiment.released_plan import ONNX, Line, Model, Study
from qnet.experiment.statistics import Interval
from qnet.experiment.verdict import LEAST_ACTIONS

WORDS = {TRUE_HARM: "harm in truth", OBSERVED_HARM: "observed harm"}


def sentences(
    whole: Measured, models: Sequence[Model], rules: Sequence[Line], studies: Sequence[Study], found: Sequence[Any]
) -> list[str]:
    """The whole verdict. found: what `expectations` found."""
    rivals = ["rules", *(model.policy for model in models if model.policy != ONNX)]
    said = [_compared(whole, rival) for rival in rivals if rival in whole.played.days]
    said += [sentence for rule in rules[1:] for sentence in _rule(whole, rule, rules[0])]
    said += [_changed(whole, study) for study in studies if f"{ONNX} @ {study.name}" in whole.played.days]
    said += [_expected(one) for one in found if one["whose"] == "its own actions"]
    return said


def _compared(whole: Measured, rival: str) -> str:
    number, harm = whole.difference(ONNX, rival), whole.harm_difference(ONNX, rival)
    name = rival.removeprefix("onnx:").removeprefix("model:")
    how = "is better" if number.low > 0 else "is worse" if number.high < 0 else "cannot be told apart"
    interval = f"[{number.low:+.3f}, {number.high:+.3f}]"
    said = f"Released minus {name}: {number.value:+.3f} of return a day {interval}, it {how}; "
    if not isfinite(harm.value):
        return said + "harm cannot be compared, for one of them executed nothing."
    actions = min(whole.harm_counts(ONNX, rival)[1], whole.harm_counts(rival, ONNX)[1])
    few = "" if actions >= LEAST_ACTIONS else f", of {actions:.0f} actions: too few to tell half a point"
    return said + f"harm in truth {_points(harm)} per executed action{few}."


def _points(number: Interval) -> str:
    return f"{100 * number.value:+.2f} points [{100 * number.low:+.2f}, {100 * number.high:+.2f}]"


def _rule(whole: Measured, rule: Line, random: Line) -> list[str]:
    """Whether a rule beats random paging at the same page rate, in each kind of harm; what does not is said so."""
    said = []
    for harm, words in WORDS.items():
        line = curve(whole, [policy for _, policy in random.policies], harm)
        number = rule_over(whole, rule, line, harm)
        if not any(policy in whole.played.days for _, policy in rule.policies):
            continue
        if not isfinite(number.value):
            said.append(f"{rule.label}: {words} cannot be compared with random paging at the same page rate.")
            continue
        beats = "beats random paging" if number.high < 0 else "DOES NOT BEAT random paging"
        worse = " and is worse than it" if number.low > 0 else ""
        said.append(f"{rule.label}: {words} {_points(number)} at the same page rate: it {beats}{worse}.")
    return said


def _changed(whole: Measured, study: Study) -> str:
    changed = f"{ONNX} @ {study.name}"
    number, harm = whole.difference(changed, ONNX), whole.harm_difference(changed, ONNX)
    against = whole.difference(changed, f"rules @ {study.name}")
    points = f"harm in truth {_points(harm)}" if isfinite(harm.value) else "harm cannot be compared"
    return (
        f"Where {study.title}: released changes by {number.value:+.3f} of return a day "
        f"[{number.low:+.3f}, {number.high:+.3f}], {points}; minus rules there {against.value:+.3f} "
        f"[{against.low:+.3f}, {against.high:+.3f}]."
    )


def _expected(one: dict[str, Any]) -> str:
    error, low, high = one["error"]
    off = "" if low <= 0 <= high else ", off on the whole"
    return (
        f"{one['what']}: expected calibration error {one['ece']:.3f} over {one['actions']} actions, where chance alone "
        f"gives {one['noise']:.3f}; what came minus what was expected {error:+.3f} [{low:+.3f}, {high:+.3f}]{off}."
    )
