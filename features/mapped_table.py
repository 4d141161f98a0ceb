"""A mapped table: what a mapping's SELECT yields, brought to its contract's types and months, as SQL.

Nothing a mapping yields can stop an ingest half-way: a value that does not fit its column becomes null
with a flag, and a row whose month cannot be told is set aside with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from features import FeaturesError
from features.contracts.contract import MONEY_DIGITS, Contract
from features.months import FIRST_YEAR, LAST_YEAR

MONTH = "month"
REASON, HASH, MONTH_TEXT = "reason", "bucket hash", "month text"
UNPARSABLE, EXAMPLE, RAW = "unparsable:", "example:", "raw:"

_TYPES = {
    "String": "VARCHAR",
    "Enum": "VARCHAR",
    "Decimal": f"DECIMAL({MONEY_DIGITS[0]}, {MONEY_DIGITS[1]})",
    "Int32": "INTEGER",
    "Float64": "DOUBLE",
    "Date": "DATE",
    "Bool": "BOOLEAN",
}
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
"""Space, tab, line ends, and the no-break and ideographic spaces that spreadsheets leave behind."""


@dataclass(frozen=True)
class MappedTable:
    """A contract, the columns (name to engine type) that a mapping yields for it, and those to be keyed."""

    contract: Contract
    yielded: Mapping[str, str]
    keyed: Collection[str] = ()

    @property
    def is_history(self) -> bool:
        """Whether rows come without a month and belong to every month in which they are in force."""
        return MONTH not in self.yielded and self.contract.interval is not None

    def present(self) -> list[str]:
        return [name for name in self.contract.columns() if name in self.yielded]

    def cast(self) -> list[str]:
        """Columns whose values can fail to fit."""
        return [name for name in self.present() if self.type_of(name) != "VARCHAR"]

    def type_of(self, column: str) -> str:
        return _TYPES[type(self.contract.columns()[column]).__name__]

    def check(self) -> None:
        """Refuse a mapping that misses the month or a column that may not be null."""
        if MONTH not in self.yielded and not self.is_history:
            raise FeaturesError(f"{self.contract.name}.sql: column month is missing; add it as YYYY-MM or a date")
        for name, column in self.contract.columns().items():
            if name not in self.yielded and not column.nullable:
                raise FeaturesError(f"{self.contract.name}.sql: column {name} is missing; add it to the SELECT")

    def extra(self) -> list[str]:
        return [name for name in self.yielded if name not in self.contract.columns() and name != MONTH]


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


def staging_select(table: MappedTable, view: str, months: str) -> str:
    """The SELECT that turns the rows of `view` into typed, placed rows.

    It yields month (DATE, null for rows that belong to none), reason, month text, bucket hash, the
    contract's columns that are present, a flag per cast column and an example of what did not fit where
    the contract lets values be shown. `months` is a table of first days for histories. Keyed columns
    need the parameters $outer and $inner, the two padded halves of the HMAC key.
    """
    return (
        f"WITH raw AS (SELECT {_listed(_raw_columns(table))} FROM {view}), "
        f"typed AS (SELECT *, {_listed(_typed_columns(table))} FROM raw), "
        f"judged AS (SELECT *, {_reason(table)} AS reason FROM typed), "
        f"placed AS ({_placed(table, months)}) "
        f"SELECT {_listed(_kept_columns(table))} FROM placed"
    )


def batch_select(table: MappedTable, rows: str) -> str:
    """The SELECT of one month and bucket in the contract's types, in key order: the same bytes every time."""
    columns = [
        quoted(name) if name in table.yielded else f"CAST(NULL AS {table.type_of(name)}) AS {quoted(name)}"
        for name in table.contract.columns()
    ]
    flags = [quoted(UNPARSABLE + name) for name in table.cast()]
    order = table.contract.key() + [name for name in table.present() if name not in table.contract.key()]
    return (
        f"SELECT {_listed(columns + flags)} FROM {rows} "
        f"WHERE month = $month AND {quoted(HASH)} % $buckets = $bucket ORDER BY {_listed(map(quoted, order))}"
    )


