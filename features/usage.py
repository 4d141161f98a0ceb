"""Usage: how much the customer calls, texts and surfs, with whom, and whether it is fading."""

from __future__ import annotations

from features import measures, windows
from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths
from features.measures import Measure, MeasureTable, Share

WHOLE = ("last", "mean_3", "change_1", "slope_3", "slope_6", "variability_6", "silent_6", "ratio_3", "ratio_6")
_OUT = ("usage_voice_out",)
_BOTH = ("usage_voice_out", "usage_voice_in")
_COMPETITOR: Angle = "social circle and competitor"

USAGE = MeasureTable(
    table="usage",
    angle="usage",
    measures=(
        Measure("voice_out_minutes", "usage_voice_out", "minutes", "outgoing call time", WHOLE),
        Measure(
            "voice_in_minutes", "usage_voice_in", "minutes", "incoming call time", ("mean_3", "silent_6", "ratio_3")
        ),
        Measure(
            "on_net_minutes",
            "usage_on_net",
            "minutes",
            "outgoing call time to the operator's own numbers",
            ("ratio_3",),
        ),
        Measure(
            "off_net_minutes",
            "usage_off_net",
            "minutes",
            "outgoing call time to other operators' numbers",
            ("mean_3",),
            angle=_COMPETITOR,
        ),
        Measure(
            "competitor_1_minutes",
            "usage_competitor",
            "minutes",
            "outgoing call time to the two large competitors' numbers",
            ("mean_3", "change_1", "ratio_3"),
            plus=("competitor_2_minutes",),
            angle=_COMPETITOR,
        ),
        Measure("competitor_1_minutes", "usage_competitor_1", "minutes", "call time to the largest competitor", ()),
        Measure("competitor_2_minutes", "usage_competitor_2", "minutes", "call time to the second competitor", ()),
        Measure("local_minutes", "usage_local", "minutes", "outgoing local call time", ()),
        Measure(
            "long_distance_minutes", "usage_long_distance", "minutes", "outgoing long-distance call time", ("mean_3",)
        ),
        Measure("international_minutes", "usage_international", "minutes", "outgoing international call time", ()),
        Measure("roaming_minutes", "usage_roaming", "minutes", "call time while roaming", ("last", "mean_3")),
        Measure("sms_count", "usage_sms", "count", "number of short messages sent", ("mean_3", "ratio_3")),
        Measure("mms_count", "usage_mms", "count", "number of multimedia messages sent", ("mean_3",)),
        Measure("data_mb", "usage_data", "MB", "data volume", WHOLE),
        Measure("content_count", "usage_content", "count", "number of contents bought", ("mean_3",)),
        Measure("content_minutes", "usage_content_time", "minutes", "time spent with bought content", ("mean_3",)),
        Measure(
            "active_days",
            "usage_active_days",
            "days",
            "number of days with any use",
            ("last", "mean_3", "slope_3", "ratio_3"),
        ),
        Measure(
            "partners_count",
            "usage_partners",
            "count",
            "number of different numbers called",
            ("mean_3", "change_1", "ratio_3"),
        ),
    ),
    shares=(
        Share(
            ("usage_on_net",),
            _OUT,
            "usage_on_net_share_3",
            "Share of the last three months' outgoing minutes that stayed in the operator's network.",
        ),
        Share(
            ("usage_off_net",),
            _OUT,
            "usage_off_net_share_3",
            "Share of the last three months' outgoing minutes that went to other operators.",
            "By how much the share of minutes to other operators rose from the two months before to the latest.",
            angle=_COMPETITOR,
        ),
        *(
            Share(
                (f"usage_{part}",),
                whole,
                f"usage_{part}_share_3",
                f"Share of the last three months' {of} minutes that {what}.",
                angle=angle,
            )
            for part, whole, of, what, angle in (
                ("competitor_1", _OUT, "outgoing", "went to the largest competitor", _COMPETITOR),
                ("competitor_2", _OUT, "outgoing", "went to the second competitor", _COMPETITOR),
                ("local", _OUT, "outgoing", "were local", None),
                ("long_distance", _OUT, "outgoing", "were long-distance", None),
                ("international", _OUT, "outgoing", "were international", None),
                ("roaming", _BOTH, "call", "were roaming", None),
            )
        ),
        Share(
            ("usage_voice_in",),
            _BOTH,
            "usage_voice_in_share_3",
            "Share of the last three months' call minutes that came in.",
            "By how much the share of call minutes that come in rose from the two months before to the latest.",
        ),
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    return measures.catalogue(USAGE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no usage of the last six months was delivered."""
    return windows.build(known, population, USAGE)
