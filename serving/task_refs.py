"""Task references: what stands for a customer in a file, so that no file holds an id or a number."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from features.months import Month

DIGITS = 16


def task_refs(key: bytes | None, month: Month, customers: Iterable[str]) -> list[str]:
    """A reference for each customer, the same whenever it is made for that month, and another one next month.

    A `t` and the first 16 hexadecimal digits of HMAC-SHA256 (RFC 2104) over month and customer: 64 bits keep a million
    listed customers apart but for one chance in 40 million, and the letter keeps spreadsheets from taking 16 digits,
    or digits around one `e`, for a number and rounding it, as one in 700 would be. Another month gives other
    references, so that one that leaks tells nothing of other months; who holds the lists themselves can follow a person
    by masked number and last month's rank, as a manager has to. Without a key, whoever knows an id can work out its
    reference.
    """
    secret = key or b""
    digests = (hmac.digest(secret, f"task|{month}|{customer}".encode(), "sha256").hex() for customer in customers)
    return [f"t{digest[:DIGITS]}" for digest in digests]
