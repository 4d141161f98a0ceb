from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from models import ModelsError
from models.encoding import MOST_CATEGORIES, Encoding, learn_encoding

ENCODING = Encoding(("bill", "plan", "tenure"), {"plan": ("blue", "red")})


def rows(**columns: list[object]) -> pa.Table:
    text = pa.large_string()
    return pa.table(
        {name: pa.array(cells, text if name == "plan" else pa.float32()) for name, cells in columns.items()}
    )


def test_numbers_stay_and_categories_become_their_place():
    matrix = ENCODING.matrix(rows(bill=[1.5, -2.0], plan=["red", "blue"], tenure=[3, 4]))
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1.5, 1.0, 3.0], [-2.0, 0.0, 4.0]]


def test_unknown_numbers_and_unknown_or_new_categories_become_nan():
    matrix = ENCODING.matrix(rows(bill=[None, 1, 1], plan=["red", None, "green"], tenure=[1, 1, 1]))
    np.testing.assert_array_equal(matrix, np.array([[np.nan, 1, 1], [1, np.nan, 1], [1, np.nan, 1]], dtype=np.float32))


def test_columns_come_in_the_encodings_order_whatever_the_tables_order():
    table = rows(tenure=[3], plan=["red"], bill=[1], surplus=[9])
    assert ENCODING.matrix(table).tolist() == [[1.0, 1.0, 3.0]]


def test_a_missing_column_is_an_error_and_not_a_shift_of_the_others():
    with pytest.raises(ModelsError, match=r"the model needs column plan, which is missing; build the month again"):
        ENCODING.matrix(rows(bill=[1], tenure=[1]))


def test_rows_in_several_chunks_or_none_are_encoded_alike():
    table = rows(bill=[1, 2, 3], plan=["red", None, "blue"], tenure=[1, 2, 3])
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1)])
    np.testing.assert_array_equal(ENCODING.matrix(chunked), ENCODING.matrix(table))
    assert ENCODING.matrix(table.slice(0, 0)).shape == (0, 3)
    assert ENCODING.matrix(table.schema.empty_table()).shape == (0, 3)


def test_a_column_without_any_text_is_encoded_as_unknown():
    table = rows(bill=[1], tenure=[1]).append_column("plan", pa.nulls(1, pa.large_string()))
    assert np.isnan(ENCODING.matrix(table)[0, 1])


def test_codes_do_not_depend_on_the_order_of_the_rows():
    first = learn_encoding(["bill"], {"plan": Counter(["red", "blue", "blue"])}, ["bill", "plan"])
    second = learn_encoding(["bill"], {"plan": Counter(["blue", "red", "blue"])}, ["bill", "plan"])
    assert first == second == Encoding(("bill", "plan"), {"plan": ("blue", "red")})
    assert first.categorical == [1]


def test_columns_follow_the_catalogue_and_only_known_ones_are_used():
    found = learn_encoding(["tenure", "bill"], {"plan": Counter(["red"])}, ["tenure", "never", "plan", "bill"])
    assert found.columns == ("tenure", "plan", "bill")


def test_only_the_commonest_categories_get_a_code_and_ties_go_by_name():
    counts = Counter({f"dealer {number:03}": 1 for number in reversed(range(MOST_CATEGORIES + 10))})
    counts["zed"] = 5
    kept = learn_encoding([], {"dealer": counts}, ["dealer"]).categories["dealer"]
    assert len(kept) == MOST_CATEGORIES
    assert kept[-1] == "zed"
    assert kept[:-1] == tuple(f"dealer {number:03}" for number in range(MOST_CATEGORIES - 1))
