"""One run of a sync at a time.

Belongs here: the claim that a run holds from before it opens the warehouse until it ends. It is an
operating-system lock on a file beside the warehouse, freed when its holder dies, also after
SIGKILL, and does not depend on where the warehouse lies. Does not belong here: waiting. A second
run of the same sync is refused: it would plan what the first is about to send.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestration.settings import Paths

# Claims of this process and the thread that holds each: within it they may be made again.
_held: dict[Path, int] = {}


class SyncRunning(RuntimeError):
    """Another run of this sync is under way; the message says whose and since when."""


@contextmanager
def claim(paths: Paths, syncs: Iterable[str]) -> Generator[None]:
    """Hold these syncs of a tenant and environment for this run.

    Raises `SyncRunning` at once when another process or thread holds one of them.
    """
    with ExitStack() as stack:
        for sync in sorted(set(syncs)):
            stack.enter_context(_claim_one(paths, sync))
        yield


@contextmanager
def _claim_one(paths: Paths, sync: str) -> Generator[None]:
    file = paths.warehouse.with_name(f"{paths.tenant}.sync-{sync}.lock")
    if _held.get(file) == threading.get_ident():
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("a+", encoding="utf-8") as handle:
        file.chmod(0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise SyncRunning(
                f"{sync}: a run of this sync is under way ({holder}); wait for its end, then run "
                "it again"
            ) from None
        handle.seek(0)
        handle.truncate()
        now = datetime.now(UTC)
        handle.write(f"process {os.getpid()}, since {now:%Y-%m-%d %H:%M:%S} UTC")
        handle.flush()
        _held[file] = threading.get_ident()
        try:
            yield
        finally:
            del _held[file]
            handle.seek(0)
            handle.truncate()
