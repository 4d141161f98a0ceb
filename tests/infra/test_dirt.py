"""Dirt: every way in which rows are spoilt is one that a contract catches, in the share that was asked for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from infra.simulator.sending import Sending
from tests.infra.made_month import MONTH, MadeMonth, made_month, made_table

ROWS = 600


def sent(folder: Path, table: str, seed: int = 1, **how: str | float) -> pl.DataFrame:
    """The extract of one table, of 600 customers."""
    made = MadeMonth({table: made_table(table, ROWS).to_arrow()}, made_month(1).truth)
    Sending(folder, seed=seed, **how)(made)  # type: ignore[arg-type]
    (file,) = folder.glob(f"*_{MONTH}_0.*")
    return pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file, infer_schema=False)


def test_a_share_of_rows_is_repeated_nameless_of_unknown_code_or_below_nought(tmp_path: Path) -> None:
    clean, soiled = sent(tmp_path / "clean", "households"), sent(tmp_path / "soiled", "households", dirt=0.1)
    assert soiled.height == ROWS + 12
    assert soiled["msisdn"].null_count() == 12
    assert (soiled["payer"] == "?9").sum() == 12
    assert (soiled["lines"] < 0).sum() == 12
    assert soiled.join(clean, on=clean.columns, how="anti", nulls_equal=True).height == 36


def test_texts_hold_unreadable_numbers_too(tmp_path: Path) -> None:
    soiled = sent(tmp_path, "households", form="csv", dirt=0.1)
    assert (soiled["persons"] == "#REF!").sum() == 10


@pytest.mark.parametrize("share", [0.005, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("table", ["households", "usage", "customer_profile"])
def test_as_many_rows_are_bad_as_were_asked_for_and_never_more(tmp_path: Path, table: str, share: float) -> None:
    clean, soiled = sent(tmp_path / "clean", table), sent(tmp_path / "soiled", table, dirt=share)
    spoilt = soiled.join(clean, on=clean.columns, how="anti", nulls_equal=True).height
    bad = spoilt + 2 * (soiled.height - clean.height)
    assert share * soiled.height - 2 < bad <= share * soiled.height


def test_another_seed_spoils_other_rows(tmp_path: Path) -> None:
    one, other = (sent(tmp_path / str(seed), "usage", seed, dirt=0.05) for seed in (1, 2))
    assert one.height == other.height
    assert not one.equals(other)


def test_a_table_too_small_for_a_whole_row_of_dirt_stays_clean(tmp_path: Path) -> None:
    assert sent(tmp_path / "one", "plans", dirt=0.001).equals(sent(tmp_path / "other", "plans"))
