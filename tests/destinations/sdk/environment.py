"""Running a script with the vendors' SDKs.

Belongs here: the environment and how a script is called. Does not belong here: what is compared.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.peers.environments import PeerUnavailable, python_of

HERE = Path(__file__).resolve().parent


@cache
def _python() -> Path | str:
    try:
        return python_of("vendors", pins=HERE / "vendors.txt")
    except PeerUnavailable as error:
        return str(error)


def run_sdk(script: str, question: object) -> Any:
    """The answer of `run_<script>.py` to a question; skips the test where there are no SDKs."""
    python = _python()
    if isinstance(python, str):
        pytest.skip(f"the vendors' SDKs are {python}")
    result = subprocess.run(
        [python, HERE / f"run_{script}.py"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.splitlines()[-1])
