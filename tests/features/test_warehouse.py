from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from features import FeaturesError
from features.engine import collect, from_arrow
from features.known_months import Frame
from features.months import Month
from features.warehouse import StagedMonth, Warehouse
from tests.drawn import table

MARCH, APRIL = Month(2017, 3), Month(2017, 4)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "tables")


def frame(*customers: str) -> Frame:
    return from_arrow(pl.DataFrame({"customer_id": list(customers)}, schema={"customer_id": pl.String}).to_arrow())


def staged(warehouse: Warehouse, month: Month, *buckets: tuple[str, ...], table: str = "bills") -> StagedMonth:
    return warehouse.stage_month(table, month, [(number, frame(*rows)) for number, rows in enumerate(buckets)])


def put(warehouse: Warehouse, month: Month, *buckets: tuple[str, ...]) -> int:
    return warehouse.commit(staged(warehouse, month, *buckets), {})


def synced_name(handle: int) -> str:
    return Path(f"/proc/self/fd/{handle}").readlink().name


def customers(warehouse: Warehouse, month: Month, version: int, bucket: int | None = None) -> list[str]:
    rows: list[str] = collect(warehouse.read("bills", month, version, bucket))["customer_id"].to_list()
    return rows


def files_of(warehouse: Warehouse) -> list[str]:
    return sorted(str(file.relative_to(warehouse.tables / "bills")) for file in warehouse.tables.rglob("*.parquet"))


def test_a_table_month_is_read_back_whole_or_by_bucket(warehouse: Warehouse):
    version = put(warehouse, MARCH, ("ann", "bob"), ("cyd",))
    assert customers(warehouse, MARCH, version) == ["ann", "bob", "cyd"]
    assert customers(warehouse, MARCH, version, bucket=1) == ["cyd"]
    assert warehouse.buckets_of("bills", MARCH, version) == [0, 1]
    assert [batch.num_rows for batch in warehouse.batches("bills", MARCH, version, 0)] == [2]


def test_replacing_a_month_leaves_other_months_and_its_own_older_version(warehouse: Warehouse):
    first, other = put(warehouse, MARCH, ("ann",), ("bob",)), put(warehouse, APRIL, ("ann",), ("bob",))
    second = put(warehouse, MARCH, ("ann", "cyd"), ("bob",))
    assert (first, other, second) == (1, 2, 3)
    assert customers(warehouse, MARCH, first) == ["ann", "bob"]
    assert customers(warehouse, MARCH, second) == ["ann", "cyd", "bob"]
    assert customers(warehouse, APRIL, other) == customers(warehouse, APRIL, second) == ["ann", "bob"]


def test_what_is_staged_belongs_to_the_table_only_once_it_is_committed(warehouse: Warehouse):
    part = staged(warehouse, MARCH, ("ann",))
    assert warehouse.version("bills") == -1
    assert (part.rows, [file.bucket for file in part.parts]) == (1, [0])
    assert warehouse.commit(part, {}) == warehouse.version("bills") == 1
    assert files_of(warehouse) == ["month=2017-03/bucket=0/part-000001.parquet"]


def test_a_discarded_month_leaves_nothing(warehouse: Warehouse):
    staged(warehouse, MARCH, ("ann",)).discard()
    assert files_of(warehouse) == []


def test_a_bucket_that_fails_leaves_nothing(warehouse: Warehouse):
    def buckets() -> Iterator[tuple[int, Frame]]:
        yield 0, frame("ann")
        raise ValueError("the second bucket fails")

    with pytest.raises(ValueError, match="second bucket"):
        warehouse.stage_month("bills", MARCH, buckets())
    assert files_of(warehouse) == []


def test_a_month_of_no_buckets_is_refused(warehouse: Warehouse):
    with pytest.raises(FeaturesError, match=r"^bills: nothing was given to write for 2017-03$"):
        staged(warehouse, MARCH)


def test_staging_a_month_removes_what_a_killed_run_of_it_left(warehouse: Warehouse):
    staged(warehouse, MARCH, ("ann",), ("bob",), ("cyd",))
    staged(warehouse, APRIL, ("ann",))
    assert len(staged(warehouse, MARCH, ("dan",)).parts) == 1
    assert files_of(warehouse) == ["_staged/2017-03/bucket=0.parquet", "_staged/2017-04/bucket=0.parquet"]


