"""Files with clear values: written whole or not at all, and readable by their owner alone.

Belongs here: the one way in which the project writes such a file.
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
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
