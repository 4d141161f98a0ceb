"""Reason words: what an indicator's value says, in words that a manager can say to a customer's face.

The words follow from the catalogue: a measure's meaning and its window make the sentence, the value fills it in. A
direction (up, down, rising, falling) is said only where the value has one, and what is unknown is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from features import custom_indicators, service_events
from features.billing import BILLING
from features.custom_indicators import CustomName
from features.service_events import EventGroup
from features.usage import USAGE
from features.windows import Measure, Share, Window
from serving.record_words import RECORD, SPANS, Say, Value, counted, known, percent, whole

Amount: TypeAlias = Callable[[float], str]
"""How a number of a measure is said, without its sign."""

NO_CURRENCY = "XXX"
"""ISO 4217 for none: the source does not say what its amounts are in."""
SHORTER = {"bill_amount": "bill", "usage_data": "data volume", "usage_sms": "short messages sent"}
"""Measures whose meaning has a shorter word that everybody uses."""
TOPICS = {
    **dict.fromkeys(("bill_amount", "bill_plan_fee"), "bill"),
    **dict.fromkeys(("usage_voice_out", "usage_voice_in", "usage_on_net", "usage_off_net"), "calls"),
    **dict.fromkeys(("bill_long_distance", "usage_long_distance", "usage_international"), "long distance"),
    **dict.fromkeys(("bill_roaming", "usage_roaming"), "roaming"),
    **dict.fromkeys(("bill_data_fee", "usage_data"), "data"),
    **dict.fromkeys(("bill_recharge_amount", "bill_recharge_count", "bill_balance"), "prepayment"),
    **dict.fromkeys(("stop", "own_suspension", "arrears_stop"), "stops"),
    "plan_change": "plan",
}
"""Measures and events that say the same to a manager; every other one is a topic of its own."""
BEFORE = {3: "the two months before", 6: "the five months before"}


@dataclass(frozen=True)
class Wording:
    """What an indicator is about, so that three reasons are three different things, and how its value is said."""

    topic: str
    say: Say


def wordings(custom: tuple[CustomName, ...], currency: str) -> Mapping[str, Wording]:
    """The wording of every indicator of the catalogue, by its name; amounts are said in `currency`."""
    said = {name: Wording(topic, say) for name, (topic, say) in RECORD.items()}
    for source in (BILLING, USAGE):
        for measure in source.measures:
            said |= {
                f"{measure.name}_{window.name}": _of_window(measure, window, currency) for window in measure.windows
            }
        said |= {share.name: _of_share(share) for share in source.shares}
    for group in service_events.GROUPS:
        said |= _of_events(group)
    for name in custom:
        said |= _of_custom(name)
    return said


def _topic(name: str) -> str:
    return TOPICS.get(name, name)


def _amount(value: float, unit: str, currency: str) -> str:
    if unit == "currency":
        return f"{value:,.2f}" if currency == NO_CURRENCY else f"{value:,.2f} {currency}"
    if unit == "count":
        return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    return f"{value:,.0f} {unit}" if abs(value) >= 10 else f"{value:,.1f} {unit}"


def _of_window(measure: Measure, window: Window, currency: str) -> Wording:
    thing = SHORTER.get(measure.name, measure.meaning)
    wording = _WINDOWS[window.name.rpartition("_")[0] or window.name]

    def say(value: Value) -> str:
        number = known(value)
        if number is None:
            return _unknown(thing, window)
        return wording(thing, number, lambda value: _amount(abs(value), measure.unit, currency), window.months)

    return Wording(_topic(measure.name), say)


def _unknown(thing: str, window: Window) -> str:
    if window.name in ("last", "change_1"):
        return f"{thing}: too little known of {SPANS[window.months]}"
    return f"{thing}: too little of it, or too little known, in {SPANS[window.months]}"


def _last(thing: str, value: float, amount: Amount, _months: int) -> str:
    return f"{thing} {_signed(value, amount)} in the latest month"


def _mean(thing: str, value: float, amount: Amount, months: int) -> str:
    return f"{thing} {_signed(value, amount)} a month over {SPANS[months]}"


def _signed(value: float, amount: Amount) -> str:
    """Zero in words; an amount below zero keeps its sign."""
    return "zero" if value == 0 else f"-{amount(value)}" if value < 0 else amount(value)


def _change(thing: str, value: float, amount: Amount, _months: int) -> str:
    if value == 0:
        return f"{thing} the same as in the month before"
    return f"{thing} {'up' if value > 0 else 'down'} by {amount(value)} from the month before"


def _slope(thing: str, value: float, amount: Amount, months: int) -> str:
    if amount(value) == amount(0):
        return f"{thing} level over {SPANS[months]}"
    return f"{thing} {'rising' if value > 0 else 'falling'} by {amount(value)} a month over {SPANS[months]}"


def _variability(thing: str, value: float, _amount: Amount, months: int) -> str:
    if value < 0.005:
        return f"{thing} the same in each of {SPANS[months]}"
    return f"{thing} varied by {percent(value)} around its mean over {SPANS[months]}"


def _silent(thing: str, value: float, _amount: Amount, months: int) -> str:
    if value in (0, 1):
        return f"{thing} {'never zero' if value == 0 else 'zero all the time'} in {SPANS[months]}"
    return f"{thing} zero in {percent(value)} of {SPANS[months]}"


def _steepest_fall(thing: str, value: float, amount: Amount, months: int) -> str:
    if value == 0:
        return f"{thing} never fell in {SPANS[months]}"
    return f"{thing} fell by {amount(value)} from one month to the next in {SPANS[months]}"


def _ratio(thing: str, value: float, _amount: Amount, months: int) -> str:
    """Below zero one of the two is a credit, and a percentage would mislead."""
    against = f"against {BEFORE[months]}"
    if value < 0:
        return f"{thing} turned from charge to credit, or back, {against}"
    if value == 0:
        return f"{thing} fell to zero {against}"
    if value > 3:
        return f"{thing} {value:.1f} times that of {BEFORE[months]}"
    if abs(value - 1) < 0.005:
        return f"{thing} unchanged {against}"
    return f"{thing} {'down' if value < 1 else 'up'} {percent(abs(1 - value))} {against}"


_WINDOWS = {
    "last": _last,
    "mean": _mean,
    "change": _change,
    "slope": _slope,
    "variability": _variability,
    "silent": _silent,
    "steepest_fall": _steepest_fall,
    "ratio": _ratio,
}


def _of_share(share: Share) -> Wording:
    """The catalogue's own sentence with the value in the place of the word share."""
    what, _, of = share.meaning.rstrip(".").partition(" as a share of ")
    total, _, does = share.meaning.rstrip(".").removeprefix("Share of ").partition(" that ")

    def say(value: Value) -> str:
        share_of = known(value)
        part = f"{what[0].lower()}{what[1:]}"
        if share_of is None:
            return f"{part}: share unknown" if of else f"share of {total} that {does}: unknown"
        return f"{part}: {percent(share_of)} of {of}" if of else f"{percent(share_of)} of {total} {does}"

    return Wording(_topic(share.part), say)


