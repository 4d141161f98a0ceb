"""Month is the only unit of time that crosses modules."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from features import FeaturesError

_WRITTEN = re.compile(r"(\d{4})-(\d{2})")
FIRST_YEAR, LAST_YEAR = 1990, 2100


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; adding or subtracting an integer moves by that many months."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.month <= 12):
            raise FeaturesError(
                f"month {self.year}-{self.month:02d} is out of range; give one from {FIRST_YEAR}-01 to {LAST_YEAR}-12"
            )

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `YYYY-MM`; anything else is an error that says so."""
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise FeaturesError(f"month {text!r} is not a month; write it as YYYY-MM, for example 2017-08")
        return cls(int(written[1]), int(written[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __add__(self, months: int) -> Month:
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(years, month + 1)

    def __sub__(self, months: int) -> Month:
        return self + -months

    def until(self, later: Month) -> int:
        """Months from this one to `later`; negative when `later` is earlier."""
        return (later.year - self.year) * 12 + later.month - self.month

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """Every month from `first` to `last`, both included; none when `last` is earlier."""
    return (first + step for step in range(first.until(last) + 1))
