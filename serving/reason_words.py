"""Reason words: what an indicator's value says, in words that a manager can say to a customer's face.

The words follow from the catalogue: a measure's meaning and its window make the sentence, the value fills it in. A
direction (up, down, rising, falling) is said only where the value has one, and what is unknown is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features import custom_indicators, feature_table, measures, service_events
from features.billing import BILLING
from features.catalogue import Indicator
from features.contacts import CONTACTS
from features.custom_indicators import CustomName
from features.measures import MeasureTable, Share
from features.service_events import EventGroup, fact_and_window
from features.usage import USAGE
from serving.meaning_words import words_of
from serving.record_words import RECORD, SPANS, Say, Value, counted, known, percent, whole
from serving.topics import topic_of
from serving.window_words import amount_of, change_words, window_words


@dataclass(frozen=True)
class Wording:
    """What an indicator is about, so that three reasons are three different things, and how its value is said."""

    topic: str
    say: Say


def wordings(custom: tuple[CustomName, ...], currency: str) -> Mapping[str, Wording]:
    """The wording of every indicator of the catalogue, by its name; amounts are said in `currency`."""
    said = {name: Wording(topic, say) for name, (topic, say) in RECORD.items()}
    for source in (BILLING, USAGE, CONTACTS):
        said |= _of_measures(source, currency)
    for group in service_events.GROUPS:
        said |= _of_events(group)
    for own in custom:
        said |= _of_custom(own)
    others = (indicator for indicator in feature_table.catalogue(()) if indicator.name not in said)
    return said | {
        indicator.name: Wording(topic_of(indicator.name), _by_meaning(indicator, currency)) for indicator in others
    }


def _of_measures(source: MeasureTable, currency: str) -> dict[str, Wording]:
    indicators = {indicator.name: indicator for indicator in measures.catalogue(source)}
    said = {
        f"{measure.name}_{window.name}": Wording(topic_of(measure.name), window_words(measure, window, currency))
        for measure in source.measures
        for window in measure.windows
    }
    for share in source.shares:
        said[share.name] = _of_share(share)
        if share.change:
            change = _by_meaning(indicators[share.change_name], currency)
            said[share.change_name] = Wording(_share_topic(share), change)
    return said


def _by_meaning(indicator: Indicator, currency: str) -> Say:
    return words_of(indicator, lambda value: amount_of(value, indicator.unit, currency))


def _share_topic(share: Share) -> str:
    return topic_of(share.part[0] if len(share.part) == 1 else share.name)


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

    return Wording(_share_topic(share), say)


def _of_events(group: EventGroup) -> dict[str, Wording]:
    """Event counts; a meaning's examples in brackets are said only where something happened."""
    named, prefix = group.meaning, f"event_{group.name}"
    what, rows = named.partition(" (")[0], group.counted

    def say(fact: str) -> Say:
        counts, months = fact_and_window(fact)
        when = f"in {SPANS[months]}"
        if counts == "months_since":
            return lambda value: _since(value, named, what)
        if counts == "open":
            return lambda value: counted(value, what, what, "in force at the month's end")
        several, none = _EVENT_WORDS[counts]
        return lambda value: counted(
            value, several.format(named, what, rows or named), none.format(what, rows or what), when
        )

    return {f"{prefix}_{fact}": Wording(topic_of(group.name), say(fact)) for fact in group.facts}


_EVENT_WORDS = {
    "begun": ("{2}", "{1}"),
    "days": ("days under {1}", "days under {0}"),
    "seconds": ("seconds of {1}", "seconds of {0}"),
    "long": ("{2} of more than a minute", "{1} of more than a minute"),
}
"""How many of what, by fact: with the examples of the group where something happened, and without them."""


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
            return change_words(thing, number, lambda change: f"{abs(change):,.6g}", 2)
        return f"{thing}: {number:,.6g} {when}"

    return say
