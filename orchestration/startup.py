"""How long the tools take before they work, told apart from the work.

Whoever starts a tool says so here (`starting`, or `add` with a time that was measured elsewhere);
the run prints the times at its end.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

_SECONDS: dict[str, float] = {}


@contextmanager
def starting(tool: str) -> Generator[None]:
    """Measure the start of `tool`; several starts of one tool add up."""
    begun = time.monotonic()
    yield
    add(tool, time.monotonic() - begun)


def add(tool: str, seconds: float) -> None:
    """Count `seconds` as start of `tool`."""
    _SECONDS[tool] = _SECONDS.get(tool, 0.0) + seconds


def start_times() -> dict[str, float]:
    """Seconds per tool, in the order of their first start."""
    return dict(_SECONDS)


def import_beside(module: str) -> None:
    """Import `module` in a thread, while this process waits for another one."""
    threading.Thread(target=importlib.import_module, args=(module,), daemon=True).start()
