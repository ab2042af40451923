"""Opening a run: everything a sync needs is found and checked before anything is planned.

Belongs here: the run that the steps share, its id, and how an earlier run of the same sync is
opened again. Does not belong here: the order of the steps (`engine.py`).
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orchestration.activation.connectors.base import (
    Connector,
    ConnectorContext,
    Description,
    Operation,
)
from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.destinations import Destination, load_destinations
from orchestration.activation.erased import erased_sql
from orchestration.activation.gate import GateContext
from orchestration.activation.late_wishes import LateWishes
from orchestration.activation.late_words import LateWords
from orchestration.activation.mapping import FieldMapping
from orchestration.activation.plan import OPERATIONS_OF_MODE
from orchestration.activation.receipts import Receipts
from orchestration.activation.source import Model, find_model
from orchestration.preferences.journal import Journal
from orchestration.settings import Paths

OpenConnector = Callable[[str, ConnectorContext], Connector]
RUN_ID = re.compile(r"[A-Za-z0-9_-]+")


class SyncError(ValueError):
    """A sync cannot run as it is defined; the message says what to change."""


@dataclass
class Run:
    """One run of one sync; the counters are the run's own tally, held against the tables."""

    connection: duckdb.DuckDBPyConnection
    definition: SyncDefinition
    destination: Destination
    paths: Paths
    run_id: str
    model: Model
    mapping: FieldMapping
    open_destination: OpenConnector
    connector: Connector
    description: Description
    operations: tuple[Operation, ...]
    gate: GateContext
    receipts: Receipts
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    outcomes: Counter[str] = field(default_factory=Counter)
    blocked_reasons: Counter[str] = field(default_factory=Counter)
    rejected_classes: Counter[str] = field(default_factory=Counter)

    def earlier_receipts(self, run_id: str, mapping_version: str) -> Receipts:
        """The memory of an earlier run of the same sync."""
        return _receipts(self.connection, self.definition, self.gate, run_id, mapping_version)

    def earlier_connector(self, run_id: str) -> Connector:
        """The destination, opened for an earlier run of the same sync."""
        context = _context(
            self.definition, self.destination, self.model, self.mapping, self.paths, run_id
        )
        return self.open_destination(self.destination.connector, context)

    @property
    def has_history(self) -> bool:
        """Whether this warehouse knows of a record of this sync that arrived, or may have."""
        rows = self.connection.execute(
            """
            select 1 from ops.activation_sync_state where sync = $sync
            union all
            select 1 from ops.activation_sync_rows
            where sync = $sync and outcome in ('sending', 'unknown')
            limit 1
            """,
            {"sync": self.definition.sync},
        ).fetchall()
        return bool(rows)


def open_run(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    *,
    paths: Paths,
    run_id: str | None,
    open_destination: OpenConnector,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Run:
    """Find model, mapping and destination of a sync.

    Raises `PlanError`, `MappingError` or `SyncError` when they do not fit together.
    """
    name = definition.sync
    run_id = free_run_id(connection, name, run_id, now())
    destination = _destination(definition, paths)
    model = find_model(connection, definition.model)
    mapping = FieldMapping.of(definition.key, definition.fields, model.columns)
    context = _context(definition, destination, model, mapping, paths, run_id)
    try:
        connector = open_destination(destination.connector, context)
    except ValueError as error:
        raise SyncError(f"{name}: destination {destination.name}: {error}") from None
    description = connector.describe()
    channel = description.channel or definition.channel
    if channel is None:
        raise SyncError(f"{name}: destination {definition.destination} implies no channel; add one")
    if definition.channel not in (None, channel):
        raise SyncError(f"{name}: destination {definition.destination} sends on channel {channel}")
    if definition.mode == "mirror" and "remove" not in description.operations:
        raise SyncError(f"{name}: destination {definition.destination} cannot remove; use upsert")
    gate = GateContext(
        channel=channel,
        purpose=definition.purpose,
        may_leave=paths.env == "prod" or description.is_local,
        late_words=LateWords(Journal.of(paths)),
        late_wishes=LateWishes(Journal.of(paths)),
        is_message=(
            description.is_message if definition.is_message is None else definition.is_message
        ),
    )
    return Run(
        connection=connection,
        definition=definition,
        destination=destination,
        paths=paths,
        run_id=run_id,
        model=model,
        mapping=mapping,
        open_destination=open_destination,
        connector=connector,
        description=description,
        operations=tuple(
            operation
            for operation in _operations(connection, definition)
            if operation in description.operations
        ),
        gate=gate,
        receipts=_receipts(connection, definition, gate, run_id, mapping.version),
        now=now,
        sleep=sleep,
    )


def _operations(
    connection: duckdb.DuckDBPyConnection, definition: SyncDefinition
) -> tuple[Operation, ...]:
    """Those of the mode, and removing where the destination has, or may have, who is erased."""
    of_mode = OPERATIONS_OF_MODE[definition.mode]
    erased = connection.execute(
        f"""
        select 1 from ops.activation_sync_state as state
        where sync = $sync and {erased_sql("state")}
        union all
        select 1 from ops.activation_sync_rows as doubts
        where sync = $sync and outcome in ('sending', 'unknown') and {erased_sql("doubts")}
        limit 1
        """,
        {"sync": definition.sync},
    ).fetchall()
    return (*of_mode, "remove") if erased and "remove" not in of_mode else of_mode


def _receipts(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    gate: GateContext,
    run_id: str,
    mapping_version: str,
) -> Receipts:
    return Receipts(
        connection=connection,
        sync=definition.sync,
        destination=definition.destination,
        channel=gate.channel,
        purpose=gate.purpose,
        is_message=gate.is_message,
        run_id=run_id,
        mapping_version=mapping_version,
        max_attempts=definition.on_reject.max_attempts,
    )


def _destination(definition: SyncDefinition, paths: Paths) -> Destination:
    destinations = load_destinations(paths)
    if definition.destination not in destinations:
        raise SyncError(
            f"{definition.sync}: no destination {definition.destination!r}; "
            f"there are: {', '.join(sorted(destinations))}"
        )
    return destinations[definition.destination]


def _context(
    definition: SyncDefinition,
    destination: Destination,
    model: Model,
    mapping: FieldMapping,
    paths: Paths,
    run_id: str,
) -> ConnectorContext:
    return ConnectorContext(
        sync=definition.sync,
        run_id=run_id,
        key=mapping.key_field,
        fields=mapping.fields,
        outbox=paths.outbox,
        env=paths.env,
        purpose=definition.purpose,
        tenant_folder=paths.tenant_folder,
        settings=destination.settings,
        options=destination.type.options.model_validate(definition.options),
        secrets=destination.secrets(),
        types={field: model.types[column] for field, column in mapping.pairs},
    )


def free_run_id(
    connection: duckdb.DuckDBPyConnection, sync: str, wanted: str | None, at: datetime
) -> str:
    """The wanted id, numbered when this sync has used it; from time and chance when None."""
    if wanted is None:
        return f"{at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    if not RUN_ID.fullmatch(wanted):
        raise SyncError(f"run_id {wanted!r}: letters, digits, - and _ only (it names files)")
    used = {
        run_id
        for (run_id,) in connection.execute(
            "select distinct run_id from ops.activation_sync_runs where sync = ?", [sync]
        ).fetchall()
    }
    number, free = 1, wanted
    while free in used:
        number += 1
        free = f"{wanted}-{number}"
    return free
