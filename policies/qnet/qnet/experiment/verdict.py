"""The verdict: whether the network wins by the rule that was written down first, in sentences with their numbers."""

from math import isfinite

from qnet.experiment.asked import Asked, Protocol
from qnet.experiment.measures import Measured
from qnet.experiment.statistics import Interval


def verdict(protocol: Protocol, asked: Asked, whole: Measured) -> list[str]:
    """Sentences: each comparison of the primary endpoint, what follows, and the harm margin."""
    size, kind, ours = protocol.content["primary"]["incidents"], protocol.headline, protocol.challenger
    said = []
    if size not in asked.sizes:
        said.append(
            f"The primary endpoint is at {size} days of log; this run has none of them, "
            f"and what follows is at {max(asked.sizes)}."
        )
        size = max(asked.sizes)
    challenger = f"model:{kind}-{size}-{ours}"
    if challenger not in whole.played.days:
        return [*said, f"Not decided: {ours} of {size} days was not played."]
    rivals = {
        name: name if name == "rules" else f"model:{kind}-{size}-{name}"
        for name in protocol.content["primary"]["against"]
    }
    played = {name: policy for name, policy in rivals.items() if policy in whole.played.days}
    differences = {name: whole.difference(challenger, policy) for name, policy in played.items()}
    said += [_compared(ours, name, size, number) for name, number in differences.items()]
    absent = [name for name in rivals if name not in played]
    won = [name for name, number in differences.items() if number.low > 0]
    if absent:
        said.append(f"Not decided: {', '.join(absent)} of {size} days was not played.")
    elif len(won) == len(rivals):
        said.append("The network wins: it is better than each of them beyond its interval.")
    else:
        lost = [name for name in rivals if name not in won]
        said.append(f"The network does not win: it is not better beyond its interval than {', '.join(lost)}.")
    if played:
        best = max(played, key=lambda name: whole.mean(whole.returns(played[name])).value)
        said.append(_harm(protocol, ours, best, whole.harm_difference(challenger, played[best])))
    return said


def _compared(ours: str, name: str, size: int, number: Interval) -> str:
    found = "is better" if number.low > 0 else "is worse" if number.high < 0 else "cannot be told apart"
    return (
        f"At {size} days of log, {ours} minus {name} is {number.value:+.3f} of return a day "
        f"[{number.low:+.3f}, {number.high:+.3f}]: it {found}."
    )


def _harm(protocol: Protocol, ours: str, best: str, number: Interval) -> str:
    margin = protocol.content["harm"]["margin"]
    if not isfinite(number.high):
        return f"Harm: not decided, for {ours} or {best} executed nothing."
    holds = "holds" if number.high < margin else "does not hold"
    return (
        f"Harm per executed action against {best}, the best of them: {100 * number.value:+.2f} points "
        f"[{100 * number.low:+.2f}, {100 * number.high:+.2f}]; the margin of {100 * margin:g} points {holds}."
    )
