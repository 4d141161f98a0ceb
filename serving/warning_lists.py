"""Warning lists: the month's customers with most at stake, ranked, with the reasons, against the list of last month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from features.engine import collect, from_arrow
from features.feature_months import build_feature_month
from features.known_months import Frame
from features.month_ledger import Entry, MonthLedger, Origin
from serving import ServingError
from serving.customer_scores import Scoring
from serving.masked_numbers import with_masked_number
from serving.reason_words import wordings
from serving.reasons import NAMES, reasons
from serving.task_refs import task_refs
from serving.warning_periods import PERIODS

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "warning_lists"
PLACES = ("hall", "manager", "province", "prefecture", "county", "area")
SCORES = ("band", "probability", "usual_value", "value_at_risk", "segment")
COLUMNS = (
    *("customer_id", "rank", "task_ref", "masked_number", "brand"),
    *(*PLACES, *SCORES, *NAMES, "change", "rank_before"),
)

Rows = nw.DataFrame[Any]


@dataclass(frozen=True)
class ListSettings:
    """Who is listed, and how many customers can be cared for in a month: in the whole province, and in each hall.

    Only who is in `lowest_band` or worse is listed: with `healthy`, a small risk of a large bill can outweigh a large
    one of a small bill, and most of a list are customers of whom nothing says that they will leave. `hall_capacity`
    0 is no bound. 200 is one person's ten calls on each of twenty working days; a telephone manager
    with nothing else to do makes 80 to 90 a day (domain section 2).
    """

    size: int = 1_000
    hall_capacity: int = 200
    lowest_band: Literal["healthy", "pre-warning", "alert"] = "pre-warning"


@dataclass(frozen=True)
class Listing:
    """What a month's list is made with: the scoring, how long it may be, what its words and references need.

    `key` is that of the pseudonymous ids, `currency` the source's, `withheld` the ids of those who must not be
    contacted because a running campaign compares with them.
    """

    scoring: Scoring
    settings: ListSettings
    key: bytes | None
    currency: str
    withheld: frozenset[str] = field(default_factory=frozenset)

    @property
    def ledger(self) -> MonthLedger:
        return self.scoring.ledger

    def inputs(self, scores: Entry) -> str:
        """A hash of all that decides the list: scores, customers as known then, last month's list, settings, key."""
        read = [scores, self.ledger.known("customers", scores.month, scores.month), self.before(scores)]
        facts = [
            [entry and entry.content_hash for entry in read],
            *(asdict(self.settings), sorted(self.withheld), task_refs(self.key, scores.month, [""]), self.currency),
            COLUMNS,
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def before(self, scores: Entry) -> Entry | None:
        """The list of the month before."""
        return self.ledger.known(TABLE, scores.month - 1)


def list_month(listing: Listing, scores: Entry) -> Entry:
    """Rank the month's scores, cut them to capacity and replace the month in `warning_lists`; its ledger entry.

    Ranked by value at risk; those whose value is unknown come after all others, by probability, because nobody knows
    what they are worth and leaving them out would say that it is nothing; ties go by id. `change` says `new`, `up`,
    `down` or `same` against last month's list, and null where there was none. The same inputs give the same entry.
    """
    if listing.settings.size < 1:
        raise ServingError(f"list size {listing.settings.size} is not positive; set [lists] size to 1 or more")
    inputs = listing.inputs(scores)
    held = listing.ledger.known(TABLE, scores.month)
    if held is not None and held.inputs == inputs:
        return held
    listed = _compared(listing, scores, _ranked(listing, scores))
    buckets = listing.ledger.warehouse.buckets_of(scores.table, scores.month, scores.version)
    parts = _with_reasons(listing, scores, listed, buckets)
    staged = listing.ledger.warehouse.stage_month(TABLE, scores.month, parts)
    origin = Origin(inputs, scores.source, listing.scoring.code, listing.scoring.now)
    return listing.ledger.enter([staged], origin)[0]


def _ranked(listing: Listing, scores: Entry) -> Rows:
    """Who is listed, in order, with where they belong and the bucket they are in.

    The best so far meet one bucket at a time, so that memory does not grow with the population. Cutting early loses
    nobody: whoever is cut has a full list, or a full hall, of better ones ahead, who only give way to better ones.
    """
    best: Rows | None = None
    for bucket in listing.ledger.warehouse.buckets_of(scores.table, scores.month, scores.version):
        rows = nw.from_native(collect(_with_places(listing, scores, bucket)), eager_only=True)
        rows = rows.with_columns(nw.lit(bucket).cast(nw.Int32).alias("bucket"))
        best = _cut(rows if best is None else nw.concat([best, rows], how="vertical"), listing.settings)
    assert best is not None  # every table month has a bucket
    return best.with_row_index("rank").with_columns((nw.col("rank") + 1).cast(nw.Int32))


def _with_places(listing: Listing, scores: Entry, bucket: int) -> Frame:
    customers = listing.ledger.known_months(scores.month, bucket).table("customers", scores.month)
    assert customers is not None  # the month was scored from it
    scored = listing.ledger.warehouse.read(scores.table, scores.month, scores.version, bucket)
    return (
        scored.filter(nw.col("band").is_in(PERIODS[PERIODS.index(listing.settings.lowest_band) :]))
        .filter(~nw.col("customer_id").is_in(sorted(listing.withheld)))
        .select("customer_id", *SCORES)
        .join(_of_customers(customers), on="customer_id", how="left")
    )


def _of_customers(customers: Frame) -> Frame:
    return with_masked_number(customers).select("customer_id", "masked_number", "brand", *PLACES)


def _cut(rows: Rows, settings: ListSettings) -> Rows:
    """The rows that fit the halls' capacity and the list, in order; who has no hall takes up none."""
    by, down = ("value_at_risk", "probability", "customer_id"), [True, True, False]
    order = rows.sort(*by, descending=down, nulls_last=True).with_row_index("place")
    if settings.hall_capacity:
        in_hall = nw.col("place").rank("ordinal").over("hall")
        order = order.filter(nw.col("hall").is_null() | (in_hall <= settings.hall_capacity))
    return order.drop("place").head(settings.size)


def _compared(listing: Listing, scores: Entry, listed: Rows) -> Rows:
    """Adds the references and what changed against the list of last month."""
    references = task_refs(listing.key, scores.month, listed["customer_id"].to_list())
    texts = nw.new_series("task_ref", references, nw.String, backend=listed.implementation)
    return _against(listed.with_columns(texts), _ranks_before(listing, scores))


def _ranks_before(listing: Listing, scores: Entry) -> Rows | None:
    before = listing.before(scores)
    if before is None:
        return None
    rows = listing.ledger.warehouse.read(TABLE, before.month, before.version)
    ranks = rows.select("customer_id", nw.col("rank").alias("rank_before"))
    return nw.from_native(collect(ranks), eager_only=True)


def _against(listed: Rows, before: Rows | None) -> Rows:
    if before is None:  # without a list of last month nobody is new
        return listed.with_columns(
            nw.lit(None, dtype=nw.String).alias("change"), nw.lit(None, dtype=nw.Int32).alias("rank_before")
        )
    was, now = nw.col("rank_before"), nw.col("rank")
    moved = nw.when(now < was).then(nw.lit("up")).otherwise(nw.lit("down"))
    kept = nw.when(now == was).then(nw.lit("same")).otherwise(moved)
    change = nw.when(was.is_null()).then(nw.lit("new")).otherwise(kept)
    return listed.join(before, on="customer_id", how="left").with_columns(change.alias("change")).sort("rank")


def _with_reasons(listing: Listing, scores: Entry, listed: Rows, buckets: list[int]) -> Iterator[tuple[int, Frame]]:
    """The listed of each bucket in order of rank, with the reasons; their indicators alone are read."""
    scoring = listing.scoring
    features = build_feature_month(listing.ledger, scores.month, scoring.feature_set(), now=scoring.now)
    words = wordings(scoring.feature_set().custom, listing.currency)
    for bucket in buckets:
        here = listed.filter(nw.col("bucket") == bucket)
        said = reasons(scoring.champion.model, _indicators(listing, features, bucket, here), words, scoring.threads)
        joined = here.lazy().join(from_arrow(said), on="customer_id", how="left")
        yield bucket, joined.select(*COLUMNS).sort("rank")


def _indicators(listing: Listing, features: Entry, bucket: int, listed: Rows) -> pa.Table:
    rows = listing.ledger.warehouse.read(features.table, features.month, features.version, bucket)
    wanted = rows.filter(nw.col("customer_id").is_in(listed["customer_id"].to_list()))
    return collect(wanted.sort("customer_id")).to_arrow()
