from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from features.months import Month
from flows import steps
from flows.key import VARIABLE, new_key
from flows.workspace import Workspace, WorkspaceError, open_workspace
from tests.flows.conftest import BEFORE, LAST, Operator, bytes_of, holdfast, silent

MARCH = Month(2025, 3)


def opened(home: Path, operator: Operator) -> Workspace:
    return open_workspace(home, operator.settings, silent)


def with_dearer_bills(operator: Operator, folder: Path, month: str = "2025-03") -> Path:
    """The extract once more, with every bill of a month dearer by one."""
    extract = Path(shutil.copytree(operator.extract, folder / "corrected"))
    dearer = pl.when(pl.col("month") == month).then(pl.col("amount") + 1).otherwise("amount")
    bills = pl.read_csv(operator.extract / "bills.csv").with_columns(amount=dearer.round(2))
    bills.write_csv(extract / "bills.csv")
    return extract


def test_ingesting_the_same_again_changes_nothing(home: Path, operator: Operator):
    before = bytes_of(home / "tables")
    delivered = steps.ingest(opened(home, operator), steps.Arrival(months=[MARCH]))
    assert [table.outcome for table in delivered] == ["unchanged", "unchanged"]
    assert bytes_of(home / "tables") == before


def test_the_home_remembers_its_source_extract_and_buckets(home: Path, operator: Operator):
    facts = opened(home, operator).home.facts()
    assert facts == {"source": str(operator.mapping), "extract": str(operator.extract), "buckets": 2, "keyed": ""}


def test_the_number_of_buckets_stays_what_it_was_at_the_first_ingest(home: Path, operator: Operator, tmp_path: Path):
    (tmp_path / "my.toml").write_text("[engine]\nbuckets = 8\n")
    work = open_workspace(home, tmp_path / "my.toml", silent)
    steps.ingest(work, steps.Arrival(months=[Month.parse(LAST)]))
    held = work.ledger.known("bills", Month.parse(LAST))
    assert held is not None
    assert work.ledger.warehouse.buckets_of("bills", held.month, held.version) == [0, 1]


def test_a_refused_first_delivery_binds_the_home_to_nothing(operator: Operator, tmp_path: Path):
    work = opened(tmp_path / "home", operator)
    with pytest.raises(Exception, match=r"2030-01"):
        steps.ingest(work, steps.Arrival(str(operator.mapping), operator.extract, [Month(2030, 1)]))
    other = shutil.copytree(operator.mapping, tmp_path / "other")
    assert steps.ingest(work, steps.Arrival(str(other), operator.extract, [MARCH]))


def test_a_shipped_source_is_remembered_by_its_name():
    from flows.settings import SOURCES

    source = open_workspace(Path("absent"), None, silent).source("tariff_panel")
    assert source.folder == SOURCES / "tariff_panel"
    assert steps._written(source) == "tariff_panel"


def keyed_mapping(operator: Operator, folder: Path) -> Path:
    mapping = Path(shutil.copytree(operator.mapping, folder / "keyed"))
    text = (mapping / "source.toml").read_text()
    (mapping / "source.toml").write_text(text.replace("[churn]", 'keyed = ["customer_id"]\n[churn]'))
    return mapping


def test_a_home_takes_no_month_by_another_key(operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    work = opened(tmp_path / "home", operator)
    arrival = steps.Arrival(str(keyed_mapping(operator, tmp_path)), operator.extract, [MARCH])
    for name in ("one", "two"):
        new_key(tmp_path / name)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "one"))
    steps.ingest(work, arrival)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "two"))
    with pytest.raises(
        WorkspaceError, match=r"the key given is not the one that made the ids, and home .*; name the file"
    ):
        steps.ingest(work, arrival)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "one"))
    assert {table.outcome for table in steps.ingest(work, arrival)} == {"unchanged"}


