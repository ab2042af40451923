"""The `postgres` destination: one row per record in a table of a PostgreSQL server.

Belongs here: what happens on the wire, one transaction per batch: the rows, and beside the table
(`<table>__deliveries`) the idempotency key of every record, a removal's too. Whoever finds the key
there knows that the row arrived, so asking back is complete. Does not belong here: what the table
looks like (`postgres_table.py`).

A connection that breaks before the commit has changed nothing; one that breaks during the commit
leaves the batch unknown, and it is asked for. Asking waits for the lock that the broken session may
still hold, so that it never looks before the server has decided.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress

import psycopg

from orchestration.activation.connectors.base import (
    OPERATIONS,
    BatchRefused,
    ConnectorContext,
    ConnectorType,
    Description,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
    Record,
    RowResult,
    SendError,
)
from orchestration.activation.connectors.network import is_loopback
from orchestration.activation.connectors.postgres_table import (
    PostgresOptions,
    PostgresSettings,
    TargetTable,
)

BATCH_SIZE = 5_000
# Why a connection was not made, in the words of libpq and of the server: worth another try.
_PASSING = re.compile(
    r"refused|timed? ?out|timeout|unreachable|no route|reset by peer|closed the connection"
    r"|could not receive|temporary failure|starting up|shutting down|too many|recovery",
    re.IGNORECASE,
)
_PASSING_STATES = ("08", "40", "53", "55", "57")  # connection, conflict, resources, operator
_CONTENT_STATES = ("22", "23", "42804")  # value, constraint, type


class PostgresConnector:
    """A table, opened for one run of one sync; the session is kept over its batches."""

    def __init__(self, context: ConnectorContext) -> None:
        assert isinstance(context.settings, PostgresSettings)
        assert isinstance(context.options, PostgresOptions)
        self._settings = context.settings
        self._password = context.secrets["password"]
        self._folder = context.tenant_folder
        self._table = TargetTable.of(context, context.options)
        self._session: psycopg.Connection | None = None

    def describe(self) -> Description:
        """Idempotent: a row is written by its key. Local where the server is this machine."""
        return Description(
            destination="postgres",
            channel=None,
            batch_size=BATCH_SIZE,
            operations=OPERATIONS,
            is_local=is_loopback(self._settings.host),
            is_idempotent=True,
            read_back="complete",
            takes_mixture=True,
        )

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Write the batch in one transaction: all of it, or nothing and an error of `base.py`."""
        if not batch:
            return []
        with self._transaction() as session:
            self._table.write(session, batch)
            self._commit(session)
        return [RowResult("succeeded") for _ in batch]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """Look the keys up among the deliveries, when no earlier session is at it any more."""
        with self._transaction() as session:
            found = self._table.delivered(session, idempotency_keys)
            session.commit()
        return [RowResult("succeeded") if key in found else None for key in idempotency_keys]

    def holds_records(self) -> bool | None:
        """Whether the table has rows; None when the server cannot be asked now."""
        try:
            with self._transaction() as session:
                holds = self._table.has_rows(session)
                session.commit()
        except SendError:
            return None
        return holds

    @contextmanager
    def _transaction(self) -> Generator[psycopg.Connection]:
        """A session with the table's lock, in a transaction that the body commits."""
        try:
            if self._session is None or self._session.closed:
                self._session = self._connected()
                self._table.prepare(self._session)
                self._session.commit()
            self._table.lock(self._session)
            yield self._session
        except BaseException as error:
            self._give_up()
            if isinstance(error, psycopg.Error):
                raise _told(error) from None
            raise

    def _commit(self, session: psycopg.Connection) -> None:
        try:
            session.commit()
        except psycopg.Error as error:
            if error.sqlstate and not error.sqlstate.startswith(("08", "57")):
                raise  # the server said no: all of it is undone
            raise OutcomeUnknown(
                "the connection broke during the commit", error_class="commit_unanswered"
            ) from None

    def _give_up(self) -> None:
        """Close a session that failed: the server undoes what it did not commit."""
        if self._session is not None:
            with suppress(psycopg.Error):
                self._session.close()
            self._session = None

    def _connected(self) -> psycopg.Connection:
        settings = self._settings
        timeout_ms = round(settings.timeout_s * 1000)
        try:
            return psycopg.connect(
                host=settings.host,
                port=settings.port,
                dbname=settings.database,
                user=settings.user,
                password=self._password.get_secret_value(),
                sslmode=settings.sslmode,
                sslrootcert=settings.root_certificate(self._folder),
                connect_timeout=max(2, round(settings.timeout_s)),
                tcp_user_timeout=timeout_ms,
                options=f"-c statement_timeout={timeout_ms} -c TimeZone=UTC",
                application_name="crossweave activation",
            )
        except psycopg.OperationalError as error:
            if _PASSING.search(str(error)):
                raise NotDelivered("the server takes no connection now") from None
            reason = str(error).rpartition("failed: ")[2].strip()
            raise DestinationDown(f"no connection: {reason}") from None


def _told(error: psycopg.Error) -> SendError:
    """What an error inside a transaction says of the batch; names of columns, never values."""
    state = error.sqlstate or ""
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    if state.startswith(_CONTENT_STATES) or (not state and isinstance(error, psycopg.DataError)):
        where: Mapping[str, str | None] = {
            "column": error.diag.column_name, "constraint": error.diag.constraint_name,
        }  # fmt: skip
        named = [f"{kind} {name}" for kind, name in where.items() if name]
        return BatchRefused(", ".join([code, *named]), error_class=code)
    broken = not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    if broken or state.startswith(_PASSING_STATES):
        return NotDelivered(f"undone: {state or 'the connection broke'}")
    return DestinationDown(f"{code} ({state}): {error.diag.message_primary or 'no message'}")


CONNECTOR = ConnectorType(
    PostgresConnector,
    settings=PostgresSettings,
    options=PostgresOptions,
    secrets=("password",),
)
