"""Campaign readout: a campaign's answers and outcomes gathered, compared, kept in a ledger and shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from features.durable_files import write_durably
from features.engine import collect, from_arrow
from features.labels import ChurnDefinition, immaturity, labels
from features.month_ledger import MonthLedger
from features.months import Month, months_between
from models.evaluation import NOT_ENOUGH
from serving import ServingError, campaign_ledger
from serving.campaign_design import read_design, refuse_another_definition
from serving.campaign_ledger import TREATED
from serving.monitoring.campaign_page import campaign_page
from serving.monitoring.uplift_readout import (
    METHOD,
    ReadoutSettings,
    balance,
    by_brand,
    effect,
    reach,
    value_kept,
)

if TYPE_CHECKING:
    import pyarrow as pa

READOUTS, READOUT, PAGE = "campaign_readouts", "readout.json", "readout.html"
COLUMNS: dict[str, type] = {
    **dict.fromkeys(("campaign", "month", "as_of"), str),
    **dict.fromkeys(("difference", "low", "high"), float),
    **dict.fromkeys(("report", "digest", "read_at"), str),
}


@dataclass(frozen=True)
class Reading:
    """Where a campaign is read: the tables, the folder of campaigns, what leaving means, and the least counts."""

    ledger: MonthLedger
    campaigns: Path
    churn: ChurnDefinition
    settings: ReadoutSettings
    now: dt.datetime


@dataclass(frozen=True)
class ReadOut:
    """A campaign's report, and where it and its page lie."""

    folder: Path
    report: dict[str, Any]


def read_out(reading: Reading, campaign: str) -> ReadOut:
    """Compare the arms of `campaign` by all that is on hand; the report, its files and one row in the ledger.

    Before the outcomes are complete the report says when they will be, and tells only how far the contacts got;
    nothing goes into the ledger then, so that nobody stops a campaign on the first good month. Nor is there a
    figure where nobody was contacted. The same tables give the same report, and one row. Raises ServingError for a
    campaign that was not drawn, one without its design, and one drawn by another churn definition.
    """
    members = campaign_ledger.members(reading.ledger.warehouse, campaign)
    if not members.num_rows:
        raise ServingError(f"campaign {campaign}: was never drawn; run holdfast campaign run --name {campaign} first")
    month, as_of = Month.parse(members.column("month")[0].as_py()), reading.ledger.months("customers")[-1]
    folder = reading.campaigns / campaign / f"month={month}"
    design = read_design(folder, campaign, members.column("design")[0].as_py())
    refuse_another_definition(design, reading.churn)
    responses = _responses(reading, members, month, as_of)
    report = _header(reading, members, as_of) | {"reach": reach(members, responses)}
    report["note"] = _immature(reading, members, as_of) or _untried(members, responses)
    if not report["note"]:
        people = outcomes(reading, members, as_of)
        report |= effect(people, reading.settings)
        report |= {"brands": by_brand(people, reading.settings)}
        if report["difference"]["value"] is not None:
            report |= {"value_kept": value_kept(people, reading.settings)}
        _record(reading, report)
    write_durably(folder / READOUT, json.dumps(report, indent=2, sort_keys=True).encode() + b"\n", private=True)
    write_durably(folder / PAGE, campaign_page(report), private=True)
    return ReadOut(folder, report)


def _header(reading: Reading, members: pa.Table, as_of: Month) -> dict[str, Any]:
    first = members.slice(0, 1).to_pylist()[0]
    end = Month.parse(first["month"]) + (reading.churn.gap + first["horizon"])
    return {
        **{name: first[name] for name in ("campaign", "month", "horizon", "readout_month", "design")},
        "window": [str(Month.parse(first["month"]) + 1), str(end)],
        "as_of": str(as_of),
        "method": METHOD,
        "balance": balance(members),
    }