def _of_events(group: EventGroup) -> dict[str, Wording]:
    """Event counts; a meaning's examples behind its colon are said only where something happened."""
    what, _, examples = group.meaning.partition(": ")
    named, prefix = f"{what} ({examples})" if examples else what, f"event_{group.name}"

    def begun(months: int) -> Say:
        return lambda value: counted(value, named, what, f"in {SPANS[months]}")

    def days(months: int) -> Say:
        return lambda value: counted(value, f"days under {what}", f"days under {what}", f"in {SPANS[months]}")

    said: dict[str, Say] = {f"begun_{months}": begun(months) for months in service_events.WINDOWS}
    said["months_since"] = lambda value: _since(value, named, what)
    if group.lasting:
        said |= {f"days_{months}": days(months) for months in service_events.WINDOWS}
        said["open"] = lambda value: counted(value, what, what, "in force at the month's end")
    return {f"{prefix}_{fact}": Wording(_topic(group.name), say) for fact, say in said.items()}


def _since(value: Value, named: str, what: str) -> str:
    months = known(value)
    if months is None:
        return f"no {what} known in {SPANS[service_events.MONTHS]}"
    when = "in the latest month" if months == 0 else f"most recently {whole(months, 'month')} ago"
    return f"{named}, {when}"


def _of_custom(custom: CustomName) -> dict[str, Wording]:
    """The operator's own indicators under the operator's own name for them."""
    windows = [("last", "in the latest month"), ("change_1", ""), ("mean_3", "on average over three months")]
    held = {indicator.name for indicator in custom_indicators.catalogue((custom,))}
    said = {f"custom_{custom.name}_{window}": _custom_say(custom.name, window, when) for window, when in windows}
    return {name: Wording(f"custom {custom.name}", say) for name, say in said.items() if name in held}


def _custom_say(name: str, window: str, when: str) -> Say:
    thing = name.replace("_", " ")

    def say(value: Value) -> str:
        if isinstance(value, str):
            return f"{thing}: {value} {when}"
        number = known(value)
        if number is None:
            return f"{thing}: unknown"
        if window == "change_1":
            return _change(thing, number, lambda change: f"{abs(change):,.6g}", 2)
        return f"{thing}: {number:,.6g} {when}"

    return say
