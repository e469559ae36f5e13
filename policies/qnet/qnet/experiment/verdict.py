"""The verdict: whether the network wins by the rule that was written down first, in sentences with their numbers."""

from math import isfinite

from qnet.experiment.asked import Asked, Protocol
from qnet.experiment.measures import Measured
from qnet.experiment.plan import policy_of
from qnet.experiment.statistics import Interval

# Fewer cannot show a margin of half a point: of 600 actions without any harm the interval still reaches 0.6 %.
LEAST_ACTIONS = 600


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
    challenger = policy_of(kind, size, ours)
    if challenger not in whole.played.days:
        return [*said, f"Not decided: {ours} of {size} days was not played."]
    rivals = {
        name: name if name == "rules" else policy_of(kind, size, name)
        for name in protocol.content["primary"]["against"]
    }
    played = {name: policy for name, policy in rivals.items() if policy in whole.played.days}
    differences = {name: whole.difference(challenger, policy) for name, policy in played.items()}
    said += [
        _compared(ours, name, size, number, whole.spread(challenger, played[name]))
        for name, number in differences.items()
    ]
    absent = [name for name in rivals if name not in played]
    won = [name for name, number in differences.items() if number.low > 0]
    short = _short(protocol, size, [whole.paired(challenger, policy) for policy in played.values()])
    if absent:
        said.append(f"Not decided: {', '.join(absent)} of {size} days was not played.")
    elif short:
        said.append(short)
    elif len(won) == len(rivals):
        said.append("The network wins: it is better than each of them beyond its interval.")
    else:
        lost = [name for name in rivals if name not in won]
        said.append(f"The network does not win: it is not better beyond its interval than {', '.join(lost)}.")
    if played:
        best = max(played, key=lambda name: whole.mean(whole.returns(played[name])).value)
        said.append(_harm(protocol, ours, best, whole, (challenger, played[best])))
    return said


def _short(protocol: Protocol, size: int, pairs: list[tuple[int, int]]) -> str:
    """What was played of each pair, where that is less than the protocol asks for; "" where it is enough."""
    seeds, days = (min((pair[place] for pair in pairs), default=0) for place in (0, 1))
    wanted = (
        protocol.content["primary"]["incidents"],
        len(protocol.seeds),
        protocol.content["evaluation"]["leastPairedDays"],
    )
    if size == wanted[0] and seeds >= wanted[1] and days >= wanted[2]:
        return ""
    return (
        f"Not decided by the protocol: {seeds} seeds and {days} paired days of models of {size} days of log, "
        f"where it asks for {wanted[1]} seeds and {wanted[2]} paired days of models of {wanted[0]}."
    )


def _compared(ours: str, name: str, size: int, number: Interval, spread: float) -> str:
    found = "is better" if number.low > 0 else "is worse" if number.high < 0 else "cannot be told apart"
    over_seeds = f"standard deviation over the seeds {spread:.3f}" if isfinite(spread) else "one seed"
    return (
        f"At {size} days of log, {ours} minus {name} is {number.value:+.3f} of return a day "
        f"[{number.low:+.3f}, {number.high:+.3f}] ({over_seeds}): it {found}."
    )


def _harm(protocol: Protocol, ours: str, best: str, whole: Measured, pair: tuple[str, str]) -> str:
    margin, number = protocol.content["harm"]["margin"], whole.harm_difference(*pair)
    if not isfinite(number.high):
        return f"Harm: not decided, for {ours} or {best} executed nothing."
    actions = [int(whole.harm_counts(*one)[1]) for one in (pair, pair[::-1])]
    if min(actions) < LEAST_ACTIONS:
        holds = f"is undecided below {LEAST_ACTIONS} executed actions each, here {actions[0]} and {actions[1]}"
    else:
        holds = "holds" if number.high < margin else "does not hold"
    return (
        f"Harm per executed action against {best}, the best of them: {100 * number.value:+.2f} points "
        f"[{100 * number.low:+.2f}, {100 * number.high:+.2f}]; the margin of {100 * margin:g} points {holds}."
    )
