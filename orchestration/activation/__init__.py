"""Activation: what segments say is delivered to channels, with consent and proof.

Belongs here: everything between a payload model (`act_*`, a view in the warehouse) and a
destination: sync documents, the plan, guards, the gate, sending, receipts. `connectors/` has one
file per destination, without SQL. No Dagster anywhere in this room.

    run_sync(connection, definition, paths=...) -> SyncReport      one run of one sync
    syncs_of(paths) -> list[SyncDefinition]                        what there is to run
"""

from __future__ import annotations

from pathlib import Path

from orchestration.activation.definitions import SyncDefinition, SyncDefinitionError, load_syncs
from orchestration.activation.destinations import DestinationError, load_destinations
from orchestration.activation.doubts import unconfirmed_sql
from orchestration.activation.engine import run_sync
from orchestration.activation.report import LawBroken, OperationCounts, SyncReport
from orchestration.activation.running import SyncRunning, claim
from orchestration.settings import PROJECT_ROOT, Paths

__all__ = [
    "DestinationError",
    "LawBroken",
    "OperationCounts",
    "SyncDefinition",
    "SyncDefinitionError",
    "SyncReport",
    "SyncRunning",
    "claim",
    "load_destinations",
    "load_syncs",
    "run_sync",
    "sync_folders",
    "syncs_of",
    "unconfirmed_sql",
]


def sync_folders(paths: Paths) -> list[Path]:
    """Where sync documents of a tenant lie: those of the project, then the brand's own."""
    return [
        PROJECT_ROOT / "orchestration" / "defs" / "activation",
        paths.tenant_folder / "syncs",
    ]


def syncs_of(paths: Paths) -> list[SyncDefinition]:
    """The sync documents of a tenant, against its destinations.

    Raises `DestinationError` or `SyncDefinitionError` with every mistake found.
    """
    return load_syncs(sync_folders(paths), load_destinations(paths))
