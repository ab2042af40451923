"""What every destination speaks: records in, one result per record out.

Belongs here: the protocol of a connector, the frozen shapes it takes and returns, and the errors by
which it tells the engine what is known about a batch that failed as a whole.
Does not belong here: SQL, Dagster, consent, retries, ledgers; the engine (`engine.py`) has them.

Charter of a connector: `send` answers every record it was given, in the same order, and says
`succeeded` only for what the destination acknowledged; where it cannot know, it says `unknown`.
Messages name fields and codes, never values: they are written to tables that BI may read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, SecretStr

Operation = Literal["add", "change", "remove", "refresh"]
SendOutcome = Literal["succeeded", "rejected", "unknown"]

OPERATIONS: tuple[Operation, ...] = ("add", "change", "remove", "refresh")


@dataclass(frozen=True)
class Record:
    """One destination record. `payload` has the mapped fields; for a remove, the key alone.

    `identifier_key`: keyed hash of the address that is used, for links that are made for it alone.
    `handles`: what the destination may hold of it, where the connector gave handles (`handles.py`);
    `shared_handles`: those of them that another record needs.
    `is_erasure`: a remove of somebody who is forgotten: earlier deliveries that lie there go too.
    """

    operation: Operation
    record_key: str
    idempotency_key: str
    payload: Mapping[str, object]
    external_id: str | None = None
    identifier_key: str | None = None
    handles: tuple[str, ...] = ()
    shared_handles: frozenset[str] = frozenset()
    is_erasure: bool = False


@dataclass(frozen=True)
class RowResult:
    """What the destination said about one record.

    `error_class` is a short code (`invalid_address`), `message` prose without personal data.
    `is_terminal`: sending the same data again cannot help. `content_id` to `message_id`: what was
    really rendered, where the connector renders; the ledger takes it before the payload's columns.
    """

    outcome: SendOutcome
    external_id: str | None = None
    error_class: str | None = None
    message: str | None = None
    is_terminal: bool = False
    content_id: str | None = None
    content_version: str | None = None
    variant: str | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class Description:
    """What the engine must know of a destination before it sends.

    `channel` is the consent channel that follows from the destination (None: the sync names it).
    `is_local`: what is sent stays on this machine; only such destinations are reached outside prod.
    `is_idempotent`: the same idempotency key sent twice has the effect of once.
    `read_back`: `complete` (a key that is not found was not delivered), `partial` (a key that is
    not found may still arrive), `none`. `takes_mixture`: one batch may mix operations.
    `parallel`: batches that may be under way at once, in threads; `batches_per_receipt`: batches
    that pass the gate and are written down together. A killed run leaves so many rows in doubt, so
    more than one is for destinations that are idempotent or can be read back.
    `is_message`: a record that is not a remove reaches a person at once, so frequency caps and
    quiet hours hold it back; an audience, a table or a file is no message.
    """

    destination: str
    channel: str | None
    batch_size: int
    operations: tuple[Operation, ...]
    is_local: bool
    is_idempotent: bool
    read_back: Literal["complete", "partial", "none"]
    requests_per_second: float | None = None
    takes_mixture: bool = False
    parallel: int = 1
    batches_per_receipt: int = 1
    is_message: bool = False


class ConnectorSettings(BaseModel):
    """What `destinations.yml` says of a destination; a connector extends it. No secret is here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SyncOptions(BaseModel):
    """What a sync document says to its connector (`options`); a connector extends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class ConnectorContext:
    """What a connector is opened with: one run of one sync.

    `key` is the payload field that carries the record key, `fields` all payload fields in order,
    `types` their DuckDB types, `purpose` the consent purpose, `outbox` the tenant's outbox folder
    of this environment, `tenant_folder` the brand's own files.
    `settings` and `options` are of the connector's own types; `secrets` come from the environment.
    """

    sync: str
    run_id: str
    key: str
    fields: tuple[str, ...]
    outbox: Path
    env: str = "dev"
    purpose: str = ""
    tenant_folder: Path = Path()
    settings: ConnectorSettings = field(default_factory=ConnectorSettings)
    options: SyncOptions = field(default_factory=SyncOptions)
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


class Connector(Protocol):
    """A destination, opened for one run of one sync."""

    def describe(self) -> Description:
        """Limits and guarantees; asked once per run."""
        ...

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Deliver a batch; one result per record, in the order of the batch.

        Raises one of the errors below when the batch failed as a whole. Any other exception is
        taken as: nobody knows what arrived.
        """
        ...

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """What the destination holds under each key of this run; None where it finds nothing."""
        ...

    def holds_records(self) -> bool | None:
        """Whether an earlier run of this sync left records there; None if it cannot tell."""
        ...


@runtime_checkable
class FigureConnector(Protocol):
    """A connector whose destination says more of a run than outcomes (a match rate)."""

    def figures(self) -> Mapping[str, int | float | str]:
        """Figures by name, for the report of the run; asked when everything is sent."""
        ...


@dataclass(frozen=True)
class ConnectorType:
    """A kind of destination: how it is opened, and what may be said to it in YAML.

    Each of `secrets` is read from the environment variable `CROSSWEAVE_<DESTINATION>_<SECRET>`;
    those of `optional_secrets` may be unset. `can_remove`: what was delivered can be taken back.
    """

    open: Callable[[ConnectorContext], Connector]
    settings: type[ConnectorSettings] = ConnectorSettings
    options: type[SyncOptions] = SyncOptions
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    can_remove: bool = True


class SendError(Exception):
    """A batch failed as a whole. Messages carry codes and field names, no personal data."""


class NotDelivered(SendError):
    """Nothing of the batch arrived (429, connection refused): it may be sent again.

    `retry_after_s`: seconds the destination asked to wait, None when it did not say.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OutcomeUnknown(SendError):
    """Nobody knows whether the batch arrived (5xx, time-out, an answer that cannot be read).

    `is_repeatable`: sending it again has the effect of once, so it is tried again before its rows
    are read back or end as unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        error_class: str = "unknown",
        is_repeatable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.is_repeatable = is_repeatable
        self.retry_after_s = retry_after_s


class BatchRefused(SendError):
    """The destination refused the batch for its content: smaller batches find the bad row.

    `may_have_arrived`: it took some of the rows, does not say which, and may be sent them again.
    """

    def __init__(
        self,
        message: str,
        *,
        error_class: str = "batch_refused",
        may_have_arrived: bool = False,
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.may_have_arrived = may_have_arrived


class DestinationDown(SendError):
    """No batch of this run can succeed (credentials, missing audience): the run ends here."""