def test_a_keyed_source_without_a_key_is_one_line(operator: Operator, tmp_path: Path):
    mapping = keyed_mapping(operator, tmp_path)
    answer = holdfast("ingest", "--source", mapping, "--from", operator.extract, "--all", "--home", tmp_path / "home")
    assert answer.code == 1
    assert "make one with: holdfast key new FILE" in answer.err.splitlines()[-1]


def test_features_are_built_once_and_again_when_their_inputs_change(home: Path, operator: Operator, tmp_path: Path):
    work = opened(home, operator)
    first = steps.build_features(work, Month.parse(BEFORE))
    before = bytes_of(home / "tables")
    assert steps.build_features(work, Month.parse(BEFORE)) == first
    assert bytes_of(home / "tables") == before
    corrected = with_dearer_bills(operator, tmp_path)
    steps.ingest(work, steps.Arrival(folder=corrected, months=[MARCH], backload=True))
    rebuilt = steps.build_features(work, Month.parse(BEFORE))
    assert (rebuilt.revision, rebuilt.content_hash == first.content_hash) == (2, False)


def test_an_older_revision_comes_back(home: Path, operator: Operator, tmp_path: Path):
    bills = ("bills", "--month", "2025-03", "--home", home)
    first = holdfast("revisions", *bills, "--json").json["revisions"][0]
    corrected = ("--from", with_dearer_bills(operator, tmp_path), "--settings", operator.settings)
    delivered = holdfast("ingest", *corrected, "--month", "2025-03", "--home", home)
    assert "bills 264 rows revision (revision 2), customers 300 rows unchanged" in delivered.err
    restored = holdfast("revisions", *bills, "--restore", "1", "--json")
    assert "bills 2025-03: revision 1 is current again, as revision 3" in restored.err
    assert [entry["revision"] for entry in restored.json["revisions"]] == [1, 2, 3]
    assert restored.json["revisions"][2]["content_hash"] == first["content_hash"]


def test_replaced_files_go_when_their_retention_is_over(home: Path, operator: Operator, tmp_path: Path):
    corrected = ("--from", with_dearer_bills(operator, tmp_path), "--backload", "--settings", operator.settings)
    assert holdfast("ingest", *corrected, "--month", "2025-03", "--home", home).code == 0
    assert "0 files of replaced revisions were deleted" in holdfast("revisions", "--vacuum", "--home", home).err
    (tmp_path / "now.toml").write_text("[delivery]\nkeep_revision_days = 0\n")
    vacuumed = holdfast("revisions", "--vacuum", "--home", home, "--settings", tmp_path / "now.toml")
    assert "2 files of replaced revisions were deleted" in vacuumed.err  # one per bucket of the first revision
    gone = holdfast("revisions", "bills", "--month", "2025-03", "--restore", "1", "--home", home)
    assert gone.code == 1
    assert "restore another revision" in gone.err
    assert holdfast("features", "--as-of", "2025-03", "--home", home).code == 0


def test_a_revision_that_never_was_is_one_line(home: Path):
    answer = holdfast("revisions", "bills", "--month", "2025-03", "--restore", "9", "--home", home)
    assert answer.code == 1
    assert "there is no revision 9; choose one of 1" in answer.err


def test_a_source_that_no_longer_keys_its_ids_is_refused(home: Path, operator: Operator):
    work = opened(home, operator)
    work.home.remember(keyed="customer_id")
    with pytest.raises(WorkspaceError, match=r"keyed was \[customer_id\] when home .* was filled and is \[\] now"):
        steps.ingest(work, steps.Arrival())


def test_a_key_in_the_extract_folder_is_refused(
    home: Path, operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    extract = with_dearer_bills(operator, tmp_path)
    monkeypatch.setenv("HOLDFAST_KEY_FILE", str(extract / "key"))
    with pytest.raises(WorkspaceError, match="lies in the extract folder"):
        steps.ingest(opened(home, operator), steps.Arrival(folder=extract))
