"""Describe pages: what docs/ says of tables and indicators is what the contracts and the catalogue say now."""

from __future__ import annotations

from pathlib import Path

import pytest

from features import HoldfastError, feature_table
from features.contracts import CONTRACTS, OWN
from flows.describe_pages import page
from tests.flows.conftest import holdfast

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"data_dictionary.md": None, "indicators.md": "indicators"}


@pytest.mark.parametrize(("file", "what"), PAGES.items())
def test_the_page_in_docs_is_current(file: str, what: str | None):
    command = f"holdfast describe{f' {what}' if what else ''} --markdown > docs/{file}"
    assert (DOCS / file).read_text(encoding="utf-8") == page(what), f"write it anew: {command}"


def test_every_table_has_its_columns():
    dictionary = page(None)
    for name, contract in (CONTRACTS | OWN).items():
        of_table = dictionary.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert [column for column in contract.columns() if f"| `{column}` |" not in of_table] == []


def test_every_indicator_stands_under_its_angle():
    indicators = page("indicators")
    for indicator in feature_table.catalogue(()):
        assert f"| `{indicator.name}` |" in indicators.partition(f"## {indicator.angle}\n")[2].partition("\n## ")[0]


def test_the_command_prints_the_page_and_nothing_else():
    answer = holdfast("describe", "bills", "--markdown")
    assert answer.code == 0
    assert answer.out == page("bills")
    assert answer.out.startswith(
        "## bills\n\nOne row per customer: the month's bill in its parts. Key: customer_id, month."
    )


def test_an_unknown_name_is_an_error():
    with pytest.raises(HoldfastError, match="did you mean bills"):
        page("bill")
