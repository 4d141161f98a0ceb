"""Time spans: how many months or days lie between a date and the end of a month, on every engine alike."""

from __future__ import annotations

import narwhals as nw

from features.months import Month


def begins_in(date: nw.Expr, month: Month) -> nw.Expr:
    """Whether a date lies in the month; null when the date is unknown."""
    return (date >= nw.lit(month.first_day)) & (date <= nw.lit(month.last_day))


def lasts_in(started_on: nw.Expr, ended_on: nw.Expr, month: Month) -> nw.Expr:
    """Whether something lasts on any day of the month; an unknown end is an open one."""
    return (started_on <= nw.lit(month.last_day)) & (ended_on.is_null() | (ended_on >= nw.lit(month.first_day)))


def in_force_at_end(ended_on: nw.Expr, month: Month) -> nw.Expr:
    """Whether something that has begun still lasts on the month's last day; an unknown end is an open one."""
    return ended_on.is_null() | (ended_on >= nw.lit(month.last_day))


def months_since(date: nw.Expr, as_of: Month) -> nw.Expr:
    """Full months from a date to the end of `as_of`: 0 within the month itself, negative for a date after it."""
    return as_of.year * 12 + as_of.month - (_whole(date.dt.year()) * 12 + _whole(date.dt.month()))


def days_until(date: nw.Expr, as_of: Month) -> nw.Expr:
    """Days from the last day of `as_of` to a date; negative for a date before it."""
    return _day_number(date) - as_of.last_day.toordinal()


def days_within(started_on: nw.Expr, ended_on: nw.Expr, month: Month) -> tuple[nw.Expr, nw.Expr]:
    """From which day of the month to which something lasted that was in force in it; both belong to it.

    Whole numbers, because subtracting dates gives another type on every engine.
    """
    first, last = nw.lit(month.first_day), nw.lit(month.last_day)
    from_day = nw.when(started_on < first).then(nw.lit(1)).otherwise(_whole(started_on.dt.day()))
    open_or_later = ended_on.is_null() | (ended_on > last)
    to_day = nw.when(open_or_later).then(nw.lit(month.last_day.day)).otherwise(_whole(ended_on.dt.day()))
    return _whole(from_day), _whole(to_day)


def _day_number(date: nw.Expr) -> nw.Expr:
    # The proleptic Gregorian ordinal, as datetime.date.toordinal counts: 1 for 0001-01-01.
    years = _whole(date.dt.year()) - 1
    return years * 365 + years // 4 - years // 100 + years // 400 + _whole(date.dt.ordinal_day())


def _whole(number: nw.Expr) -> nw.Expr:
    # Parts of dates come as 8-, 16- or 32-bit integers, which overflow in arithmetic on some engines.
    return number.cast(nw.Int64)
