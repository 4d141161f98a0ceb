"""An open extract: every row is in one bucket of its month, in the same order and types every time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from features.months import Month
from features.open_extract import suitable_buckets
from tests.features.source_folders import READ_BILLS, column, opened

MARCH, APRIL, MAY = Month(2017, 3), Month(2017, 4), Month(2017, 5)
CUSTOMERS = [f"c{number:03}" for number in range(200)]
BILLS = "id,month,amount\n" + "".join(f"{name},2017-03,{number}\n" for number, name in enumerate(CUSTOMERS))


def test_months_are_those_of_customers_in_order(tmp_path: Path) -> None:
    bills = "id,month,amount\nann,2017-05,1\nann,2017-03,1\n,2017-05,1\n"
    with opened(
        tmp_path, {"bills.csv": bills}, bills=READ_BILLS + " UNION ALL SELECT 'bob', '2016-01', '1'"
    ) as extract:
        assert extract.months() == [MARCH, MAY]
        assert [extract.rows("bills", month) for month in (Month(2016, 1), MARCH, APRIL, MAY)] == [1, 1, 0, 2]
        assert extract.rows("usage", MARCH) == 0


def test_every_row_is_in_the_bucket_of_its_customer(tmp_path: Path) -> None:
    def bucket_of(customer: str) -> int:
        return int.from_bytes(hashlib.md5(customer.encode()).digest()[8:], "little") % 4

    with opened(tmp_path, {"bills.csv": BILLS}, buckets=4) as extract:
        found = [sorted(extract.batch("bills", MARCH, bucket)["customer_id"].to_pylist()) for bucket in range(4)]
    assert found == [[name for name in CUSTOMERS if bucket_of(name) == bucket] for bucket in range(4)]


def test_a_row_without_customer_is_in_a_bucket_too_so_that_it_can_be_rejected(tmp_path: Path) -> None:
    with opened(tmp_path, {"bills.csv": "id,month,amount\n,2017-03,1\nann,2017-03,2\n"}, buckets=8) as extract:
        assert sorted(column(extract, "bills", MARCH, "customer_id"), key=str) == [None, "ann"]


def test_a_batch_has_the_columns_of_the_contract_and_a_flag_for_each_converted_one(tmp_path: Path) -> None:
    with opened(tmp_path) as extract:
        schema = {field.name: str(field.type) for field in extract.batch("customers", MARCH, 0).schema}
        assert list(schema)[:4] == ["customer_id", "brand", "activated_on", "status"]
        assert (schema["activated_on"], schema["status"], schema["birth_year"]) == ("date32[day]", "string", "int32")
        assert not [name for name in schema if name.startswith("unparsable:")]
        schema = {field.name: str(field.type) for field in extract.batch("bills", MARCH, 0).schema}
        assert schema["amount"] == "decimal128(18, 4)"
        assert [name for name in schema if name.startswith("unparsable:")] == ["unparsable:amount"]


@pytest.mark.parametrize(("rows", "buckets"), [(0, 1), (1, 1), (65_536, 1), (65_537, 2), (200_000, 4), (1_000_000, 16)])
def test_buckets_follow_the_first_months_customers(rows: int, buckets: int) -> None:
    class Counted:
        def execute(self, query: str, _: object = None, /) -> Counted:
            assert "min(month)" in query
            return self

        def sql(self, query: str, /, *, params: object = None) -> None: ...

        def fetchall(self) -> list[tuple[int]]:
            return [(rows,)]

    assert suitable_buckets(Counted()) == buckets


def test_the_first_month_decides_on_buckets(tmp_path: Path) -> None:
    with opened(tmp_path, buckets=None) as extract:
        assert extract.buckets == 1


def test_a_column_outside_the_contract_is_left_out_with_a_note(tmp_path: Path) -> None:
    bills = READ_BILLS.replace("amount", "amount, amount AS stamps")
    with opened(tmp_path, bills=bills) as extract:
        assert "stamps" not in extract.batch("bills", MARCH, 0).column_names
        assert extract.notes() == [
            'bills: column "stamps" is not in the contract and was left out; map it to custom_indicators to use it'
        ]


def test_a_column_that_the_operator_added_is_noted_with_its_file(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"bills.csv": "id,month,amount,points\nann,2017-03,1,7\n"}
    with opened(tmp_path, files) as extract:
        assert extract.notes() == ["bills.csv: no mapping reads points; map to custom_indicators to use"]


def test_a_lost_value_is_flagged_and_not_passed_on(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"bills.csv": "id,month,amount\nann,2017-03,much\n"}
    with opened(tmp_path, files) as extract:
        assert column(extract, "bills", MARCH, "unparsable:amount") == [True]
        assert column(extract, "bills", MARCH, "amount") == [None]
