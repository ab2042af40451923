"""Files with clear values: written whole or not at all, and readable by their owner alone.

Belongs here: the one way in which the project writes such a file, and makes its name durable.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_private(target: Path, text: str) -> None:
    """Write `text` (UTF-8) aside, flush it to disk and rename it; mode 0600 from the first byte on.

    When it returns, file and name survive a loss of power. A process that is killed leaves
    `.<name>.tmp`, which the next call for the same target replaces. Raises `OSError`.
    """
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Wait until names made, changed or removed in `folder` are on disk. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
