from __future__ import annotations

from pathlib import Path

import pytest

from features import feature_table
from models import ModelsError
from models.business_list import BusinessList, read_business_list

SHIPPED = Path(__file__).resolve().parents[2] / "infra" / "settings" / "business_indicators.toml"


def written(folder: Path, text: str) -> Path:
    file = folder / "list.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_both_lists_are_read_in_their_order(tmp_path: Path):
    file = written(tmp_path, 'prefer = ["b", "a"]\nkeep = ["custom_score_last"]')
    assert read_business_list(file) == BusinessList(("b", "a"), ("custom_score_last",))
    assert read_business_list(written(tmp_path, "")) == BusinessList()


def test_what_is_not_listed_comes_last():
    business = BusinessList(("b", "a"))
    assert [business.place(name) for name in ("a", "b", "c")] == [1, 0, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('prefer = ["a"', r"is not TOML: .*; mend it"),
        ('wish = ["a"]', r"wish is unknown; the lists are prefer, keep"),
        ("prefer = [1]", r"prefer holds names of indicators; write prefer = "),
        ('keep = "a"', r"keep holds names of indicators; write keep = "),
        ('prefer = ["a", "b", "a"]', r"a stands twice in prefer; leave one of them out"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, text: str, told: str):
    with pytest.raises(ModelsError, match=told):
        read_business_list(written(tmp_path, text))


def test_a_missing_file_is_told_with_the_setting_that_names_it(tmp_path: Path):
    with pytest.raises(ModelsError, match=r"does not exist; name an existing TOML file in screening.business_file"):
        read_business_list(tmp_path / "none.toml")


def test_the_shipped_list_names_indicators_of_the_catalogue():
    business = read_business_list(SHIPPED)
    names = {indicator.name for indicator in feature_table.catalogue(())}
    assert {*business.prefer, *business.keep} - names == set()
