"""One simulation from arguments to landing files: blocks, truth, the swap into place.

Belongs here: the order of the steps, the marker that makes a repeat cheap.
Does not belong here: people, behaviour, formats.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from data.simulator import truth_tables
from data.simulator.behaviour import simulate
from data.simulator.calendar import make_plan
from data.simulator.declarations import LAYOUT, STAGING, read_tables
from data.simulator.draws import Draws
from data.simulator.identifiers import Identities
from data.simulator.landing import Landing
from data.simulator.settings import CAUSES, Arguments
from data.simulator.sources.app import write_app
from data.simulator.sources.block import Block, Catalogue
from data.simulator.sources.brand import write_brand
from data.simulator.sources.commerce import write_commerce
from data.simulator.sources.customers import write_customers
from data.simulator.sources.messaging import write_messaging
from data.simulator.sources.permissions import write_permissions
from data.simulator.sources.rewards import write_rewards
from data.simulator.sources.service import write_service
from data.simulator.sources.web import write_web
from data.simulator.truth import Truth
from data.simulator.world import make_world

WRITERS = (
    write_web, write_app, write_messaging, write_commerce, write_rewards, write_service,
    write_customers, write_permissions,
)  # fmt: skip
MARKER = "simulated.json"
Progress = Callable[[float, str], None]


def fingerprint(args: Arguments) -> dict[str, str]:
    """Arguments and a hash of everything that shapes the files: equal = the same bytes."""
    digest = hashlib.sha256()
    declared = {source for source, _ in LAYOUT}
    code = sorted(Path(__file__).parent.rglob("*.py"))
    shapes = sorted(STAGING.glob("*/_*__sources.yml"))
    for path in code + [path for path in shapes if path.parent.name in declared]:
        digest.update(path.read_bytes())
    return {name: str(value) for name, value in asdict(args).items()} | {"code": digest.hexdigest()}


def is_laid(folder: Path, args: Arguments) -> bool:
    """True when `folder` already holds exactly this simulation."""
    marker = folder / "_truth" / MARKER
    return marker.is_file() and json.loads(marker.read_text()) == fingerprint(args)


def generate(
    args: Arguments, folder: Path, progress: Progress, block_persons: int | None = None
) -> int:
    """Write all files of `args` into `folder` (a tenant's landing folder); returns rows written.

    Made aside and moved into place at the end: a killed run leaves what was there. Folders of
    sources that the simulator does not know are left alone. `block_persons`: a multiple of 10.
    """
    block_persons = args.block_persons if block_persons is None else block_persons
    if block_persons % 10:
        raise ValueError(f"block_persons {block_persons}: give a multiple of 10")
    making = folder.parent / f".{folder.name}.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    making.chmod(0o700)
    draws, plan = Draws(args.seed), make_plan(args)
    truth = Truth(making / "_truth")
    landing = Landing(making, args, read_tables(), truth)
    products, clicks = Catalogue.make(draws), Counter()
    totals = np.zeros((2, len(CAUSES)))
    for first in range(0, args.persons, block_persons):
        last = min(first + block_persons, args.persons)
        world = make_world(args, draws, first, last)
        facts = simulate(world, plan)
        block = Block(world, facts, Identities(world), landing, plan, products, clicks)
        for number, write in enumerate(WRITERS):
            write(block)
            done = first + (last - first) * (number + 1) / len(WRITERS)
            progress(0.85 * done / args.persons, f"{int(done):,} of {args.persons:,} persons")
        truth.add("persons", truth_tables.persons(block))
        truth_tables.add_probabilities(truth, block)
        truth.flush_identifiers()
        totals += truth_tables.totals(facts)
    write_brand(landing, plan, products, clicks)
    rows = landing.finish(lambda share: progress(0.85 + 0.15 * share, "writing files"))
    truth_tables.add_effects(truth, totals)
    truth.close()
    (making / "_truth" / MARKER).write_text(json.dumps(fingerprint(args), indent=1) + "\n")
    _swap(making, folder)
    return rows


def _swap(making: Path, folder: Path) -> None:
    """Replace the source folders of `folder` by those of `making`; the marker comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_truth" / MARKER).unlink(missing_ok=True)
    for part in sorted(making.iterdir(), key=lambda path: (path.name == "_truth", path.name)):
        shutil.rmtree(folder / part.name, ignore_errors=True)
        part.rename(folder / part.name)
    making.rmdir()
