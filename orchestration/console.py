"""What a person sees in the terminal while a run goes on: one line per step, with its time.

Set CROSSWEAVE_VERBOSE=1 for the messages inside the steps too.
"""

from __future__ import annotations

import logging
import os
import sys

import dagster as dg


class StepLines(logging.Handler):
    """Prints a line when a step ends or fails, and warnings and errors as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.is_verbose = os.environ.get("CROSSWEAVE_VERBOSE", "") not in {"", "0"}

    def emit(self, record: logging.LogRecord) -> None:
        """Print what the record says, if a person wants to know it."""
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event") if isinstance(meta, dict) else None
        line = _event_line(event) if event is not None else self._message_line(record, meta)
        if line:
            print(line, file=sys.stdout, flush=True)

    def _message_line(self, record: logging.LogRecord, meta: dict) -> str | None:
        if record.levelno >= logging.WARNING or self.is_verbose:
            return f"    {meta.get('orig_message') or record.getMessage()}"
        return None


def _event_line(event: dg.DagsterEvent) -> str | None:
    name = (event.step_key or "").replace("__", "/")
    if event.is_step_success:
        seconds = event.step_success_data.duration_ms / 1000
        return f"  {name:<44}{seconds:>8.1f} s"
    if event.is_step_failure:
        error = event.step_failure_data.error
        cause = error.cause or error if error else None
        return f"  {name:<44}  FAILED\n{cause.message if cause else event.message}"
    return None


@dg.logger(config_schema={}, description="One line per step")
def console(init_context: dg.InitLoggerContext) -> logging.Logger:
    """The logger `console` of every run of this code location."""
    logger = logging.Logger("crossweave", level=logging.DEBUG)
    logger.addHandler(StepLines())
    return logger
