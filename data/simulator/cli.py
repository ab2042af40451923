"""Command line of the simulator: arguments, progress bar, summary."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from data.simulator.generate import generate, is_laid
from data.simulator.settings import Arguments

_LANDING = Path(__file__).resolve().parents[1] / "landing"


def main(argv: list[str] | None = None) -> int:
    """Lay a simulated brand into landing. Exit code 0 when it is there, 2 on wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m data.simulator",
        description="Make the landing files of a simulated brand (every channel, truth known). "
        "The same arguments give the same bytes; what is laid already is not made again.",
    )
    usual = Arguments()
    parser.add_argument("--tenant", default=usual.tenant, help="landing folder (default: demo)")
    parser.add_argument("--persons", type=int, default=usual.persons, help="default: 5000")
    parser.add_argument("--days", type=int, default=usual.days, help="default: 180")
    parser.add_argument(
        "--end", type=date.fromisoformat, default=usual.end, help="last day (default: 2026-06-30)"
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help="default: 7")
    parser.add_argument(
        "--noise", type=float, default=usual.noise, help="0 = clean, 1 = usual (default), up to 10"
    )
    parser.add_argument("--out", type=Path, default=_LANDING, help="default: data/landing")
    parser.add_argument("--force", action="store_true", help="make it again even if it is laid")
    options = parser.parse_args(argv)
    try:
        args = Arguments(
            options.tenant, options.persons, options.days, options.end, options.seed, options.noise
        )
    except ValueError as error:
        parser.error(str(error))
    folder = options.out / args.tenant
    if not options.force and is_laid(folder, args):
        print(f"simulator: {folder} holds these arguments already (--force makes it again)")
        return 0
    started = time.monotonic()
    bar = _Bar(sys.stderr)
    rows = generate(args, folder, bar.show)
    bar.end()
    seconds = time.monotonic() - started
    print(
        f"simulator: {rows:,} rows for {args.persons:,} persons, {args.start} to {args.end}, "
        f"in {folder} ({seconds:.1f} s)"
    )
    return 0


class _Bar:
    """A progress bar; on something that is no terminal, a line per tenth."""

    def __init__(self, stream) -> None:
        self.stream, self.last = stream, -1

    def show(self, share: float, what: str) -> None:
        step = int(share * (100 if self.stream.isatty() else 10))
        if step == self.last:
            return
        self.last = step
        if self.stream.isatty():
            filled = int(share * 30)
            bar = "#" * filled + "." * (30 - filled)
            self.stream.write(f"\rsimulator [{bar}] {share:4.0%} {what:<40}")
        else:
            self.stream.write(f"simulator {share:4.0%} {what}\n")
        self.stream.flush()

    def end(self) -> None:
        if self.stream.isatty():
            self.stream.write("\r" + " " * 90 + "\r")
            self.stream.flush()