def test_a_bucket_without_rows_is_a_bucket(warehouse: Warehouse):
    version = put(warehouse, MARCH, (), ("ann",))
    assert warehouse.buckets_of("bills", MARCH, version) == [0, 1]
    assert customers(warehouse, MARCH, version, bucket=0) == []


def test_equal_content_has_equal_hashes_and_other_content_another(warehouse: Warehouse):
    first, same, moved, other = (
        staged(warehouse, month, *buckets)
        for month, buckets in (
            (MARCH, (("ann",), ("bob",))),
            (APRIL, (("ann",), ("bob",))),
            (MARCH, (("ann", "bob"), ())),
            (MARCH, (("ann",), ("cyd",))),
        )
    )
    assert first.content_hash == same.content_hash
    assert len({first.content_hash, moved.content_hash, other.content_hash}) == 3
    assert first.schema_hash == other.schema_hash


def test_the_commit_tells_rows_hashes_inputs_and_code(warehouse: Warehouse):
    part = staged(warehouse, MARCH, ("ann",), ("bob",))
    warehouse.commit(part, {"inputs": '{"bills.csv": "ab12"}', "code": "c0de"})
    commit = DeltaTable(str(warehouse.tables / "bills")).history(1)[0]
    facts = {name: commit[name] for name in ("month", "rows", "inputs", "code", "content_hash", "schema_hash")}
    assert facts == {
        "month": "2017-03",
        "rows": "2",
        "inputs": '{"bills.csv": "ab12"}',
        "code": "c0de",
        "content_hash": part.content_hash,
        "schema_hash": part.schema_hash,
    }


