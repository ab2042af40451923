"""`ops.erasures` as the gate and the send path need it: the keys of what was erased.

Belongs here: reading and adding tombstones, and the key of an identifier as the graph makes it
(`macros/normalise.sql`; a test holds the two against each other). Does not belong here: which rows
they mean (`erased_rows.py`), and who decides (`orchestration/erasure`).

A tombstone is the keyed hash of an identifier, or of a record whose identifiers were erased: nobody
reads an address from it, but whoever has the address and the key recognises it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from orchestration.ingestion.hash_key import ensure_hash_keys
from orchestration.ingestion.phones import normalise
from orchestration.ingestion.sql import literal
from orchestration.seed_overrides import seed_text
from orchestration.settings import TenantSettings

RECORD = "(record)"
FORMER = "(former id)"  # an id that led to an erased person: its rows at destinations go too
ACTIVE = "select * from ops.erasures where lifted_at is null"
_BLANKS = r"^[\s\x{00a0}\x{200b}\x{feff}]+|[\s\x{00a0}\x{200b}\x{feff}]+$"


@dataclass(frozen=True)
class NewTombstone:
    """A tombstone that is to be: `is_person` where a whole person is erased with it."""

    identifier_key: str
    identifier_type: str
    is_person: bool
    erasure_id: str


@dataclass(frozen=True)
class Tombstones:
    """The tombstones in force, in the temporary table `erased_keys`, and how keys are made.

    `kinds` are the types of erased identifiers, `region` the country of national phone numbers,
    `regions` all countries that were met.
    """

    kinds: frozenset[str]
    phone_kinds: frozenset[str]
    region: str
    regions: tuple[str, ...]

    @property
    def has_email(self) -> bool:
        return "email" in self.kinds

    @property
    def has_phone(self) -> bool:
        return bool(self.kinds & {*self.phone_kinds, "landline"})

    def may_hold(self, kind: str) -> bool:
        """Whether a column of identifiers of `kind` can hold an erased one."""
        return kind in self.kinds or (kind in self.phone_kinds and self.has_phone)


def read_tombstones(
    connection: duckdb.DuckDBPyConnection,
    settings: TenantSettings,
    added: Iterable[NewTombstone] = (),
) -> Tombstones | None:
    """Fill `erased_keys`, `erased_types` and `erased_placeholders`; None where nothing is erased.

    `added` are tombstones that are only tried (a dry run).
    """
    ensure_hash_keys(connection)
    connection.execute(
        "create or replace temp table erased_keys as select identifier_key, identifier_type, "
        f"bool_or(scope = 'person') as is_person, min(erasure_id) as erasure_id from ({ACTIVE}) "
        "group by identifier_key, identifier_type"
    )
    new = [(t.identifier_key, t.identifier_type, t.is_person, t.erasure_id) for t in added]
    if new:
        connection.executemany("insert into erased_keys values (?, ?, ?, ?)", new)
    rows = connection.execute("select distinct identifier_type from erased_keys").fetchall()
    if not rows:
        return None
    types = list(csv.DictReader(io.StringIO(seed_text("identifier_types", settings))))
    _put(
        connection,
        "erased_types",
        identifier_type=[row["identifier_type"] for row in types],
        rank=[int(row["rank"]) for row in types],
        normaliser=[row["normaliser"] for row in types],
    )
    blocked = list(csv.DictReader(io.StringIO(seed_text("identifier_blocklist", settings))))
    _put(
        connection,
        "erased_placeholders",
        value=[row["pattern"] for row in blocked if row["match_kind"] == "value"],
    )
    return Tombstones(
        kinds=frozenset(kind for (kind,) in rows),
        phone_kinds=frozenset(r["identifier_type"] for r in types if r["normaliser"] == "phone"),
        region=settings.country_code,
        regions=tuple(sorted({settings.country_code, *_known_regions(connection)})),
    )


def _known_regions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    try:
        rows = connection.execute(
            "select distinct region from pii.phone_numbers where region is not null"
        ).fetchall()
    except duckdb.CatalogException:  # a warehouse in which nothing was landed
        return []
    return [region for (region,) in rows]


def _put(connection: duckdb.DuckDBPyConnection, name: str, **columns: list) -> None:
    connection.register("erased_new", pa.table(columns))
    connection.execute(f"create or replace temp table {name} as select * from erased_new")
    connection.unregister("erased_new")


def trimmed(value: str) -> str:
    """SQL of macro normalise_text."""
    stripped = f"regexp_replace({value}, {literal(_BLANKS)}, '', 'g')"
    return f"nullif(nfc_normalize({stripped}), '')"


def keyed(*parts: str) -> str:
    """SQL of macro identifier_key."""
    hash_key = "(select hash_key from pii.hash_keys order by key_version desc limit 1)"
    return f"sha256(concat_ws(chr(31), {', '.join((hash_key, *parts))}))"


def add_keys(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> None:
    """Create the temporary table `name`: `relation` (kind, value, region, ...) with identifier_key.

    `rank` and `identifier_type` (a fixed line is a landline, whatever column it stands in) come
    along. A kind `<type>_key` holds the key itself, as in `int_identity__values`.
    """
    _normalise_phones(connection, relation)
    text = trimmed("given.value")
    connection.execute(
        f"""
        create or replace temp table {name} as
        with typed as (
            select
                given.*,
                coalesce(erased_types.rank, keyed_types.rank, 99) as rank,
                case when erased_phones.kind in ('fixed_line', 'landline') then 'landline'
                    else coalesce(keyed_types.identifier_type, given.kind) end as identifier_type,
                keyed_types.identifier_type is not null as is_key,
                coalesce(
                    case erased_types.normaliser
                        when 'email' then lower({text})
                        when 'phone' then erased_phones.e164
                        when 'trim_lower' then lower({text})
                        when 'trim_upper' then upper({text})
                        else {text}
                    end, {text}, '') as identifier_value
            from {relation} as given
            left join erased_types on given.kind = erased_types.identifier_type
            left join erased_types as keyed_types
                on given.kind = concat(keyed_types.identifier_type, '_key')
            left join erased_phones
                on erased_types.normaliser = 'phone'
                and given.value = erased_phones.raw and given.region = erased_phones.region
        )
        select * exclude (identifier_value, is_key),
            case when is_key then identifier_value
                else {keyed("identifier_type", "identifier_value")} end as identifier_key
        from typed
        """
    )


def _normalise_phones(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    rows = connection.execute(
        f"select distinct given.value, given.region from {relation} as given "
        "inner join erased_types on given.kind = erased_types.identifier_type "
        "where erased_types.normaliser = 'phone' and given.region is not null"
    ).fetchall()
    numbers = [(raw, region, *normalise(raw, region)) for raw, region in rows]
    names = ("raw", "region", "e164", "kind")
    columns = list(zip(*numbers, strict=True)) if numbers else [()] * 4
    _put(
        connection,
        "erased_phones",
        **{
            name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)
        },
    )


def remember_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the record tombstones of `erased_keys` that `ops.erasures` does not have yet."""
    connection.execute(
        f"""
        insert into ops.erasures by name
        select
            found.identifier_key, found.identifier_type, found.erasure_id, kept.scope,
            kept.person_id, kept.reason, kept.author, kept.erased_at, kept.finished_at
        from erased_keys as found
        inner join (
            select * from ops.erasures
            qualify row_number() over (partition by erasure_id order by identifier_key) = 1
        ) as kept using (erasure_id)
        where found.identifier_type = {literal(RECORD)}
            and found.identifier_key not in (select identifier_key from ({ACTIVE}))
        """
    )
