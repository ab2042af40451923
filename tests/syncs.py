"""Hand-made warehouses and a scripted destination, for tests of the send path.

Belongs here: the few tables that a sync reads, written by hand, and a connector that answers what a
test tells it to. Does not belong here: expectations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.activation import SyncDefinition, SyncReport, run_sync
from orchestration.activation.connectors.base import (
    OPERATIONS,
    ConnectorContext,
    Description,
    Record,
    RowResult,
)
from orchestration.contact_settings import WEEKDAYS, FrequencyCap
from orchestration.ops_tables import ensure_ops_tables
from orchestration.settings import Paths
from orchestration.warehouse import SCHEMAS

NOON = datetime(2026, 7, 1, 12, 0)
WEEK = ",".join(WEEKDAYS)
HASH_KEY = "key of the tests"
TABLES = """
    create table pii.hash_keys as select 1 as key_version, '{key}' as hash_key;
    create table pii.people (
        person_id varchar, identifier_key varchar, email varchar, first_name varchar, city varchar
    );
    create table core.consent_by_identifier (
        identifier_key varchar, person_id varchar, channel varchar, purpose varchar,
        status varchar, since timestamp
    );
    create table core.suppressions (
        identifier_key varchar, channel varchar, reason varchar, since timestamp
    );
    create table segments.membership (
        segment varchar, person_id varchar, exited_at timestamp, is_holdout boolean
    );
    create table core.dim_profiles (
        person_id varchar, household_id varchar, timezone varchar
    );
    create table core.contact_preferences (
        person_id varchar, max_messages integer, period_days integer,
        quiet_from_minute integer, quiet_to_minute integer
    );
    create table identity.identifier_person (
        identifier_key varchar, person_id varchar, is_current boolean
    );
    create table core.preferences_current (
        person_id varchar, preference varchar, value varchar, since timestamp
    );
    create table identity.person_redirects (old_person_id varchar, person_id varchar);
    create table identity.persons (person_id varchar, confidence_score double);
    create table seeds.identity_levels as
        select * from (values ('strict', 1.0), ('default', 0.99), ('loose', 0.95))
            as levels (identity_level, min_confidence);
    create table seeds.contact_frequencies as
        select 'weekly' as frequency, 1 as max_messages, 7 as period_days;
    create table seeds.channels as
        select * from (values ('email', 'email'), ('sms', 'phone'), ('push', 'push_token'))
            as channels (channel, address_identifier_type);
    create view activation.act_test__people as
        select person_id, identifier_key, email, first_name, city from pii.people;
    insert into ops.settings (tenant, as_of, universal_holdout_pct, split_salt)
        values ('test', timestamp '2026-07-01', 0, 'salt');
"""


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that a sync reads, with nobody in them."""
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    ensure_ops_tables(connection)
    connection.execute(TABLES.format(key=HASH_KEY))


def definition(**values: object) -> SyncDefinition:
    """A mirror of `act_test__people` to e-mail addresses, with what the test changes."""
    document = {
        "sync": "people",
        "model": "act_test__people",
        "destination": "file",
        "channel": "email",
        "mode": "mirror",
        "purpose": "marketing",
        "guards": {"max_remove_pct": 100},
        **values,
    }
    return SyncDefinition.model_validate(document)


