"""Values of a JSON object by the dotted paths that declarations use: `a.b[0]`.

Belongs here: reading and setting them in what `json.loads` gives. Does not belong here: the same in
SQL (`casting.py`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any


def steps_of(path: str) -> list[str | int]:
    """`a.b[0]` as keys and places."""
    return [
        int(step[1:-1]) if step.startswith("[") else step
        for step in re.findall(r"\[\d+\]|[^.\[\]]+", path)
    ]


def get(value: Any, steps: list[str | int]) -> Any:
    """What stands at `steps`, None where nothing does."""
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def put(value: Any, steps: list[str | int], wanted: Any) -> None:
    """Set what stands at `steps`; objects and lists on the way are made. No null is made."""
    if wanted is None and get(value, steps) is None:
        return
    for step, following in pairwise(steps):
        value = _child(value, step, [] if isinstance(following, int) else {})
    _child(value, steps[-1], None)
    value[steps[-1]] = wanted


def _child(value: Any, step: str | int, empty: Any) -> Any:
    """What stands at one step, `empty` where no object or list does."""
    if isinstance(step, int):
        value.extend([None] * (step + 1 - len(value)))
    child = value[step] if isinstance(step, int) else value.get(step)
    if empty is not None and not isinstance(child, dict | list):
        value[step] = child = empty
    return child