def unplaced_select(table: MappedTable, rows: str) -> str:
    """The SELECT of the rows that belong to no month, with the reason and the month as it was written."""
    columns = [quoted(name) for name in table.present()]
    return (
        f"SELECT reason, {quoted(MONTH_TEXT)} AS month, {_listed(columns)} FROM {rows} "
        f"WHERE reason IS NOT NULL ORDER BY ALL"
    )


def _listed(columns: Collection[str] | map[str]) -> str:
    return ", ".join(columns)


def _raw_columns(table: MappedTable) -> list[str]:
    """Every column as the mapping gave it, but text trimmed and its ways of writing null made null."""
    wanted = [*([] if table.is_history else [MONTH]), *table.present()]
    return [f"{_raw(quoted(name), table.yielded[name])} AS {quoted(RAW + name)}" for name in wanted]


def _raw(column: str, engine_type: str) -> str:
    if _family(engine_type) != "text":
        return column
    return f"nullif(nullif(trim(CAST({column} AS VARCHAR), {_BLANKS}), ''), '$null$')"


def _family(engine_type: str) -> str:
    if engine_type.startswith(("DATE", "TIMESTAMP")):
        return "date"
    if engine_type.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return "fraction"
    if engine_type.endswith(("INT", "INTEGER")):
        return "whole"
    return "bool" if engine_type == "BOOLEAN" else "text"


def _typed_columns(table: MappedTable) -> list[str]:
    month = [] if table.is_history else [f"{_month(quoted(RAW + MONTH), table.yielded[MONTH])} AS month"]
    return month + [f"{_typed(table, name)} AS {quoted(name)}" for name in table.present()]


def _typed(table: MappedTable, name: str) -> str:
    raw, family = quoted(RAW + name), _family(table.yielded[name])
    value = _CASTS[table.type_of(name).partition("(")[0]](raw, family)
    return _keyed(value) if name in table.keyed else value


def _text(raw: str, family: str) -> str:
    """Numbers that come from spreadsheets are fractions: 90022.0 is the id 90022."""
    if family == "fraction":
        return f"CASE WHEN {raw} = trunc({raw}) AND abs({raw}) < 1e15 THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) ELSE CAST({raw} AS VARCHAR) END"
    return raw if family == "text" else f"CAST({raw} AS VARCHAR)"


def _numeric(raw: str, family: str) -> str:
    return raw if family in ("fraction", "whole", "text") else f"CAST({raw} AS VARCHAR)"


def _money(raw: str, family: str) -> str:
    return f"TRY_CAST({_numeric(raw, family)} AS {_TYPES['Decimal']})"


def _float(raw: str, family: str) -> str:
    value = f"TRY_CAST({_numeric(raw, family)} AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def _whole(raw: str, family: str) -> str:
    """By way of a fraction, because the engine would round '3.7' to 4 without a word."""
    value = f"TRY_CAST({_numeric(raw, family)} AS DOUBLE)"
    return f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS INTEGER) END"


def _date(raw: str, family: str) -> str:
    """Infinity and dates before our era are values to the engine, but no dates to anybody else."""
    text = f"CASE WHEN regexp_matches({_text(raw, family)}, '^[0-9]{{4}}') THEN TRY_CAST({_text(raw, family)} AS DATE) END"
    value = f"CAST({raw} AS DATE)" if family == "date" else text
    return f"CASE WHEN {value} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {value} END"


def _bool(raw: str, family: str) -> str:
    text = f"lower({_text(raw, family)})"
    return f"CASE WHEN {text} IN ('true', 't', 'yes', 'y', '1') THEN true WHEN {text} IN ('false', 'f', 'no', 'n', '0') THEN false END"


_CASTS: dict[str, Callable[[str, str], str]] = {
    "VARCHAR": _text,
    "DECIMAL": _money,
    "DOUBLE": _float,
    "INTEGER": _whole,
    "DATE": _date,
    "BOOLEAN": _bool,
}


def _keyed(text: str) -> str:
    """HMAC-SHA256 (RFC 2104) of the trimmed text; 32 of its 64 hex characters keep 128 bits apart."""
    return f"left(sha256($outer || unhex(sha256($inner || encode({text})))), 32)"


