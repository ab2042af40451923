"""FEBRL 3 through the project: how well the probabilistic pass finds people with typing errors.

5,000 records of 2,000 people, laid in landing as contacts of a CRM that share no identifier, so
that nothing but names, birth dates and addresses can join them. Landing, build, pass, build; then
pairs of records against the published truth. Run: `python -m tests.benchmarks.febrl`.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import duckdb
import yaml

from orchestration.settings import Paths
from tests.benchmarks.ground import BENCH
from tests.benchmarks.identity_truth import Pairs
from tests.benchmarks.peers.environments import run_peer
from tests.benchmarks.process import run

ROOT = BENCH / "work" / "febrl"
TENANT = "febrl"
MODELS = ("+persons", "+edges", "+identifiers", "identity_levels")
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
BUILD = ("build", "--quiet", *NO_TESTS, "--select", *MODELS)

PAIRS = """
    with cells as (
        select truth.person as true_person, identifiers.person_id, count(*) as size
        from read_csv($truth, types = {'record_id': 'varchar', 'person': 'varchar'}) as truth
        inner join pii.identifiers
            on identifiers.identifier_type = 'crm_contact_id'
            and identifiers.identifier_value = truth.record_id
        group by true_person, identifiers.person_id
    ),
    found as (select sum(size) as size from cells group by person_id),
    true_ones as (select sum(size) as size from cells group by true_person)
    select
        (select sum(size * (size - 1)) from cells) / 2,
        (select sum(size * (size - 1)) from found) / 2,
        (select sum(size * (size - 1)) from true_ones) / 2
"""


def main() -> int:
    """Run it and print precision and recall before and after the pass."""
    paths = Paths(tenant=TENANT, root=ROOT)
    truth = ROOT / "truth.csv"
    shutil.rmtree(ROOT, ignore_errors=True)
    paths.tenant_folder.mkdir(parents=True)
    settings = {"sources": ["canonical"], "country_code": "AU", "currency": "AUD"}
    (paths.tenant_folder / "tenant.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    run_peer("recordlinkage", paths.landing / "canonical", truth)
    environment = {
        "CROSSWEAVE_DATA_DIR": str(ROOT),
        "CROSSWEAVE_TENANT": TENANT,
        "CROSSWEAVE_ENV": "dev",
        "DAGSTER_HOME": str(ROOT / ".dagster"),
        # of 5,000 persons 3,000 go: more than the gate lets through
        "CROSSWEAVE_ACCEPT_IDENTITY": "1",
    }
    python = sys.executable
    print(run([python, "-m", "orchestration.ingestion"], environment=environment).output.strip())
    figures = {}
    for step, command in {
        "identifiers alone": [],
        "with the pass": [python, "-m", "orchestration.identity", "link"],
    }.items():
        if command:
            print(run(command, environment=environment).output.strip())
        run([python, "-m", "orchestration", "dbt", *BUILD], environment=environment)
        pairs = judge(paths.warehouse, truth)
        figures[step] = {"precision": pairs.precision, "recall": pairs.recall}
        print(f"{step}: precision {pairs.precision:.4f}, recall {pairs.recall:.4f}")
    (BENCH / "results").mkdir(parents=True, exist_ok=True)
    (BENCH / "results" / "febrl3.json").write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def judge(warehouse: Path, truth: Path) -> Pairs:
    """Pairs of records that are one person: right, found, true."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute(PAIRS, {"truth": str(truth)}).fetchall()[0]
    return Pairs(*(float(value or 0) for value in row))


if __name__ == "__main__":
    sys.exit(main())
