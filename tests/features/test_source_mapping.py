"""A source mapping: what a source.toml may say, and one line for everything it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from features import FeaturesError
from features.labels import Activity
from features.months import Month
from features.source_mapping import DeclaredFile, mapping_folder, read_mapping
from tests.features.source_folders import SOURCE, source_of


def refusal(folder: Path, toml: str, **sql: str | None) -> str:
    with pytest.raises(FeaturesError) as refused:
        source_of(folder, toml, **sql)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_everything_a_source_may_say_is_read(tmp_path: Path) -> None:
    source = source_of(
        tmp_path,
        """
        operator = "North"
        timezone = "Asia/Urumqi"
        currency = "CNY"
        brands = ["GoTone", "M-Zone"]
        keyed = ["customer_id", "manager"]

        [churn]
        silent_months = 3
        gap = 0
        horizons = [3, 1]
        activity = ["bills.amount", "usage.data_mb"]
        first_label_month = "2017-02"

        [[files]]
        name = "book.xlsx"
        sheet = "Sheet1"

        [[files]]
        name = "bills.csv"
        encoding = "gb18030"
        """,
        usage="SELECT 1",
    )
    assert (source.name, source.operator, source.timezone) == ("mapping", "North", "Asia/Urumqi")
    assert (source.currency, source.brands, source.keyed) == ("CNY", ("GoTone", "M-Zone"), ("customer_id", "manager"))
    assert source.churn.silent_months == 3
    assert source.churn.gap == 0
    assert source.churn.horizons == (1, 3)
    assert source.churn.activity == (Activity("bills", "amount"), Activity("usage", "data_mb"))
    assert source.churn.first_label_month == Month(2017, 2)
    assert source.files == (DeclaredFile("book.xlsx", sheet="Sheet1"), DeclaredFile("bills.csv", encoding="gb18030"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('operators = "North"', "mapping/source.toml: unknown key 'operators'; known are brands, churn, currency"),
        ("brands = 3", "mapping/source.toml: brands = 3 is no [list]; correct it"),
        ("brands = [3]", 'mapping/source.toml: brands holds 3, which is no text in "quotes"; correct it'),
        ('keyed = ["phone"]', "mapping/source.toml: keyed column 'phone' is no text column of any contract; remove it"),
        ('keyed = ["amount"]', "mapping/source.toml: keyed column 'amount' is no text column of any contract"),
        ("files = [1]", "mapping/source.toml: files holds 1, which is no [section]; correct it"),
        ("operator =", "mapping/source.toml: not TOML: "),
    ],
)
def test_a_wrong_line_is_named_with_its_remedy(tmp_path: Path, line: str, said: str) -> None:
    assert refusal(tmp_path, f"{line}\n{SOURCE}").startswith(said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "silent_month = 2",
            "mapping/source.toml [churn]: unknown key 'silent_month'; known are activity, first_label",
        ),
        ("silent_months = 0", "mapping/source.toml [churn]: silent_months = 0 is too small; give at least 1"),
        ("gap = -1", "mapping/source.toml [churn]: gap = -1 is too small; give at least 0"),
        ("gap = true", "mapping/source.toml [churn]: gap = True is no whole number; correct it"),
        ("horizons = []", "mapping/source.toml [churn]: horizons must be one or more months of at least 1"),
        ("horizons = [0]", "mapping/source.toml [churn]: horizons must be one or more months of at least 1"),
        ('first_label_month = "02/2017"', "month '02/2017' is not a month; write it as YYYY-MM"),
        ('[[files]]\nname = "a.csv"', "mapping/source.toml [[files]] 1: a.csv needs either a sheet or an encoding"),
        ('[[files]]\nsheet = "a"', "mapping/source.toml [[files]] 1: 'name' is missing; add name = ..."),
        ('[[files]]\nname = "a.csv"\ncodec = "x"', "mapping/source.toml [[files]] 1: unknown key 'codec'"),
    ],
)
def test_a_wrong_line_in_a_section_names_the_section(tmp_path: Path, line: str, said: str) -> None:
    assert refusal(tmp_path, f"{SOURCE}{line}\n").startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('operator = "Test operator"', "", "mapping/source.toml: 'operator' is missing; add operator = ..."),
        ("Asia/Shanghai", "Asia/Nowhere", "mapping/source.toml: timezone 'Asia/Nowhere' is not known"),
        ('["bills.amount"]', "[]", "mapping/source.toml [churn]: activity is missing; write for example"),
        ("bills.amount", "bills", "mapping/source.toml [churn]: activity 'bills' is not written as table.column"),
        ("bills.amount", "invoices.amount", "table 'invoices' has no contract; choose one of customers, bills"),
        ("bills.amount", "bills.sum", "mapping/source.toml [churn]: activity 'bills.sum' is no numeric column"),
        ("bills.amount", "customers.brand", "mapping/source.toml [churn]: activity 'customers.brand' is no numeric"),
        ("bills.amount", "usage.data_mb", "mapping/usage.sql is missing; the churn definition or the contract needs"),
    ],
)
def test_what_is_missing_or_unknown_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert refusal(tmp_path, SOURCE.replace(old, new)).startswith(said)


def test_customers_are_required(tmp_path: Path) -> None:
    assert refusal(tmp_path, SOURCE, customers=None).startswith("mapping/customers.sql is missing")


def test_a_table_without_contract_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, SOURCE, invoices="SELECT 1").startswith("table 'invoices' has no contract")


def test_given_outcomes_need_their_table_instead_of_activity(tmp_path: Path) -> None:
    given = SOURCE.replace('activity = ["bills.amount"]', "given = true")
    assert refusal(tmp_path, given).startswith("mapping/outcomes.sql is missing")
    assert source_of(tmp_path, given, outcomes="SELECT 1").churn.given


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "source.toml").touch()
    with pytest.raises(FeaturesError) as refused:
        mapping_folder("west", tmp_path)
    assert (
        str(refused.value)
        == "source 'west' is not known; known are north, south; for a folder of your own write ./west"
    )


def test_a_path_without_mapping_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(
        FeaturesError, match=r"no source\.toml there; give the folder that holds it and the \.sql files$"
    ):
        read_mapping(str(tmp_path), tmp_path)


def test_sql_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    source_of(tmp_path)
    (tmp_path / "mapping" / "bills.sql").write_bytes("SELECT '全球通'".encode("gb18030"))
    with pytest.raises(FeaturesError, match=r"^mapping/bills\.sql: not UTF-8 text; save it as UTF-8$"):
        read_mapping(f"{tmp_path}/mapping", tmp_path)
