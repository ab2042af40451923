"""`pii.phone_numbers`: every phone number of the raw tables, normalised once.

Belongs here: E.164 and kind of a number. Does not belong here: whose number it is.

SQL cannot normalise phone numbers; this table is joined by identity on (raw, region).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import phonenumbers
import pyarrow as pa
from phonenumbers import PhoneNumberType

from orchestration.ingestion.declarations import RawTable, read_declarations
from orchestration.ingestion.sql import quoted
from orchestration.ingestion.tables import attach_sources
from orchestration.settings import Paths, TenantSettings, current_paths

_KINDS = {
    PhoneNumberType.MOBILE: "mobile",
    # The numbers of some countries (the United States) do not tell: taken as a person's own.
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
}
_BATCH = 100_000


def keep_phone_numbers(
    connection: duckdb.DuckDBPyConnection,
    settings: TenantSettings,
    paths: Paths | None = None,
) -> int:
    """Add the numbers that are not yet in `pii.phone_numbers`; return how many were added.

    Columns: `raw` (as it arrived), `region` (the tenant's country, for numbers without a country
    code), `e164` (null when invalid), `kind` (mobile, landline, other, invalid).
    `paths` says where the declarations lie, by default as the environment does.
    """
    paths = paths or current_paths()
    connection.execute("create schema if not exists pii")
    connection.execute(
        "create table if not exists pii.phone_numbers "
        "(raw varchar, region varchar, e164 varchar, kind varchar)"
    )
    attach_sources(connection, settings)
    tables = [t for name in settings.source_names for t in read_declarations(paths, name)]
    parts = [part for table in tables for part in _values(table)]
    if not parts:
        return 0
    region = settings.country_code
    rows = connection.execute(
        f"select distinct value from ({' union all '.join(parts)}) as found "
        "where trim(value) <> '' and value not in "
        "(select raw from pii.phone_numbers where region = ?) order by value",
        [region],
    ).fetchall()
    for start in range(0, len(rows), _BATCH):
        numbers = [
            (raw, region, *normalise(raw, region)) for (raw,) in rows[start : start + _BATCH]
        ]
        names = ("raw", "region", "e164", "kind")
        columns = {
            name: pa.array(values, pa.string())
            for name, values in zip(names, zip(*numbers, strict=True), strict=True)
        }
        connection.register("gate_phones", pa.table(columns))
        connection.execute("insert into pii.phone_numbers select * from gate_phones")
        connection.unregister("gate_phones")
    return len(rows)


def _values(table: RawTable) -> Iterator[str]:
    for column in table.columns:
        if column.phone:
            yield (
                f"select cast({quoted(column.name)} as varchar) as value from {table.relation} "
                f"where ({column.phone})"
            )


def normalise(raw: str, region: str) -> tuple[str | None, str]:
    """E.164 and kind of a number as it arrived; (None, 'invalid') when it is none."""
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None, "invalid"
    if not phonenumbers.is_valid_number(number):
        return None, "invalid"
    kind = _KINDS.get(phonenumbers.number_type(number), "other")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind
