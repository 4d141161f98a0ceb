"""What is sent: the operator's own names, codes and units, in three forms, the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from features.contracts import CONTRACTS
from features.months import Month
from infra.simulator.dialect import DIALECT, IN_YUAN, NOT_SENT
from infra.simulator.sending import Sending
from tests.infra.made_month import made_month

SENT = set(CONTRACTS) - {"custom_indicators", "outcomes"}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_every_table_that_an_operator_delivers_is_spoken_of() -> None:
    assert set(DIALECT) == SENT
    files = [f"{speech.file}_" for speech in DIALECT.values()]
    assert not [(one, other) for one in files for other in files if one != other and one.startswith(other)]


@pytest.mark.parametrize("table", sorted(SENT))
def test_names_are_the_contracts_columns_and_differ_from_one_another(table: str) -> None:
    speech, columns = DIALECT[table], CONTRACTS[table].columns()
    assert set(speech.columns) <= set(columns)
    assert len({speech.column(name) for name in columns}) == len(columns)
    assert all(set(codes) <= set(map(str, _words(table, name))) for name, codes in speech.codes.items())


def _words(table: str, column: str) -> list[str]:
    kind = CONTRACTS[table].columns()[column]
    return list(kind.dtype.categories) if isinstance(kind.dtype, pl.Enum) else ["GoTone", "M-Zone", "Easyown"]


@pytest.mark.parametrize("table", sorted(SENT))
def test_amounts_are_called_by_their_unit(table: str) -> None:
    amounts = {name for name, kind in CONTRACTS[table].columns().items() if type(kind).__name__ == "Decimal"}
    in_fen = {name for name in CONTRACTS[table].columns() if DIALECT[table].column(name).endswith("_fen")}
    assert in_fen == amounts - IN_YUAN


def test_a_file_per_table_holds_the_operators_words(tmp_path: Path) -> None:
    Sending(tmp_path / "extracts", tmp_path / "truth")(made_month())
    sent = tmp_path / "extracts"
    assert {file.name for file in sent.iterdir()} == {f"{said.file}_2025-03_0.parquet" for said in DIALECT.values()}
    people = pl.read_parquet(sent / "subscribers_2025-03_0.parquet").sort("msisdn")
    assert people.columns[:4] == ["period", "msisdn", "brand_name", "opened"]
    assert not NOT_SENT & set(people.columns)
    assert people["brand_name"][:4].to_list() == ["全球通", "动感地带", "神州行", None]
    assert people["state"][:3].to_list() == ["正常", "停机", "销户"]
    bills = pl.read_parquet(sent / "bills_2025-03_0.parquet").sort("msisdn")
    assert bills["total_fen"][:4].to_list() == [0, 1777, 3554, None]
    assert bills["period"].unique().to_list() == [202503]
    staff = pl.read_parquet(sent / "staff_2025-03_0.parquet").sort("msisdn")
    assert staff["closed_group"][:4].to_list() == ["Y", "N", "Y", None]


def test_the_truth_stays_out_of_the_extracts(tmp_path: Path) -> None:
    Sending(tmp_path / "extracts", tmp_path / "truth")(made_month())
    Sending(tmp_path / "alone")(made_month())
    assert [file.name for file in (tmp_path / "truth").iterdir()] == ["truth_2025-03_0.parquet"]
    assert bytes_of(tmp_path / "extracts") == bytes_of(tmp_path / "alone")


def test_older_systems_write_gb18030(tmp_path: Path) -> None:
    for form in ("csv", "gb18030"):
        Sending(tmp_path / form, form=form)(made_month())
    utf_8, older = bytes_of(tmp_path / "csv"), bytes_of(tmp_path / "gb18030")
    assert {name: held.decode("utf-8") for name, held in utf_8.items()} == {
        name: held.decode("gb18030") for name, held in older.items()
    }
    assert "全球通".encode("gb18030") in older["subscribers_2025-03_0.csv"]


@pytest.mark.parametrize("form", ["parquet", "csv", "gb18030"])
def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "replace", lambda *_: None)
    Sending(tmp_path / "extracts", tmp_path / "truth", form)(made_month())
    names = [file.name for folder in ("extracts", "truth") for file in (tmp_path / folder).iterdir()]
    assert len(names) == len(DIALECT) + 1
    assert all(name.startswith(".") and name.endswith(".part") for name in names)


def test_later_months_are_forgotten_and_what_is_not_the_operators_stays(tmp_path: Path) -> None:
    kept = ["bills_2025-03_0.parquet", "bills_2025-99.csv", "notes_2025-04_0.csv", "own.csv"]
    gone = ["bills_2025-04_0.parquet", "traffic_2026-01_12.csv", ".tariffs_2025-04_0.parquet.part"]
    for name in [*kept, *gone]:
        (tmp_path / name).touch()
    Sending(tmp_path, tmp_path / "truth").forget_after(Month(2025, 3))
    assert sorted(file.name for file in tmp_path.iterdir()) == kept
    Sending(tmp_path).forget_after(None)
    assert sorted(file.name for file in tmp_path.iterdir()) == kept[1:]


@pytest.mark.parametrize("form", ["parquet", "csv", "gb18030"])
def test_the_same_month_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    for name in ("one", "again"):
        Sending(tmp_path / name, form=form, dirt=0.2)(made_month())
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "again")
