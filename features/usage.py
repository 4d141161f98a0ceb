"""Usage: how much the customer calls, texts and surfs, with whom, and whether it is fading."""

from __future__ import annotations

from features import windows
from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths
from features.windows import Measure, MeasureTable, Share

_OUT = ("usage_voice_out",)
_BOTH = ("usage_voice_out", "usage_voice_in")

USAGE = MeasureTable(
    table="usage",
    angle="usage",
    measures=(
        Measure("voice_out_minutes", "usage_voice_out", "minutes", "outgoing call time"),
        Measure("voice_in_minutes", "usage_voice_in", "minutes", "incoming call time"),
        Measure(
            "on_net_minutes",
            "usage_on_net",
            "minutes",
            "outgoing call time to the operator's own numbers",
            in_brief=True,
        ),
        Measure(
            "off_net_minutes",
            "usage_off_net",
            "minutes",
            "outgoing call time to other operators' numbers",
            in_brief=True,
        ),
        Measure(
            "long_distance_minutes", "usage_long_distance", "minutes", "outgoing long-distance call time", in_brief=True
        ),
        Measure(
            "international_minutes", "usage_international", "minutes", "outgoing international call time", in_brief=True
        ),
        Measure("roaming_minutes", "usage_roaming", "minutes", "call time while roaming", in_brief=True),
        Measure("sms_count", "usage_sms", "count", "number of short messages sent"),
        Measure("data_mb", "usage_data", "MB", "data volume"),
    ),
    shares=tuple(
        Share(
            f"usage_{part}",
            whole,
            f"usage_{part}_share_3",
            f"Share of the last three months' {of} minutes that {what}.",
        )
        for part, whole, of, what in (
            ("on_net", _OUT, "outgoing", "stayed in the operator's network"),
            ("off_net", _OUT, "outgoing", "went to other operators"),
            ("long_distance", _OUT, "outgoing", "were long-distance"),
            ("international", _OUT, "outgoing", "were international"),
            ("voice_in", _BOTH, "call", "came in"),
            ("roaming", _BOTH, "call", "were roaming"),
        )
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    return windows.catalogue(USAGE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no usage of the last six months was delivered."""
    return windows.build(known, population, USAGE)
