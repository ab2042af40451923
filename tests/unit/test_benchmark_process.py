"""A measured command: its output, its memory, its failure, and that its children are counted."""

from __future__ import annotations

import sys

import pytest

from tests.benchmarks.process import CommandFailed, run

# A child of the command holds 60 MB, so a look at the command alone would miss it.
HOLDS = "held = bytearray(60_000_000); import time; time.sleep(0.6); print('held')"
STARTS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}], check=True)"


def test_memory_of_a_child_counts() -> None:
    ran = run([sys.executable, "-c", STARTS])
    assert ran.output.strip() == "held"
    assert ran.process_bytes > 60_000_000
    assert ran.peak_bytes >= ran.process_bytes
    assert ran.seconds > 0


def test_a_failure_shows_the_end_of_the_output_unless_it_may_happen() -> None:
    command = [sys.executable, "-c", "print('told why'); raise SystemExit(3)"]
    with pytest.raises(CommandFailed, match="told why"):
        run(command)
    assert run(command, may_fail=True).output.strip() == "told why"


def test_the_environment_is_added(tmp_path) -> None:
    log = tmp_path / "logs" / "one.log"
    show = "import os; print(os.environ['GIVEN'], 'PATH' in os.environ)"
    run([sys.executable, "-c", show], environment={"GIVEN": "yes"}, log=log)
    assert log.read_text(encoding="utf-8").strip() == "yes True"