def test_everything_is_on_the_disk_before_a_commit_names_it_and_the_commit_before_it_is_told(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    put(warehouse, APRIL, ("ann",))
    log = warehouse.tables / "bills" / "_delta_log"
    before: list[str] = []
    after: list[str] = []

    def synced(handle: int) -> None:
        is_committed = (log / f"{2:020d}.json").exists()
        (after if is_committed else before).append(synced_name(handle))

    monkeypatch.setattr(os, "fsync", synced)
    put(warehouse, MARCH, ("ann",))
    assert before.index("bucket=0.parquet") < before.index("bucket=0")
    assert {"bucket=0.parquet", "bucket=0", "month=2017-03", "bills"} <= set(before)
    assert after == [f"{2:020d}.json", "_delta_log", "bills"]


def test_the_log_of_a_new_table_is_synced_from_its_first_entry(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: done.append(synced_name(handle)))
    put(warehouse, MARCH, ("ann",))
    assert {f"{0:020d}.json", f"{1:020d}.json", "_delta_log", "bills", "tables"} <= set(done)


def test_versions_stay_readable_after_a_checkpoint_however_old_they_are(warehouse: Warehouse):
    log = warehouse.tables / "bills" / "_delta_log"
    put(warehouse, APRIL, ("ann",))
    for _ in range(100):
        put(warehouse, MARCH, ("bob",))
        for entry in log.iterdir():
            os.utime(entry, (0, 0))
    assert (log / "_last_checkpoint").exists()
    assert customers(Warehouse(warehouse.tables), APRIL, 1) == ["ann"]


def test_vacuum_deletes_replaced_files_and_orphans_and_nothing_that_is_kept(warehouse: Warehouse):
    for rows in (("ann",), ("bob",), ("cyd",)):
        put(warehouse, MARCH, rows)
    put(warehouse, APRIL, ("dan",))
    orphan = warehouse.tables / "bills" / "month=2017-03" / "bucket=0" / "part-000099.parquet"
    orphan.write_text("of a killed run")
    staged(warehouse, Month(2017, 5), ("eve",))

    assert warehouse.vacuum("bills", [(MARCH, 1)]) == 2
    assert files_of(warehouse) == [
        "_staged/2017-05/bucket=0.parquet",
        "month=2017-03/bucket=0/part-000001.parquet",
        "month=2017-03/bucket=0/part-000003.parquet",
        "month=2017-04/bucket=0/part-000004.parquet",
    ]
    assert customers(warehouse, MARCH, 1) == ["ann"]
    assert customers(warehouse, MARCH, 4) == ["cyd"]


def test_keeping_a_month_of_a_version_does_not_keep_its_other_months(warehouse: Warehouse):
    put(warehouse, MARCH, ("ann",))
    put(warehouse, APRIL, ("dan",))
    put(warehouse, MARCH, ("bob",))

    assert warehouse.vacuum("bills", [(APRIL, 2), (MARCH, 3)]) == 1
    assert (customers(warehouse, MARCH, 3), customers(warehouse, APRIL, 2)) == (["bob"], ["dan"])


def test_a_vacuumed_version_says_so_in_one_line(warehouse: Warehouse):
    put(warehouse, MARCH, ("ann",))
    assert customers(warehouse, MARCH, 1) == ["ann"]
    put(warehouse, MARCH, ("bob",))
    warehouse.vacuum("bills", [])
    gone = (
        r"^bills 2017-03: the files of version 1 are gone, as after a vacuum; restore another revision "
        r"\(holdfast revisions bills --month 2017-03 --restore N\) or deliver the month again$"
    )
    with pytest.raises(FeaturesError, match=gone):
        warehouse.read("bills", MARCH, 1)
    with pytest.raises(FeaturesError, match=gone):
        list(warehouse.batches("bills", MARCH, 1, 0))
    with pytest.raises(FeaturesError, match=gone):
        list(warehouse.batches("bills", MARCH, 1, bucket=7))


def test_commits_go_on_after_a_vacuum(warehouse: Warehouse):
    put(warehouse, MARCH, ("ann",))
    put(warehouse, MARCH, ("bob",))
    warehouse.vacuum("bills", [])
    version = put(warehouse, APRIL, ("cyd",))
    assert version == warehouse.version("bills") == Warehouse(warehouse.tables).version("bills")
    assert customers(warehouse, MARCH, version) == ["bob"]


def test_another_process_s_commits_are_seen(warehouse: Warehouse):
    other = Warehouse(warehouse.tables)
    assert other.version("bills") == -1
    put(warehouse, MARCH, ("ann",))
    assert other.version("bills") == 1
    put(other, MARCH, ("bob",))
    assert (warehouse.version("bills"), customers(warehouse, MARCH, 2)) == (2, ["bob"])


def test_a_small_table_keeps_its_rows_in_the_order_of_their_commits(warehouse: Warehouse):
    assert warehouse.rows("ledger") == []
    for number in range(11):
        warehouse.append_rows("ledger", [{"n": number}, {"n": -number}], {"n": int})
    assert [row["n"] for row in warehouse.rows("ledger")][-4:] == [9, -9, 10, -10]


def test_two_homes_fed_alike_hold_the_same_bytes(tmp_path: Path):
    drawn = table("""
        customer_id  amount
        ann          1.5
        bob          -
    """)
    parts = []
    for home in ("one", "two"):
        warehouse = Warehouse(tmp_path / home)
        warehouse.commit(warehouse.stage_month("bills", MARCH, [(0, from_arrow(drawn.to_arrow()))]), {})
        parts.append([file.read_bytes() for file in warehouse.files("bills", MARCH, 1)])
    assert parts[0] == parts[1]


@pytest.mark.parametrize("name", ["my home", "客户 数据", "50%", "[a-z]*", "a#b?c"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str):
    warehouse = Warehouse(tmp_path / name / "tables")
    version = put(warehouse, MARCH, ("ann",), ("bob",))
    warehouse.append_rows("ledger", [{"n": 1}], {"n": int})
    other = Warehouse(warehouse.tables)
    assert customers(other, MARCH, version) == ["ann", "bob"]
    assert [batch.num_rows for batch in other.batches("bills", MARCH, version, 0)] == [1]
    assert other.rows("ledger") == [{"n": 1}]
    put(warehouse, MARCH, ("cyd",), ("dan",))
    assert warehouse.vacuum("bills", []) == 2


def test_the_table_tells_other_readers_its_columns_and_partitions(warehouse: Warehouse):
    put(warehouse, MARCH, ("ann",))
    held = DeltaTable(str(warehouse.tables / "bills"))
    columns = [(field.name, field.type.type) for field in held.schema().fields]
    assert columns == [("customer_id", "string"), ("month", "string"), ("bucket", "integer")]
    assert held.metadata().partition_columns == ["month", "bucket"]
    assert held.to_pyarrow_table().to_pylist() == [{"customer_id": "ann", "month": "2017-03", "bucket": 0}]


def test_reading_leaves_out_month_and_bucket(warehouse: Warehouse):
    version = put(warehouse, MARCH, ("ann",))
    assert collect(warehouse.read("bills", MARCH, version)).columns == ["customer_id"]
