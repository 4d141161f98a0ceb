"""What the small simulated operator sends, held against the truth that it hides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.months import Month
from infra.simulator.extracts import send, send_truth
from infra.simulator.leaving import CAUSES
from infra.simulator.small_operator import lived_months, simulate

FIRST = Month(2025, 1)


@dataclass(frozen=True)
class Simulated:
    """Ten months of 6,000 customers; `at` numbers the months from nought."""

    folder: Path

    def table(self, name: str) -> pl.DataFrame:
        rows = pl.concat(pl.read_parquet(file) for file in sorted(self.folder.rglob(f"{name}_*.parquet")))
        return rows.with_columns(at=_months_after_first(pl.col("period") // 100, pl.col("period") % 100))

    def leavers(self) -> pl.DataFrame:
        """Who has gone, by the truth of the last month that knows them, and in which month."""
        last = self.table("truth").sort("at").unique("msisdn", keep="last", maintain_order=True)
        return last.select("msisdn", "cause", left=_month_of("leaves")).filter(pl.col("left").is_between(0, 9))


def _months_after_first(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    return ((year - FIRST.year) * 12 + month - FIRST.month).cast(pl.Int64)


def _month_of(date: str) -> pl.Expr:
    return _months_after_first(pl.col(date).dt.year().cast(pl.Int64), pl.col(date).dt.month().cast(pl.Int64))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("simulated")
    for lived in lived_months(FIRST, customers=6_000, months=10, seed=7):
        send(folder / "extract", lived)
        send_truth(folder / "truth", lived)
    return Simulated(folder)


def _bytes_by_name(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        simulate(tmp_path / name, first=FIRST, customers=300, months=2, seed=seed)
    assert _bytes_by_name(tmp_path / "one") == _bytes_by_name(tmp_path / "again")
    assert _bytes_by_name(tmp_path / "one") != _bytes_by_name(tmp_path / "other")


def test_more_months_leave_the_earlier_files_as_they_are(tmp_path: Path) -> None:
    simulate(tmp_path / "short", first=FIRST, customers=300, months=3)
    simulate(tmp_path / "long", first=FIRST, customers=300, months=5)
    short, long = _bytes_by_name(tmp_path / "short"), _bytes_by_name(tmp_path / "long")
    assert len(short) == 18
    assert len(long) == 30
    assert short.items() <= long.items()


def test_what_is_hidden_is_not_sent(tmp_path: Path) -> None:
    simulate(tmp_path, first=FIRST, customers=300, months=1)
    sent = {file.name: set(pl.read_parquet_schema(file)) for file in tmp_path.iterdir()}
    tables = ("customers", "bills", "usage", "plans", "events", "responses")
    assert set(sent) == {f"{table}_2025-01.parquet" for table in tables}
    hidden = {"hazard", "cause", "decided", "leaves", "exit", "fading", "bill_grievance", "service_grievance"}
    hidden |= {"sway", "swayed_until"}
    assert not hidden & set().union(*sent.values())


def test_numbers_are_phone_numbers_and_each_is_one_customer(simulated: Simulated) -> None:
    customers = simulated.table("customers")
    assert customers["msisdn"].str.contains(r"^1[3-9]\d{9}$").all()
    assert not customers.select("msisdn", "at").is_duplicated().any()
    assert customers.group_by("msisdn").agg(pl.col("opened").n_unique())["opened"].max() == 1


def test_one_to_four_percent_leave_in_every_month(simulated: Simulated) -> None:
    there = simulated.table("usage").filter(pl.col("out_minutes") > 0).group_by("at").len("there")
    monthly = simulated.leavers().group_by("left").len("gone").join(there, left_on="left", right_on="at").sort("left")
    assert monthly["left"].to_list() == list(range(10))
    assert (monthly["gone"] / monthly["there"]).is_between(0.01, 0.04).all()


def test_the_three_brands_leave_at_rates_of_their_own(simulated: Simulated) -> None:
    brands = simulated.table("customers").unique("msisdn").select("msisdn", "brand_name")
    gone = simulated.leavers().select("msisdn", gone=True)
    rate = brands.join(gone, on="msisdn", how="left").group_by("brand_name").agg(pl.col("gone").count() / pl.len())
    by_brand = dict(rate.iter_rows())
    assert by_brand["GoTone"] < 0.6 * by_brand["M-Zone"] < by_brand["Easyown"]


def test_every_cause_makes_some_leave(simulated: Simulated) -> None:
    assert set(simulated.leavers()["cause"]) == set(CAUSES)


def test_who_has_left_never_calls_or_pays_again(simulated: Simulated) -> None:
    activity = simulated.table("usage").join(simulated.table("bills"), on=["msisdn", "at"])
    after = activity.join(simulated.leavers(), on="msisdn").filter(pl.col("at") > pl.col("left"))
    assert after.height > 500
    assert after.select(pl.sum("out_minutes", "gprs_mb", "total_fen")).row(0) == (0, 0, 0)


def test_a_closed_number_is_shown_for_two_months_more(simulated: Simulated) -> None:
    closed = simulated.table("customers").filter(pl.col("state").str.contains("cancelled|ported"))
    shown = closed.group_by("msisdn").agg(pl.len(), pl.col("at").min().alias("since")).filter(pl.col("since") > 0)
    assert shown.filter(pl.col("since") <= 7)["len"].unique().to_list() == [3]
    assert simulated.table("bills").join(closed, on=["msisdn", "at"]).group_by("msisdn").len()["len"].max() == 1


def test_arrears_grow_and_stop_the_line_before_a_number_is_closed_for_them(simulated: Simulated) -> None:
    forced = simulated.leavers().filter((pl.col("cause") == "arrears") & (pl.col("left") >= 3))
    stops = simulated.table("events").filter(pl.col("code") == "STOP_OWING").select("msisdn", "at")
    stopped = forced.join(stops, left_on=["msisdn", "left"], right_on=["msisdn", "at"], how="semi")
    owing = forced.join(simulated.table("bills"), on="msisdn").filter(
        pl.col("at").is_between(pl.col("left") - 3, "left")
    )
    grows = owing.sort("at").group_by("msisdn").agg((pl.col("owing_fen").diff().fill_null(1) >= 0).all())
    assert forced.height > 20
    assert stopped.height == forced.height
    assert grows["owing_fen"].all()


def test_every_sign_of_leaving_is_seen_in_stayers_too(simulated: Simulated) -> None:
    deciding = simulated.table("truth").select("msisdn", "at", "decided")
    signs = simulated.table("events").join(deciding, on=["msisdn", "at"])
    of_stayers = signs.group_by("code").agg(pl.col("decided").is_null().mean())
    assert dict(of_stayers.iter_rows()).keys() >= {
        "RIVAL_CALL",
        "RIVAL_FORWARD",
        "COMPLAINT",
        "STOP_ASKED",
        "STOP_OWING",
    }
    assert of_stayers["decided"].is_between(0.4, 1.0).all()


@pytest.mark.parametrize("column", ["out_minutes", "in_minutes", "sms_sent", "gprs_mb", "total_fen", "owing_fen"])
def test_no_single_column_gives_away_who_leaves_in_the_month_after_next(simulated: Simulated, column: str) -> None:
    month = simulated.table("usage").join(simulated.table("bills"), on=["msisdn", "at"]).filter(pl.col("at") == 5)
    known = month.join(simulated.leavers(), on="msisdn", how="left").filter(pl.col("left").fill_null(99) > 5)
    gone = known["left"].fill_null(99).to_numpy() == 7
    rank = known[column].fill_null(0).rank().to_numpy()
    auc = (rank[gone].mean() - (gone.sum() + 1) / 2) / (~gone).sum()
    assert 0.25 < auc < 0.75


def test_bills_have_a_heavy_tail_and_use_a_season(simulated: Simulated) -> None:
    bills = simulated.table("bills").filter(pl.col("total_fen") > 0)["total_fen"]
    assert bills.quantile(0.99) > 5 * bills.median()  # type: ignore[operator]
    use = dict(simulated.table("usage").group_by("at").agg(pl.col("out_minutes").mean()).iter_rows())
    assert use[1] < 0.92 * np.mean([use[0], use[2]])