@dataclass
class Brand:
    """A brand's warehouse, its clock and its outbox; `hours` moves the clock."""

    connection: duckdb.DuckDBPyConnection
    paths: Paths
    clock: datetime = NOON

    def person(
        self, number: int, *, status: str | None = "granted", first_name: str = "Anna"
    ) -> str:
        """Add a person with one address (key `k<number>`) and its consent; the person's id."""
        person_id = f"p{number:04d}"
        self.connection.execute(
            "insert into pii.people values (?, ?, ?, ?, ?)",
            [person_id, f"k{number:04d}", f"person{number}@example.com", first_name, "Bern"],
        )
        if status is not None:
            self.consent(f"k{number:04d}", person_id, status=status)
        return person_id

    def consent(
        self, key: str, person_id: str, *, status: str, channel: str = "email", day: int = 1
    ) -> None:
        """Set the consent of an address for marketing, since a day of June 2026."""
        self.connection.execute(
            "delete from core.consent_by_identifier "
            "where identifier_key = ? and person_id = ? and channel = ?",
            [key, person_id, channel],
        )
        self.connection.execute(
            "insert into core.consent_by_identifier values (?, ?, ?, 'marketing', ?, ?)",
            [key, person_id, channel, status, datetime(2026, 6, day)],
        )

    def cap(self, count: int, days: int, *, channel: str = "all", per: str = "person") -> None:
        """Cap marketing messages."""
        cap = FrequencyCap(channel=channel, per=per, count=count, days=days)  # type: ignore[arg-type]
        self.connection.execute(
            "insert into ops.frequency_caps select count(*), ?, ?, ?, ?, ?, ? "
            "from ops.frequency_caps",
            [cap.name, cap.channel, cap.purpose, cap.per, cap.count, cap.days],
        )

    def quiet(self, start: str, end: str, *, channel: str = "all", days: str = WEEK) -> None:
        """Keep marketing messages back from `start` to `end` (HH:MM) on days (mon,tue,...)."""
        self.connection.execute(
            "insert into ops.quiet_hours select count(*), ?, 'marketing', ?, ?, ? "
            "from ops.quiet_hours",
            [channel, start, end, days],
        )

    def profile(
        self, person_id: str, *, timezone: str | None = None, household: str | None = None
    ) -> None:
        """What is known of a person."""
        self.connection.execute(
            "insert into core.dim_profiles values (?, ?, ?)", [person_id, household, timezone]
        )

    def wish(self, person_id: str, **values: int) -> None:
        """What a person asked for: max_messages in period_days, quiet_from_minute and _to_."""
        columns = ", ".join(values)
        self.connection.execute(
            f"insert into core.contact_preferences (person_id, {columns}) "
            f"values (?, {', '.join('?' * len(values))})",
            [person_id, *values.values()],
        )

    def now(self) -> datetime:
        """The clock: every look is a second later."""
        self.clock += timedelta(seconds=1)
        return self.clock

    def run(self, document: SyncDefinition | None = None, **options: object) -> SyncReport:
        """Run a sync on this brand, with its clock and without waiting."""
        return run_sync(
            self.connection,
            document or definition(),
            paths=self.paths,
            now=self.now,
            sleep=lambda _: None,
            **options,  # type: ignore[arg-type]
        )

    def rows(self, sql: str) -> list[tuple]:
        """Rows of a query."""
        return self.connection.execute(sql).fetchall()

    def everything_written(self) -> str:
        """All of schema ops as text."""
        tables = self.rows("select table_name from duckdb_tables() where schema_name = 'ops'")
        return "\n".join(str(self.rows(f"select * from ops.{table}")) for (table,) in tables)


def make_brand(folder: Path, *, env: str = "dev") -> Brand:
    """A brand with an empty in-memory warehouse and an outbox under `folder`."""
    connection = duckdb.connect()
    make_tables(connection)
    return Brand(connection, Paths(tenant="test", env=env, root=folder))


Answer = Callable[[Record], RowResult]


@dataclass
class ScriptedDestination:
    """A destination that remembers what arrived and answers as told.

    `answer` gives the result of a record; `before` is called with each batch and may raise, which
    means that nothing arrived; `after` may raise when everything has arrived. `arrived` counts
    deliveries per idempotency key, `members` is what the audience holds.
    """

    answer: Answer = lambda record: RowResult("succeeded", external_id=f"x-{record.record_key}")
    before: Callable[[Sequence[Record]], None] = lambda batch: None
    after: Callable[[Sequence[Record]], None] = lambda batch: None
    shorten: int = 0
    description: Description = field(
        default_factory=lambda: Description(
            destination="scripted",
            channel="email",
            batch_size=10,
            operations=OPERATIONS,
            is_local=True,
            is_idempotent=False,
            read_back="complete",
        )
    )
    arrived: Counter[str] = field(default_factory=Counter)
    members: dict[str, dict[str, object]] = field(default_factory=dict)
    batches: list[list[Record]] = field(default_factory=list)

    def with_description(self, **values: object) -> ScriptedDestination:
        """The same destination with other guarantees."""
        self.description = replace(self.description, **values)  # type: ignore[arg-type]
        return self

    def open(self, destination: str, context: ConnectorContext) -> ScriptedDestination:
        """Opened for a run: the destination outside is always the same one."""
        return self

    def describe(self) -> Description:
        return self.description

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        self.batches.append(list(batch))
        self.before(batch)
        results = []
        for record in batch:
            result = self.answer(record)
            if result.outcome == "succeeded":
                self.arrived[record.idempotency_key] += 1
                if record.operation == "remove":
                    self.members.pop(record.record_key, None)
                else:
                    self.members[record.record_key] = dict(record.payload)
            results.append(result)
        self.after(batch)
        return results[: len(results) - self.shorten]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        return [RowResult("succeeded") if self.arrived[key] else None for key in idempotency_keys]

    def holds_records(self) -> bool:
        return bool(self.members)
