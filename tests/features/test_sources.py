"""Sources: mappings are checked when loaded, and run in an engine that reads the extract and nothing else."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from features import FeaturesError
from features.months import Month
from features.sources import load_source, open_extract
from tests.features.source_folders import (
    BILLS,
    PHONE,
    READ_CUSTOMERS,
    SOURCE,
    column,
    extract_of,
    opened,
    source_of,
)

MARCH = Month(2017, 3)
KEYED = 'keyed = ["customer_id"]\n' + SOURCE


def test_a_mapping_is_one_select(tmp_path: Path) -> None:
    assert set(source_of(tmp_path).tables) == {"customers", "bills"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
        "ATTACH 'other.db'",
        "COPY (SELECT 1) TO 'out.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "CREATE TABLE t AS SELECT 1",
        "PRAGMA version",
        "CALL pragma_version()",
        "EXPORT DATABASE 'x'",
        "SELECT 1; SET memory_limit = '1TB'",
    ],
)
def test_anything_but_one_select_is_refused(tmp_path: Path, sql: str) -> None:
    with pytest.raises(FeaturesError, match=r"^mapping/bills\.sql: .*write exactly one SELECT$"):
        source_of(tmp_path, bills=sql)


def test_sql_that_does_not_parse_is_named_with_its_error(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match=r'^mapping/bills\.sql: Parser Error: .*"selec"; correct the SELECT$'):
        source_of(tmp_path, bills="selec 1")


@pytest.mark.parametrize("parameter", ["?", "$1", "$outer", "$inner"])
def test_a_parameter_is_refused_because_the_key_is_passed_as_one(tmp_path: Path, parameter: str) -> None:
    with pytest.raises(FeaturesError, match=r"^mapping/bills\.sql: holds a parameter"):
        source_of(tmp_path, bills=f"SELECT {parameter} AS customer_id, '2017-03' AS month")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT content AS customer_id, '2017-03' AS month, 'active' AS status FROM read_text('{outside}')",
        "SELECT id AS customer_id, month, 'active' AS status FROM '{outside}'",
        "SELECT id AS customer_id, month, 'active' AS status FROM '../outside.csv'",
        "SELECT id AS customer_id, month, 'active' AS status FROM read_csv('sub/../../outside.csv')",
        "SELECT id AS customer_id, month, 'active' AS status FROM read_csv(['bills.csv', '{outside}'])",
        "SELECT id AS customer_id, month, 'active' AS status FROM 'bills.csv', '{outside}'",
        "SELECT id AS customer_id, month, 'active' AS status FROM 'https://example.com/bills.csv'",
        "SELECT id AS customer_id, month, 'active' AS status FROM read_csv('s3://bucket/bills.csv')",
        "SELECT file AS customer_id, '2017-03' AS month, 'active' AS status FROM glob('/etc/*')",
        "SELECT file AS customer_id, '2017-03' AS month, 'active' AS status FROM glob('../*')",
        "SELECT content AS customer_id, '2017-03' AS month, 'active' AS status FROM read_blob('/proc/self/environ')",
        "SELECT * FROM read_duckdb('{outside}')",
        "SELECT delimiter AS customer_id, '2017-03' AS month, 'active' AS status FROM sniff_csv('{outside}')",
    ],
)
def test_a_mapping_reads_nothing_but_the_extract(tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("id,month\nsecret,2017-03\n")
    (tmp_path / "extract" / "sub").mkdir(parents=True)
    with (
        pytest.raises(FeaturesError) as refused,
        opened(tmp_path, customers=sql.replace("{outside}", str(outside))),
    ):
        pass
    assert str(refused.value).startswith("customers.sql: ")
    assert str(refused.value).endswith(" lies outside the extract folder; a mapping reads files in it and nothing else")


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("SELECT getenv('HOME') AS customer_id", "Catalog Error: Scalar Function with name getenv does not exist!"),
        ("SELECT * FROM query('CHECKPOINT')", "Parser Error: Expected a single SELECT statement"),
        ("SELECT * FROM enable_logging('QueryLog')", "the engine's configuration is locked"),
        (
            "WITH a AS (INSERT INTO customer_months VALUES (DATE '2017-05-01') RETURNING *) SELECT * FROM a",
            "Binder Error: DML statements (INSERT/UPDATE/DELETE) are not allowed as CTE bodies inside a VIEW",
        ),
        ("SELECT * FROM frame_of_the_caller", "Catalog Error: Table with name frame_of_the_caller does not exist!"),
    ],
)
def test_a_select_changes_nothing_and_sees_nothing_of_the_program(tmp_path: Path, sql: str, complaint: str) -> None:
    frame_of_the_caller = pytest.importorskip("pyarrow").table({"customer_id": ["ann"]})
    assert frame_of_the_caller.num_rows == 1
    with pytest.raises(FeaturesError) as refused, opened(tmp_path, customers=sql):
        pass
    assert str(refused.value).startswith(f"customers.sql: {complaint}; ")


def test_a_file_outside_is_named_as_such(tmp_path: Path) -> None:
    sql = "SELECT id AS customer_id, month, 'active' AS status FROM read_csv('/etc/hostname')"
    with pytest.raises(FeaturesError) as refused, opened(tmp_path, customers=sql):
        pass
    assert str(refused.value) == (
        "customers.sql: /etc/hostname lies outside the extract folder; a mapping reads files in it and nothing else"
    )


def test_a_link_out_of_the_extract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("id,month\nsecret,2017-03\n")
    extract_of(tmp_path, {"bills.csv": BILLS})
    (tmp_path / "extract" / "link.csv").symlink_to(tmp_path / "outside.csv")
    with (
        pytest.raises(FeaturesError, match=r"^extract: link\.csv is a link that leads out of the folder"),
        opened(tmp_path),
    ):
        pass


def test_a_link_that_appears_after_staging_is_refused_by_the_engine(tmp_path: Path) -> None:
    from features.sources import _locked_engine

    (tmp_path / "outside.csv").write_text("id,month\nsecret,2017-03\n")
    extract = extract_of(tmp_path, {"bills.csv": BILLS})
    (extract / "link.csv").symlink_to(tmp_path / "outside.csv")
    engine = _locked_engine([extract], tmp_path / "spill", "UTC", 1, 0.5)
    with pytest.raises(Exception, match="Permission Error"):
        engine.execute(f"SELECT * FROM '{extract}/link.csv'").fetchall()


@pytest.mark.parametrize(
    "change",
    [
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET lock_configuration = false",
        "SET memory_limit = '1TB'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "ATTACH 'other.db'",
        "CREATE SECRET s (TYPE s3)",
    ],
)
def test_the_engine_cannot_be_unlocked(tmp_path: Path, change: str) -> None:
    from features.sources import _locked_engine

    engine = _locked_engine([tmp_path], tmp_path / "spill", "UTC", 1, 0.5)
    with pytest.raises(Exception, match=r"Permission Error|locked|disabled|not found|does not exist"):
        engine.execute(change)


@pytest.mark.parametrize(
    "everything",
    [
        "SELECT string_agg(name || coalesce(value, '') || coalesce(description, ''), ' ') FROM duckdb_settings()",
        "SELECT coalesce(string_agg(name || statement, ' '), '') FROM duckdb_prepared_statements()",
        "SELECT coalesce(string_agg(name || value::VARCHAR, ' '), '') FROM duckdb_variables()",
        "SELECT coalesce(string_agg(message, ' '), '') FROM duckdb_logs()",
        "SELECT current_query()",
        "SELECT coalesce(string_agg(sql, ' '), '') FROM duckdb_views()",
        "SELECT coalesce(getvariable('outer')::VARCHAR, getvariable('inner')::VARCHAR, '')",
    ],
)
def test_a_mapping_cannot_see_the_key(tmp_path: Path, everything: str) -> None:
    key = b"unguessable-key-of-32-bytes-long"
    pads = [bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C)]
    spy = f"""SELECT 'ann' AS customer_id, '2017-03' AS month, DATE '2017-03-01' AS started_on,
        'x' || ({everything}) AS plan_id"""
    with opened(tmp_path, toml=KEYED, key=key, plan_periods=spy) as extract:
        (seen,) = column(extract, "plan_periods", MARCH, "plan_id")
    assert seen
    for secret in (key, *pads):
        assert secret.hex() not in seen.lower()
        assert secret.decode("latin-1") not in seen


def test_keyed_columns_become_hmacs_of_the_trimmed_text(tmp_path: Path) -> None:
    key = b"a key of the operator"
    files: dict[str, str | bytes] = {"bills.csv": f"id,month,amount\n {PHONE} ,2017-03,1\n,2017-03,2\n"}
    with opened(tmp_path, files, KEYED, key=key) as extract:
        assert column(extract, "bills", MARCH, "customer_id") == [
            hmac.new(key, PHONE.encode(), hashlib.sha256).hexdigest()[:32],
            None,
        ]


def test_an_id_is_keyed_alike_whether_customers_hold_it_or_not(tmp_path: Path) -> None:
    key = b"a key of the operator"
    circle = """SELECT id AS customer_id, month, unnest([' ann ', 'eve', id]) AS contact_id, 'own' AS network
        FROM read_csv('bills.csv', all_varchar = true) WHERE amount <> '0'"""
    keyed = 'keyed = ["customer_id", "contact_id"]\n' + SOURCE
    bills: dict[str, str | bytes] = {"bills.csv": "id,month,amount\nann,2017-03,1\nbob,2017-03,0\ncyd,2017-03,2\n"}
    customers = READ_CUSTOMERS + " WHERE id <> 'cyd'"

    def of(name: str) -> str:
        return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32]

    with opened(tmp_path, bills, keyed, key=key, buckets=2, calling_circle=circle, customers=customers) as extract:
        found = column(extract, "calling_circle", MARCH, "customer_id")
        called = column(extract, "calling_circle", MARCH, "contact_id")
        buckets = [extract.batch("calling_circle", MARCH, bucket)["customer_id"].to_pylist() for bucket in range(2)]
        of_bills = [extract.batch("bills", MARCH, bucket)["customer_id"].to_pylist() for bucket in range(2)]
    calls = [("ann", "ann"), ("ann", "eve"), ("ann", "ann"), ("cyd", "ann"), ("cyd", "eve"), ("cyd", "cyd")]
    assert sorted(zip(found, called, strict=True)) == sorted((of(caller), of(other)) for caller, other in calls)
    assert [set(bucket) for bucket in buckets] == [set(bucket) - {of("bob")} for bucket in of_bills]


def test_a_long_key_is_hashed_first_as_hmac_wants(tmp_path: Path) -> None:
    key = b"k" * 100
    with opened(tmp_path, {"bills.csv": "id,month,amount\nann,2017-03,1\n"}, KEYED, key=key) as extract:
        assert column(extract, "bills", MARCH, "customer_id") == [
            hmac.new(key, b"ann", hashlib.sha256).hexdigest()[:32]
        ]


def test_a_keyed_source_without_a_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError) as refused, opened(tmp_path, toml=KEYED):
        pass
    assert str(refused.value) == (
        "source mapping: customer_id must be keyed and there is no key; make one with: holdfast key new FILE, "
        "then give it as [privacy] key_file in the settings or as HOLDFAST_KEY_FILE"
    )


def test_staged_files_are_private_and_gone_afterwards(tmp_path: Path) -> None:
    with opened(tmp_path):
        assert oct((tmp_path / "staging" / "files").stat().st_mode & 0o777) == "0o700"
        assert oct((tmp_path / "staging" / "spill").stat().st_mode & 0o777) == "0o700"
    assert list((tmp_path / "staging").iterdir()) == []


def test_the_extract_is_never_written_to(tmp_path: Path) -> None:
    extract = extract_of(tmp_path, {"bills.csv": BILLS})
    before = {path: path.stat().st_mtime_ns for path in extract.rglob("*")}
    with opened(tmp_path, files={}):
        pass
    assert {path: path.stat().st_mtime_ns for path in extract.rglob("*")} == before


def test_working_in_the_extract_folder_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract = extract_of(tmp_path, {"bills.csv": BILLS})
    monkeypatch.chdir(extract)
    with opened(tmp_path) as found:
        assert found.months() == [Month(2017, 3), Month(2017, 4)]
    assert [path.name for path in extract.iterdir()] == ["bills.csv"]


def test_unreadable_values_of_a_keyed_source_stay_out_of_sight(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"bills.csv": f"id,month,amount\n{PHONE},nonsense,1\n"}
    with opened(tmp_path, files, KEYED, key=b"k" * 32) as extract:
        assert PHONE not in str(extract.unplaced("bills").to_pylist())


def test_a_registered_source_is_found_by_name_and_any_other_by_path(tmp_path: Path) -> None:
    source_of(tmp_path)
    (tmp_path / "mapping").rename(tmp_path / "north")
    assert load_source("north", tmp_path).name == "north"
    assert load_source(f"{tmp_path}/north", tmp_path / "elsewhere").operator == "Test operator"


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    asked = open_extract(
        source_of(tmp_path), nowhere, staging=tmp_path / "staging", key=None, buckets=None, threads=1, memory_gb=0.5
    )
    with pytest.raises(FeaturesError) as refused, asked:
        pass
    assert str(refused.value) == f"extract {nowhere}: no such folder; give the one that holds the operator's files"


MONTHLY = r"month_in_name = '_(?P<year>\d{4})-(?P<month>\d{2})'" + "\n" + SOURCE
READ_MONTHLY = "SELECT id AS customer_id, month, amount FROM read_csv('bills_*.csv')"
CUSTOMERS_MONTHLY = "SELECT id AS customer_id, month, 'active' AS status FROM read_csv('bills_*.csv')"
EACH_MONTH: dict[str, str | bytes] = {
    "bills_2017-03.csv": "id,month,amount\nann,2017-03,1\n",
    "bills_2017-04.csv": "id,month,amount\nann,2017-04,2\nbob,2017-04,3\n",
}


def test_for_one_month_only_the_files_of_that_month_are_read(tmp_path: Path) -> None:
    # The other month's file would stop the reading if it were looked at.
    files = EACH_MONTH | {"bills_2017-04.csv": b"\xff\xfe not a table"}
    sql = {"customers": CUSTOMERS_MONTHLY, "bills": READ_MONTHLY}
    with opened(tmp_path, files, MONTHLY, only=MARCH, **sql) as extract:
        assert column(extract, "bills", MARCH, "customer_id") == ["ann"]
        assert extract.months() == [MARCH, MARCH + 1]
        assert list(extract.input_digests()) == ["bills_2017-03.csv"]


def test_a_table_with_files_of_other_months_only_was_not_delivered_for_the_month(tmp_path: Path) -> None:
    usage = "SELECT id AS customer_id, month, data AS data_mb FROM read_csv('usage_*.csv')"
    files = EACH_MONTH | {"usage_2017-03.csv": "id,month,data\nann,2017-03,5\n"}
    sql = {"customers": CUSTOMERS_MONTHLY, "bills": READ_MONTHLY, "usage": usage}
    with opened(tmp_path, files, MONTHLY, only=MARCH + 1, **sql) as extract:
        assert extract.tables() == ["bills", "customers"]
        assert extract.rows("usage", MARCH + 1) == 0


def test_a_month_without_files_says_which_months_there_are(tmp_path: Path) -> None:
    sql = {"customers": CUSTOMERS_MONTHLY, "bills": READ_MONTHLY}
    with (
        pytest.raises(FeaturesError, match=r"^customers: no file of the month .* which holds 2017-03 to 2017-04; "),
        opened(tmp_path, EACH_MONTH, MONTHLY, only=MARCH + 5, **sql),
    ):
        pass


@pytest.mark.parametrize(("pattern", "fault"), [("(", "no regular expression"), ("_([0-9]+)", "name its groups")])
def test_a_pattern_that_cannot_tell_a_month_is_refused(tmp_path: Path, pattern: str, fault: str) -> None:
    with pytest.raises(FeaturesError, match=fault):
        source_of(tmp_path, f"month_in_name = '{pattern}'\n" + SOURCE)
