"""What is done beside the deliveries, once a day: old payload files and overtaken events go.

Belongs here: the order of it, for the command line and for Dagster. Does not belong here: what may
go (`outbox.py`, `compaction.py`).
"""

from __future__ import annotations

from datetime import datetime

from orchestration.activation.compaction import compact_ledgers
from orchestration.activation.outbox import expire_outbox
from orchestration.settings import Paths, TenantSettings
from orchestration.state import save_state
from orchestration.warehouse import Warehouse


def keep_house(
    warehouse: Warehouse,
    paths: Paths,
    settings: TenantSettings,
    *,
    now: datetime,
    expire: bool = True,
    compact: bool = True,
) -> dict[str, int]:
    """Expire the outbox and compact the ledgers; how many files and events went.

    The warehouse is held meanwhile, so no sync is under way. The state beside it is saved anew.
    """
    gone: dict[str, int] = {}
    house = settings.housekeeping
    with warehouse.connect() as connection:
        if expire:
            files = expire_outbox(
                connection, paths.outbox, keep_days=house.outbox_keep_days, now=now
            )
            gone["outbox_files"] = len(files)
        if compact:
            gone |= compact_ledgers(connection, keep_days=house.history_keep_days, now=now)
            save_state(connection, paths.state)
    return gone