def _immature(reading: Reading, members: pa.Table, as_of: Month) -> str:
    month, horizon, churn = _window(reading, members)
    if churn.matures(month, horizon) > as_of:
        return f"{NOT_ENOUGH} yet: matures with {churn.matures(month, horizon)}"
    on_hand = reading.ledger.at_rest()
    missing = immaturity(month, horizon, churn, as_of, lambda table, at: on_hand.known(table, at, as_of) is not None)
    return f"{NOT_ENOUGH}: {missing}" if missing else ""


def _untried(members: pa.Table, responses: pa.Table) -> str:
    """Why nothing can be said of a campaign that nobody worked; empty when somebody treated was tried."""
    import pyarrow.compute as pc

    treated = members.filter(pc.equal(members.column("arm"), TREATED)).column("customer_id").to_pylist()
    if not set(treated).isdisjoint(responses.column("customer_id").to_pylist()):
        return ""
    return f"{NOT_ENOUGH}: the operator tells of no contact"


def _window(reading: Reading, members: pa.Table) -> tuple[Month, int, ChurnDefinition]:
    """The scoring month, and the window as one without a gap, to its end.

    The gap is there because no list can prevent what happens in it; but the arms part at the draw, and whoever
    a contact drives away at once has to count.
    """
    month, horizon = Month.parse(members.column("month")[0].as_py()), members.column("horizon")[0].as_py()
    return month, reading.churn.gap + horizon, dataclasses.replace(reading.churn, gap=0)


def outcomes(reading: Reading, members: pa.Table, as_of: Month) -> pa.Table:
    """The members with `churned` and `involuntary`, as known at the close of `as_of`."""
    month, horizon, churn = _window(reading, members)
    ledger = reading.ledger.at_rest()

    def with_labels(here: pa.Table, bucket: int) -> nw.LazyFrame[Any]:
        population = from_arrow(here)
        found = labels(ledger.known_months(as_of, bucket), population, month, horizon, churn)
        return population.join(found, on="customer_id", how="left")

    return _bucket_by_bucket(members, with_labels)


def _responses(reading: Reading, members: pa.Table, month: Month, as_of: Month) -> pa.Table:
    """Every attempt for the campaign that the operator has told of, also on people who were not to be contacted."""
    campaign, ledger, found = members.column("campaign")[0].as_py(), reading.ledger.at_rest(), []
    for later in months_between(month + 1, as_of):
        answers = ledger.known_months(as_of, None).table("responses", later)
        if answers is not None:
            mine = answers.filter(nw.col("campaign") == campaign)
            found.append(mine.select("customer_id", "outcome", "accepted", "talk_seconds"))
    return collect(nw.concat(found, how="vertical")).to_arrow() if found else _no_responses()


def _no_responses() -> pa.Table:
    import pyarrow as pa

    return pa.table({name: [] for name in ("customer_id", "outcome", "accepted", "talk_seconds")})


def _bucket_by_bucket(members: pa.Table, work: Callable[[pa.Table, int], nw.LazyFrame[Any]]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    buckets = sorted(set(members.column("bucket").to_pylist()))
    parts = [work(members.filter(pc.equal(members.column("bucket"), bucket)), bucket) for bucket in buckets]
    return pa.concat_tables([collect(part).to_arrow() for part in parts])


def _record(reading: Reading, report: dict[str, Any]) -> None:
    """Append the report to the ledger, unless the same one is there."""
    written = json.dumps(report, sort_keys=True)
    digest = hashlib.sha256(written.encode()).hexdigest()
    if digest in {row["digest"] for row in reading.ledger.warehouse.rows(READOUTS)}:
        return
    found = report["difference"]
    row = {
        **{name: report[name] for name in ("campaign", "month", "as_of")},
        "difference": found["value"],
        "low": found.get("low"),
        "high": found.get("high"),
        "report": written,
        "digest": digest,
        "read_at": reading.now.isoformat(),
    }
    reading.ledger.warehouse.append_rows(READOUTS, [row], COLUMNS)
