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

from orchestration.ingestion.declarations import RawTable, all_declarations
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

    Columns: `raw` (as it arrived), `region` (for numbers without a country code: the tenant's
    country, and the country of the record's contact where it has one), `e164` (null when it is no
    possible number), `kind` (mobile, landline, other, invalid).
    `paths` says where the declarations lie, by default as the environment does.
    """
    paths = paths or current_paths()
    connection.execute("create schema if not exists pii")
    connection.execute(
        "create table if not exists pii.phone_numbers "
        "(raw varchar, region varchar, e164 varchar, kind varchar)"
    )
    rows = connection.execute(
        f"with found as ({_found(connection, settings, paths)}), wanted as ("
        "select value, $region as region from found "
        "union select value, upper(trim(country)) from found where length(trim(country)) = 2) "
        "select value, region from wanted where trim(value) <> '' "
        "and (value, region) not in (select (raw, region) from pii.phone_numbers) "
        "order by value, region",
        {"region": settings.country_code},
    ).fetchall()
    for start in range(0, len(rows), _BATCH):
        numbers = [
            (raw, region, *normalise(raw, region)) for raw, region in rows[start : start + _BATCH]
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


def forget_phone_numbers(
    connection: duckdb.DuckDBPyConnection, settings: TenantSettings, paths: Paths
) -> int:
    """Take out the numbers that no raw table holds any more; return how many there were."""
    found = _found(connection, settings, paths)
    return connection.execute(
        "delete from pii.phone_numbers where raw not in "
        f"(select value from ({found}) as found where value is not null)"
    ).fetchall()[0][0]


def _found(connection: duckdb.DuckDBPyConnection, settings: TenantSettings, paths: Paths) -> str:
    """SQL of (value, country) of all phone columns of the raw tables."""
    attach_sources(connection, settings)
    tables = all_declarations(settings, paths)
    parts = [part for table in tables for part in _values(table, tables)]
    return " union all ".join(parts) or "select '' as value, '' as country where false"


def _values(table: RawTable, tables: list[RawTable]) -> Iterator[str]:
    """SELECTs of (value, country) of a table's phone columns.

    The country stands in the same row, or in another table of the source that names the same record
    (canonical: contacts).
    """
    names = {column.name for column in table.columns}
    country, contacts = "null", ""
    if "country_code" in names:
        country = "phones.country_code"
    elif {"source", "record_id"} <= names:
        for other in tables:
            if other.source == table.source and {"source", "record_id", "country_code"} <= {
                column.name for column in other.columns
            }:
                country = "contacts.country_code"
                contacts = (
                    f"left join {other.relation} as contacts on contacts.source = phones.source "
                    "and contacts.record_id = phones.record_id"
                )
    for column in table.columns:
        if column.phone:
            name = quoted(column.name)
            yield (
                f"select cast(phones.{name} as varchar) as value, {country} as country "
                f"from (select * from {table.relation} where ({column.phone})) as phones {contacts}"
            )


def normalise(raw: str, region: str) -> tuple[str | None, str]:
    """E.164 and kind of a number as it arrived; (None, 'invalid') when it is none.

    A number must be possible, not assigned: numbers reserved for fiction stay.
    """
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None, "invalid"
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None, "invalid"
    kind = _KINDS.get(phonenumbers.number_type(number), "other")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind
