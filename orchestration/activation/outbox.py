"""Files of the outbox that nobody needs any more.

Belongs here: which of them expire. They hold payloads in clear, and whoever takes them has had his
time. Does not belong here: writing them (`connectors/`), taking out who was erased (`erasure`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.activation.settled import RUN_ENDS


def expire_outbox(
    connection: duckdb.DuckDBPyConnection, outbox: Path, *, keep_days: int, now: datetime
) -> list[Path]:
    """Delete the files of runs that ended more than `keep_days` days before `now` (UTC).

    A run that is open, or has a row whose outcome is unknown, keeps its files: they are asked what
    was delivered. A file of a run that the ledgers do not know goes by its own time. Returns what
    was deleted.
    """
    if not outbox.is_dir():
        return []
    limit = now - timedelta(days=keep_days)
    runs: dict[str, dict[str, datetime | None]] = {}
    for sync, run_id, ended_at in connection.execute(RUN_ENDS).fetchall():
        runs.setdefault(sync, {})[run_id] = ended_at
    gone = []
    for file in sorted(path for path in outbox.rglob("*") if path.is_file()):
        sync = file.relative_to(outbox).parts[0]
        run_id = _run_of(file, runs.get(sync, {}))
        written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None)
        ended_at = runs[sync][run_id] if run_id is not None else written_at
        if ended_at is not None and ended_at < limit:
            file.unlink()
            gone.append(file)
    return gone


def _run_of(file: Path, runs: dict[str, datetime | None]) -> str | None:
    """The run that a file is named after: its id ends at a full stop."""
    parts = file.name.removeprefix(".").split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in runs), None)
