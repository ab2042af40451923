"""The benchmark: `python -m tests.benchmarks COMMAND` (`make bench` runs `all`).

all      sizes, then peers, then the tables
sizes    only sizes: landing gate, full builds in turns with the floor, one added day
peers    only peers, on the edges and journeys of a size that was measured before
journeys only transitions, path tree and paths, on made-up journeys
activation  only plans and deliveries of a made-up warehouse
show     print the tables of a results file
docs     write them into docs/benchmarks.md

Every piece merges into one results file (default: today's in data/bench/results/).
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from datetime import date
from pathlib import Path

from orchestration.settings import PROJECT_ROOT
from tests.benchmarks import activation, journeys, results, tables
from tests.benchmarks.ground import BENCH
from tests.benchmarks.measure import Plan, measure
from tests.benchmarks.peers import attribution, funnels, identity

DOCUMENT = PROJECT_ROOT / "docs" / "benchmarks.md"
PEERS = {
    "identity": identity.compare,
    "attribution": attribution.compare,
    "funnels": funnels.compare,
}
USUAL, FULL = [10_000, 100_000], [10_000, 100_000, 1_000_000]
LARGE_GRAPHS = [1_000_000, 5_000_000]
# From here on a full build takes so long that one is enough, unless --large-runs says otherwise.
LARGE = 500_000


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that commands are ended, too
    file = options.results or _default_file(options.command)
    if options.command in {"show", "docs"} and not file.exists():
        print(f"no results in {file}: run make bench first", file=sys.stderr)
        return 2
    sizes = options.sizes or (FULL if options.full else USUAL)
    synthetic = options.synthetic or (LARGE_GRAPHS if options.full else [])
    if options.command in {"all", "sizes"}:
        if options.landing and len(sizes) != 1:
            print("--landing holds one size: name it with --sizes", file=sys.stderr)
            return 2
        for persons in sizes:
            tell = _teller(f"{persons:,} persons")
            name = str(persons)
            measure(
                _plan(options, persons),
                tell,
                lambda figures, name=name: results.store(file, {"sizes": {name: figures}}),
            )
    if options.command in {"all", "peers"}:
        smaller = [size for size in sizes if size < LARGE]
        size = options.peer_size or (max(smaller) if smaller else min(sizes))
        ground = BENCH / "work" / str(size)
        for name, compare in PEERS.items():
            if name in options.only:
                tell = _teller(f"peers, {name}")
                peer = compare(ground, runs=options.runs, synthetic=synthetic, tell=tell)
                results.store(file, {"peers": {name: peer}})
    if options.command in {"all", "journeys"}:
        tell = _teller("journeys")
        piece = journeys.measure(events=options.events, runs=options.runs, tell=tell)
        results.store(file, {"peers": {"journeys": piece}})
    if options.command in {"all", "activation"}:
        piece = activation.measure(rows=options.rows, runs=options.runs, tell=_teller("activation"))
        results.store(file, {"peers": {"activation": piece}})
    text = tables.render(results.read(file))
    if options.command == "docs":
        document = tables.into_document(DOCUMENT.read_text(encoding="utf-8"), text)
        DOCUMENT.write_text(document, encoding="utf-8")
        print(f"{DOCUMENT.relative_to(PROJECT_ROOT)} now holds the figures of {file.name}")
    else:
        print(text)
        print(f"results: {file}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", choices=["all", "sizes", "peers", "journeys", "activation", "show", "docs"]
    )
    add = parser.add_argument
    add("--sizes", type=_numbers, help="persons, for example 10000,100000 (the default)")
    add("--full", action="store_true", help="10 k, 100 k and 1 M persons")
    add("--days", type=int, default=180, help="simulated days (default: 180)")
    add("--landing", type=Path, help="an existing landing folder of the demo, for one size")
    add("--results", type=Path, help="results file to merge into or to show")
    add("--runs", type=int, default=3, help="runs of everything compared (default: 3)")
    add("--large-runs", type=int, default=1, help="full builds and days from 500 k (default: 1)")
    add("--keep-landed", action="store_true", help="keep the warehouses that hold raw only,"
        " and use them next time (they are not renewed when the gate changes)")  # fmt: skip
    add("--no-day", action="store_true", help="leave out the added day")
    add("--no-tests", action="store_true", help="leave out the data tests")
    add("--no-python", action="store_true", help="leave out training and scoring")
    add("--peer-size", type=int, help="size whose build the peers are given (default: the largest"
        " below 500 k)")  # fmt: skip
    add("--synthetic", type=_numbers, help="identity peers: made-up graphs of so many edges"
        " (--full: 1000000,5000000)")  # fmt: skip
    add("--events", type=int, default=5_000_000, help="touches of the made-up journeys")
    add("--rows", type=int, default=5_000_000, help="rows of the made-up plan")
    add("--only", type=lambda text: text.split(","), default=list(PEERS),
        help="peers: identity, attribution (default: both)")  # fmt: skip
    return parser


def _numbers(text: str) -> list[int]:
    return [int(word.replace("_", "")) for word in text.split(",") if word]


def _plan(options: argparse.Namespace, persons: int) -> Plan:
    runs = options.large_runs if persons >= LARGE else options.runs
    return Plan(
        persons=persons,
        days=options.days,
        landing=options.landing,
        runs=runs,
        floor_runs=options.runs,
        day_runs=0 if options.no_day else runs,
        with_tests=not options.no_tests,
        with_python=not options.no_python,
        keep_landed=options.keep_landed,
    )


def _default_file(command: str) -> Path:
    """Today's file; to show, the newest one."""
    folder = BENCH / "results"
    today = folder / f"{date.today().isoformat()}.json"
    if command in {"show", "docs"}:
        return max(folder.glob("*.json"), default=today)
    return today


def _teller(subject: str):
    begun = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - begun:7.1f} s] {subject}: {text}", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())
