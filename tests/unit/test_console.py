"""What a person sees of dbt in a terminal: progress, and tests that warn."""

from __future__ import annotations

import io

from orchestration.console import DbtProgress


def test_a_test_that_warns_is_printed_with_its_rows() -> None:
    """Warnings were in dbt's log alone: a missing day of an export went unseen for weeks."""
    out = io.StringIO()
    progress = DbtProgress(out)
    progress.write("23:20:57  1 of 156 START test no_day_is_missing ......... [RUN]\n")
    progress.write("23:20:58  1 of 156 WARN 3 no_day_is_missing ............. [WARN 3 in 0.11s]\n")
    progress.write("23:20:58  2 of 156 PASS every_touch_counts .............. [PASS in 0.05s]\n")
    assert out.getvalue() == "    warning: no_day_is_missing (3)\n"
