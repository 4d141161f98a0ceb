"""Sending: a month of a block as the operator's files, in its own dialect, and as clean as it is."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from features.contracts import contract_of
from features.months import Month
from infra.simulator.dialect import DIALECT, IN_YUAN, NOT_SENT, PERIOD, Spoken
from infra.simulator.dirt import Dirt, soil

FORMS = ("parquet", "csv", "gb18030")
"""CSV is UTF-8, or GB18030 as the operator's older systems write it."""
TRUTH = "truth"
_NAMES = "|".join([TRUTH, *(speech.file for speech in DIALECT.values())])
_SENT = re.compile(rf"\.?(?:{_NAMES})_(\d{{4}}-\d{{2}})_\d+\.(?:parquet|csv)(?:\.part)?")
"""The name of a file that was sent, or is still being written."""


class Lived(Protocol):
    """A month of a block as it was lived: its tables in the contracts' shape, and what nobody outside knows."""

    @property
    def block(self) -> int: ...
    @property
    def month(self) -> Month: ...
    @property
    def tables(self) -> Mapping[str, pa.Table]: ...
    @property
    def truth(self) -> pa.Table: ...


@dataclass(frozen=True)
class Sending:
    """Where and how the operator's files are written; called with each month of each block, in any order."""

    extracts: Path
    truth: Path | None = None
    form: str = "parquet"
    dirt: float = 0.0
    seed: int = 1

    def __call__(self, lived: Lived) -> None:
        """Write `<table>_<month>_<block>` files of every table; the same bytes whenever it is called with the same."""
        stamp = f"{lived.month}_{lived.block}"
        self.extracts.mkdir(parents=True, exist_ok=True)
        for name, rows in lived.tables.items():
            sent = spoken(name, rows, lived.month)
            if self.dirt:
                sent = soil(sent, name, Dirt(self.dirt, self.seed, as_text=self.form != "parquet"), stamp)
            _write(sent, self.extracts / f"{DIALECT[name].file}_{stamp}", self.form)
        if self.truth is not None:
            self.truth.mkdir(parents=True, exist_ok=True)
            _write(lived.truth, self.truth / f"{TRUTH}_{stamp}", "parquet")

    def forget_after(self, last: Month | None) -> None:
        """Delete the files of months after `last`, of all when None: a killed run's, whose months are lived anew.

        What lies beside them under other names is not the operator's, and stays.
        """
        for folder in (self.extracts, self.truth):
            for file in folder.iterdir() if folder is not None and folder.is_dir() else ():
                told = _SENT.fullmatch(file.name)
                if told and (last is None or told[1] > str(last)):
                    file.unlink()


def spoken(name: str, rows: pa.Table, month: Month) -> pa.Table:
    """Rows of the contract table `name` under the operator's names, in its codes and units, with the period."""
    speech = DIALECT[name]
    columns = {
        speech.column(column): _said(rows.column(column), type(kind).__name__, column, speech)
        for column, kind in contract_of(name).columns().items()
        if column in rows.column_names and column not in NOT_SENT
    }
    period = pa.repeat(pa.scalar(month.year * 100 + month.month, pa.int32()), len(rows))
    return pa.table({PERIOD: period, **columns})


def _said(values: pa.ChunkedArray, kind: str, column: str, speech: Spoken) -> pa.Array | pa.ChunkedArray:
    if kind == "Decimal" and column not in IN_YUAN:  # 32 bits hold twice what a contract lets through
        return pc.cast(pc.round(pc.multiply(pc.cast(values, pa.float64()), 100.0)), pa.int32())
    if kind == "Bool":
        return _coded(values.cast(pa.string()), {"true": "Y", "false": "N"})
    return _coded(values, speech.codes[column]) if column in speech.codes else values


def _coded(values: pa.ChunkedArray, codes: Mapping[str, str]) -> pa.Array:
    """Recode the few different words, not every row; a word without a code stays."""
    words = values.combine_chunks()
    if not pa.types.is_dictionary(words.type):
        words = words.dictionary_encode()
    meant = [codes.get(word, word) for word in words.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(words.indices, pa.array(meant, pa.string()))


def _write(rows: pa.Table, file: Path, form: str) -> None:
    """Write the file under a name that no mapping reads, until it is whole."""
    target = file.with_name(f"{file.name}.{'parquet' if form == 'parquet' else 'csv'}")
    staged = target.with_name(f".{target.name}.part")
    if form == "parquet":
        _write_parquet(rows, staged)
    else:
        staged.write_bytes(_as_text(rows, form))
    staged.replace(target)


def _write_parquet(rows: pa.Table, file: Path) -> None:
    few = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(rows, file, compression="zstd", compression_level=1, use_dictionary=few, store_schema=False)


def _as_text(rows: pa.Table, form: str) -> bytes:
    text = io.BytesIO()
    plain = [field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in rows.schema]
    csv.write_csv(rows.cast(pa.schema(plain)), text)
    return text.getvalue() if form == "csv" else text.getvalue().decode("utf-8").encode(form)
