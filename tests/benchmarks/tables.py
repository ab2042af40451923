"""Measured figures as Markdown tables: the same on the screen and in docs/benchmarks.md.

Belongs here: pure functions from a results file to text. Does not belong here: any figure that was
not measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.benchmarks.figures import touched_summary

GIB = 1024**3
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
SLOWEST = 15
# Nobody stands beside Crossweave here: times only.
OWN = {"journeys": "Paths: journeys", "activation": "Activation"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns after the first are right-aligned."""
    lines = [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(["---", *["---:"] * (len(header) - 1)]) + "|",
    ]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def number(value: float | None, digits: int = 1) -> str:
    """A figure with thousands separators; a dash for what was not measured."""
    return "–" if value is None else f"{value:,.{digits}f}"


def spread_text(values: Mapping[str, float] | None, digits: int = 1) -> str:
    """Median (minimum to maximum); one run is said to be one."""
    if values is None:
        return "–"
    median = number(values["median"], digits)
    if values["runs"] == 1:
        return f"{median} (1 run)"
    return f"{median} ({number(values['min'], digits)} to {number(values['max'], digits)})"


def percent(values: Mapping[str, float]) -> str:
    """A spread of shares as percentages."""
    scaled = {k: v if k == "runs" else 100 * v for k, v in values.items()}
    return spread_text(scaled, 0) + " %"


def render(results: Mapping[str, Any]) -> str:
    """All tables of a results file, with a heading each."""
    sizes = results.get("sizes", {})
    parts = [conditions(results)]
    if sizes:
        parts += ["### The build over the floor", headline(sizes)]
        parts += ["### Beside it: what is not in the headline", beside(sizes)]
        if any("added_day" in size for size in sizes.values()):
            parts += ["### One added day", added_day(sizes)]
        if results.get("growth"):
            parts += ["### Growth exponents", growth_table(results["growth"])]
        parts += ["### Rows and seconds per layer", layers(sizes, results.get("growth", {}))]
        parts += ["### The slowest models", slowest(sizes)]
    for name, peer in results.get("peers", {}).items():
        heading = OWN.get(name, f"Peers: {name}")
        parts += [f"### {heading}", peer_table(peer)]
    return "\n\n".join(part for part in parts if part) + "\n"


def conditions(results: Mapping[str, Any]) -> str:
    """One paragraph: machine, versions, commits and times of measurement."""
    machine, versions = results.get("machine", {}), results.get("versions", {})
    pieces = [*results.get("sizes", {}).values(), *results.get("peers", {}).values()]
    commits = sorted({piece["commit"] for piece in pieces})
    days = sorted({piece["measured_at"][:10] for piece in pieces})
    return (
        f"Machine: {machine.get('cpu', 'unknown')}, {machine.get('cores')} cores, "
        f"{number(machine.get('memory_bytes', 0) / GIB)} GiB memory, {machine.get('system')}; "
        f"DuckDB memory limit {machine.get('memory_limit')}. "
        + "Versions: "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f". Commit {', '.join(commits)}; measured {', '.join(days)}. "
        "Several runs: median (minimum to maximum)."
    )


def headline(sizes: Mapping[str, Any]) -> str:
    header = ["persons", "raw rows", "dbt build, s", "floor, s", "build / floor",
              "peak memory, GiB", "database, GiB", "of it raw, GiB"]  # fmt: skip
    return table(
        header,
        (
            [
                number(size["persons"], 0),
                number(size["rows_raw"], 0),
                spread_text(size["full"]["seconds"]),
                spread_text(size["floor"]["seconds"], 2),
                spread_text(size["ratio"]),
                number(size["full"]["peak_bytes"] / GIB),
                number(size["full"]["database_bytes"] / GIB, 2),
                number(size["full"]["raw_bytes"] / GIB, 2),
            ]
            for size in sizes.values()
        ),
    )


def beside(sizes: Mapping[str, Any]) -> str:
    header = ["persons", "landing gate, s", "gate's peak, GiB", "dbt's start-up, s",
              "processor time with start-up, s", "data tests, s", "tests (failed)",
              "train and score, s", "simulate, s"]  # fmt: skip
    rows = []
    for size in sizes.values():
        tests, python = size.get("tests"), size.get("python")
        rows.append(
            [
                number(size["persons"], 0),
                number(size["gate"]["wall_seconds"]),
                number(size["gate"]["peak_bytes"] / GIB),
                spread_text(size["full"]["startup_seconds"]),
                spread_text(size["full"].get("cpu_seconds")),
                number(tests["seconds"]) if tests else "–",
                f"{tests['count']} ({len(tests['failed'])})" if tests else "–",
                number(python["train_seconds"] + python["score_seconds"]) if python else "–",
                number(size["simulate_seconds"]),
            ]
        )
    return table(header, rows)


