"""What a person sees in the terminal while a run goes on: one line per step, with its time.

`make run` sets CROSSWEAVE_CONSOLE=lines; then dbt's own output becomes a line of progress every few
seconds. CROSSWEAVE_VERBOSE=1 shows everything that happens inside the steps too.
"""

from __future__ import annotations

import collections
import contextlib
import io
import logging
import os
import re
import sys
import time
from collections.abc import Generator, Sequence
from typing import TextIO

import dagster as dg

from orchestration.startup import add

PROGRESS_EVERY_S = 10.0


def is_command_line_run() -> bool:
    """True in `make run`, false in a run of the UI or the schedule."""
    return os.environ.get("CROSSWEAVE_CONSOLE") == "lines"


def is_verbose() -> bool:
    """True where CROSSWEAVE_VERBOSE asks for everything."""
    return os.environ.get("CROSSWEAVE_VERBOSE", "") not in {"", "0"}


class StepLines(logging.Handler):
    """Prints a line when a step ends or fails, and warnings and errors as they come."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print what the record says, if a person wants to know it."""
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event") if isinstance(meta, dict) else None
        line = _event_line(event) if event is not None else self._message_line(record, meta)
        if line:
            print(line, file=sys.stdout, flush=True)

    def _message_line(self, record: logging.LogRecord, meta: dict) -> str | None:
        if "Dependencies for step" in record.getMessage():
            return None  # what failed has said so; what waited for it need not
        if record.levelno >= logging.WARNING or is_verbose():
            return f"    {meta.get('orig_message') or record.getMessage()}"
        return None


class DbtProgress(io.TextIOBase):
    """Takes dbt's lines and prints how far it is; errors are told by the step's failure."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.out = out
        self.begun_at = time.monotonic()
        self.has_started = False
        self.last_lines: collections.deque[str] = collections.deque(maxlen=20)
        self.next_at = self.begun_at + PROGRESS_EVERY_S

    def write(self, text: str) -> int:
        """Print `dbt 120 of 251` for a line that says so, at most every ten seconds, and each test
        that warns with its number of rows."""
        self.last_lines.append(text)
        if not self.has_started and re.search(r"1 of \d+ START", text):
            self.has_started = True
            add("dbt calls", time.monotonic() - self.begun_at)
        warned = re.search(r"\d+ of \d+ WARN (\d+) (\w+)", text)
        if warned:
            self.out.write(f"    warning: {warned[2]} ({warned[1]})\n")
            self.out.flush()
        match = re.search(r"(\d+) of (\d+) (?!START)", text)
        if match and time.monotonic() >= self.next_at:
            self.out.write(f"    dbt {match[1]} of {match[2]}\n")
            self.out.flush()
            self.next_at = time.monotonic() + PROGRESS_EVERY_S
        return len(text)


@contextlib.contextmanager
def dbt_progress() -> Generator[Sequence[str]]:
    """In a terminal run, progress in place of dbt's output; elsewhere (the UI) its output.

    Gives the last lines of what dbt said and nobody saw.
    """
    if not is_command_line_run() or is_verbose():
        yield ()
        return
    progress = DbtProgress(sys.stdout)
    with contextlib.redirect_stdout(progress):
        yield progress.last_lines


def _event_line(event: dg.DagsterEvent) -> str | None:
    name = re.sub(r"^warehouse_models.*", "dbt build", event.step_key or "").replace("__", "/")
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
