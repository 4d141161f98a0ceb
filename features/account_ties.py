"""Account ties: whether the customer belongs to an enterprise account, how closely, and who of it has left."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator, Kind
from features.departures import MONTHS as BEFORE
from features.departures import departed
from features.known_months import Frame, KnownMonths
from features.side_by_side import sum_or_null
from features.time_spans import months_since

MEMBERS, ACCOUNTS = "account_members", "accounts"


def catalogue() -> tuple[Indicator, ...]:
    left = "Share of the account's members of three months ago who have left since."
    coverage = (
        "The enterprise's numbers with the operator against its phones; above one where more than phones have one."
    )
    return (
        _tie("account_member", "flag", "Whether the customer belongs to an enterprise account."),
        _tie("account_role", "", "Role in the enterprise account.", kind="category"),
        _tie("account_closed_user_group", "flag", "Whether the number is in a closed user group."),
        _tie("account_months", "months", "Full months as a member of the enterprise account."),
        _tie("account_class", "", "Class of the enterprise account: A, B or C.", (ACCOUNTS,), "category"),
        _tie("account_phones", "count", "Number of phones in the enterprise account.", (ACCOUNTS,)),
        _tie("account_coverage", "ratio", coverage, (ACCOUNTS,)),
        Indicator(
            "account_left_share_3",
            "social circle and competitor",
            "share",
            left,
            BEFORE + 1,
            MEMBERS,
            beside=("customers",),
        ),
    )


def _tie(name: str, unit: str, meaning: str, beside: tuple[str, ...] = (), kind: Kind = "number") -> Indicator:
    return Indicator(name, "social circle and competitor", unit, meaning, 1, MEMBERS, kind, beside)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when the month's members were not delivered.

    The table lists members, so who has no row belongs to no account; what there is to tell of an account is unknown
    for them, not zero.
    """
    members = known.table(MEMBERS, known.as_of)
    if members is None:
        return None
    own = members.select(
        "customer_id",
        "account_id",
        nw.col("role").cast(nw.String).alias("account_role"),
        nw.col("in_closed_user_group").cast(nw.Float64).alias("in_group"),
        months_since(nw.col("member_since"), known.as_of).cast(nw.Float64).alias("account_months"),
    )
    frame = population.select("customer_id").join(own, on="customer_id", how="left")
    frame = _with_left(_with_account(frame, known.table(ACCOUNTS, known.as_of)), known)
    outside = nw.col("account_id").is_null()
    return frame.with_columns(
        nw.when(outside).then(nw.lit(0.0)).otherwise(nw.lit(1.0)).alias("account_member"),
        nw.when(outside).then(nw.lit(0.0)).otherwise(nw.col("in_group")).alias("account_closed_user_group"),
    ).select("customer_id", *(indicator.name for indicator in catalogue()))


def _with_account(frame: Frame, accounts: Frame | None) -> Frame:
    if accounts is None:
        return frame.with_columns(
            nw.lit(None, dtype=nw.String).alias("account_class"),
            nw.lit(None, dtype=nw.Float64).alias("account_phones"),
            nw.lit(None, dtype=nw.Float64).alias("account_coverage"),
        )
    phones, members = (nw.col(name).cast(nw.Float64) for name in ("phones", "members"))
    told = accounts.select(
        "account_id",
        nw.col("account_class").cast(nw.String),
        phones.alias("account_phones"),
        (members / sum_or_null(phones)).alias("account_coverage"),
    )
    return frame.join(told, on="account_id", how="left")


def _with_left(frame: Frame, known: KnownMonths) -> Frame:
    """Adds the share of each account's members of before who have left since; of all customers, not of one bucket."""
    shares = known.once("left of accounts", lambda: _left_shares(known))
    if shares is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Float64).alias("account_left_share_3"))
    return frame.join(shares, on="account_id", how="left")


def _left_shares(known: KnownMonths) -> Frame | None:
    before, gone = known.whole_table(MEMBERS, known.as_of - BEFORE), departed(known)
    if before is None or gone is None:
        return None
    left = gone.with_columns(nw.lit(1).cast(nw.Int64).alias("left"))
    counted = (
        before.select("customer_id", "account_id")
        .join(left, left_on="customer_id", right_on="departed_id", how="left")
        .select("account_id", nw.col("left").fill_null(0), nw.lit(1).cast(nw.Int64).alias("everybody"))
        .group_by("account_id")
        .agg(nw.col("left", "everybody").sum())
    )
    share = nw.col("left").cast(nw.Float64) / nw.col("everybody").cast(nw.Float64)
    return counted.select("account_id", share.alias("account_left_share_3"))
