"""Truth tables: a simulated operator's tables as their contracts have them, by month and block on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw

from features.contracts import CONTRACTS
from features.known_months import Frame, KnownMonths
from features.months import Month

if TYPE_CHECKING:
    import pyarrow as pa

    from infra.simulator.month_of_block import MonthOfBlock

TRUTH = "truth"


@dataclass(frozen=True)
class TruthTables:
    """A folder of Parquet files `<table>/<month>_<block>.parquet`; a block takes the place of a bucket."""

    folder: Path

    def __call__(self, lived: MonthOfBlock) -> None:
        """Write one month of one block, the truth beside it."""
        for name, rows in {**lived.tables, TRUTH: lived.truth}.items():
            if rows.num_rows:
                self._write(name, f"{lived.month}_{lived.block:04}", rows)

    def _write(self, name: str, part: str, rows: pa.Table) -> None:
        import polars as pl

        (self.folder / name).mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame(rows)
        enums = [column for column, kind in frame.schema.items() if isinstance(kind, (pl.Categorical, pl.Enum))]
        frame = frame.with_columns(pl.col(enums).cast(pl.String))
        frame.write_parquet(self.folder / name / f"{part}.parquet", compression="lz4")

    def blocks(self) -> list[int]:
        return sorted({int(file.stem.rpartition("_")[2]) for file in (self.folder / "customers").iterdir()})

    def read(self, table: str, month: Month, block: int | None) -> Frame | None:
        import polars as pl

        pattern = f"{month}_*.parquet" if block is None else f"{month}_{block:04}.parquet"
        files = sorted((self.folder / table).glob(pattern))
        return nw.from_native(pl.scan_parquet(files, glob=False)) if files else None

    def known_months(self, as_of: Month, block: int) -> KnownMonths:
        """What features see of a block: everything up to `as_of`, as if each month had been delivered in time.

        What lies beyond `as_of` in columns that tell when it happens is as in the files: the simulator writes a month
        by what is known at its end.
        """

        def read(table: str, month: Month) -> Frame | None:
            return self.read(table, month, block if CONTRACTS[table].by_customer else None)

        return KnownMonths(as_of, read, lambda table, month: self.read(table, month, None))
