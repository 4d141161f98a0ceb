"""Typed values: how what a mapping yields becomes a value of the contract's type, as SQL expressions.

None of them can fail: what does not fit becomes null, which the caller tells from null by the raw value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from features.contracts.contract import MONEY_DIGITS

SQL_TYPES = {
    "String": "VARCHAR",
    "Enum": "VARCHAR",
    "Decimal": f"DECIMAL({MONEY_DIGITS[0]}, {MONEY_DIGITS[1]})",
    "Int32": "INTEGER",
    "Float64": "DOUBLE",
    "Date": "DATE",
    "Bool": "BOOLEAN",
}
"""The engine's type for each kind of contract column."""

_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
"""Space, tab, line ends, and the no-break and ideographic spaces that spreadsheets leave behind."""


def raw_value(column: str, engine_type: str) -> str:
    """The value as the mapping gave it, but text trimmed and its ways of writing null made null."""
    if _family(engine_type) != "text":
        return column
    text = f"CAST({column} AS VARCHAR)"
    # Looking at both ends takes a quarter of the time that trimming does, and nearly all texts begin with a letter or
    # a digit and end with no blank.
    is_clean = f"{text}[1] BETWEEN '0' AND 'z' AND {text}[-1] BETWEEN '!' AND '~'"
    return f"CASE WHEN {is_clean} THEN {text} ELSE nullif(nullif(trim({text}, {_BLANKS}), ''), '$null$') END"


def typed_value(raw: str, engine_type: str, sql_type: str) -> str:
    """The raw value, of the engine's type that the mapping yields, as a value of the contract's type."""
    return _CASTS[sql_type](raw, _family(engine_type))


def keyed_value(text: str) -> str:
    """HMAC-SHA256 (RFC 2104) of a text by the parameters $outer and $inner, the key as mixed into its two pads.

    32 of its 64 hex characters are kept: 128 bits keep any number of customers apart.
    """
    return f"left(sha256($outer || unhex(sha256($inner || encode({text})))), 32)"


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The parameters of `keyed_value`; SHA-256 works in blocks of 64 bytes, and a longer key is hashed first."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return {"outer": bytes(byte ^ 0x5C for byte in block), "inner": bytes(byte ^ 0x36 for byte in block)}


def month_value(raw: str, engine_type: str) -> str:
    """The first day of the month, from a date or from YYYY-MM, YYYYMM or YYYY-MM-DD with or without a time."""
    if _family(engine_type) == "date":
        return f"CAST(date_trunc('month', {_date(raw, 'date')}) AS DATE)"
    if _family(engine_type) == "whole":
        is_month = f"{raw} BETWEEN 100001 AND 999912 AND {raw} % 100 BETWEEN 1 AND 12"
        return f"CASE WHEN {is_month} THEN make_date(CAST({raw} // 100 AS BIGINT), CAST({raw} % 100 AS BIGINT), 1) END"
    text = _text(raw, _family(engine_type))
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{6}}') "
        f"THEN TRY_CAST({text}[1:4] || '-' || {text}[5:6] || '-01' AS DATE) "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}') THEN TRY_CAST({text} || '-01' AS DATE) "
        f"WHEN regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') "
        f"THEN CAST(date_trunc('month', TRY_CAST({text} AS DATE)) AS DATE) END"
    )


def _family(engine_type: str) -> str:
    if engine_type.startswith(("DATE", "TIMESTAMP")):
        return "date"
    if engine_type.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return "fraction"
    if engine_type.endswith(("INT", "INTEGER")):
        return "whole"
    return "bool" if engine_type == "BOOLEAN" else "text"


def _text(raw: str, family: str) -> str:
    """Numbers that come from spreadsheets are fractions: 90022.0 is the id 90022."""
    if family == "text":
        return raw
    text = f"CAST({raw} AS VARCHAR)"
    if family != "fraction":
        return text
    whole = f"{raw} = trunc({raw}) AND abs({raw}) < 1e15"
    return f"CASE WHEN {whole} THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) ELSE {text} END"


def _number(raw: str, family: str, sql_type: str) -> str:
    known = raw if family in {"fraction", "whole", "text"} else f"CAST({raw} AS VARCHAR)"
    return f"TRY_CAST({known} AS {sql_type})"


def _money(raw: str, family: str) -> str:
    return _number(raw, family, SQL_TYPES["Decimal"])


def _float(raw: str, family: str) -> str:
    value = _number(raw, family, "DOUBLE")
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def _whole(raw: str, family: str) -> str:
    """By way of a fraction, because the engine would round '3.7' to 4 without a word."""
    if family == "whole":
        return f"TRY_CAST({raw} AS INTEGER)"
    value = _number(raw, family, "DOUBLE")
    return f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS INTEGER) END"


def _date(raw: str, family: str) -> str:
    """Infinity and dates before our era are dates to the engine, but to nobody else."""
    text = _text(raw, family)
    read = f"CASE WHEN regexp_matches({text}, '^[0-9]{{4}}') THEN TRY_CAST({text} AS DATE) END"
    value = f"CAST({raw} AS DATE)" if family == "date" else read
    return f"CASE WHEN {value} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {value} END"


def _bool(raw: str, family: str) -> str:
    text = f"lower({_text(raw, family)})"
    yes, no = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
    return f"CASE WHEN {text} IN {yes} THEN true WHEN {text} IN {no} THEN false END"


_CASTS: dict[str, Callable[[str, str], str]] = {
    SQL_TYPES["String"]: _text,
    SQL_TYPES["Decimal"]: _money,
    SQL_TYPES["Float64"]: _float,
    SQL_TYPES["Int32"]: _whole,
    SQL_TYPES["Date"]: _date,
    SQL_TYPES["Bool"]: _bool,
}