def _month(raw: str, engine_type: str) -> str:
    """The first day of the month, from a date or from YYYY-MM, YYYYMM or YYYY-MM-DD with or without a time."""
    if _family(engine_type) == "date":
        return f"CAST(date_trunc('month', {_date(raw, 'date')}) AS DATE)"
    text = _text(raw, _family(engine_type))
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{6}}') "
        f"THEN TRY_CAST({text}[1:4] || '-' || {text}[5:6] || '-01' AS DATE) "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}') THEN TRY_CAST({text} || '-01' AS DATE) "
        f"WHEN regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') "
        f"THEN CAST(date_trunc('month', TRY_CAST({text} AS DATE)) AS DATE) END"
    )


def _reason(table: MappedTable) -> str:
    """Why a row belongs to no month; null for all others."""
    whens = _history_reasons(table) if table.is_history else _month_reasons(table)
    return f"CASE {' '.join(f'WHEN {rule} THEN {literal(reason)}' for rule, reason in whens)} END"


def _month_reasons(table: MappedTable) -> list[tuple[str, str]]:
    started = [name for name in table.contract.known_when_it_happens() if name in table.contract.key()]
    return [
        (f"{quoted(RAW + MONTH)} IS NULL", "month is missing"),
        ("month IS NULL", "month is unreadable"),
        (f"year(month) NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR}", "month is out of range"),
        *((f"{quoted(name)} > last_day(month)", f"{name} lies after the month") for name in started),
    ]


def _history_reasons(table: MappedTable) -> list[tuple[str, str]]:
    start, end = _interval(table)
    return [
        (f"{start} IS NULL", f"{start} is missing or unreadable".replace('"', "")),
        (f"{end} < {start}", f"{end} lies before {start}".replace('"', "")),
    ]


def _interval(table: MappedTable) -> tuple[str, str]:
    interval = table.contract.interval
    assert interval is not None, "only interval tables are histories"
    end = quoted(interval.end) if interval.end in table.yielded else "CAST(NULL AS DATE)"
    return quoted(interval.start), end


def _placed(table: MappedTable, months: str) -> str:
    """Rows with the month they belong to: their own, or each one in which they are in force."""
    if not table.is_history:
        return "SELECT * REPLACE (CASE WHEN reason IS NULL THEN month END AS month) FROM judged"
    start, end = _interval(table)
    return (
        f"SELECT judged.*, {months}.month, CAST(NULL AS VARCHAR) AS {quoted(RAW + MONTH)} "
        f"FROM judged LEFT JOIN {months} ON reason IS NULL "
        f"AND {start} <= last_day({months}.month) AND ({end} IS NULL OR {end} >= {months}.month)"
    )


def _kept_columns(table: MappedTable) -> list[str]:
    texts = [f"CAST({quoted(RAW + MONTH)} AS VARCHAR) AS {quoted(MONTH_TEXT)}"]
    hashed = f"coalesce(md5_number_lower({quoted('customer_id')}), 0) AS {quoted(HASH)}"
    return [MONTH, REASON, *texts, hashed, *_hidden(table), *_flags(table)]


def _hidden(table: MappedTable) -> list[str]:
    """The contract's columns, with every date that had not happened by the month's end made null."""
    late = set(table.contract.known_when_it_happens()) - set(table.contract.key())
    return [
        f"CASE WHEN month IS NULL OR {quoted(name)} <= last_day(month) THEN {quoted(name)} END AS {quoted(name)}"
        if name in late
        else quoted(name)
        for name in table.present()
    ]


def _flags(table: MappedTable) -> list[str]:
    flags = []
    for name in table.cast():
        lost = f"({quoted(RAW + name)} IS NOT NULL AND placed.{quoted(name)} IS NULL)"
        flags.append(f"{lost} AS {quoted(UNPARSABLE + name)}")
        if table.contract.shows_values(name):
            flags.append(f"CASE WHEN {lost} THEN CAST({quoted(RAW + name)} AS VARCHAR) END AS {quoted(EXAMPLE + name)}")
    return flags
