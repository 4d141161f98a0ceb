"""Mapped files: what a mapping reads is found in its SQL, and what it leaves unread is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.mapped_files import file_names, located, unread_columns


def names(sql: str) -> list[str]:
    return [name for _, _, name in file_names(sql)]


@pytest.mark.parametrize(
    ("sql", "files"),
    [
        ("FROM 'a.csv'", ["a.csv"]),
        ("SELECT * FROM 'a.csv' JOIN 'b.csv' USING (id)", ["a.csv", "b.csv"]),
        ("SELECT * FROM read_csv( 'a.csv', delim = ';', quote = '*')", ["a.csv"]),
        ("SELECT * FROM READ_CSV(['a.csv', 'b.csv'], nullstr = ['x', 'y'])", ["a.csv", "b.csv"]),
        ("SELECT * FROM read_parquet('bills_*.parquet')", ["bills_*.parquet"]),
        ("SELECT * FROM 'it''s.csv'", ["it's.csv"]),
        ("SELECT 'a.csv' -- FROM 'b.csv'\nFROM /* 'c.csv' */ 'd.csv'", ["d.csv"]),
        ("SELECT \"from 'a.csv'\" FROM 'b.csv'", ["b.csv"]),
        ("SELECT split(x, '*'), count(*) FROM t", []),
    ],
)
def test_names_of_files_are_told_from_other_text(sql: str, files: list[str]) -> None:
    assert names(sql) == files


def test_names_of_staged_files_become_absolute_and_nothing_else_changes(tmp_path: Path) -> None:
    for name in ("a.csv", "b1.csv", "b2.csv", "'.csv"):
        (tmp_path / name).touch()
    sql = "SELECT 'a.csv' FROM 'a.csv', read_csv('b?.csv', delim = '*') JOIN '''.csv' JOIN 'gone.csv' JOIN '../a.csv'"
    found, read = located(sql, tmp_path)
    assert found == sql.replace("FROM 'a.csv'", f"FROM '{tmp_path}/a.csv'").replace(
        "'b?.csv'", f"'{tmp_path}/b?.csv'"
    ).replace("'''.csv'", f"'{tmp_path}/''.csv'")
    assert read == ["'.csv", "a.csv", "b1.csv", "b2.csv"]


@pytest.mark.parametrize(
    ("header", "sql", "unread"),
    [
        ("id,amount,added", "SELECT id, amount FROM 'a.csv'", ["added"]),
        ("id;amount; ADDED LATER ", "SELECT id, amount FROM 'a.csv'", ["ADDED LATER"]),
        ("id,amount,added", "SELECT id, amount -- not added\nFROM 'a.csv'", ["added"]),
        ("\ufeffID,AMOUNT", "SELECT id, amount FROM 'a.csv'", []),
        ("id,added", "SELECT * FROM 'a.csv'", []),
        ("id,added", "SELECT a.* FROM 'a.csv' AS a", []),
        ("id,m1,m2,added", "SELECT id, COLUMNS('m[12]') FROM 'a.csv'", []),
        ("id,amount,added", "SELECT id, 2 * amount AS amount FROM 'a.csv'", ["added"]),
        ("ann,Li,street", "SELECT id, amount FROM 'a.csv'", []),
        ("13900001111,id,Li", "SELECT id FROM 'a.csv'", []),
    ],
)
def test_columns_that_no_mapping_names_are_found(tmp_path: Path, header: str, sql: str, unread: list[str]) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n", encoding="utf-8")
    assert unread_columns(tmp_path, "a.csv", [sql]) == unread


def test_a_column_read_by_any_of_the_mappings_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,amount,plan\n")
    assert unread_columns(tmp_path, "a.csv", ["SELECT id, amount FROM 'a.csv'", "SELECT id, plan FROM 'a.csv'"]) == []