def added_day(sizes: Mapping[str, Any]) -> str:
    header = ["persons", "day's gate, s", "dbt build, s", "share of a full build", "rows landed",
              "persons with a new touchpoint, of all", "persons touched",
              "rows written by increments", "models by increment (in full)",
              "public tables with other row counts than a full build"]  # fmt: skip
    rows = []
    for size in (size for size in sizes.values() if "added_day" in size):
        added = size["added_day"]
        arrived, touched = added["arrived"], touched_summary(added["increments"])
        rows.append(
            [
                number(size["persons"], 0),
                number(added["gate"]["wall_seconds"]),
                spread_text(added["seconds"]),
                percent(added["share"]),
                number(arrived["rows_landed"], 0),
                f"{arrived['persons_with_touchpoints']:,} of {arrived['persons']:,}",
                number(touched["persons_touched"], 0),
                number(touched["rows_written"], 0),
                f"{touched['models']} ({touched['models_in_full']})",
                str(len(added["tables_with_other_row_counts"])),
            ]
        )
    return table(header, rows)


def growth_table(growth: Mapping[str, Any]) -> str:
    rows = []
    for sizes, figures in growth.items():
        smaller, larger = figures["rows_raw"]
        worst = ", ".join(
            f"`{name}` {number(model['exponent'], 2)}"
            for name, model in list(figures["worst_models"].items())[:5]
        )
        rows.append([sizes, number(larger / smaller, 2), number(figures["build"], 2), worst])
    return table(["sizes", "rows grow by", "build", "worst models of 1 s and more"], rows)


def layers(sizes: Mapping[str, Any], growth: Mapping[str, Any]) -> str:
    """Rows, seconds and growth per layer; staging, views of many sources, is one line.

    Seconds are sums over models; dbt builds several at once, so they exceed the build's.
    """
    found = [_staging_as_one(size["full"]["layers"]) for size in sizes.values()]
    header = ["layer"]
    for size in sizes.values():
        header += [f"{number(size['persons'], 0)}: rows", "seconds"]
    header += [f"exponent {sizes}" for sizes in growth]
    rows = []
    for name in dict.fromkeys(name for one in found for name in one):
        row = [name]
        for one in found:
            layer = one.get(name)
            row += [number(layer and layer["rows"], 0), number(layer and layer["seconds"])]
        rows.append(row + [number(one["layers"].get(name), 2) for one in growth.values()])
    return table(header, rows)


def _staging_as_one(layers: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, layer in layers.items():
        shown = "staging (views)" if name.startswith("staging/") else name
        known = result.setdefault(shown, {"rows": 0, "seconds": 0.0})
        known["rows"] += layer["rows"]
        known["seconds"] += layer["seconds"]
    return result


def slowest(sizes: Mapping[str, Any]) -> str:
    """The slowest models of the largest size, with the smaller sizes beside them."""
    largest = list(sizes.values())[-1]["full"]["models"]
    names = sorted(largest, key=lambda name: -largest[name]["seconds"])[:SLOWEST]
    header = ["model", "rows"] + [f"{number(size['persons'], 0)}: s" for size in sizes.values()]
    rows = []
    for name in names:
        models = [size["full"]["models"].get(name) for size in sizes.values()]
        rows.append(
            [f"`{name}`", number(largest[name]["rows"], 0)]
            + [number(model and model["seconds"], 2) for model in models]
        )
    return table(header, rows)


def peer_table(peer: Mapping[str, Any]) -> str:
    """One table per input: seconds of each contestant, ratio, whether results agree."""
    parts = [peer["what"]]
    for title, contest in peer["inputs"].items():
        rows = [
            [
                name,
                spread_text(one.get("seconds"), 2),
                spread_text(one.get("ratio"), 2),
                one.get("agrees", "–"),
                one.get("note", ""),
            ]
            for name, one in contest["contestants"].items()
        ]
        parts.append(f"{title}: {contest['size']}")
        parts.append(table(["", "seconds", "times Crossweave's", "same result", "timed"], rows))
    return "\n\n".join(parts)


def into_document(text: str, figures: str) -> str:
    """`text` with `figures` between its two marks. Raises `ValueError` when a mark is missing."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"the document needs the lines {BEGIN} and {END}")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{figures}\n{END}{tail}"
