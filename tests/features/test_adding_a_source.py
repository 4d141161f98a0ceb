"""The example of docs/adding_a_source.md runs as it stands there."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from decimal import Decimal
from pathlib import Path

from features.months import Month
from features.sources import load_source, open_extract
from tests.features.source_folders import column

GUIDE = Path(__file__).parents[2] / "docs" / "adding_a_source.md"
FILE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEY = b"a key of thirty-two bytes or more"
MARCH, APRIL = Month(2017, 3), Month(2017, 4)


def test_the_documented_mapping_of_a_strange_file_works(tmp_path: Path) -> None:
    files = dict(FILE.findall(GUIDE.read_text(encoding="utf-8")))
    assert sorted(files) == [
        "extract/zd.csv",
        "mine/bills.sql",
        "mine/custom_indicators.sql",
        "mine/customers.sql",
        "mine/source.toml",
    ]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="gb18030" if name.endswith(".csv") else "utf-8")
    with open_extract(
        load_source(f"{tmp_path}/mine", tmp_path),
        tmp_path / "extract",
        staging=tmp_path / "staging",
        key=KEY,
        buckets=None,
        threads=1,
        memory_gb=0.5,
    ) as extract:
        assert extract.months() == [MARCH, APRIL]
        customers = column(extract, "customers", MARCH, "customer_id")
        one, two = (hmac.new(KEY, f"1390000000{n}".encode(), hashlib.sha256).hexdigest()[:32] for n in (1, 2))
        assert customers == sorted([one, two])
        row = customers.index(two)
        assert column(extract, "customers", MARCH, "brand")[row] == "M-Zone"
        assert column(extract, "customers", MARCH, "status")[row] == "suspended"
        assert column(extract, "customers", APRIL, "status")[row] == "closed"
        assert column(extract, "customers", MARCH, "activated_on")[row] == dt.date(2016, 11, 20)
        assert column(extract, "bills", MARCH, "amount")[row] == Decimal("1204.5")
        assert sorted(column(extract, "custom_indicators", MARCH, "number")) == [30, 1200]
        assert sorted(column(extract, "custom_indicators", APRIL, "number")) == [30, 1250]
        assert extract.notes() == ["zd.csv: no mapping reads 备注; map to custom_indicators to use"]
