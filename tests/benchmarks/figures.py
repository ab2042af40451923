"""The arithmetic of the benchmark: spreads, ratios, layers, growth, days.

Belongs here: pure functions over figures that were measured. Does not belong here: clocks, files,
processes.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

# Dates in a file's name, as the landing gate reads them: the last one is the day of delivery.
_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
LAYERS = ("seeds", "staging", "intermediate", "marts", "activation")


def spread(values: Iterable[float]) -> dict[str, float | int]:
    """Number, minimum, median and maximum of at least one value."""
    found = sorted(values)
    if not found:
        raise ValueError("a spread needs at least one value")
    return {
        "runs": len(found),
        "min": found[0],
        "median": statistics.median(found),
        "max": found[-1],
    }


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Ratio of each pair of runs; a list that is shorter is used again from its start.

    Runs are taken in turns, so the n-th of both met the same state of the machine.
    """
    if not numerators or not denominators or min(denominators) <= 0:
        raise ValueError("ratios need at least one run of both, and denominators above 0")
    count = max(len(numerators), len(denominators))
    return [
        numerators[i % len(numerators)] / denominators[i % len(denominators)] for i in range(count)
    ]


def exponent(rows: tuple[float, float], seconds: tuple[float, float]) -> float | None:
    """Growth exponent between two sizes: log of the seconds' ratio over log of the rows' ratio.

    1 is linear. None where it says nothing: no growth in rows, or a time of 0.
    """
    if min(*rows, *seconds) <= 0 or rows[0] == rows[1]:
        return None
    return math.log(seconds[1] / seconds[0]) / math.log(rows[1] / rows[0])


def layer_of(resource_type: str, path: str) -> tuple[str, str]:
    """(layer, domain) of a dbt node, from its resource type and its file's path.

    `models/marts/core/x.sql` is ("marts", "core"); a brand's own model, whose first folder is no
    layer, counts as a mart of that folder.
    """
    parts = [part for part in path.replace("\\", "/").split("/")[:-1] if part not in {"", "."}]
    if resource_type == "seed":
        return "seeds", parts[-1] if parts else ""
    if "models" in parts:
        parts = parts[parts.index("models") + 1 :]
    if parts and parts[0] in LAYERS:
        return parts[0], parts[1] if len(parts) > 1 else parts[0]
    return "marts", parts[0] if parts else ""


def by_layer(models: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Sums of models per `layer/domain`: number of models, rows, seconds.

    Seconds are those of the models one by one; dbt runs several at once, so they add up to more
    than the build took.
    """
    layers: dict[str, dict[str, float]] = {}
    order = {layer: place for place, layer in enumerate(LAYERS)}
    for model in sorted(
        models.values(), key=lambda m: (order.get(m["layer"], len(order)), m["domain"])
    ):
        name = f"{model['layer']}/{model['domain']}"
        layer = layers.setdefault(name, {"models": 0, "rows": 0, "seconds": 0.0})
        layer["models"] += 1
        layer["rows"] += model["rows"] or 0
        layer["seconds"] += model["seconds"]
    return layers


def growth(
    smaller: Mapping[str, Any], larger: Mapping[str, Any], *, worst: int = 10, floor_s: float = 1.0
) -> dict[str, Any]:
    """Growth exponents between two sizes: the build, its layers, the worst models.

    Both arguments are a size's `full` result with its `rows_raw`. Models that take less than
    `floor_s` seconds at the larger size are left out: at that size overhead is all they are.
    """
    rows = (smaller["rows_raw"], larger["rows_raw"])

    def of(before: float, after: float) -> float | None:
        return exponent(rows, (before, after))

    models = {
        name: {
            "exponent": of(smaller["models"][name]["seconds"], model["seconds"]),
            "seconds": [smaller["models"][name]["seconds"], model["seconds"]],
        }
        for name, model in larger["models"].items()
        if name in smaller["models"] and model["seconds"] >= floor_s
    }
    told: dict[str, Any] = {name: model["exponent"] for name, model in models.items()}
    ranked = sorted(told, key=lambda name: (told[name] is None, -(told[name] or 0.0), name))
    return {
        "rows_raw": list(rows),
        "build": of(smaller["seconds"]["median"], larger["seconds"]["median"]),
        "layers": {
            name: of(smaller["layers"][name]["seconds"], layer["seconds"])
            for name, layer in larger["layers"].items()
            if name in smaller["layers"]
        },
        "worst_models": {name: models[name] for name in ranked[:worst]},
    }


def delivery_day(name: str) -> date | None:
    """The day on which a landing file was delivered: the last date in its name, or None."""
    days = _DAY.findall(name)
    return date.fromisoformat(days[-1]) if days else None


def split_last_day(names: Iterable[str]) -> tuple[list[str], list[str], date]:
    """File names of all days but the last, those of the last day, and that day.

    Files without a date belong to the first part. Raises `ValueError` when no name has a date.
    """
    known = {name: delivery_day(name) for name in names}
    days = [day for day in known.values() if day]
    if not days:
        raise ValueError("no landing file carries a date in its name, so no day can be held back")
    last = max(days)
    before = [name for name, day in known.items() if day != last]
    return before, [name for name, day in known.items() if day == last], last


def touched_summary(increments: Mapping[str, Mapping[str, Any]]) -> dict[str, int | None]:
    """An added day's increments in four figures: models by increment and in full, rows written,
    persons touched (the most of any model that replaces by person; None where none does).
    """
    partial = [one for one in increments.values() if one["written"] is not None]
    persons = [one["touched"] for one in partial if one["unit"] == "person_id"]
    return {
        "models": len(partial),
        "models_in_full": len(increments) - len(partial),
        "rows_written": sum(one["written"] for one in partial),
        "persons_touched": max(persons, default=None),
    }
