"""Calling circle: with whom the customer talks most, on whose network they are, and who of them has left lately."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.departures import MONTHS as DEPARTURE_MONTHS
from features.departures import departed
from features.known_months import Frame, KnownMonths
from features.side_by_side import sum_or_null

TABLE = "calling_circle"
BEFORE = DEPARTURE_MONTHS
"""Months back to the circle of before: who closed in the last three months can have been called only until then."""
COMPETITORS = ("competitor_1", "competitor_2")

_NOW = (
    ("circle_size", "count", "Number of people in the calling circle.", 1),
    (
        "circle_own_share",
        "share",
        "Share of the circle's minutes with people on the operator's own network; of those whose network is known.",
        1,
    ),
    (
        "circle_competitor_share",
        "share",
        "Share of the circle's minutes with people on a large competitor's network; of those whose network is known.",
        1,
    ),
    ("circle_closest_share", "share", "Share of the circle's minutes with the one person called most.", 1),
    ("circle_size_change_3", "count", "By how much the size of the calling circle rose in three months.", BEFORE + 1),
    (
        "circle_competitor_change_3",
        "count",
        "By how much the number of the circle's people on a large competitor's network rose in three months.",
        BEFORE + 1,
    ),
)
_LEFT = (
    (
        "circle_left_3",
        "count",
        "Number of people in the calling circle of three months ago who have left since.",
        BEFORE + 1,
    ),
    (
        "circle_left_share_3",
        "share",
        "Share of the minutes of three months ago with people who have left since.",
        BEFORE + 1,
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    angle: Angle = "social circle and competitor"
    return (
        *(Indicator(name, angle, unit, meaning, window, TABLE) for name, unit, meaning, window in _NOW),
        *(
            Indicator(name, angle, unit, meaning, window, TABLE, beside=("customers",))
            for name, unit, meaning, window in _LEFT
        ),
    )


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when neither the month's circles nor those before were delivered.

    The table lists whom customers talk with: without a row in a delivered month the circle is empty, its shares
    unknown, and so is what became of it since. Shares are of the talk whose minutes are known, those of networks of the
    talk whose network is known too; how many people are on a network is unknown where that of one is. Minutes are
    summed as whole hundredths, because sums of fractions depend on their order.
    """
    now, before = (known.table(TABLE, known.as_of - ago) for ago in (0, BEFORE))
    if now is None and before is None:
        return None
    frame = _with_sums(population.select("customer_id"), now, "now")
    frame = _with_sums(frame, before, "before")
    gone = departed(known)
    frame = _with_left(frame, None if before is None or gone is None else _left(before, gone))
    return frame.select("customer_id", *_indicators())


def _hundredths() -> nw.Expr:
    # Cut off after adding a half, because engines round halves in different ways.
    return (nw.col("minutes").cast(nw.Float64) * 100.0 + 0.5).cast(nw.Int64)


def _with_sums(frame: Frame, month: Frame | None, when: str) -> Frame:
    sums = ("people", "rivals", "strangers", "talk", "placed", "own", "competitor", "closest")
    names = {name: f"{name}_{when}" for name in sums}
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(name) for name in names.values())
    network, talk = nw.col("network"), nw.col("talk")
    rows = month.select("customer_id", network.cast(nw.String).alias("network"), _hundredths().alias("talk")).select(
        "customer_id",
        nw.lit(1).cast(nw.Int64).alias(names["people"]),
        network.is_in(COMPETITORS).fill_null(False).cast(nw.Int64).alias(names["rivals"]),
        network.is_null().cast(nw.Int64).alias(names["strangers"]),
        talk.alias(names["talk"]),
        nw.when(~network.is_null()).then(talk).alias(names["placed"]),
        nw.when(network == "own").then(talk).alias(names["own"]),
        nw.when(network.is_in(COMPETITORS)).then(talk).alias(names["competitor"]),
        talk.alias(names["closest"]),
    )
    added = [nw.col(names[name]).sum() for name in sums[:-1]]
    grouped = rows.group_by("customer_id").agg(*added, nw.col(names["closest"]).max())
    joined = frame.join(grouped, on="customer_id", how="left")
    return joined.with_columns(nw.col(name).fill_null(0) for name in names.values())


def _left(before: Frame, gone: Frame) -> Frame:
    """Who of each customer's circle has left since, and the talk that went with them."""
    return (
        before.select("customer_id", "contact_id", _hundredths().alias("left_talk"))
        .join(gone, left_on="contact_id", right_on="departed_id", how="inner")
        .select("customer_id", "left_talk", nw.lit(1).cast(nw.Int64).alias("left_people"))
        .group_by("customer_id")
        .agg(nw.col("left_people", "left_talk").sum())
    )


def _with_left(frame: Frame, left: Frame | None) -> Frame:
    if left is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(name) for name in ("left_people", "left_talk"))
    joined = frame.join(left, on="customer_id", how="left")
    return joined.with_columns(nw.col("left_people", "left_talk").fill_null(0))


def _indicators() -> list[nw.Expr]:
    def number(name: str) -> nw.Expr:
        return nw.col(name).cast(nw.Float64)

    def share(part: str, whole: str) -> nw.Expr:
        return number(part) / sum_or_null(number(whole))

    def rivals(when: str) -> nw.Expr:
        return nw.when(nw.col(f"strangers_{when}") == 0).then(number(f"rivals_{when}"))

    def since(change: nw.Expr) -> nw.Expr:
        # Newcomers had no circle then, and nothing can have become of it.
        return nw.when(nw.col("people_before") > 0).then(change)

    values = {
        "circle_size": number("people_now"),
        "circle_own_share": share("own_now", "placed_now"),
        "circle_competitor_share": share("competitor_now", "placed_now"),
        "circle_closest_share": share("closest_now", "talk_now"),
        "circle_size_change_3": since(number("people_now") - number("people_before")),
        "circle_competitor_change_3": since(rivals("now") - rivals("before")),
        "circle_left_3": since(number("left_people")),
        "circle_left_share_3": share("left_talk", "talk_before"),
    }
    return [values[indicator.name].alias(indicator.name) for indicator in catalogue()]
