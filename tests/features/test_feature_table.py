"""Feature table: all angles side by side, one row per customer, exactly the columns of the catalogue."""

from __future__ import annotations

import narwhals as nw
import polars as pl
import pytest

from features import feature_table, person
from features.contracts import CONTRACTS
from features.contracts.customer_profile import BARRED_FROM_MODELS
from features.custom_indicators import CustomName
from features.measures import ANGLES
from tests.drawn import known_months, population, rows_of
from tests.features.small_operator import CUSTOM, DRAWINGS, PEOPLE


def build(as_of: str = "2025-06", **drawings: str) -> pl.DataFrame:
    built = feature_table.build(known_months(as_of, **drawings), population(*PEOPLE), CUSTOM)
    frame: pl.DataFrame = built.to_native().collect().sort("customer_id")
    return frame


def test_columns_are_those_of_the_catalogue_in_its_order() -> None:
    table, catalogue = build(**DRAWINGS), feature_table.catalogue(CUSTOM)
    assert table.columns == ["customer_id", *(indicator.name for indicator in catalogue)]
    types = {"number": pl.Float32(), "category": pl.String()}
    assert table.dtypes[1:] == [types[indicator.kind] for indicator in catalogue]


def test_every_indicator_has_a_name_of_its_own_and_a_meaning() -> None:
    catalogue = feature_table.catalogue(CUSTOM)
    assert len({indicator.name for indicator in catalogue}) == len(catalogue)
    assert all(indicator.meaning[0].isupper() and indicator.meaning.endswith(".") for indicator in catalogue)
    assert 190 <= len(catalogue) <= 240


def test_all_ten_angles_are_looked_at_and_no_other() -> None:
    own = {indicator.angle for indicator in feature_table.catalogue(CUSTOM)}
    assert own == set(ANGLES)
    assert {indicator.angle for indicator in feature_table.catalogue(())} == own - {"custom indicators"}


def test_every_indicator_is_known_of_somebody() -> None:
    """Or the tests that compare feature tables would compare nothing of it."""
    table = build(**DRAWINGS)
    assert [name for name in table.columns if table[name].null_count() == len(PEOPLE)] == []


def test_nothing_is_made_of_what_is_barred_from_models() -> None:
    without = {**DRAWINGS, "customer_profile": _without(DRAWINGS["customer_profile"], BARRED_FROM_MODELS)}
    assert build(**without).equals(build(**DRAWINGS))
    names = " ".join(indicator.name for indicator in feature_table.catalogue(()))
    assert not any(column in names for column in BARRED_FROM_MODELS)


def test_planted_an_indicator_of_a_barred_column_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    barred = nw.col("ethnicity").cast(nw.String).alias("person_influence")
    told = person.TOLD | {"person_influence": barred}
    monkeypatch.setattr(person, "TOLD", told)
    with pytest.raises(AssertionError):
        test_nothing_is_made_of_what_is_barred_from_models()


def _without(drawing: str, columns: tuple[str, ...]) -> str:
    """The drawing with the columns unknown throughout."""
    header, *rows = [line.split() for line in drawing.strip().splitlines()]
    kept = [["-" if name in columns else cell for name, cell in zip(header, row, strict=True)] for row in rows]
    return "\n".join(" ".join(row) for row in (header, *kept))


def test_every_table_has_indicators_or_a_reason_to_have_none() -> None:
    catalogue = feature_table.catalogue(CUSTOM)
    looked_at = {table for indicator in catalogue for table in (indicator.table, *indicator.beside)}
    assert looked_at | set(feature_table.WITHOUT_INDICATORS) == set(CONTRACTS)
    assert looked_at.isdisjoint(feature_table.WITHOUT_INDICATORS)


def test_every_customer_of_the_population_has_one_row() -> None:
    assert build(**DRAWINGS)["customer_id"].to_list() == sorted(PEOPLE)


def test_a_missing_table_leaves_unknowns_and_other_angles_as_they_were() -> None:
    whole = build(**DRAWINGS)
    for table in DRAWINGS:
        part = build(**{name: drawing for name, drawing in DRAWINGS.items() if name != table})
        for indicator in feature_table.catalogue(CUSTOM):
            if (table, indicator.table) == ("customers", "contacts"):
                continue  # since when somebody is a customer decides in which months no contact is zero
            if table in (indicator.table, *indicator.beside):
                assert part[indicator.name].null_count() == len(PEOPLE), indicator.name
            else:
                assert part[indicator.name].equals(whole[indicator.name]), indicator.name
        assert part.schema == whole.schema


def test_months_after_as_of_are_invisible() -> None:
    assert build("2025-05", **DRAWINGS).equals(build("2025-05", **until("2025-05")))
    assert not build("2025-06", **DRAWINGS).equals(build("2025-06", **until("2025-05")))


def until(month: str) -> dict[str, str]:
    """The small operator's drawings without the months after `month`."""
    kept = {}
    for name, drawing in DRAWINGS.items():
        header, *rows = drawing.strip().splitlines()
        kept[name] = "\n".join([header, *(row for row in rows if row.split()[0] <= month)])
    return kept


def test_numbers_are_rounded_once_at_the_end() -> None:
    bills = "month customer_id amount \n 2025-05 ann 0.1 \n 2025-06 ann 16777217"
    built = feature_table.build(known_months("2025-06", bills=bills), population("ann"), ())
    # In Float32 16,777,217 is already 16,777,216, and the change would be a whole unit off before the last rounding.
    columns = ("bill_amount_last", "bill_amount_mean_3")
    assert rows_of(built, *columns) == [(16777216.0, float(pl.Series([8388608.55], dtype=pl.Float32)[0]))]


def test_the_operators_own_indicators_come_last() -> None:
    names = [indicator.name for indicator in feature_table.catalogue((CustomName("score"),))]
    assert names[-3:] == ["custom_score_last", "custom_score_change_1", "custom_score_mean_3"]
